"""What is told of each frame and instance: from its record, its masks and its image."""
