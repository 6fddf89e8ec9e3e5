"""Random frames: each frame of an animation is a sample of its own, drawn from its number and a seed."""
