"""What counts as a label, which pass the labels come from, and what is said about passes that hold none."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.base.errors import PassError
from core.exr.passes import Passes
from core.labels.label_image import LabelImage, labels_from_index, read_labels
from core.settings.render_pass import PassFile
from core.settings.settings import LabelSource


def image(*values: float, dtype: type = np.float32):
    """One row of pixels."""
    return np.array([values], dtype=dtype)


# --- Values of an index pass ------------------------------------------------------------------------------------------


@given(st.lists(st.integers(0, (1 << 24) - 1), min_size=1, max_size=20))
def test_every_index_of_a_float_pass(indices: list[int]) -> None:
    labels = labels_from_index(image(*indices))

    assert labels.dtype == np.uint32
    assert labels.tolist() == [indices]


@given(st.lists(st.integers(0, 2047), min_size=1, max_size=20))
def test_every_index_of_a_half_float_pass(indices: list[int]) -> None:
    labels = labels_from_index(image(*indices, dtype=np.float16))

    assert labels.dtype == np.uint32
    assert labels.tolist() == [indices]


def test_integers_are_labels_as_they_are() -> None:
    values = image(0, 1, 1 << 24, (1 << 24) + 1, (1 << 32) - 1, dtype=np.uint32)

    assert labels_from_index(values).tolist() == values.tolist()


@given(st.integers(0, 1000), st.floats(-0.0009, 0.0009))
def test_within_a_thousandth_of_an_integer(index: int, offset: float) -> None:
    assert labels_from_index(image(index + offset)).tolist() == [[index]]


@given(st.integers(0, 1000), st.floats(0.0012, 0.5), st.sampled_from([1, -1]))
def test_further_from_an_integer_is_an_error(index: int, offset: float, sign: int) -> None:
    with pytest.raises(PassError):
        labels_from_index(image(index + sign * offset))


@pytest.mark.parametrize(("shared", "dtype"), [((1 << 24) + 1, np.float32), (2049, np.float16)], ids=["float", "half"])
def test_value_that_two_indices_share_is_an_error(shared: int, dtype: type) -> None:
    """The first that the number format cannot hold is stored as the one before it."""
    values = image(0, shared, dtype=dtype)
    assert np.array_equal(values, image(0, shared - 1, dtype=dtype))

    with pytest.raises(PassError):
        labels_from_index(values)


@pytest.mark.parametrize(
    ("value", "dtype", "message"),
    [
        (1e10, np.float32, "the index 10000000000, but float32 is exact only below 16777216"),
        ((1 << 24) + 2, np.float32, "the index 16777218, but float32 is exact only below 16777216"),
        (2050, np.float16, "the index 2050, but float16 is exact only below 2048"),
        (65504, np.float16, "the index 65504, but float16 is exact only below 2048"),
        (np.nan, np.float32, "values that are not numbers"),
        (np.inf, np.float32, "values that are not numbers"),
        (-np.inf, np.float32, "values that are not numbers"),
        (np.nan, np.float16, "values that are not numbers"),
        (np.inf, np.float16, "values that are not numbers"),
        (-1, np.float32, "the negative index -1, but a pass index is 0 or more"),
        (-2.5, np.float32, "the negative index -2.5"),
        (-0.5, np.float16, "the negative index -0.5"),
    ],
)
def test_impossible_values(value: float, dtype: type, message: str) -> None:
    with pytest.raises(PassError, match=re.escape(message)):
        labels_from_index(image(3, 0, value, 7, dtype=dtype))


def test_large_values_point_to_the_colour_depth() -> None:
    with pytest.raises(PassError, match=r"32 bit \(Full\) colour depth"):
        labels_from_index(image(3000, dtype=np.float16))


def test_filtered_pass_says_where_and_why() -> None:
    values = np.zeros((5, 7), np.float32)
    values[2, 3:] = 1.5, 2.25, 3, 0.125  # row 2, first in column 3; the 3 is well

    with pytest.raises(PassError) as caught:
        labels_from_index(values)

    message = str(caught.value)
    assert message.startswith("3 pixels do not hold a whole number, first in column 3, row 2: 1.5;")
    assert "filtered or scaled" in message
    assert "without a filter" in message


def test_input_is_not_changed_and_may_be_read_only() -> None:
    values = image(1, 2.0005, 3)
    values.flags.writeable = False

    labels_from_index(values)

    assert values[0, 1] == np.float32(2.0005)


def test_empty_image() -> None:
    assert labels_from_index(np.zeros((0, 4), np.float32)).shape == (0, 4)


# --- Which pass -------------------------------------------------------------------------------------------------------

INDEX = np.array([[0, 5, 5], [0, 0, 7]], np.float32)
MATERIAL = np.array([[2, 2, 2], [3, 3, 3]], np.float32)


def crypto(layer: str, id: int) -> dict[str, np.ndarray]:
    """A Cryptomatte in which one id covers the top row."""
    ids = np.zeros((2, 3), np.uint32)
    ids[0] = id
    channels = {f"{layer}00.{letter}": np.zeros((2, 3), np.float32) for letter in "rgba"}
    return channels | {f"{layer}00.r": ids.view(np.float32), f"{layer}00.g": (ids > 0).astype(np.float32)}


CRYPTO_OBJECT = crypto("L.CryptoObject", 0x3F800001)
CRYPTO_MATERIAL = crypto("L.CryptoMaterial", 0x3F800002)
CRYPTO_ASSET = crypto("L.CryptoAsset", 0x3F800003)
EMPTY_INDEX = {"L.IndexOB.X": np.zeros((2, 3), np.float32)}


@pytest.fixture
def read(write_exr, tmp_path: Path):
    """(channels, source) -> the label image of a file with these channels."""

    def run(channels, source: LabelSource = LabelSource.AUTO, **known: Any) -> LabelImage:
        return read_labels(Passes([PassFile(write_exr(tmp_path / "frame.exr", channels))]), source, **known)

    return run


@pytest.mark.parametrize(
    ("channels", "source"),
    [
        ({"L.IndexOB.X": INDEX, "L.IndexMA.X": MATERIAL} | CRYPTO_OBJECT, LabelSource.OBJECT_INDEX),
        (EMPTY_INDEX | CRYPTO_OBJECT, LabelSource.CRYPTO_OBJECT),
        (EMPTY_INDEX, LabelSource.OBJECT_INDEX),
        (EMPTY_INDEX | {"L.IndexMA.X": MATERIAL}, LabelSource.OBJECT_INDEX),
        (CRYPTO_OBJECT | CRYPTO_MATERIAL | CRYPTO_ASSET, LabelSource.CRYPTO_OBJECT),
        (CRYPTO_MATERIAL | CRYPTO_ASSET, LabelSource.CRYPTO_ASSET),
        (CRYPTO_ASSET | {"L.IndexMA.X": MATERIAL}, LabelSource.CRYPTO_ASSET),
        ({"L.IndexMA.X": MATERIAL}, LabelSource.MATERIAL_INDEX),
    ],
    ids=lambda value: value if isinstance(value, str) else "+".join(sorted({name.split(".")[1] for name in value})),
)
def test_automatic_choice(read, channels, source: LabelSource) -> None:
    assert read(channels).source is source


@pytest.mark.parametrize(
    ("channels", "source"),
    [
        ({"L.IndexOB.X": INDEX} | CRYPTO_OBJECT, LabelSource.CRYPTO_OBJECT),
        ({"L.IndexOB.X": INDEX} | CRYPTO_MATERIAL, LabelSource.CRYPTO_MATERIAL),
        ({"L.IndexOB.X": INDEX, "L.IndexMA.X": MATERIAL}, LabelSource.OBJECT_INDEX),
    ],
)
def test_automatic_choice_where_things_are_blurred(read, channels, source: LabelSource) -> None:
    """One sample of each pixel tears masks; without a Cryptomatte there is nothing better."""
    assert read(channels, indexed=True, blurred=True).source is source
    assert read(channels, LabelSource.OBJECT_INDEX, blurred=True).source is LabelSource.OBJECT_INDEX


@pytest.mark.parametrize("source", [source for source in LabelSource if source is not LabelSource.AUTO])
def test_chosen_pass(read, source: LabelSource) -> None:
    everything = {"L.IndexOB.X": INDEX, "L.IndexMA.X": MATERIAL} | CRYPTO_OBJECT | CRYPTO_MATERIAL | CRYPTO_ASSET

    found = read(everything, source)

    top = [0x3F800001, 0x3F800002, 0x3F800003]
    expected = {
        LabelSource.OBJECT_INDEX: INDEX,
        LabelSource.MATERIAL_INDEX: MATERIAL,
        LabelSource.CRYPTO_OBJECT: [[top[0]] * 3, [0] * 3],
        LabelSource.CRYPTO_MATERIAL: [[top[1]] * 3, [0] * 3],
        LabelSource.CRYPTO_ASSET: [[top[2]] * 3, [0] * 3],
    }[source]
    assert found.source is source
    assert found.labels.dtype == np.uint32
    assert np.array_equal(found.labels, expected)
    assert found.is_index == (source in (LabelSource.OBJECT_INDEX, LabelSource.MATERIAL_INDEX))


def test_names_without_a_manifest(read) -> None:
    assert read({"L.IndexOB.X": INDEX}).name_of(7) == "index_7"
    assert read(CRYPTO_OBJECT).name_of(0x0012ABCD) == "0012abcd"


def test_names_of_the_manifest(write_exr, tmp_path: Path) -> None:
    """Each Cryptomatte has its own; of another view layer's there is none to take."""
    attributes = {
        "cryptomatte/a/name": "L.CryptoObject",
        "cryptomatte/a/manifest": '{"Cube":"3f800001"}',
        "cryptomatte/b/name": "L.CryptoMaterial",
        "cryptomatte/b/manifest": '{"Steel":"3f800001"}',
        "cryptomatte/c/name": "Other.CryptoAsset",
        "cryptomatte/c/manifest": '{"Tower":"3f800001"}',
    }
    channels = CRYPTO_OBJECT | CRYPTO_MATERIAL | CRYPTO_ASSET
    passes = Passes([PassFile(write_exr(tmp_path / "frame.exr", channels, attributes=attributes))])

    assert read_labels(passes, LabelSource.CRYPTO_OBJECT).name_of(0x3F800001) == "Cube"
    assert read_labels(passes, LabelSource.CRYPTO_MATERIAL).name_of(0x3F800001) == "Steel"
    assert read_labels(passes, LabelSource.CRYPTO_ASSET).name_of(0x3F800001) == "3f800001"


def test_nothing_to_label_says_what_there_is_and_what_to_turn_on(version: str, data: Path) -> None:
    passes = Passes([PassFile(data / version / "noindex_0001.exr")])

    with pytest.raises(PassError) as caught:
        read_labels(passes, LabelSource.AUTO)

    message = str(caught.value)
    assert "noindex_0001.exr, view layer 'ViewLayer' has no pass that separates objects" in message
    assert "it has Combined, Depth." in message
    assert "Cryptomatte > Object" in message
    assert "Object Index" in message


@pytest.mark.parametrize("source", [source for source in LabelSource if source is not LabelSource.AUTO])
def test_chosen_pass_that_is_not_there(version: str, data: Path, source: LabelSource) -> None:
    """No other pass is taken in its place."""
    passes = Passes([PassFile(data / version / "noindex_0001.exr")])
    title = source.label

    with pytest.raises(PassError, match=f"has no pass {title}; it has Combined, Depth"):
        read_labels(passes, source)


@pytest.mark.parametrize("source", [LabelSource.AUTO, LabelSource.OBJECT_INDEX])
def test_broken_index_names_file_and_pass(read, source: LabelSource) -> None:
    """Also where there is a Cryptomatte: a user who set pass indices wants to know."""
    with pytest.raises(
        PassError, match=r"frame\.exr, view layer 'L', pass Object Index: 3 pixels do not hold a whole number"
    ):
        read({"L.IndexOB.X": INDEX * np.float32(1.3)} | CRYPTO_OBJECT, source)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("component", ["g", "a"])
def test_broken_coverage_is_an_error(read, component: str, value: float) -> None:
    channels = dict(CRYPTO_OBJECT)
    coverage = np.zeros((2, 3), np.float32)
    coverage[1, 2] = value
    channels[f"L.CryptoObject00.{component}"] = coverage

    with pytest.raises(PassError, match=r"frame\.exr.*coverages that are not numbers; render the frame again"):
        read(channels)


def test_damaged_manifest_names_the_file(write_exr, tmp_path: Path) -> None:
    attributes = {"cryptomatte/a/name": "L.CryptoObject", "cryptomatte/a/manifest": '{"Cube":"3f8'}
    passes = Passes([PassFile(write_exr(tmp_path / "frame.exr", CRYPTO_OBJECT, attributes=attributes))])

    with pytest.raises(PassError, match=r"frame\.exr, view layer 'L': The Cryptomatte manifest is damaged"):
        read_labels(passes, LabelSource.CRYPTO_OBJECT)


@pytest.mark.parametrize("damage", ["half floats", "no alpha"])
def test_cryptomatte_that_cannot_be_read_names_the_file_once(write_exr, tmp_path: Path, damage: str) -> None:
    channels = {name: pixels.astype(np.float16) for name, pixels in CRYPTO_OBJECT.items()}
    if damage == "no alpha":
        channels = {name: pixels for name, pixels in CRYPTO_OBJECT.items() if not name.endswith(".a")}
    path = write_exr(tmp_path / "frame.exr", channels)

    with pytest.raises(PassError) as caught:
        read_labels(Passes([PassFile(path)]), LabelSource.CRYPTO_OBJECT)
    assert str(caught.value).count(str(path)) == 1
