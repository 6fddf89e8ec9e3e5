"""Exports where an earlier one is: only what has changed is written, and the bytes are as if all were."""

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import core.exports.export_writer
import core.exports.media
import core.exports.surveyed_frames
import core.exports.tables.cells
import core.exports.tables.shards
from core.base.dataset_folder import DatasetFolder
from core.checks.files.exported_formats import check_exports
from core.dataset.export import Exported, export
from core.dataset.packing import pack
from core.records.packs.packed_records import PackedRecords
from core.records.record_store import open_records
from core.settings.category_table import Category
from core.settings.export_table import ExportFormat
from core.settings.settings import Media, Settings
from tests.builders import record_path
from tests.core.datasets import bytes_in
from tests.core.forged_json import VALUES, places, replaced
from tests.core.made_up import CATEGORIES, MadeUpFrame, random_labels, rich_frame, write_made_up, write_rich_frames

PARQUET, WEBDATASET = ExportFormat.PARQUET, ExportFormat.WEBDATASET
FORMATS = pytest.mark.parametrize("format", [PARQUET, WEBDATASET])
SHARDS = ".parquet", ".tar"


@pytest.fixture(autouse=True)
def small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cells of five frames, and shards of up to seven."""
    monkeypatch.setattr(core.exports.surveyed_frames, "FRAMES_IN_PACK", 5)
    monkeypatch.setattr(core.exports.tables.cells, "MOST_FRAMES", 7)


def frame(sequence: str, number: int, seed: int) -> MadeUpFrame:
    return MadeUpFrame(random_labels(seed), f"{sequence}_{number:04}", sequence, number, ignored=[6])


def write(dataset: Path, *frames: MadeUpFrame, categories: Any = CATEGORIES) -> None:
    write_made_up(dataset, frames, categories)


def again(dataset: Path, format: ExportFormat, **settings: Any) -> Exported:
    return export(dataset, Settings(formats=(format,), **{"splits": "train=3,val=1", **settings}))


def from_scratch(dataset: Path, format: ExportFormat, **settings: Any) -> Exported:
    """Into another folder."""
    shutil.rmtree(dataset / "scratch", ignore_errors=True)
    chosen = Settings(formats=(format,), **{"splits": "train=3,val=1", **settings})
    return export(dataset, chosen, dataset / "scratch")


def check_same(dataset: Path, format: ExportFormat) -> None:
    """That both say the same, but for what is remembered."""
    both = [bytes_in(folder / format) for folder in (dataset / "exports", dataset / "scratch")]
    for one in both:
        one.pop("shards.json")
    assert both[0] == both[1]


def shards_in(folder: Path) -> dict[str, tuple[int, bytes]]:
    """The number that the disk has for each shard, and its bytes."""
    files = [path for path in folder.rglob("*") if path.suffix in SHARDS and path.is_file()]
    return {path.relative_to(folder).as_posix(): (path.stat().st_ino, path.read_bytes()) for path in files}


def written_anew(before: dict[str, tuple[int, bytes]], after: dict[str, tuple[int, bytes]]) -> set[str]:
    kept = {number for number, _ in before.values()}
    return {name for name, (number, _) in after.items() if number not in kept}


# --- Any changes, one after the other ---------------------------------------------------------------------------------


class Changes:
    """Changes of a dataset and of its export, chosen by chance."""

    def __init__(self, dataset: Path, format: ExportFormat, seed: int) -> None:
        self.dataset, self.format, self.random = dataset, format, np.random.default_rng(seed)
        self.settings: dict[str, Any] = {}
        self.categories = list(CATEGORIES)
        self.sequences = {"a": set(range(12)), "b": set(range(3, 8)), "c": {1}, "d": {1, 2, 3}, "e": set(range(40, 52))}
        write(dataset, *(frame(name, number, number) for name, numbers in self.sequences.items() for number in numbers))

    def any_frame(self) -> tuple[str, int]:
        frames = [(name, number) for name in sorted(self.sequences) for number in sorted(self.sequences[name])]
        return frames[self.random.integers(len(frames))]

    def add(self, sequence: str, number: int) -> None:
        self.sequences.setdefault(sequence, set()).add(number)
        write(self.dataset, frame(sequence, number, int(self.random.integers(10**6))), categories=self.categories)

    def shard(self) -> Path:
        files = [path for path in (self.dataset / "exports" / self.format).rglob("*") if path.suffix in SHARDS]
        return sorted(files)[self.random.integers(len(files))]

    # What may happen. It is True where all shards may have to be written, though not all differ.

    def nothing(self) -> None:
        pass

    def frame_redone(self) -> None:
        self.add(*self.any_frame())

    def frame_at_the_end(self) -> None:
        sequence, _ = self.any_frame()
        self.add(sequence, max(self.sequences[sequence]) + 1)

    def frame_in_the_middle(self) -> None:
        sequence, number = self.any_frame()
        self.add(sequence, number + 1)

    def frame_removed(self) -> None:
        sequence, number = self.any_frame()
        self.sequences[sequence].remove(number)
        if not self.sequences[sequence]:
            del self.sequences[sequence]
        open_records(DatasetFolder(self.dataset)).remove(f"{sequence}/{sequence}_{number:04}")

    def sequence_added(self) -> None:
        name = "abcdefg"[self.random.integers(7)] * int(self.random.integers(2, 4))
        for number in range(self.random.integers(1, 8)):
            self.add(name, number)

    def splits_changed(self) -> None:
        self.settings["split_seed"] = int(self.random.integers(100))

    def split_renamed(self) -> None:
        self.settings["splits"] = f"learn{self.random.integers(100)}=3,val=1"

    def category_added(self) -> bool:
        self.categories.append(Category(f"new {len(self.categories)}", 1000 - len(self.categories)))
        self.frame_redone()
        return True

    def image_changed(self) -> None:
        sequence, number = self.any_frame()
        image = self.dataset / f"images/{sequence}/{sequence}_{number:04}.png"
        data, time = bytearray(image.read_bytes()), image.stat().st_mtime_ns
        data[-30] ^= 1
        image.write_bytes(data)
        os.utime(image, ns=(time, time + 10**6))

    def media_changed(self) -> bool:
        self.settings["media"] = [Media.NONE, Media.LINK][self.random.integers(2)]
        return True

    def packed(self) -> None:
        pack(self.dataset)

    def shard_damaged(self) -> None:
        path = self.shard()
        data = bytearray(path.read_bytes())
        data[self.random.integers(len(data))] ^= 1
        path.write_bytes(data)

    def shard_cut(self) -> None:
        path = self.shard()
        os.truncate(path, path.stat().st_size // 2)

    def shard_missing(self) -> None:
        self.shard().unlink()

    def shard_is_a_folder(self) -> None:
        path = self.shard()
        path.unlink()
        path.mkdir()

    def nothing_remembered(self) -> bool:
        (self.dataset / "exports" / self.format / "shards.json").write_bytes(b"{")
        return True

    def another_version(self) -> bool:
        core.exports.tables.shards._VERSION = f"{self.random.integers(10**6)}"
        return True


KINDS: list[Callable[[Changes], bool | None]] = [
    Changes.nothing,
    Changes.frame_redone,
    Changes.frame_at_the_end,
    Changes.frame_in_the_middle,
    Changes.frame_removed,
    Changes.sequence_added,
    Changes.splits_changed,
    Changes.split_renamed,
    Changes.category_added,
    Changes.image_changed,
    Changes.media_changed,
    Changes.packed,
    Changes.shard_damaged,
    Changes.shard_cut,
    Changes.shard_missing,
    Changes.shard_is_a_folder,
    Changes.nothing_remembered,
    Changes.another_version,
]


@FORMATS
@pytest.mark.parametrize("seed", range(4))
def test_any_changes(tmp_path: Path, format: ExportFormat, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bytes and what people are told are those of an export from scratch, and no shard is written that was there."""
    monkeypatch.setattr(core.exports.tables.shards, "_VERSION", "1")
    changes = Changes(tmp_path, format, seed)
    again(tmp_path, format)
    order = changes.random.permutation(len(KINDS))
    for number in order:
        before = shards_in(tmp_path / "exports" / format)
        writes_all = KINDS[number](changes)
        there = shards_in(tmp_path / "exports" / format)
        done, wanted = (make(tmp_path, format, **changes.settings) for make in (again, from_scratch))
        after = shards_in(tmp_path / "exports" / format)

        check_same(tmp_path, format)
        assert done.losses == wanted.losses and done.split_sizes == wanted.split_sizes
        sound = {name: one for name, one in there.items() if before.get(name) == one}
        new = written_anew(sound, after)
        if not writes_all:
            bytes_before = {data for _, data in sound.values()}
            assert new == {name for name, (_, data) in after.items() if data not in bytes_before}
            assert done.unchanged == {format: (len(after) - len(new), len(after))}


# --- One at a time ----------------------------------------------------------------------------------------------------


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    write(tmp_path, *(frame("a", number, number) for number in range(40)))
    return tmp_path


@FORMATS
def test_nothing_is_read_or_written_again(dataset: Path, format: ExportFormat, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of frames whose shards are as they were, records are read once and images not at all."""
    reads: list[str] = []
    read = PackedRecords.read_checked
    monkeypatch.setattr(PackedRecords, "read_checked", lambda self, name: reads.append(name) or read(self, name))
    again(dataset, format, splits="train=1")
    assert len(reads) == 80
    write(dataset, frame("a", 12, 99))
    reads.clear()
    before = shards_in(dataset / "exports")
    done = again(dataset, format, splits="train=1")

    assert written_anew(before, shards_in(dataset / "exports")) == {
        f"{format}/train/train-000002{SHARDS[format is WEBDATASET]}"
    }
    assert len(reads) == 45
    assert list(done.lines())[2] == "  7 of 8 shards are as they were"


@FORMATS
def test_a_new_object_changes_no_other_ids(tmp_path: Path, format: ExportFormat) -> None:
    """Also of tracks: another instance in the first frame leaves all other shards alone."""
    write_rich_frames(tmp_path, [rich_frame(random_labels(1, things=3), "walk", number) for number in range(20)])
    again(tmp_path, format, splits="train=1")
    before = shards_in(tmp_path / "exports")
    write_rich_frames(tmp_path, [rich_frame(random_labels(1, things=9), "walk", 0)])
    again(tmp_path, format, splits="train=1")

    assert len(written_anew(before, shards_in(tmp_path / "exports"))) == 1


@FORMATS
@pytest.mark.parametrize(
    ("change", "most"),
    [
        (lambda dataset: write(dataset, frame("m", 12, 99)), 1),  # which is there
        (lambda dataset: write(dataset, frame("m", 15, 1)), 1),  # which fills a gap
        (lambda dataset: write(dataset, frame("m", 70, 1)), 2),
        (lambda dataset: write(dataset, frame("m", -9, 1)), 2),
        (lambda dataset: record_path(dataset, "m/m_0012").unlink(), 1),
        (lambda dataset: write(dataset, frame("a", 1, 1)), 2),
        (lambda dataset: write(dataset, *(frame("a", number, 1) for number in range(20))), 5),
        (lambda dataset: write(dataset, frame("z", 1, 1)), 2),
    ],
)
def test_how_little_is_written(
    tmp_path: Path, format: ExportFormat, change: Callable[[Path], object], most: int
) -> None:
    """Whether frames come first, last or between others: neither names nor ids of the others depend on it."""
    write(tmp_path, *(frame("m", number, number) for number in range(60) if number != 15))
    again(tmp_path, format, splits="train=1")
    before = shards_in(tmp_path / "exports")
    change(tmp_path)
    again(tmp_path, format, splits="train=1")
    after = shards_in(tmp_path / "exports")

    assert len(before) == 12
    assert 1 <= len(written_anew(before, after)) <= most


def test_without_an_earlier_one(dataset: Path) -> None:
    done = again(dataset, WEBDATASET)

    assert done.unchanged == {}
    assert not any("as they were" in line for line in done.lines())
    (dataset / "exports/webdataset/shards.json").unlink()
    assert again(dataset, WEBDATASET).unchanged == {}


@FORMATS
def test_a_thousand(dataset: Path, format: ExportFormat) -> None:
    done = again(dataset, format)
    told = replace(done, unchanged={format: (998, 1000)})

    assert "  998 of 1,000 shards are as they were" in told.lines()


@FORMATS
def test_a_disk_without_links_gets_copies(dataset: Path, format: ExportFormat, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which are taken over the next time as well."""

    def no_links(source: Path, path: Path) -> None:
        raise OSError(18, "Invalid cross-device link")

    again(dataset, format)
    monkeypatch.setattr(core.exports.media.os, "link", no_links)
    for _ in range(2):
        done = again(dataset, format)
        unchanged, shards = done.unchanged[format]
        assert unchanged == shards > 5
    from_scratch(dataset, format)
    check_same(dataset, format)


@FORMATS
def test_a_shard_that_goes_while_it_is_taken_over(
    dataset: Path, format: ExportFormat, monkeypatch: pytest.MonkeyPatch
) -> None:
    again(dataset, format)
    place = core.exports.tables.shards.place_file

    def gone(file: Path, path: Path, media: Media) -> None:
        if "000001" in file.name:
            file.unlink()
        if "000002" in file.name:
            path.write_bytes(b"half of")
            raise OSError(28, "No space left on device")
        place(file, path, media)

    monkeypatch.setattr(core.exports.tables.shards, "place_file", gone)
    done = again(dataset, format)
    unchanged, shards = done.unchanged[format]
    assert shards - 4 <= unchanged < shards
    monkeypatch.undo()
    monkeypatch.setattr(core.exports.surveyed_frames, "FRAMES_IN_PACK", 5)
    monkeypatch.setattr(core.exports.tables.cells, "MOST_FRAMES", 7)
    from_scratch(dataset, format)
    check_same(dataset, format)


@FORMATS
def test_a_frame_that_changes_meanwhile_is_looked_at_again(dataset: Path, format: ExportFormat) -> None:
    """Its shard may hold either record, so it is not remembered."""
    record = record_path(dataset, "a/a_0012").read_bytes()

    def change(done: int, total: int) -> None:
        if done == 40:  # between the rounds
            write(dataset, frame("a", 12, 99))

    export(dataset, Settings(formats=(format,), splits="train=3,val=1"), progress=change)
    record_path(dataset, "a/a_0012").write_bytes(record)
    done = again(dataset, format)

    unchanged, shards = done.unchanged[format]
    assert unchanged == shards - 1
    from_scratch(dataset, format)
    check_same(dataset, format)


@FORMATS
def test_forged_memories(tmp_path: Path, format: ExportFormat) -> None:
    """Whatever shards.json says, the export is right, and no file from elsewhere gets into it."""
    dataset = tmp_path
    write(dataset, frame("a", 1, 1))
    again(dataset, format, splits="train=1")
    from_scratch(dataset, format, splits="train=1")
    path = dataset / "exports" / format / "shards.json"
    (dataset / "exports" / format / "secret.txt").write_text("secret")
    data = json.loads(path.read_bytes())
    first = next(iter(data["shards"]))
    small = {"shards": {first: data["shards"][first]}}
    for place in places(small):
        for value in VALUES:
            path.write_text(json.dumps(replaced(small, place, value)))
            again(dataset, format, splits="train=1")
            check_same(dataset, format)
    secret = (dataset / "dataset_secret").absolute()
    secret.write_text("secret")
    stat = secret.stat()
    row = {**small["shards"][first], "size": stat.st_size, "mtime_ns": stat.st_mtime_ns}
    for name in ("../../dataset_secret", str(secret), "train/../../../dataset_secret"):
        path.write_text(json.dumps({"shards": {name: row}}))
        again(dataset, format, splits="train=1")
        check_same(dataset, format)


@FORMATS
def test_damage_that_the_disk_does_not_know_of(dataset: Path, format: ExportFormat) -> None:
    """Size and time are as they were: `labelpass validate` finds it, and says what to do."""
    again(dataset, format)
    path = next(path for path in sorted((dataset / "exports" / format).rglob("*")) if path.suffix in SHARDS)
    stat, data = path.stat(), bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    (problem,) = [text for _, found in check_exports(DatasetFolder(dataset)) for text in found]

    assert problem == f"{path} is not what the records say; remove it, and export the dataset again"
    path.unlink()
    again(dataset, format)
    assert [text for _, found in check_exports(DatasetFolder(dataset)) for text in found] == []


def test_both_formats_together(dataset: Path) -> None:
    """With one that is no table, which gets all frames."""
    settings = Settings(formats=(PARQUET, WEBDATASET, ExportFormat.HUGGINGFACE, ExportFormat.COCO))
    export(dataset, settings)
    write(dataset, frame("a", 12, 99))
    done = export(dataset, settings)
    whole = export(dataset, settings, dataset / "scratch")

    assert {format: shards - same for format, (same, shards) in done.unchanged.items()} == {PARQUET: 1, WEBDATASET: 1}
    assert done.losses == whole.losses
    for format in settings.formats:
        if format not in done.unchanged:
            assert bytes_in(dataset / "exports" / format) == bytes_in(dataset / "scratch" / format)
        else:
            check_same(dataset, format)
