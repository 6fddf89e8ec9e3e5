"""Optical flow in colours: the direction of the motion is the hue, its length the saturation.

Source: the colour coding of the Middlebury benchmark, Baker et al., "A Database and Evaluation Methodology for Optical
Flow", IJCV 92 (2011), section 4.2 and https://vision.middlebury.edu/flow/. Its hues are not evenly spread: there are
more where the eye tells more of them apart.
"""

import math
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from .image_files import Bytes

Floats = npt.NDArray[np.float64]

# Of the circle: red, yellow, green, cyan, blue, magenta, and how many steps there are from each to the next.
_CORNERS = np.array([(255, 0, 0), (255, 255, 0), (0, 255, 0), (0, 255, 255), (0, 0, 255), (255, 0, 255)], np.float64)
_STEPS = (15, 6, 4, 11, 13, 6)
_BEYOND = 0.75
_UNKNOWN = (0, 0, 0)
# Of the pixels with flow, how many are within the rim of the wheel: a few that move far would make all others white.
_WITHIN = 99


def flow_rim(flow: npt.NDArray[Any], valid: npt.NDArray[np.bool_]) -> float:
    """The length of flow that stands at the rim of the wheel, in pixels: most of the flow is shorter.

    Args:
        flow: (H, W, 2), u right and v down.
        valid: (H, W) bool, where there is flow.

    Returns:
        A number of two digits above 0.
    """
    lengths = np.hypot(*np.moveaxis(flow[valid].astype(np.float64), -1, 0))
    length = float(np.percentile(lengths, _WITHIN)) if lengths.size else 0.0
    if not length > 0 or not math.isfinite(length):
        return 1.0
    unit = 10.0 ** (math.floor(math.log10(length)) - 1)
    return float(f"{math.ceil(round(length / unit, 6)) * unit:.2g}")


def draw_flow(flow: npt.NDArray[Any], valid: npt.NDArray[np.bool_], rim: float) -> Bytes:
    """Draw flow in the colours of the wheel.

    Args:
        flow: (H, W, 2) pixels, u right and v down.
        valid: (H, W) bool, where there is flow; elsewhere the picture is black.
        rim: the length of flow that has the full colour; longer flow is darker.

    Returns:
        (H, W, 3) uint8.
    """
    u, v = np.moveaxis(np.where(valid[..., None], flow, 0).astype(np.float64) / rim, -1, 0)
    length = np.minimum(np.hypot(u, v), np.finfo(np.float32).max)[..., None]
    hues = _wheel()
    place = (np.arctan2(-v, -u) / np.pi + 1) / 2 * (len(hues) - 1)
    first = np.floor(place).astype(np.int64)
    part = (place - first)[..., None]
    hue = (1 - part) * hues[first] + part * hues[(first + 1) % len(hues)]
    colour = np.where(length <= 1, 1 - np.minimum(length, 1) * (1 - hue), _BEYOND * hue)
    picture: Bytes = np.floor(255 * colour).astype(np.uint8)
    picture[~valid] = _UNKNOWN
    return picture


def wheel_disc(side: int) -> Bytes:
    """(side, side, 3) uint8: the wheel, each pixel in the colour of the flow from the middle to it; white around."""
    place = (np.arange(side) + 0.5) / side * 2 - 1
    flow = np.stack(np.meshgrid(place, place), axis=-1)
    inside = np.hypot(flow[..., 0], flow[..., 1]) <= 1
    picture = draw_flow(flow, inside, 1.0)
    picture[~inside] = 255
    return picture


@cache
def _wheel() -> Floats:
    """(55, 3) float64 from 0 to 1: the hues around the circle, in the order of the source."""
    parts = [
        np.floor(start + (end - start) * np.arange(steps)[:, None] / steps)
        for start, end, steps in zip(_CORNERS, np.roll(_CORNERS, -1, axis=0), _STEPS, strict=True)
    ]
    wheel: Floats = np.concatenate(parts) / 255
    return wheel
