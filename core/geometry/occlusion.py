"""Which surfaces are hidden in a neighbouring frame, from the flow and the depth of both."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..scene.camera import Camera

Floats = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]

# What the flow there and the flow back may differ by, in pixels and of the flow's length: between the centres of pixels
# it changes where a surface turns or comes nearer.
_PIXELS = 0.5
_OF_LENGTH = 0.02
# A point whose flow is that of the world at rest, within so many pixels, is taken to be at rest.
_AT_REST_PIXELS = 0.05
# By how much of its depth something has to be nearer than the point to hide it.
NEARER = 0.005
_PIXELS_AT_ONCE = 1 << 15


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
    motion = _Motion.between(*cameras, unit_scale) if cameras else None
    # All that is looked up there in one place: the flow back, and the depth, infinite where there is no surface.
    there = np.empty((height * width, 4), np.float32)
    there[:, :2] = back.reshape(-1, 2)
    there[:, 2] = np.where(np.isnan(depth_there), np.inf, depth_there).ravel()
    image = np.empty((height, width), bool)
    # In blocks of rows that stay in the processor's cache.
    rows = max(1, _PIXELS_AT_ONCE // width)
    for first in range(0, height, rows):
        block = slice(first, min(height, first + rows))
        image[block] = _hidden_in(flow[block], first, there, depth[block], motion, height)
    return image


def _hidden_in(flow: Floats, first: int, there: Floats, depth: Floats, motion: "_Motion | None", height: int) -> Bools:
    """The same for some rows.

    Args:
        flow, depth: of these rows.
        first: the first of them.
        there: (H * W, 4) flow back, depth, and nothing, of the other frame.
        motion: of the world at rest; None where it is not known.
        height: of the image.
    """
    count, width = depth.shape
    has_flow = ~np.isnan(flow[..., 0])
    u, v = np.where(has_flow, flow[..., 0], 0), np.where(has_flow, flow[..., 1], 0)
    # Of the centre that is next above and to the left, and how far the place is from it.
    x = np.arange(width) + u.astype(np.float64)
    y = np.arange(first, first + count)[:, None] + v.astype(np.float64)
    left, top = np.floor(x), np.floor(y)
    right_share, low_share = (x - left).astype(np.float32), (y - top).astype(np.float32)
    inside = (x >= -0.5) & (y >= -0.5) & (x < width - 0.5) & (y < height - 0.5)

    allowed = _PIXELS + _OF_LENGTH * np.sqrt(u * u + v * v)
    allowed *= allowed
    returns = np.zeros((count, width), np.float32)
    farthest = np.full((count, width), -np.inf, np.float32)
    columns = [np.clip(left + step, 0, width - 1).astype(np.int64) for step in (0, 1)]
    lines = [np.clip(top + step, 0, height - 1).astype(np.int64) * width for step in (0, 1)]
    for line, line_share in zip(lines, (1 - low_share, low_share), strict=True):
        for column, column_share in zip(columns, (1 - right_share, right_share), strict=True):
            other = there[line + column]
            back_u, back_v = u + other[..., 0], v + other[..., 1]
            # NaN, the background, leads nowhere.
            returns += line_share * column_share * (back_u * back_u + back_v * back_v <= allowed)
            np.maximum(farthest, other[..., 2], out=farthest)

    hidden: Bools = ~(inside & (returns >= 0.5))
    if motion is not None:
        expected, at_rest = motion.at_rest(first, depth, x + 0.5, y + 0.5)
        hidden |= at_rest & (farthest < expected * (1 - NEARER))
    hidden &= has_flow
    return hidden


@dataclass(frozen=True)
class _Motion:
    """How points of the world that are at rest move from one image to another.

    Attributes:
        matrix, offset: (3, 3) and (3,): the pixel (x, y) at depth z, in metres, is at matrix @ (x, y, 1) * z + offset
            in the other image, as x, y and 1 times the depth there.
    """

    matrix: npt.NDArray[np.float64]
    offset: npt.NDArray[np.float64]

    @classmethod
    def between(cls, here: Camera, there: Camera, unit_scale: float) -> "_Motion":
        to_camera, from_world = np.asarray(here.world_to_camera), np.asarray(there.world_to_camera)
        turn = from_world[:3, :3] @ to_camera[:3, :3].T
        k = np.asarray(there.k)
        return cls(
            k @ turn @ np.linalg.inv(np.asarray(here.k)),
            k @ (from_world[:3, 3] - turn @ to_camera[:3, 3]) * unit_scale,
        )

    def at_rest(
        self, first: int, depth: Floats, x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]
    ) -> tuple[npt.NDArray[np.float64], Bools]:
        """The depth in metres that the points of some rows would have there at rest, and which of them are at rest.

        Args:
            first: the first of the rows.
            depth: (N, W), metres; NaN where there is no surface.
            x, y: (N, W), where the flow leads to.
        """
        column = np.arange(depth.shape[1]) + 0.5
        row = np.arange(first, first + len(depth))[:, None] + 0.5
        z = depth.astype(np.float64)
        projected_x, projected_y, projected_z = (
            (one[0] * column + (one[1] * row + one[2])) * z + shift
            for one, shift in zip(self.matrix, self.offset, strict=True)
        )
        with np.errstate(divide="ignore", invalid="ignore"):
            miss = np.maximum(np.abs(projected_x / projected_z - x), np.abs(projected_y / projected_z - y))
        return projected_z, (miss < _AT_REST_PIXELS) & (projected_z > 0)
