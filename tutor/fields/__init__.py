"""Receptive fields: layers typed or traced, where their units look, and the diagrams of it. Plain values in and out."""
