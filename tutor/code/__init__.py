"""The learner's PyTorch, run in a process of its own and judged outside of it."""
