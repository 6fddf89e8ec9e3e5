"""Names that hurt, from end to end: of objects and of files, in records, COCO, images and pictures."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image
from pycocotools.coco import COCO

from core.annotate.annotate import annotate
from core.base.dataset_folder import CATEGORIES_FILE, DESCRIPTION_FILE, INSTANCES_FILE
from core.exr.cryptomatte import hash_name
from core.frames.frame_files import find_frames
from core.records.frame_record import FrameRecord
from core.scene.scene_record import SceneEntry, SceneRecord, scene_path
from core.settings.category_table import Category
from core.settings.settings import LabelSource
from tests.builders import entries_of, plain_job, plain_scene, read_record, record_files, record_path
from tests.core.datasets import files_in, write_coco_file

ROOT = Path(__file__).resolve().parents[3]
SIDE = 8  # pixels of the square that each object fills

HARD = {
    "quotes": "He said \"hi\" and 'bye'",
    "slash": "a/b",
    "up": "../../etc/passwd",
    "backslash": "back\\slash",
    "escape": "no\\nescape \\u00fc",
    "trailing backslash": "a\\",
    "newline": "two\nlines\r\nand more",
    "tab": "tab\there",
    "umlaut": "Würfel",
    "decomposed": "Wu\u0308rfel",
    "Japanese": "立方体",
    "Hebrew": "קובייה",
    "emoji": "🚗💨 car",
    "joined emoji": "👩\u200d🚀",
    "beyond": "\U0010ffff",
    "leading dot": ".hidden",
    "two dots": "..",
    "leading space": " leading",
    "trailing space": "trailing ",
    "only space": " ",
    "JSON": '{"a": [1, null]}',
    "comma": '"a", "b"',
    "percent": "100% %s %(x)s {0} {x}",
    "glob": "[ab]*?",
    "shell": "$HOME `id` ; rm -rf ~ &",
    "HTML": "<b>&amp;</b>",
    "digits": "0012",
    "copy": "Ball.001",
    "control": "\x01\x1b[31mred\x7f",
    "separators": "a\u2028b\u0085c",
    "long": "x" * 63,
}


# --- Objects ----------------------------------------------------------------------------------------------------------

ROW = 6


def squares(values: list[float]) -> npt.NDArray[np.float32]:
    """An image of squares, each with a value, in rows of `ROW`."""
    rows = -(-len(values) // ROW)
    cells = np.zeros((rows, ROW), np.float32)
    cells.ravel()[: len(values)] = values
    return np.repeat(np.repeat(cells, SIDE, axis=0), SIDE, axis=1)


def as_floats(ids: list[int]) -> list[float]:
    return np.array(ids, np.uint32).view(np.float32).tolist()


def unescaped(names: list[str]) -> str:
    """A manifest as Blender writes it, which is no JSON."""
    return "{" + ",".join(f'"{name}":"{hash_name(name):08x}"' for name in names) + "}"


def escaped(names: list[str]) -> str:
    """A manifest as the specification wants it."""
    return json.dumps({name: f"{hash_name(name):08x}" for name in names})


@pytest.fixture
def write_frame(write_exr):
    """Write a frame with a square for each object: path, names, the text of the manifest."""

    def write(path: Path, names: list[str], manifest: str) -> Path:
        index = squares([float(number) for number in range(1, len(names) + 1)])
        id = squares(as_floats([hash_name(name) for name in names]))
        nothing = np.zeros_like(id)
        channels = {f"L.Combined.{letter}": nothing + 0.5 for letter in "RGBA"}
        channels |= {"L.Depth.Z": nothing + 3, "L.IndexOB.X": index}
        channels |= {"L.CryptoObject00.r": id, "L.CryptoObject00.g": (id != 0).astype(np.float32)}
        channels |= {f"L.CryptoObject00.{letter}": nothing for letter in "ba"}
        attributes = {"cryptomatte/0123456/name": "L.CryptoObject", "cryptomatte/0123456/manifest": manifest}
        return write_exr(path, channels, attributes=attributes)

    return write


def scene_of(names: list[str], height: int, width: int) -> SceneRecord:
    """Each object is of a category that is called like it."""
    categories = tuple(Category(f"kind of {name}", None, name) for name in names)
    entries = (SceneEntry(name, number, f"kind of {name}") for number, name in enumerate(names, start=1))
    objects = entries_of(*entries, categories=categories)
    return plain_scene(scene=names[0], width=width, height=height, objects=objects)


def check_coco(output: Path, record: FrameRecord, boxes: dict[str, list[int]]) -> list[dict[str, Any]]:
    """Merge a record; pycocotools finds each name at its square. Returns the categories."""
    write_coco_file(output)
    coco = COCO(str(output / INSTANCES_FILE))
    (image,) = coco.loadImgs(coco.getImgIds())
    assert image["file_name"] == record.image
    assert (output / image["file_name"]).is_file()
    rows = coco.loadAnns(coco.getAnnIds())
    assert {row["name"]: row["bbox"] for row in rows} == boxes
    names = {category["id"]: category["name"] for category in coco.loadCats(coco.getCatIds())}
    by_name = {instance.name: instance.category for instance in record.instances}
    for row in rows:
        assert coco.annToMask(row).sum() == SIDE * SIDE
        assert names[row["category_id"]] == by_name[row["name"]]
    return coco.loadCats(coco.getCatIds())


def expected_boxes(names: list[str]) -> dict[str, list[int]]:
    return {name: [number % ROW * SIDE, number // ROW * SIDE, SIDE, SIDE] for number, name in enumerate(names)}


@pytest.mark.parametrize("source", [LabelSource.OBJECT_INDEX, LabelSource.CRYPTO_OBJECT], ids=str)
@pytest.mark.parametrize("manifest", [unescaped, escaped])
def test_objects_of_a_scene(write_frame, tmp_path: Path, source: LabelSource, manifest) -> None:
    names = list(HARD.values())
    write_frame(tmp_path / "r" / "f_0001.exr", names, manifest(names))
    (frame,) = find_frames([tmp_path / "r"])
    height, width = squares([1.0] * len(names)).shape
    scene = tmp_path / "scene.json"
    scene_of(names, height, width).write(scene)
    assert SceneRecord.read(scene) == scene_of(names, height, width)

    record = annotate(plain_job(frame, tmp_path / "out", scene, labels=source))

    assert read_record(tmp_path / "out", "f_0001") == record
    assert record.notes == ()
    assert {instance.name: instance.category for instance in record.instances} == {
        name: f"kind of {name}" for name in names
    }
    categories = check_coco(tmp_path / "out", record, expected_boxes(names))
    assert {category["name"]: category["supercategory"] for category in categories} == {
        f"kind of {name}": name for name in names
    }
    for picture in record.pictures:
        with Image.open(tmp_path / "out" / picture) as drawn:
            assert drawn.height == height


@pytest.mark.parametrize("manifest", [unescaped, escaped])
def test_objects_of_the_manifest_alone(write_frame, tmp_path: Path, manifest) -> None:
    names = list(HARD.values())
    write_frame(tmp_path / "r" / "f_0001.exr", names, manifest(names))
    (frame,) = find_frames([tmp_path / "r"])

    record = annotate(plain_job(frame, tmp_path / "out", labels=LabelSource.CRYPTO_OBJECT))

    assert read_record(tmp_path / "out", "f_0001") == record
    assert {instance.name: instance.category for instance in record.instances} == {
        name: "Ball" if name == "Ball.001" else name for name in names
    }
    check_coco(tmp_path / "out", record, expected_boxes(names))


@pytest.mark.parametrize("name", HARD.values(), ids=HARD)
def test_each_name_alone(write_frame, tmp_path: Path, name: str) -> None:
    """So that no name needs the punctuation of its neighbours to be found in the manifest."""
    write_frame(tmp_path / "f_0001.exr", [name], unescaped([name]))
    (frame,) = find_frames([tmp_path / "f_0001.exr"])

    record = annotate(plain_job(frame, tmp_path / "out", labels=LabelSource.CRYPTO_OBJECT))

    assert [instance.name for instance in record.instances] == [name]
    check_coco(tmp_path / "out", record, expected_boxes([name]))


def test_rendered_names(data: Path, version: str, facts, tmp_path: Path) -> None:
    """The names that Blender itself wrote into the files, newline and all."""
    (frame,) = find_frames([data / version / "multilayer_0001.exr"])

    record = annotate(plain_job(frame, tmp_path, labels=LabelSource.CRYPTO_OBJECT))

    seen = {thing["name"] for thing in facts["objects"]} - {"Ball.Hidden"}
    assert {instance.name for instance in record.instances} == seen
    write_coco_file(tmp_path)
    coco = COCO(str(tmp_path / INSTANCES_FILE))
    assert {row["name"] for row in coco.loadAnns(coco.getAnnIds())} == seen


# --- Files ------------------------------------------------------------------------------------------------------------

# No file name can hold these, or is these.
FILES = {kind: name for kind, name in HARD.items() if "/" not in name and name != ".."}
FILES |= {
    "dots": "a.b..c",
    "tilde": "~",
    "dash": "-rf",
    "option": "--help",
    "record": "x.json",
    "long": "x" * 180,
}


@pytest.fixture
def small_frame(write_exr, tmp_path: Path) -> Path:
    """A frame of one object, 3x2 pixels in the corner of 12x10."""
    index = np.zeros((10, 12), np.float32)
    index[:2, :3] = 5
    channels = {f"L.Combined.{letter}": index * 0 + 0.5 for letter in "RGBA"}
    return write_exr(tmp_path / "small.exr", {**channels, "L.Depth.Z": index + 1, "L.IndexOB.X": index})


def expected_files(frame: str) -> set[str]:
    return {
        f"records/{frame}.json",
        f"images/{frame}.png",
        f"pictures/boxes/{frame}.png",
        f"pictures/depth/{frame}.png",
    }


@pytest.mark.parametrize("name", FILES.values(), ids=FILES)
def test_file_by_its_name(small_frame: Path, tmp_path: Path, name: str) -> None:
    path = tmp_path / "renders" / f"{name}_0007.exr"
    path.parent.mkdir()
    shutil.copy(small_frame, path)

    (frame,) = find_frames([path])
    record = annotate(plain_job(frame, tmp_path / "out"))

    assert (frame.frame, frame.path) == (7, f"{name}_0007")
    assert files_in(tmp_path / "out") == expected_files(f"{name}_0007")
    assert list(record_files(tmp_path / "out")) == [record_path(tmp_path / "out", frame.path)]
    assert read_record(tmp_path / "out", frame.path) == record
    write_coco_file(tmp_path / "out")
    coco = COCO(str(tmp_path / "out" / INSTANCES_FILE))
    (image,) = coco.loadImgs(coco.getImgIds())
    assert image["file_name"] == f"images/{name}_0007.png"
    with Image.open(tmp_path / "out" / image["file_name"]) as opened:
        assert opened.size == (12, 10)
    (row,) = coco.loadAnns(coco.getAnnIds())
    assert row["bbox"] == [0, 0, 3, 2]


def annotate_and_merge(frames: Path, output: Path) -> None:
    """By the command line, in processes of their own."""
    for command in (["annotate", frames, "--output", output], ["merge", output]):
        run = subprocess.run([sys.executable, "-m", "core", *command], cwd=ROOT, capture_output=True)
        assert (run.returncode, run.stdout.count(b"Failed")) == (0, 0), run.stdout[-2000:] + run.stderr[-2000:]


def test_file_name_that_is_no_text(small_frame: Path, tmp_path: Path) -> None:
    """On Linux a name is bytes; OpenEXR kills the process over a name that is not UTF-8, so it must not be asked."""
    name = os.fsdecode(b"caf\xe9_0007")
    path = tmp_path / "renders" / f"{name}.exr"
    path.parent.mkdir()
    shutil.copy(small_frame, path)

    annotate_and_merge(path, tmp_path / "out")

    assert files_in(tmp_path / "out") == {
        *expected_files(name), INSTANCES_FILE, CATEGORIES_FILE, DESCRIPTION_FILE,
    }  # fmt: skip
    (image,) = json.loads((tmp_path / "out" / INSTANCES_FILE).read_bytes())["images"]
    assert image["file_name"] == f"images/{name}.png"


def test_folders_of_all_these_names_through_the_worker(small_frame: Path, tmp_path: Path) -> None:
    """Through the command line and the pipes to a worker, with a scene record for each frame."""
    visible = {kind: name for kind, name in FILES.items() if not name.startswith(".") and kind != "long"}
    frames = set()
    for name in visible.values():
        path = tmp_path / "renders" / name / f"{name}_0007.exr"
        path.parent.mkdir(parents=True)
        shutil.copy(small_frame, path)
        scene = plain_scene(SceneEntry(name, 5, "thing"), frame=7, width=12, height=10)
        scene.write(scene_path(tmp_path / "out" / "scenes", f"{name}/{name}_0007"))
        frames.add(f"{name}/{name}_0007")

    annotate_and_merge(tmp_path / "renders", tmp_path / "out")

    coco = COCO(str(tmp_path / "out" / INSTANCES_FILE))
    images = {image["id"]: image for image in coco.loadImgs(coco.getImgIds())}
    assert {image["file_name"] for image in images.values()} == {f"images/{frame}.png" for frame in frames}
    assert all((tmp_path / "out" / image["file_name"]).is_file() for image in images.values())
    rows = coco.loadAnns(coco.getAnnIds())
    assert {images[row["image_id"]]["sequence"]: row["name"] for row in rows} == {
        name: name for name in visible.values()
    }
