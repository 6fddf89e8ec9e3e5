"""What no format may stumble over: names, images of other kinds, a split without instances, ten thousand instances."""

import io
import json
import tarfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet
import pytest

from core.base.dataset_folder import DatasetFolder
from core.checks.files.exported_formats import check_exports
from core.dataset.export import Exported, export
from core.dataset.splits import Splits
from core.settings.export_table import ExportFormat
from core.settings.settings import Settings, SplitBy
from tests.builders import plain_record
from tests.core.made_up import MadeUpFrame, rich_frame, rich_frames, write_rich_frames

ALL = tuple(ExportFormat)
EMBEDDING = (ExportFormat.PARQUET, ExportFormat.WEBDATASET)
NAMES = ("shot.1", "a b, 'c' #1", "é東", "n" * 200, "__x", "%20&<y>")


def _images_within(folder: Path) -> list[bytes]:
    """Of formats that hold images within other files."""
    found = []
    for path in folder.rglob("*.tar"):
        with tarfile.open(path) as tar:
            members = [one for one in tar if not one.name.endswith((".json", ".mask.png"))]
            found += [tar.extractfile(one).read() for one in members]  # type: ignore[union-attr]
    for path in folder.rglob("*.parquet"):
        found += [row["bytes"] for row in pyarrow.parquet.read_table(path)["image"].to_pylist()]
    return found


def _odd(made: MadeUpFrame, place: int) -> MadeUpFrame:
    names = {"name": f"{NAMES[place % len(NAMES)]}_{place:04}"[-200:], "sequence": f"{made.sequence} é.v2"}
    return replace(made, **names, suffix=(".png", ".jpg")[place % 2], grey=place % 3 == 0)


def _all_exported(dataset: Path, **settings: Any) -> Exported:
    """In all formats at once; nothing of them contradicts the records."""
    done = export(dataset, Settings(formats=ALL, split_by=SplitBy.SEQUENCE, **settings))
    assert [text for _, problems in check_exports(DatasetFolder(dataset), None) for text in problems] == []
    return done


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Exported]:
    dataset = tmp_path_factory.mktemp("odd")
    write_rich_frames(dataset, [_odd(made, place) for place, made in enumerate(rich_frames(12))])
    return dataset, _all_exported(dataset)


@pytest.mark.parametrize("format", ALL)
def test_names_and_kinds_of_images(odd: tuple[Path, Exported], format: ExportFormat) -> None:
    """Each image is there once, whatever it is called and of whichever kind it is."""
    dataset, done = odd
    originals = [path for path in (dataset / "images").rglob("*") if path.is_file()]
    assert done.frames == len(originals) == 12
    if format in EMBEDDING:
        assert sorted(_images_within(done.folders[format])) == sorted(path.read_bytes() for path in originals)
    else:
        inodes = [path.stat().st_ino for path in done.folders[format].rglob("*") if path.is_file()]
        assert [inodes.count(path.stat().st_ino) for path in originals] == [1] * 12


def test_a_split_without_instances(tmp_path: Path) -> None:
    """All frames of val are empty, which is no reason to leave them out or to fail."""
    seed = next(seed for seed in count() if {_split("walk", seed), _split("run", seed)} == {"train", "val"})
    frames = rich_frames(10)
    for place, made in enumerate(frames):
        if _split(made.sequence, seed) == "val":
            frames[place] = rich_frame(np.zeros_like(made.labels), made.sequence, made.frame)
    write_rich_frames(tmp_path, frames)
    done = _all_exported(tmp_path, split_seed=seed)

    assert (done.frames, done.split_sizes) == (10, {"train": 5, "val": 5})
    originals = {path.stat().st_ino for path in (tmp_path / "images").rglob("*.png")}
    for format in set(ALL) - set(EMBEDDING):
        assert originals <= {path.stat().st_ino for path in done.folders[format].rglob("*") if path.is_file()}
    for format in EMBEDDING:
        assert len(_images_within(done.folders[format])) == 10


def _split(sequence: str, seed: int) -> str:
    settings = Settings(split_seed=seed, split_by=SplitBy.SEQUENCE)
    return Splits.of_settings(settings).of(plain_record(sequence=sequence))


@pytest.fixture(scope="module")
def ten_thousand(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    """A frame in which each pixel is an instance."""
    dataset = tmp_path_factory.mktemp("ten_thousand")
    labels = np.arange(1, 10_001, dtype=np.uint32).reshape(100, 100)
    write_rich_frames(dataset, [rich_frame(labels, "many", 1)])
    return export(dataset, Settings(formats=tuple(COUNTS), split_by=SplitBy.SEQUENCE))


@pytest.mark.parametrize("format", ALL)
def test_ten_thousand_instances(ten_thousand: Exported, format: ExportFormat) -> None:
    """Each is written, but those that the format cannot hold, which are counted."""
    if format not in COUNTS:
        assert format in WITHOUT_INSTANCES
        return
    expected = EXPECTED.get(format, 10_000)
    assert COUNTS[format](ten_thousand.folders[format]) == expected
    assert expected == 10_000 or ten_thousand.losses[format]


def _rows(pattern: str) -> Callable[[Path], int]:
    return lambda folder: sum(len(path.read_text("utf-8").splitlines()) for path in folder.glob(pattern))


def _texts(pattern: str, text: str) -> Callable[[Path], int]:
    return lambda folder: sum(path.read_text("utf-8").count(text) for path in folder.glob(pattern))


def _annotations(pattern: str) -> Callable[[Path], int]:
    return lambda folder: sum(len(json.loads(path.read_text())["annotations"]) for path in folder.glob(pattern))


def _segments(folder: Path) -> int:
    rows = [row for path in folder.glob("annotations/*.json") for row in json.loads(path.read_text())["annotations"]]
    return sum(len(row["segments_info"]) for row in rows)


def _objects(folder: Path) -> int:
    rows = [
        row for path in folder.rglob("*.parquet") for row in pyarrow.parquet.read_table(path)["objects"].to_pylist()
    ]
    return sum(len(row["bbox"]) for row in rows)


def _objects_in_tars(folder: Path) -> int:
    found = 0
    for path in folder.rglob("*.tar"):
        with tarfile.open(path) as tar:
            rows = [tar.extractfile(one).read() for one in tar if one.name.endswith(".json")]  # type: ignore[union-attr]
        found += sum(len(json.load(io.BytesIO(row))["objects"]["bbox"]) for row in rows)
    return found


def _poses(folder: Path) -> int:
    tables = [json.loads(path.read_text()) for path in folder.rglob("scene_gt.json")]
    return sum(len(rows) for table in tables for rows in table.values())


COUNTS: Mapping[ExportFormat, Callable[[Path], int]] = {
    ExportFormat.COCO: _annotations("annotations/*.json"),
    ExportFormat.COCO_KEYPOINTS: _annotations("annotations/*.json"),
    ExportFormat.LVIS: _annotations("annotations/*.json"),
    ExportFormat.ROBOFLOW: _annotations("*/*.json"),
    ExportFormat.COCO_PANOPTIC: _segments,
    ExportFormat.YOLO_DETECT: _rows("labels/*/*.txt"),
    ExportFormat.YOLO_SEGMENT: _rows("labels/*/*.txt"),
    ExportFormat.YOLO_POSE: _rows("labels/*/*.txt"),
    ExportFormat.YOLO_OBB: _rows("labels/*/*.txt"),
    ExportFormat.VOC: _texts("Annotations/*.xml", "<object>"),
    ExportFormat.KITTI: _rows("training/label_2/*.txt"),
    ExportFormat.HUGGINGFACE: _objects,
    ExportFormat.PARQUET: _objects,
    ExportFormat.WEBDATASET: _objects_in_tars,
    ExportFormat.MOT: _rows("**/gt.txt"),
    ExportFormat.MOTS: _rows("**/gt.txt"),
    ExportFormat.CVAT: _texts("*.xml", "<mask "),
    ExportFormat.BOP: _poses,
}
# Half of them are of the category that has keypoints. MOTS has ids for 999 of a category, and of those of the scored
# one that get none it makes a region to ignore.
EXPECTED = {
    ExportFormat.YOLO_POSE: 5_000,
    ExportFormat.COCO_KEYPOINTS: 5_000,
    ExportFormat.MOTS: 2 * 999 + 1,
}
WITHOUT_INSTANCES = (ExportFormat.YOLO_DEPTH, ExportFormat.TUM)
