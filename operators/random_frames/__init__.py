"""Random frames: rows to keyframes, and back to what was there before."""
