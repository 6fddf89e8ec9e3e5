"""A dataset of a million frames, from its plan to what a training program reads: `python -m benchmarks.million`.

It generates the records of so many frames in packs, a pack at a time, plans them, merges them, exports them to Parquet
and WebDataset without images, changes the frames of one pack and exports them again, and streams both with Hugging Face
Datasets. Prints what each step takes: processor time, the peak of its memory, and what it writes.
`--datasets PYTHON` names the Python that has `datasets`. A million frames take 11 GB of disk, which is given back at
the end.
"""

import argparse
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from unittest import mock

import numpy as np

from core.base.dataset_folder import DatasetFolder
from core.base.phrases import counted
from core.formats.frame_summary import SUMMARY_VERSION, FrameSummary
from core.frames.dataset_plan import DatasetPlan
from core.frames.frame_list import FrameList
from core.masks.runs import find_masks
from core.records.frame_record import FrameRecord
from core.records.packs.pack_file import FRAMES_IN_PACK, pack_name, write_pack
from core.records.packs.prepared import PreparedFrames
from core.records.record_files import stored
from core.settings.category_table import Category
from core.settings.settings import Settings
from tests.builders import plain_instance, plain_record

from .fresh_process import Outcome, export, in_fresh_process, merge_all, nothing
from .report import Row, Section, as_markdown, describe_load, describe_machine, duration, megabytes
from .scenes import Size

_SIZE = Size(640, 480)
_OBJECTS = 5
_KINDS = 8
_EXPORTED = {"parquet": "Parquet", "webdataset": "WebDataset"}
_STREAM = """
import datasets, os, sys
format, files = sys.argv[1:]
rows = datasets.load_dataset(format, data_files=files, split="train", streaming=True)
for name, feature in rows.features.items():
    if isinstance(feature, datasets.Image):
        rows = rows.cast_column(name, datasets.Image(decode=False))  # there are none, or only masks
print(sum(1 for _ in rows), flush=True)
os._exit(0)  # threads of Arrow that still read ahead would abort the process at its end
"""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.million", description=__doc__)
    parser.add_argument("--frames", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, help="where the dataset goes while it is measured")
    parser.add_argument("--no-exports", action="store_true", help="only the merge")
    parser.add_argument("--datasets", metavar="PYTHON", help="a Python that has Hugging Face Datasets")
    options = parser.parse_args()
    machine, load = describe_machine(), describe_load()
    with tempfile.TemporaryDirectory(prefix="labelpass-million-", dir=options.folder) as folder:
        section = measure(Path(folder), options.frames, options.datasets, not options.no_exports)
    print(as_markdown(machine, [replace(section, text=f"{section.text}. {load}")]))
    return 0


def measure(folder: Path, frames: int, datasets: str | None, exports: bool = True) -> Section:
    dataset, out = folder / "dataset", folder / "out"
    write_dataset(dataset, frames)
    imports = in_fresh_process(nothing)
    rows = [Row("records, in packs", f"{_per_frame(_size(dataset / 'records'), frames)} a frame")]

    def add(what: str, outcome: Outcome, written: Path) -> None:
        rows.append(Row(what, _took(outcome, imports, frames), f"{megabytes(_size(written))} written"))

    add("merge", in_fresh_process(merge_all, dataset), dataset / "annotations")
    for format, title in _EXPORTED.items() if exports else ():
        add(f"export to {title}", in_fresh_process(export, dataset, format, out), out / format)
    if exports:
        _change_a_pack(dataset, frames)
    for format, title in _EXPORTED.items() if exports else ():
        before = _shards(out / format)
        outcome = in_fresh_process(export, dataset, format, out)
        after = _shards(out / format)
        written = f"{counted(len(after - before), 'shard')} of {len(after)} written"
        rows.append(Row(f"export to {title} again, one pack changed", _took(outcome, imports, frames), written))
    for format, title in _EXPORTED.items() if datasets and exports else ():
        command = [str(datasets), "-c", _STREAM, format, str(out / format / "*/*-*.*")]
        streamed = int(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)
        if streamed != frames:
            raise SystemExit(f"{streamed} of {frames} frames came back")
        rows.append(Row(f"{title}, streamed back by Hugging Face Datasets", counted(streamed, "row")))
    text = (
        f"{frames:,} frames with {_OBJECTS} instances each, in packs and with a plan; processor time, and the peak of "
        "memory on top of the imports. `python -m benchmarks.million`"
    )
    return Section("A million frames" if frames == 1_000_000 else f"{frames:,} frames", text, rows)


def write_dataset(dataset: Path, frames: int) -> None:
    """The records of so many frames, numbered from 0, and their plan."""
    kinds = list(_kinds())
    with mock.patch("os.fsync"):
        for first in range(0, frames, FRAMES_IN_PACK):
            _write_pack(dataset, kinds, range(first, min(first + FRAMES_IN_PACK, frames)))
    names = FrameList.of(map(_name, range(frames)))
    DatasetPlan(Settings(), None, kinds[0].categories, names).write(DatasetFolder(dataset))


def _change_a_pack(dataset: Path, frames: int) -> None:
    """Let the frames of the pack in the middle show what others show."""
    first = frames // 2 // FRAMES_IN_PACK * FRAMES_IN_PACK
    kinds = list(_kinds())
    _write_pack(dataset, kinds[1:] + kinds[:1], range(first, min(first + FRAMES_IN_PACK, frames)))


def _shards(folder: Path) -> set[tuple[int, int]]:
    """Files in the folders of splits, by what the disk knows each by; one that is linked elsewhere keeps that."""
    stats = [path.stat() for path in folder.glob("*/*-*.*")]
    return {(stat.st_ino, stat.st_mtime_ns) for stat in stats}


def _write_pack(dataset: Path, kinds: Sequence[FrameRecord], numbers: range) -> None:
    lines, prepared = {}, {}
    for number in numbers:
        name = _name(number)
        record = replace(kinds[number % len(kinds)], frame=number, name=name, image=f"images/{name}.png")
        lines[name] = stored(record.as_text())
        prepared[name] = FrameSummary.of(record).prepared()
    path = DatasetFolder(dataset).records / pack_name(_name(numbers[0]))
    write_pack(path, lines, PreparedFrames(SUMMARY_VERSION, prepared))


def _kinds() -> Iterator[FrameRecord]:
    """Records of small boxes, whose masks have about 90 letters."""
    categories = tuple(Category(f"kind {number}", number) for number in range(1, _OBJECTS + 1))
    for seed in range(_KINDS):
        labels = np.zeros((_SIZE.height, _SIZE.width), np.uint32)
        for label in range(1, _OBJECTS + 1):
            left, top = 110 * label - 100 + 7 * seed, 60 * label + 11 * seed
            labels[top : top + 40, left : left + 42] = label
        masks = find_masks(labels)
        instances = tuple(plain_instance(f"Thing {m.label}", f"kind {m.label}", (m.label,), m) for m in masks)
        yield plain_record(width=_SIZE.width, height=_SIZE.height, categories=categories, instances=instances)


def _name(number: int) -> str:
    return f"frame_{number:07}"


def _took(outcome: Outcome, imports: Outcome, frames: int) -> str:
    memory = "" if outcome.peak is None or imports.peak is None else f", {megabytes(outcome.peak - imports.peak)}"
    return f"{duration(outcome.timing.cpu)} ({duration(outcome.timing.cpu / frames)} a frame){memory}"


def _per_frame(size: int, frames: int) -> str:
    return f"{size / frames:,.0f} bytes"


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


if __name__ == "__main__":
    raise SystemExit(main())
