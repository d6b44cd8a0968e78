"""Is it right? Base R4, every issue with its place. Pure: nothing here fetches."""
