"""Pictures of masks that are made of runs, read back by Pillow."""

import io
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from core.drawing.mask_pngs import grey_png, id_png, palette_pngs
from core.masks.runs import find_masks
from tests.core.random_masks import compressed

PALETTE = np.random.default_rng(1).integers(0, 256, (256, 3), np.uint8)


@given(st.integers(1, 9), st.integers(1, 9), st.integers(0, 5), st.integers(0, 2**32 - 1))
def test_pixels(height: int, width: int, masks: int, seed: int) -> None:
    """Several numberings of the same masks, of any size: also masks that fill columns, or the whole image."""
    labels = np.random.default_rng(seed).integers(0, masks + 1, (height, width), np.uint32)
    found = find_masks(labels)
    numberings = [[one.label * factor for one in found] for factor in (1, 51)]
    files = palette_pngs([one.rle for one in found], height, width, numberings, PALETTE)
    for file, factor in zip(files, (1, 51), strict=True):
        image = Image.open(io.BytesIO(file))
        assert (image.format, image.mode) == ("PNG", "P")
        assert (np.asarray(image) == labels * factor).all()
        assert (np.asarray(image.convert("RGB")) == PALETTE[labels * factor]).all()


@given(st.integers(1, 9), st.integers(1, 9), st.integers(0, 5), st.integers(0, 2**32 - 1))
def test_ids_and_grey(height: int, width: int, masks: int, seed: int) -> None:
    """The bytes of a pixel are where readers look for them: the lowest in red, and the highest of 16 bits first."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, masks + 1, (height, width), np.uint32)
    found = find_masks(labels)
    rles = [one.rle for one in found]
    for ids, write in (
        (random.integers(0, 1 << 24, masks + 1), id_png),
        (random.integers(0, 1 << 16, masks + 1), partial(grey_png, bits=16)),
        (random.integers(0, 1 << 8, masks + 1), grey_png),
    ):
        ids[0] = 0
        pixels = np.asarray(
            Image.open(io.BytesIO(write(rles, height, width, [int(ids[one.label]) for one in found])))
        ).astype(int)
        if pixels.ndim == 3:
            pixels = pixels[..., 0] + 256 * pixels[..., 1] + 65536 * pixels[..., 2]
        assert (pixels == ids[labels]).all()


def test_no_mask() -> None:
    (file,) = palette_pngs([], 1, 3000, [[]], PALETTE)
    assert not np.asarray(Image.open(io.BytesIO(file))).any()
    assert not np.asarray(Image.open(io.BytesIO(id_png([], 2, 700, [])))).any()


def test_what_cannot_be_a_picture() -> None:
    one, other = np.zeros((2, 3, 4), bool)
    one[1, 1:3] = other[:, 2] = True
    with pytest.raises(ValueError, match="overlap"):
        palette_pngs(compressed([one, other]), 3, 4, [[1, 2]], PALETTE)
    with pytest.raises(ValueError, match="not of the image's size"):
        palette_pngs(compressed([one]), 4, 4, [[1]], PALETTE)
