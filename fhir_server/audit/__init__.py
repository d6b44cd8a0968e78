"""What is remembered of every call: who, what, when, under which rule."""
