"""Whether the compositor has moved what a render shows, by the two pictures alone: edges stay where they are if not."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ..base.box import Pixels

Floats = npt.NDArray[np.float32]

_LARGEST_PATCH, _SMALLEST_PATCH, _MOST_PATCHES = 64, 16, (6, 8)
# A patch has edges where its gradients vary as much as this, of those of the liveliest patches.
_LIVELY = 0.25
# Where patches fit better elsewhere than in place, and where they fit as well in place as anywhere.
_BETTER, _AS_WELL = 0.2, 0.1
_FEWEST_PATCHES, _FEWEST_MOVED, _PART_MOVED, _PART_IN_PLACE = 6, 3, 0.15, 0.3


def has_moved(composite: Sequence[Pixels], own: Sequence[Pixels]) -> bool:
    """Whether pixels of a picture lie elsewhere than in the render that it was made of.

    Looks at some dozens of patches, so that it takes no time, and says no where these have too few edges.

    Args:
        composite: (H, W) each of R, G and B, linear: what the compositor made.
        own: likewise, what it was made of.
    """
    # A frame of a few pixels has no patches.
    shorter = min(composite[0].shape)
    side = min(_LARGEST_PATCH, max(_SMALLEST_PATCH, shorter // 6))
    if shorter <= side:
        return False
    after, before = (_patches(image, side) for image in (composite, own))
    lively = _is_lively(after) & _is_lively(before)
    count = int(lively.sum())
    if count < _FEWEST_PATCHES:
        return False
    fits = _fits(after[lively], before[lively])
    best = fits.max(axis=(1, 2))
    # Within a pixel of no shift at all, which is in the corners.
    in_place = np.roll(fits, (1, 1), axis=(1, 2))[:, :3, :3].max(axis=(1, 2))
    moved = int((best > in_place + _BETTER).sum())
    stayed = int((in_place >= best - _AS_WELL).sum())
    return moved >= max(_FEWEST_MOVED, _PART_MOVED * count) or stayed < _PART_IN_PLACE * count


def _patches(planes: Sequence[Pixels], side: int) -> Floats:
    """Gradients of square patches that are spread over an image, (N, side, side), of mean 0 and fading to the sides."""
    rows, columns = (
        np.unique(np.linspace(0, size - side - 1, min(most, max(1, size // side))).astype(int))
        for size, most in zip(planes[0].shape, _MOST_PATCHES, strict=True)
    )
    cut = np.stack([[plane[y : y + side + 1, x : x + side + 1] for plane in planes[:3]] for y in rows for x in columns])
    with np.errstate(over="ignore", invalid="ignore"):
        light = np.nan_to_num(cut.astype(np.float32)).clip(0, 1e4).mean(axis=1)
    light = np.sqrt(light)  # about as an eye sees it, so that lamps do not outshine all else
    gradient = np.hypot(np.diff(light, axis=1)[:, :, :-1], np.diff(light, axis=2)[:, :-1])
    gradient -= gradient.mean(axis=(1, 2), keepdims=True)
    window = np.hanning(side + 2)[1:-1].astype(np.float32)
    faded: Floats = gradient * window[:, None] * window
    return faded


def _is_lively(patches: Floats) -> npt.NDArray[np.bool_]:
    spread = patches.std(axis=(1, 2))
    lively: npt.NDArray[np.bool_] = (spread > _LIVELY * np.quantile(spread, 0.9)) & (spread > 0)
    return lively


def _fits(after: Floats, before: Floats) -> Floats:
    """Correlation of patches at each shift, (N, side, side)."""
    product = np.fft.rfft2(after) * np.conj(np.fft.rfft2(before))
    scale = np.linalg.norm(after, axis=(1, 2)) * np.linalg.norm(before, axis=(1, 2))
    fits: Floats = np.fft.irfft2(product, s=after.shape[1:]) / scale[:, None, None]
    return fits
