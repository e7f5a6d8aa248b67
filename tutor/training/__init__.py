"""Training: recipes, data, models, the loop, the runner's process, run folders and their events."""
