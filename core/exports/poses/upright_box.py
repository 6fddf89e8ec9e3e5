"""3D boxes that stand upright in the axes of a camera, as driving datasets describe them: size, place and a yaw.

Source: the development kit of KITTI's object benchmark, readme.txt and matlab/computeBox3D.m. A box with the yaw 0 has
its length along the camera's x axis and its width along z; the yaw turns it about the camera's y axis, which points
down.
"""

import math
from dataclasses import dataclass

import numpy as np

from ...scene.poses import Pose

# Degrees that the vertical edges of a box may be off the camera's y axis. A car's corners move by 7 mm then.
MOST_TILT = 0.1
_LEAST_COSINE = math.cos(math.radians(MOST_TILT))


@dataclass(frozen=True)
class UprightBox:
    """A box in OpenCV's camera axes.

    Attributes:
        height, width, length: metres; the length is along the front of the object, which is its -Y axis as in Blender's
            front view, or +Z where Y is the vertical one.
        bottom: x, y, z of the middle of the bottom face, metres.
        yaw: radians from -pi to pi, of the front about the camera's y axis.
    """

    height: float
    width: float
    length: float
    bottom: tuple[float, float, float]
    yaw: float

    @property
    def observed_yaw(self) -> float:
        """The yaw as seen along the ray to the box: the same for boxes that look the same; radians from -pi to pi."""
        x, _, z = self.bottom
        return math.remainder(self.yaw - math.atan2(x, z), math.tau)

    @classmethod
    def of(cls, pose: Pose) -> "UprightBox | None":
        """The box of a pose; None where it is tilted."""
        axes = np.array(pose.rotation)  # columns: the axes of the object as the camera sees them
        vertical = int(np.argmax(np.abs(axes[1])))
        if abs(axes[1, vertical]) < _LEAST_COSINE:
            return None
        front, sign = (2, 1.0) if vertical == 1 else (1, -1.0)
        side = 3 - vertical - front
        x, _, z = sign * axes[:, front]
        middle, height = pose.corners_in_camera().mean(axis=0), pose.dimensions[vertical]
        return cls(
            height=height,
            width=pose.dimensions[side],
            length=pose.dimensions[front],
            bottom=(float(middle[0]), float(middle[1]) + height / 2, float(middle[2])),
            yaw=math.atan2(-z, x),
        )
