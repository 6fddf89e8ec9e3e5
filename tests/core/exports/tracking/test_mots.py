"""The MOTS export: ids of class and track in 16 bits, in rows of run lengths and in PNGs."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image
from pycocotools import mask as coco

from core.dataset.splits import Splits
from core.records.frame_record import FrameRecord
from core.settings.category_table import Category
from core.settings.export_table import ExportFormat
from core.settings.settings import Settings, SplitBy
from tests.core.made_up import CATEGORIES, MadeUpFrame, exported, several_frames, unusual_frames, write_made_up

MOTS = ExportFormat.MOTS
WHOLE: dict[str, Any] = {"split_by": SplitBy.SEQUENCE, "splits": "train=1,val=1"}
FOLDERS = {"": "sequence", "shots/B.v2": "shots__B.v2", "unusual": "unusual"}
SCORED = CATEGORIES[1].name
CLASSES = {SCORED: 2, CATEGORIES[0].name: 1, CATEGORIES[3].name: 3, CATEGORIES[2].name: 4}


def rows_of(folder: Path) -> list[list[str]]:
    return [line.split(" ") for line in (folder / "gt/gt.txt").read_text().splitlines()]


def pixels(rle: str | bytes, height: int, width: int) -> npt.NDArray[np.bool_]:
    return coco.decode({"size": [height, width], "counts": rle}).astype(bool)


def png(folder: Path, sequence: str, number: int) -> npt.NDArray[Any]:
    with Image.open(folder / f"instances/{sequence}/{number:06}.png") as image:
        assert image.mode == "I;16"
        return np.asarray(image).astype(int)


def test_read_back(tmp_path: Path) -> None:
    """Each mask is one row, with the class of its category and the same number in all frames; PNGs say the same."""
    records = write_made_up(tmp_path, [*several_frames(), *unusual_frames()])
    folder = exported(tmp_path, MOTS, scored_category=SCORED, **WHOLE).folders[MOTS]
    split = Splits.of_settings(Settings(**WHOLE)).of
    by_sequence: dict[str, list[FrameRecord]] = {}
    for record in records:
        by_sequence.setdefault(record.sequence, []).append(record)

    for sequence, frames in by_sequence.items():
        place, name = folder / split(frames[0]), FOLDERS[sequence]
        rows = rows_of(place / name)
        tracks: dict[Any, str] = {}
        for number, record in enumerate(frames, start=1):
            found = {id: row for frame, id, *row in rows if frame == str(number)}
            image = png(place, name, number)
            assert {int(id) for id in found} == {*np.unique(image)} - {0}
            for id, (class_, height, width, rle) in found.items():
                assert (int(height), int(width)) == image.shape == (record.height, record.width)
                assert (pixels(rle, *image.shape) == (image == int(id))).all()
                assert int(id) // 1000 == int(class_)
            ignored = np.zeros(image.shape, bool)
            for region in record.ignored:
                if region.category in ("", SCORED):
                    ignored |= pixels(region.mask.rle, *image.shape)
            assert ((image == 10000) == ignored).all()
            for one in record.instances:
                mask = pixels(one.mask.rle, *image.shape)
                (id,) = np.unique(image[mask])
                assert tracks.setdefault((one.category, one.name), id) == id
                assert id // 1000 == CLASSES[one.category] and 1 <= id % 1000 <= len(frames) * 6
        assert len(set(tracks.values())) == len(tracks)
    labels = (folder / "train/instances/labels.txt").read_text("utf-8").splitlines()
    assert [labels[number - 1] for number in CLASSES.values()] == [*CLASSES]
    assert (labels[9], labels[4]) == ("ignored", "unused_5")


def test_more_tracks_than_ids(tmp_path: Path) -> None:
    """What the scored category has beyond 999 tracks counts neither way; of others it is left out."""
    labels = np.arange(1, 2101, dtype=np.uint32).reshape(30, 70)
    names = {label: CATEGORIES[label % 2].name for label in range(1, 2101)}
    write_made_up(tmp_path, [MadeUpFrame(labels, "a", categories=names), MadeUpFrame(labels, "b", "", 2, names)])
    done = exported(tmp_path, MOTS, scored_category=SCORED, splits="train=1")
    rows = rows_of(done.folders[MOTS] / "train/sequence")

    ids = [int(row[1]) for row in rows if row[0] == "2"]
    assert ids == [*range(1001, 2000), *range(2001, 3000), 10000]
    assert rows[-1][1:3] == ["10000", "10"] and pixels(rows[-1][5], 30, 70).sum() == 51
    why = "more than 999 tracks of its category in its sequence"
    assert f"102 instances: {why}, so it counts neither way" in done.losses[MOTS]
    assert f"102 instances: {why}, left out" in done.losses[MOTS]


def test_more_categories_than_classes(tmp_path: Path) -> None:
    table = [Category(f"c{number:03}", number) for number in range(1, 71)]
    labels = np.arange(1, 71, dtype=np.uint32)[None].repeat(2, 0)
    names = {label: f"c{label:03}" for label in range(1, 71)}
    write_made_up(tmp_path, [MadeUpFrame(labels, "a", categories=names)], table)
    done = exported(tmp_path, MOTS, splits="train=1")

    classes = [int(row[2]) for row in rows_of(done.folders[MOTS] / "train/sequence")]
    assert classes == [number for number in range(1, 65) if number != 10]
    assert png(done.folders[MOTS] / "train", "sequence", 1).max() == 64001 < 2**16
    assert "7 categories: left out: ids of more classes do not fit into 16 bits" in done.losses[MOTS]
    assert "7 instances: left out: its category has no class" in done.losses[MOTS]


def test_instances_without_tracks(tmp_path: Path) -> None:
    labels = np.array([[1, 2, 3, 4]], np.uint32)
    without = {2: {"resolved": "components"}, 3: {"resolved": "components"}}
    names = {1: "car", 2: "car", 3: SCORED, 4: SCORED}
    write_made_up(tmp_path, [MadeUpFrame(labels, "a", categories=names, instances=without)])
    done = exported(tmp_path, MOTS, splits="train=1")

    assert png(done.folders[MOTS] / "train", "sequence", 1).tolist() == [[2001, 10000, 0, 3001]]
    assert "1 instance: no track, so it counts neither way" in done.losses[MOTS]
    assert "1 instance: no track, left out" in done.losses[MOTS]
