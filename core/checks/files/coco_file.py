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
from ...formats.coco_rows import annotation_row, category_row, extra_fields, ignored_row, image_row
from ...formats.coco_tracks import Tracks, VideoPosition
from ...formats.writer import StreamedFrame, Survey, SurveyedFrame
from ...frames.frame_messages import frames_in_words
from ...records.frame_record import FrameRecord
from ...records.instance import Instance
from ...settings.category_table import Category
from ..report import Problems

Row = dict[str, Any]

_TABLES = ("images", "annotations", "categories", "videos", "tracks")
_PART_CATEGORIES = "part_categories"
# What rows are found by has to be there, and of this type; what else they hold is compared as it is.
_NAMED: Mapping[str, type] = {"id": int, "name": str}
_FORMS: Mapping[str, Mapping[str, type]] = {
    "images": {"id": int, "file_name": str},
    "annotations": {**_NAMED, "image_id": int, "category_id": int, "segmentation": dict},
    "categories": _NAMED,
    _PART_CATEGORIES: _NAMED,
    "videos": _NAMED,
    "tracks": {**_NAMED, "video_id": int, "category_id": int},
}
# Likewise where they are there.
_OPTIONAL: Mapping[str, type] = {"iscrowd": int, "track_id": int, "instance": int}
# By which an annotation is found, and which hold no label.
_KEYS = {"id", "image_id", "track_id"}
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
        self._tables, self._broken = _read(dataset.instances)
        self._tracks = Tracks()
        self._ids: Mapping[str, int] = {}
        self._part_ids: Mapping[str, int] = {}
        self._complete = True
        self._images: dict[str, Row] = {}
        self._annotations: dict[Any, list[Row]] = defaultdict(list)
        self._track_rows: dict[Any, Row] = {row["id"]: row for row in self._tables["tracks"]}
        self._videos: dict[str, Any] = {}
        self.annotations = 0

    def survey(self, frame: SurveyedFrame) -> None:
        summary = frame.summary
        self._tracks.note(summary.sequence, summary.shown, summary.ignored)

    def begin(self, survey: Survey) -> Problems:
        self._complete = survey.complete
        self._ids, self._part_ids = survey.ids, survey.part_ids
        self._tracks.number(self._ids)
        yield from self._broken
        for table in _FORMS:
            repeated = [id for id, count in Counter(row["id"] for row in self._tables[table]).items() if count > 1]
            if repeated:
                yield f"{table} of {INSTANCES_FILE} use the id {repeated[0]} several times; {_MERGE}"
        for row in self._tables["images"]:
            file = row["file_name"]
            if file in self._images:
                yield f"{INSTANCES_FILE} has the image {file} twice; {_MERGE}"
            self._images.setdefault(file, row)
        self._videos = {row["name"]: row["id"] for row in self._tables["videos"]}
        images = {row["id"] for row in self._tables["images"]}
        lost = 0
        for row in self._tables["annotations"]:
            self._annotations[row["image_id"]].append(row)
            lost += row["image_id"] not in images
        if lost:
            yield f"{lost} annotations of {INSTANCES_FILE} belong to images that it does not have; {_MERGE}"
        if self._complete:
            yield from _compare_named("category", self._tables["categories"], _rows_of(survey.categories))
            yield from _compare_named("part category", self._tables[_PART_CATEGORIES], _rows_of(survey.part_categories))

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
            if not _is_same(image.get(field), value):
                yield f"{field} of its image is {_short(image.get(field))} in {INSTANCES_FILE}, not {_short(value)}"
        for field in sorted(image.keys() - expected.keys() - {"video_id", "frame_index"}):
            yield _superfluous("its image", field)
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
        for row in self._tables["tracks"]:
            for field in sorted(row.keys() - {*_FORMS["tracks"], "instance"}):
                yield _superfluous(f"the track of {row['name']!r}", field)

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
                yield ignored_row(0, image, id, region, record, position), None

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
        for field in sorted((found.keys() | expected.keys()) - _KEYS):
            if field not in expected:
                yield _superfluous(repr(row["name"]), field)
                continue
            if field in found and _is_same(found[field], expected[field]):
                continue
            if field == "video_id" and not self._complete:
                continue
            yield (
                f"{field} of {row['name']!r} is {_short(found.get(field))} in {INSTANCES_FILE}, not "
                f"{_short(expected.get(field))} as in the record"
            )


def _read(path: Path) -> tuple[dict[str, list[Row]], list[str]]:
    """The tables of a COCO file with the rows that are in order, and a sentence for each table with others.

    Raises:
        RecordError: it is not a COCO file.
    """
    try:
        data = read_json(path)
        found = {name: list(data[name]) for name in _TABLES}
        found[_PART_CATEGORIES] = list(data.get(_PART_CATEGORIES, []))
    except OSError as error:
        raise RecordError(f"Cannot read {path}: {error.strerror}; {_MERGE}") from error
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise RecordError(f"{path} is damaged ({error}); {_MERGE}") from error
    tables, sentences = {}, []
    for name, rows in found.items():
        faults = [_fault(row, _FORMS[name]) for row in rows]
        tables[name] = [row for row, fault in zip(rows, faults, strict=True) if not fault]
        broken = [(number, fault) for number, fault in enumerate(faults, start=1) if fault]
        if broken:
            number, fault = broken[0]
            several = f"{len(broken)} rows of {name} in {INSTANCES_FILE} are broken, first"
            one = f"A row of {name} in {INSTANCES_FILE} is broken,"
            sentences.append(f"{several if len(broken) > 1 else one} number {number}: {fault}; {_MERGE}")
    more = sorted(data.keys() - _FORMS.keys() - {"info"})
    if more:
        sentences.append(f"{INSTANCES_FILE} has the table {more[0]!r}, which a merge does not write; {_MERGE}")
    return tables, sentences


def _fault(row: Any, form: Mapping[str, type]) -> str:
    """What is wrong with the form of a row; "" if nothing is."""
    if not isinstance(row, dict):
        return f"it is {_short(row)}"
    for field, kind in form.items():
        if type(row.get(field)) is not kind:  # True is no number
            return f"its {field} is {_short(row[field])}" if field in row else f"it has no {field}"
    for field, kind in _OPTIONAL.items():
        if field in row and type(row[field]) is not kind:
            return f"its {field} is {_short(row[field])}"
    return ""


def _is_same(found: Any, expected: Any) -> bool:
    return bool(found == expected) and isinstance(found, bool) == isinstance(expected, bool)


def _superfluous(what: str, field: str) -> str:
    return f"{field} of {what} is in {INSTANCES_FILE}, but a merge does not write it; {_MERGE}"


def _rows_of(categories: Sequence[Category]) -> list[Row]:
    return [category_row(category) for category in categories]


def _compare_named(what: str, found: Sequence[Row], wanted: Sequence[Mapping[str, Any]]) -> Problems:
    """Rows of a table whose names are unique."""
    by_name: dict[Any, Row] = {}
    for row in found:
        if row["name"] in by_name:
            yield f"{INSTANCES_FILE} has the {what} {row['name']!r} twice; {_MERGE}"
        by_name[row["name"]] = row
    for one in wanted:
        row = by_name.pop(one["name"], {})
        if not row:
            yield f"{INSTANCES_FILE} has no {what} {one['name']!r}; {_MERGE}"
            continue
        for field in sorted(row.keys() - one.keys()):
            yield _superfluous(f"the {what} {one['name']!r}", field)
        for field, value in json.loads(canonical_json(one)).items():
            # What is of a video is found by its name, whichever number it has.
            if not _is_same(row.get(field), value) and not (what == "video" and field == "id"):
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
        lambda row: str(row["segmentation"].get("counts")),
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
