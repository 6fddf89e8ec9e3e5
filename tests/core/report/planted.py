"""A dataset in which nothing is wrong, and faults to plant into frames of it: no render is behind them."""

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from core.base.box import Box
from core.dataset.splits import Splits
from core.masks.runs import find_masks
from core.records.frame_record import FrameRecord
from core.records.instance import Amodal, Instance
from core.scene.keypoints import Keypoint, Visibility
from core.scene.poses import Pose
from core.settings.category_table import Category
from tests.builders import moved_by, pinhole, plain_camera, plain_pose, plain_record, write_record

WIDTH, HEIGHT = 160, 120
_FOCAL = 100.0
CATEGORIES = (Category("apple", 1), Category("bottle", 2, keypoints=("cap", "foot")), Category("road", 3, stuff=True))
SPLITS = Splits.parse("train=80,val=20")
_COLOURS = {1: (200, 40, 30), 2: (30, 60, 200), 3: (40, 160, 60), 4: (230, 200, 40)}
_OF_CATEGORY = {1: "apple", 2: "bottle", 3: "apple", 4: "bottle"}

Labels = npt.NDArray[np.uint32]
Bytes = npt.NDArray[np.uint8]


@dataclass
class Frame:
    """A frame that may be changed before it is written.

    Attributes:
        number, sequence, name: of the frame.
        labels: (H, W) uint32; a label has the category that _OF_CATEGORY gives.
        image: (H, W, 3) uint8; None for none.
        known: more fields of the record.
        instances: label -> more fields of its instance.
    """

    number: int
    labels: Labels
    image: Bytes | None
    sequence: str = "shot"
    name: str = ""
    known: dict[str, Any] = field(default_factory=dict)
    instances: dict[int, dict[str, Any]] = field(default_factory=dict)

    @property
    def path(self) -> str:
        return f"{self.sequence}/{self.name or f'{self.number:04}'}"

    def record(self) -> FrameRecord:
        masks = find_masks(self.labels)
        instances = tuple(self._instance(mask.label, mask) for mask in masks)
        fields: dict[str, Any] = {
            "sequence": self.sequence,
            "frame": self.number,
            "name": self.name or f"{self.number:04}",
            "width": WIDTH,
            "height": HEIGHT,
            "colour": {"made_by": "a test"},
            "unit_scale": 1.0,
            "camera": plain_camera(
                k=pinhole(_FOCAL, WIDTH / 2, HEIGHT / 2), world_to_camera=moved_by(self.number / 10, 0, 0), lens=50.0
            ),
            "categories": CATEGORIES,
            "instances": instances,
        }
        return plain_record(**fields | self.known)

    def _instance(self, label: int, mask: Any) -> Instance:
        category = self.instances.get(label, {}).get("category", _OF_CATEGORY.get(label, "apple"))
        fields: dict[str, Any] = {
            "name": f"{category}.{label:03}",
            "category": category,
            "labels": (label,),
            "mask": mask,
            "pose": flat_pose(mask.box, 5.0 + label),
            "amodal": Amodal(mask.rle, mask.box, mask.area, mask.area, mask.area),
        }
        if category == "bottle":
            middle = mask.box.x0 + mask.box.width / 2, mask.box.y0 + mask.box.height / 2
            fields["keypoints"] = (Keypoint(*middle, Visibility.VISIBLE, 5.0 + label),) * 2
        return Instance(**fields | self.instances.get(label, {}))

    def write(self, dataset: Path) -> None:
        record = self.record()
        write_record(dataset, record)
        if self.image is not None:
            path = dataset / record.image
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(self.image).save(path, compress_level=1)


def flat_pose(box: Box, depth: float) -> Pose:
    """The pose of a plate at this depth that fills a box of pixels."""
    middle = [(low + high) / 2 - of / 2 for low, high, of in ((box.x0, box.x1, WIDTH), (box.y0, box.y1, HEIGHT))]
    place = (middle[0] * depth / _FOCAL, middle[1] * depth / _FOCAL, depth)
    half = ((box.width + 2) / 2 * depth / _FOCAL, (box.height + 2) / 2 * depth / _FOCAL, 0.01)
    corners = (
        np.array([[(1 if number >> axis & 1 else -1) * half[axis] for axis in range(3)] for number in range(8)]) + place
    )
    pixels = corners[:, :2] / corners[:, 2:] * _FOCAL + (WIDTH / 2, HEIGHT / 2)
    pose = plain_pose(depth)
    return dataclasses.replace(
        pose,
        translation=place,
        low=tuple(-one for one in half),
        high=half,
        corners=tuple(map(tuple, pixels.tolist())),
        distance=float(np.linalg.norm(place)),
    )


def fine_frame(number: int) -> Frame:
    """Four things in a row, over a soft pattern that is another one in each frame."""
    rng = np.random.default_rng(number)
    coarse = Image.fromarray(rng.integers(60, 200, (9, 12, 3), np.uint8))
    image = np.array(coarse.resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC))
    labels = np.zeros((HEIGHT, WIDTH), np.uint32)
    for label in (1, 2, 3, 4):
        height, width = rng.integers(16, 30, 2)
        x, y = 6 + 38 * (label - 1), int(rng.integers(6, HEIGHT - 36))
        labels[y : y + height, x : x + width] = label
        image[labels == label] = _COLOURS[label]
    return Frame(number, labels, image)


def fine_frames(count: int) -> list[Frame]:
    """With gaps in their numbers, so that no frame follows another."""
    return [fine_frame(2 * number) for number in range(1, count + 1)]


def in_split(split: str, start: int, sequence: str = "shot") -> int:
    """The first even frame number from a start whose frame is in a split."""
    numbers = range(start, start + 1000, 2)
    return next(one for one in numbers if SPLITS.of_key(f"{sequence}/{one:04}") == split)


def hidden(frame: Frame, label: int, seen: float) -> None:
    """Let an instance be seen to this part only."""
    mask = next(one for one in find_masks(frame.labels) if one.label == label)
    whole = round(mask.area / seen)
    frame.instances[label] = {"amodal": Amodal(mask.rle, mask.box, whole, whole, mask.area)}


def put(frame: Frame, label: int, rows: slice, columns: slice) -> None:
    """Let a label be in a rectangle and nowhere else; what it covers is gone."""
    frame.labels[frame.labels == label] = 0
    frame.labels[rows, columns] = label
    assert frame.image is not None
    frame.image[rows, columns] = _COLOURS[label]


Plant = Callable[[Frame], "Iterable[Frame] | None"]


@dataclass(frozen=True)
class Fault:
    """Something wrong.

    Attributes:
        key: of the finding that says so.
        plant: changes a fine frame, and may add others.
    """

    key: str
    plant: Plant


def _image(change: Callable[[Bytes], Any]) -> Plant:
    def plant(frame: Frame) -> None:
        assert frame.image is not None
        frame.image = np.asarray(change(frame.image), np.uint8)

    return plant


def _known(**fields: Any) -> Plant:
    return lambda frame: frame.known.update(fields)


def _without_image(frame: Frame) -> None:
    frame.image = None
    frame.known["colour"] = None


def _without_file(frame: Frame) -> None:
    frame.image = None


def _empty(frame: Frame) -> None:
    frame.labels[:] = 0


def _all_hidden(frame: Frame) -> None:
    for label in (1, 2, 3, 4):
        hidden(frame, label, 0.05)


def _crowded(frame: Frame) -> None:
    frame.labels[:] = 0
    for number in range(60):
        y, x = divmod(number, 10)
        frame.labels[2 + 19 * y : 12 + 19 * y, 2 + 16 * x : 12 + 16 * x] = 100 + number


def _sharp_copy(number: int, frame: Frame, noise: int = 0) -> Frame:
    assert frame.image is not None
    image = frame.image.astype(np.int64) + np.random.default_rng(1).integers(-noise, noise + 1, frame.image.shape)
    return dataclasses.replace(
        frame, number=number, image=np.clip(image, 0, 255).astype(np.uint8), known={}, instances={}
    )


def _copied_within_split(frame: Frame) -> list[Frame]:
    return [_sharp_copy(in_split(SPLITS.of_key(frame.path), 5000), frame, noise=2)]


def _copied_to_other_split(frame: Frame) -> list[Frame]:
    other = "val" if SPLITS.of_key(frame.path) == "train" else "train"
    return [_sharp_copy(in_split(other, 6000), frame, noise=2)]


def _neighbour_in_other_split(frame: Frame) -> list[Frame]:
    """A frame after it that is somewhat like it: the picture has moved on."""
    first = next(
        one for one in range(7001, 8000, 3) if SPLITS.of_key(f"shot/{one:04}") != SPLITS.of_key(f"shot/{one + 1:04}")
    )
    frame.number = first
    after = _sharp_copy(first + 1, frame)
    assert after.image is not None
    # Ten of the 64 bits of its fingerprint: a band of it is another picture.
    after.image = after.image.copy()
    after.image[: HEIGHT // 4] = fine_frame(999).image[: HEIGHT // 4]  # type: ignore[index]
    return [after]


def _narrow(frame: Frame) -> None:
    put(frame, 1, slice(6, 46), slice(6, 12))


def _long(frame: Frame) -> None:
    frame.labels[:] = 0
    put(frame, 1, slice(50, 55), slice(20, 140))


def _sliver(frame: Frame) -> None:
    put(frame, 1, slice(20, 29), slice(8, 15))


def _mostly_outside(frame: Frame) -> None:
    mask = next(one for one in find_masks(frame.labels) if one.label == 1)
    frame.instances[1] = {"amodal": Amodal(mask.rle, mask.box, mask.area * 4, mask.area, mask.area)}


def _torn(frame: Frame) -> None:
    rows, columns = np.nonzero(frame.labels == 1)
    for offset in (3, 7, 11):
        frame.labels[rows.min() + offset, columns.min() : columns.max() + 1] = 0


def _blends_in(frame: Frame) -> None:
    assert frame.image is not None
    frame.image[frame.labels == 1] = 0
    rows, columns = np.nonzero(frame.labels == 1)
    around = np.s_[rows.min() - 6 : rows.max() + 7, columns.min() - 6 : columns.max() + 7]
    frame.image[around] = (120, 130, 110)


def _coloured(colour: int) -> Plant:
    def plant(frame: Frame) -> None:
        assert frame.image is not None
        frame.image[frame.labels == 1] = colour

    return plant


def _hollow(frame: Frame) -> None:
    frame.labels[:] = 0
    frame.labels[10, 10:150] = 1
    frame.labels[10:110, 10] = 1
    frame.labels[110, 10] = 1


def _same_box(frame: Frame) -> None:
    frame.labels[:] = 0
    frame.labels[20:60, 20:60] = 1
    frame.labels[30:50, 30:50] = 2
    frame.labels[20, 25] = frame.labels[59, 25] = frame.labels[25, 20] = frame.labels[25, 59] = 2


def _fills_image(frame: Frame) -> None:
    frame.labels[:] = 0
    frame.labels[1:-1, 1:-1] = 1


def _inside(frame: Frame) -> None:
    frame.instances[1] = {"pose": plain_pose(0.5, half=2.0)}


def _no_keypoint(frame: Frame) -> None:
    frame.instances[2] = {"keypoints": (Keypoint(1.0, 1.0, Visibility.OCCLUDED, 5.0),) * 2}


def _damaged_mask(frame: Frame) -> None:
    mask = next(one for one in find_masks(frame.labels) if one.label == 1)
    frame.instances[1] = {"mask": dataclasses.replace(mask, area=mask.area + 1)}


FAULTS = (
    Fault("dark", _image(lambda image: image // 40)),
    Fault("flat", _image(lambda image: 120 + image // 50)),
    Fault("burnt_out", _image(lambda image: np.where(np.arange(WIDTH)[None, :, None] < 120, 255, image))),
    Fault("no_image", _without_image),
    Fault("unreadable", _without_file),
    Fault("other_size", _image(lambda image: image[:60, :80])),
    Fault("empty", _empty),
    Fault("all_hidden", _all_hidden),
    Fault("crowded", _crowded),
    Fault("noted", _known(notes=("The Vector pass is empty",))),
    Fault("mostly_dropped", _known(dropped={"area": 9})),
    Fault("duplicates", _copied_within_split),
    Fault("leak", _copied_to_other_split),
    Fault("neighbours", _neighbour_in_other_split),
    Fault("odd_size", lambda frame: _smaller(frame)),
    Fault("disagrees", _damaged_mask),
    Fault("hidden", lambda frame: hidden(frame, 1, 0.05)),
    Fault("narrow", _narrow),
    Fault("few_pixels", _sliver),
    Fault("long", _long),
    Fault("outside", _mostly_outside),
    Fault("torn", _torn),
    Fault("blends_in", _blends_in),
    Fault("unlit", _coloured(2)),
    Fault("overlit", _coloured(254)),
    Fault("hollow", _hollow),
    Fault("same_box", _same_box),
    Fault("fills_image", _fills_image),
    Fault("camera_inside", _inside),
    Fault("no_keypoint", _no_keypoint),
)


def _smaller(frame: Frame) -> None:
    """A frame of half the size."""
    assert frame.image is not None
    frame.labels, frame.image = frame.labels[::2, ::2].repeat(1, axis=0), frame.image[::2, ::2]
    frame.known.update(width=WIDTH // 2, height=HEIGHT // 2)


def plant_all(dataset: Path, fine: int) -> Mapping[str, str]:
    """Write a dataset with so many fine frames and one for each fault.

    Returns:
        Key of a fault -> the path of its frame.
    """
    frames, planted = fine_frames(fine), {}
    for number, fault in enumerate(FAULTS):
        frame = fine_frame(3000 + 2 * number)
        more = fault.plant(frame) or ()
        frames += [frame, *more]
        planted[fault.key] = frame.path
    for frame in frames:
        frame.write(dataset)
    return planted
