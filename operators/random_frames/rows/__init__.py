"""The kinds of rows: what each varies, and the properties that it keys."""
