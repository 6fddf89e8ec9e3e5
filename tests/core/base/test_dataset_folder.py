"""Where the files of a dataset are, and that nothing else knows it."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.base import dataset_folder
from core.base.dataset_folder import (
    FRAME_FOLDERS,
    DatasetFolder,
    former_soft_masks_folder,
    frame_of_image,
    image_file,
    image_in_images,
    is_file_of_frame,
    levels_below_dataset,
    map_file,
    merge_record_file,
    preview_file,
    soft_masks_file,
    top_folder,
)
from core.settings.format_table import DatasetFormat
from core.settings.map_table import DenseMap

CHECKOUT = Path(__file__).resolve().parents[3]
FRAME = "shots/a/0001"


def test_places() -> None:
    """As docs/formats.md lists them; users have datasets with these names."""
    dataset = DatasetFolder(Path("data"))
    places = [
        dataset.instances, dataset.categories, dataset.description, dataset.sequences, dataset.records, dataset.scenes,
        dataset.merge_record(FRAME), dataset.cameras("shots/a"), dataset.file(preview_file("boxes", FRAME)),
    ]  # fmt: skip
    assert [path.as_posix() for path in places] == [
        "data/annotations/instances.json",
        "data/categories.json",
        "data/dataset.json",
        "data/sequences.json",
        "data/records",
        "data/scenes",
        "data/later_maps/shots/a/0001.json",
        "data/cameras/shots/a",
        "data/pictures/boxes/shots/a/0001.png",
    ]
    assert str(dataset) == "data"


@pytest.mark.parametrize("frame", [FRAME, "0001", "with.dots.0001"])
def test_the_frame_of_an_image(frame: str) -> None:
    assert frame_of_image(image_file(frame, ".png")) == frame
    assert image_in_images(image_file(frame, ".jpg")) == f"{frame}.jpg"


@pytest.mark.parametrize("file", ["images", "images/", "pictures/boxes/0001.png", "a/images/0001.png", ""])
def test_what_is_no_training_image(file: str) -> None:
    assert frame_of_image(file) == ""


def test_files_of_a_frame() -> None:
    files = {
        image_file(FRAME, ".png"): "images",
        preview_file("depth", FRAME): "pictures/depth",
        map_file("normals", FRAME, ".npy"): "maps/normals",
        soft_masks_file(FRAME): "soft_masks",
        f"{former_soft_masks_folder(FRAME)}/0001.png": "soft_masks",
        merge_record_file(FRAME): "later_maps",
    }
    assert {file: top_folder(file) for file in files} == files
    assert all(map(is_file_of_frame, files))
    assert {folder.partition("/")[0] for folder in files.values()} == set(FRAME_FOLDERS)
    for other in ("", "records/0001.json", "../images/0001.png", "images/../records/0001.json", "/images/0001.png"):
        assert not is_file_of_frame(other)


def test_levels_of_cameras() -> None:
    """From a sequence's cameras so many folders up is the dataset."""
    for sequence in ("", "a", "a/b"):
        inside = DatasetFolder(Path("data")).cameras(sequence).relative_to("data")
        assert levels_below_dataset(sequence) == len(inside.parts)


def test_every_map_has_a_folder_of_its_kind() -> None:
    assert all(map.path(FRAME) == f"maps/{map.kind.value}/{FRAME}.{map.value.rpartition('_')[2]}" for map in DenseMap)


# --- Nothing else knows the names -------------------------------------------------------------------------------------

FOLDERS = (
    "annotations", "cameras", "exports", "images", "later_maps", "maps", "pictures", "records", "scenes", "soft_masks",
)  # fmt: skip
# The words of dataset.json and the patterns of the table of formats; neither is used as a path.
PATTERNS = {"records/*.json", *(format.files for format in DatasetFormat)}


def names_in(path: Path) -> Iterator[str]:
    """Texts that begin as files of a dataset do, and folders that are put behind a path."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        behind = node.right if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div) else None
        if isinstance(behind, ast.Constant) and behind.value in FOLDERS:
            yield str(behind.value)
        is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
        if is_text and re.match(rf"({'|'.join(FOLDERS)})/[^ ]", node.value) and node.value not in PATTERNS:
            yield node.value


def test_nothing_else_knows_the_names() -> None:
    home = Path(dataset_folder.__file__)
    assert list(names_in(home)), "the search finds what it looks for"
    sources = [path for folder in ("core", "operators", "panels") for path in (CHECKOUT / folder).rglob("*.py")]
    # Those of an export are of its format, which has names of its own.
    sources = [path for path in sources if CHECKOUT / "core/exports" not in path.parents]
    assert {path: names for path in sources if path != home and (names := list(names_in(path)))} == {}
