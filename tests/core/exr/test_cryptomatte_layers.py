"""Cryptomattes of other renderers: free names, several in a file, sidecar manifests, ranks stored in every way.

The files are made up from known coverages; where cryptomatte-api can read a file, it has to agree.
"""

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cryptomatte_api
import numpy as np
import numpy.typing as npt
import pytest
from pycocotools.coco import COCO

from core.annotate.annotate import annotate
from core.base.errors import PassError
from core.cli.main import main
from core.exr.cryptomatte import hash_name
from core.exr.passes import Passes
from core.frames.sidecar import Sidecar, sidecar_path
from core.labels.label_image import LabelImage, read_labels
from core.records.record_files import read_record_file
from core.scene.scene_record import SceneEntry
from core.settings.render_pass import Pass, PassFile
from core.settings.settings import LabelSource, Parts
from tests.builders import NO_IMAGES, entries_of, plain_job, plain_scene
from tests.core.mattes import HEIGHT, NAMES, WIDTH, channels_of, check, coverages, header, manifest_text

Array = npt.NDArray[Any]


def read(path: Path, source: LabelSource = LabelSource.AUTO, cryptomatte: str = "") -> LabelImage:
    return read_labels(Passes([PassFile(path)], cryptomatte=cryptomatte), source, cryptomatte=cryptomatte)


def check_by_api(path: Path, covered: Mapping[str, Array]) -> None:
    """The judge sees the coverages that the file was made from, so the file is a Cryptomatte."""
    (matte,) = cryptomatte_api.Cryptomatte.load(path)
    for name, coverage in covered.items():
        assert np.array_equal(matte.mask(hash_name(name)), coverage), name


# --- Names and channels -----------------------------------------------------------------------------------------------

FREE_NAMES = [
    ("crypto_object", LabelSource.CRYPTO_OBJECT),
    ("crypto_material", LabelSource.CRYPTO_MATERIAL),
    ("crypto_asset", LabelSource.CRYPTO_ASSET),
    ("uCryptoObject", LabelSource.CRYPTO_OBJECT),
    ("VRayCryptomatte", LabelSource.CRYPTO_OBJECT),
    ("Cryptomatte", LabelSource.CRYPTO_OBJECT),
    ("Cryptomatte_MaterialNodeName", LabelSource.CRYPTO_MATERIAL),
    ("crypto_mtl", LabelSource.CRYPTO_MATERIAL),
    ("matte.mat", LabelSource.CRYPTO_MATERIAL),
    ("chars.main.ids", LabelSource.CRYPTO_OBJECT),
    ("shot7 100", LabelSource.CRYPTO_OBJECT),
    ("Kryptomatte äö", LabelSource.CRYPTO_OBJECT),
    ("beauty.CryptoObject", LabelSource.CRYPTO_OBJECT),
]


@pytest.mark.parametrize("letters", ["RGBA", "rgba", ("red", "green", "blue", "alpha")], ids=["RGBA", "rgba", "red"])
@pytest.mark.parametrize(("layer", "source"), FREE_NAMES)
def test_any_name(write_exr, tmp_path: Path, layer: str, source: LabelSource, letters: Sequence[str]) -> None:
    """Next to it a picture and its depth, which stay where they are."""
    covered = coverages()
    other = {name: np.full((HEIGHT, WIDTH), 0.5, np.float32) for name in ("R", "G", "B", "Z")}
    path = write_exr(tmp_path / "a.exr", channels_of(layer, covered, letters) | other, attributes=header(layer))
    if letters != ("red", "green", "blue", "alpha"):
        check_by_api(path, covered)

    image = read(path)

    assert image.source is source
    assert image.cryptomatte == layer
    check(image, covered)
    passes = Passes([PassFile(path)], cryptomatte=layer)
    assert Pass.COMBINED in passes
    if layer != "beauty.CryptoObject":  # there a view layer of Blender's, which has no depth
        assert Pass.DEPTH in passes


def test_interleaved_and_in_parts(write_exr, tmp_path: Path) -> None:
    """One part, a part for each level, and a part for each level in whose channels no name is repeated."""
    covered = coverages()
    channels = channels_of("ids", covered)
    levels = [{name: values for name, values in channels.items() if name.startswith(f"ids0{n}.")} for n in (0, 1)]
    assert all(levels)
    bare = [{name.rpartition(".")[2]: values for name, values in level.items()} for level in levels]
    head = header("ids")
    paths = [
        write_exr(tmp_path / "one.exr", channels, attributes=head),
        write_exr(tmp_path / "parts.exr", [("first", levels[0], head), ("second", levels[1], {})]),
        write_exr(tmp_path / "backwards.exr", [("second", levels[1], {}), ("first", levels[0], head)]),
        write_exr(tmp_path / "bare.exr", [("ids00", bare[0], head), ("ids01", bare[1], {})]),
    ]
    for path in paths:
        check(read(path), covered)


@pytest.mark.parametrize("count", [1, 2, 5, 9])
def test_any_number_of_levels(write_exr, tmp_path: Path, count: int) -> None:
    names = [f"Object {number}" for number in range(count)]
    covered = coverages(count, names)
    path = write_exr(tmp_path / "a.exr", channels_of("ids", covered), attributes=header("ids", names=names))
    check_by_api(path, covered)

    check(read(path), covered)


def test_preview_image_is_no_rank(write_exr, tmp_path: Path) -> None:
    """Older files hold colours under the plain name, which are to be looked at and nothing else."""
    for layer in ("crypto_object", "chars.ids"):
        covered = coverages()
        preview = {f"{layer}.{letter}": np.full((HEIGHT, WIDTH), 7, np.float32) for letter in "RGBA"}
        channels = channels_of(layer, covered) | preview
        check(read(write_exr(tmp_path / "a.exr", channels, attributes=header(layer))), covered)


# --- Several in one file ----------------------------------------------------------------------------------------------

LAYERS = ("crew", "props", "crowd_material")


@pytest.fixture
def several(write_exr, tmp_path: Path) -> tuple[Path, dict[str, dict[str, Array]]]:
    """A file with three Cryptomattes of free names, and what each of them covers."""
    covered = {layer: coverages(seed, [f"{layer} {n}" for n in range(3)]) for seed, layer in enumerate(LAYERS)}
    channels: dict[str, Array] = {}
    attributes: dict[str, str] = {}
    for key, layer in enumerate(LAYERS):
        channels |= channels_of(layer, covered[layer])
        attributes |= header(layer, f"{key:07x}", list(covered[layer]))
    return write_exr(tmp_path / "shot_0001.exr", channels, attributes=attributes), covered


@pytest.mark.parametrize("layer", LAYERS)
def test_one_of_several_by_name(several, layer: str) -> None:
    path, covered = several
    source = LabelSource.CRYPTO_MATERIAL if layer == "crowd_material" else LabelSource.CRYPTO_OBJECT
    for spelled in (layer, layer.upper()):
        image = read(path, cryptomatte=spelled)
        assert (image.source, image.cryptomatte) == (source, layer)
        check(image, covered[layer])
    # The user knows better than a guess from the name.
    assert read(path, LabelSource.CRYPTO_ASSET, layer).source is LabelSource.CRYPTO_ASSET


def test_one_of_several_without_a_name(several) -> None:
    """Materials there is one of, so it needs no name; of objects either could be meant."""
    path, covered = several
    check(read(path, LabelSource.CRYPTO_MATERIAL), covered["crowd_material"])
    for source in (LabelSource.AUTO, LabelSource.CRYPTO_OBJECT):
        with pytest.raises(PassError, match=r"the Cryptomattes 'crew', 'props', .*choose one .*--cryptomatte NAME"):
            read(path, source)


def test_name_that_is_not_there(several) -> None:
    with pytest.raises(
        PassError, match=r"shot_0001\.exr has no Cryptomatte 'cast'; it has 'crew', 'crowd_material', 'props'"
    ):
        read(several[0], cryptomatte="cast")


def test_name_like_a_pass_comes_before_others(write_exr, tmp_path: Path) -> None:
    plain, free = coverages(1, ["a", "b"]), coverages(2, ["c", "d"])
    path = write_exr(
        tmp_path / "a.exr",
        channels_of("aa_ids", free) | channels_of("crypto_object", plain),
        attributes=header("aa_ids", "1", list(free)) | header("crypto_object", "2", list(plain)),
    )
    check(read(path), plain)
    check(read(path, cryptomatte="aa_ids"), free)


def test_view_layer_of_the_named_one(write_exr, tmp_path: Path) -> None:
    """Blender's own files: a name with the view layer chooses both."""
    covered = {layer: coverages(seed, [f"{layer} {n}" for n in range(2)]) for seed, layer in enumerate("AB")}
    channels: dict[str, Array] = {}
    attributes: dict[str, str] = {}
    for layer, names in covered.items():
        channels |= channels_of(f"{layer}.CryptoObject", names)
        channels[f"{layer}.Depth.Z"] = np.full((HEIGHT, WIDTH), ord(layer), np.float32)
        attributes |= header(f"{layer}.CryptoObject", layer, list(names))
    path = write_exr(tmp_path / "a.exr", channels, attributes=attributes)

    for layer in "AB":
        passes = Passes([PassFile(path)], cryptomatte=f"{layer}.CryptoObject")
        assert passes.view_layer == layer
        assert passes.read(Pass.DEPTH)[0, 0] == ord(layer)
        check(read_labels(passes, LabelSource.AUTO, cryptomatte=f"{layer}.CryptoObject"), covered[layer])


def test_unknown_conversion_is_an_error(write_exr, tmp_path: Path) -> None:
    attributes = header("ids", manifest="{}") | {"cryptomatte/0123abc/conversion": "uint32_to_half"}
    path = write_exr(tmp_path / "a.exr", channels_of("ids", coverages()), attributes=attributes)

    with pytest.raises(PassError, match=r"a\.exr stores the ids of ids with the unknown conversion 'uint32_to_half'"):
        read(path)


def test_level_that_is_missing(write_exr, tmp_path: Path) -> None:
    channels = {name: values for name, values in channels_of("ids", coverages()).items() if "ids00" not in name}
    path = write_exr(tmp_path / "a.exr", channels, attributes=header("ids"))

    with pytest.raises(PassError, match="lacks the channels ids00, though it has later ones of that"):
        read(path)


# --- Manifests --------------------------------------------------------------------------------------------------------


def test_without_a_manifest(write_exr, tmp_path: Path) -> None:
    """The ids in hexadecimal, those of the pixels."""
    covered = coverages()
    path = write_exr(
        tmp_path / "a.exr", channels_of("ids", covered), attributes=header("ids", conversion="uint32_to_float32")
    )

    image = read(path)

    assert image.notes == ()
    assert {image.name_of(int(label)) for label in np.unique(image.labels) if label} <= {
        f"{hash_name(name):08x}" for name in NAMES
    }
    assert image.name_of(hash_name("Cube.623")) == "ff1c6197"


def test_scene_record_names_what_no_manifest_names(write_exr, tmp_path: Path) -> None:
    """An id is the hash of a name, and the scene record has the names; also one whose id is flipped, and for parts."""
    covered = coverages(3, ["Cube", "Cube.623", "Helper"])
    materials = {"Paint": np.ones((HEIGHT, WIDTH), np.float32)}
    channels = channels_of("CryptoObject", covered) | channels_of("CryptoMaterial", materials)
    path = write_exr(tmp_path / "a.exr", channels)
    scene = plain_scene(
        SceneEntry("Cube", 0, "box"),
        SceneEntry("Cube.623", 0, "box"),
        SceneEntry("Helper", 0, None),
        width=WIDTH,
        height=HEIGHT,
        materials=entries_of(SceneEntry("Paint", 0, "coat")),
    )
    scene.write(tmp_path / "s.json")

    record = annotate(plain_job(path, tmp_path / "out", tmp_path / "s.json", parts=Parts.MATERIAL, **NO_IMAGES))

    assert [(one.name, one.category) for one in record.instances] == [("Cube", "box"), ("Cube.623", "box")]
    assert {part.name for one in record.instances for part in one.parts} == {"Paint"}
    assert record.notes == ()


@pytest.mark.parametrize("place", ["manifest.json", "names/of/shot.json", "names\\shot.json"])
def test_sidecar_manifest(write_exr, tmp_path: Path, place: str) -> None:
    covered = coverages()
    file = tmp_path / place.replace("\\", "/")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(manifest_text(), encoding="utf-8")
    path = write_exr(tmp_path / "a.exr", channels_of("ids", covered), attributes=header("ids", manif_file=place))

    image = read(path)

    check(image, covered)
    assert image.notes == ()
    assert image.sidecars == (Sidecar("a.exr", place, file.stat().st_size, file.stat().st_mtime_ns),)


@pytest.mark.parametrize(
    "place", ["../secret.json", "a/../../secret.json", "/etc/passwd", "C:\\secret.json", "..\\secret.json", "", "\0"]
)
def test_sidecar_outside_of_the_folder_is_not_read(write_exr, tmp_path: Path, place: str) -> None:
    (tmp_path / "secret.json").write_text(manifest_text(), encoding="utf-8")
    (tmp_path / "shots" / "a").mkdir(parents=True)
    attributes = header("ids", manif_file=place)
    path = write_exr(tmp_path / "shots" / "a.exr", channels_of("ids", coverages()), attributes=attributes)

    image = read(path)

    assert image.manifest == {}
    (note,) = image.notes
    assert note.endswith("so everything that it names is named by its id")


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege there")
def test_links_of_sidecars(write_exr, tmp_path: Path) -> None:
    """One that leads out of the folder is not read; where the EXR is a link as well, those next to its file are."""
    inside, outside = tmp_path / "shots", tmp_path / "store"
    inside.mkdir()
    outside.mkdir()
    attributes = header("ids", manif_file="m.json")
    (outside / "m.json").write_text(manifest_text(), encoding="utf-8")
    path = write_exr(inside / "a.exr", channels_of("ids", coverages()), attributes=attributes)
    (inside / "m.json").symlink_to(outside / "m.json")

    (note,) = read(path).notes
    assert note.startswith("The manifest 'm.json' of a.exr is outside the folder of that file and is not read, so")

    path.rename(outside / "a.exr")
    path.symlink_to(outside / "a.exr")
    assert read(path).manifest
    (inside / "m.json").unlink()
    (inside / "m.json").symlink_to(inside / "m.json")  # in a circle
    assert "is missing" in read(path).notes[0]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no pipes among its files")
def test_sidecar_that_is_a_pipe(write_exr, tmp_path: Path) -> None:
    path = write_exr(tmp_path / "a.exr", channels_of("ids", coverages()), attributes=header("ids", manif_file="m.json"))
    os.mkfifo(tmp_path / "m.json")
    with pytest.raises(PassError, match=r"m\.json: Not a regular file; check that it is a file"):
        read(path)


def test_sidecar_that_cannot_be_used(write_exr, tmp_path: Path) -> None:
    path = write_exr(tmp_path / "a.exr", channels_of("ids", coverages()), attributes=header("ids", manif_file="m.json"))

    assert read(path).notes == (
        "The manifest 'm.json' next to a.exr is missing, so everything that it names is named by its id",
    )
    (tmp_path / "m.json").write_bytes(b"\xff\xfe")
    with pytest.raises(PassError, match=r"m\.json is not UTF-8 text"):
        read(path)
    (tmp_path / "m.json").write_text("[1]", encoding="utf-8")
    with pytest.raises(PassError, match="manifest is damaged"):
        read(path)


def test_where_a_sidecar_lies() -> None:
    exr = Path("shots") / "a.exr"
    assert sidecar_path(exr, "m/n.json") == sidecar_path(exr, "m\\n.json") == Path("shots") / "m" / "n.json"
    for outside in ("", "..", "../m.json", "m/../../n.json", "/m.json", "C:m.json", "\\\\host\\share\\m.json"):
        assert sidecar_path(exr, outside) is None


def test_edited_sidecar_makes_the_record_out_of_date(write_exr, tmp_path: Path) -> None:
    """Also one that appears or goes; without any of it the record is kept."""
    sidecar = tmp_path / "m.json"
    sidecar.write_text(manifest_text(), encoding="utf-8")
    path = write_exr(tmp_path / "a.exr", channels_of("ids", coverages()), attributes=header("ids", manif_file="m.json"))
    job = plain_job(path, tmp_path / "out", **NO_IMAGES)
    record = annotate(job)
    assert {one.name for one in record.instances} >= {"Cube"}
    assert job.finished_record() == record

    sidecar.write_text(manifest_text().replace('"Cube"', '"Crate"'), encoding="utf-8")
    assert job.finished_record() is None
    record = annotate(job)
    assert {one.name for one in record.instances} >= {"Crate"}
    assert job.finished_record() == record

    sidecar.rename(tmp_path / "elsewhere.json")
    assert job.finished_record() is None
    record = annotate(job)
    assert any("'m.json' next to a.exr is missing" in note for note in record.notes)
    assert job.finished_record() == read_record_file(tmp_path / "out/records/a.json")

    (tmp_path / "elsewhere.json").rename(sidecar)
    assert job.finished_record() is None


# --- From end to end --------------------------------------------------------------------------------------------------


def test_record_of_another_renderers_frame(several, tmp_path: Path) -> None:
    """The record says which Cryptomatte was taken, and its instances are those of its manifest."""
    path, covered = several

    record = annotate(plain_job(path, tmp_path / "out", cryptomatte="props", **NO_IMAGES))

    assert (record.label_source, record.cryptomatte) == ("crypto_object", "props")
    assert {one.name for one in record.instances} <= set(covered["props"])
    background = 1 - sum(covered["props"].values())
    for one in record.instances:
        others = [coverage for name, coverage in covered["props"].items() if name != one.name]
        area = np.count_nonzero(covered["props"][one.name] >= np.max([*others, background], axis=0))
        assert one.mask.area <= area
    assert sum(one.mask.area for one in record.instances) == np.count_nonzero(
        np.max(list(covered["props"].values()), axis=0) >= background
    )


def test_command_line(several, tmp_path: Path) -> None:
    """From the command to COCO, with all three settings."""
    path, covered = several
    output = tmp_path / "out"
    arguments = [
        "--cryptomatte",
        "crew",
        "--soft-masks",
        "--parts",
        "material",
        "--no-pictures",
        "--image-format",
        "none",
    ]

    assert main(["annotate", str(path), "--output", str(output), *arguments, "--workers", "1"]) == 0
    assert main(["merge", str(output)]) == 0

    coco = COCO(output / "annotations/instances.json")
    assert {one["name"] for one in coco.dataset["annotations"]} <= set(covered["crew"])
    for one in coco.dataset["annotations"]:
        x, y, width, height = one["soft_mask"]["bbox"]
        with np.load(output / one["soft_mask"]["file_name"]) as arrays:
            exact = covered["crew"][one["name"]] * 255
            assert np.abs(arrays[one["soft_mask"]["array"]] - exact[y : y + height, x : x + width]).max() < 1.3
        assert {part["name"] for part in one["parts"]} <= set(covered["crowd_material"])
        assert sum(part["area"] for part in one["parts"]) <= one["area"]


def test_name_of_no_letters_is_made_up(write_exr, tmp_path: Path) -> None:
    """A category without a name would make the file of the dataset's categories unreadable for every later merge."""
    covered = coverages(names=("", "Ball"))
    attributes = header("ViewLayer.CryptoObject", names=("", "Ball"))
    channels = channels_of("ViewLayer.CryptoObject", covered)
    path, output = write_exr(tmp_path / "a_0001.exr", channels, attributes=attributes), tmp_path / "out"
    assert main(["annotate", str(path), "--output", str(output), "--no-pictures", "--workers", "1"]) == 0

    for _ in range(2):
        assert main(["merge", str(output)]) == 0
    coco = COCO(output / "annotations/instances.json")
    assert {one["name"] for one in coco.dataset["categories"]} == {f"{hash_name(''):08x}", "Ball"}


def test_names_listed_for_the_user(several) -> None:
    (listed,) = Passes([PassFile(several[0])]).overview()
    assert listed == ("", "", sorted(LAYERS, key=lambda name: re.sub("_.*", "", name) + name))
