"""Which EXR files make a frame, and which frames make a sequence."""
