"""The kinds of search parameter, one a file: the values that a resource gives, and what a client asks of them."""
