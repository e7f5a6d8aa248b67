"""Data sets: found, downloaded, checked, and laid on canvases; only `placing` and a download import torch."""
