"""How the files of dense maps store their numbers; core/maps/codecs writes and reads each. It runs in Blender's process
too."""

from enum import Enum


class Storage(Enum):
    """What a file of a map looks like.

    Attributes:
        suffix: of the file.
        stored: what the numbers in it are.
        invalid: what a pixel without a value holds.
    """

    DEPTH_PNG = ".png", "16-bit grey, value x scale = depth", "0"
    RAY_DEPTH_PNG = ".png", "16-bit grey, value x scale = distance", "0"
    DISPARITY_PNG = ".png", "KITTI, 16-bit grey, value / 256 = disparity", "0"
    NORMALS_PNG = ".png", "16-bit RGB, value / 32767.5 - 1 = component", "0 0 0"
    NOCS_PNG = ".png", "16-bit RGB, value / 65535 = coordinate", "0 0 0"
    FLOW_PNG = ".png", "KITTI, 16-bit RGB: (R - 32768) / 64 = u, G likewise = v", "B = 0"
    FLOW_FLO = ".flo", "Middlebury, float32 u, v", "1e10 1e10"
    OCCLUSION_PNG = ".png", "8-bit grey, 0 = seen, 255 = hidden", "128"
    LABELS_PNG = ".png", "16-bit grey", "0"
    ONE_FLOAT_NPY = ".npy", "float32, (H, W)", "NaN"
    TWO_FLOATS_NPY = ".npy", "float32, (H, W, 2)", "NaN NaN"
    THREE_FLOATS_NPY = ".npy", "float32, (H, W, 3)", "NaN NaN NaN"
    NORMALS_NPY = ".npy", "float32, (H, W, 3)", "0 0 0"
    ONE_FLOAT_EXR = ".exr", "float32, channel Z", "NaN"
    THREE_FLOATS_EXR = ".exr", "float32, channels X, Y, Z", "NaN NaN NaN"
    NORMALS_EXR = ".exr", "float32, channels X, Y, Z", "0 0 0"
    POINTS_PLY = ".ply", "binary PLY: float x, y, z, uchar red, green, blue, ushort instance, category", "no point"
    SURFACES_NPZ = (
        ".npz",
        "int32 number, (H, W); float64 matrices, (N, 4, 4), mesh to world in scene units; JSON surfaces",
        "-1",
    )

    def __init__(self, suffix: str, stored: str, invalid: str) -> None:
        self.suffix, self.stored, self.invalid = suffix, stored, invalid
