"""The files that hold the cameras of a sequence; formats/cameras.py writes them. It runs in Blender's process too."""

from ..base.choice import Choice


class CameraFormat(Choice):
    """A file with the cameras of all frames of a sequence."""

    JSON = "json", "JSON", "All that the records know of each frame's camera, in cameras.json"
    NERF = "nerf", "NeRF", "transforms.json, as Instant NGP and Nerfstudio read it; perspective cameras only"
    COLMAP = "colmap", "COLMAP", "A sparse model without points as text; perspective cameras only"
