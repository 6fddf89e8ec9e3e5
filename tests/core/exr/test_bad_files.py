"""Damaged, foreign and contradictory files: one sentence that names the file and the way out, or the whole truth.

A file that is damaged in a place that is not read may be read; it must then give exactly what the good file gives.
"""

import os
import random
import re
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from core.annotate.annotate import annotate
from core.base.errors import ExrError, InputError, LabelpassError, PassError, SceneError
from core.exr.exr_file import ExrFile
from core.exr.passes import Passes
from core.frames.frame_files import find_frames
from core.labels.label_image import read_labels
from core.masks.runs import find_masks
from core.records.frame_job import FrameJob
from core.records.record_files import read_record_file
from core.settings.render_pass import Pass, PassFile
from core.settings.settings import ImageFormat, LabelSource
from tests.builders import plain_frame, plain_job, plain_scene, record_files
from tests.core.helpful_errors import assert_helps

Labels = npt.NDArray[np.uint32]

INDEX, CRYPTO = LabelSource.OBJECT_INDEX, LabelSource.CRYPTO_OBJECT
WIDTH, HEIGHT = 64, 48

# What a file and the pass in it are called; each can be damaged in its own way.
SINGLE_PART = "4.5/multilayer_0001.exr"
MULTI_PART = "5.0/multilayer_0001.exr"
SMALL_SINGLE_PART = "4.5/transparent_0001.exr"
SMALL_MULTI_PART = "5.0/transparent_0001.exr"
UNCOMPRESSED = "5.0/fileoutput_flat/file_nameObject Index0001.exr"


def labels_of(path: Path, source: LabelSource = INDEX) -> Labels:
    holds = Pass.OBJECT_INDEX if source is INDEX else None
    return read_labels(Passes([PassFile(path, holds)]), source).labels


def read_everything(path: Path) -> None:
    """Read every channel of every part."""
    file = ExrFile(path)
    for part in file.parts:
        file.read(part, list(part.channels))


def job_of(output: Path, *paths: Path, scene: Path | None = None, **settings: object) -> FrameJob:
    return plain_job(plain_frame(*paths, name="frame"), output, scene, **settings)


def index_channels(index: npt.NDArray[np.generic]) -> dict[str, npt.NDArray[np.generic]]:
    combined = {f"L.Combined.{letter}": np.full(index.shape, 0.5, np.float32) for letter in "RGBA"}
    return {**combined, "L.Depth.Z": np.full(index.shape, 3, np.float32), "L.IndexOB.X": index}


def something(height: int = 6, width: int = 8) -> npt.NDArray[np.float32]:
    index = np.zeros((height, width), np.float32)
    index[1:4, 2:5] = 3
    return index


# --- Very many or very long names -------------------------------------------------------------------------------------


def test_very_many_channels(write_exr, tmp_path: Path) -> None:
    """Their names are not all in the sentence that says what is missing."""
    pixel = np.zeros((1, 1), np.float32)
    path = write_exr(tmp_path / "a.exr", {f"aov_{number}.V": pixel for number in range(20_000)})
    with pytest.raises(PassError, match=r"separates objects; it has aov_0,.* and 19980 more\. In") as no:
        read_labels(Passes([PassFile(path)]), LabelSource.AUTO)
    assert_helps(str(no.value))
    assert len(str(no.value)) < 1500


def test_very_many_declared_cryptomattes(write_exr, tmp_path: Path) -> None:
    pixel = np.zeros((1, 1), np.float32)
    names = {f"cryptomatte/{number:07x}/name": f"ids {number}" for number in range(20_000)}
    path = write_exr(tmp_path / "a.exr", {f"aov_{n}.V": pixel for n in range(20_000)}, attributes=names)
    with pytest.raises(PassError, match="has no pass that separates objects"):
        read_labels(Passes([PassFile(path)]), LabelSource.AUTO)


@pytest.mark.parametrize("letter", ["_", "a", ".", "-"])
def test_very_long_name_of_a_part(write_exr, tmp_path: Path, letter: str) -> None:
    pixel = np.zeros((1, 1), np.float32)
    path = write_exr(tmp_path / "a.exr", {"R": pixel}, attributes={"name": letter * 1_000_000})
    with pytest.raises(PassError) as no:
        read_labels(Passes([PassFile(path)]), LabelSource.AUTO)
    assert len(str(no.value)) < 2100
    assert "render again" in str(no.value)


def test_channel_name_longer_than_the_format_allows(tmp_path: Path, data: Path) -> None:
    """255 bytes: OpenEXR, "Long names"."""
    whole = (data / UNCOMPRESSED).read_bytes()
    damaged = whole.replace(b"channels\0chlist\0", b"x" * 10_000 + b"channels\0chlist\0", 1)
    assert damaged != whole
    (tmp_path / "a.exr").write_bytes(damaged)
    with pytest.raises(ExrError, match=r"The header of .* is cut off or damaged"):
        ExrFile(tmp_path / "a.exr")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no pipes among its files")
def test_pipe_instead_of_a_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.exr")
    with pytest.raises(ExrError, match=r"Cannot read .*a\.exr: Not a regular file; check the path"):
        ExrFile(tmp_path / "a.exr")
    with pytest.raises(InputError, match=r"a\.exr is not a regular file; give an EXR file or a folder of them"):
        find_frames([tmp_path / "a.exr"])


# --- Cut off ----------------------------------------------------------------------------------------------------------


def lengths(whole: bytes) -> list[int]:
    """Every tenth of a file, and a few bytes before its end."""
    return [len(whole) * tenth // 10 for tenth in range(10)] + [len(whole) - missing for missing in (100, 9, 4, 2, 1)]


@pytest.mark.parametrize("name", [SMALL_SINGLE_PART, MULTI_PART])
def test_cut_off_after_it_was_opened(data: Path, tmp_path: Path, name: str) -> None:
    """As where a renderer begins to write it anew. All that the header says is there, and then no pixels."""
    path = tmp_path / "a.exr"
    whole = (data / name).read_bytes()
    path.write_bytes(whole)
    file = ExrFile(path)
    part = next(part for part in file.parts if any("IndexOB" in one or "X" in one for one in part.channels))
    path.write_bytes(whole[: part._offset_table + 8 * HEIGHT])
    with pytest.raises(ExrError, match=r"a\.exr is cut off or damaged \(a block of pixels is missing\)") as error:
        file.read(part, [next(one for one in part.channels if one.endswith("X"))])
    assert_helps(error, path)


@pytest.mark.parametrize("source", [INDEX, CRYPTO], ids=str)
@pytest.mark.parametrize("name", [SINGLE_PART, SMALL_SINGLE_PART])
def test_cut_off_single_part(data: Path, tmp_path: Path, name: str, source: LabelSource) -> None:
    """All passes share each block, so none survives."""
    whole = (data / name).read_bytes()
    path = tmp_path / "cut.exr"
    for length in lengths(whole):
        path.write_bytes(whole[:length])
        with pytest.raises(ExrError) as error:
            labels_of(path, source)
        assert_helps(error, path)


@pytest.mark.parametrize("source", [INDEX, CRYPTO], ids=str)
@pytest.mark.parametrize("name", [MULTI_PART, SMALL_MULTI_PART])
def test_cut_off_multi_part(data: Path, tmp_path: Path, name: str, source: LabelSource) -> None:
    """A part that is there as a whole may be read, but the file as a whole may not."""
    whole = (data / name).read_bytes()
    good = labels_of(data / name, source)
    path = tmp_path / "cut.exr"
    errors = 0
    for length in lengths(whole):
        path.write_bytes(whole[:length])
        with pytest.raises(ExrError) as error:
            read_everything(path)
        assert_helps(error, path)
        try:
            assert np.array_equal(labels_of(path, source), good)
        except ExrError as cut:
            assert_helps(cut, path)
            errors += 1
    assert errors >= 3


def test_cut_off_uncompressed(data: Path, tmp_path: Path) -> None:
    whole = (data / UNCOMPRESSED).read_bytes()
    path = tmp_path / "cut.exr"
    for length in lengths(whole):
        path.write_bytes(whole[:length])
        with pytest.raises(ExrError) as error:
            labels_of(path)
        assert_helps(error, path)


@pytest.mark.parametrize("name", [SINGLE_PART, MULTI_PART])
def test_cut_off_frame_leaves_no_record(data: Path, tmp_path: Path, name: str) -> None:
    """Whatever the cut leaves whole, a frame with pictures of all that is shown is not made of it."""
    whole = (data / name).read_bytes()
    path = tmp_path / "cut.exr"
    for length in (len(whole) // 4, len(whole) // 2):
        path.write_bytes(whole[:length])
        with pytest.raises(ExrError) as error:
            annotate(job_of(tmp_path / "out", path))
        assert_helps(error, path)
        assert list(record_files(tmp_path / "out")) == []


# --- Flipped bits -----------------------------------------------------------------------------------------------------


class Damaged:
    """A good file, and where its header, its tables and its blocks of pixels are."""

    def __init__(self, path: Path, source: LabelSource) -> None:
        self.source = source
        self.whole = path.read_bytes()
        self.good = labels_of(path, source)
        file = ExrFile(path)
        names = {"Object Index", "IndexOB"} if source is INDEX else {f"CryptoObject0{rank}" for rank in range(3)}
        wanted = [part for part in file.parts if not part.name or part.name.partition(".")[2] in names]
        lines = 1 if path.parent.name == "fileoutput_flat" else 16
        count = HEIGHT // lines
        self.tables = [(part._offset_table, part._offset_table + 8 * count) for part in wanted]
        self.header = (0, min(part._offset_table for part in file.parts))
        starts = [place for start, end in self.tables for place in struct.unpack(f"<{count}Q", self.whole[start:end])]
        self.blocks = [(start, start + self._length(start, len(file.parts) > 1)) for start in starts]
        self._untold = self._places_that_nothing_tells(len(file.parts) > 1)

    def _length(self, start: int, multi_part: bool) -> int:
        head = 12 if multi_part else 8
        return head + struct.unpack_from("<i", self.whole, start + head - 4)[0]

    def _places_that_nothing_tells(self, multi_part: bool) -> set[int]:
        """Bytes of the header whose every value is possible, and which no other byte of the file contradicts.

        - The display window: a render border makes the image larger than its pixels. In a multi-part file the windows
          of all parts must agree; in a single part only the scene record knows better, see
          `test_other_image_size_contradicts_the_scene`.
        - The number format of the index: 32-bit integers take as many bytes as 32-bit floats, and an index may be any
          of them. The scene record again knows which of them are objects.
        """
        places: set[int] = set()
        if not multi_part:
            window = self.whole.index(b"displayWindow\0box2i\0") + len(b"displayWindow\0box2i\0") + 4
            places.update(range(window, window + 16))
        if self.source is INDEX:
            for name in (b"IndexOB.X\0", b"Object Index.X\0", b"\0R\0"):
                at = self.whole[: self.header[1]].find(name)
                if at >= 0:
                    places.update(range(at + len(name), at + len(name) + 4))
        return places

    def flips(self, areas: list[tuple[int, int]], count: int) -> Iterator[tuple[int, int]]:
        """Place and bit of flips that are the same in every run; all bits of the areas where there are no more."""
        bits = [(place, bit) for start, end in areas for place in range(start, end) for bit in range(8)]
        bits = [(place, bit) for place, bit in bits if place not in self._untold]
        yield from random.Random(0).sample(bits, min(count, len(bits)))

    def wrong(self, path: Path, flips: Iterator[tuple[int, int]]) -> list[str]:
        """The flips after which the file gives other labels or an error that does not help."""
        wrong = []
        for place, bit in flips:
            flipped = bytearray(self.whole)
            flipped[place] ^= 1 << bit
            path.write_bytes(flipped)
            try:
                same = np.array_equal(labels_of(path, self.source), self.good)
            except LabelpassError as error:
                assert_helps(error, path)
                continue
            except Exception as error:
                wrong.append(f"byte {place} bit {bit}: {error!r}")
                continue
            if not same:
                wrong.append(f"byte {place} bit {bit}: other labels")
        return wrong


FLIPPED = [(name, source) for name in (SMALL_SINGLE_PART, SMALL_MULTI_PART) for source in (INDEX, CRYPTO)]
FLIPPED += [(UNCOMPRESSED, INDEX)]
flipped_files = pytest.mark.parametrize(("name", "source"), FLIPPED, ids=[f"{n}-{s}" for n, s in FLIPPED])


@flipped_files
def test_flip_in_the_header(data: Path, tmp_path: Path, name: str, source: LabelSource) -> None:
    damaged = Damaged(data / name, source)

    assert damaged.wrong(tmp_path / "flipped.exr", damaged.flips([damaged.header], 500)) == []


_GEOMETRY = (b"dataWindow\0box2i\0", b"compression\0compression\0", b"lineOrder\0lineOrder\0", b"chunkCount\0int\0")


@flipped_files
def test_flip_in_the_windows_and_the_kind(data: Path, tmp_path: Path, name: str, source: LabelSource) -> None:
    """Every bit of the attributes that say where which pixels are."""
    damaged = Damaged(data / name, source)
    areas = []
    for attribute in (
        b"dataWindow\0box2i\0",
        b"compression\0compression\0",
        b"lineOrder\0lineOrder\0",
        b"chunkCount\0int\0",
    ):
        for found in re.finditer(re.escape(attribute), damaged.whole[: damaged.header[1]]):
            size = struct.unpack_from("<i", damaged.whole, found.end())[0]
            areas.append((found.end(), found.end() + 4 + size))
    assert areas

    assert damaged.wrong(tmp_path / "flipped.exr", damaged.flips(areas, 2000)) == []


@flipped_files
def test_flip_in_the_offset_table(data: Path, tmp_path: Path, name: str, source: LabelSource) -> None:
    damaged = Damaged(data / name, source)

    assert damaged.wrong(tmp_path / "flipped.exr", damaged.flips(damaged.tables, 150)) == []


@pytest.mark.parametrize("source", [INDEX, CRYPTO], ids=str)
@pytest.mark.parametrize("name", [SINGLE_PART, MULTI_PART])
def test_flip_in_the_pixels(data: Path, tmp_path: Path, name: str, source: LabelSource) -> None:
    """ZIP ends each block in a checksum."""
    damaged = Damaged(data / name, source)

    assert damaged.wrong(tmp_path / "flipped.exr", damaged.flips(damaged.blocks, 200)) == []


def test_flip_in_uncompressed_pixels(data: Path, tmp_path: Path) -> None:
    """Nothing in the file contradicts another number in a pixel, but no flip may reach beyond its own pixel."""
    damaged = Damaged(data / UNCOMPRESSED, INDEX)
    path = tmp_path / "flipped.exr"
    # A block is a row: its number, its length, then all A, all B, all G and all R: R is the index, B and G are copies.
    head, channel = 8, WIDTH * 4
    others = errors = 0
    for place, bit in damaged.flips([(start + head, end) for start, end in damaged.blocks], 600):
        flipped = bytearray(damaged.whole)
        flipped[place] ^= 1 << bit
        path.write_bytes(flipped)
        row = next(row for row, (start, end) in enumerate(damaged.blocks) if start <= place < end)
        letter, in_channel = divmod(place - damaged.blocks[row][0] - head, channel)
        try:
            labels = labels_of(path)
        except PassError as error:
            assert_helps(error, path)
            assert "ABGR"[letter] in "BGR"
            errors += 1
            continue
        differing = np.argwhere(labels != damaged.good).tolist()
        assert differing in ([], [[row, in_channel // 4]])
        others += bool(differing)
    assert errors > 20
    assert others < errors


def test_flip_in_the_row_numbers_of_uncompressed_pixels(data: Path, tmp_path: Path) -> None:
    damaged = Damaged(data / UNCOMPRESSED, INDEX)
    heads = [(start, start + 8) for start, _ in damaged.blocks]

    assert damaged.wrong(tmp_path / "flipped.exr", damaged.flips(heads, 400)) == []


@pytest.mark.parametrize("name", [SINGLE_PART, SMALL_SINGLE_PART, UNCOMPRESSED])
def test_other_image_size_contradicts_the_scene(data: Path, tmp_path: Path, name: str) -> None:
    """A single-part file may claim any image size; the scene record knows which it was."""
    whole = (data / name).read_bytes()
    path, scene = tmp_path / "flipped.exr", tmp_path / "scene.json"
    plain_scene().write(scene)
    start = whole.index(b"displayWindow\0box2i\0") + len(b"displayWindow\0box2i\0") + 4
    for place in range(start, start + 16):
        for bit in range(8):
            flipped = bytearray(whole)
            flipped[place] ^= 1 << bit
            path.write_bytes(flipped)
            with pytest.raises((ExrError, SceneError)) as error:
                annotate(job_of(tmp_path / "out", path, scene=scene, labels=INDEX))
            assert_helps(error, path)
    assert not (tmp_path / "out").exists()


# --- Not an EXR file --------------------------------------------------------------------------------------------------


def test_missing_file(tmp_path: Path) -> None:
    path = tmp_path / "missing.exr"

    for use in (labels_of, lambda path: find_frames([path]), lambda path: job_of(tmp_path, path).key()):
        with pytest.raises(InputError) as error:
            use(path)
        assert_helps(error, path)


def test_folder_with_the_name_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "x.exr"
    path.mkdir()

    for use in (labels_of, lambda path: find_frames([path])):
        with pytest.raises(InputError) as error:
            use(path)
        assert_helps(error, path)


def test_folder_without_frames(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"")

    with pytest.raises(InputError) as error:
        find_frames([tmp_path])
    assert_helps(error, tmp_path)


def _png(path: Path) -> None:
    Image.new("RGB", (8, 6)).save(path, "PNG")


@pytest.mark.parametrize(
    "write",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"\x76"),
        lambda path: path.write_bytes(b"\x76\x2f\x31\x01"),
        lambda path: path.write_bytes(b"\x76\x2f\x31\x01\x02\x00\x00\x00"),
        lambda path: path.write_bytes(b"\x76\x2f\x31\x01\x02\x00\x00\x00" + bytes(1000)),
        lambda path: path.write_bytes(bytes(1000)),
        lambda path: path.write_text("There is no space left on device\n"),
        _png,
    ],
    ids=["empty", "one byte", "magic", "version", "header of zeros", "zeros", "text", "PNG"],
)
def test_foreign_file(tmp_path: Path, write: Callable[[Path], object]) -> None:
    path = tmp_path / "foreign.exr"
    write(path)

    with pytest.raises(ExrError) as error:
        labels_of(path)
    assert_helps(error, path)


# --- Passes that are missing or wrong ---------------------------------------------------------------------------------


@pytest.mark.parametrize("source", list(LabelSource), ids=str)
def test_no_pass_tells_objects_apart(data: Path, tmp_path: Path, version: str, source: LabelSource) -> None:
    path = data / version / "noindex_0001.exr"

    with pytest.raises(PassError) as error:
        annotate(job_of(tmp_path / "out", path, labels=source))
    assert_helps(error, path)
    assert "Combined" in str(error.value)
    assert "Depth" in str(error.value)
    assert not (tmp_path / "out").exists()


def test_blurred_index(write_exr, tmp_path: Path) -> None:
    index = something()
    blurred = (index + np.roll(index, 1, axis=1) + np.roll(index, 1, axis=0)) / 3 * np.float32(0.9)
    path = write_exr(tmp_path / "blurred.exr", index_channels(blurred))

    with pytest.raises(PassError, match="filtered") as error:
        annotate(job_of(tmp_path / "out", path))
    assert_helps(error, path)


@pytest.mark.parametrize("index", [2049, 32767])
def test_index_in_half_floats(write_exr, tmp_path: Path, index: int) -> None:
    values = something()
    values[values > 0] = index
    path = write_exr(tmp_path / "half.exr", index_channels(values.astype(np.float16)))

    with pytest.raises(PassError, match="32 bit") as error:
        annotate(job_of(tmp_path / "out", path))
    assert_helps(error, path)


def test_index_that_half_floats_can_hold(write_exr, tmp_path: Path) -> None:
    path = write_exr(tmp_path / "half.exr", index_channels(something().astype(np.float16)))

    record = annotate(job_of(tmp_path / "out", path))

    assert [(instance.mask.label, instance.mask.area) for instance in record.instances] == [(3, 9)]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf], ids=str)
@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_index_that_is_no_number(write_exr, tmp_path: Path, value: float, dtype: type) -> None:
    index = something()
    index[2, 3] = value
    path = write_exr(tmp_path / "index.exr", index_channels(index.astype(dtype)))

    with pytest.raises(PassError) as error:
        annotate(job_of(tmp_path / "out", path))
    assert_helps(error, path)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf], ids=str)
def test_coverage_that_is_no_number(write_exr, tmp_path: Path, value: float) -> None:
    id, coverage = np.full((6, 8), 0.25, np.float32), np.ones((6, 8), np.float32)
    coverage[2, 3] = value
    channels = {"L.CryptoObject00.r": id, "L.CryptoObject00.g": coverage}
    channels |= {f"L.CryptoObject00.{letter}": np.zeros((6, 8), np.float32) for letter in "ba"}
    path = write_exr(tmp_path / "crypto.exr", channels)

    with pytest.raises(PassError) as error:
        annotate(job_of(tmp_path / "out", path))
    assert_helps(error, path)


def test_damaged_manifest(write_exr, tmp_path: Path) -> None:
    channels = {f"L.CryptoObject00.{letter}": np.full((6, 8), 0.25, np.float32) for letter in "rgba"}
    attributes = {"cryptomatte/1234567/name": "L.CryptoObject", "cryptomatte/1234567/manifest": '{"Ball":"xy'}
    path = write_exr(tmp_path / "crypto.exr", channels, attributes=attributes)

    with pytest.raises(PassError) as error:
        annotate(job_of(tmp_path / "out", path))
    assert_helps(error, path)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 3.4e38, -3.4e38], ids=str)
@pytest.mark.filterwarnings("error")
def test_depth_and_colours_that_are_no_numbers(write_exr, tmp_path: Path, value: float) -> None:
    """They happen (fireflies, divisions by zero), belong to no object's mask, and must not cost the frame."""
    channels = index_channels(something(60, 80))
    for name in ("L.Combined.R", "L.Depth.Z"):
        channels[name][10, 20] = value
    path = write_exr(tmp_path / "frame.exr", channels)
    scene = tmp_path / "scene.json"
    plain_scene(width=80, height=60, unit_scale=1000.0).write(scene)

    record = annotate(job_of(tmp_path / "out", path, scene=scene))

    assert [(instance.mask.label, instance.mask.area) for instance in record.instances] == [(3, 9)]
    with Image.open(tmp_path / "out" / record.image) as image:
        assert image.getpixel((20, 10)) == (255 if value > 0 else 0, 188, 188)
        assert image.getpixel((21, 10)) == (188, 188, 188)
    with Image.open(tmp_path / "out" / "pictures" / "depth" / "frame.png") as picture:
        assert picture.convert("RGB").getpixel((20, 10)) == (232, 232, 232)
        assert picture.getpixel((21, 10)) != (232, 232, 232)


def test_depth_without_any_surface(write_exr, tmp_path: Path) -> None:
    channels = index_channels(something(60, 80))
    channels["L.Depth.Z"][:] = np.nan
    path = write_exr(tmp_path / "frame.exr", channels)

    annotate(job_of(tmp_path / "out", path))

    with Image.open(tmp_path / "out" / "pictures" / "depth" / "frame.png") as picture:
        assert set(np.asarray(picture.convert("RGB"))[:, :80].reshape(-1, 3).tolist()[0]) == {232}
        assert len(np.unique(np.asarray(picture.convert("RGB"))[:, :80].reshape(-1, 3), axis=0)) == 1


# --- Files that contradict each other ---------------------------------------------------------------------------------


def test_files_of_a_frame_differ_in_size(write_exr, tmp_path: Path) -> None:
    one = write_exr(tmp_path / "a.exr", {"L.IndexOB.X": something(6, 8)})
    other = write_exr(tmp_path / "b.exr", {"L.Depth.Z": something(8, 6)})

    with pytest.raises(ExrError) as error:
        annotate(job_of(tmp_path / "out", one, other))
    assert_helps(error, one, other)


def test_parts_of_a_file_differ_in_size(write_exr, tmp_path: Path) -> None:
    """OpenEXR itself refuses to write this, so a good file is damaged: the window of one part."""
    channels = [("L.IndexOB", {"L.IndexOB.X": something()}, {}), ("L.Depth", {"L.Depth.Z": something()}, {})]
    path = write_exr(tmp_path / "a.exr", channels)
    whole = bytearray(path.read_bytes())
    second = whole.index(b"displayWindow", whole.index(b"displayWindow") + 1)
    corner = whole.index(struct.pack("<ii", 7, 5), second)
    whole[corner] = 3
    path.write_bytes(whole)

    with pytest.raises(ExrError) as error:
        annotate(job_of(tmp_path / "out", path))
    assert_helps(error, path)


def test_good_files_are_good(data: Path, tmp_path: Path) -> None:
    """What all of the above is compared with is there: objects, in every file that is damaged above."""
    others = [(name, source) for name in (SINGLE_PART, MULTI_PART) for source in (INDEX, CRYPTO)]
    for name, source in FLIPPED + others:
        assert len(find_masks(labels_of(data / name, source))) >= 3
    record = annotate(job_of(tmp_path, data / SINGLE_PART, pictures=False, image_format=ImageFormat.NONE))
    assert read_record_file(tmp_path / "records" / "frame.json") == record
