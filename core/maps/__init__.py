"""Dense maps: how each is computed, written and read."""
