"""The colour of light by its temperature."""

import numpy as np

from .streams import Floats

# XYZ to linear Rec. 709 with D65, which Blender's scenes are in by default.
_FROM_XYZ = np.array(
    [[3.2404542, -1.5371385, -0.4985314], [-0.9692660, 1.8760108, 0.0415560], [0.0556434, -0.2040259, 1.0572252]]
)
_COLDEST, _HOTTEST = 1667.0, 25000.0


def black_body(kelvin: Floats) -> Floats:
    """(F, 3) linear colours, the brightest channel 1, of (F,) temperatures, which are held to 1667 to 25000 K.

    Source: Kim et al., Design of Advanced Color Temperature Control System for HDTV Applications, 2002: the Planckian
    locus as cubic functions.
    """
    t = 1e3 / np.clip(kelvin, _COLDEST, _HOTTEST)
    x = np.where(
        t > 1 / 4,
        _cubic(t, (0.179910, 0.8776956, -0.2343589, -0.2661239)),
        _cubic(t, (0.240390, 0.2226347, 2.1070379, -3.0258469)),
    )
    of_x = (
        (-0.20219683, 2.18555832, -1.34811020, -1.1063814),
        (-0.16748867, 2.09137015, -1.37418593, -0.9549476),
        (-0.37001483, 3.75112997, -5.87338670, 3.0817580),
    )
    y = np.select(
        [t > 1e3 / 2222, t > 1 / 4],
        [_cubic(x, one) for one in of_x[:2]],
        _cubic(x, of_x[2]),
    )
    xyz = np.stack((x / y, np.ones_like(x), (1 - x - y) / y), axis=1)
    rgb = np.maximum(xyz @ _FROM_XYZ.T, 0.0)
    found: Floats = rgb / rgb.max(axis=1, keepdims=True)
    return found


def _cubic(x: Floats, factors: tuple[float, ...]) -> Floats:
    constant, linear, square, cube = factors
    return constant + x * (linear + x * (square + x * cube))
