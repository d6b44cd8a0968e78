"""The small SMART authorization server: for development, and for a server that stands by itself on one machine."""
