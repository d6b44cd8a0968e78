"""What others wait to hear: the outbox, and later its delivery."""
