"""Pictures for people: images, previews, and what the overlay draws."""
