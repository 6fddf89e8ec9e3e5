"""Which object belongs to which category and instance, with which id and colour."""
