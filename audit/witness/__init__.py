"""The witness: a small process of its own that remembers how far each log had come (C2SP
tlog-witness). It uses no database, and nothing of the log's but its public key."""
