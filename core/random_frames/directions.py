"""Directions: even on a part of a sphere, as angles and back."""

from typing import NamedTuple

import numpy as np

from .streams import Floats


class Shell(NamedTuple):
    """A part of a ball without its core, as seen from the middle; angles in radians.

    Attributes:
        distance: from the middle, least and most.
        elevation: above the horizon.
        azimuth: about z, from the x axis.
    """

    distance: tuple[float, float]
    elevation: tuple[float, float]
    azimuth: tuple[float, float]


def on_shell(u: Floats, shell: Shell) -> tuple[Floats, Floats, Floats]:
    """Distances, elevations and azimuths, (F,) each, of (F, 3) uniform numbers.

    Directions are even by area: the sine of the elevation is uniform and not the elevation, or most would be near the
    pole. Distances are uniform.
    """
    low, high = np.sin(shell.elevation[0]), np.sin(shell.elevation[1])
    return (
        shell.distance[0] + u[:, 0] * (shell.distance[1] - shell.distance[0]),
        np.arcsin(np.clip(low + u[:, 1] * (high - low), -1, 1)),
        shell.azimuth[0] + u[:, 2] * (shell.azimuth[1] - shell.azimuth[0]),
    )


def direction(elevation: Floats, azimuth: Floats) -> Floats:
    """(F, 3) unit vectors of (F,) angles."""
    flat = np.cos(elevation)
    return np.stack((flat * np.cos(azimuth), flat * np.sin(azimuth), np.sin(elevation)), axis=1)


def around(u: Floats, axis: Floats, angle: float) -> Floats:
    """(F, 3) unit vectors that are at most an angle away from an axis, even by area, of (F, 2) uniform numbers.

    Args:
        u: uniform numbers.
        axis: (3,) unit vector.
        angle: radians, up to a half turn.
    """
    cosine = 1 - u[:, 0] * (1 - np.cos(angle))
    sine = np.sqrt(np.maximum(0.0, 1 - cosine * cosine))
    turn = 2 * np.pi * u[:, 1]
    right = np.cross(axis, np.eye(3)[np.argmin(np.abs(axis))])
    right /= np.linalg.norm(right)
    up = np.cross(axis, right)
    found: Floats = cosine[:, None] * axis + sine[:, None] * (
        np.cos(turn)[:, None] * right + np.sin(turn)[:, None] * up
    )
    return found
