"""PNG files as other programs read them: Pillow and OpenCV."""

import io
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from PIL import Image

from core.base import compression
from core.drawing import png_encoder
from core.drawing.png_encoder import encode_png

Array = npt.NDArray[Any]


def by_opencv(data: bytes) -> Array:
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    return pixels if pixels.ndim == 2 else pixels[..., ::-1]


def by_pillow(data: bytes) -> Array:
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image)


SIDES = st.integers(1, 9)


@given(
    st.sampled_from([np.uint8, np.uint16]).flatmap(
        lambda dtype: npst.arrays(dtype, st.one_of(st.tuples(SIDES, SIDES), st.tuples(SIDES, SIDES, st.just(3))))
    )
)
def test_pixels_come_back(pixels: Any) -> None:
    data = encode_png(pixels)
    found = by_opencv(data)
    assert found.dtype == pixels.dtype
    assert np.array_equal(found, pixels)
    if pixels.dtype == np.uint8 or pixels.ndim == 2:  # Pillow makes 8 bits of 16 in colour
        assert np.array_equal(by_pillow(data), pixels)


def test_strided_pixels() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (20, 30, 4)).astype(np.uint8)
    for some in (pixels[::-1, ::2, :3], pixels[..., 2], pixels[..., 2::-1]):
        assert np.array_equal(by_opencv(encode_png(some)), some)


@given(npst.arrays(np.uint8, st.tuples(SIDES, SIDES), elements=st.integers(0, 6)))
def test_colours_of_a_palette(numbers: Any) -> None:
    palette = np.random.default_rng(1).integers(0, 256, (7, 3)).astype(np.uint8)
    data = encode_png(numbers, palette)
    with Image.open(io.BytesIO(data)) as image:
        assert image.mode == "P"
    assert np.array_equal(by_opencv(data), palette[numbers])


def test_pixels_in_several_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in an image of gigabytes, since the format allows 2 GB in one."""
    pixels = np.random.default_rng(2).integers(0, 256, (40, 50, 3)).astype(np.uint8)
    monkeypatch.setattr(png_encoder, "_LONGEST_CHUNK", 1000)
    data = encode_png(pixels)
    assert data.count(b"IDAT") == 7
    assert np.array_equal(by_pillow(data), pixels)


def test_without_libdeflate(monkeypatch: pytest.MonkeyPatch) -> None:
    pixels = np.random.default_rng(2).integers(0, 3, (40, 50, 3)).astype(np.uint8)
    by_libdeflate = encode_png(pixels)
    monkeypatch.setattr(compression, "deflate", None)
    assert encode_png(pixels) != by_libdeflate
    assert np.array_equal(by_pillow(encode_png(pixels)), pixels)


def test_smooth_images_are_small() -> None:
    """The filters do what they are for."""
    rows, columns = np.mgrid[:200, :300]
    smooth = np.stack([columns, columns // 2 + rows, rows], axis=-1).astype(np.uint8)
    assert len(encode_png(smooth)) < smooth.size / 20
    deep = (rows * 300 + columns * 4).astype(np.uint16)
    assert len(encode_png(deep)) < deep.nbytes / 20
