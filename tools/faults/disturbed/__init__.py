"""Commands that are disturbed while they write a dataset: the next ones end with the bytes of undisturbed ones."""
