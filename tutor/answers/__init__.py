"""The answer language: text -> tree -> value, preview, comparison, diagnosis, derivations."""
