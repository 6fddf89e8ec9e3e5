"""What Blender's overlay needs before it can draw a frame: the record read, boxes and masks made ready for the GPU."""

from pathlib import Path

from core.drawing.overlay import box_frames, make_overlay
from core.records.frame_record import FrameRecord
from core.records.record_files import read_record_file
from core.settings.category_table import Category
from tests.builders import instances_in, plain_record, write_record

from .report import Row, Section, duration
from .scenes import Size, paint_labels
from .timing import compare, one_core

_SIZE = Size(1920, 1080)
_CATEGORIES = tuple(Category(f"category {number}") for number in range(12))


def measure(folder: Path) -> Section:
    rows = []
    for objects in (20, 1_000, 5_000):
        path = write_example(folder, objects)
        record = read_record_file(path)

        def read(path: Path = path) -> object:
            return read_record_file(path)

        def prepare(record: FrameRecord = record) -> object:
            overlay = make_overlay(record)
            return overlay, box_frames(overlay.boxes)

        with one_core():
            timings = compare({"read": read, "prepare": prepare}, seconds=2.0)
        rows.append(Row(f"{objects:,} objects: read the record", duration(timings["read"].cpu)))
        rows.append(Row(f"{objects:,} objects: boxes and masks", duration(timings["prepare"].cpu)))
    text = f"At {_SIZE.width}x{_SIZE.height}, once for each record that an Image Editor shows. Redraws need none of it."
    return Section("Overlay", text, rows)


def write_example(folder: Path, objects: int) -> Path:
    """A record of many objects, as they are in the other benchmarks."""
    names = [category.name for category in _CATEGORIES]
    return write_record(
        folder,
        plain_record(
            name=f"{objects}_objects",
            width=_SIZE.width,
            height=_SIZE.height,
            categories=_CATEGORIES,
            instances=instances_in(paint_labels(_SIZE, objects), names, "Object.{:04}"),
        ),
    )
