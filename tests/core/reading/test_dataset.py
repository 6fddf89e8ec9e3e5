"""labelpass.open: the frames of a dataset in its order, categories with their ids, and what is wrong in a sentence."""

import dataclasses
import json
import multiprocessing
import pickle
import shutil
import subprocess
import sys
import weakref
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pycocotools.coco import COCO

from core.base.dataset_folder import DatasetFolder
from core.base.errors import CategoryError, InputError, RecordError, UsageError
from core.dataset.splits import Splits
from core.masks.runs import find_masks
from core.reading.dataset import Frames
from core.reading.dataset import open as open_dataset
from core.records.frame_record import FrameRecord
from core.records.origin import Origin
from core.records.packs.packed_records import PackedRecords
from core.settings.category_table import Category
from core.settings.export_table import ExportFormat
from core.settings.settings import Media, Settings, SplitBy
from tests.builders import instances_in, plain_instance, plain_record, record_path, write_record
from tests.core.datasets import merged

ROOT = Path(__file__).resolve().parents[3]

LABELS = np.kron(np.arange(1, 5, dtype=np.uint32).reshape(2, 2), np.ones((4, 4), np.uint32))


def write_frames(output: Path, *frames: tuple[str, int], categories: Sequence[str] = ("a", "b")) -> None:
    """Records with four instances of two categories."""
    for sequence, frame in frames:
        write_record(
            output,
            plain_record(
                sequence=sequence,
                frame=frame,
                height=8,
                width=8,
                categories=tuple(map(Category, categories)),
                instances=instances_in(LABELS, categories),
            ),
        )


def test_frames_are_in_the_order_of_the_dataset(tmp_path: Path) -> None:
    """By sequence, frame number and name, as the COCO file has them."""
    write_frames(tmp_path, ("b", 1), ("a/x", 10), ("a/x", 9), ("", 3))
    merged(tmp_path)
    dataset = open_dataset(tmp_path)
    assert [frame.path for frame in dataset.frames()] == ["shot_0003", "a/x/shot_0009", "a/x/shot_0010", "b/shot_0001"]
    coco = COCO(DatasetFolder(tmp_path).instances)
    images = coco.loadImgs(sorted(coco.getImgIds()))
    assert [frame.record.image for frame in dataset.frames()] == [image["file_name"] for image in images]
    for frame, image in zip(dataset.frames(), images, strict=True):
        rows = coco.loadAnns(coco.getAnnIds(image["id"]))
        assert [one.category_id for one in frame.instances] == [row["category_id"] for row in rows]
    assert len(dataset) == 4
    assert dataset.sequences == ("", "a/x", "b")
    assert [frame.path for frame in dataset.frames(sequence="b")] == ["b/shot_0001"]
    assert [frame.number for frame in dataset.frames(sequence="a/x")] == [9, 10]
    with pytest.raises(UsageError, match="has no sequence 'a'; it has '', 'a/x' and 'b'"):
        dataset.frames(sequence="a")


def test_a_copy_of_a_record_under_another_name(tmp_path: Path) -> None:
    """Somebody has kept one: the dataset opens all the same."""
    write_frames(tmp_path, ("", 1), ("", 2))
    shutil.copy(record_path(tmp_path, "shot_0002"), record_path(tmp_path, "before"))
    assert [frame.path for frame in open_dataset(tmp_path).frames()] == ["shot_0001", "shot_0002", "shot_0002"]


def test_any_frame(tmp_path: Path) -> None:
    write_frames(tmp_path, *[("", frame) for frame in range(1, 6)])
    dataset = open_dataset(str(tmp_path))
    frames = dataset.frames()
    assert frames[-1].number == frames[4].number == 5
    assert [frame.number for frame in frames[1:4:2]] == [2, 4]
    assert isinstance(frames[:2], Frames)
    assert dataset.frame("shot_0002").number == 2
    with pytest.raises(IndexError):
        frames[5]
    with pytest.raises(InputError, match="has no frame 'shot_9'; the first of its 5 frames is 'shot_0001'"):
        dataset.frame("shot_9")
    assert "shot_0002" in repr(frames[1])
    assert len(repr(dataset)) < 200 + len(str(tmp_path))


@pytest.mark.parametrize("name", ["shot.v2.1_0001", "Würfel 立方体 1", "x" * 200, "a%2Fb", "0001.png"])
def test_frames_of_any_name(tmp_path: Path, name: str) -> None:
    labels = find_masks(LABELS)
    instance = plain_instance(mask=labels[0])
    record = plain_record(sequence="a b.c/ü", name=name, height=8, width=8, colour={}, instances=(instance,))
    write_record(tmp_path, dataclasses.replace(record, categories=(Category("thing"),)))
    Path(tmp_path / record.image).parent.mkdir(parents=True)
    Image.new("RGB", (8, 8), "red").save(tmp_path / record.image)
    dataset = open_dataset(tmp_path)
    assert [frame.path for frame in dataset.frames(sequence="a b.c/ü")] == [f"a b.c/ü/{name}"]
    frame = dataset.frame(f"a b.c/ü/{name}")
    assert frame.image().tolist() == [[[255, 0, 0]] * 8] * 8
    assert frame.instances[0].mask().sum() == 16


def test_only_the_frame_that_is_used_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And of each its record once."""
    write_frames(tmp_path, *[("", frame) for frame in range(1, 6)])
    dataset = open_dataset(tmp_path)
    read: list[str] = []
    before = PackedRecords.read
    monkeypatch.setattr(PackedRecords, "read", lambda store, frame: read.append(frame) or before(store, frame))
    frame = dataset.frames()[3]
    assert read == []
    assert [one.mask().sum() for one in frame.instances] == [16] * 4
    assert (frame.width, frame.notes, frame.ignored) == (8, (), ())
    assert read == ["shot_0004"]


def test_records_are_not_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many there are, opening a dataset and going through it has no more than two at a time."""
    write_frames(tmp_path, *[("", frame) for frame in range(1, 31)])
    alive, most = [0], [0]

    def counted(before: Callable[[PackedRecords, str], FrameRecord]) -> Callable[[PackedRecords, str], FrameRecord]:
        def read(store: PackedRecords, frame: str) -> FrameRecord:
            record = before(store, frame)
            alive[0] += 1
            most[0] = max(most[0], alive[0])
            weakref.finalize(record, lambda: alive.__setitem__(0, alive[0] - 1))
            return record

        return read

    for name in ("read", "read_head"):
        monkeypatch.setattr(PackedRecords, name, counted(getattr(PackedRecords, name)))
    for frame in open_dataset(tmp_path).frames():
        assert all(instance.mask().any() for instance in frame.instances)
    assert most == [2]  # the next one is read before the last one is forgotten


def test_ids_of_categories(tmp_path: Path) -> None:
    """Those of the last merge, and otherwise those that a merge is going to give."""
    write_frames(tmp_path, ("", 1), categories=("b", "c"))
    assert [(one.name, one.id) for one in open_dataset(tmp_path).categories] == [("b", 1), ("c", 2)]
    merged(tmp_path)
    write_frames(tmp_path, ("", 2), categories=("a", "b"))
    assert [(one.name, one.id) for one in open_dataset(tmp_path).categories] == [("b", 1), ("c", 2), ("a", 3)]
    merged(tmp_path)
    assert {one.name: one.id for one in open_dataset(tmp_path).categories} == {"b": 1, "c": 2, "a": 3}


def test_record_of_later(tmp_path: Path) -> None:
    write_frames(tmp_path, ("", 1))
    dataset = open_dataset(tmp_path)
    write_frames(tmp_path, ("", 1), categories=("new", "b"))
    instance = dataset.frame("shot_0001").instances[-1]
    with pytest.raises(RecordError, match="has the category 'new', which was not there when the dataset was opened"):
        _ = instance.category_id
    record_path(tmp_path, "shot_0001").unlink()
    with pytest.raises(RecordError, match=r"Cannot read .*shot_0001"):
        _ = dataset.frame("shot_0001").instances


def test_no_dataset(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nothing is not a folder; give the folder of the dataset"):
        open_dataset(tmp_path / "nothing")
    with pytest.raises(RecordError, match="holds no frame records; run 'labelpass annotate'"):
        open_dataset(tmp_path)
    write_frames(tmp_path, ("", 1))
    DatasetFolder(tmp_path).categories.parent.mkdir(parents=True, exist_ok=True)
    DatasetFolder(tmp_path).categories.write_text("no table", encoding="utf-8")
    with pytest.raises(CategoryError, match="is not a category table"):
        open_dataset(tmp_path)


def test_damaged_records(tmp_path: Path) -> None:
    """They are an error, unless it is said that they may be left out; and then they are named."""
    write_frames(tmp_path, ("", 1), ("", 2), ("", 3))
    record_path(tmp_path, "shot_0002").write_text("{}", encoding="utf-8")
    with pytest.raises(RecordError, match=r"shot_0002\.json is damaged; .*, or leave .* with skip_damaged=True"):
        open_dataset(tmp_path)
    dataset = open_dataset(tmp_path, skip_damaged=True)
    assert [frame.number for frame in dataset.frames()] == [1, 3]
    assert list(dataset.damaged) == ["shot_0002"]
    assert "is damaged" in dataset.damaged["shot_0002"]


def test_sequences_that_are_not_wanted(tmp_path: Path) -> None:
    """Frames of an earlier export with other sequences are left out, as a merge leaves them out."""
    for variant in ("left", "right"):
        record = plain_record(sequence=f"s/{variant}", variant=variant, frame=1, categories=(Category("a"),))
        write_record(tmp_path, record)
    DatasetFolder(tmp_path).sequences.write_text('{"shots":{"s/shot_":["s/left"]}}', encoding="utf-8")
    assert [frame.path for frame in open_dataset(tmp_path).frames()] == ["s/left/shot_0001"]


def test_splits_are_those_of_an_export(tmp_path: Path) -> None:
    """Frame by frame, whatever stays together."""
    dataset, output = tmp_path / "dataset", tmp_path / "exports"
    write_frames(dataset, *[(f"s{frame % 5}", frame) for frame in range(1, 41)])
    opened = open_dataset(dataset)
    ways = ["train=3,val=1", Splits.parse("a=1,b=1,c=1", SplitBy.SEQUENCE, 3), None]
    for splits in ways:
        done = opened.export("coco", output, splits=splits, settings=Settings(media=Media.NONE))
        assert sum(done.split_sizes.values()) == len(opened) == 40
        for split, size in done.split_sizes.items():
            coco = COCO(done.folders[ExportFormat.COCO] / f"annotations/instances_{split}.json")
            frames = opened.frames(split, splits)
            assert len(frames) == len(coco.imgs) == size > 0
            names = [image["file_name"].replace("__", "/").removesuffix(".png") for image in coco.imgs.values()]
            assert list(frames.paths) == names
    both = opened.frames("train", sequence="s1")
    assert set(both.paths) == {path for path in opened.frames("train").paths if path.startswith("s1/")}


def test_scenes_stay_together(tmp_path: Path) -> None:
    for number in range(20):
        origin = Origin((f"{number}.exr",), "a.blend", f"Scene {number % 4}")
        write_record(tmp_path, plain_record(frame=number, origin=origin))
    opened = open_dataset(tmp_path)
    splits = Splits.parse("train=1,val=1", SplitBy.SCENE, 1)
    for split in splits.names:
        frames = opened.frames(split, splits)
        assert len(frames) == 5 * len({frame.number % 4 for frame in frames})


def test_splits_and_formats_that_are_not_there(tmp_path: Path) -> None:
    write_frames(tmp_path, ("", 1))
    opened = open_dataset(tmp_path)
    with pytest.raises(UsageError, match="There is no split 'test'; the splits are train and val"):
        opened.frames("test")
    with pytest.raises(UsageError, match="'train' is not a split with its share"):
        opened.frames("train", "train")
    empty = next(split for split in ("a", "b") if split != Splits.parse("a=1,b=1").of(opened.frames()[0].record))
    with pytest.raises(UsageError, match=rf"The split {empty} is empty: 1 frames were divided by frame; add frames"):
        opened.frames(empty, "a=1,b=1")
    with pytest.raises(UsageError, match="There is no format 'yolo'; the formats are coco"):
        opened.export(["coco", "yolo"])
    with pytest.raises(UsageError, match="Say which formats to export"):
        opened.export([])
    assert not (tmp_path / "exports").exists()


def _areas(frames: Frames, index: int) -> tuple[str, list[int], list[int]]:
    frame = frames[index]
    return frame.path, [int(one.mask().sum()) for one in frame.instances], [one.category_id for one in frame.instances]


FOUND = [[f"shot_{number:04}", [16] * 4, [2, 1, 2, 1]] for number in range(1, 5)]


def test_in_other_processes(tmp_path: Path) -> None:
    """As the workers of a DataLoader have it."""
    write_frames(tmp_path, *[("", frame) for frame in range(1, 5)])
    frames = open_dataset(tmp_path).frames()
    _ = frames[0].instances
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        found = pool.starmap(_areas, [(frames, index) for index in range(4)])
    assert [list(one) for one in found] == FOUND


# A process of its own: a fork of one that other tests have made large may find no memory.
IN_FORKS = """
import json, multiprocessing, sys
from core.reading.dataset import open as open_dataset
def areas(index):
    frame = frames[index]
    return frame.path, [int(one.mask().sum()) for one in frame.instances], [one.category_id for one in frame.instances]
frames = open_dataset(sys.argv[1]).frames()
_ = frames[0].instances
with multiprocessing.get_context("fork").Pool(2) as pool:
    print(json.dumps(pool.map(areas, range(4))))
"""


def test_in_forks(tmp_path: Path) -> None:
    write_frames(tmp_path, *[("", frame) for frame in range(1, 5)])
    done = subprocess.run(
        [sys.executable, "-c", IN_FORKS, tmp_path], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True
    )
    assert json.loads(done.stdout) == FOUND


def test_pickled_frames(tmp_path: Path) -> None:
    write_frames(tmp_path, ("", 1))
    dataset = open_dataset(tmp_path)
    frame: Any = dataset.frames()[0]
    _ = frame.instances
    for one in (pickle.loads(pickle.dumps(frame)), pickle.loads(pickle.dumps(dataset)).frame("shot_0001")):
        assert one.record == frame.record
        assert [instance.box for instance in one.instances] == [instance.box for instance in frame.instances]
