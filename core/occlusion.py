"""Which surfaces are hidden in a neighbouring frame, from the flow and the depth of both."""

import numpy as np
import numpy.typing as npt

from .camera import Camera

Floats = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]

# What the flow there and the flow back may differ by, in pixels and of the flow's length: between the centres of pixels
# it changes where a surface turns or comes nearer.
_PIXELS = 0.5
_OF_LENGTH = 0.02
# A point whose flow is that of the world at rest, within so many pixels, is taken to be at rest.
_AT_REST_PIXELS = 0.05
# By how much of its depth something has to be nearer than the point to hide it.
_NEARER = 0.005


def find_hidden(
    flow: Floats,
    back: Floats,
    depth: Floats,
    depth_there: Floats,
    cameras: tuple[Camera, Camera] | None,
    unit_scale: float,
) -> Bools:
    """Find the pixels whose surface is out of the image in another frame, or hidden by something there.

    A surface is seen there if of the four pixels around its place those, by their bilinear weights, that have a flow
    back to it are the majority (the forward and backward consistency of Sundaram, Brox and Keutzer, ECCV 2010).
    Something that hides it and moves along with it is found by depth: where the flow is that of the world at rest, its
    depth there is known, and it is hidden if all four pixels are nearer.

    Args:
        flow: (H, W, 2), pixels, from here to the other frame; NaN where there is none.
        back: (H, W, 2) of the other frame, from there to here.
        depth, depth_there: (H, W), metres along the axes of the frames' cameras; NaN where there is no surface.
        cameras: of here and there; None where one is not known or no pinhole, and then depth does not count.
        unit_scale: metres in a scene unit.

    Returns:
        (H, W) bool; False where there is no flow.
    """
    height, width = depth.shape
    rows, columns = np.nonzero(~np.isnan(flow[..., 0]))
    motion = flow[rows, columns].astype(np.float64)
    place = np.column_stack((columns + 0.5, rows + 0.5)) + motion
    inside = (place >= 0).all(axis=1) & (place[:, 0] < width) & (place[:, 1] < height)

    corner = np.floor(place - 0.5)
    between = place - 0.5 - corner
    returns = np.zeros(len(rows))
    farthest = np.full(len(rows), -np.inf)
    for x, y in ((0, 0), (1, 0), (0, 1), (1, 1)):
        column = np.clip(corner[:, 0] + x, 0, width - 1).astype(np.int64)
        row = np.clip(corner[:, 1] + y, 0, height - 1).astype(np.int64)
        other = back[row, column].astype(np.float64)
        miss = np.linalg.norm(motion + other, axis=1)
        allowed = _PIXELS + _OF_LENGTH * np.linalg.norm(motion, axis=1)
        weight = np.abs(1 - x - between[:, 0]) * np.abs(1 - y - between[:, 1])
        returns += weight * (miss <= allowed)  # NaN, the background, leads nowhere
        there = depth_there[row, column].astype(np.float64)
        np.fmax(farthest, np.where(np.isnan(there), np.inf, there), out=farthest)

    hidden = ~(inside & (returns >= 0.5))
    if cameras is not None:
        expected, at_rest = _at_rest(columns, rows, depth[rows, columns].astype(np.float64), place, cameras, unit_scale)
        hidden |= at_rest & (farthest < expected * (1 - _NEARER))
    image = np.zeros((height, width), bool)
    image[rows, columns] = hidden
    return image


def _at_rest(
    columns: npt.NDArray[np.int64],
    rows: npt.NDArray[np.int64],
    depth: npt.NDArray[np.float64],
    place: npt.NDArray[np.float64],
    cameras: tuple[Camera, Camera],
    unit_scale: float,
) -> tuple[npt.NDArray[np.float64], Bools]:
    """The depth in metres that points would have there at rest, and whether their flow says that they are at rest."""
    here, there = cameras
    rays = np.column_stack((columns + 0.5, rows + 0.5, np.ones(len(rows)))) @ np.linalg.inv(np.asarray(here.k)).T
    matrix = np.asarray(here.world_to_camera)
    world = (rays * (depth / unit_scale)[:, None] - matrix[:3, 3]) @ matrix[:3, :3]
    projected = there.project(world)
    miss = np.abs(projected[:, :2] - place).max(axis=1)
    return projected[:, 2] * unit_scale, (miss < _AT_REST_PIXELS) & (projected[:, 2] > 0)
