"""From the passes of a frame to its instances."""
