"""What a merge needs to know of a frame: facts for the whole of the dataset, and its rows of the COCO file as text.

A merge of a million frames cannot read a million records. So it works with summaries: of a record in a file of its own
one is made when the record has been read, and packs hold them (records/packs/pack_file.py). The rows are the same bytes
either way, but for the ids, which only a merge knows: each is made here once.

A row's text is what stands between its ids. An annotation's line has a tab before the fields that COCO does not have,
and tabs around the name of each category of parts in them, whose id only a merge knows, too.
"""

import contextlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from itertools import chain
from typing import Any, NamedTuple

from ..base.errors import RecordError
from ..base.files import canonical_text
from ..base.json_fields import JsonObject, Shared
from ..base.version import VERSION
from ..frames.frame_files import joined_path
from ..records.frame_record import Categories, FrameRecord
from ..records.instance import Instance, TrackKey, track_of
from ..records.packs.prepared import PreparedFrame, PreparedPack
from ..settings.category_table import Category
from ..settings.map_table import DenseMap, WrittenMap
from .coco_rows import annotation_text, extra_fields, image_row
from .coco_tracks import VideoPosition

# Of what packs hold. To be raised when it changes; what another release has prepared is not used either.
SUMMARY_VERSION = f"{VERSION}/2"
FIELDS_WITH_CONVENTIONS = "pose", "keypoints", "amodal"
# What holds soft masks: a file for each, as records of version 5 and less say, or one for all of a frame.
SOFT_MASK_FILES = "png", "npz"

_NOWHERE = VideoPosition(0, 0)
_IDS_OF_IMAGE = "id", "video_id", "frame_index"
_ATTRIBUTES = "attributes"
_PART_ID = '"part_category_id":'
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

    @cached_property
    def names(self) -> frozenset[str]:
        """Of the categories."""
        return frozenset(category.name for category in self.categories)

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


class FrameSummary(NamedTuple):
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
    texts: Callable[[], Sequence[str]]

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
    def of_json(cls, data: Any, texts: Callable[[], Sequence[str]]) -> "FrameSummary":
        """Of a record whose instances are not made into objects, which would take most of the time.

        Args:
            data: as it is stored, of the latest version.
            texts: gives its rows.

        Raises:
            KeyError, TypeError, ValueError: it is not a record. It may be none all the same.
        """
        shown: list[Any] = []
        for one in data["instances"]:
            shown += one["category"], track_of(one["name"], one["track_id"], one["resolved"]), one["name"]
        ignored = [region["category"] for region in data["ignored"]]
        fields = [name for name in FIELDS_WITH_CONVENTIONS if any(one[name] is not None for one in data["instances"])]
        given = {name: data[name] for name in ("sequence", "variant", "unit_scale", "categories", "part_categories")}
        masks = (one["soft_mask"] for one in data["instances"])
        soft_masks = _soft_mask_files("array" in mask for mask in masks if mask is not None)
        more = {"later_maps": data["later_maps"], "fields": fields, "soft_masks": soft_masks}
        shared = _read_shared({**given, **more})
        facts = [data["frame"], data["width"], data["height"], shown, ignored, data["maps"]]
        _check_facts([facts], [shared])
        _check_types([data["name"]], str)
        return cls._of_facts(data["name"], facts, shared, texts)

    @classmethod
    def _of_facts(
        cls, name: str, facts: Sequence[Any], shared: SharedFacts, texts: Callable[[], Sequence[str]]
    ) -> "FrameSummary":
        """Of what prepared() lists, which was checked but for the maps."""
        frame, width, height, flat, ignored, maps = facts
        values = iter(flat)
        shown = list(zip(values, values, values))  # noqa: B905 (three values for each)
        written = [WrittenMap.from_json(map) for map in maps] if maps else ()
        return cls(name, frame, width, height, shared, shown, ignored, written, texts)

    def prepared(self) -> PreparedFrame:
        """For a pack, which keeps it."""
        maps = [map.as_json() for map in self.maps]
        shown = [value for one in self.shown for value in one]  # a list of lists takes twice as long to read
        facts = [self.frame, self.width, self.height, shown, self.ignored, maps]
        return PreparedFrame(facts, canonical_text(self.shared.as_json()), self.texts)

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


class PackedSummaries:
    """The summaries of the frames of a pack. What it holds is checked for all of them at once, which takes a third of
    the time; only where something is wrong in it, for each frame alone."""

    def __init__(self, pack: PreparedPack) -> None:
        self.pack = pack
        self._shared: Sequence[SharedFacts] = ()
        with contextlib.suppress(KeyError, TypeError, ValueError):
            shared = list(map(_shared, pack.shared))
            _check_facts([row[2:] for row in pack.rows], [shared[row[0]] for row in pack.rows])
            self._shared = shared  # so that all is right

    def of(self, name: str, place: int) -> FrameSummary | None:
        """That of the frame at a place in the pack; None where what the pack holds is none."""
        place_of_shared, _, *facts = self.pack.rows[place]
        try:
            if self._shared:
                shared = self._shared[place_of_shared]
            else:
                shared = _shared(self.pack.shared[place_of_shared])
                _check_facts([facts], [shared])
            return FrameSummary._of_facts(name, facts, shared, partial(self._texts, name, place))
        except (KeyError, TypeError, ValueError):
            return None

    def _texts(self, name: str, place: int) -> Sequence[str]:
        """Those of a frame; RecordError where they are not so many as it has rows."""
        texts = self.pack.texts(place)
        *_, shown, ignored, _ = self.pack.rows[place]
        if len(texts) != 1 + len(shown) // 3 + len(ignored):
            raise RecordError(
                f"What a pack holds of {name} for a merge is damaged; unpack the dataset, and pack it again"
            )
        return texts


# The same for many frames.
_read_shared: Callable[[Any], SharedFacts] = Shared(lambda facts: facts).reading(SharedFacts.from_json)


@lru_cache(_SHARED_AT_HAND)
def _shared(text: str) -> SharedFacts:
    return SharedFacts.from_json(json.loads(text))


def _check_facts(facts: Sequence[Sequence[Any]], shared: Sequence[SharedFacts]) -> None:
    """TypeError or ValueError where some of what FrameSummary.prepared() lists, without the maps, is not of a frame.

    Args:
        facts: of frames.
        shared: of the same.
    """
    frames, widths, heights, shown, ignored, _ = zip(*facts, strict=True)
    _check_types(chain(frames, widths, heights), int)
    _check_types(chain(shown, ignored), list)
    if any(len(one) % 3 for one in shown):
        raise ValueError("not three values for each instance")
    values, regions = (list(chain.from_iterable(some)) for some in (shown, ignored))
    _check_types(values[1::3], str, int, type(None))
    _check_types(chain(values[2::3], regions), str)
    for one, flat, of_regions in zip(shared, shown, ignored, strict=True):
        if not one.names.issuperset(flat[::3]) or (of_regions and not one.names.issuperset(filter(None, of_regions))):
            raise ValueError("a category that is not listed")


def _check_types(values: Iterable[Any], *types: type) -> None:
    if not set(types).issuperset(map(type, values)):
        raise TypeError(f"not {types[0].__name__}")


def _soft_mask_files(in_archives: Iterable[bool]) -> tuple[str, ...]:
    """Those of SOFT_MASK_FILES that hold some soft masks: for each, whether it is in an archive."""
    return tuple(SOFT_MASK_FILES[is_archive] for is_archive in sorted(set(in_archives)))


def _some_has(instances: Sequence[Instance], name: str) -> bool:
    return any(getattr(instance, name) is not None for instance in instances)


def _texts(record: FrameRecord) -> list[str]:
    return [
        _image_text(record),
        *(_annotation_text(instance, record) for instance in record.instances),
        *(annotation_text(region, record, iscrowd=1) for region in record.ignored),
    ]


def _image_text(record: FrameRecord) -> str:
    row = {name: value for name, value in image_row(0, record, _NOWHERE).items() if name not in _IDS_OF_IMAGE}
    attributes = {_ATTRIBUTES: row.pop(_ATTRIBUTES)} if _ATTRIBUTES in row else {}
    return f"{canonical_text(row)[1:-1]}\t{_further(attributes)}"


def _annotation_text(instance: Instance, record: FrameRecord) -> str:
    extras = _further(extra_fields(instance, record, _PartNames()))
    first, *others = extras.split(_PART_ID) if instance.parts else [extras]
    named = "".join(f"{_PART_ID}\t{name}\t{rest}" for name, rest in map(_split_string, others))
    return f"{annotation_text(instance, record)}\t{first}{named}"


class _PartNames(Mapping[str, Any]):
    """Stands for the ids of the categories of parts while these are not known: the name of each."""

    def __getitem__(self, name: str) -> Any:
        return name

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def _split_string(text: str) -> tuple[str, str]:
    """The JSON string that a text begins with, and what follows."""
    _, end = json.JSONDecoder().raw_decode(text)
    return text[:end], text[end:]


def _further(fields: dict[str, Any]) -> str:
    """Fields that follow others."""
    return f",{canonical_text(fields)[1:-1]}" if fields else ""


# Rows of these texts


def image_line(text: str, id: int, position: VideoPosition) -> str:
    """The row of an image, as canonical_json() writes it."""
    first, _, further = text.partition("\t")
    return f'{{"id":{id},{first},"video_id":{position.video},"frame_index":{position.frame_index}{further}}}'


def annotation_line(
    text: str, id: int, image: int, category: int, video: int, track: int | None, part_ids: Mapping[str, int]
) -> str:
    """The row of an instance likewise."""
    first, _, further = text.partition("\t")
    if "\t" in further:
        further = _with_part_ids(further, part_ids)
    of_track = "" if track is None else f',"track_id":{track}'
    return f'{{"id":{id},"image_id":{image},"category_id":{category},{first},"video_id":{video}{of_track}{further}}}'


def _with_part_ids(text: str, ids: Mapping[str, int]) -> str:
    pieces = text.split("\t")
    pieces[1::2] = [str(ids[json.loads(name)]) for name in pieces[1::2]]
    return "".join(pieces)
