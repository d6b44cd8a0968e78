"""Who may do what, and why: a call becomes a Grant, or is refused."""
