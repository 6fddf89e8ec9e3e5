"""The COCO file against the records: each row is what the record says, none is missing and none too many.

The file is read whole, as training code reads it. Rows are found by what they are of (an image by its file, an
annotation by its image and name), so that one that is missing does not put all after it in the wrong.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ...base.dataset_folder import INSTANCES_FILE, DatasetFolder, image_in_images
from ...base.errors import RecordError
from ...base.files import canonical_json
from ...base.input_files import read_json
from ...formats.coco_rows import annotation_row, category_row, extra_fields, image_row
from ...formats.coco_tracks import Tracks, VideoPosition
from ...formats.writer import StreamedFrame, Survey
from ...frames.frame_messages import frames_in_words
from ...records.frame_record import FrameRecord
from ...records.instance import Instance
from ...settings.category_table import Category
from ..report import Problems

Row = dict[str, Any]

_TABLES = ("images", "annotations", "categories", "videos", "tracks")
# The fields that Labelpass writes into an annotation; other programs may have added others.
_FIELDS = {"category_id", "bbox", "area", "segmentation", "iscrowd", "name", "video_id", "track_id"}
_FIELDS |= {"at_border", "pose", "keypoints", "num_keypoints", "amodal", "parts", "soft_mask"}
_MOST_CHARACTERS = 60
_MERGE = "merge again"


class CocoFile:
    """The COCO file of a dataset while it is compared.

    It is a Checker, see formats/writer.py.
    """

    def __init__(self, dataset: DatasetFolder) -> None:
        """
        Args:
            dataset: which one.

        Raises:
            RecordError: the file is damaged.
        """
        self._tables = _read(dataset.instances)
        self._tracks = Tracks()
        self._ids: Mapping[str, int] = {}
        self._part_ids: Mapping[str, int] = {}
        self._complete = True
        self._images: dict[str, Row] = {}
        self._annotations: dict[Any, list[Row]] = defaultdict(list)
        self._track_rows: dict[Any, Row] = {row["id"]: row for row in self._tables["tracks"]}
        self._videos: dict[str, Any] = {}
        self.annotations = 0

    def survey(self, record: FrameRecord) -> None:
        self._tracks.add(record)

    def begin(self, survey: Survey) -> Problems:
        self._complete = survey.complete
        self._ids, self._part_ids = survey.ids, survey.part_ids
        self._tracks.number(self._ids)
        for table in (*_TABLES, "part_categories"):
            repeated = [id for id, count in Counter(row["id"] for row in self._tables[table]).items() if count > 1]
            if repeated:
                yield f"{table} of {INSTANCES_FILE} use the id {repeated[0]} several times; {_MERGE}"
        for row in self._tables["images"]:
            file = str(row.get("file_name"))
            if file in self._images:
                yield f"{INSTANCES_FILE} has the image {file} twice; {_MERGE}"
            self._images.setdefault(file, row)
        self._videos = {str(row.get("name")): row["id"] for row in self._tables["videos"]}
        images = {row["id"] for row in self._tables["images"]}
        lost = 0
        for row in self._tables["annotations"]:
            self._annotations[row.get("image_id")].append(row)
            lost += row.get("image_id") not in images
        if lost:
            yield f"{lost} annotations of {INSTANCES_FILE} belong to images that it does not have; {_MERGE}"
        if self._complete:
            yield from _compare_named("category", self._tables["categories"], _rows_of(survey.categories))
            yield from _compare_named(
                "part category", self._tables["part_categories"], _rows_of(survey.part_categories)
            )

    def check(self, frame: StreamedFrame) -> Problems:
        """A record's image and annotations."""
        record = frame.record
        position = self._tracks.position(record)
        image = self._images.pop(record.image, None)
        if image is None:
            yield f"{INSTANCES_FILE} has no image {record.image}; {_MERGE}"
            return
        expected = image_row(image["id"], record, position)
        expected["video_id"] = self._videos.get(record.sequence, position.video)
        if not self._complete:
            del expected["video_id"], expected["frame_index"]  # of which damaged records may have a share
        for field, value in expected.items():
            if image.get(field) != value:
                yield f"{field} of its image is {_short(image.get(field))} in {INSTANCES_FILE}, not {_short(value)}"
        rows = self._annotations[image["id"]]
        wanted = list(self._wanted(record, position, image["id"]))
        self.annotations += len(wanted)
        for (row, instance), found in _paired(wanted, rows):
            if row is not None and found is not None:
                yield from self._compare(row, found, instance, record)
            elif row is not None:
                yield f"{INSTANCES_FILE} has no annotation of {row['name']!r}; {_MERGE}"
            elif found is not None:
                yield f"{INSTANCES_FILE} has an annotation of {found.get('name')!r}, but the record does not; {_MERGE}"

    def finish(self) -> Problems:
        """What is too many, and the tables of videos and tracks."""
        if not self._complete:
            return
        if self._images:
            names = [image_in_images(file) for file in self._images]
            frames = [name.rpartition(".")[0] or name for name in names]
            several = len(frames) > 1
            some = f"images of {frames_in_words(frames)}" if several else f"the image {next(iter(self._images))}"
            what = "them" if several else "it"
            yield f"{INSTANCES_FILE} has {some}, but there is no wanted record of {what}; {_MERGE}"
        yield from _compare_named("video", self._tables["videos"], list(self._tracks.videos()))
        found = Counter(self._key(row) for row in self._tables["tracks"])
        wanted = Counter(self._key(row) for row in self._expected_tracks())
        for key in wanted - found:
            yield f"{INSTANCES_FILE} has no track of {key[2]!r}; {_MERGE}"
        for key in found - wanted:
            yield f"{INSTANCES_FILE} has a track of {key[2]!r} that no record has; {_MERGE}"

    def _expected_tracks(self) -> Iterator[Row]:
        """With the ids that the file has for videos."""
        names = {row["id"]: row["name"] for row in self._tracks.videos()}
        for row in self._tracks.tracks():
            yield {**row, "video_id": self._videos.get(names[row["video_id"]], row["video_id"])}

    @staticmethod
    def _key(row: Row) -> tuple[Any, ...]:
        return row.get("video_id"), row.get("category_id"), row.get("name"), row.get("instance")

    def _wanted(
        self, record: FrameRecord, position: VideoPosition, image: int
    ) -> Iterator[tuple[Row, Instance | None]]:
        """What the record says, without ids of annotations and tracks."""
        for instance in record.instances:
            row = annotation_row(0, image, self._ids[instance.category], instance, record, position)
            yield {**row, **extra_fields(instance, record, self._part_ids)}, instance
        for region in record.ignored:
            for id in [self._ids[region.category]] if region.category else self._ids.values():
                yield {**annotation_row(0, image, id, region, record, position), "iscrowd": 1}, None

    def _compare(self, row: Row, found: Row, instance: Instance | None, record: FrameRecord) -> Problems:
        expected = json.loads(canonical_json(row))
        expected["video_id"] = self._videos.get(record.sequence, expected["video_id"])
        track = instance.track if instance else None
        if track is not None:
            of_track = self._track_rows.get(found.get("track_id"), {})
            same = of_track.get("instance", of_track.get("name")) == track
            if not same or of_track.get("category_id") != expected["category_id"]:
                yield (
                    f"track_id of {row['name']!r} is {found.get('track_id')} in {INSTANCES_FILE}, which is another "
                    f"object's; {_MERGE}"
                )
        elif "track_id" in found:
            yield f"{row['name']!r} has a track_id in {INSTANCES_FILE}, but should have none; {_MERGE}"
        for field in sorted((_FIELDS & (found.keys() | expected.keys())) - {"track_id"}):
            if found.get(field) == expected.get(field):
                continue
            if field == "video_id" and not self._complete:
                continue
            yield (
                f"{field} of {row['name']!r} is {_short(found.get(field))} in {INSTANCES_FILE}, not "
                f"{_short(expected.get(field))} as in the record"
            )


def _read(path: Path) -> dict[str, list[Row]]:
    """The tables of a COCO file, each row with an id; RecordError where it is not a COCO file."""
    try:
        data = read_json(path)
        tables = {name: list(data[name]) for name in _TABLES}
        tables["part_categories"] = list(data.get("part_categories", []))
        if not all(isinstance(row["id"], int) for rows in tables.values() for row in rows):
            raise ValueError("an id is not a number")
        return tables
    except OSError as error:
        raise RecordError(f"Cannot read {path}: {error.strerror}; {_MERGE}") from error
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise RecordError(f"{path} is damaged ({error}); {_MERGE}") from error


def _rows_of(categories: Sequence[Category]) -> list[Row]:
    return [category_row(category) for category in categories]


def _compare_named(what: str, found: Sequence[Row], wanted: Sequence[Mapping[str, Any]]) -> Problems:
    """Rows of a table whose names are unique."""
    by_name: dict[Any, Row] = {}
    for row in found:
        if row.get("name") in by_name:
            yield f"{INSTANCES_FILE} has the {what} {row.get('name')!r} twice; {_MERGE}"
        by_name[row.get("name")] = row
    for one in wanted:
        row = by_name.pop(one["name"], {})
        if not row:
            yield f"{INSTANCES_FILE} has no {what} {one['name']!r}; {_MERGE}"
            continue
        for field, value in json.loads(canonical_json(one)).items():
            # What is of a video is found by its name, whichever number it has.
            if row.get(field) != value and not (what == "video" and field == "id"):
                yield (
                    f"{field} of the {what} {one['name']!r} is {_short(row.get(field))} in {INSTANCES_FILE}, not "
                    f"{_short(value)}; {_MERGE}"
                )
    for name in by_name:
        yield f"{INSTANCES_FILE} has a {what} {name!r} that no record has; {_MERGE}"


_Wanted = tuple[Row, Instance | None]


def _paired(
    wanted: Sequence[_Wanted], found: Sequence[Row]
) -> Iterator[tuple[tuple[Row | None, Instance | None], Row | None]]:
    """Rows that should be there and rows that are: by name, then by mask, and what is left alone."""
    left, rest = list(wanted), list(found)
    keys: tuple[Callable[[Row], Any], ...] = (
        lambda row: (row.get("name"), row.get("iscrowd"), row.get("category_id")),
        lambda row: (row.get("name"), row.get("iscrowd")),
        lambda row: (row.get("name"),),
        lambda row: str((row.get("segmentation") or {}).get("counts")),
    )
    for key in keys:
        waiting: dict[Any, list[Row]] = defaultdict(list)
        for row in reversed(rest):
            waiting[key(row)].append(row)
        pairs = [(one, waiting[key(one[0])].pop()) for one in left if waiting[key(one[0])]]
        taken = {id(row) for _, row in pairs}, {id(one) for one, _ in pairs}
        yield from pairs
        rest = [row for row in rest if id(row) not in taken[0]]
        left = [one for one in left if id(one) not in taken[1]]
    yield from ((one, None) for one in left)
    yield from (((None, None), row) for row in rest)


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= _MOST_CHARACTERS else text[: _MOST_CHARACTERS - 3] + "..."
