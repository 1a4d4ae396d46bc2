"""Bytes to named fields. Pure: no I/O, no clock, no globals; never raises on peer bytes."""
