"""Charts for terminals: curves in braille with an ASCII twin, small pictures in half blocks. Values in, cells out."""
