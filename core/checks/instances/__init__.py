"""Checks of instances: what a record says of one against what it says of it elsewhere."""
