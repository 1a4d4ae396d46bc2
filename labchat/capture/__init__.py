"""Captures: chunks with their times become units; live, and from and to files."""
