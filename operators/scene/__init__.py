"""Reading the open scene: what core needs to know of it, as plain data."""
