"""Cameras around what they look at, and lights around where they are."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from . import rotations
from .black_body import black_body
from .directions import Shell, around, direction, on_shell
from .distributions import log_uniform, uniform
from .streams import Floats

UNIFORMS_PER_CAMERA = 7
UNIFORMS_PER_LIGHT = 5
# Lights stay this far above the horizon: its sine.
_ABOVE_HORIZON = 0.1


@dataclass(frozen=True)
class CameraRules:
    """What a row says of a camera; angles in radians.

    Attributes:
        shell: where it is, around the middle of what it looks at.
        roll: least and greatest.
        lens: likewise, millimetres.
        aim: how far beside the middle of the image the target may be, as a part of half the image.
        sensor: width and height of what the image shows of the sensor, millimetres.
    """

    shell: Shell
    roll: tuple[float, float]
    lens: tuple[float, float]
    aim: float
    sensor: tuple[float, float]


@dataclass(frozen=True)
class Viewpoints:
    """A camera in each of the frames.

    Attributes:
        location: (F, 3) in the world.
        rotation: (F, 3, 3) likewise.
        lens: (F,) millimetres.
        drawn: what was drawn, by name, (F,) each; angles in degrees.
    """

    location: Floats
    rotation: Floats
    lens: Floats
    drawn: Mapping[str, Floats]


def view(rules: CameraRules, u: Floats, middle: Floats) -> Viewpoints:
    """Look at something from somewhere on a shell.

    Args:
        rules: of the row.
        u: (F, UNIFORMS_PER_CAMERA) uniform numbers.
        middle: (F, 3) what to look at.
    """
    distance, elevation, azimuth = on_shell(u[:, :3], rules.shell)
    away = direction(elevation, azimuth)
    lens, roll = uniform(u[:, 3], *rules.lens), uniform(u[:, 4], *rules.roll)
    half = np.array(rules.sensor) / 2 / lens[:, None]
    aside, above = np.arctan((2 * u[:, 5:7] - 1) * rules.aim * half).T
    rotation = (
        rotations.looking_along(-away)
        @ rotations.about("Y", aside)
        @ rotations.about("X", above)
        @ rotations.about("Z", roll)
    )
    drawn = {
        "distance": distance,
        "elevation": np.degrees(elevation),
        "azimuth": np.degrees(azimuth),
        "roll": np.degrees(roll),
        "lens": lens,
    }
    return Viewpoints(middle + away * distance[:, None], rotation, lens, drawn)


@dataclass(frozen=True)
class LightRules:
    """What a row says of lights.

    Attributes:
        energy: least and greatest, of what the light has; every doubling is equally likely.
        kelvin: least and greatest colour temperature; None keeps the colour.
        angle: how far it may be from where it is now, as seen from what it lights, radians.
    """

    energy: tuple[float, float]
    kelvin: tuple[float, float] | None
    angle: float


@dataclass(frozen=True)
class Lights:
    """A light in each of the frames.

    Attributes:
        energy: (F,) factor of what it has.
        kelvin: (F,) colour temperature; None where it keeps its colour.
        colour: (F, 3) linear, likewise.
        turned: (F, 3, 3) by which the light is turned about what it lights.
    """

    energy: Floats
    kelvin: Floats | None
    colour: Floats | None
    turned: Floats


def light(rules: LightRules, u: Floats, away: Floats) -> Lights:
    """Vary a light.

    Args:
        rules: of the row.
        u: (F, UNIFORMS_PER_LIGHT) uniform numbers.
        away: (3,) unit vector from what it lights to where it is now.
    """
    moved = around(u[:, 2:4], away, rules.angle)
    if away[2] >= _ABOVE_HORIZON:  # what stands above the things does not go below them
        height = np.maximum(np.abs(moved[:, 2]), _ABOVE_HORIZON)
        flat = moved[:, :2] / np.maximum(np.linalg.norm(moved[:, :2], axis=1, keepdims=True), 1e-12)
        moved = np.column_stack((flat * np.sqrt(1 - np.minimum(height, 1.0) ** 2)[:, None], height))
    kelvin = None if rules.kelvin is None else uniform(u[:, 1], *rules.kelvin)
    return Lights(
        log_uniform(u[:, 0], *rules.energy),
        kelvin,
        None if kelvin is None else black_body(kelvin),
        rotations.between(np.broadcast_to(away, moved.shape), moved),
    )


def chosen_few(u: Floats, fewest: int, most: int) -> npt.NDArray[np.bool_]:
    """Which of N things are there where their number is random: (F, N) of (F, 1 + N) uniform numbers."""
    number = np.floor(uniform(u[:, 0], fewest, most + 1))
    rank = np.argsort(np.argsort(u[:, 1:], axis=1, kind="stable"), axis=1, kind="stable")
    found: npt.NDArray[np.bool_] = rank < number[:, None]
    return found
