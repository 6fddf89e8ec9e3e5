"""Frame records to formats for training: `core.dataset.export.export`."""

from collections.abc import Sequence
from itertools import count as numbered
from pathlib import Path
from unittest import mock

from tests.builders import write_record

from .bench_memory import above
from .bench_merge import examples, records
from .fresh_process import export, in_fresh_process, nothing, read_twice
from .report import Row, Section, duration, megabytes, no_slower
from .timing import best, one_core, time_once

_SMALL, _LARGE = 1_500, 10_000
_ALONE: Sequence[str] = ("coco",)
_EACH: Sequence[str] = ("yolo_detect", "yolo_segment", "yolo_obb", "voc", "kitti", "webdataset")
# What issue and users ask for together; the target is of all of them.
_TOGETHER: Sequence[str] = ("coco", "yolo_detect", "yolo_segment", "yolo_obb", "voc", "kitti")
_TARGET = 2.5
_RUNS = 2


def measure(folder: Path) -> Section:
    """Records in the page cache, no images (hard links of them are the disk's work), on one core."""
    kinds = examples(folder)
    imports = in_fresh_process(nothing)
    datasets, places, latest = {}, numbered(), folder
    for count in (_SMALL, _LARGE):
        datasets[count] = folder / f"{count} records"
        with mock.patch("os.fsync"):
            for record in records(kinds, count):
                write_record(datasets[count], record)

    def measured(count: int, formats: Sequence[str]) -> tuple[float, str]:
        """Seconds, and memory beyond that of the imports; the folder that the last one is in is `latest`."""
        nonlocal latest
        outcomes = []
        for _ in range(_RUNS):
            with one_core():
                # None is removed: where files were just deleted, some file systems take long to make new ones.
                latest = folder / str(next(places))
                outcomes.append(in_fresh_process(export, datasets[count], ",".join(formats), latest))
        peaks = [above(imports, outcome) for outcome in outcomes]
        memory = "" if None in peaks else megabytes(max(peak for peak in peaks if peak is not None))
        return best([outcome.timing for outcome in outcomes]).cpu, memory

    rows, peaks, alone = [], [], {}
    for count in (_SMALL, _LARGE):
        alone[count], _ = measured(count, _ALONE)
        together, peak = measured(count, _TOGETHER)
        peaks.append(peak)
        what = f"{', '.join(_TOGETHER)} together, {count:,} records"
        rows.append(no_slower(what, together, "coco alone", alone[count], at_most=_TARGET))
        if count == _SMALL:
            with one_core():
                reading = in_fresh_process(read_twice, datasets[count]).timing.cpu
                writing = min(_seconds_to_write(latest, folder / str(next(places))) for _ in range(_RUNS))
            what = f"of that, reading {count:,} records twice"
            rows.append(no_slower(what, reading, "coco alone", alone[count]))
            rows.append(
                no_slower("of that, creating the files, their bytes ready", writing, "coco alone", alone[count])
            )
    for format in _EACH:
        one, _ = measured(_SMALL, [format])
        rows.append(no_slower(f"{format}, {_SMALL:,} records", one, "coco alone", alone[_SMALL]))
    rows.append(Row(f"memory of all together, {_SMALL:,} and {_LARGE:,} records", " and ".join(peaks)))
    speed = f"{_SMALL / alone[_SMALL]:,.0f} records/s ({duration(alone[_SMALL])})"
    rows.append(Row(f"coco alone, {_SMALL:,} records", speed))
    text = (
        "5 instances in each record, 640 x 480. Each record is read twice, however many formats there are. See [why "
        "other formats take longer than COCO](#exports)."
    )
    return Section("Formats for training", text, rows)


def _seconds_to_write(files: Path, output: Path) -> float:
    """What it takes to write some files once more in another folder, when it is known what is in them."""
    contents = {str(output / one.relative_to(files)): one.read_bytes() for one in files.rglob("*") if one.is_file()}
    for folder in {Path(file).parent for file in contents}:
        folder.mkdir(parents=True, exist_ok=True)

    def write() -> None:
        for file, content in contents.items():
            with open(file, "wb") as opened:  # noqa: PTH123
                opened.write(content)

    return time_once(write).cpu
