"""A terminal laboratory for a neural-network problem set."""
