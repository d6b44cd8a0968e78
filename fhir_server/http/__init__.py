"""The edge: bytes and headers in, bytes and headers out."""
