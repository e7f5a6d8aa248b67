"""Training on the screen: runs followed from their folders, charts, pictures, machine readings. No torch."""
