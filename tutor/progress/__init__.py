"""Attempts, drafts and what has been solved, kept in SQLite."""
