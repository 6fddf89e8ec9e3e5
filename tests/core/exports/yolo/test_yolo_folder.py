"""What all YOLO formats share: data.yaml, splits, names, and what is said of what readers leave out."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.base.errors import UsageError
from core.dataset.splits import Splits
from core.exports.file_names import file_name
from core.settings.category_table import Category
from core.settings.export_table import ExportFormat
from core.settings.settings import Media, Settings
from tests.core.data_yaml import read_data_yaml
from tests.core.datasets import files_in
from tests.core.made_up import (
    CATEGORIES,
    MadeUpFrame,
    exported,
    random_labels,
    several_frames,
    unusual_frames,
    write_made_up,
    write_rich,
)

LABELLED = (ExportFormat.YOLO_DETECT, ExportFormat.YOLO_SEGMENT, ExportFormat.YOLO_OBB)
FORMATS = (*LABELLED, ExportFormat.YOLO_POSE, ExportFormat.YOLO_DEPTH)


def data_of(dataset: Path, format: ExportFormat) -> Any:
    return read_data_yaml(dataset / f"exports/{format}/data.yaml")


@pytest.mark.parametrize("format", LABELLED)
def test_layout(tmp_path: Path, format: ExportFormat) -> None:
    """A text file for each image, also for empty ones, with names that differ in their folder and suffix only."""
    records = write_made_up(tmp_path, [*several_frames(), *unusual_frames()])
    exported(tmp_path, format, splits="train=60,val=20,test=20")
    splits = Splits.of_settings(Settings(splits="train=60,val=20,test=20"))
    folder = tmp_path / "exports" / format
    wanted = {"LABELPASS.md", "export.json", "data.yaml"}
    for record in records:
        name = f"{splits.of(record)}/{file_name(record.path)}"
        wanted |= {f"images/{name}{Path(record.image).suffix}", f"labels/{name}.txt"}
        rows = (folder / f"labels/{name}.txt").read_text().splitlines()
        assert [row.split()[0] for row in rows] == [
            str(
                sorted(CATEGORIES, key=lambda one: one.id or 0).index(next(c for c in CATEGORIES if c.name == category))
            )
            for category in (one.category for one in record.instances)
        ]

    assert files_in(folder) == wanted


@pytest.mark.parametrize("format", FORMATS)
def test_data_yaml(tmp_path: Path, format: ExportFormat) -> None:
    write_rich(tmp_path)
    exported(tmp_path, format)
    data = data_of(tmp_path, format)

    assert (data["train"], data["val"]) == ("images/train", "images/val")
    assert "path" not in data, "readers take the folder that it is in"


def test_names_that_no_yaml_likes(tmp_path: Path) -> None:
    """Line breaks of Unicode, emoji, and what looks like a number or a key, in ASCII and one line each."""
    names = [
        "on",
        "1",
        "a: b",
        "- c",
        'say "hi" \\ #no',
        "Straße 東京",
        "\U0001f40e",
        "line\u2028break\x85\t",
        "x" * 200,
    ]
    table = [Category(name, 10 * number + 1) for number, name in enumerate(names)]
    write_made_up(tmp_path, [MadeUpFrame(random_labels(1), "a")], table)
    exported(tmp_path, ExportFormat.YOLO_DETECT)

    assert data_of(tmp_path, ExportFormat.YOLO_DETECT)["names"] == dict(enumerate(names))
    assert len((tmp_path / "exports/yolo_detect/data.yaml").read_text().splitlines()) == 3 + len(names)


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize(
    ("splits", "missing"), [("train=1", "no val"), ("test=1,val=1", "no train"), ("a=1,b=1", "no train and no val")]
)
def test_splits_that_are_required(tmp_path: Path, format: ExportFormat, splits: str, missing: str) -> None:
    write_rich(tmp_path)
    with pytest.raises(
        UsageError,
        match=f"The format {format} needs the splits train and val, and there is {missing}; give splits such as "
        r"train=80,val=20 \(--splits\)",
    ):
        exported(tmp_path, format, splits=splits)
    assert not (tmp_path / "exports").exists() or not files_in(tmp_path / "exports")


def test_other_names_of_splits(tmp_path: Path) -> None:
    write_made_up(tmp_path, several_frames(20))
    done = exported(tmp_path, ExportFormat.YOLO_DETECT, splits="Train=1,valid=1,names=1,download=1")
    data = data_of(tmp_path, ExportFormat.YOLO_DETECT)

    assert (data["train"], data["val"], data.keys()) == ("images/Train", "images/valid", {"train", "val", "names"})
    (note,) = (line for line in done.losses[ExportFormat.YOLO_DETECT] if "data.yaml" in line)
    assert note == (
        "data.yaml does not name the splits names and download, since Ultralytics knows train, val and test only; the "
        "files are there."
    )
    assert any((tmp_path / "exports/yolo_detect/images/download").iterdir())


@pytest.mark.parametrize("media", [Media.LINK, Media.NONE])
def test_an_empty_split(tmp_path: Path, media: Media) -> None:
    write_made_up(tmp_path, several_frames())
    done = exported(tmp_path, ExportFormat.YOLO_DETECT, splits="train=1000000,val=1", media=media)
    note = "The split val is empty, and Ultralytics does not train without images in it."

    assert done.losses[ExportFormat.YOLO_DETECT][0] == note
    assert note in (tmp_path / "exports/yolo_detect/LABELPASS.md").read_text("utf-8")
    assert (tmp_path / "exports/yolo_detect/labels/val").is_dir()
    assert (tmp_path / "exports/yolo_detect/images/val").is_dir() == (media is Media.LINK)


def test_what_readers_leave_out_is_counted(tmp_path: Path) -> None:
    """Ignore regions, equal rows, small images, and what YOLO has no place for."""
    y, x = np.mgrid[:20, :30]
    chess = ((x + y) % 2 + 1).astype(np.uint32)
    frames = [
        MadeUpFrame(chess, "equal_boxes"),
        MadeUpFrame(random_labels(4, 9, 30), "small", frame=2),
        MadeUpFrame(random_labels(4), "ignored", frame=3, ignored=[1, 2]),
    ]
    records = write_made_up(tmp_path, frames)
    done = exported(tmp_path, ExportFormat.YOLO_DETECT, splits="train=1,val=1")
    instances = sum(len(record.instances) for record in records)

    assert set(done.losses[ExportFormat.YOLO_DETECT]) >= {
        "1 instance: equal to another one in the numbers of this format; Ultralytics reads both as one",
        "1 image: less than 10 pixels wide or high, which Ultralytics does not read",
        f"{sum(len(record.ignored) for record in records)} ignore regions: left out, since YOLO has none",
        f"{instances} instances: track left out",
    }
