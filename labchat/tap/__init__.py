"""The tap: a relay that records, faults that break, a gate that holds. Only the relay does I/O."""
