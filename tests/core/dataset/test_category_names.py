"""Categories of which only the id is known: a dataset calls them after their objects, everywhere by the same name."""

import dataclasses
import json
import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

import core.reading.dataset
from core.base.dataset_folder import DatasetFolder
from core.dataset.export import export
from core.dataset.merge import merge
from core.dataset.splits import Splits
from core.dataset.statistics import find_statistics
from core.dataset.statistics_report import Report
from core.records.frame_record import FrameRecord
from core.records.record_store import open_records
from core.report.write_report import write_report
from core.run.annotation_run import merge_records
from core.settings.category_table import Category
from core.settings.export_table import ExportFormat
from core.settings.settings import Media, Settings, SplitBy
from tests.builders import instances_in, plain_record, write_record
from tests.core.datasets import bytes_in

LABELS = np.zeros((48, 64), np.uint32)
LABELS[5:20, 4:30], LABELS[30:40, 40:60] = 2, 3
# Of two scenes: each calls the category 12 after its own first object.
SCENES = {"kitchen": "Mug", "office": "Cup"}
# What each format says of its categories, and where.
FILES = {
    ExportFormat.COCO: "annotations/instances_train.json",
    ExportFormat.LVIS: "annotations/lvis_train.json",
    ExportFormat.ROBOFLOW: "train/_annotations.coco.json",
    ExportFormat.COCO_PANOPTIC: "annotations/panoptic_train.json",
    ExportFormat.YOLO_DETECT: "data.yaml",
    ExportFormat.VOC: "Annotations/kitchen__shot_0001.xml",
    ExportFormat.KITTI: "dataset_meta.json",
    ExportFormat.CVAT: "annotations.xml",
    ExportFormat.MOT: "train/kitchen/tracks.tsv",
    ExportFormat.MOTS: "train/instances/labels.txt",
    ExportFormat.HUGGINGFACE: "README.md",
}


def records() -> list[FrameRecord]:
    return [
        plain_record(
            sequence=sequence,
            frame=frame,
            categories=(Category("bus", 3), Category("category_12", 12, called=called)),
            instances=tuple(
                dataclasses.replace(one, track_id=number)
                for number, one in enumerate(instances_in(LABELS, ["category_12", "bus"]), start=1)
            ),
        )
        for sequence, called in SCENES.items()
        for frame in (1, 2)
    ]


def written(folder: Path, order: Sequence[FrameRecord]) -> Path:
    for record in order:
        write_record(folder, record)
    return folder


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    return written(tmp_path / "dataset", records())


def test_one_name_in_the_coco_file_and_a_note_of_both(dataset: Path, tmp_path: Path) -> None:
    summary = merge_records(dataset, lambda done, total: None, Settings())
    (note,) = [line for line in summary.lines() if line.startswith("Note: ")]
    assert "'Cup', 'Mug'; it is called 'Cup'" in note and summary.exit_code == 0
    coco = json.loads((dataset / "annotations/instances.json").read_text())
    assert [(one["id"], one["name"]) for one in coco["categories"]] == [(3, "bus"), (12, "Cup")]

    shuffled = records()
    random.Random(1).shuffle(shuffled)
    other = written(tmp_path / "other", shuffled)
    merge(other)
    assert bytes_in(other / "annotations") == bytes_in(dataset / "annotations")
    assert (other / "categories.json").read_bytes() == (dataset / "categories.json").read_bytes()


def test_one_name_in_every_format(dataset: Path) -> None:
    settings = Settings(
        formats=tuple(FILES),
        media=Media.NONE,
        splits="train=9999,val=1",
        split_by=SplitBy.SEQUENCE,
        scored_category="Cup",
    )
    done = export(dataset, settings)
    assert any("'category_12'" in note for note in done.notes)
    for format, file in FILES.items():
        text = (done.folders[format] / file).read_text()
        assert "Cup" in text and "category_12" not in text, format
        assert "| 12 | Cup |" in (done.folders[format] / "LABELPASS.md").read_text()


def test_one_name_in_python_and_in_statistics(dataset: Path) -> None:
    opened = core.reading.dataset.open(dataset)
    assert [(one.name, one.id) for one in opened.categories] == [("bus", 3), ("Cup", 12)]
    for frame in opened.frames():
        assert [(one.category, one.category_id) for one in frame.instances] == [("Cup", 12), ("bus", 3)]
    splits = Splits.of_settings(Settings())
    report = Report(find_statistics(open_records(DatasetFolder(dataset)), splits.of), splits)
    assert [one["name"] for one in report.as_json()["instances"]["by_category"]] == ["bus", "Cup"]
    assert any("  Cup" in line for line in report.lines())


def test_one_name_in_the_report(dataset: Path) -> None:
    write_report(dataset, Splits.of_settings(Settings()))
    figures = (dataset / "report/figures.json").read_text()
    assert "Cup" in figures and "category_12" not in figures + (dataset / "report/index.html").read_text()
