"""Tests of the interface, driven as its user would."""
