"""PNG files of 16 bit, as Pillow and OpenCV read and write them, and damage to them."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from PIL import Image

from core.drawing.image_files import write_image
from core.maps.codecs.png_files import read_png16, write_png16
from core.settings.settings import ImageFormat

Array = npt.NDArray[Any]


@given(
    npst.arrays(
        np.uint16,
        st.one_of(
            st.tuples(st.integers(1, 9), st.integers(1, 9)), st.tuples(st.integers(1, 9), st.integers(1, 9), st.just(3))
        ),
        elements=st.sampled_from([0, 1, 255, 256, 257, 32768, 65535]),
    )
)
def test_png_as_opencv_and_labelpass_write_it(tmp_path_factory: pytest.TempPathFactory, pixels: Any) -> None:
    folder = tmp_path_factory.mktemp("png")
    write_png16(folder / "own.png", pixels)
    assert np.array_equal(read_png16(folder / "own.png"), pixels)
    cv2.imwrite(str(folder / "theirs.png"), pixels if pixels.ndim == 2 else pixels[..., ::-1])
    assert np.array_equal(read_png16(folder / "theirs.png"), pixels)


def test_png_with_every_filter(tmp_path: Path) -> None:
    """Pillow chooses the filter of each row by what is in it."""
    random = np.random.default_rng(3)
    rows = [
        random.integers(0, 65536, (9, 40)), np.tile(np.arange(40) * 515, (9, 1)), np.tile(np.arange(9)[:, None], 40),
        np.add.outer(np.arange(9) * 700, np.arange(40) * 300), np.cumsum(random.integers(-90, 90, (30, 40)), axis=1),
    ]  # fmt: skip
    pixels = np.vstack(rows).astype(np.uint16)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    assert np.array_equal(read_png16(tmp_path / "a.png"), pixels)


@pytest.mark.parametrize("place", range(8, 130, 7))
def test_no_damage_to_a_png_is_overlooked(tmp_path: Path, place: int) -> None:
    pixels = np.arange(60, dtype=np.uint16).reshape(6, 10) * 999
    write_png16(tmp_path / "a.png", pixels)
    data = bytearray((tmp_path / "a.png").read_bytes())
    if place < len(data):
        data[place] ^= 0x10
        (tmp_path / "a.png").write_bytes(bytes(data))
        with pytest.raises(Exception, match=r"checksum|cut off|unpack|PNG|incomplete"):
            read_png16(tmp_path / "a.png")
    write_image(tmp_path / "b.png", np.zeros((4, 4, 3), np.uint8), ImageFormat.PNG)
    with pytest.raises(ValueError, match="it is not a 16-bit grey or RGB PNG"):
        read_png16(tmp_path / "b.png")


@given(npst.arrays(np.uint16, st.tuples(st.integers(1, 9), st.integers(1, 9))))
def test_grey_png_by_pillow_and_opencv(tmp_path_factory: pytest.TempPathFactory, pixels: Array) -> None:
    path = tmp_path_factory.getbasetemp() / "grey.png"
    write_png16(path, pixels)
    with Image.open(path) as image:
        np.testing.assert_array_equal(np.asarray(image), pixels)
    np.testing.assert_array_equal(cv2.imread(str(path), cv2.IMREAD_UNCHANGED), pixels)


@given(npst.arrays(np.uint16, st.tuples(st.integers(1, 9), st.integers(1, 9), st.just(3))))
def test_colour_png_by_opencv(tmp_path_factory: pytest.TempPathFactory, pixels: Array) -> None:
    path = tmp_path_factory.getbasetemp() / "colour.png"
    write_png16(path, pixels)
    np.testing.assert_array_equal(cv2.imread(str(path), cv2.IMREAD_UNCHANGED)[..., ::-1], pixels)
