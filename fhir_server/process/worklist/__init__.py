"""What a unit's staff look at each morning: rows out of its tasks, messages, cases, meetings and plans."""
