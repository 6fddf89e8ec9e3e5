"""Masks as they come from renders, and worse: several pieces, with holes, from smooth to noisy."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pycocotools import mask as coco_mask

Mask = npt.NDArray[np.bool_]


def compressed(masks: npt.NDArray[np.bool_] | list[Mask]) -> list[str]:
    """COCO's counts of each mask, by pycocotools."""
    return [coco_mask.encode(np.asfortranarray(mask, dtype=np.uint8))["counts"].decode("ascii") for mask in masks]


@st.composite
def small_masks(draw: st.DrawFn) -> list[Mask]:
    """A few masks of one size: noise, in blocks or not, some of them nearly full or nearly empty."""
    height, width = draw(st.integers(1, 17)), draw(st.integers(1, 17))
    block = draw(st.sampled_from([(1, 1), (1, 1), (3, 1), (1, 3), (2, 2), (17, 1)]))
    masks = []
    for _ in range(draw(st.integers(1, 3))):
        shape = (-(-height // block[0]), -(-width // block[1]))
        if draw(st.booleans()):
            cells = draw(hnp.arrays(bool, shape))
        else:
            cells = np.random.default_rng(draw(st.integers(0, 2**32 - 1))).random(shape) < draw(st.floats(0.05, 0.95))
        masks.append(cells.repeat(block[0], axis=0).repeat(block[1], axis=1)[:height, :width])
    return masks


def batches_of_masks(count: int, seed: int) -> Iterator[Mask]:
    """Many random masks, in batches (N, H, W) of one size.

    The levels of a smooth random field, some with ellipses added and others cut out.
    """
    random = np.random.default_rng(seed)
    while count > 0:
        size = min(count, 250)
        height, width = random.integers(20, 60, 2)
        field = random.normal(size=(size, height, width)).astype(np.float32)
        for _ in range(int(random.integers(2, 7))):
            field = field + np.roll(field, 1, 1) + np.roll(field, -1, 1)
            field = field + np.roll(field, 1, 2) + np.roll(field, -1, 2)
        levels = random.uniform(-1.5, 1.0, (size, 1, 1)) * field.std(axis=(1, 2), keepdims=True)
        masks = field > levels
        for added in (True, False):
            x, y, a, b = random.uniform((0, 0, 2, 2), (width, height, width / 3, height / 3), (size, 4)).T[
                ..., None, None
            ]
            rows, columns = np.mgrid[:height, :width]
            inside = ((columns - x) / a) ** 2 + ((rows - y) / b) ** 2 < 1
            masks = masks | inside if added else masks & ~inside
        yield masks
        count -= size
