"""What is made of all records of a dataset together."""
