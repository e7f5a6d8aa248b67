"""Receptive fields of real modules: by the recurrence over the graph that torch.fx traces, and by a real gradient."""
