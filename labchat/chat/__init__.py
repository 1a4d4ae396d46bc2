"""The chat's own vocabulary and rules. Pure: no I/O, no clock; knows nothing of the wire."""
