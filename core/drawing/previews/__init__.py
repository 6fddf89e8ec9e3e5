"""Previews: pictures of what is known of a frame, drawn over it for people."""
