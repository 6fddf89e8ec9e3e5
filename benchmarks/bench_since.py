"""`labelpass annotate`, compared with how long it took at an earlier commit: `python -m core` of both."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import numpy as np
from PIL import Image

from core.base.dataset_folder import DatasetFolder
from core.base.files import canonical_json
from core.dataset.merge import merge
from core.dataset.packing import pack
from core.records.frame_record import FrameRecord
from core.records.record_files import stored
from tests.builders import write_record
from tools.other_commit import CHECKOUT, checked_out

from .bench_frames import link_frames
from .bench_merge import examples, records
from .commands import processor_time
from .render_files import write_multi_part, write_single_part
from .report import Row, Section, faster, no_slower
from .scenes import FULL_HD, render
from .timing import one_core

# Before validation was made faster, and packs were there.
VALIDATE_COMMIT = "86ae094"
_RECORD_VERSION_THEN = 5
# Before images, files of Blender 4 and frames of many objects were made faster.
COMMIT = "951a035"
_TURNS = 3
_RECORDS_CHECKED = 2_000
_RECORDS = "--image-format", "none", "--no-pictures"


@dataclass(frozen=True)
class _Run:
    """
    Attributes:
        title: what is annotated.
        file: the frame, annotated again and again.
        options: of the command.
        at_most: the ratio to be had; None where the row only informs.
        frames: how many.
    """

    title: str
    file: Path
    options: Sequence[str]
    at_most: float | None = None
    frames: int = 6


def measure(folder: Path) -> Section:
    """A frame costs what the command takes with several of them, less what it takes with one."""
    runs = _runs(folder)
    with one_core(), checked_out(COMMIT, folder / "checkout") as other:
        rows = [_row(folder / str(number), run, other) for number, run in enumerate(runs)]
    text = (
        f"A frame of `labelpass annotate`, {FULL_HD}, by this commit and by {COMMIT}: what the command takes with "
        "several frames, less what it takes with one. Processor time of all its processes; both take turns. The "
        "training images have the same pixels."
    )
    return Section("Since an earlier commit", text, rows)


def measure_validate(folder: Path) -> Section:
    """A frame costs what the command takes for many of them, less what it takes for one."""
    kinds = examples(folder)
    many, packed, one, many_then, one_then = (
        folder / name for name in ("many", "packed", "one", "many then", "one then")
    )
    for output, count in ((many, _RECORDS_CHECKED), (packed, _RECORDS_CHECKED), (one, 1)):
        with mock.patch("os.fsync"):
            for record in records(kinds, count):
                write_record(output, record)
        merge(output)
    pack(packed)
    for output, count in ((many_then, _RECORDS_CHECKED), (one_then, 1)):
        _write_as_then(output, records(kinds, count))
    best: dict[Path, float] = {}
    with one_core(), checked_out(VALIDATE_COMMIT, folder / "checkout") as other:
        for output in (many_then, one_then):
            processor_time(other, ["-m", "core", "merge", str(output)])
        for _ in range(_TURNS):
            for checkout, output in (
                (CHECKOUT, many),
                (CHECKOUT, packed),
                (CHECKOUT, one),
                (other, many_then),
                (other, one_then),
            ):
                seconds = processor_time(checkout, ["-m", "core", "validate", str(output)])
                best[output] = min(seconds, best.get(output, seconds))
    before, files, packs = (
        (best[output] - best[single]) / (_RECORDS_CHECKED - 1)
        for output, single in ((many_then, one_then), (many, one), (packed, one))
    )
    rows = [
        faster("records in files", files, VALIDATE_COMMIT, before, 3),
        faster("records in packs", packs, f"{VALIDATE_COMMIT}, in files", before, 3),
    ]
    text = (
        f"A frame of `labelpass validate`, 5 instances and no image, by this commit and by {VALIDATE_COMMIT}: what the "
        f"command takes for {_RECORDS_CHECKED:,} frames, less what it takes for one. Processor time; both take turns."
    )
    return Section("Validation", text, rows)


def _write_as_then(output: Path, frames: Iterable[FrameRecord]) -> None:
    """Write records as that commit reads them."""
    for record in frames:
        path = DatasetFolder(output).records / f"{record.path}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(stored(canonical_json(record.as_json() | {"record_version": _RECORD_VERSION_THEN})))


def _runs(folder: Path) -> list[_Run]:
    multi, single, crowd = folder / "multi.exr", folder / "single.exr", folder / "crowd.exr"
    frame = render(FULL_HD, 100)
    write_multi_part(frame, multi)
    write_single_part(frame, single)
    write_multi_part(render(FULL_HD, 10_000), crowd)
    many = "multi-part, 10,000 objects"
    return [
        _Run("multi-part, default settings", multi, (), 0.5),
        _Run("single-part, default settings", single, (), 0.5),
        _Run("multi-part, record, index", multi, _RECORDS),
        _Run("single-part, record, index", single, _RECORDS, 0.5),
        _Run("multi-part, record, Cryptomatte", multi, (*_RECORDS, "--labels", "crypto_object")),
        _Run("single-part, record, Cryptomatte", single, (*_RECORDS, "--labels", "crypto_object")),
        _Run(f"{many}, record, index", crowd, _RECORDS, 0.35, 3),
        _Run(f"{many}, default settings", crowd, (), 0.4, 2),
    ]


def _row(folder: Path, run: _Run, other: Path) -> Row:
    folder.mkdir()
    inputs = {count: folder / f"{count} frames" for count in (1, run.frames)}
    for count, path in inputs.items():
        link_frames(run.file, path, count)
    best: dict[tuple[Path, int], float] = {}
    for _ in range(_TURNS):
        for checkout in (CHECKOUT, other):
            for count, path in inputs.items():
                output = folder / f"output of {checkout.name}"
                options = ["--output", str(output), "--workers", "1", "--redo", *run.options]
                seconds = processor_time(checkout, ["-m", "core", "annotate", str(path), *options])
                best[checkout, count] = min(seconds, best.get((checkout, count), seconds))
    images = [folder / f"output of {checkout.name}/images/frame_0001.png" for checkout in (CHECKOUT, other)]
    if not run.options and not np.array_equal(*(np.asarray(Image.open(path)) for path in images)):
        raise SystemExit(f"{run.title}: the training images differ, so there is nothing to compare")
    ours, theirs = (
        (best[checkout, run.frames] - best[checkout, 1]) / (run.frames - 1) for checkout in (CHECKOUT, other)
    )
    return no_slower(run.title, ours, COMMIT, theirs, run.at_most)
