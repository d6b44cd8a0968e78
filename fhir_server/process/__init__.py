"""What the process knows of its own: pure functions of what was read, without a store and without a clock."""
