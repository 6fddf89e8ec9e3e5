"""Frame records to the COCO file: `core.dataset.merge.write_formats`."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import cycle, islice
from pathlib import Path
from unittest import mock

from core.annotate.annotate import annotate
from core.dataset.packing import pack
from core.records.frame_record import FrameRecord
from core.settings.settings import LabelSource
from tests.builders import write_record

from .bench_memory import above
from .fresh_process import in_fresh_process, labels_job, merge, nothing
from .render_files import write_single_part
from .report import Row, Section, duration, faster, megabytes
from .scenes import Size, render
from .timing import best, one_core

_SIZE = Size(640, 480)
_OBJECTS = 5
_KINDS = 8


def measure(folder: Path) -> Section:
    """Records in the page cache; writing them is excluded."""
    rows = []
    imports = in_fresh_process(nothing)
    kinds = examples(folder)
    for count in (1_000, 10_000):
        output = folder / f"{count} records"
        with mock.patch("os.fsync"):  # ten thousand times would be most of this benchmark's time
            for record in records(kinds, count):
                write_record(output, record)
        with one_core():
            outcomes = [in_fresh_process(merge, output) for _ in range(3)]
        seconds = best([outcome.timing for outcome in outcomes]).cpu
        peaks = [above(imports, outcome) for outcome in outcomes]
        memory = "" if None in peaks else f", {megabytes(max(peak for peak in peaks if peak is not None))} of memory"
        rows.append(Row(f"{count:,} records", f"{count / seconds:,.0f} records/s ({duration(seconds)}){memory}"))
    pack(output)
    with one_core():
        packed = best([in_fresh_process(merge, output).timing for _ in range(3)]).cpu
    rows.append(faster(f"{count:,} records in packs", packed, "in files", seconds, 5))
    text = f"{_OBJECTS} instances in each record. The file is streamed, so memory grows only with the records' names."
    return Section("COCO merge", text, rows)


def examples(folder: Path) -> list[FrameRecord]:
    """The records of some small synthetic frames."""
    return [_example(folder, seed) for seed in range(_KINDS)]


def _example(folder: Path, seed: int) -> FrameRecord:
    file = folder / f"small_{seed}.exr"
    write_single_part(render(_SIZE, _OBJECTS, seed), file)
    return annotate(labels_job(file, folder / "examples", LabelSource.OBJECT_INDEX))


def records(kinds: list[FrameRecord], count: int) -> Iterator[FrameRecord]:
    """So many records, which are those of examples() under other names."""
    for number, record in enumerate(islice(cycle(kinds), count), start=1):
        name = f"frame_{number:06}"
        yield replace(record, frame=number, name=name, image=f"images/{name}.png")
