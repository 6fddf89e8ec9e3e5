"""Checks of the files of a dataset: can they be read, are they those that were written, do they say what records do."""
