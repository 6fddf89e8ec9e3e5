"""Pictures of a dataset to look at: all that is known of one frame, or some frames evenly taken from it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import numpy as np

from ..base.dataset_folder import DatasetFolder, frame_of_image
from ..base.errors import InputError, OutputError, UsageError
from ..base.phrases import counted
from ..drawing.contact_sheet import Tile, draw_sheet
from ..drawing.image_files import Bytes, write_image
from ..frames.frame_files import frame_number
from ..frames.frame_messages import listed_frames
from ..records.packs.pack_file import is_pack_name
from ..records.record_store import RecordStore
from ..settings.settings import ImageFormat
from ..settings.shown_pictures import BOXES
from .frame_pictures import FramePictures
from .stream import RecordStream

MOST_FRAMES = 200
_MOST_NAMED = 12
_FORMATS = {".png": ImageFormat.PNG, ".jpg": ImageFormat.JPEG, ".jpeg": ImageFormat.JPEG, ".webp": ImageFormat.WEBP}


@dataclass(frozen=True)
class Shown:
    """A picture, and what is wrong with what it shows.

    Attributes:
        pixels: (H, W, 3) uint8.
        problems: a sentence for each file that cannot be read.
    """

    pixels: Bytes
    problems: list[str] = field(default_factory=list)


def show_frame(records: RecordStore, frame: str, names: Sequence[str], size: int) -> Shown:
    """All that is known of a frame, side by side.

    Args:
        records: those of the dataset.
        frame: its path, see find_frame().
        names: of what to draw, of SHOWN; all that there is if it is empty.
        size: pixels of the longer side of each picture.

    Raises:
        RecordError: its record cannot be read.
        InputError: the frame has none of what is wanted.
    """
    record = records.read(frame)
    pictures = FramePictures(records.dataset, record, size)
    _check_there(pictures, names, frame)
    tiles = [tile for name in names or pictures.there if (tile := pictures.tile(name))]
    if not tiles:
        raise InputError(pictures.problems[0])
    layer = f", view layer {record.view_layer!r}" if record.view_layer else ""
    source = record.label_source.replace("_", " ")
    instances = counted(len(record.instances), "instance")
    heading = f"{frame}: {record.width} x {record.height}, {instances}, labels: {source}{layer}"
    return Shown(draw_sheet(heading, tiles), pictures.problems)


def show_sheet(
    records: RecordStore,
    count: int,
    names: Sequence[str],
    size: int,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Shown:
    """Some frames of a dataset, evenly taken from its order.

    Args:
        records: all of the dataset.
        count: how many frames; all of them if there are no more.
        names: of what to draw of each, of SHOWN; its boxes if it is empty.
        size: pixels of the longer side of each picture.
        progress: called with how many frames are drawn, and their number.

    Raises:
        UsageError: there cannot be so many.
        RecordError: no record is there that can be read.
        InputError: a frame has none of what is wanted.
    """
    if not 1 <= count <= MOST_FRAMES:
        raise UsageError(f"A sheet cannot have {count} frames; take 1 to {MOST_FRAMES}")
    stream = RecordStream(records)
    for _ in stream.frames_surveyed():
        pass
    stream.check_any()
    frames = list(stream.frames())
    places = evenly_taken(count, len(frames))
    tiles: list[Tile] = []
    problems: list[str] = []
    for number, place in enumerate(places):
        progress(number, len(places))
        pictures = FramePictures(records.dataset, records.read(frames[place]), size)
        _check_there(pictures, names, frames[place])
        for name in names or [BOXES]:
            if tile := pictures.tile(name):
                about = ", ".join(filter(None, (tile.title, tile.note)))
                tiles.append(Tile(frames[place], tile.pixels, about))
        problems += pictures.problems
    if not tiles:
        raise InputError(problems[0])
    return Shown(draw_sheet(f"{records.dataset}: {len(places)} of {len(frames)} frames", tiles), problems)


def evenly_taken(count: int, total: int) -> list[int]:
    """The places of so many of some things that lie in a row, the first and the last among them."""
    places: list[int] = np.linspace(0, total - 1, min(count, total)).round().astype(int).tolist()
    return places


def find_frame(records: RecordStore, text: str) -> str:
    """The path of the frame that a user means: by its path, its number, or the name of its image or record.

    Raises:
        InputError: there is no such frame.
        UsageError: there are several.
        RecordError: it may be in a pack that cannot be read.
    """
    path = PurePosixPath(text.replace("\\", "/"))
    names = [text, frame_of_image(path.as_posix())]
    if path.suffix == ".json":
        names += ["/".join(path.with_suffix("").parts[start:]) for start in range(len(path.parts))]
    for name in names:
        if name and records.stamp(name):
            return name
    there = sorted(records.frames())
    for frame in there:
        if is_pack_name(frame.rpartition("/")[2]):
            records.read(frame)  # of a pack that cannot be read it is not known which frames it has
    number = int(text) if text.isascii() and text.isdigit() else None
    found = [frame for frame in there if number is not None and frame_number(frame.rpartition("/")[2]) == number]
    if len(found) == 1:
        return found[0]
    if found:
        more = ", ..." if len(found) > _MOST_NAMED else ""
        raise UsageError(f"Several frames have the number {number}; give one of {', '.join(found[:_MOST_NAMED])}{more}")
    if not there:
        raise InputError(f"{records.dataset} holds no frame records; run 'labelpass annotate' on the frames first")
    raise InputError(f"{records.dataset} has no frame {text!r}; it has {listed_frames(there)}")


def picture_path(dataset: DatasetFolder, output: Path | None, name: str, overwrite: bool) -> Path:
    """Where a picture goes: by default into the current folder.

    Args:
        dataset: which must not get files that are not its own.
        output: what the user gave.
        name: what the picture is of, a frame's path.
        overwrite: whether it may replace a file.

    Raises:
        UsageError: it would be no picture, lie in the dataset, or replace a file.
    """
    path = output or Path(f"{name.replace('/', '_')}-show.png")
    if path.suffix.lower() not in _FORMATS:
        raise UsageError(f"{path} is no name of a picture; end it with {', '.join(_FORMATS)}")
    if path.resolve().is_relative_to(dataset.path.resolve()):
        raise UsageError(f"{path} would lie in the dataset {dataset}; give a place outside of it with --output")
    if path.exists() and not overwrite:
        raise UsageError(f"{path} is there already; give another --output, or --overwrite to replace it")
    return path


def write_picture(path: Path, pixels: Bytes) -> None:
    """Write a picture in the format that its name says; OutputError where that cannot be done."""
    format = _FORMATS[path.suffix.lower()]
    try:
        write_image(path, pixels, format)
    except ValueError as error:  # of more pixels than the format can have
        raise OutputError(f"Cannot write {path}: {error}; show less at once, or smaller with --size") from error


def _check_there(pictures: FramePictures, names: Sequence[str], frame: str) -> None:
    there = pictures.there
    for name in names:
        if name not in there:
            raise InputError(f"The frame {frame} has no {name}; it has {', '.join(there)}")
