"""Which objects of the open scene are of which category and instance: showing it, and changing it."""
