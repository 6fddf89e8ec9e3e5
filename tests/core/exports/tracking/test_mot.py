"""The MOT export: whole sequences, frames from 1 without gaps, one class that is scored."""

import configparser
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from core.base.errors import RecordError, UsageError
from core.dataset.splits import Splits
from core.records.frame_record import FrameRecord
from core.records.instance import Amodal
from core.records.origin import Origin
from core.settings.category_table import Category
from core.settings.export_table import ExportFormat
from core.settings.settings import Media, Settings, SplitBy
from tests.builders import write_record
from tests.core.made_up import (
    CATEGORIES,
    MadeUpFrame,
    exported,
    random_labels,
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


@pytest.mark.parametrize("format", [MOT])
def test_layout(tmp_path: Path, format: ExportFormat) -> None:
    records = write_made_up(tmp_path, [*several_frames(), *unusual_frames()])
    done = exported(tmp_path, format, fps=30.0, **WHOLE)
    folder = done.folders[format]
    sequences = by_sequence(records)

    for name, frames in sequences.items():
        info = configparser.ConfigParser()
        info.read(folder / name / "seqinfo.ini", "utf-8")
        said = dict(info["Sequence"])
        with Image.open(folder / name / f"img1/000001{said['imext']}") as image:
            assert said == {
                "name": name.partition("/")[2], "imdir": "img1", "framerate": "30", "seqlength": str(len(frames)),
                "imwidth": str(image.width), "imheight": str(image.height), "imext": ".png",
            }  # fmt: skip
        for number, record in enumerate(frames, start=1):
            suffix = Path(record.image).suffix
            assert (folder / name / f"img1/{number:06}{suffix}").samefile(tmp_path / record.image)
        lines = (folder / name / "frames.tsv").read_text("utf-8").splitlines()
        assert lines[1:] == [f"{number}\t{one.frame}\t{one.path}" for number, one in enumerate(frames, start=1)]
    for split in ("train", "val"):
        listed = (folder / f"seqmaps/{split}.txt").read_text().splitlines()
        assert listed == ["name", *(name.partition("/")[2] for name in sequences if name.startswith(f"{split}/"))]
    assert (
        "5 images: of another size than the first of its sequence, whose size seqinfo.ini says" in done.losses[format]
    )
    assert "2 images: of another file format than the first of its sequence" in done.losses[format]


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


def test_which_category_is_scored(tmp_path: Path) -> None:
    for place, (table, chosen, scored) in enumerate((
        ([Category("car", 1), Category("person", 5), Category("pedestrian", 9)], "", "pedestrian"),
        ([Category("car", 1), Category("person", 5)], "", "person"),
        ([Category("truck", 4), Category("car", 1)], "", "car"),
        ([Category("truck", 4), Category("car", 1)], "truck", "truck"),
    )):  # fmt: skip
        dataset = tmp_path / str(place)
        write_made_up(dataset, [MadeUpFrame(random_labels(1), "a", categories={1: scored})], table)
        done = exported(dataset, MOT, splits="train=1", scored_category=chosen)
        assert f"which is the category `{scored}`" in (done.folders[MOT] / "LABELPASS.md").read_text("utf-8")
    with pytest.raises(RecordError, match="No category is called 'bus', which is to be scored in the format mot; give"):
        exported(tmp_path / "3", MOT, splits="train=1", scored_category="bus")


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


@pytest.mark.parametrize("format", [MOT])
def test_sequences_that_splits_would_break(tmp_path: Path, format: ExportFormat) -> None:
    """Refused before anything is written; one split with frames breaks nothing."""
    records = write_made_up(tmp_path, several_frames())
    with pytest.raises(RecordError, match=f"The format {format} needs whole sequences, and by frame their frames are"):
        exported(tmp_path, format)
    with pytest.raises(RecordError, match="export with --split-by sequence"):
        exported(tmp_path, format)
    assert not list((tmp_path / "exports").glob("*"))
    assert exported(tmp_path, format, splits="train=1").frames == 10
    assert exported(tmp_path, format, splits="train=900000000,val=1").frames == 10
    assert (tmp_path / "exports" / format / "val").is_dir()

    assert exported(tmp_path, format, split_by=SplitBy.SCENE, splits="a=1,b=1").frames == 10
    for number, record in enumerate(records):
        write_record(tmp_path, replace(record, origin=Origin((), "a.blend", f"scene {number}")))
    with pytest.raises(RecordError, match="by scene their frames"):
        exported(tmp_path, format, split_by=SplitBy.SCENE, splits="a=1,b=1")
    assert exported(tmp_path, format, split_by=SplitBy.SEQUENCE).frames == 10


@pytest.mark.parametrize("format", [MOT])
def test_names_of_sequences(tmp_path: Path, format: ExportFormat) -> None:
    """Each has a folder of its own whose name is a word."""
    names = ["", "sequence", "a b", "a_b", "50%,1", "x/y"]
    write_made_up(tmp_path, [MadeUpFrame(random_labels(2), "f", name) for name in names])
    exported(tmp_path, format, splits="train=1", media=Media.NONE)
    folders = {path.parent.name for path in (tmp_path / "exports" / format).glob("train/*/seqinfo.ini")}

    assert len(folders) == len(names)
    assert {"sequence", "sequence_", "a_b", "x__y"} < folders
    assert not any(set(" ,%") & set(folder) for folder in folders)


def test_many_instances(tmp_path: Path) -> None:
    labels = np.arange(1, 10_001, dtype=np.uint32).reshape(100, 100)
    write_made_up(tmp_path, [MadeUpFrame(labels, "a"), MadeUpFrame(labels, "b", frame=7)])
    rows = rows_of(exported(tmp_path, MOT, splits="train=1").folders[MOT] / "train/sequence")

    assert [row[1] for row in rows] == [*range(1, 10_001)] * 2
    assert {row[0] for row in rows} == {1, 2}


def test_frames_per_second() -> None:
    for fps in (0.0, -1.0, float("inf"), float("nan")):
        with pytest.raises(UsageError, match="frames per second; use for example 24"):
            Settings(fps=fps)
