"""The page itself: its data in Python, and in `browser` what runs there."""
