"""Optical flow as files: Middlebury's, KITTI's, and NumPy's."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from .map_files import write_flo, write_npy, write_png16

# Middlebury: what is larger than 1e9 is unknown.
_UNKNOWN = np.float32(1e10)
KITTI_ZERO, KITTI_STEPS = 32768, 64


def write_flow(path: Path, flow: npt.NDArray[Any], valid: npt.NDArray[np.bool_]) -> int:
    """Write flow in the format of the file's suffix: .flo, .png (KITTI) or .npy.

    Args:
        path: the file.
        flow: (H, W, 2) pixels, u right and v down.
        valid: (H, W), where it is known.

    Returns:
        How many pixels the file gives a value.

    Raises:
        OutputError: the file cannot be written.
    """
    if path.suffix == ".png":
        return _write_kitti(path, flow, valid)
    missing = _UNKNOWN if path.suffix == ".flo" else np.float32(np.nan)
    filled = np.where(valid[..., None], flow, missing).astype(np.float32, copy=False)
    (write_flo if path.suffix == ".flo" else write_npy)(path, filled)
    return int(np.count_nonzero(valid))


def _write_kitti(path: Path, flow: npt.NDArray[Any], valid: npt.NDArray[np.bool_]) -> int:
    """Source: KITTI 2012 flow development kit, readme.txt."""
    with np.errstate(invalid="ignore", over="ignore"):
        steps = np.rint(flow * KITTI_STEPS) + KITTI_ZERO
        held = valid & ((steps >= 0) & (steps <= 0xFFFF)).all(axis=-1)
    pixels = np.zeros((*held.shape, 3), np.uint16)
    pixels[held, :2] = steps[held]
    pixels[..., 2] = held
    write_png16(path, pixels)
    return int(np.count_nonzero(held))
