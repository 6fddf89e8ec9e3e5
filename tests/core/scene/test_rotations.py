"""Quaternions of rotations: where a naive formula divides by what is nearly nothing."""

import numpy as np
import pytest

from core.scene.rotations import quaternion


def test_quaternions_of_half_turns() -> None:
    """Where the simple formula divides by nothing."""
    for axis in range(3):
        q = quaternion(np.diag([1.0 if i == axis else -1.0 for i in range(3)]))
        assert np.abs(q) == pytest.approx(np.eye(4)[axis + 1])
    assert quaternion(np.eye(3)) == pytest.approx((1, 0, 0, 0))
