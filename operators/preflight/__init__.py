"""The checklist, and the button that does what it asks for."""
