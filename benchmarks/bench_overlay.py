"""What Blender's overlay needs before it can draw a frame: the record read, boxes and masks made ready for the GPU."""

from pathlib import Path

from core.drawing.overlay import box_frames, make_overlay
from core.masks.runs import find_masks
from core.records.frame_record import FrameRecord
from core.records.instance import Instance
from core.scene.scene_record import Category

from .report import Row, Section, duration
from .scenes import Size, paint_labels
from .timing import compare, one_core

_SIZE = Size(1920, 1080)
_CATEGORIES = tuple(Category(f"category {number}") for number in range(12))


def measure(folder: Path) -> Section:
    rows = []
    for objects in (20, 1_000, 5_000):
        path = write_record(folder, objects)
        record = FrameRecord.read(path)

        def read(path: Path = path) -> object:
            return FrameRecord.read(path)

        def prepare(record: FrameRecord = record) -> object:
            overlay = make_overlay(record)
            return overlay, box_frames(overlay.boxes)

        with one_core():
            timings = compare({"read": read, "prepare": prepare}, seconds=2.0)
        rows.append(Row(f"{objects:,} objects: read the record", duration(timings["read"].cpu)))
        rows.append(Row(f"{objects:,} objects: boxes and masks", duration(timings["prepare"].cpu)))
    text = (
        f"At {_SIZE.width}x{_SIZE.height}, once for each record that an Image Editor comes to; redraws need none of it."
    )
    return Section("Overlay", text, rows)


def write_record(folder: Path, objects: int) -> Path:
    """A record of many objects, as they are in the other benchmarks."""
    instances = tuple(
        Instance(f"Object.{mask.label:04}", _CATEGORIES[mask.label % len(_CATEGORIES)].name, (mask.label,), mask)
        for mask in find_masks(paint_labels(_SIZE, objects))
    )
    name = f"{objects}_objects"
    return FrameRecord(
        key="", sequence="", frame=0, name=name, width=_SIZE.width, height=_SIZE.height, image=f"images/{name}.png",
        colour=None, pictures=(), label_source="object_index", view_layer="", view="", unit_scale=None, camera=None,
        categories=_CATEGORIES, instances=instances, dropped={}, notes=(),
    ).write(folder)  # fmt: skip
