"""The MOT export: whole sequences, frames from 1 without gaps, one class that is scored."""

from pathlib import Path
from typing import Any

import numpy as np

from core.dataset.splits import Splits
from core.records.frame_record import FrameRecord
from core.records.instance import Amodal
from core.settings.category_table import Category
from core.settings.export_table import ExportFormat
from core.settings.settings import Settings, SplitBy
from tests.core.made_up import (
    CATEGORIES,
    MadeUpFrame,
    exported,
    several_frames,
    unusual_frames,
    write_made_up,
)

MOT = ExportFormat.MOT
WHOLE: dict[str, Any] = {"split_by": SplitBy.SEQUENCE, "splits": "train=1,val=1"}
FOLDERS = {"": "sequence", "shots/B.v2": "shots__B.v2", "unusual": "unusual"}


def rows_of(folder: Path) -> list[list[float]]:
    return [[*map(float, line.split(","))] for line in (folder / "gt/gt.txt").read_text().splitlines()]


def by_sequence(records: list[FrameRecord]) -> dict[str, list[FrameRecord]]:
    """Folder of each sequence below the export -> its records."""
    split = Splits.of_settings(Settings(**WHOLE)).of
    sequences: dict[str, list[FrameRecord]] = {}
    for record in records:
        sequences.setdefault(f"{split(record)}/{FOLDERS[record.sequence]}", []).append(record)
    return sequences


def test_rows(tmp_path: Path) -> None:
    """Boxes are 1-based; the scored category is the class 1 and counts; regions to ignore count neither way."""
    records = write_made_up(tmp_path, [*several_frames(), *unusual_frames()])
    done = exported(tmp_path, MOT, scored_category=CATEGORIES[1].name, **WHOLE)
    classes = {CATEGORIES[1].name: 1, CATEGORIES[0].name: 3, CATEGORIES[3].name: 4, CATEGORIES[2].name: 5}

    for name, frames in by_sequence(records).items():
        rows = iter(rows_of(done.folders[MOT] / name))
        tracks: dict[Any, float] = {}
        for number, record in enumerate(frames, start=1):
            for one in record.instances:
                frame, track, left, top, width, height, counts, class_, visibility = next(rows)
                assert tracks.setdefault((one.category, one.name), track) == track <= len(tracks)
                box = [left - 1, top - 1, left - 1 + width, top - 1 + height]
                assert (frame, box, visibility) == (number, [*one.mask.box], -1)
                assert (counts, class_) == (one.category == CATEGORIES[1].name, classes[one.category])
            regions = [one for one in record.ignored if one.category in ("", CATEGORIES[1].name)]
            for place, one in enumerate(regions):
                row = next(rows)
                assert row[:4] == [number, 1_000_001 + place, one.mask.box.x0 + 1, one.mask.box.y0 + 1]
                assert row[6:] == [0, 8, -1]
        assert next(rows, None) is None
        listed = (done.folders[MOT] / name / "tracks.tsv").read_text("utf-8").splitlines()
        assert listed[1:] == [f"{track:.0f}\t{category}\t{one}" for (category, one), track in tracks.items()]
    assert "`car` is 3" in (done.folders[MOT] / "LABELPASS.md").read_text("utf-8")


def test_more_categories_than_classes(tmp_path: Path) -> None:
    table = [Category(f"c{number:02}", number) for number in range(1, 12)]
    labels = np.arange(1, 12, dtype=np.uint32)[None].repeat(3, 0)
    write_made_up(tmp_path, [MadeUpFrame(labels, "a", categories={n: f"c{n:02}" for n in range(1, 12)})], table)
    done = exported(tmp_path, MOT, splits="train=1")

    assert [row[7] for row in rows_of(done.folders[MOT] / "train/sequence")] == [1, 3, 4, 5, 9, 10, 11, 13, 13, 13, 13]
    assert "3 categories: of the class 13 like another one, since MOT has no more" in done.losses[MOT]


def test_instances_without_tracks(tmp_path: Path) -> None:
    """Those of the scored category count neither way; others are left out."""
    labels = np.array([[1, 2, 3, 4]], np.uint32)
    without = {2: {"resolved": "components"}, 3: {"resolved": "components"}}
    names = {1: "car", 2: "car", 3: CATEGORIES[1].name, 4: CATEGORIES[1].name}
    write_made_up(tmp_path, [MadeUpFrame(labels, "a", categories=names, instances=without)])
    done = exported(tmp_path, MOT, splits="train=1")

    rows = rows_of(done.folders[MOT] / "train/sequence")
    assert [(row[2], row[6], row[7]) for row in rows] == [(1, 1, 1), (4, 0, 4), (2, 0, 8)]
    assert "1 instance: no track, so the class 8, where what is found counts neither way" in done.losses[MOT]
    assert "1 instance: no track, and not of the scored category, left out" in done.losses[MOT]


def test_visibility(tmp_path: Path) -> None:
    labels = np.array([[1, 1, 2, 0]], np.uint32)
    mask = write_made_up(tmp_path / "other", [MadeUpFrame(labels, "a")])[0].instances[0].mask
    amodal = {1: {"amodal": Amodal(mask.rle, mask.box, 8, 4, 2)}}
    write_made_up(tmp_path, [MadeUpFrame(labels, "a", instances=amodal)])

    rows = rows_of(exported(tmp_path, MOT, splits="train=1").folders[MOT] / "train/sequence")
    assert [row[8] for row in rows] == [0.25, -1]


def test_many_instances(tmp_path: Path) -> None:
    labels = np.arange(1, 10_001, dtype=np.uint32).reshape(100, 100)
    write_made_up(tmp_path, [MadeUpFrame(labels, "a"), MadeUpFrame(labels, "b", frame=7)])
    rows = rows_of(exported(tmp_path, MOT, splits="train=1").folders[MOT] / "train/sequence")

    assert [row[1] for row in rows] == [*range(1, 10_001)] * 2
    assert {row[0] for row in rows} == {1, 2}
