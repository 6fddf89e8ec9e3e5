"""Tracks: which annotations of a sequence are of one object, as the tables `videos` and `tracks` next to COCO's own.

Source of the tables: https://github.com/TAO-Dataset/annotations and the `tao` toolkit that reads them. A sequence is a
video; `track_id` and `video_id` of an annotation, `video_id` and `frame_index` of an image point into them.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple, Protocol

from ..records.frame_record import FrameRecord
from ..records.instance import Instance, TrackKey

Row = dict[str, Any]


class VideoPosition(NamedTuple):
    """Where a frame is in its video; frames are counted from 0."""

    video: int
    frame_index: int


class InVideo(Protocol):
    """What a video is known by: a record, or a summary of one."""

    @property
    def sequence(self) -> str: ...
    @property
    def width(self) -> int: ...
    @property
    def height(self) -> int: ...


class Tracks:
    """Give it every record in any order, number() them, and then every record once more in the order of the images.

    Track ids count from 1 in the order of sequence, category id and key. An object that changes its category has
    a track in each, since a track has one. What is kept in memory grows with the tracks, not with the annotations.
    """

    def __init__(self) -> None:
        self._names: dict[str, dict[tuple[str, TrackKey], str]] = defaultdict(dict)
        self._shown: dict[str, set[str]] = defaultdict(set)
        self._ignored: dict[str, set[str]] = defaultdict(set)
        self._category_ids: Mapping[str, int] = {}
        self._videos: list[Row] = []
        self._frame_index = 0
        self._count = 0
        self._numbers: dict[tuple[str, TrackKey], int] = {}

    def add(self, record: FrameRecord) -> None:
        """Note which objects a frame shows."""
        shown = ((one.category, one.track, one.name) for one in record.instances)
        self.note(record.sequence, shown, (region.category for region in record.ignored))

    def note(self, sequence: str, shown: Iterable[tuple[str, TrackKey | None, str]], ignored: Iterable[str]) -> None:
        """The same of a frame without its record: category, track and name of what it shows, and the categories of its
        regions to ignore."""
        names, categories = self._names[sequence], self._shown[sequence]
        for category, track, name in shown:
            categories.add(category)
            if track is None:
                continue
            known = names.get((category, track))
            if known is None or name < known:
                names[category, track] = name
        self._ignored[sequence].update(ignored)

    def number(self, category_ids: Mapping[str, int]) -> None:
        """Begin with the second round."""
        self._category_ids = category_ids

    def position(self, record: "InVideo") -> VideoPosition:
        """Where the next record of the second round is."""
        if not self._videos or self._videos[-1]["name"] != record.sequence:
            self._begin_video(record)
        self._frame_index += 1
        return VideoPosition(len(self._videos), self._frame_index)

    def id_of(self, instance: Instance) -> int:
        """The track of an instance of the record whose position was asked for last."""
        assert instance.track is not None  # the caller has looked
        return self.numbers[instance.category, instance.track]

    @property
    def numbers(self) -> Mapping[tuple[str, TrackKey], int]:
        """Category and track -> track id, for what that record shows."""
        return self._numbers

    def videos(self) -> Iterator[Row]:
        """A row for each video."""
        yield from self._videos

    def tracks(self) -> Iterator[Row]:
        """A row for each track, in the order of their ids."""
        id = 0
        for video in self._videos:
            for category, key in self._in_order(video["name"]):
                id += 1
                yield {
                    "id": id,
                    "category_id": self._category_ids[category],
                    "video_id": video["id"],
                    "name": self._names[video["name"]][category, key],
                    **({"instance": key} if isinstance(key, int) else {}),
                }

    def _begin_video(self, record: "InVideo") -> None:
        keys = self._in_order(record.sequence)
        self._numbers = {key: self._count + number for number, key in enumerate(keys, start=1)}
        self._count += len(keys)
        self._frame_index = -1
        all_ids = set(self._category_ids.values())
        shown = {self._category_ids[category] for category in self._shown[record.sequence]}
        # A region to ignore is of a category, or of all of them, and may hold any number of objects.
        ignored = self._ignored[record.sequence]
        not_exhaustive = all_ids if "" in ignored else {self._category_ids[category] for category in ignored}
        self._videos.append(
            {
                "id": len(self._videos) + 1,
                "name": record.sequence,
                "width": record.width,
                "height": record.height,
                # Everything else is annotated, so what is not there is known not to be there.
                "neg_category_ids": sorted(all_ids - shown - not_exhaustive),
                "not_exhaustive_category_ids": sorted(not_exhaustive),
            }
        )

    def _in_order(self, sequence: str) -> list[tuple[str, TrackKey]]:
        return sorted(self._names[sequence], key=lambda key: (self._category_ids[key[0]], _sortable(key[1])))


def _sortable(key: TrackKey) -> tuple[int, str]:
    """Names before numbers, each in their own order."""
    return (-1, key) if isinstance(key, str) else (key, "")
