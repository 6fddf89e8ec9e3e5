"""COCO and the formats that grew out of it."""
