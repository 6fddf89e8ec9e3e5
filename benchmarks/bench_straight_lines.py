"""Whether the time of a frame grows in a straight line with its pixels and its objects.

That of a dataset with its frames is in the sections on the merge and on exports.
"""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from core.annotate.annotate import annotate
from core.settings.settings import LabelSource

from .fresh_process import labels_job
from .render_files import write_multi_part
from .report import Row, Section, duration
from .scenes import FULL_HD, RenderedFrame, Size, paint_labels
from .timing import compare, one_core

_SIZES = (Size(960, 540), FULL_HD, Size(3840, 2160), Size(7680, 4320))
_OBJECTS = (100, 1_000, 3_000, 10_000)
# Of what one more pixel or object costs in the smallest frames: caches and memory are not as fast for large ones.
_MOST = 1.5


def measure(folder: Path) -> Section:
    """Index to record, the first two and the last two points of each line."""
    by_pixels: dict[int, Callable[[], object]] = {
        size.width * size.height: _to_record(folder, size, _OBJECTS[0]) for size in _SIZES
    }
    by_objects: dict[int, Callable[[], object]] = {
        objects: _to_record(folder, FULL_HD, objects) for objects in _OBJECTS
    }
    with one_core():
        rows = [*_rows("pixels", f"{_OBJECTS[0]} objects", by_pixels), *_rows("objects", str(FULL_HD), by_objects)]
    text = (
        "An EXR file with Object Index to its record. What each further pixel or object costs, compared with what it "
        "costs between the two smallest frames."
    )
    return Section("Straight lines", text, rows)


def _to_record(folder: Path, size: Size, objects: int) -> Callable[[], object]:
    file = folder / f"{size} {objects}.exr"
    labels = paint_labels(size, objects).astype(np.float32)
    write_multi_part(RenderedFrame({"Object Index": {"X": labels}}, {}), file)
    return partial(annotate, labels_job(file, folder / file.stem, LabelSource.OBJECT_INDEX))


def _rows(unit: str, fixed: str, candidates: dict[int, Callable[[], object]]) -> list[Row]:
    timings = compare({f"{number}": task for number, task in candidates.items()})
    seconds = [timings[f"{number}"].cpu for number in candidates]
    numbers = list(candidates)
    each = [(b - a) / (n - m) for a, b, m, n in zip(seconds, seconds[1:], numbers, numbers[1:], strict=False)]
    return [Row(_title(numbers[0], unit, fixed), duration(seconds[0])), *_steps(unit, fixed, numbers, seconds, each)]


def _steps(unit: str, fixed: str, numbers: Sequence[int], seconds: Sequence[float], each: Sequence[float]) -> list[Row]:
    rows = [Row(_title(numbers[1], unit, fixed), duration(seconds[1]))]
    reference = f"{numbers[0]:,} to {numbers[1]:,} {unit}"
    for number, second, one in zip(numbers[2:], seconds[2:], each[1:], strict=True):
        ratio = one / each[0]
        text = f"{ratio:.2f}x for each"
        rows.append(
            Row(_title(number, unit, fixed), duration(second), reference, text, f"at most {_MOST:g}x", ratio <= _MOST)
        )
    return rows


def _title(number: int, unit: str, fixed: str) -> str:
    return f"{number:,} {unit}, {fixed}"
