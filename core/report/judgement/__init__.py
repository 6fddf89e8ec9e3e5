"""What is wrong first: rules, what they find, and a verdict."""
