"""One frame from its files to its record."""
