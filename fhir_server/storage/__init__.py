"""Where resources rest: one seam, `store.py`, and a folder for each database behind it."""
