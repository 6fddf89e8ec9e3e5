"""How a panoramic camera of Cycles takes directions to pixels: its type, and the numbers that its formula needs.

With x and y in pixels, let X = (x - cx) / fx and Y = (y - cy) / fy; with the camera's axes x right, y down, z forward,
let theta be the angle between a direction and z, and r = hypot(X, Y), in the direction of (x, y).

    fisheye_equidistant         r = theta
    fisheye_equisolid           r = 2 sin(theta / 2)
    fisheye_lens_polynomial     theta = -(k0 + k1 r + k2 r^2 + k3 r^3 + k4 r^4), r in millimetres on the sensor
    equirectangular             X is the longitude to the right, Y the latitude downwards
    central_cylindrical         X is the longitude, Y the tangent of the latitude downwards
    equiangular_cubemap_face    X and Y are the angles from z in the planes of x and of y: tan X = x / z
    mirrorball                  X and Y are those of the unit vector half-way between the direction and z

Source: measured against the Position pass of Blender 4.2, 4.5 and 5.0, see tests/blender/scene/test_panoramas.py.
"""

from dataclasses import dataclass

from ..base.json_fields import JsonObject

EQUIDISTANT, EQUISOLID, POLYNOMIAL = "fisheye_equidistant", "fisheye_equisolid", "fisheye_lens_polynomial"

# Those whose Vector pass Blender 4.2 mirrors from left to right; 4.3 and later do not.
MIRRORED_IN_4_2 = (EQUIDISTANT, EQUISOLID)


@dataclass(frozen=True)
class Panorama(JsonObject):
    """The projection of a panoramic camera.

    Attributes:
        type: as Blender calls it, see above.
        fx, fy: pixels for 1 of X and Y.
        cx, cy: the pixels of X = 0 and Y = 0.
        fov: of fisheyes, radians: nothing is seen beyond half of it; None for others.
        polynomial: k0 to k4 of fisheye_lens_polynomial; empty for others.
    """

    type: str
    fx: float
    fy: float
    cx: float
    cy: float
    fov: float | None = None
    polynomial: tuple[float, ...] = ()
