"""Passes of rendered and of made-up files against the pixels that OpenEXR's own reader finds."""

import re
import struct
from pathlib import Path

import Imath
import numpy as np
import numpy.typing as npt
import OpenEXR
import pytest

from core.base.errors import ExrError, PassError, UsageError
from core.exr.cryptomatte import Strongest, strongest
from core.exr.exr_file import ExrFile, set_decoding_threads
from core.exr.passes import Passes
from core.settings.render_pass import Pass, PassFile

INDICES = (Pass.OBJECT_INDEX, Pass.MATERIAL_INDEX)
CRYPTOMATTES = (Pass.CRYPTO_OBJECT, Pass.CRYPTO_MATERIAL, Pass.CRYPTO_ASSET)
COMPONENTS = {
    Pass.COMBINED: "RGBA",
    Pass.DEPTH: "Z",
    Pass.OBJECT_INDEX: "X",
    Pass.MATERIAL_INDEX: "X",
    Pass.NORMAL: "XYZ",
    Pass.POSITION: "XYZ",
    Pass.VECTOR: "XYZW",
}
# Blender leaves out the fourth value here.
THREE_COMPONENTS = {("4.2", "fileoutput_flat"), ("4.2", "fileoutput_multi"), ("5.0", "fileoutput_flat")}

Floats = npt.NDArray[np.float32]


def passes_of(path: Path, view_layer: str = "", view: str = "", holds: Pass | None = None) -> Passes:
    return Passes([PassFile(path, holds)], view_layer, view)


def noise(height: int, width: int, seed: int = 0) -> Floats:
    return np.random.default_rng(seed).integers(0, 2000, (height, width)).astype(np.float32)


# --- Rendered files ---------------------------------------------------------------------------------------------------


def test_every_pass_of_every_storage(rendered, independent) -> None:
    passes = Passes(rendered.files, rendered.view_layer, rendered.view)

    assert passes.shape == ((18, 32) if rendered.fixture == "border_crop" else (48, 64))
    assert {pass_ for pass_ in Pass if pass_ in passes} == set(rendered.passes)
    for pass_ in set(rendered.passes) - set(CRYPTOMATTES):
        letters = COMPONENTS[pass_]
        if pass_ is Pass.VECTOR and (rendered.version, rendered.fixture) in THREE_COMPONENTS:
            letters = "XYZ"
        expected = [independent(rendered, pass_, letter) for letter in letters]
        found = passes.read(pass_)
        assert found.dtype == expected[0].dtype
        assert np.array_equal(found, np.stack(expected, axis=-1) if len(letters) > 1 else expected[0]), pass_


def test_every_cryptomatte_of_every_storage(rendered, independent) -> None:
    passes = Passes(rendered.files, rendered.view_layer, rendered.view)
    for pass_ in set(rendered.passes) & set(CRYPTOMATTES):
        matte = passes.cryptomatte(pass_)
        ranks = list(matte.ranks())
        assert len(ranks) == 6
        for number, band in enumerate(ranks):
            of_id, of_coverage = ("RG", "BA")[number % 2]
            # As bits: an id may be a float that is equal to nothing.
            assert band.id.tobytes() == independent(rendered, pass_, of_id, number // 2).tobytes()
            assert np.array_equal(band.coverage, independent(rendered, pass_, of_coverage, number // 2))
        assert f'"{"Red" if pass_ is Pass.CRYPTO_MATERIAL else "Ball.Near"}":"' in matte.manifest.text


def test_half_float_colours(version: str, data: Path) -> None:
    passes = passes_of(data / version / "halfdepth_0001.exr")

    assert passes.read(Pass.COMBINED).dtype == np.float16
    assert passes.read(Pass.OBJECT_INDEX).dtype == np.float32


def test_layer_without_labels(version: str, data: Path, read_exr) -> None:
    path = data / version / "viewlayers_0001.exr"
    passes = passes_of(path, "Beauty")

    assert {pass_ for pass_ in Pass if pass_ in passes} == {Pass.COMBINED}
    channels = {name: pixels for part in read_exr(path) for name, pixels in part.channels.items()}
    expected = np.stack([channels[f"Beauty.Combined.{letter}"] for letter in "RGBA"], axis=-1)
    assert np.array_equal(passes.read(Pass.COMBINED), expected)


def test_first_layer_with_labels_is_taken(version: str, data: Path) -> None:
    assert passes_of(data / version / "viewlayers_0001.exr").view_layer == "Labels"


def test_first_layer_is_taken_where_none_has_labels(version: str, data: Path) -> None:
    passes = passes_of(data / version / "noindex_0001.exr")

    assert passes.view_layer == "ViewLayer"
    assert {pass_ for pass_ in Pass if pass_ in passes} == {Pass.COMBINED, Pass.DEPTH}


def test_first_view_is_taken(version: str, data: Path) -> None:
    left = passes_of(data / version / "stereo_0001.exr")

    assert left.view == "left"
    right = passes_of(data / version / "stereo_0001.exr", view="right")
    assert not np.array_equal(left.read(Pass.OBJECT_INDEX), right.read(Pass.OBJECT_INDEX))


def test_unknown_layer_lists_those_there_are(version: str, data: Path) -> None:
    path = data / version / "viewlayers_0001.exr"

    with pytest.raises(UsageError, match=re.escape("'Beauty', 'Labels', 'Labels.v2'")) as caught:
        passes_of(path, "Label")
    assert str(path) in str(caught.value)
    assert "'Label'" in str(caught.value)


def test_unknown_view_lists_those_there_are(version: str, data: Path) -> None:
    with pytest.raises(UsageError, match="has no view 'middle'; it has 'left', 'right'"):
        passes_of(data / version / "stereo_0001.exr", view="middle")
    with pytest.raises(UsageError, match="has no view 'left'; it is not a stereo render, so leave View empty"):
        passes_of(data / version / "multilayer_0001.exr", view="left")


def test_missing_pass_lists_those_there_are(version: str, data: Path) -> None:
    passes = passes_of(data / version / "noindex_0001.exr")

    for read, pass_ in ((passes.read, Pass.OBJECT_INDEX), (passes.cryptomatte, Pass.CRYPTO_OBJECT)):
        with pytest.raises(PassError) as caught:
            read(pass_)
        message = str(caught.value)
        assert "noindex_0001.exr, view layer 'ViewLayer' has no pass" in message
        assert pass_.title in message
        assert "it has Combined, Depth; " in message
        assert "View Layer Properties > Passes" in message


def test_listing_is_of_the_chosen_layer_and_view(version: str, data: Path) -> None:
    path = data / version / "viewlayers_0001.exr"

    assert set(passes_of(path, "Beauty").listing().split(", ")) == {"Combined"}
    assert set(passes_of(path, "Labels").listing().split(", ")) == {"Combined", "Depth", "Object Index"}
    stereo = passes_of(data / version / "stereo_0001.exr").listing().split(", ")
    assert sorted(stereo) == ["Combined", "Cryptomatte Object", "Depth", "Object Index", "Position"]


def test_overview_has_all_layers_and_views(version: str, data: Path) -> None:
    layers = passes_of(data / version / "viewlayers_0001.exr").overview()
    assert [(layer, view, sorted(names)) for layer, view, names in layers] == [
        ("Beauty", "", ["Combined"]),
        ("Labels", "", ["Combined", "Depth", "Object Index"]),
        ("Labels.v2", "", ["Combined", "Cryptomatte Object", "Depth", "Object Index"]),
    ]
    views = passes_of(data / version / "stereo_0001.exr").overview()
    assert [(layer, view) for layer, view, _ in views] == [("ViewLayer", "left"), ("ViewLayer", "right")]


@pytest.mark.parametrize("share", [0.1, 0.4, 0.7, 0.95, 0.9999])
def test_cut_off_file(rendered_of, read_exr, version: str, share: float, tmp_path: Path) -> None:
    """Parts that are complete can be read, all others are an error; OpenEXR.File would only print a warning."""
    (rendered, _) = rendered_of(version, "multilayer")
    path = rendered.files[0].path
    whole = path.read_bytes()
    length = int(len(whole) * share)
    (tmp_path / "cut.exr").write_bytes(whole[:length])
    parts = read_exr(path)
    readable = set()
    if len(parts) > 1:
        places = chunk_places(whole, sum(part.header["chunkCount"] for part in parts))
        lost = {part for part, _, end in places if end > length}
        readable = {part.name.rpartition(".")[2] for number, part in enumerate(parts) if number not in lost}
        assert 0 < len(lost) < len(parts) or share < 0.4
    complete, passes = Passes(rendered.files), passes_of(tmp_path / "cut.exr")

    for pass_ in set(rendered.passes) - set(CRYPTOMATTES):
        if readable & set(pass_.names):
            assert np.array_equal(passes.read(pass_), complete.read(pass_))
        else:
            with pytest.raises(ExrError, match=r"cut\.exr is cut off or damaged.*render the frame again"):
                passes.read(pass_)


# --- Made-up files: windows -------------------------------------------------------------------------------------------

DISPLAY = (0, 0, 8, 6)
WINDOWS = {
    "smaller": (2, 1, 5, 4),
    "larger": (-3, -2, 11, 9),
    "overlapping top left": (-2, -3, 4, 2),
    "overlapping bottom right": (6, 4, 12, 9),
    "one pixel": (7, 5, 8, 6),
    "next to it": (8, 0, 12, 6),
    "just left": (-3, 0, -1, 6),
    "just above": (0, -4, 8, -1),
    "far away": (-400, -300, -390, -295),
    "the same": DISPLAY,
}


@pytest.mark.parametrize("display", [DISPLAY, (100, 50, 108, 56), (-5, -7, 3, -1)], ids=str)
@pytest.mark.parametrize("window", WINDOWS.values(), ids=WINDOWS.keys())
def test_data_window_is_placed_into_the_image(write_exr, tmp_path: Path, window, display) -> None:
    """Pixel by pixel, by the file's own coordinates; outside of the data window there is background."""
    dx, dy = display[:2]
    x0, y0, x1, y1 = (window[0] + dx, window[1] + dy, window[2] + dx, window[3] + dy)
    pixels = noise(y1 - y0, x1 - x0) + 1
    path = write_exr(tmp_path / "a.exr", {"L.IndexOB.X": pixels}, data_window=(x0, y0, x1, y1), display_window=display)

    passes = passes_of(path)

    assert passes.shape == (6, 8)
    found = passes.read(Pass.OBJECT_INDEX)
    for row in range(6):
        for column in range(8):
            x, y = column + dx, row + dy
            inside = x0 <= x < x1 and y0 <= y < y1
            assert found[row, column] == (pixels[y - y0, x - x0] if inside else 0)


def test_every_part_has_its_own_data_window(write_exr, tmp_path: Path) -> None:
    index, depth = noise(2, 3), noise(6, 8)
    path = write_exr(
        tmp_path / "a.exr",
        [
            ("L.Object Index", {"L.Object Index.X": index}, {"dataWindow": (4, 3, 7, 5)}),
            ("L.Depth", {"L.Depth.Z": depth}, {"dataWindow": DISPLAY}),
        ],
        display_window=DISPLAY,
    )
    passes = passes_of(path)

    expected = np.zeros((6, 8), np.float32)
    expected[3:5, 4:7] = index
    assert np.array_equal(passes.read(Pass.OBJECT_INDEX), expected)
    assert np.array_equal(passes.read(Pass.DEPTH), depth)


def test_passes_of_several_components_are_placed_too(write_exr, tmp_path: Path) -> None:
    channels = {f"L.Normal.{letter}": noise(2, 3, seed) for seed, letter in enumerate("XYZ")}
    path = write_exr(tmp_path / "a.exr", channels, data_window=(1, 1, 4, 3), display_window=DISPLAY)

    found = passes_of(path).read(Pass.NORMAL)

    assert found.shape == (6, 8, 3)
    assert np.array_equal(found[1:3, 1:4], np.stack(list(channels.values()), axis=-1))
    assert np.count_nonzero(found) == np.count_nonzero(found[1:3, 1:4]) > 0


def test_files_of_different_resolution_are_no_frame(write_exr, tmp_path: Path) -> None:
    one = write_exr(tmp_path / "Depth0001.exr", {"V": noise(6, 8)})
    other = write_exr(tmp_path / "Index0001.exr", {"V": noise(6, 9)})

    with pytest.raises(ExrError, match=r"9 x 6 pixels.*8 x 6") as caught:
        Passes([PassFile(one, Pass.DEPTH), PassFile(other, Pass.OBJECT_INDEX)])
    assert str(one) in str(caught.value)
    assert str(other) in str(caught.value)


# --- Made-up files: how pixels are stored -----------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.uint32])
def test_pixel_types(write_exr, tmp_path: Path, dtype) -> None:
    pixels = noise(5, 7).astype(dtype)
    if dtype == np.uint32:
        pixels[0, 0] = (1 << 32) - 1  # which float32 cannot hold

    found = passes_of(write_exr(tmp_path / "a.exr", {"L.IndexOB.X": pixels})).read(Pass.OBJECT_INDEX)

    assert found.dtype == dtype
    assert np.array_equal(found, pixels)


def test_channels_of_one_part_may_differ_in_type(write_exr, tmp_path: Path) -> None:
    channels = {
        "L.Combined.R": noise(3, 4, 0).astype(np.float16),
        "L.Combined.G": noise(3, 4, 1).astype(np.float16),
        "L.Combined.B": noise(3, 4, 2).astype(np.float16),
        "L.Depth.Z": noise(3, 4, 3) + 0.25,
        "L.IndexOB.X": noise(3, 4, 4).astype(np.uint32),
    }
    passes = passes_of(write_exr(tmp_path / "a.exr", channels))

    assert np.array_equal(passes.read(Pass.COMBINED), np.stack(list(channels.values())[:3], axis=-1))
    assert np.array_equal(passes.read(Pass.DEPTH), channels["L.Depth.Z"])
    assert np.array_equal(passes.read(Pass.OBJECT_INDEX), channels["L.IndexOB.X"])


# PXR24 keeps 24 bits of a float; DWA takes X and V for data and only colours for colours; B44 is for half floats.
KEEP_INDEX = sorted(
    name.removesuffix("_COMPRESSION")
    for name in dir(OpenEXR)
    if name.endswith("_COMPRESSION") and name != "NUM_COMPRESSION_METHODS"
)
LOSSY_ON_COLOURS = {"DWAA", "DWAB"}


def test_compressions_are_those_of_openexr() -> None:
    """So that the tests below cannot run dry."""
    assert {"NO", "RLE", "ZIPS", "ZIP", "PIZ", "PXR24", "B44", "B44A", "DWAA", "DWAB"} <= set(KEEP_INDEX)


@pytest.mark.parametrize("channel", ["L.IndexOB.X", "IndexOB.V"])
@pytest.mark.parametrize("compression", KEEP_INDEX)
def test_index_survives_every_compression(write_exr, tmp_path: Path, compression: str, channel: str) -> None:
    labels = noise(40, 50)
    labels[10:30, 10:20] = 32767  # the largest that Blender knows
    path = write_exr(tmp_path / "a.exr", {channel: labels}, compression=compression)

    assert np.array_equal(passes_of(path).read(Pass.OBJECT_INDEX), labels)


@pytest.mark.parametrize("parts", [1, 2])
@pytest.mark.parametrize("compression", KEEP_INDEX)
def test_every_compression_as_openexr_reads_it(
    write_exr, read_exr, tmp_path: Path, compression: str, parts: int
) -> None:
    """Also where colours come out changed: then they are the colours that everybody else gets."""
    smooth = np.add.outer(np.arange(40), np.arange(50)).astype(np.float32) / 100
    colours = {"L.Combined.R": smooth, "L.Combined.G": smooth[::-1], "L.Combined.B": smooth.astype(np.float16)}
    if parts == 1:
        path = write_exr(tmp_path / "a.exr", colours, compression=compression)
    else:
        other = {"L.Depth.Z": noise(40, 50)}
        path = write_exr(
            tmp_path / "a.exr", [("L.Depth", other, {}), ("L.Combined", colours, {})], compression=compression
        )

    passes = passes_of(path)
    found = passes.pixels(stored := passes._find(Pass.COMBINED), stored.names("RGB"))

    channels = read_exr(path)[-1].channels
    for values, (name, original) in zip(found, colours.items(), strict=True):
        assert values.dtype == original.dtype
        assert np.array_equal(values, channels[name])
        assert np.allclose(values, original, atol=0.05)


@pytest.mark.parametrize("compression", sorted(LOSSY_ON_COLOURS))
def test_index_in_colour_channels_of_a_lossy_codec_is_noticed(write_exr, tmp_path: Path, compression: str) -> None:
    """As a File Output node since 4.5 writes it: R, G, B and A of one value."""
    labels = noise(40, 50)
    path = write_exr(tmp_path / "a.exr", dict.fromkeys("RGBA", labels), compression=compression)

    changed = passes_of(path, holds=Pass.OBJECT_INDEX).read(Pass.OBJECT_INDEX)

    assert not np.array_equal(changed, np.rint(changed))  # test_labels.py: that is an error


@pytest.mark.parametrize("size", [(40, 50), (16, 16), (5, 3), (17, 33)], ids=str)
@pytest.mark.parametrize("parts", [1, 2])
def test_tiles(write_exr, tmp_path: Path, size: tuple[int, int], parts: int) -> None:
    labels, depth = noise(*size), noise(*size, seed=1)
    pixels = (
        {"L.IndexOB.X": labels}
        if parts == 1
        else [("L.Depth", {"L.Depth.Z": depth}, {}), ("L.Object Index", {"L.Object Index.X": labels}, {})]
    )
    path = write_exr(tmp_path / "a.exr", pixels, tile=16)

    assert np.array_equal(passes_of(path).read(Pass.OBJECT_INDEX), labels)


def test_mipmap_gives_its_full_resolution(tmp_path: Path, read_exr) -> None:
    """The Python module cannot write one, so here it is by hand: uncompressed tiles of 8, from 16 x 16 to 1 x 1."""
    labels = noise(16, 16)
    path = tmp_path / "mipmap.exr"
    path.write_bytes(mipmap(labels))
    assert np.array_equal(read_exr(path)[0].channels["L.IndexOB.X"], labels)

    assert np.array_equal(passes_of(path).read(Pass.OBJECT_INDEX), labels)


def mipmap(values: Floats, tile: int = 8) -> bytes:
    """An uncompressed mipmapped EXR of one channel; the lower levels hold -1."""
    size = len(values)

    def attribute(name: str, kind: str, data: bytes) -> bytes:
        return name.encode() + b"\0" + kind.encode() + b"\0" + struct.pack("<i", len(data)) + data

    window = struct.pack("<4i", 0, 0, size - 1, size - 1)
    header = b"".join(
        (
            attribute("channels", "chlist", b"L.IndexOB.X\0" + struct.pack("<iIii", 2, 0, 1, 1) + b"\0"),
            attribute("compression", "compression", b"\0"),
            attribute("dataWindow", "box2i", window),
            attribute("displayWindow", "box2i", window),
            attribute("lineOrder", "lineOrder", b"\0"),
            attribute("pixelAspectRatio", "float", struct.pack("<f", 1)),
            attribute("screenWindowCenter", "v2f", struct.pack("<2f", 0, 0)),
            attribute("screenWindowWidth", "float", struct.pack("<f", 1)),
            attribute("tiles", "tiledesc", struct.pack("<IIB", tile, tile, 1)),
            b"\0",
        )
    )
    chunks = []
    level = 0
    while size >> level:
        image = values if level == 0 else np.full((size >> level, size >> level), -1, np.float32)
        for y in range(-(-len(image) // tile)):
            for x in range(-(-len(image) // tile)):
                data = image[y * tile : (y + 1) * tile, x * tile : (x + 1) * tile].tobytes()
                chunks.append(struct.pack("<5i", x, y, level, level, len(data)) + data)
        level += 1
    place = 8 + len(header) + 8 * len(chunks)
    offsets = []
    for chunk in chunks:
        offsets.append(place)
        place += len(chunk)
    head = b"\x76\x2f\x31\x01" + struct.pack("<I", 2 | 0x200)
    return head + header + struct.pack(f"<{len(offsets)}Q", *offsets) + b"".join(chunks)


def test_lines_from_the_bottom_up(write_exr, tmp_path: Path) -> None:
    labels = noise(40, 5)
    order = {"lineOrder": OpenEXR.DECREASING_Y}
    path = write_exr(tmp_path / "a.exr", {"L.IndexOB.X": labels}, attributes=order)
    parts = [("L.Depth", {"L.Depth.Z": noise(40, 5, 1)}, {}), ("L.Index", {"L.IndexOB.X": labels}, {})]
    other = write_exr(tmp_path / "b.exr", parts, attributes=order)

    assert np.array_equal(passes_of(path).read(Pass.OBJECT_INDEX), labels)
    assert np.array_equal(passes_of(other).read(Pass.OBJECT_INDEX), labels)


def test_deep_file_is_an_error(tmp_path: Path) -> None:
    samples = np.empty((2, 2), dtype=object)
    for row, column in np.ndindex(2, 2):
        samples[row, column] = np.arange(row + column + 1, dtype=np.float32)
    header = {"type": OpenEXR.deepscanline, "compression": OpenEXR.ZIPS_COMPRESSION}
    OpenEXR.File(header, {"L.IndexOB.X": samples}).write(str(tmp_path / "deep.exr"))

    with pytest.raises(ExrError, match=r"deep\.exr holds deep pixels.*render flat passes"):
        passes_of(tmp_path / "deep.exr")


def test_deep_part_among_flat_ones_is_an_error(tmp_path: Path) -> None:
    samples = np.empty((2, 2), dtype=object)
    for row, column in np.ndindex(2, 2):
        samples[row, column] = np.ones(1, dtype=np.float32)
    compression = {"compression": OpenEXR.ZIPS_COMPRESSION}
    flat = OpenEXR.Part({**compression, "name": "flat", "type": OpenEXR.scanlineimage}, {"Z": np.ones((2, 2), "f")})
    deep = OpenEXR.Part({**compression, "name": "deep", "type": OpenEXR.deepscanline}, {"Z": samples})
    OpenEXR.File([flat, deep]).write(str(tmp_path / "deep.exr"))

    with pytest.raises(ExrError, match=r"deep\.exr holds deep pixels"):
        passes_of(tmp_path / "deep.exr")


def test_luminance_and_chroma_is_an_error(tmp_path: Path) -> None:
    kind = Imath.PixelType(Imath.PixelType.FLOAT)
    header = OpenEXR.Header(4, 4)
    header["channels"] = {"Y": Imath.Channel(kind), "RY": Imath.Channel(kind, 2, 2), "BY": Imath.Channel(kind, 2, 2)}
    file = OpenEXR.OutputFile(str(tmp_path / "yc.exr"), header)
    full, quarter = np.zeros((4, 4), "f").tobytes(), np.zeros((2, 2), "f").tobytes()
    file.writePixels({"Y": full, "RY": quarter, "BY": quarter})
    file.close()

    with pytest.raises(ExrError, match=r"yc\.exr stores luminance and chroma instead of RGB; write it again"):
        passes_of(tmp_path / "yc.exr")


# --- Made-up files: only the wanted part is decoded -------------------------------------------------------------------


def chunk_places(data: bytes, chunks: int) -> list[tuple[int, int, int]]:
    """(part, start, end) of the pixels of every chunk of a multi-part file of scan lines.

    The chunks follow the offset tables, so the first table starts where a number points just behind all of them.
    """
    (tables,) = [
        place for place in range(len(data) - 8) if struct.unpack_from("<Q", data, place)[0] == place + 8 * chunks
    ]
    places = []
    place = tables + 8 * chunks
    while place < len(data):
        part, _, size = struct.unpack_from("<3i", data, place)
        places.append((part, place + 12, place + 12 + size))
        place += 12 + size
    assert place == len(data)
    return places


def test_other_parts_are_not_decoded(write_exr, tmp_path: Path) -> None:
    """Every other part is garbage and the wanted one still reads."""
    channels = {name: noise(40, 50, seed) for seed, name in enumerate(("L.Depth.Z", "L.Object Index.X", "L.Mist.Z"))}
    parts = [(name.rpartition(".")[0], {name: values}, {}) for name, values in channels.items()]
    path = write_exr(tmp_path / "a.exr", parts)
    data = bytearray(path.read_bytes())
    places = chunk_places(bytes(data), chunks=9)  # ZIP: 16 lines each
    assert [part for part, _, _ in places] == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    for part, start, end in places:
        if part != 1:
            data[start:end] = b"\xff" * (end - start)
    path.write_bytes(data)

    passes = passes_of(path)

    assert np.array_equal(passes.read(Pass.OBJECT_INDEX), channels["L.Object Index.X"])
    with pytest.raises(ExrError, match="cut off or damaged"):
        passes.read(Pass.DEPTH)


def test_damaged_block_of_the_wanted_part_is_an_error(write_exr, tmp_path: Path) -> None:
    """Each block by itself: no line of old memory may come out as labels."""
    parts = [("L.Depth", {"L.Depth.Z": noise(40, 50)}, {}), ("L.Index", {"L.IndexOB.X": noise(40, 50, 1)}, {})]
    path = write_exr(tmp_path / "a.exr", parts)
    whole = path.read_bytes()
    places = [(start, end) for part, start, end in chunk_places(whole, chunks=6) if part == 1]
    for start, end in places:
        path.write_bytes(whole[:start] + b"\xff" * (end - start) + whole[end:])
        with pytest.raises(ExrError, match="cut off or damaged"):
            passes_of(path).read(Pass.OBJECT_INDEX)


def test_block_of_another_part_is_not_taken(write_exr, tmp_path: Path) -> None:
    parts = [("L.Depth", {"L.Depth.Z": noise(10, 50)}, {}), ("L.Index", {"L.IndexOB.X": noise(10, 50, 1)}, {})]
    path = write_exr(tmp_path / "a.exr", parts)
    data = bytearray(path.read_bytes())
    _, (_, start, _) = chunk_places(bytes(data), chunks=2)
    struct.pack_into("<i", data, start - 12, 0)  # the part number
    path.write_bytes(data)

    with pytest.raises(ExrError, match="not where the file says"):
        passes_of(path).read(Pass.OBJECT_INDEX)


def test_manifest_larger_than_the_first_read(write_exr, tmp_path: Path) -> None:
    """Headers of scenes with many thousands of objects."""
    labels = noise(4, 5)
    manifest = "{" + ",".join(f'"Object {number}":"{number:08x}"' for number in range(40_000)) + "}"
    names = {"cryptomatte/1/name": "L.CryptoObject", "cryptomatte/1/manifest": manifest}
    crypto = {f"L.CryptoObject00.{letter}": labels for letter in "rgba"}
    path = write_exr(tmp_path / "a.exr", [("a", crypto, names), ("b", {"L.IndexOB.X": labels}, {})])

    passes = passes_of(path)

    assert len(manifest) > 1_000_000
    assert passes.cryptomatte(Pass.CRYPTO_OBJECT).manifest.text == manifest
    assert np.array_equal(passes.read(Pass.OBJECT_INDEX), labels)


def test_header_that_ends_where_the_first_read_ends(write_exr, tmp_path: Path) -> None:
    labels = noise(1, 1) + 1
    for length in range((1 << 16) - 700, 1 << 16, 11):
        index = ("L.Index", {"L.IndexOB.X": labels}, {"comments": "x" * length})
        parts = [index, ("L.Depth", {"L.Depth.Z": labels}, {})]
        passes = passes_of(write_exr(tmp_path / "a.exr", parts, compression="NO"))
        assert Pass.DEPTH in passes
        assert np.array_equal(passes.read(Pass.OBJECT_INDEX), labels)


# --- Made-up files: names ---------------------------------------------------------------------------------------------


def test_parts_with_bare_channel_names(write_exr, tmp_path: Path) -> None:
    """As other tools write them: the pass is the part's name, its channels are just X or R."""
    index, depth, colour = noise(3, 4), noise(3, 4, 1), noise(3, 4, 2)
    parts = [
        ("Main.Combined", dict.fromkeys("RGB", colour), {}),
        ("Main.Depth", {"Z": depth}, {}),
        ("Main.Object Index", {"X": index}, {}),
    ]
    passes = passes_of(write_exr(tmp_path / "a.exr", parts))

    assert passes.view_layer == "Main"
    assert np.array_equal(passes.read(Pass.OBJECT_INDEX), index)
    assert np.array_equal(passes.read(Pass.DEPTH), depth)
    assert np.array_equal(passes.read(Pass.COMBINED), np.stack([colour] * 3, axis=-1))


def test_parts_of_views_with_bare_channel_names(write_exr, tmp_path: Path) -> None:
    left, right = noise(3, 4), noise(3, 4, 1)
    parts = [
        ("Main.Object Index-left", {"X": left}, {"view": "left"}),
        ("Main.Object Index-right", {"X": right}, {"view": "right"}),
    ]
    path = write_exr(tmp_path / "a.exr", parts)

    assert np.array_equal(passes_of(path, "Main", "left").read(Pass.OBJECT_INDEX), left)
    assert np.array_equal(passes_of(path, "Main", "right").read(Pass.OBJECT_INDEX), right)


def test_first_view_of_the_file_comes_first(write_exr, tmp_path: Path) -> None:
    """The file's order of views counts, not that of their names."""
    right, left = noise(3, 4), noise(3, 4, 1)
    channels = {"L.IndexOB.right.X": right, "L.IndexOB.left.X": left}
    path = write_exr(tmp_path / "a.exr", channels, attributes={"multiView": ["right", "left"]})

    assert passes_of(path).view == "right"
    assert np.array_equal(passes_of(path).read(Pass.OBJECT_INDEX), right)


def test_channels_without_a_view_belong_to_the_first(write_exr, tmp_path: Path) -> None:
    """OpenEXR's own rule for multi-view files."""
    right, left = noise(3, 4), noise(3, 4, 1)
    channels = {"L.IndexOB.X": right, "L.IndexOB.left.X": left}
    path = write_exr(tmp_path / "a.exr", channels, attributes={"multiView": ["right", "left"]})

    assert np.array_equal(passes_of(path, view="right").read(Pass.OBJECT_INDEX), right)
    assert np.array_equal(passes_of(path, view="left").read(Pass.OBJECT_INDEX), left)


@pytest.mark.parametrize("component", ["V", "X", "R", "Y"])
def test_value_alone_in_a_file(write_exr, tmp_path: Path, component: str) -> None:
    """What the channel of a single value is called differs between Blender versions and other tools."""
    labels = noise(3, 4)
    path = write_exr(tmp_path / "Index0001.exr", {component: labels})

    passes = passes_of(path, holds=Pass.OBJECT_INDEX)

    assert np.array_equal(passes.read(Pass.OBJECT_INDEX), labels)
    assert Pass.COMBINED not in passes


def test_pass_that_two_files_hold(write_exr, tmp_path: Path) -> None:
    """The first file counts, whole; names of channels differ between the two."""
    one = write_exr(tmp_path / "Depth0001.exr", {"V": noise(3, 4)})
    other = write_exr(tmp_path / "multi.exr", {"Depth.V": noise(3, 4, 1), "IndexOB.V": noise(3, 4, 2)})

    passes = Passes([PassFile(one, Pass.DEPTH), PassFile(other)])

    assert np.array_equal(passes.read(Pass.DEPTH), noise(3, 4))
    assert np.array_equal(passes.read(Pass.OBJECT_INDEX), noise(3, 4, 2))


def test_plain_rgb_file_is_combined(write_exr, tmp_path: Path) -> None:
    colours = {letter: noise(3, 4, seed) for seed, letter in enumerate("RGB")}
    passes = passes_of(write_exr(tmp_path / "a.exr", {**colours, "Z": noise(3, 4, 7)}))

    assert np.array_equal(passes.read(Pass.COMBINED), np.stack(list(colours.values()), axis=-1))
    assert np.array_equal(passes.read(Pass.DEPTH), noise(3, 4, 7))


def test_compositors_result_is_the_image(write_exr, tmp_path: Path) -> None:
    channels = {f"Composite.Combined.{letter}": noise(3, 4, 1) for letter in "RGBA"}
    channels |= {f"{layer}.Combined.{letter}": noise(3, 4, 2) for layer in ("Aardvark", "Main") for letter in "RGBA"}
    channels["Main.IndexOB.X"] = noise(3, 4)
    passes = passes_of(write_exr(tmp_path / "a.exr", channels))

    assert passes.view_layer == "Main"
    assert np.array_equal(passes.read(Pass.COMBINED)[..., 0], noise(3, 4, 1))


def test_image_of_another_layer_where_the_labels_have_none(write_exr, tmp_path: Path) -> None:
    channels = {f"Beauty.Combined.{letter}": noise(3, 4, 1) for letter in "RGBA"}
    channels["Labels.IndexOB.X"] = noise(3, 4)
    passes = passes_of(write_exr(tmp_path / "a.exr", channels))

    assert passes.view_layer == "Labels"
    assert np.array_equal(passes.read(Pass.COMBINED)[..., 0], noise(3, 4, 1))


@pytest.mark.parametrize("component", ["A", "Q"])
def test_pass_without_its_component_is_an_error(write_exr, tmp_path: Path, component: str) -> None:
    """A file that says it holds an index and has no channel for it."""
    path = write_exr(tmp_path / "a.exr", {f"L.IndexOB.{component}": noise(3, 4)})

    with pytest.raises(PassError, match=r"a\.exr"):
        passes_of(path).read(Pass.OBJECT_INDEX)


def test_image_without_colours_is_an_error(write_exr, tmp_path: Path) -> None:
    """A File Output node with the colour mode BW writes one channel."""
    path = write_exr(tmp_path / "Image0001.exr", {"V": noise(3, 4)})

    with pytest.raises(PassError, match=r"Image0001\.exr"):
        passes_of(path, holds=Pass.COMBINED).read(Pass.COMBINED)


def test_cryptomatte_without_alpha_is_an_error(write_exr, tmp_path: Path) -> None:
    """A File Output node with the colour mode RGB drops the coverage of the second rank."""
    path = write_exr(tmp_path / "a.exr", {f"CryptoObject00.{letter}": noise(3, 4) for letter in "RGB"})

    with pytest.raises(PassError, match=r"a\.exr"):
        list(passes_of(path).cryptomatte(Pass.CRYPTO_OBJECT).ranks())


def test_half_float_cryptomatte_is_an_error(write_exr, tmp_path: Path) -> None:
    half = noise(3, 4).astype(np.float16)
    path = write_exr(tmp_path / "a.exr", {f"L.CryptoObject00.{letter}": half for letter in "rgba"})

    with pytest.raises(PassError, match=r"float16, which destroys the ids.*32 bit"):
        list(passes_of(path).cryptomatte(Pass.CRYPTO_OBJECT).ranks())


@pytest.mark.parametrize("letters", ["rgba", "RGBA"])
@pytest.mark.parametrize("compression", KEEP_INDEX)
def test_cryptomatte_comes_back_bit_for_bit_or_not_at_all(
    write_exr, tmp_path: Path, compression: str, letters: str
) -> None:
    ids = np.random.default_rng(1).integers(1 << 24, 1 << 30, (40, 50), dtype=np.uint32).view(np.float32)
    channels = {f"L.CryptoObject00.{letter}": values for letter, values in zip(letters, [ids] * 4, strict=True)}
    matte = passes_of(write_exr(tmp_path / "a.exr", channels, compression=compression)).cryptomatte(Pass.CRYPTO_OBJECT)

    if compression in ("PXR24", "LJ2K") or (compression in LOSSY_ON_COLOURS and letters == "RGBA"):
        with pytest.raises(PassError, match=r"lossy codec.*write the EXR with the codec ZIP"):
            list(matte.ranks())
    else:
        for band in matte.ranks():
            assert band.id.tobytes() == band.coverage.tobytes() == ids.tobytes()


def test_cryptomatte_in_one_file_a_rank(write_exr, tmp_path: Path) -> None:
    """One File Output node with single-layer files: three files, and the ranks in their order."""
    files = []
    for rank in (2, 0, 1):
        channels = {f"CryptoObject0{rank}.{letter}": noise(3, 4, rank * 4 + n) for n, letter in enumerate("RGBA")}
        files.append(PassFile(write_exr(tmp_path / f"{rank}.exr", channels)))

    ranks = list(Passes(files).cryptomatte(Pass.CRYPTO_OBJECT).ranks())

    assert len(ranks) == 6
    for number, band in enumerate(ranks):
        assert np.array_equal(band.id, noise(3, 4, number * 2))
        assert np.array_equal(band.coverage, noise(3, 4, number * 2 + 1))


@pytest.mark.parametrize("storage", ["one part", "tiles", "parts", "among much else"])
@pytest.mark.parametrize("compression", ["NO", "ZIPS", "ZIP", "PIZ", "DWAB"])
@pytest.mark.parametrize("window", [(0, 0), (-5, 300), (3, -300)], ids=["whole", "right of it", "above it"])
def test_large_cryptomattes_are_read_in_bands(
    write_exr, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, storage: str, compression: str, window: tuple[int, int]
) -> None:
    """The same labels and coverages to the bit, however the ranks are stored and whatever the data window is."""
    random = np.random.default_rng(1)
    levels = [
        {
            f"L.CryptoObject0{level}.{letter}": random.random((700, 30)).astype(np.float32)
            if letter in "ga"
            else random.integers(1 << 24, (1 << 24) + 5, (700, 30), dtype=np.uint32).view(np.float32)
            for letter in "rgba"
        }
        for level in range(3)
    ]
    x, y = window
    windows = {"data_window": (x, y, x + 30, y + 700), "display_window": (0, 0, 30, 700)}
    others = {
        f"L.Depth{number}.Z": noise(700, 30, number) for number in range(30 if storage == "among much else" else 0)
    }
    tiles = {"tile": 64} if storage == "tiles" else {}
    if storage == "parts":
        content: object = [(f"L.CryptoObject0{number}", level, {}) for number, level in enumerate(levels)]
    else:
        content = {**levels[0], **levels[1], **levels[2], **others}
    path = write_exr(tmp_path / "a.exr", content, compression=compression, **windows, **tiles)

    def found() -> Strongest:
        matte = passes_of(path).cryptomatte(Pass.CRYPTO_OBJECT)
        tops.append({band.top for band in matte.ranks()})
        return strongest(matte.ranks(), (700, 30), keep_coverages=True)

    tops: list[set[int]] = []
    whole = found()
    monkeypatch.setattr("core.exr.passes._MOST_PIXELS_AT_ONCE", 0)
    monkeypatch.setattr("core.exr.passes._PIXELS_OF_BANDS", 1)
    banded = found()

    assert len(tops[0]) == 1
    assert len(tops[1]) == (3 if y == 0 else 2)
    assert whole.id.any()
    for name in ("id", "coverage"):
        assert getattr(banded, name).tobytes() == getattr(whole, name).tobytes(), name
    for name in ("whole", "pixel", "id", "coverage"):
        assert getattr(banded.coverages, name).tobytes() == getattr(whole.coverages, name).tobytes(), name


def test_what_would_fill_the_memory_is_not_preloaded(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = (Pass.OBJECT_INDEX, Pass.COMBINED, Pass.DEPTH)
    path = data / "4.5/multilayer_0001.exr"
    expected = {pass_: passes_of(path).read(pass_) for pass_ in wanted}
    monkeypatch.setattr("core.exr.passes._MOST_PRELOADED", 1000)
    decoded: list[object] = []

    passes = passes_of(path)
    with monkeypatch.context() as counting:
        counting.setattr(ExrFile, "read_bands", lambda *arguments: decoded.append(arguments))
        passes.preload(wanted)

    assert not decoded
    assert all(np.array_equal(passes.read(pass_), expected[pass_]) for pass_ in wanted)


def test_rank_with_a_view_and_without(write_exr, tmp_path: Path) -> None:
    """Each rank once, and that of the view itself."""
    parts = []
    for name, values, own in (("left", noise(3, 4), {"view": "left"}), ("shared", noise(3, 4, 1), {})):
        parts.append((name, {f"L.CryptoObject00.{letter}": values for letter in "rgba"}, own))
    passes = passes_of(write_exr(tmp_path / "a.exr", parts))

    ranks = list(passes.cryptomatte(Pass.CRYPTO_OBJECT).ranks())

    assert len(ranks) == 2
    assert all(np.array_equal(band.id, noise(3, 4)) for band in ranks)


# --- Paths that are not files -----------------------------------------------------------------------------------------


def test_missing_empty_and_foreign_files(tmp_path: Path) -> None:
    empty, foreign = tmp_path / "empty.exr", tmp_path / "foreign.exr"
    empty.write_bytes(b"")
    foreign.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))

    with pytest.raises(ExrError, match=r"Cannot read .*missing\.exr.*check the path"):
        ExrFile(tmp_path / "missing.exr")
    with pytest.raises(ExrError, match=r"empty\.exr is empty; render the frame again"):
        ExrFile(empty)
    with pytest.raises(ExrError, match=r"foreign\.exr is not an EXR file; set .* OpenEXR MultiLayer"):
        ExrFile(foreign)


@pytest.mark.parametrize("fixture", ["multilayer_0001.exr", "fileoutput_multi/multi_0001.exr"])
def test_header_cut_anywhere(version: str, data: Path, fixture: str, tmp_path: Path) -> None:
    """At each of the first bytes: an error that names the file, never a crash."""
    whole = (data / version / fixture).read_bytes()
    path = tmp_path / "cut.exr"
    for length in [*range(1, 400), *range(400, 2000, 37)]:
        path.write_bytes(whole[:length])
        with pytest.raises(ExrError, match=r"cut\.exr"):
            passes_of(path).read(Pass.DEPTH)


def test_passes_of_one_part_are_decoded_once(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each decoding of a single-part file decompresses all of it."""
    decoded = []
    read = ExrFile.read_bands

    def counted(*arguments):
        decoded.append(arguments)
        return read(*arguments)

    monkeypatch.setattr(ExrFile, "read_bands", counted)
    wanted = (Pass.OBJECT_INDEX, Pass.COMBINED, Pass.DEPTH)
    path = data / "4.5/multilayer_0001.exr"
    expected = {pass_: passes_of(path).read(pass_) for pass_ in wanted}
    decoded.clear()

    passes = passes_of(path)
    passes.preload([*wanted, Pass.MATERIAL_INDEX])
    found = {pass_: passes.read(pass_) for pass_ in wanted}

    assert len(decoded) == 1
    assert all(np.array_equal(found[pass_], expected[pass_]) for pass_ in wanted)
    list(passes.cryptomatte(Pass.CRYPTO_OBJECT).ranks())
    assert len(decoded) == 2
    # What was preloaded is given away once, so that it does not stay in memory.
    assert np.array_equal(passes.read(Pass.DEPTH), expected[Pass.DEPTH])
    assert len(decoded) == 3


def test_parts_are_decoded_in_the_calling_thread(data: Path) -> None:
    """OpenEXR's threads would call the stream of a part without the interpreter's lock, and crash newer Pythons."""
    OpenEXR.set_global_thread_count(2)
    set_decoding_threads(2)
    try:
        passes_of(data / "5.0/multilayer_0001.exr").read(Pass.DEPTH)
        assert OpenEXR.global_thread_count() == 0
        file = ExrFile(data / "4.5/multilayer_0001.exr")
        file.read(file.parts[0], list(file.parts[0].channels))
        assert OpenEXR.global_thread_count() == 2
    finally:
        set_decoding_threads(0)
