"""From where instances are seen: fields of equal size on the sphere of directions around each, in its own axes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ...scene.poses import Pose

# Rings from straight above to straight below, of one height each and so of one area, and fields around each of them.
RINGS, FIELDS = 8, 24
# Of what has no pose.
NO_VIEW = RINGS * FIELDS


@dataclass(frozen=True)
class Views:
    """From where some instances are seen.

    Attributes:
        field: (N,) int64, FIELDS * ring + sector. Ring 0 is around straight above, sector 0 around the front, which is
            -Y as in Blender, and sectors go on to the right, which is +X.
        inside: (N,) bool, whether the camera is within the 3D box.
    """

    field: npt.NDArray[np.int64]
    inside: npt.NDArray[np.bool_]


def views_of(poses: Sequence[Pose]) -> Views:
    """From where instances with these poses are seen, from the middle of their 3D boxes."""
    rotation = np.array([pose.rotation for pose in poses])
    translation = np.array([pose.translation for pose in poses])
    low, high = (np.array([getattr(pose, end) for pose in poses]) for end in ("low", "high"))
    camera = -np.einsum("nji,nj->ni", rotation, translation)
    x, y, z = (camera - (low + high) / 2).T
    length = np.sqrt(x * x + y * y + z * z)
    up = np.divide(z, length, out=np.zeros_like(z), where=length > 0)
    ring = np.clip(((1 - up) / 2 * RINGS).astype(np.int64), 0, RINGS - 1)
    sector = np.rint(np.arctan2(x, -y) / (2 * np.pi) * FIELDS).astype(np.int64) % FIELDS
    return Views(FIELDS * ring + sector, ((camera > low) & (camera < high)).all(axis=1))
