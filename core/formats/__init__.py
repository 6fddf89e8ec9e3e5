"""What is written of records for other programs: a module, or a few, for each format."""
