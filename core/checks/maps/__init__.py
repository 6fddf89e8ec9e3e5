"""Checks of dense maps: against the camera, the instances, and each other."""
