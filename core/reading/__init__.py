"""A dataset, and the passes of a frame, as numpy arrays: what training code reads."""
