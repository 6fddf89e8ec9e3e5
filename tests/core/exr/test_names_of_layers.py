"""What layers and parts mean whose names are not those of Blender: by Nuke's spelling, by the user, or as the image."""

import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from core.annotate.annotate import annotate
from core.base.errors import ExrError, PassError
from core.cli.main import main
from core.exr.exr_file import ExrFile
from core.exr.passes import Passes
from core.frames.frame_files import find_frames
from core.labels.label_image import read_labels
from core.records.record_files import read_record_file
from core.settings.render_pass import Pass, PassFile, PassName
from core.settings.settings import ImageFormat, LabelSource
from tests.builders import NO_IMAGES, plain_job, record_files
from tests.core.helpful_errors import assert_helps
from tests.core.mattes import HEIGHT, WIDTH, channels_of, check, coverages, header

Array = npt.NDArray[Any]

INDEX = np.repeat(np.arange(4, dtype=np.float32), 12).reshape(HEIGHT, WIDTH)
DEPTH = np.full((HEIGHT, WIDTH), 5, np.float32)
COLOURS = {letter: np.full((HEIGHT, WIDTH), value, np.float32) for value, letter in enumerate("RGBA")}
FREE_NAMES = {"segmentation.V": INDEX, "distance.V": DEPTH} | {f"rgba.{letter}": v for letter, v in COLOURS.items()}


def passes_of(path: Path, view_layer: str = "", **names: Pass) -> Passes:
    given = [PassName(name.replace("__", "."), pass_) for name, pass_ in names.items()]
    return Passes([PassFile(path)], view_layer, names=given)


def layer(name: str, letters: str = "RGBA") -> dict[str, Array]:
    return {f"{name}.{letter}": COLOURS[letter] for letter in letters}


def assert_is_the_image(passes: Passes) -> None:
    assert np.array_equal(passes.read(Pass.COMBINED), np.stack(list(COLOURS.values()), axis=-1))


# --- Names that the user explains -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("segmentation", "segmentation"),
        ("segmentation", "SEGMENTATION"),
        ("Main.ids", "ids"),
        ("Main.ids", "Main.ids"),
        ("Main.ids", "Main_ids"),
        ("my ids", "my_ids"),
        ("ラベル", "ラベル"),
    ],
)
def test_layer_that_the_user_names(write_exr, tmp_path: Path, name: str, given: str) -> None:
    path = write_exr(tmp_path / "f_0001.exr", {f"{name}.V": INDEX, "見本例.V": DEPTH} | layer("rgba"))
    passes = Passes([PassFile(path)], names=[PassName(given, Pass.OBJECT_INDEX), PassName("見本例", Pass.DEPTH)])

    assert np.array_equal(passes.read(Pass.OBJECT_INDEX), INDEX)
    assert np.array_equal(passes.read(Pass.DEPTH), DEPTH)
    assert passes.given_names() == {given, "見本例"}
    assert_is_the_image(passes)


def test_part_that_the_user_names(write_exr, tmp_path: Path) -> None:
    parts = [("colours", COLOURS, {}), ("ids", {"layer7.Y": INDEX}, {}), ("far", {"Y": DEPTH}, {})]
    path = write_exr(tmp_path / "f_0001.exr", parts)
    passes = passes_of(path, ids=Pass.MATERIAL_INDEX, far=Pass.DEPTH)

    assert np.array_equal(passes.read(Pass.MATERIAL_INDEX), INDEX)
    assert np.array_equal(passes.read(Pass.DEPTH), DEPTH)
    assert_is_the_image(passes)


def test_name_of_a_part_of_several_layers_is_none_of_them(write_exr, tmp_path: Path) -> None:
    path = write_exr(tmp_path / "f_0001.exr", [("all", {"a.V": INDEX, "b.V": DEPTH}, {}), ("other", COLOURS, {})])

    assert passes_of(path, all=Pass.DEPTH).given_names() == set()


def test_what_the_user_names_comes_before_what_is_called_so(write_exr, tmp_path: Path) -> None:
    """Its view layer is that of the labels then, and other passes are taken from it."""
    channels = {"A.IndexOB.X": INDEX * 0, "A.Depth.Z": DEPTH * 0, "B.ids.V": INDEX, "B.Depth.Z": DEPTH}
    passes = passes_of(write_exr(tmp_path / "f_0001.exr", channels), ids=Pass.OBJECT_INDEX)

    assert passes.view_layer == "B"
    assert np.array_equal(passes.read(Pass.OBJECT_INDEX), INDEX)
    assert np.array_equal(passes.read(Pass.DEPTH), DEPTH)


def test_layer_without_a_view_layer_belongs_to_all(write_exr, tmp_path: Path) -> None:
    channels = {"ViewLayer.IndexOB.X": INDEX, "distance.V": DEPTH}
    passes = passes_of(write_exr(tmp_path / "f_0001.exr", channels), "ViewLayer", distance=Pass.DEPTH)

    assert np.array_equal(passes.read(Pass.DEPTH), DEPTH)


@pytest.mark.parametrize("name", ["matte", "shot.matte"])
def test_cryptomatte_that_the_user_names(write_exr, tmp_path: Path, name: str) -> None:
    covered = coverages()
    path = write_exr(tmp_path / "f_0001.exr", channels_of(name, covered), attributes=header(name))
    passes = passes_of(path, matte=Pass.CRYPTO_MATERIAL)

    image = read_labels(passes, LabelSource.AUTO)
    assert image.source is LabelSource.CRYPTO_MATERIAL
    check(image, covered)


def annotated(path: Path, output: Path, *names: str) -> int:
    given = [word for name in names for word in ("--pass", name)]
    return main(["annotate", str(path), "--output", str(output), *given, "--no-pictures", "--workers", "1"])


def test_names_in_a_run(write_exr, tmp_path: Path) -> None:
    path = write_exr(tmp_path / "f_0001.exr", FREE_NAMES)

    assert annotated(path, tmp_path / "out", "segmentation=object_index", "distance=depth") == 0
    (record,) = (read_record_file(file) for file in record_files(tmp_path / "out"))
    assert record.label_source == "object_index"
    assert sorted(one.mask.area for one in record.instances) == [12, 12, 12]
    assert not any("Combined" in note for note in record.notes)


def test_other_meaning_annotates_again(write_exr, tmp_path: Path) -> None:
    write_exr(tmp_path / "f_0001.exr", FREE_NAMES)
    keys = set()
    for names in ({}, {"segmentation": Pass.OBJECT_INDEX}, {"segmentation": Pass.MATERIAL_INDEX}):
        (frame,) = find_frames([tmp_path], names)
        job = plain_job(frame, tmp_path / "out")
        assert type(job).from_json(job.as_json()) == job
        keys.add(job.key())
    assert len(keys) == 3


@pytest.mark.parametrize("file", ["f_0001.exr", "segmentatio_0001.exr", "segmentatio/0001.exr"])
def test_name_that_nothing_has(write_exr, tmp_path: Path, capsys: pytest.CaptureFixture[str], file: str) -> None:
    """Also where it is the name of a file or folder, but the file's channels have names of their own."""
    write_exr(tmp_path / "in" / file, FREE_NAMES)

    assert annotated(tmp_path / "in", tmp_path / "out", "segmentatio=object_index", "distance=depth") == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "finds nothing that is called 'segmentatio'; the files have the layers and parts" in line
    assert all(repr(name) in line for name in ("distance", "rgba", "segmentation"))
    assert not (tmp_path / "out").exists()


def test_name_that_a_later_frame_has(write_exr, tmp_path: Path) -> None:
    """The first one is damaged, the second is of a sequence with other names."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a_0001.exr").write_bytes(b"")
    write_exr(tmp_path / "in" / "b_0002.exr", {"Main.IndexOB.X": INDEX})
    write_exr(tmp_path / "in" / "c_0003.exr", FREE_NAMES)

    assert annotated(tmp_path / "in", tmp_path / "out", "segmentation=object_index") == 1
    notes = {record.path: record.notes for record in map(read_record_file, record_files(tmp_path / "out"))}
    says = {path: any("Nothing in this frame is called 'segmentation'" in one for one in notes[path]) for path in notes}
    assert says == {"b_0002": True, "c_0003": False}


def test_what_was_understood_is_shown(write_exr, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_exr(tmp_path / "f_0001.exr", FREE_NAMES)

    assert main(["passes", str(path)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "f_0001: 8 x 6",
        "  (no view layer): distance, Combined (rgba), segmentation",
        "  Not known as passes: distance, segmentation (--pass NAME=PASS says which pass one of them is)",
    ]
    assert main(["passes", str(path), "--pass", "segmentation=object_index", "--pass", "distance=depth"]) == 0
    assert capsys.readouterr().out.splitlines()[1:] == [
        "  (no view layer): Depth (distance), Combined (rgba), Object Index (segmentation)"
    ]


def test_missing_pass_says_how_to_name_it(write_exr, tmp_path: Path) -> None:
    passes = passes_of(write_exr(tmp_path / "f_0001.exr", FREE_NAMES))

    for read in (lambda: passes.read(Pass.DEPTH), lambda: read_labels(passes, LabelSource.AUTO)):
        with pytest.raises(PassError, match=r"on the command line, with --pass NAME=\w+$") as error:
            read()
        assert_helps(error)


# --- Nuke's spelling --------------------------------------------------------------------------------------------------


def in_nukes_spelling(covered: Mapping[str, Array], view_layer: str) -> dict[str, Array]:
    channels = {f"{view_layer}_IndexOB.X": INDEX, f"{view_layer}_Depth.Z": DEPTH, f"{view_layer}_Object_Index.X": INDEX}
    letters = ("red", "green", "blue", "alpha")
    return COLOURS | channels | channels_of(f"{view_layer}_CryptoObject", covered, letters)


@pytest.mark.parametrize(
    ("declared", "written"), [("ViewLayer", "ViewLayer"), ("View Layer.001", "View_Layer_001"), ("_a_b", "_a_b")]
)
def test_view_layer_and_pass_in_one_name(write_exr, tmp_path: Path, declared: str, written: str) -> None:
    covered = coverages()
    channels = in_nukes_spelling(covered, written)
    path = write_exr(tmp_path / "f_0001.exr", channels, attributes=header(f"{declared}.CryptoObject"))

    for chosen in ("", declared):
        passes = passes_of(path, chosen)
        assert passes.view_layer == written
        assert np.array_equal(passes.read(Pass.OBJECT_INDEX), INDEX)
        assert np.array_equal(passes.read(Pass.DEPTH), DEPTH)
        assert_is_the_image(passes)
        check(read_labels(passes, LabelSource.CRYPTO_OBJECT), covered)
    named = f"{declared}.CryptoObject"
    check(read_labels(passes, LabelSource.AUTO, cryptomatte=named), covered)


@pytest.mark.parametrize("name", ["world_normal", "car_index", "my_Index", "fog_Z", "Depth_of_car", "Material_Index"])
def test_name_that_only_looks_like_it(write_exr, tmp_path: Path, name: str) -> None:
    channels = {f"{name}.X": INDEX, "IndexOB.X": INDEX}
    passes = passes_of(write_exr(tmp_path / "f_0001.exr", channels))

    assert [view_layer for view_layer, _, _ in passes.overview()] == [""]


def test_free_cryptomatte_keeps_its_underscores(write_exr, tmp_path: Path) -> None:
    name = "shot_CryptoObject"
    path = write_exr(tmp_path / "f_0001.exr", channels_of(name, coverages()), attributes=header(name))

    image = read_labels(passes_of(path), LabelSource.AUTO)
    assert image.cryptomatte == name
    check(image, coverages())


# --- The image --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["rgba", "RGBA", "beauty", "rgba.left", "Main.Beauty", "anything"])
def test_image_in_a_layer(write_exr, tmp_path: Path, name: str) -> None:
    path = write_exr(tmp_path / "f_0001.exr", {"IndexOB.X": INDEX} | layer(name) | layer("DiffCol", "RGB"))

    assert_is_the_image(passes_of(path))
    record = annotate(plain_job(path, tmp_path / "out", image_format=ImageFormat.PNG))
    assert record.image
    assert any("'anything', the only layer" in note for note in record.notes) == (name == "anything")


@pytest.mark.parametrize("names", [("rgba.left", "rgba.right"), ("rgba-left", "rgba-right"), ("beauty", "beauty2")])
def test_image_in_a_part(write_exr, tmp_path: Path, names: tuple[str, str]) -> None:
    """Nuke adds the view with a dot, Blender with a hyphen."""
    left, right = names
    other = {letter: values * 0 for letter, values in COLOURS.items()}
    views = ({"view": "left"}, {"view": "right"}) if "left" in left else ({}, {})
    path = write_exr(tmp_path / "f_0001.exr", [(left, COLOURS, views[0]), (right, other, views[1])])

    assert_is_the_image(passes_of(path))


@pytest.mark.parametrize(
    "channels",
    [
        layer("one") | layer("two"),
        layer("DiffCol", "RGB"),
        layer("L.Freestyle"),
        layer("L.Noisy Image"),
        layer("undeclared00"),
    ],
    ids=lambda channels: next(iter(channels)),
)
def test_what_is_no_image(write_exr, tmp_path: Path, channels: dict[str, Array]) -> None:
    passes = passes_of(write_exr(tmp_path / "f_0001.exr", {"IndexOB.X": INDEX} | channels))

    assert Pass.COMBINED not in passes


def test_image_of_that_name_comes_first(write_exr, tmp_path: Path) -> None:
    other = {name: values * 0 for name, values in layer("rgba").items()}
    path = write_exr(tmp_path / "f_0001.exr", layer("ViewLayer.Combined") | other)

    assert_is_the_image(passes_of(path))


# --- Colours instead of one value -------------------------------------------------------------------------------------


@pytest.mark.parametrize("letters", ["RGB", "XYZ"])
@pytest.mark.parametrize("pass_", [Pass.OBJECT_INDEX, Pass.MATERIAL_INDEX], ids=lambda pass_: pass_.value)
def test_index_in_colours(write_exr, tmp_path: Path, letters: str, pass_: Pass) -> None:
    """A mask with a channel for each object holds no index, though each channel by itself could."""
    masks = {letter: (number == INDEX).astype(np.float32) for number, letter in enumerate(letters, 1)}
    path = write_exr(tmp_path / f"{pass_.names[0]}0001.exr", masks)
    passes = Passes([PassFile(path, pass_)])
    passes.preload([pass_])

    with pytest.raises(PassError, match="differ, so it holds colours and not pass indices") as error:
        passes.read(pass_)
    assert_helps(error, path)
    with pytest.raises(PassError):
        annotate(plain_job(find_frames([path])[0], tmp_path / "out", **NO_IMAGES))


def test_depth_in_colours(write_exr, tmp_path: Path) -> None:
    path = write_exr(tmp_path / "f_0001.exr", {"R": DEPTH, "G": DEPTH / 2, "B": DEPTH})

    with pytest.raises(PassError, match="colours and not one value"):
        Passes([PassFile(path, Pass.DEPTH)]).read(Pass.DEPTH)


@pytest.mark.parametrize("special", [np.inf, np.nan, 7])
def test_value_written_three_times(write_exr, tmp_path: Path, special: float) -> None:
    values = np.where(INDEX == 2, np.float32(special), DEPTH)
    path = write_exr(tmp_path / "f_0001.exr", dict.fromkeys("RGB", values) | {"A": DEPTH * 0 + 1})

    assert np.array_equal(Passes([PassFile(path, Pass.DEPTH)]).read(Pass.DEPTH), values, equal_nan=True)


# --- Unfinished renders -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parts", "tile", "kept"),
    # OpenEXR itself looks for single tiles that are missing in a file of one part.
    [(1, None, 0), (1, None, 1), (1, 4, 0), (2, None, 0), (2, None, 1), (2, 4, 0), (2, 4, 1)],
)
def test_render_that_is_not_finished(write_exr, tmp_path: Path, parts: int, tile: int | None, kept: int) -> None:
    """The table of the chunks is zeros until the file is closed; a program that stops itself may write a part of it."""
    tall = {"IndexOB.X": np.tile(INDEX, (12, 1))}
    pixels = (
        tall if parts == 1 else [("ViewLayer.IndexOB", tall, {}), ("ViewLayer.Depth", {"Z": tall["IndexOB.X"]}, {})]
    )
    path = write_exr(tmp_path / "f_0001.exr", pixels, tile=tile)
    data = bytearray(path.read_bytes())
    first = ExrFile(path).parts[0]
    count = first._chunk_count or (5 if tile is None else 36)
    table = first._offset_table
    assert 0 not in struct.unpack_from(f"<{count}Q", data, table)
    data[table + 8 * kept : table + 8 * count] = bytes(8 * (count - kept))
    path.write_bytes(data)

    with pytest.raises(ExrError, match="is not finished") as error:
        passes_of(path).read(Pass.OBJECT_INDEX)
    assert_helps(error, path)
