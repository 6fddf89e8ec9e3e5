"""Rotations by the thousand: uniform ones, those of a camera that looks somewhere, and the numbers of each mode.

Matrices turn columns, (F, 3, 3) float64. Axes are Blender's: z up, and a camera looks along its -z with y up.
"""

import numpy as np

from .streams import Floats

_AXES = {"X": 0, "Y": 1, "Z": 2}
UP = (0.0, 0.0, 1.0)


def uniform_rotations(u: Floats) -> Floats:
    """Rotations that are even on SO(3), of (F, 3) uniform numbers.

    Source: Shoemake, Uniform Random Rotations, in Graphics Gems III, 1992.
    """
    inner, outer = np.sqrt(1 - u[:, 0]), np.sqrt(u[:, 0])
    first, second = 2 * np.pi * u[:, 1], 2 * np.pi * u[:, 2]
    q = np.stack((outer * np.cos(second), inner * np.sin(first), inner * np.cos(first), outer * np.sin(second)), axis=1)
    return from_quaternions(q)


def from_quaternions(q: Floats) -> Floats:
    """Of (F, 4) unit quaternions w, x, y, z."""
    w, x, y, z = q.T
    rows = (
        (1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)),
        (2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)),
        (2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)),
    )
    return np.moveaxis(np.array(rows), 2, 0)


def about(axis: str, angles: Floats) -> Floats:
    """Rotations about "X", "Y" or "Z" by (F,) radians."""
    first, second = (_AXES[axis] + 1) % 3, (_AXES[axis] + 2) % 3
    found = np.zeros((len(angles), 3, 3))
    found[:, _AXES[axis], _AXES[axis]] = 1
    found[:, first, first] = found[:, second, second] = np.cos(angles)
    found[:, second, first] = np.sin(angles)
    found[:, first, second] = -found[:, second, first]
    return found


def between(one: Floats, other: Floats) -> Floats:
    """The smallest rotations that turn (F, 3) unit vectors into others; of opposite ones, half a turn."""
    middle = one + other
    length = np.linalg.norm(middle, axis=1, keepdims=True)
    across = np.cross(one, np.eye(3)[np.argmin(np.abs(one), axis=1)])
    axis = np.where(length > 1e-9, middle / np.maximum(length, 1e-300), across)
    axis /= np.linalg.norm(axis, axis=1, keepdims=True)
    # Half a turn about the first vector, and then half a turn about the middle of both, turns the one into the other.
    return _half_turn(axis) @ _half_turn(one)


def _half_turn(axis: Floats) -> Floats:
    return 2 * axis[:, :, None] * axis[:, None, :] - np.eye(3)


def looking_along(directions: Floats) -> Floats:
    """Rotations of cameras that look along (F, 3) directions and stand upright."""
    back = -directions / np.linalg.norm(directions, axis=1, keepdims=True)
    right = np.cross(np.broadcast_to(UP, back.shape), back)
    length = np.linalg.norm(right, axis=1, keepdims=True)
    right = np.where(length > 1e-9, right / np.maximum(length, 1e-300), (1.0, 0.0, 0.0))
    return np.stack((right, np.cross(back, right), back), axis=2)


def to_euler(matrices: Floats, order: str) -> Floats:
    """(F, 3) radians about x, y and z, in Blender's sense of an order such as "XYZ": x is turned first.

    Where the middle one is a right angle only the sum of the others counts, and the last one is 0.
    """
    i, j, k = (_AXES[axis] for axis in order)
    odd = -1.0 if (i + 1) % 3 != j else 1.0
    m = matrices
    middle = np.arctan2(-odd * m[:, k, i], np.hypot(m[:, i, i], m[:, j, i]))
    locked = np.hypot(m[:, i, i], m[:, j, i]) < 1e-9
    first = np.where(locked, np.arctan2(-odd * m[:, j, k], m[:, j, j]), np.arctan2(odd * m[:, k, j], m[:, k, k]))
    last = np.where(locked, 0.0, np.arctan2(odd * m[:, j, i], m[:, i, i]))
    found = np.empty((len(m), 3))
    found[:, i], found[:, j], found[:, k] = first, middle, last
    return found


def to_quaternions(matrices: Floats) -> Floats:
    """(F, 4) w, x, y, z, by the largest of the four so that nothing small is divided by.

    Source: Shepperd, Quaternion from Rotation Matrix, 1978.
    """
    m = matrices
    diagonal = np.einsum("fii->fi", m)
    squares = np.column_stack((diagonal.sum(axis=1), diagonal))
    candidates = np.empty((len(m), 4, 4))
    candidates[:, 0] = np.column_stack(
        (1 + squares[:, 0], m[:, 2, 1] - m[:, 1, 2], m[:, 0, 2] - m[:, 2, 0], m[:, 1, 0] - m[:, 0, 1])
    )
    for i in range(3):
        j, k = (i + 1) % 3, (i + 2) % 3
        one = candidates[:, i + 1]
        one[:, 0] = m[:, k, j] - m[:, j, k]
        one[:, 1 + i] = 1 + m[:, i, i] - m[:, j, j] - m[:, k, k]
        one[:, 1 + j], one[:, 1 + k] = m[:, j, i] + m[:, i, j], m[:, k, i] + m[:, i, k]
    q = candidates[np.arange(len(m)), np.argmax(squares, axis=1)]
    found: Floats = q / np.linalg.norm(q, axis=1, keepdims=True)
    return found


def to_axis_angle(matrices: Floats) -> Floats:
    """(F, 4): the angle in radians, and the axis."""
    q = to_quaternions(matrices)
    sine = np.linalg.norm(q[:, 1:], axis=1, keepdims=True)
    axis = np.where(sine > 1e-12, q[:, 1:] / np.maximum(sine, 1e-300), UP)
    return np.hstack((2 * np.arctan2(sine, q[:, :1]), axis))
