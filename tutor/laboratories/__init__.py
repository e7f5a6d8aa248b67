"""The laboratories, one a problem: states as values, arithmetic and pictures as functions of them."""
