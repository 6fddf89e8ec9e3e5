"""ImageFolder and Parquet, as pyarrow reads them; tests/readers has what Hugging Face Datasets reads."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet
import pytest
from pycocotools import mask as coco_masks

import core.exports.tables.cells
import core.exports.tables.parquet_file
from core.base.errors import UsageError
from core.dataset.splits import Splits
from core.records.frame_record import FrameRecord
from core.settings import export_table
from core.settings.category_table import Category
from core.settings.export_table import ExportFormat
from core.settings.settings import Media, Settings
from tests.core.datasets import bytes_in, files_in
from tests.core.made_up import (
    CATEGORIES,
    MadeUpFrame,
    exported,
    random_labels,
    several_frames,
    unusual_frames,
    write_made_up,
)

HUGGINGFACE, PARQUET = ExportFormat.HUGGINGFACE, ExportFormat.PARQUET
BOTH = pytest.mark.parametrize("format", [HUGGINGFACE, PARQUET])
NAMES = [category.name for category in sorted(CATEGORIES, key=lambda category: category.id or 0)]


def rows_of(dataset: Path, format: ExportFormat, split: str) -> list[dict[str, Any]]:
    files = sorted((dataset / "exports" / format / split).glob("*.parquet"))
    return [row for file in files for row in pyarrow.parquet.read_table(file).to_pylist()]


def image_of(row: dict[str, Any], folder: Path) -> bytes:
    if "image" in row:
        data: bytes = row["image"]["bytes"]
        return data
    assert Path(row["file_name"]).suffixes == [Path(row["file_name"]).suffix]  # no other dot
    return (folder / row["file_name"]).read_bytes()


def check_shapes(column: dict[str, list[Any]], wanted: list[tuple[Any, str]]) -> None:
    assert len({len(values) for values in column.values()}) == 1
    assert [NAMES[number] for number in column["category"]] == [name for _, name in wanted]
    assert column["name"] == [one.name for one, _ in wanted]
    for box, area, segmentation, (one, _) in zip(
        column["bbox"], column["area"], column["segmentation"], wanted, strict=True
    ):
        assert box == [one.mask.box.x0, one.mask.box.y0, one.mask.box.width, one.mask.box.height]
        assert coco_masks.toBbox(segmentation).tolist() == box
        assert coco_masks.area(segmentation) == area == one.mask.area


@BOTH
def test_what_is_in_it(tmp_path: Path, format: ExportFormat) -> None:
    records = write_made_up(tmp_path, [*several_frames(12), *unusual_frames()])
    exported(tmp_path, format)
    splits = Splits.of_settings(Settings())
    for split in splits.names:
        wanted: list[FrameRecord] = [record for record in records if splits.of(record) == split]
        for row, record in zip(rows_of(tmp_path, format, split), wanted, strict=True):
            image = (tmp_path / record.image).read_bytes()
            assert image_of(row, tmp_path / "exports" / format / split) == image
            assert (row["width"], row["height"]) == (record.width, record.height)
            assert (row["sequence"], row["frame"]) == (record.sequence, record.frame)
            check_shapes(row["objects"], [(one, one.category) for one in record.instances])
            of_all = [(one, name) for one in record.ignored for name in ([one.category] if one.category else NAMES)]
            check_shapes(row["ignored"], of_all)


@BOTH
def test_types_do_not_depend_on_what_is_there(tmp_path: Path, format: ExportFormat) -> None:
    """A split of empty frames has the same schema, with the categories in the order of their ids."""
    empty = [MadeUpFrame(np.zeros((4, 4), np.uint32), f"e{number}", "", number) for number in range(3)]
    full = [MadeUpFrame(random_labels(number), f"f{number}", "", number) for number in range(3)]
    schemas = []
    for name, frames in ("empty", empty), ("full", full):
        write_made_up(tmp_path / name, frames)
        exported(tmp_path / name, format, splits="train=1")
        (file,) = (tmp_path / name / "exports" / format).rglob("*.parquet")
        schemas.append(pyarrow.parquet.read_schema(file))
    features = json.loads(schemas[0].metadata[b"huggingface"])["info"]["features"]

    assert schemas[0].equals(schemas[1], check_metadata=True)
    assert features["objects"]["category"] == [{"names": NAMES, "_type": "ClassLabel"}]
    assert list(features) == schemas[0].names


def test_parquet_is_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Into shards, and these into row groups, so that no more than a row group is in memory."""
    monkeypatch.setattr(core.exports.tables.cells, "MOST_FRAMES", 5)
    monkeypatch.setattr(core.exports.tables.parquet_file, "_MOST_ROWS", 2)
    write_made_up(tmp_path, several_frames(40))
    exported(tmp_path, PARQUET, splits="train=1")
    folder = tmp_path / "exports/parquet/train"
    groups = []
    for file in sorted(folder.iterdir()):
        with pyarrow.parquet.ParquetFile(file) as opened:
            found = [opened.metadata.row_group(number).num_rows for number in range(opened.num_row_groups)]
        groups.append(found)

    names = [path.name for path in sorted(folder.iterdir())]
    assert names == [f"train-{number:06}.parquet" for number in range(len(groups))]
    sizes = [sum(rows) for rows in groups]
    assert sum(sizes) == 40 and max(sizes) == 5
    assert groups == [[2] * (size // 2) + [1] * (size % 2) for size in sizes]
    first = bytes_in(folder)
    shutil.rmtree(folder.parent)
    exported(tmp_path, PARQUET, splits="train=1")
    assert bytes_in(folder) == first
    shutil.rmtree(folder.parent)
    monkeypatch.setattr(core.exports.tables.parquet_file, "_MOST_BYTES", 1)
    exported(tmp_path, PARQUET, splits="train=1")
    for name, size in zip(names, sizes, strict=True):
        with pyarrow.parquet.ParquetFile(folder / name) as opened:
            assert opened.num_row_groups == size


@BOTH
def test_without_images_and_without_frames(tmp_path: Path, format: ExportFormat) -> None:
    """A split without rows is left out, since a reader would fail at it."""
    records = write_made_up(tmp_path, several_frames(4))
    exported(tmp_path, format, splits="train=1,never-seen=0.000001", media=Media.NONE)
    others = {"LABELPASS.md", "README.md", "export.json", "shards.json"}
    (table,) = files_in(tmp_path / "exports" / format) - others
    rows = rows_of(tmp_path, format, "train")

    assert table.startswith("train/")
    assert "never" not in (tmp_path / "exports" / format / "README.md").read_text()
    if format is PARQUET:
        assert [row["image"] for row in rows] == [{"bytes": None, "path": record.image} for record in records]


@BOTH
def test_unusual_names_and_many_instances(tmp_path: Path, format: ExportFormat) -> None:
    labels = np.arange(1, 10001, dtype=np.uint32).reshape(100, 100)
    names = ["n" * 201, "not utf-8 \udce9", "clip.mp4.0001", "__hidden"]
    frames = [MadeUpFrame(labels, name, "", number) for number, name in enumerate(names)]
    write_made_up(tmp_path, frames, [Category("grain", 9)])
    exported(tmp_path, format, splits="train=1")
    rows = rows_of(tmp_path, format, "train")

    assert [len(row["objects"]["id"]) for row in rows] == [10000] * 4
    assert all(image_of(row, tmp_path / "exports" / format / "train") for row in rows)


@BOTH
def test_without_pyarrow(tmp_path: Path, format: ExportFormat, monkeypatch: pytest.MonkeyPatch) -> None:
    write_made_up(tmp_path, several_frames(2))
    assert export_table._missing("no_such_package") == "no_such_package"
    monkeypatch.setattr(export_table, "_missing", lambda package: package)
    with pytest.raises(UsageError, match=r"needs the Python package pyarrow, .+ install it with 'pip install pyarrow'"):
        exported(tmp_path, format)
    exported(tmp_path, ExportFormat.WEBDATASET)

    assert {path.name for path in (tmp_path / "exports").iterdir()} == {"webdataset"}
