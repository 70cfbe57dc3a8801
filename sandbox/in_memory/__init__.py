"""Twins of the ports that live in memory, for tests."""
