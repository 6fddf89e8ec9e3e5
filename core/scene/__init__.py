"""What Blender knew of a frame and its EXR files do not: the scene record, its camera, its geometry."""
