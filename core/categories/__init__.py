"""Which object is of which category and instance, with which id and colour."""
