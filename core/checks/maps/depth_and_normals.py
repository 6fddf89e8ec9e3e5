"""Depth, position and normals against each other and the camera."""

import numpy as np

from ...settings.map_table import DenseMap
from ..checked_frame import FEWEST, CheckedFrame
from ..report import Problems

# Depth and position are stored in 32 bit, the camera's matrix in Blender too; for EEVEE see position_error().
_OF_DISTANCE = 1e-4
_NORMAL_LENGTH = 1e-3
# Samples lie within the pixel filter, 1.5 pixels wide by default, and about the pixel's centre.
_SAMPLE_PIXELS = 1.0
_SHIFT_PIXELS = 0.2
# Of pixels, so few of which are edges.
_MOST_EDGES = 0.02


def check_depth(frame: CheckedFrame) -> Problems:
    yield from _depth_against_position(frame, DenseMap.DEPTH_NPY)


def check_depth_png(frame: CheckedFrame) -> Problems:
    yield from _depth_against_position(frame, DenseMap.DEPTH_PNG)


def _depth_against_position(frame: CheckedFrame, map: DenseMap) -> Problems:
    """Planar depth in metres against that of Position, in the camera's axes.

    Blender takes both from one sample of the pixel, which need not be in its centre.
    """
    if frame.record.camera is None:
        return
    depth, position = frame.load(map), frame.load(DenseMap.POSITION_NPY).values.astype(np.float64)
    matrix = frame.world_to_camera()
    z = position @ matrix[2, :3] + matrix[2, 3]
    miss = np.where(depth.valid, np.abs(depth.values - z), np.nan)
    wrong = miss > depth.rounding + _OF_DISTANCE * np.abs(z) + frame.position_error() @ np.abs(
        matrix[2, :3]
    )  # NaN is not
    if wrong.any():
        row, column = np.unravel_index(np.nanargmax(miss), miss.shape)
        yield (
            f"{map.label} does not match Position in {np.count_nonzero(wrong)} pixels, by up to "
            f"{miss[row, column]:.3g} m in row {row}, column {column}"
        )


def check_projection(frame: CheckedFrame) -> Problems:
    """Position, projected into the image, against the pixels where it stands."""
    camera = frame.record.camera
    if camera is None or camera.k is None or camera.depth_of_field or camera.motion_blur:
        return
    position = frame.load(DenseMap.POSITION_NPY)
    rows, columns = np.nonzero(position.valid)
    if len(rows) < FEWEST:
        return
    projected = frame.project(position.values[rows, columns].astype(np.float64))
    miss = projected[:, :2] - np.column_stack((columns, rows)) - 0.5
    # A point that is off by so much, sideways and in depth, is seen by that much elsewhere.
    off = np.linalg.norm(frame.position_error()[rows, columns], axis=1) * np.asarray(camera.k)[0, 0] / projected[:, 2]
    outside = np.abs(miss).max(axis=1) > _SAMPLE_PIXELS + 2 * off
    shift = np.median(miss, axis=0)
    # The samples of many pixels are about their centres; EEVEE keeps one that is at the same place in each of them.
    most = _SAMPLE_PIXELS if frame.has_half_positions() else _SHIFT_PIXELS
    if outside.mean() > _MOST_EDGES or np.abs(shift).max() > most:
        yield (
            f"Position does not project to its own pixels: {np.count_nonzero(outside)} of {len(rows)} are elsewhere, "
            f"and the median is off by {shift[0]:.2f}, {shift[1]:.2f} pixels"
        )


def check_normals(frame: CheckedFrame) -> Problems:
    length = np.linalg.norm(frame.load(DenseMap.NORMALS_NPY).values.astype(np.float64), axis=-1)
    wrong = (length > 0) & (np.abs(length - 1) > _NORMAL_LENGTH)
    if wrong.any():
        yield f"{np.count_nonzero(wrong)} normals do not have the length 1"
