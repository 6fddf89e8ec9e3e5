"""Between which values an image lies within any box: to know early which triangles cannot be seen.

The image is reduced to blocks, and for blocks to squares of 1, 2, 4, ... blocks, one that begins at each block. The
answer for a box is that of the smallest such square that holds it, so it may be a wider range, never a narrower one.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from ..base.ragged import Integers

Floats = npt.NDArray[np.float64]
_BLOCK = 4


class DepthRange:
    """The ranges of two images, one with the lowest value of each pixel and one with the highest.

    Args:
        low, high: (H, W) floats; a pixel that no value fits has infinity in `low` and minus infinity in `high`.
    """

    def __init__(self, low: npt.NDArray[np.floating[Any]], high: npt.NDArray[np.floating[Any]]) -> None:
        self._height, self._width = low.shape
        self._low = -_squares(-low)
        self._high = _squares(high)

    def of_boxes(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """The lowest and the highest value of the pixels whose centres lie in boxes.

        Args:
            x, y: (2, N) smallest and greatest coordinate of each box, in the image or beyond.

        Returns:
            (N,) each; infinity and minus infinity for a box that holds no pixel centre of the image.
        """
        # Beyond 32 bits a float has no place among the integers.
        x0, x1 = np.clip(np.ceil(x[0] - 0.5), 0, self._width), np.clip(np.ceil(x[1] - 0.5), 0, self._width)
        y0, y1 = np.clip(np.ceil(y[0] - 0.5), 0, self._height), np.clip(np.ceil(y[1] - 0.5), 0, self._height)
        empty = (x1 <= x0) | (y1 <= y0)
        column, row = _block(np.minimum(x0, self._width - 1)), _block(np.minimum(y0, self._height - 1))
        blocks = np.maximum(_block(np.maximum(x1 - 1, x0)) - column, _block(np.maximum(y1 - 1, y0)) - row) + 1
        level = np.ceil(np.log2(blocks)).astype(np.int64)
        level = np.minimum(level, len(self._low) - 1)  # the last one holds all from any block on
        low, high = self._low[level, row, column], self._high[level, row, column]
        return np.where(empty, np.inf, low), np.where(empty, -np.inf, high)


def _block(pixel: Floats) -> Integers:
    return pixel.astype(np.int64) // _BLOCK


def _squares(image: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.floating[Any]]:
    """(L, H, W) greatest values: of squares of 2^l blocks, for each block at which one begins."""
    height, width = image.shape
    rows = np.maximum.reduceat(image, np.arange(0, height, _BLOCK), axis=0)
    levels = [np.maximum.reduceat(rows, np.arange(0, width, _BLOCK), axis=1)]
    size = 1
    while size < max(levels[0].shape):
        wider = levels[-1].copy()
        np.maximum(wider[:-size], levels[-1][size:], out=wider[:-size])
        square = wider.copy()
        np.maximum(square[:, :-size], wider[:, size:], out=square[:, :-size])
        levels.append(square)
        size *= 2
    return np.stack(levels)
