"""YOLO pose: boxes with keypoints, the same list of them for all classes.

Source: https://docs.ultralytics.com/datasets/pose/.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from ...records.frame_record import FrameRecord
from ...scene.keypoints import ABSENT, Keypoint
from ...settings.category_table import Category
from ...settings.export_table import ExportFormat
from ..export_writer import ExportTarget, ExportWriter
from .mirrored_names import mirrored_names
from .yolo_folder import FILES, YoloWriter, number, quoted


class YoloPoseWriter(YoloWriter):
    """Rows of class, box, and x, y and visibility of each keypoint."""

    kept = ("keypoints",)

    def __init__(self, format: ExportFormat) -> None:
        super().__init__(format)
        self._seen: Counter[str] = Counter()

    @property
    def about(self) -> str:
        return f"""
{FILES}
## Conventions

A row is `class x y width height`, then x, y and visibility of each keypoint. x and y are pixels from the outer corner
of the top-left pixel, all but the visibility divided by the size of the image. Visibility is 0 not there, or outside
the image; 1 hidden; 2 seen. `data.yaml` holds the splits train, val and test, and the names of the classes.

All classes have the same keypoints, as the format wants it. Categories with others, or with none, are left out, so
classes are not counted as in the table above:

| class, from 0 | category id |
| --- | --- |
{self._class_table}

`flip_idx` says which keypoint takes the place of each when an image is mirrored:

| keypoint, from 0 | name | mirrored |
| --- | --- | --- |
{self._keypoint_table}

## Load it

```sh
yolo pose train data=data.yaml model=yolo11n-pose.pt
```
"""

    def survey(self, record: FrameRecord) -> None:
        self._seen.update(one.category for one in record.instances if one.keypoints)

    def begin(self, target: ExportTarget) -> None:
        lists: Counter[tuple[str, ...]] = Counter()
        for category in target.categories:
            if category.keypoints:
                lists[category.keypoints] += self._seen[category.name]
        # The first of those that most instances have.
        self._names: tuple[str, ...] = max(lists, key=lambda names: lists[names])
        self._categories: list[Category] = [one for one in target.categories if one.keypoints == self._names]
        self._numbers = {one.name: place for place, one in enumerate(self._categories)}
        self._flip, one_sided = mirrored_names(self._names)
        super().begin(target)
        for name in one_sided:
            self.losses.note(
                f"The keypoint {name} has a side, and none of the others is the same on the other side; train with "
                "fliplr=0, or add it to the category table."
            )

    @property
    def class_names(self) -> Sequence[str]:
        return [one.title for one in self._categories]

    def more_yaml(self) -> Iterable[str]:
        yield f"kpt_shape: [{len(self._names)}, 3]"
        yield f"flip_idx: {self._flip}"
        yield "kpt_names:"
        for place in self._numbers.values():
            yield f"  {place}: [{', '.join(map(quoted, self._names))}]"

    def rows(self, record: FrameRecord) -> Iterator[str]:
        others = sum(one.category not in self._numbers for one in record.instances)
        self.losses.add("its category has other keypoints or none, left out", others)
        for one in record.instances:
            if one.category not in self._numbers:
                continue
            box, width, height = one.mask.box, record.width, record.height
            x, y = (box.x0 + box.x1) / (2 * width), (box.y0 + box.y1) / (2 * height)
            row = map(number, (x, y, box.width / width, box.height / height))
            points = one.keypoints or (ABSENT,) * len(self._names)
            keypoints = (_keypoint(point, width, height) for point in points)
            yield " ".join((str(self._numbers[one.category]), *row, *keypoints))

    @property
    def _class_table(self) -> str:
        ids = self.target.survey.ids
        return "\n".join(f"| {place} | {ids[name]} |" for name, place in self._numbers.items())

    @property
    def _keypoint_table(self) -> str:
        rows = zip(self._names, self._flip, strict=True)
        return "\n".join(f"| {place} | {name} | {flip} |" for place, (name, flip) in enumerate(rows))


def make_writer(format: ExportFormat) -> ExportWriter:
    return YoloPoseWriter(format)


def _keypoint(point: Keypoint, width: int, height: int) -> str:
    return f"{number(point.x / width)} {number(point.y / height)} {point.visibility:d}"
