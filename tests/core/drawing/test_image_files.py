"""Training images: the sRGB curve against its formula, and files against Pillow."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from core.base.errors import InputError, OutputError
from core.drawing import image_files, read_images
from core.drawing.image_files import Bytes, write_image
from core.drawing.read_images import read_image
from core.settings.settings import ImageFormat

Doubles = npt.NDArray[np.float64]


def srgb(linear: Doubles) -> Doubles:
    """IEC 61966-2-1, in levels of 0 to 255 and not yet rounded."""
    linear = np.clip(linear, 0, 1)
    return 255 * np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


def to_srgb(pixels: npt.NDArray[Any]) -> Bytes:
    """Of (H, W, C) pixels."""
    return image_files.to_srgb([pixels[..., channel] for channel in range(pixels.shape[-1])])


def grey(values) -> npt.NDArray[np.float32]:
    """Values as a grey image of one row, with alpha."""
    pixels = np.ones((1, len(values), 4), np.float32)
    pixels[0, :, :3] = np.asarray(values, np.float32)[:, None]
    return pixels


@pytest.mark.parametrize("low", [0.0, 1e-4, 1e-3, 0.01, 0.2, 0.5])
def test_equals_the_formula(low: float) -> None:
    """Always the nearest level; where the true value is as good as half-way between two, either of them."""
    linear = np.random.default_rng(0).uniform(low, max(10 * low, 0.01), (300, 400, 3)).astype(np.float32)

    found = to_srgb(linear)

    exact = srgb(linear.astype(np.float64))
    assert found.dtype == np.uint8
    assert found.shape == (300, 400, 3)
    assert np.abs(found - exact).max() <= 0.5 + 1e-4


def test_nearly_all_values_are_exact() -> None:
    linear = np.random.default_rng(1).uniform(0, 1, (400, 500, 3)).astype(np.float32)

    right = to_srgb(linear) == np.rint(srgb(linear.astype(np.float64)))

    assert right.mean() >= 0.999


@given(st.integers(0, 255))
def test_every_level_comes_back(level: int) -> None:
    """The linear value of an 8-bit colour gives that colour."""
    encoded = level / 255
    linear = encoded / 12.92 if encoded <= 0.04045 else ((encoded + 0.055) / 1.055) ** 2.4

    assert to_srgb(grey([linear]))[0, 0].tolist() == [level] * 3


def test_half_floats_are_exact() -> None:
    """All of them."""
    halves = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
    halves = halves[np.isfinite(halves)]
    pixels = np.repeat(halves[None, :, None], 3, axis=2)

    assert np.array_equal(to_srgb(pixels)[0, :, 0], np.rint(srgb(halves.astype(np.float64))))


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_values_that_are_no_colours(dtype: type) -> None:
    with np.errstate(over="ignore"):
        values = np.array([np.nan, np.inf, -np.inf, -1, -1e-7, 1.5, 1e10, -1e10, 0, -0.0, 1]).astype(dtype)
    pixels = np.repeat(values[None, :, None], 3, axis=2)

    with np.errstate(invalid="raise", divide="raise", over="raise"):
        found = to_srgb(pixels)

    assert found[0, :, 0].tolist() == [0, 255, 0, 0, 0, 255, 255, 0, 0, 0, 255]


def test_channels_are_not_mixed() -> None:
    pixels = np.array([[[1.0, 0.0, np.nan], [0.0, 0.2, 1.0]]], np.float32)

    assert to_srgb(pixels).tolist() == [[[255, 0, 0], [0, 124, 255]]]


def test_transparency_is_over_black() -> None:
    """Blender's alpha is premultiplied: the colours over black are the colours as they are."""
    opaque = np.array([[[0.2, 0.4, 0.6, 1.0]]], np.float32)
    half = np.array([[[0.1, 0.2, 0.3, 0.5], [0, 0, 0, 0]]], np.float32)

    assert to_srgb(half)[0, 0].tolist() == np.rint(srgb(np.array([0.2, 0.4, 0.6]) * 0.5)).tolist()
    assert to_srgb(half)[0, 1].tolist() == [0, 0, 0]
    assert np.array_equal(to_srgb(opaque), to_srgb(opaque[..., :3]))


def test_strided_input() -> None:
    pixels = np.random.default_rng(2).uniform(0, 1, (6, 8, 4)).astype(np.float32)

    assert np.array_equal(to_srgb(pixels[::-1, ::2]), to_srgb(pixels)[::-1, ::2])


NOISE = np.random.default_rng(3).integers(0, 256, (17, 23, 3)).astype(np.uint8)


@pytest.mark.parametrize("format", [ImageFormat.PNG, ImageFormat.WEBP], ids=str)
def test_without_loss(tmp_path: Path, format: ImageFormat) -> None:
    path = tmp_path / "new folder" / f"a{format.suffix}"

    write_image(path, NOISE, format)

    with Image.open(path) as image:
        assert (image.format, image.mode, image.size) == (format.name, "RGB", (23, 17))
        assert np.array_equal(np.asarray(image), NOISE)
    assert np.array_equal(read_image(path), NOISE)
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_webp_is_smaller_than_png(tmp_path: Path) -> None:
    """Of a picture with edges, gradients and a little noise, as renders have them."""
    rows, columns = np.mgrid[:200, :300]
    picture = np.stack([rows, columns / 2, np.where(rows > columns, 200, 40)], axis=-1)
    picture = (picture + np.random.default_rng(5).normal(0, 0.4, picture.shape)).clip(0, 255).astype(np.uint8)
    for format in ImageFormat.PNG, ImageFormat.WEBP:
        write_image(tmp_path / format.name, picture, format)

    assert (tmp_path / "WEBP").stat().st_size < (tmp_path / "PNG").stat().st_size


def test_images_that_webp_cannot_hold(tmp_path: Path) -> None:
    most, above = np.zeros((1, 16383, 3), np.uint8), np.zeros((16384, 1, 3), np.uint8)
    write_image(tmp_path / "most.webp", most, ImageFormat.WEBP)
    assert np.array_equal(read_image(tmp_path / "most.webp"), most)

    with pytest.raises(InputError, match="The image has 1 x 16384 pixels, and readers take a WebP of at most 16383"):
        write_image(tmp_path / "above.webp", above, ImageFormat.WEBP)
    assert ImageFormat.WEBP.refusal(13377, 13377) == ""
    assert "178,956,970 in all; choose PNG" in ImageFormat.WEBP.refusal(13378, 13378)
    assert [file.name for file in tmp_path.iterdir()] == ["most.webp"]


def test_a_webp_that_claims_to_be_huge(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_image(tmp_path / "a.webp", NOISE, ImageFormat.WEBP)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    with pytest.raises(InputError, match=r"a\.webp cannot be read \(Image size \(391 pixels\) exceeds"):
        read_image(tmp_path / "a.webp")


def test_jpeg_is_near(tmp_path: Path) -> None:
    rows, columns = np.mgrid[:48, :64]
    smooth = np.stack([rows * 5, columns * 4, 255 - columns * 2 - rows], axis=-1).astype(np.uint8)
    path = tmp_path / "a.jpg"

    write_image(path, smooth, ImageFormat.JPEG)

    with Image.open(path) as image:
        assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (64, 48))
        assert image.layers == 3
        assert {layer[1:3] for layer in image.layer} == {(1, 1)}  # colours in full resolution
        assert np.abs(np.asarray(image).astype(int) - smooth).max() <= 6
    assert np.abs(read_image(path).astype(int) - smooth).max() <= 6


def test_same_image_same_bytes(tmp_path: Path) -> None:
    for format in (ImageFormat.PNG, ImageFormat.JPEG, ImageFormat.WEBP):
        for name in "ab":
            write_image(tmp_path / name, NOISE, format)
        assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


@pytest.mark.parametrize("mode", ["L", "RGBA", "P", "1"])
def test_other_images_are_read_as_rgb(tmp_path: Path, mode: str) -> None:
    """An image that Blender put into its place may be grey or have alpha."""
    path = tmp_path / "a.png"
    Image.new("RGB", (5, 4), (255, 255, 255)).convert(mode).save(path)

    assert np.array_equal(read_image(path), np.full((4, 5, 3), 255))


@pytest.mark.parametrize("content", [None, b"", b"no image", b"\x89PNG\r\n\x1a\n" + bytes(30)])
def test_unreadable_image_is_an_error(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "a.png"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(InputError, match=r"training image .*a\.png cannot be read.*export the frame again"):
        read_image(path)


@pytest.mark.parametrize("format", [ImageFormat.PNG, ImageFormat.WEBP, ImageFormat.JPEG], ids=str)
def test_cut_off_image_is_an_error(tmp_path: Path, format: ImageFormat) -> None:
    path = tmp_path / "a"
    write_image(path, NOISE, format)
    whole = path.read_bytes()

    for size in range(0, len(whole) - 40, 7):
        path.write_bytes(whole[:size])
        with pytest.raises(InputError, match="a cannot be read"):
            read_image(path)


def test_unwritable_place_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")

    with pytest.raises(OutputError, match=r"Cannot write .*a\.png"):
        write_image(tmp_path / "file" / "a.png", NOISE, ImageFormat.PNG)


@pytest.mark.parametrize("format", [ImageFormat.PNG, ImageFormat.JPEG])
def test_images_beyond_pillows_limit(tmp_path: Path, format: ImageFormat, monkeypatch: pytest.MonkeyPatch) -> None:
    """An image of ours is no attack, however large; one that claims more than any frame has is none of ours."""
    path = tmp_path / f"a{format.suffix}"
    write_image(path, np.full((20, 30, 3), 90, np.uint8), format)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    with pytest.raises(Image.DecompressionBombError):
        Image.open(path)

    assert read_image(path).shape == (20, 30, 3)
    monkeypatch.setattr(read_images, "_MOST_PIXELS", 599)
    with pytest.raises(InputError, match="it claims to have 30 x 20 pixels"):
        read_image(path)
