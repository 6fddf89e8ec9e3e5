"""What Blender has rendered and how it saves that, and other settings for one render."""
