"""Frame records to formats for training: `core.dataset.export.export`."""

from collections.abc import Sequence
from pathlib import Path
from unittest import mock

from tests.builders import write_record

from .bench_memory import above
from .bench_merge import examples, records
from .fresh_process import export, in_fresh_process, nothing
from .report import Row, Section, duration, megabytes, no_slower
from .timing import best, one_core

_SMALL, _LARGE = 500, 1_500
_ALONE: Sequence[str] = ("coco",)
_EACH: Sequence[str] = ("yolo_detect", "yolo_segment", "yolo_obb", "voc", "kitti", "webdataset")
# What issue and users ask for together; the target is of all of them.
_TOGETHER: Sequence[str] = ("coco", "yolo_detect", "yolo_segment", "yolo_obb", "voc", "kitti")
_TARGET = 2.5


def measure(folder: Path) -> Section:
    """Records in the page cache, no images (hard links of them are the disk's work), on one core."""
    kinds = examples(folder)
    imports = in_fresh_process(nothing)
    datasets = {}
    for count in (_SMALL, _LARGE):
        datasets[count] = folder / f"{count} records"
        with mock.patch("os.fsync"):
            for record in records(kinds, count):
                write_record(datasets[count], record)

    def seconds(count: int, formats: Sequence[str]) -> tuple[float, str]:
        with one_core():
            outcomes = [in_fresh_process(export, datasets[count], ",".join(formats)) for _ in range(3)]
        peaks = [above(imports, outcome) for outcome in outcomes]
        memory = "" if None in peaks else megabytes(max(peak for peak in peaks if peak is not None))
        return best([outcome.timing for outcome in outcomes]).cpu, memory

    alone, _ = seconds(_SMALL, _ALONE)
    together, before = seconds(_SMALL, _TOGETHER)
    _, after = seconds(_LARGE, _TOGETHER)
    rows = [no_slower(f"{', '.join(_TOGETHER)} together", together, "coco alone", alone, at_most=_TARGET)]
    for format in _EACH:
        one, _ = seconds(_SMALL, [format])
        rows.append(no_slower(format, one, "coco alone", alone))
    rows.append(Row(f"memory of all together, {_SMALL:,} and {_LARGE:,} records", f"{before} and {after}"))
    rows.append(Row(f"coco alone, {_SMALL:,} records", f"{_SMALL / alone:,.0f} records/s ({duration(alone)})"))
    text = "5 instances in each record, 640 x 480. Each record is read twice, however many formats there are."
    return Section("Formats for training", text, rows)
