"""What a merge needs to know of a frame: facts for the whole of the dataset, and its rows of the COCO file as text.

A merge of a million frames cannot read a million records. So it works with summaries: of a record in a file of its own
one is made when the record has been read, and packs hold them (records/packs/pack_file.py). The rows are the same bytes
either way, but for the ids, which only a merge knows: each is made here once.

A row's text is what stands between its ids. An annotation's line has a tab before the fields that COCO does not have,
and tabs around the name of each category of parts in them, whose id only a merge knows, too.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

from ..base.errors import RecordError
from ..base.files import canonical_json
from ..base.json_fields import JsonObject
from ..base.version import VERSION
from ..frames.frame_files import joined_path
from ..records.frame_record import Categories, FrameRecord
from ..records.instance import Instance, TrackKey, track_of
from ..records.packs.prepared import PreparedFrame
from ..settings.category_table import Category
from ..settings.map_table import DenseMap, WrittenMap
from .coco_rows import annotation_row, extra_fields, ignored_row, image_row
from .coco_tracks import VideoPosition

# Of what packs hold. To be raised when it changes; what another release has prepared is not used either.
SUMMARY_VERSION = f"{VERSION}/2"
FIELDS_WITH_CONVENTIONS = "pose", "keypoints", "amodal"
# What holds soft masks: a file for each, as records of version 5 and less say, or one for all of a frame.
SOFT_MASK_FILES = "png", "npz"

_NOWHERE = VideoPosition(0, 0)
_IDS_OF_IMAGE = "id", "video_id", "frame_index"
_IDS_OF_ANNOTATION = "id", "image_id", "category_id", "video_id"
_ATTRIBUTES = "attributes"
_PART_ID = b'"part_category_id":'
_SHARED_AT_HAND = 64


@dataclass(frozen=True)
class SharedFacts(JsonObject):
    """What is the same for most frames of a sequence.

    Attributes:
        sequence, variant, unit_scale, categories, part_categories, later_maps: as in FrameRecord.
        fields: which of FIELDS_WITH_CONVENTIONS some instance has.
        soft_masks: which of SOFT_MASK_FILES hold soft masks.
    """

    sequence: str
    variant: str
    unit_scale: float | None
    categories: Categories
    part_categories: Categories
    later_maps: tuple[DenseMap, ...]
    fields: tuple[str, ...]
    soft_masks: tuple[str, ...]

    @classmethod
    def of(cls, record: FrameRecord) -> "SharedFacts":
        fields = [name for name in FIELDS_WITH_CONVENTIONS if _some_has(record.instances, name)]
        return cls(
            record.sequence,
            record.variant,
            record.unit_scale,
            record.categories,
            record.part_categories,
            record.later_maps,
            tuple(fields),
            _soft_mask_files(one.soft_mask.array is not None for one in record.instances if one.soft_mask),
        )


@dataclass(frozen=True, slots=True)
class FrameSummary:
    """What is known of a frame without its record.

    Attributes:
        name, frame, width, height: as in FrameRecord.
        shared: what it has in common with others.
        shown: category, track and name of each instance; the track is None where it is not known.
        ignored: categories of its regions to ignore.
        maps: as in FrameRecord.
        texts: gives its rows: of the image, of each instance, of each region to ignore.
    """

    name: str
    frame: int
    width: int
    height: int
    shared: SharedFacts
    shown: Sequence[tuple[str, TrackKey | None, str]]
    ignored: Sequence[str]
    maps: Sequence[WrittenMap]
    texts: Callable[[], Sequence[bytes]]

    @classmethod
    def of(cls, record: FrameRecord) -> "FrameSummary":
        return cls(
            record.name,
            record.frame,
            record.width,
            record.height,
            SharedFacts.of(record),
            [(one.category, one.track, one.name) for one in record.instances],
            [region.category for region in record.ignored],
            record.maps,
            partial(_texts, record),
        )

    @classmethod
    def of_prepared(cls, name: str, prepared: PreparedFrame) -> "FrameSummary":
        """KeyError, TypeError or ValueError where what a pack holds is no summary."""
        frame, width, height, flat, ignored, maps = prepared.facts
        written = [WrittenMap.from_json(map) for map in maps] if maps else ()
        _check_types([flat, ignored], list)
        shown = list(zip(flat[::3], flat[1::3], flat[2::3], strict=True))
        shared = _shared(prepared.shared)
        _check_facts([frame, width, height], shown, ignored, shared)
        texts = partial(_counted_texts, name, prepared, 1 + len(shown) + len(ignored))
        return cls(name, frame, width, height, shared, shown, ignored, written, texts)

    @classmethod
    def of_json(cls, data: Any, texts: Callable[[], Sequence[bytes]]) -> "FrameSummary":
        """Of a record whose instances are not made into objects, which would take most of the time.

        Args:
            data: as it is stored, of the latest version.
            texts: gives its rows.

        Raises:
            KeyError, TypeError, ValueError: it is not a record. It may be none all the same.
        """
        shown = [
            (one["category"], track_of(one["name"], one["track_id"], one["resolved"]), one["name"])
            for one in data["instances"]
        ]
        ignored = [region["category"] for region in data["ignored"]]
        fields = [name for name in FIELDS_WITH_CONVENTIONS if any(one[name] is not None for one in data["instances"])]
        given = {name: data[name] for name in ("sequence", "variant", "unit_scale", "categories", "part_categories")}
        masks = (one["soft_mask"] for one in data["instances"])
        soft_masks = _soft_mask_files("array" in mask for mask in masks if mask is not None)
        more = {"later_maps": data["later_maps"], "fields": fields, "soft_masks": soft_masks}
        shared = SharedFacts.from_json({**given, **more})
        _check_facts([data["frame"], data["width"], data["height"]], shown, ignored, shared)
        _check_types([data["name"]], str)
        maps = [WrittenMap.from_json(map) for map in data["maps"]]
        return cls(data["name"], data["frame"], data["width"], data["height"], shared, shown, ignored, maps, texts)

    def prepared(self) -> PreparedFrame:
        """For a pack, which keeps it."""
        maps = [map.as_json() for map in self.maps]
        shown = [value for one in self.shown for value in one]  # a list of lists takes twice as long to read
        facts = [self.frame, self.width, self.height, shown, self.ignored, maps]
        return PreparedFrame(facts, canonical_json(self.shared.as_json()).decode(), self.texts)

    @property
    def path(self) -> str:
        """As FrameRecord.path."""
        return joined_path(self.shared.sequence, self.name)

    @property
    def sequence(self) -> str:
        return self.shared.sequence

    @property
    def variant(self) -> str:
        return self.shared.variant

    @property
    def categories(self) -> tuple[Category, ...]:
        return self.shared.categories

    @property
    def part_categories(self) -> tuple[Category, ...]:
        return self.shared.part_categories


@lru_cache(_SHARED_AT_HAND)
def _shared(text: str) -> SharedFacts:
    return SharedFacts.from_json(json.loads(text))


def _counted_texts(name: str, prepared: PreparedFrame, count: int) -> Sequence[bytes]:
    """Those that a pack holds; RecordError where they are not so many as there are rows."""
    texts = prepared.texts()
    if len(texts) != count:
        raise RecordError(f"What a pack holds of {name} for a merge is damaged; unpack the dataset, and pack it again")
    return texts


def _check_facts(
    numbers: Sequence[Any], shown: Sequence[tuple[Any, Any, Any]], ignored: Sequence[Any], shared: SharedFacts
) -> None:
    """TypeError or ValueError where these are none of a summary: frame, width and height, and what else it has."""
    _check_types(numbers, int)
    known = {category.name for category in shared.categories}
    if not known.issuperset([category for category, _, _ in shown]) or not known.issuperset(filter(None, ignored)):
        raise ValueError("a category that is not listed")
    _check_types([name for _, _, name in shown], str)
    _check_types([track for _, track, _ in shown], str, int, type(None))
    _check_types(ignored, str)


def _check_types(values: Sequence[Any], *types: type) -> None:
    if not set(types).issuperset(map(type, values)):
        raise TypeError(f"not {types[0].__name__}")


def _soft_mask_files(in_archives: Iterable[bool]) -> tuple[str, ...]:
    """Those of SOFT_MASK_FILES that hold some soft masks: for each, whether it is in an archive."""
    return tuple(SOFT_MASK_FILES[is_archive] for is_archive in sorted(set(in_archives)))


def _some_has(instances: Sequence[Instance], name: str) -> bool:
    return any(getattr(instance, name) is not None for instance in instances)


def _texts(record: FrameRecord) -> list[bytes]:
    return [
        _image_text(record),
        *(_annotation_text(instance, record) for instance in record.instances),
        *(_text(ignored_row(0, 0, 0, one, record, _NOWHERE), _IDS_OF_ANNOTATION) for one in record.ignored),
    ]


def _image_text(record: FrameRecord) -> bytes:
    row = image_row(0, record, _NOWHERE)
    attributes = {_ATTRIBUTES: row.pop(_ATTRIBUTES)} if _ATTRIBUTES in row else {}
    return _text(row, _IDS_OF_IMAGE) + b"\t" + _further(attributes)


def _annotation_text(instance: Instance, record: FrameRecord) -> bytes:
    row = annotation_row(0, 0, 0, instance, record, _NOWHERE)
    extras = _further(extra_fields(instance, record, _PartNames()))
    first, *others = extras.split(_PART_ID) if instance.parts else [extras]
    named = (_PART_ID + b"\t" + name + b"\t" + rest for name, rest in map(_split_string, others))
    return _text(row, _IDS_OF_ANNOTATION) + b"\t" + first + b"".join(named)


class _PartNames(Mapping[str, Any]):
    """Stands for the ids of the categories of parts while these are not known: the name of each."""

    def __getitem__(self, name: str) -> Any:
        return name

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def _split_string(text: bytes) -> tuple[bytes, bytes]:
    """The JSON string that a text begins with, and what follows."""
    _, end = json.JSONDecoder().raw_decode(text.decode("ascii"))
    return text[:end], text[end:]


def _text(row: dict[str, Any], ids: Sequence[str]) -> bytes:
    return canonical_json({name: value for name, value in row.items() if name not in ids})[1:-1]


def _further(fields: dict[str, Any]) -> bytes:
    """Fields that follow others."""
    return b"," + canonical_json(fields)[1:-1] if fields else b""


# Rows of these texts


def image_line(text: bytes, id: int, position: VideoPosition) -> bytes:
    """The row of an image, as canonical_json() writes it."""
    first, _, further = text.partition(b"\t")
    return b'{"id":%d,%b,"video_id":%d,"frame_index":%d%b}' % (id, first, *position, further)


def annotation_line(
    text: bytes, id: int, image: int, category: int, video: int, track: int | None, part_ids: Mapping[str, int]
) -> bytes:
    """The row of an instance likewise."""
    first, _, further = text.partition(b"\t")
    if b"\t" in further:
        further = _with_part_ids(further, part_ids)
    if track is None:
        return b'{"id":%d,"image_id":%d,"category_id":%d,%b,"video_id":%d%b}' % (
            id, image, category, first, video, further,
        )  # fmt: skip
    return b'{"id":%d,"image_id":%d,"category_id":%d,%b,"video_id":%d,"track_id":%d%b}' % (
        id, image, category, first, video, track, further,
    )  # fmt: skip


def _with_part_ids(text: bytes, ids: Mapping[str, int]) -> bytes:
    pieces = text.split(b"\t")
    pieces[1::2] = [b"%d" % ids[json.loads(name)] for name in pieces[1::2]]
    return b"".join(pieces)
