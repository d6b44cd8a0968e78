"""The MongoDB store: many server processes, on one database that is a replica set."""
