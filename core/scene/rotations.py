"""Rotations as the numbers that formats want."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def quaternion(rotation: Floats) -> Floats:
    """w, x, y, z with w >= 0 of a (3, 3) rotation, by the largest of the four so that nothing small is divided by.

    Source: Shepperd, Quaternion from Rotation Matrix, 1978.
    """
    r = rotation
    squares = np.array([np.trace(r), *np.diag(r)])
    largest = int(np.argmax(squares))
    if largest == 0:
        q = np.array([1 + squares[0], r[2, 1] - r[1, 2], r[0, 2] - r[2, 0], r[1, 0] - r[0, 1]])
    else:
        i = largest - 1
        j, k = (i + 1) % 3, (i + 2) % 3
        q = np.empty(4)
        q[0] = r[k, j] - r[j, k]
        q[1 + i] = 1 + r[i, i] - r[j, j] - r[k, k]
        q[1 + j], q[1 + k] = r[j, i] + r[i, j], r[k, i] + r[i, k]
    q = q / np.linalg.norm(q)
    unit: Floats = -q if q[0] < 0 else q
    return unit
