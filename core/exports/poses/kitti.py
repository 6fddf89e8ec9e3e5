"""KITTI's object benchmark: `training/image_2`, `label_2` and `calib`, and a list of images for each split.

Source of the format: readme.txt of the development kit at https://www.cvlibs.net/datasets/kitti/eval_object.php.
OpenPCDet and MMDetection3D look for the split test in the folder `testing`, and for all others in `training`.
"""

import math
import re
from collections.abc import Iterator, Mapping
from functools import cached_property

import numpy as np
import numpy.typing as npt

from ...base.files import pretty_json
from ...records.instance import Amodal, Instance
from ...settings.export_table import ExportFormat
from ..export_writer import ExportedFrame, ExportTarget, ExportWriter
from ..lost_fields import note_lost_fields
from .upright_box import MOST_TILT, UprightBox

_DONT_CARE = "DontCare"
_UNKNOWN_3D = "-1 -1 -1 -1000 -1000 -1000 -10"  # dimensions, location, rotation_y
_UNKNOWN_ANGLE = "-10"
_PARTLY, _LARGELY = 0.05, 0.5  # hidden parts from which on an object is so
# From the axes of a laser scanner (x forward, y left, z up) to the camera's, at the same place.
_SCANNER_TO_CAMERA = np.array([[0.0, -1.0, 0.0, 0.0], [0.0, 0.0, -1.0, 0.0], [1.0, 0.0, 0.0, 0.0]])
# What ends a word in the label files, or in the lists of classes of their readers.
_BETWEEN_WORDS = re.compile(r"[\s,]+")


class KittiWriter(ExportWriter):
    """A row of 15 columns for each instance. Files are numbered from 0 in the order of the dataset, as KITTI's are."""

    @property
    def about(self) -> str:
        return f"""
## Files

- `training/image_2/000000.png`: the images. Those of a split that is called test are in `testing` instead of
  `training`, as OpenPCDet and MMDetection3D expect; they have labels as well.
- `training/label_2/000000.txt`: a row for each instance of the image; empty where there is none.
- `training/calib/000000.txt`: the camera. There is none where the camera is not known or not a perspective one.
- `ImageSets/SPLIT.txt`: the numbers of a split's images.
- `frames.tsv`: number, split and name in the dataset of each image.
- `dataset_meta.json`: all types, for datumaro.

## Conventions

A row is `type truncated occluded alpha left top right bottom height width length x y z rotation_y`.

- The type is the category, with an underscore for spaces and commas{self._other_types}. `{_DONT_CARE}` is a region in
  which detections count neither way, of any category.
- The 2D box is in pixels from the outer corner of the top-left pixel; right and bottom are the last column and row
  and 1. P0 to P3 are of the same coordinates, where the middle of an image is (W/2, H/2).
- `truncated` is the part of the object that is outside the image. `occluded` says how much of the rest is hidden: 0
  less than {_PARTLY:.0%}, 1 up to {_LARGELY:.0%}, 2 more. Both are of amodal masks; -1 where there is none.
- Height, width and length are metres. x, y, z is the middle of the box's bottom face in the axes of the camera (x
  right, y down, z forward). The length is along the object's front: its -Y axis, as in Blender's front view, or +Z
  where Y is the vertical axis.
- `rotation_y` is the turn about the camera's y axis from the x axis to the front, radians. `alpha` is the same as seen
  along the ray to the object: rotation_y - atan2(x, z).
- A box that is not upright as the camera sees it (by more than {MOST_TILT} degrees) cannot be described: all boxes are
  so where the camera looks up or down. Its 3D part is unknown as KITTI writes it: -1, -1000 and -10.
- `Tr_velo_to_cam` is of a scanner at the camera's place, with x forward, y left and z up; there are no point clouds.

## Load it

```python
import datumaro

dataset = datumaro.Dataset.import_from(".", "kitti_detection")
```

OpenPCDet and MMDetection3D take the folder as `data/kitti`.
"""

    @cached_property
    def _types(self) -> Mapping[str, str]:
        """Name of a category -> its type: one word, which no other category has in any case of its letters."""
        types: dict[str, str] = {}
        taken = {_DONT_CARE.lower()}
        for category in self.target.categories:
            type = _BETWEEN_WORDS.sub("_", category.title)
            while type.lower() in taken:
                type += "_"
            taken.add(type.lower())
            types[category.name] = type
        return types

    @property
    def _named_types(self) -> Iterator[tuple[str, str]]:
        """What the dataset calls each category, and its type."""
        return zip(self.target.titles.values(), self._types.values(), strict=True)

    @property
    def _other_types(self) -> str:
        changed = [f"`{type}` for {name!r}" for name, type in self._named_types if type != name]
        return f" ({', '.join(changed)})" if changed else ""

    def begin(self, target: ExportTarget) -> None:
        super().begin(target)
        changed = sum(type != name for name, type in self._named_types)
        self.losses.add("another name, since types are words without spaces and commas", changed, "category")
        target.write("dataset_meta.json", pretty_json({"labels": [*self._types.values(), _DONT_CARE]}))
        self._frames = target.open("frames.tsv")
        self._frames.write(b"number\tsplit\tframe\n")
        self._lists = {split: target.open(f"ImageSets/{split}.txt") for split in target.split_sizes}
        for kind in ("image_2", "label_2", "calib"):  # also without images
            target.add_folder(f"training/{kind}")

    def add(self, frame: ExportedFrame) -> None:
        record, number = frame.record, f"{frame.number - 1:06}"
        folder = "testing" if frame.split == "test" else "training"
        is_pinhole = record.camera is not None and record.camera.k is not None
        self._lists[frame.split].write(f"{number}\n".encode())
        self._frames.write(f"{number}\t{frame.split}\t{record.path}\n".encode("utf-8", "surrogateescape"))
        rows = [self._row(one, is_pinhole) for one in record.instances]
        regions = (f"{_DONT_CARE} -1 -1 {_UNKNOWN_ANGLE} {_box(one)} {_UNKNOWN_3D}" for one in record.ignored)
        self.target.write_lines(f"{folder}/label_2/{number}.txt", [*rows, *regions])
        if record.camera is not None and record.camera.k is not None:
            calibration = _calibration(np.array(record.camera.k))
            self.target.write_lines(f"{folder}/calib/{number}.txt", list(calibration))
        self.target.place_image(frame, f"{folder}/image_2/{number}{frame.suffix}")
        self._note_losses(frame, is_pinhole)

    def _row(self, one: Instance, is_pinhole: bool) -> str:
        columns = [self._types[one.category], *_visibility(one.amodal)]
        box = UprightBox.of(one.pose) if one.pose and is_pinhole else None
        if one.pose and is_pinhole and not box:
            self.losses.add("tilted as the camera sees it, so its 3D box is unknown (-1, -1000, -10)")
        if not box:
            return " ".join([*columns, _UNKNOWN_ANGLE, _box(one), _UNKNOWN_3D])
        numbers = (box.height, box.width, box.length, *box.bottom, box.yaw)
        return " ".join([*columns, _number(box.observed_yaw), _box(one), *map(_number, numbers)])

    def _note_losses(self, frame: ExportedFrame, is_pinhole: bool) -> None:
        add, instances = self.losses.add, frame.record.instances
        if not is_pinhole:
            add("no perspective camera, so no calibration and no 3D box", noun="image")
            add("3D box left out: there is no perspective camera", sum(one.pose is not None for one in instances))
        add("no pose, so the 3D box is unknown (-1, -1000, -10)", sum(one.pose is None for one in instances))
        add(
            "no amodal mask, so truncated and occluded are unknown (-1)",
            sum(one.amodal is None for one in instances),
        )
        add("mask left out, only its box is there", len(instances))
        of_one = sum(bool(region.category) for region in frame.record.ignored)
        add("of one category, here of all of them", of_one, "ignore region")
        if frame.suffix != ".png":
            add("not PNG, while OpenPCDet and MMDetection3D look for .png", noun="image")
        note_lost_fields(self, frame, ("pose", "amodal"))


def make_writer(format: ExportFormat) -> ExportWriter:
    return KittiWriter(format)


def _visibility(amodal: Amodal | None) -> tuple[str, str]:
    """The columns truncated and occluded."""
    if amodal is None:
        return "-1", "-1"
    level = sum(amodal.occluded >= least for least in (_PARTLY, math.nextafter(_LARGELY, 1)))
    return f"{min(max(amodal.truncated, 0.0), 1.0):.2f}", str(level)


def _box(one: Instance) -> str:
    return " ".join(f"{value}.00" for value in one.mask.box)


def _number(value: float) -> str:
    return f"{value:.6f}"


def _calibration(k: npt.NDArray[np.float64]) -> Iterator[str]:
    projection = np.hstack((k, np.zeros((3, 1))))
    matrices = {f"P{number}": projection for number in range(4)} | {
        "R0_rect": np.eye(3),
        "Tr_velo_to_cam": _SCANNER_TO_CAMERA,
        "Tr_imu_to_velo": np.eye(4)[:3],
    }
    for name, matrix in matrices.items():
        yield f"{name}: {' '.join(f'{value:.12e}' for value in matrix.ravel())}"
