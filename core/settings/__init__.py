"""What the user can choose: settings, passes, maps and category tables, as plain data without code that acts on it."""
