"""The frame record: everything that dataset formats need to know of one frame, in one small JSON file.

Records are the source of truth; COCO and the other formats are written from them. A record carries a key of all it was
made from, so that a second run can tell whether it is still valid, a checksum, so that a damaged one is noticed, and
what is in the files that belong to it, so that another file in the place of one of them is noticed.
"""

import contextlib
import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any

from ..base.errors import RecordError
from ..base.files import Content, canonical_json, complete_file, digest
from ..base.json_fields import JsonObject
from ..frames.frame_files import frame_paths, joined_path
from ..frames.sequences import WantedSequences, shot_of
from ..frames.sidecar import Sidecar
from ..scene.camera import Camera
from ..settings.category_table import Category
from ..settings.map_table import DenseMap, WrittenMap
from .instance import Instance

RECORD_VERSION = 4
RECORDS_FOLDER = "records"
IMAGES_FOLDER = "images"
PICTURES_FOLDER = "pictures"
SOFT_MASKS_FOLDER = "soft_masks"


@dataclass(frozen=True, kw_only=True)
class FrameRecord(JsonObject):
    """One annotated frame.

    Attributes:
        key: digest of the files, the scene record and the settings that the record was made from.
        sequence, frame, name, split: as in FrameFiles.
        width, height: pixels of the image.
        image: path of the training image below the output folder, with forward slashes.
        colour: how the image's colours were made; None where no image was written.
        pictures: paths of the preview pictures, likewise.
        label_source: the pass that the instances come from.
        view_layer, view: which of the file's.
        unit_scale: metres in one scene unit; None without a scene record.
        camera: None without a scene record.
        categories: all that the scene has, sorted by name.
        instances: those that are seen, sorted by name.
        dropped: reason -> how many instances were left out for it, see filters.py.
        notes: sentences on what the user should know about this frame.
        ignored: regions in which detections count neither way, sorted by name; a category "" means all of them.
        cryptomatte: name of the Cryptomatte that the instances come from; "" where they come from pass indices.
        sidecars: manifests in files of their own, which the key does not cover; see FrameJob.finished_record.
        part_categories: all that the scene has for parts, sorted by name.
        maps: the dense maps, in the order of their table.
        later_maps: those that are made when all frames are there, see two_frame_maps.py.
        flow_step: how many frames later the frame is to which those lead that go by step.
        contents: what is in each of files(), in their order.
    """

    key: str
    sequence: str
    split: str = ""
    frame: int
    name: str
    width: int
    height: int
    image: str
    colour: Mapping[str, Any] | None
    pictures: tuple[str, ...]
    label_source: str
    view_layer: str
    view: str
    unit_scale: float | None
    camera: Camera | None
    categories: tuple[Category, ...]
    instances: tuple[Instance, ...]
    ignored: tuple[Instance, ...] = ()
    dropped: Mapping[str, int]
    notes: tuple[str, ...]
    cryptomatte: str = ""
    sidecars: tuple[Sidecar, ...] = ()
    part_categories: tuple[Category, ...] = ()
    maps: tuple[WrittenMap, ...] = ()
    later_maps: tuple[DenseMap, ...] = ()
    flow_step: int = 1
    contents: Mapping[str, Content] = field(default_factory=dict)

    @property
    def path(self) -> str:
        """Sequence and name as one relative path without a suffix."""
        return joined_path(self.sequence, self.name)

    def files(self) -> list[str]:
        """What else belongs to the frame, as paths below the output folder."""
        image = [self.image] if self.colour is not None else []
        soft_masks = (instance.soft_mask.file for instance in self.instances if instance.soft_mask)
        return [*image, *self.pictures, *(map.file for map in self.maps), *soft_masks]

    def is_size_right(self, output: Path, file: str) -> bool:
        """Whether one of its files is there, as large as when it was written."""
        content = self.contents.get(file)
        return content is not None and content.is_size_of(output / file)

    def write(self, output: Path) -> Path:
        """Write the record into its place below the output folder; OutputError where that cannot be done."""
        body = canonical_json(self.as_json())
        path = record_path(output, self.path)
        with complete_file(path) as file:
            file.write(b'{"checksum":"%s","record":%s}\n' % (digest(body).encode(), body))
        return path

    @classmethod
    def read(cls, path: Path) -> "FrameRecord":
        """Raises RecordError where the file is missing, damaged or of another version."""
        try:
            content = path.read_bytes()
            data = json.loads(content)
            record = data["record"]
            if record["record_version"] != RECORD_VERSION:
                raise RecordError(f"{path} was written by another version of Labelpass; annotate the frame again")
            # As write() has put it there, or at least with the same values; the former takes less time by far.
            written = content[content.find(b'"record":') + len(b'"record":') : -len(b"}\n")]
            if data["checksum"] != digest(written) and data["checksum"] != digest(canonical_json(record)):
                raise RecordError(f"{path} is damaged; annotate the frame again")
            return cls.from_json(record)
        except OSError as error:
            raise RecordError(f"Cannot read {path}: {error.strerror}; annotate the frame again") from error
        except (KeyError, TypeError, ValueError) as error:
            raise RecordError(f"{path} is damaged; annotate the frame again") from error

    def as_json(self) -> dict[str, Any]:
        return {"record_version": RECORD_VERSION, **super().as_json()}


def record_path(output: Path, frame_path: str) -> Path:
    """Where the record of a frame lies; `frame_path` is FrameFiles.path."""
    return output / RECORDS_FOLDER / f"{frame_path}.json"


def frame_of_record(output: Path, path: Path) -> str:
    """FrameFiles.path of the frame whose record lies there."""
    return path.relative_to(output / RECORDS_FOLDER).as_posix().removesuffix(".json")


def valid_record(output: Path, frame_path: str, key: str) -> FrameRecord | None:
    """The record of a frame if it was made from the same key and all its files are there and as large as they were
    written, else None. They are not read."""
    try:
        record = FrameRecord.read(record_path(output, frame_path))
    except RecordError:
        return None
    if record.key != key or not all(record.is_size_right(output, file) for file in record.files()):
        return None
    return record


@dataclass(frozen=True)
class FoundRecord:
    """The record of a frame, as far as its path tells.

    Attributes:
        path: of its file.
        split: which of the frame's sequences it is of, as in FrameFiles; "" where the frame has one.
    """

    path: Path
    split: str = ""


def find_records(file: Path, outputs: Sequence[Path] = ()) -> list[FoundRecord]:
    """The records of the frame that an image file shows.

    Args:
        file: an image of a dataset, or one of a frame's EXR files: beside the records, or anywhere.
        outputs: the datasets that may have the records of an EXR file that lies elsewhere.

    Returns:
        The nearest by that name; several where the dataset makes several sequences of the file, in their order.
    """
    is_exr = file.suffix.lower() == ".exr"
    for folder in file.parents:
        inside = file.relative_to(folder)
        names = frame_paths(folder, file) if is_exr else []
        if inside.parts[0] == IMAGES_FOLDER and len(inside.parts) > 1:
            names.append(PurePath(*inside.parts[1:]).with_suffix("").as_posix())
        if found := _records_of(folder, names):
            return found
    if is_exr:
        # Below which folder the files were searched nobody knows; the longest name says most.
        for output, folder in itertools.product(outputs, reversed(file.parents)):
            if found := _records_of(output, frame_paths(folder, file)):
                return found
    return []


def _records_of(output: Path, names: Sequence[str]) -> list[FoundRecord]:
    """The records that are there of a frame which can have any of some paths: of all its sequences, or by one path."""
    if not (output / RECORDS_FOLDER).is_dir():
        return []
    found: dict[Path, FoundRecord] = {}
    with contextlib.suppress(RecordError):
        wanted = WantedSequences.read(output)
        for name in names:
            folder, _, stem = name.rpartition("/")
            for sequence in wanted.of_shot.get(shot_of(folder, "", stem), ()):
                split = sequence.removeprefix(folder).removeprefix("/")
                path = record_path(output, joined_path(sequence, stem))
                found.setdefault(path, FoundRecord(path, split))
    several = [one for one in found.values() if one.path.is_file()]
    alone = [FoundRecord(path) for name in names if (path := record_path(output, name)).is_file()]
    return several or alone[:1]


def record_files(output: Path) -> Iterator[Path]:
    """The files of all records below the output folder, in no particular order."""
    yield from (path for path in (output / RECORDS_FOLDER).rglob("*.json") if path.is_file())
