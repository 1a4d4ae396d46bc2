"""The chat server: one process, one SQLite file; the text's contract, and the page at ``/``."""
