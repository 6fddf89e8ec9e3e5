"""The frame record: everything that dataset formats need to know of one frame, in one small JSON file.

Records are the source of truth; COCO and the other formats are written from them. A record carries a key of all it was
made from, so that a second run can tell whether it is still valid, a checksum, so that a damaged one is noticed, and
what is in the files that belong to it, so that another file in the place of one of them is noticed.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Self

from ..base.box import MOST_PIXELS
from ..base.dataset_folder import DatasetFolder
from ..base.files import Content, canonical_json
from ..base.json_fields import JsonObject, Shared
from ..base.json_text import json_texts
from ..frames.frame_files import joined_path
from ..frames.sidecar import Sidecar
from ..scene.camera import Camera
from ..scene.random_draw import RandomDraw
from ..settings.category_table import Category, check_drawn
from ..settings.map_table import DenseMap, WrittenMap
from .instance import Instance
from .origin import Origin

RECORD_VERSION = 6
# Read as well: each soft mask had a PNG of its own then, which its SoftMask says, and all else is the same.
_VERSION_WITH_PNG_MASKS = 5
# Read as well: besides, `variant` was called `split`.
_VERSION_WITH_SPLIT = 4
# What earlier records of these versions do not have.
_LACKING: dict[str, Any] = {"origin": None, "beyond_shape": {}, "random": None}


def _drawable(categories: tuple[Category, ...]) -> tuple[Category, ...]:
    for category in categories:
        check_drawn(category)
    return categories


# Nearly all records of a dataset have the same ones, and share them when they are read one after the other.
Categories = Annotated[tuple[Category, ...], Shared(_drawable)]


@dataclass(frozen=True, kw_only=True)
class FrameRecord(JsonObject):
    """One annotated frame.

    Attributes:
        key: digest of the files, the scene record and the settings that the record was made from.
        sequence, frame, name, variant: as in FrameFiles.
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
        later_maps: the two-frame maps, which are made when all frames are there, see two_frame_maps.py.
        flow_step: how many frames ahead the maps by step lead.
        contents: what is in each of files(), in their order.
        origin: what the frame was made of; None where that is not known.
        beyond_shape: name of an instance -> what is seen of it beyond the shape that its 3D box and its amodal mask are
            of, see Facts.beyond_shape.
        random: what was drawn for it, where it is a random frame of Blender; else None.
    """

    key: str
    sequence: str
    variant: str = ""
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
    categories: Categories
    instances: tuple[Instance, ...]
    ignored: tuple[Instance, ...] = ()
    dropped: Mapping[str, int]
    notes: tuple[str, ...]
    cryptomatte: str = ""
    sidecars: tuple[Sidecar, ...] = ()
    part_categories: Categories = ()
    maps: tuple[WrittenMap, ...] = ()
    later_maps: tuple[DenseMap, ...] = ()
    flow_step: int = 1
    contents: Mapping[str, Content] = field(default_factory=dict)
    origin: Origin | None = None
    beyond_shape: Mapping[str, str] = field(default_factory=dict)
    random: RandomDraw | None = None

    @property
    def path(self) -> str:
        """Sequence and name as one relative path without a suffix."""
        return joined_path(self.sequence, self.name)

    def files(self) -> list[str]:
        """What else belongs to the frame, as paths below the output folder."""
        image = [self.image] if self.colour is not None else []
        # Those of a frame share a file.
        soft_masks = dict.fromkeys(instance.soft_mask.file for instance in self.instances if instance.soft_mask)
        return [*image, *self.pictures, *(map.file for map in self.maps), *soft_masks]

    def is_size_right(self, dataset: DatasetFolder, file: str) -> bool:
        """Whether one of its files is there, as large as when it was written."""
        content = self.contents.get(file)
        return content is not None and content.is_size_of(dataset.file(file))

    def as_json(self) -> dict[str, Any]:
        return {"record_version": RECORD_VERSION, **super().as_json()}

    def as_text(self) -> bytes:
        """canonical_json() of as_json(), in half of the time where there are thousands of instances."""
        head = dataclasses.replace(self, categories=(), instances=()).as_json()
        keys = list(head)
        first, last = keys.index("categories"), keys.index("instances")
        before, after = ({key: head[key] for key in some} for some in (keys[:first], keys[last + 1 :]))
        categories, instances = (",".join(json_texts(some)).encode() for some in (self.categories, self.instances))
        return b'%b,"categories":[%b],"instances":[%b],%b' % (
            canonical_json(before)[:-1], categories, instances, canonical_json(after)[1:],
        )  # fmt: skip

    @classmethod
    def from_json(cls, data: Any) -> Self:
        """Raises KeyError, TypeError or ValueError where the data is not a record of a version that can be read."""
        if data["record_version"] == _VERSION_WITH_SPLIT:
            data = {**data, "variant": data["split"]}
        record = super().from_json({**_LACKING, **data})
        record._check_categories()
        if min(record.width, record.height) < 1 or record.width * record.height > MOST_PIXELS:
            raise ValueError("a size that no image has")
        return record

    def _check_categories(self) -> None:
        """Raises ValueError where something is of a category that the record does not list."""
        names, part_names = ({one.name for one in some} for some in (self.categories, self.part_categories))
        parts = {part.category for instance in self.instances for part in instance.parts or ()}
        if (
            not names.issuperset({instance.category for instance in self.instances})
            or not names.issuperset({region.category for region in self.ignored if region.category})
            or not part_names.issuperset(parts)
        ):
            raise ValueError("a category that is not listed")


def check_version(data: Mapping[str, Any]) -> bool:
    """Whether data is that of a record which this version of Labelpass can read; KeyError where it names no version."""
    return data["record_version"] in (_VERSION_WITH_SPLIT, _VERSION_WITH_PNG_MASKS, RECORD_VERSION)


def has_former_soft_masks(record: FrameRecord) -> bool:
    """Whether soft masks of a frame are images, as up to version 5."""
    return any(one.soft_mask is not None and one.soft_mask.array is None for one in record.instances)


def has_latest_keys(data: Mapping[str, Any]) -> bool:
    """Whether the keys of such data are called as in the latest version."""
    return data["record_version"] in (_VERSION_WITH_PNG_MASKS, RECORD_VERSION)
