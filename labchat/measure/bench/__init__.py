"""How quick labchat is on this machine: the part of the benchmarks that needs no peer's program."""
