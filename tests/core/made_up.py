"""Datasets of made-up label images, for tests of what is written of records: no render is behind them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from core.base.files import Content
from core.dataset.export import Exported, export
from core.maps.codecs.png_files import write_png16
from core.masks.runs import find_masks
from core.records.frame_record import FrameRecord
from core.records.instance import Amodal, Instance
from core.scene.keypoints import ABSENT, Keypoint, Visibility
from core.settings.category_table import Category
from core.settings.export_table import ExportFormat
from core.settings.map_table import DenseMap, WrittenMap
from core.settings.settings import Settings
from tests.builders import plain_camera, plain_pose, plain_record, write_record

Labels = npt.NDArray[np.uint32]

# Ids with gaps, as users fix them, and names that no format likes.
CATEGORIES = (
    Category("car", 2, "vehicle"),
    Category("a dog, 'big': #1", 7),
    Category("Straße 東京", 300),
    Category("x" * 200, 4),
)


@dataclass(frozen=True)
class MadeUpFrame:
    """A frame of a made-up dataset.

    Attributes:
        labels: (H, W) uint32, 0 = background.
        categories: label -> name of its category; labels that are not in it are of the first category.
        name, sequence, frame: of the frame.
        ignored: labels that are regions to ignore.
        suffix: of the image.
        grey: whether the image has one channel.
        known: more fields of the record; of instances by label under "instances".
    """

    labels: Labels
    name: str
    sequence: str = ""
    frame: int = 1
    categories: Mapping[int, str] = field(default_factory=dict)
    ignored: Sequence[int] = ()
    suffix: str = ".png"
    grey: bool = False
    known: Mapping[str, Any] = field(default_factory=dict)
    instances: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)


def write_made_up(
    output: Path, frames: Iterable[MadeUpFrame], categories: Sequence[Category] = CATEGORIES
) -> list[FrameRecord]:
    """Write the records and images of frames into a dataset, in the order of the dataset."""
    records = []
    for made in frames:
        height, width = made.labels.shape
        path = f"{made.sequence}/{made.name}" if made.sequence else made.name
        image = f"images/{path}{made.suffix}"
        _write_image(output / image, height, width, made.grey)
        things = []
        for mask in find_masks(made.labels):
            category = made.categories.get(mask.label, categories[0].name) if categories else ""
            more = made.instances.get(mask.label, {})
            things.append(Instance(f"Thing {mask.label:05}", category, (mask.label,), mask, **more))
        record = plain_record(
            name=made.name,
            sequence=made.sequence,
            frame=made.frame,
            width=width,
            height=height,
            image=image,
            colour={},
            categories=tuple(sorted(categories, key=lambda category: category.name)),
            instances=tuple(thing for thing in things if thing.labels[0] not in made.ignored),
            ignored=tuple(thing for thing in things if thing.labels[0] in made.ignored),
            contents={file: Content.of_file(output / file) for file in _files(image, made)},
            **made.known,
        )
        write_record(output, record)
        records.append(record)
    return sorted(records, key=lambda record: (record.sequence, record.frame, record.name))


def random_labels(seed: int, height: int = 48, width: int = 64, things: int = 6) -> Labels:
    """Rectangles and discs that hide each other, some in several parts and some with holes."""
    random = np.random.default_rng(seed)
    labels = np.zeros((height, width), np.uint32)
    y, x = np.mgrid[:height, :width]
    for label in range(1, things + 1):
        cx, cy, size = random.uniform(0, width), random.uniform(0, height), random.uniform(2, min(height, width) / 2)
        if label % 2:
            labels[(x - cx) ** 2 + (y - cy) ** 2 < size**2] = label
        else:
            labels[(abs(x - cx) < size) & (abs(y - cy) < size / 2)] = label
    return labels


def several_frames(number: int = 10) -> list[MadeUpFrame]:
    """Frames of two sequences; every fourth is empty, and names are those that readers stumble over."""
    frames = []
    for place in range(number):
        labels = random_labels(place) if place % 4 != 3 else np.zeros((48, 64), np.uint32)
        names = {label: CATEGORIES[label % len(CATEGORIES)].name for label in range(1, 7)}
        name = [f"shot.1_{place:04}", f"a b_{place:04}", f"é東_{place:04}", f"{'n' * 180}_{place:04}"][place % 4]
        sequence = "" if place < number // 2 else "shots/B.v2"
        frames.append(MadeUpFrame(labels, name, sequence, place, names, ignored=[6] if place % 3 == 0 else []))
    return frames


def unusual_frames() -> list[MadeUpFrame]:
    """Images in grey, as JPEG and as WebP, and masks that fill the image, are one pixel, or touch at corners only.

    Some regions to ignore have a category, some are of all of them.
    """
    whole, one_pixel = np.ones((9, 13), np.uint32), np.zeros((7, 5), np.uint32)
    one_pixel[6, 4] = 1
    y, x = np.mgrid[:8, :10]
    chess = ((x + y) % 2 + 1).astype(np.uint32)
    ring = np.zeros((20, 30), np.uint32)
    ring[2:18, 3:25] = 1
    ring[6:10, 8:20] = 2
    ring[12:14, 9:11] = 0
    of_all, others = {2: ""}, {2: CATEGORIES[1].name}
    return [
        MadeUpFrame(whole, "whole_0001", "unusual", 1, grey=True),
        MadeUpFrame(one_pixel, "pixel_0002", "unusual", 2, suffix=".jpg"),
        MadeUpFrame(chess, "chess_0003", "unusual", 3, others, grey=True, suffix=".jpg"),
        MadeUpFrame(ring, "ring_0004", "unusual", 4, of_all, ignored=[2]),
        MadeUpFrame(ring, "ring_0005", "unusual", 5, others, ignored=[1, 2], suffix=".webp"),
        MadeUpFrame(ring, "ring_0006", "unusual", 6, of_all, ignored=[1, 2]),
    ]


def rich_frames(number: int = 10) -> list[MadeUpFrame]:
    """Frames of two sequences that have all that any format needs, see rich_frame()."""
    half = number // 2
    places = [("walk", place) if place < half else ("run", place - half) for place in range(number)]
    return [rich_frame(random_labels(100 + number), *place) for number, place in enumerate(places)]


def rich_frame(labels: Labels, sequence: str, frame: int) -> MadeUpFrame:
    """A frame with tracks, poses, keypoints, amodal masks, depth, and a camera.

    Keypoints are those of RICH_CATEGORIES. The depth PNG has to be written by write_rich_frames().
    """
    instances = {}
    for mask in find_masks(labels):
        x, y = mask.box.x0 + 0.5, mask.box.y0 + 0.5
        points = (Keypoint(x, y, Visibility.VISIBLE, 5.0), Keypoint(x, y, Visibility.OCCLUDED, 5.0), ABSENT)
        instances[mask.label] = {
            "pose": replace(plain_pose(5.0 + mask.label), frame=f"Thing {mask.label:05}"),
            "keypoints": points if mask.label % 2 else None,
            "amodal": Amodal(mask.rle, mask.box, mask.area + 10, mask.area + 5, mask.area),
            "at_border": mask.label == 1,
        }
    names = {label: RICH_CATEGORIES[(label + 1) % 2].name for label in instances}
    map = DenseMap.DEPTH_PNG
    depth = WrittenMap(map, map.path(f"{sequence}/{sequence}_{frame:04}"), "m", 0.001, labels.size, 0)
    known = {"camera": plain_camera(), "unit_scale": 1.0, "maps": (depth,)}
    return MadeUpFrame(labels, f"{sequence}_{frame:04}", sequence, frame, names, known=known, instances=instances)


RICH_CATEGORIES = (Category("person", 2, keypoints=("head", "hand_l", "hand_r")), Category("box", 5, "thing"))


def write_rich(output: Path, number: int = 10) -> list[FrameRecord]:
    """Write rich_frames() with their depth maps into a dataset."""
    return write_rich_frames(output, rich_frames(number))


def write_rich_frames(output: Path, frames: Sequence[MadeUpFrame]) -> list[FrameRecord]:
    """Write some that rich_frame() has made."""
    for made in frames:
        (depth,) = made.known["maps"]
        path = output / depth.file
        path.parent.mkdir(parents=True, exist_ok=True)
        height, width = made.labels.shape
        write_png16(path, (np.arange(height * width) % 60000 + 1).astype(np.uint16).reshape(height, width))
    return write_made_up(output, frames, RICH_CATEGORIES)


def exported(dataset: Path, format: ExportFormat, **settings: Any) -> Exported:
    """Export a dataset in one format, into the folder of exports in it."""
    return export(dataset, Settings(formats=(format,), **settings))


def _write_image(path: Path, height: int, width: int, grey: bool) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(len(path.name))
    shape = (height, width) if grey else (height, width, 3)
    Image.fromarray(random.integers(0, 256, shape, np.uint8)).save(path)


def _files(image: str, made: MadeUpFrame) -> list[str]:
    return [image, *(map.file for map in made.known.get("maps", ()))]
