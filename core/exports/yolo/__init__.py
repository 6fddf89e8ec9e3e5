"""Formats of Ultralytics YOLO."""
