"""What is in a dataset, in numbers: counted in one round over its records, of which only names are kept.

Sizes are in pixels. Small, medium and large instances are those of COCO's evaluation, by the area of their mask: below
32 x 32, below 96 x 96, and from there on (https://cocodataset.org/#detection-eval).
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ..base.errors import InputError
from ..frames.frame_messages import lines_said_once
from ..records.frame_record import FrameRecord
from ..records.instance import Instance
from ..records.record_store import RecordStore
from ..settings.category_table import Category
from .stream import GatheredCategories, RecordStream

AREAS = ("small", "medium", "large")
_AREA_EDGES = (32 * 32, 96 * 96)
# Where the bins of histograms begin; the last one has no end.
SIDES = (1, 4, 8, 16, 32, 64, 128, 256, 512)
PER_FRAME = (0, 1, 2, 6, 11, 21, 51, 101)
VISIBILITY = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)

# What a detector does not learn to find. A box narrower than this is less than one cell of the finest grid, of 8
# pixels, on which the usual detectors (YOLO, RetinaNet, FCOS) look for boxes.
NARROWEST = 8
FEWEST_PIXELS = 64
LONGEST = 20
LEAST_VISIBLE = 0.1

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Unlearnable:
    """Which boxes of a frame are hardly ever found, whatever a detector is trained on; (N,) bool each.

    Attributes:
        narrow: a side of the box is shorter than NARROWEST pixels.
        few_pixels: the mask has fewer than FEWEST_PIXELS pixels.
        long: a side of the box is more than LONGEST times the other.
        hidden: less than LEAST_VISIBLE of the instance is seen, where that is known.
    """

    narrow: npt.NDArray[np.bool_]
    few_pixels: npt.NDArray[np.bool_]
    long: npt.NDArray[np.bool_]
    hidden: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, instances: Sequence[Instance]) -> "Unlearnable":
        width, height = _sides(instances)
        shorter, longer = np.minimum(width, height), np.maximum(width, height)
        areas = np.array([one.mask.area for one in instances], np.int64)
        seen = np.array([one.amodal.visib_fract if one.amodal else 1.0 for one in instances], np.float64)
        return cls(shorter < NARROWEST, areas < FEWEST_PIXELS, longer > LONGEST * shorter, seen < LEAST_VISIBLE)

    @property
    def any(self) -> npt.NDArray[np.bool_]:
        """Those of which at least one is true."""
        return self.narrow | self.few_pixels | self.long | self.hidden


@dataclass
class OfCategory:
    """What there is of a category.

    Attributes:
        instances: split -> how many.
        frames: how many show it.
    """

    instances: Counter[str] = field(default_factory=Counter)
    frames: int = 0


@dataclass
class Statistics:
    """A dataset in numbers. Instances are all but regions to ignore, boxes those of things, not of stuff.

    Attributes:
        categories: all of the dataset, with their ids.
        sequences: how many.
        frames, empty: split -> how many frames, and those without an instance.
        sizes: (width, height) -> how many frames.
        without_image: how many frames have no training image.
        with_notes: how many frames have something that the user should know.
        dark, unreadable: how many images are dark, or cannot be read; None if images were not looked at.
        of_category: name -> what there is of it.
        areas, at_border: how many instances by AREAS, and at the border of the image.
        sides, per_frame, visibility: instances by the shorter side of their boxes, frames by the number of their
            instances, and instances by how much of them is seen, in the bins SIDES, PER_FRAME and VISIBILITY.
        described: what else is known -> of how many instances.
        ignored: how many regions to ignore there are.
        dropped: reason -> how many instances were left out for it.
        boxes, unlearnable: how many there are, and those of them that are hardly ever found.
        reasons: field of Unlearnable -> how many of these.
        left_out: how many records are of sequences that are not wanted.
        problems: a sentence for each record that cannot be read, or for several alike.
    """

    categories: Sequence[Category] = ()
    sequences: int = 0
    frames: Counter[str] = field(default_factory=Counter)
    empty: Counter[str] = field(default_factory=Counter)
    sizes: Counter[tuple[int, int]] = field(default_factory=Counter)
    without_image: int = 0
    with_notes: int = 0
    dark: int | None = None
    unreadable: int | None = None
    of_category: dict[str, OfCategory] = field(default_factory=lambda: defaultdict(OfCategory))
    areas: Integers = field(default_factory=lambda: np.zeros(len(AREAS), np.int64))
    at_border: int = 0
    sides: Integers = field(default_factory=lambda: np.zeros(len(SIDES), np.int64))
    per_frame: Integers = field(default_factory=lambda: np.zeros(len(PER_FRAME), np.int64))
    visibility: Integers = field(default_factory=lambda: np.zeros(len(VISIBILITY), np.int64))
    described: Counter[str] = field(default_factory=Counter)
    ignored: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    boxes: int = 0
    unlearnable: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    left_out: int = 0
    problems: Sequence[str] = ()

    @property
    def instances(self) -> int:
        return int(self.areas.sum())

    def add(self, record: FrameRecord, split: str) -> None:
        """Count a frame."""
        self.frames[split] += 1
        self.empty[split] += not record.instances
        self.sizes[record.width, record.height] += 1
        self.without_image += record.colour is None
        self.with_notes += bool(record.notes)
        self.ignored += len(record.ignored)
        self.dropped.update(record.dropped)
        _count_into(self.per_frame, np.array([len(record.instances)]), PER_FRAME)
        for name, count in Counter(one.category for one in record.instances).items():
            of_category = self.of_category[name]
            of_category.instances[split] += count
            of_category.frames += 1
        if record.instances:
            self._add_instances(record)

    def _add_instances(self, record: FrameRecord) -> None:
        instances = record.instances
        _count_into(self.areas, np.array([one.mask.area for one in instances]), (0, *_AREA_EDGES))
        _count_into(self.sides, np.minimum(*_sides(instances)), SIDES)
        self.at_border += sum(one.mask.box.is_at_border(record.width, record.height) for one in instances)
        seen = [one.amodal.visib_fract for one in instances if one.amodal]
        _count_into(self.visibility, np.array(seen), VISIBILITY)
        for name in ("amodal", "pose", "keypoints", "soft_mask", "parts"):
            self.described[name] += sum(getattr(one, name) is not None for one in instances)
        self.described["track"] += sum(one.track is not None for one in instances)
        stuff = {category.name for category in record.categories if category.stuff}
        boxes = [one for one in instances if one.category not in stuff]
        unlearnable = Unlearnable.of(boxes)
        self.boxes += len(boxes)
        self.unlearnable += int(np.count_nonzero(unlearnable.any))
        for reason, found in vars(unlearnable).items():
            self.reasons[reason] += int(np.count_nonzero(found))


def find_statistics(
    records: RecordStore,
    split_of: Callable[[FrameRecord], str],
    images: bool = False,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Statistics:
    """Count what is in a dataset.

    Args:
        records: all of the dataset.
        split_of: gives the split of a frame.
        images: whether to read every training image too, for those that are dark.
        progress: called with the number of records read and their total.

    Raises:
        RecordError: no record is there, or two of them contradict each other.
        CategoryError: the file with the ids of the dataset is damaged.
    """
    stream, categories, found = RecordStream(records), GatheredCategories(records), Statistics()
    sequences: set[str] = set()
    if images:
        found.dark = found.unreadable = 0
    for one in stream.surveyed(lambda done: progress(done, stream.found)):
        if not one.wanted:
            continue
        record = one.record
        categories.add(record)
        sequences.add(record.sequence)
        found.add(record, split_of(record))
        if images and record.colour is not None:
            _look_at(records.dataset.file(record.image), found)
    stream.check_any()
    found.sequences = len(sequences)
    found.categories = categories.survey(stream.order, complete=not stream.damaged).categories
    found.left_out = sum(stream.left_out.values())
    found.problems = lines_said_once(stream.damaged)
    return found


def _look_at(path: Path, found: Statistics) -> None:
    from ..drawing.read_images import is_dark  # here, since only those who want it need Pillow

    try:
        dark = is_dark(path)
    except InputError:
        found.unreadable = (found.unreadable or 0) + 1
    else:
        found.dark = (found.dark or 0) + dark


def _sides(instances: Sequence[Instance]) -> tuple[Integers, Integers]:
    """(N,) widths and heights of boxes."""
    sides = np.array([(one.mask.box.width, one.mask.box.height) for one in instances], np.int64).reshape(-1, 2)
    return sides[:, 0], sides[:, 1]


def _count_into(bins: Integers, values: npt.NDArray[np.generic], edges: Sequence[float]) -> None:
    """Count values by the bin that they are in; each begins at an edge."""
    bins += np.bincount(np.searchsorted(edges, values, side="right") - 1, minlength=len(bins))
