"""Some channels of files with the codecs ZIP and ZIPS, bit by bit as OpenEXR reads them."""

import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import numpy.typing as npt
import OpenEXR
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.base import compression
from core.base.errors import ExrError
from core.exr import exr_file, zip_rows
from core.exr.exr_file import ExrFile, set_decoding_threads
from tests.core.conftest import ExrWriter

Array = npt.NDArray[Any]

DATA = Path(__file__).parents[2] / "data"
FIXTURES = sorted(DATA.glob("*/*.exr"))
DTYPES = [np.float16, np.float32, np.uint32]


def by_openexr(path: Path, part: int = 0) -> dict[str, Array]:
    """Every channel of a part, by its full name."""
    return {
        name: channel.pixels for name, channel in OpenEXR.File(str(path), separate_channels=True).channels(part).items()
    }


def same_bits(found: Array, expected: Array) -> bool:
    return (found.dtype, found.shape) == (expected.dtype, expected.shape) and found.tobytes() == expected.tobytes()


def read_without_openexr(file: ExrFile, part: int, names: list[str]) -> list[Array]:
    with (
        mock.patch.object(exr_file, "_LARGEST_SHARE", 1),
        mock.patch.object(OpenEXR, "InputFile", side_effect=AssertionError("OpenEXR was asked")),
    ):
        return file.read(file.parts[part], names)


@st.composite
def pixels(draw: st.DrawFn, height: int, width: int) -> Array:
    """Such as compression makes smaller, and such as it leaves as they are."""
    dtype = np.dtype(draw(st.sampled_from(DTYPES)))
    random = np.random.default_rng(draw(st.integers(0, 1 << 30)))
    bits = {2: np.uint16, 4: np.uint32}[dtype.itemsize]
    kind = draw(st.sampled_from(["noise", "steps", "one value", "nothing"]))
    if kind == "noise":
        return random.integers(0, np.iinfo(bits).max, (height, width), bits, endpoint=True).view(dtype)
    if kind == "steps":
        return (np.add.outer(np.arange(height), np.arange(width)) // 3).astype(bits).view(dtype)
    return np.full((height, width), 0 if kind == "nothing" else random.integers(1, 1 << 16), bits).view(dtype)


@st.composite
def parts(draw: st.DrawFn) -> tuple[dict[str, Array], list[str]]:
    """The channels of a part, and the names of some in any order."""
    height, width = draw(st.integers(1, 40)), draw(st.integers(1, 40))
    names = draw(st.lists(st.text("aBz.", min_size=1, max_size=5), min_size=1, max_size=7, unique=True))
    channels = {name: draw(pixels(height, width)) for name in names}
    wanted = draw(st.lists(st.sampled_from(names), min_size=1, unique=True))
    return channels, wanted


@given(
    st.lists(parts(), min_size=1, max_size=2),
    st.sampled_from(["ZIP", "ZIPS"]),
    st.integers(-9, 9),
    st.integers(-9, 9),
    st.sampled_from([0, 2]),
)
def test_random_files(
    tmp_path_factory: pytest.TempPathFactory,
    write_exr: ExrWriter,
    found: list[tuple[dict[str, Array], list[str]]],
    codec: str,
    left: int,
    top: int,
    threads: int,
) -> None:
    def window(channels: Mapping[str, Array]) -> dict[str, Any]:
        height, width = next(iter(channels.values())).shape
        return {"dataWindow": (left, top, left + width, top + height)}

    path = tmp_path_factory.mktemp("exr") / "a.exr"
    if len(found) == 1:
        ((channels, _),) = found
        write_exr(
            path, channels, compression=codec, data_window=window(channels)["dataWindow"], display_window=(0, 0, 50, 50)
        )
    else:
        written = [(f"part {number}", channels, window(channels)) for number, (channels, _) in enumerate(found)]
        write_exr(path, written, compression=codec, display_window=(0, 0, 50, 50))
    set_decoding_threads(threads)
    try:
        file = ExrFile(path)
        for number, (channels, wanted) in enumerate(found):
            for name, values in zip(wanted, read_without_openexr(file, number, wanted), strict=True):
                assert same_bits(values, channels[name])
    finally:
        set_decoding_threads(0)


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_channel_of_the_fixtures(path: Path) -> None:
    """Each by itself, from files of all Blender versions."""
    file = ExrFile(path)
    for number, part in enumerate(file.parts):
        expected = by_openexr(path, number)
        assert part.channels.keys() == expected.keys()
        for name in part.channels:
            (values,) = file.read(part, [name])
            assert same_bits(values, expected[name])


def test_fixtures_of_blender_4_are_read_without_openexr() -> None:
    """Or the test above would compare OpenEXR with itself."""
    some = [path for path in FIXTURES if path.parent.name in ("4.2", "4.5")]
    parts = [part for path in some for part in ExrFile(path).parts]
    assert sum(part.is_faster_by_rows([name]) for part in parts for name in part.channels) > 500


def test_most_channels_are_left_to_openexr(tmp_path: Path, write_exr: ExrWriter) -> None:
    channels = {name: np.full((20, 30), number, np.float32) for number, name in enumerate("abcdefghij")}
    (part,) = ExrFile(write_exr(tmp_path / "a.exr", channels)).parts
    assert part.is_faster_by_rows([*"abcd"])
    assert not part.is_faster_by_rows([*"abcde"])


@pytest.mark.parametrize("codec", ["NO", "RLE", "PIZ", "PXR24", "B44", "DWAA", "HTJ2K256"])
def test_other_codecs_are_left_to_openexr(tmp_path: Path, write_exr: ExrWriter, codec: str) -> None:
    channels = {name: np.full((20, 30), number, np.float32) for number, name in enumerate("abcdefghij")}
    file = ExrFile(write_exr(tmp_path / "a.exr", channels, compression=codec))
    assert not file.parts[0].is_faster_by_rows(["a"])
    assert same_bits(file.read(file.parts[0], ["c"])[0], channels["c"])


def test_tiles_are_left_to_openexr(tmp_path: Path, write_exr: ExrWriter) -> None:
    channels = {name: np.full((20, 30), number, np.float32) for number, name in enumerate("abcdefghij")}
    file = ExrFile(write_exr(tmp_path / "a.exr", channels, tile=8))
    assert not file.parts[0].is_faster_by_rows(["a"])
    assert same_bits(file.read(file.parts[0], ["c"])[0], channels["c"])


def test_chunks_in_any_order(tmp_path: Path, write_exr: ExrWriter) -> None:
    """As in files that are written from the bottom to the top, or by several threads: only the table is in order."""
    channels = {name: np.random.default_rng(3).random((50, 20)).astype(np.float32) for name in "abcdef"}
    path = write_exr(tmp_path / "a.exr", channels)
    data, table = path.read_bytes(), ExrFile(path).parts[0]._offset_table
    offsets = struct.unpack_from("<4Q", data, table)
    chunks = [data[start:end] for start, end in zip(offsets, [*offsets[1:], len(data)], strict=True)]
    place, moved = table + 32, [0] * 4
    for number in (3, 1, 0, 2):
        moved[number] = place
        place += len(chunks[number])
    path.write_bytes(data[:table] + struct.pack("<4Q", *moved) + b"".join(chunks[number] for number in (3, 1, 0, 2)))
    assert same_bits(read_without_openexr(ExrFile(path), 0, ["d"])[0], channels["d"])


@pytest.mark.parametrize("codec", ["ZIP", "ZIPS"])
def test_a_part_of_equal_chunks(tmp_path: Path, write_exr: ExrWriter, codec: str) -> None:
    """Such as the last ranks of a Cryptomatte. Few of them are decompressed, though all channels are read."""
    empty = {name: np.zeros((200, 30), np.float32) for name in "abcd"}
    empty["c"][170:175] = 3
    file = ExrFile(
        write_exr(
            tmp_path / "a.exr",
            [("full", {"x": np.zeros((200, 30), np.float32)}, {}), ("empty", empty, {})],
            compression=codec,
        )
    )
    with (
        mock.patch.object(OpenEXR, "InputFile", side_effect=AssertionError("OpenEXR was asked")),
        mock.patch.object(zip_rows, "decompress", side_effect=zip_rows.decompress) as decompressed,
    ):
        found = file.read(file.parts[1], [*"abcd"])
    assert decompressed.call_count <= 4 * (16 if codec == "ZIPS" else 1)
    assert all(same_bits(values, empty[name]) for name, values in zip("abcd", found, strict=True))


def test_without_libdeflate(tmp_path: Path, write_exr: ExrWriter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compression, "deflate", None)
    channels = {name: np.arange(600, dtype=np.float32).reshape(20, 30) for name in "abcdef"}
    file = ExrFile(write_exr(tmp_path / "a.exr", channels))
    assert same_bits(read_without_openexr(file, 0, ["b"])[0], channels["b"])


def damaged(path: Path, change: str) -> bytes:
    """The file with its second chunk of pixels changed."""
    data = bytearray(path.read_bytes())
    file = ExrFile(path)
    _, offset = struct.unpack_from("<2Q", data, file.parts[0]._offset_table)
    (size,) = struct.unpack_from("<i", data, offset + 4)
    match change:
        case "row":
            data[offset : offset + 4] = struct.pack("<i", 3)
        case "negative size":
            data[offset + 4 : offset + 8] = struct.pack("<i", -3)
        case "smaller":
            data[offset + 4 : offset + 8] = struct.pack("<i", size - 1)
        case "larger than its pixels":
            data[offset + 4 : offset + 8] = struct.pack("<i", 6 * 4 * 30 * 16 + 1)
            data += bytes(6 * 4 * 30 * 16)
        case "bit":
            data[offset + 8 + size // 2] ^= 4
        case "end":
            del data[offset + 20 :]
    return bytes(data)


@pytest.mark.parametrize("change", ["row", "negative size", "smaller", "larger than its pixels", "bit", "end"])
@pytest.mark.parametrize("threads", [0, 2])
def test_damaged_chunks(tmp_path: Path, write_exr: ExrWriter, change: str, threads: int) -> None:
    """None of them is taken for pixels."""
    random = np.random.default_rng(5)
    channels = {name: np.cumsum(random.integers(0, 3, (40, 30)), axis=1).astype(np.float32) for name in "abcdef"}
    path = write_exr(tmp_path / "a.exr", channels)
    path.write_bytes(damaged(path, change))
    file = ExrFile(path)
    set_decoding_threads(threads)
    try:
        with pytest.raises(ExrError, match=r"is cut off or damaged .*; render the frame again"):
            read_without_openexr(file, 0, ["c"])
    finally:
        set_decoding_threads(0)
