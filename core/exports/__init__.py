"""Formats that a dataset is exported in: a folder for each, complete in itself."""
