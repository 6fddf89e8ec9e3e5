"""BOP: 6D poses of objects, with what is seen of them, as the BOP challenge has them.

Source of the format: https://github.com/thodan/bop_toolkit/blob/master/docs/bop_datasets_format.md, and for boxes and
counts `calc_gt_info.py` of the same toolkit. Lengths are millimetres.
"""

import struct
import zlib
from contextlib import ExitStack
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from ...base.errors import RecordError
from ...base.files import pretty_json
from ...drawing.mask_pngs import grey_png
from ...maps.codecs.png_files import read_png16
from ...records.frame_record import FrameRecord
from ...records.instance import Instance
from ...scene.camera import Matrix
from ...scene.poses import Pose
from ...settings.export_table import ExportFormat
from ...settings.map_table import DenseMap, WrittenMap
from ..export_writer import ExportedFrame, ExportTarget, ExportWriter
from ..lost_fields import note_lost_fields
from ..media import missing_file
from ..record_masks import masks_of
from .bop_rows import MM, camera_row, canvas_of, clipped, info_rows, intrinsics, model_row
from .bop_scene import BopScene, Row

_LEAST_VISIBLE = 0.1  # of an object, for which detections are scored
_INSIDE = 255  # of a mask
_SAME = 1e-3  # parts of a box's diagonal that boxes of one object may differ by


@dataclass
class _Model:
    """The box of an object's model, metres, and whether all instances have it."""

    pose: Pose
    is_one: bool = True

    def compare(self, pose: Pose) -> None:
        corners, others = (np.array([one.low, one.high]) for one in (self.pose, pose))
        size = float(np.linalg.norm(corners[1] - corners[0]))
        self.is_one = self.is_one and bool(np.abs(corners - others).max() <= _SAME * size)


@dataclass
class _Sequence:
    """A sequence of which some frames have been added: a scene in each split that it has frames in."""

    sequence: str
    number: int
    images: int = 0
    scenes: dict[str, BopScene] = field(default_factory=dict)


class BopWriter(ExportWriter):
    """A folder for each scene. Objects are the categories, and their ids those of the categories."""

    def __init__(self, format: ExportFormat) -> None:
        super().__init__(format)
        self._sequence: _Sequence | None = None
        self._has_axes = False
        self._models: dict[int, _Model] = {}
        self._intrinsics: tuple[Matrix, int, int] | None = None

    about = """
## Files

- `SPLIT/000000/`: a scene, which is a sequence of the dataset, with `scene_gt.json`, `scene_gt_info.json`,
  `scene_camera.json`, `scene_gt_coco.json` and its images in `rgb`. Of a sequence that a split divides each split has a
  part, with the same number.
- `depth/000000.png` in it where the dataset has depth PNGs; `mask_visib/000000_000000.png` is what is seen of an
  instance, and `mask/000000_000000.png` all of it within the image, where the dataset has amodal masks.
- `camera.json`: the first camera. `scene_camera.json` has that of each image.
- `models/models_info.json`: the boxes of the objects.
- `frames.tsv`: scene, image, split and name in the dataset of each image.

## Conventions

- An object is a category, and `obj_id` is the category's id. A category should be one model, as BlenderProc's
  `category_id` is meant in BOP datasets; one whose instances have boxes of several sizes is counted below.
- Lengths are millimetres. Camera axes are x right, y down, z forward. `cam_R_m2c` and `cam_t_m2c` lead from the axes
  and the origin of the Blender object, with its scale applied; `cam_R_w2c` and `cam_t_w2c` from Blender's world.
- `cam_K` counts pixels from the centre of the top-left one: the middle of an image is ((W-1)/2, (H-1)/2).
- A depth PNG times `depth_scale` is the distance along the camera's z axis in millimetres; 0 is no surface, or one that
  is too far away for 16 bits.
- `bbox_obj` and `bbox_visib` are x, y, and the last column and row less the first ones, as the toolkit computes them:
  the box of one pixel has the size 0. In `scene_gt_coco.json` it has the size 1.
- `px_count_all` and `bbox_obj` are of a canvas of 3 x 3 images. Labelpass counts on a larger one: an instance that
  reaches beyond BOP's has the count of the larger one, and is counted below.
- `px_count_valid` are pixels of the object within the image, hidden or not, where the depth PNG has a surface. What is
  not known is -1.
- Objects that are not seen at all are not in the dataset's records, and have no rows.

## What a model needs besides

There are no PLY files of models: export them from Blender in millimetres, with the scale applied, as
`models/obj_000001.ply`. `models_info.json` lacks `diameter`, which is of the vertices, and symmetries, which are not
known to Blender; add them by hand.

## Load it

```python
import json

truth = json.load(open("train/000000/scene_gt.json"))
```

The BOP toolkit takes the folder as a dataset.
"""

    def survey(self, record: FrameRecord) -> None:
        self._has_axes = self._has_axes or any(one.pose and one.pose.frame for one in record.instances)

    def begin(self, target: ExportTarget) -> None:
        if not self._has_axes:
            raise RecordError(
                f"The format {self.format} needs an instance whose object has axes of its own, and no frame has one; "
                "give the objects of each instance a common parent and annotate again"
            )
        super().begin(target)
        self._categories = {target.survey.ids[category.name]: category for category in target.categories}
        self._frames = target.open("frames.tsv")
        self._frames.write(b"scene\timage\tsplit\tframe\n")
        for split in target.split_sizes:
            target.add_folder(split)
        # Files of one sequence are closed before those of the next one are opened.
        self._files = target.files.enter_context(ExitStack())
        self._number = 0

    def add(self, frame: ExportedFrame) -> None:
        record = frame.record
        if record.camera is None or record.camera.k is None or record.unit_scale is None:
            self.losses.add("no perspective camera, left out", noun="image")
            return
        if self._intrinsics is None:
            self._intrinsics = record.camera.k, record.width, record.height
        sequence = self._sequence_of(frame)
        scene, image = self._scene_of(frame, sequence), sequence.images
        sequence.images += 1
        line = f"{sequence.number}\t{image}\t{frame.split}\t{record.path}\n"
        self._frames.write(line.encode("utf-8", "surrogateescape"))
        self.target.place_image(frame, f"{scene.folder}/rgb/{image:06}{frame.suffix}")
        depth = frame.map(DenseMap.DEPTH_PNG)
        if depth:
            self.target.place(frame.dataset.file(depth.file), f"{scene.folder}/depth/{image:06}.png")
        instances = [one for one in record.instances if self._is_posed(one)]
        with masks_of(record):
            info = info_rows(instances, record, self._valid_depth(frame, depth))
            self._write_masks(instances, record, f"{scene.folder}/{{}}/{image:06}_{{:06}}.png")
        scene.add(image, camera_row(record, depth), [self._truth_row(one) for one in instances], info)
        self._add_coco(frame, scene, image, instances, info)
        self._note_losses(frame, instances, depth)

    def finish(self) -> None:
        self._end_sequence()
        if self._intrinsics:
            k, width, height = self._intrinsics
            fx, _, cx, _, fy, cy, *_ = intrinsics(k)
            row = {"cx": cx, "cy": cy, "depth_scale": 1.0, "fx": fx, "fy": fy, "width": width, "height": height}
            self.target.write("camera.json", pretty_json(row))
        models = {str(id): model_row(model.pose) for id, model in sorted(self._models.items()) if model.is_one}
        several = [id for id, model in self._models.items() if not model.is_one]
        self.losses.add("of several sizes, so not one model, and not in models_info.json", len(several), "category")
        self.target.write("models/models_info.json", pretty_json(models))

    def _sequence_of(self, frame: ExportedFrame) -> _Sequence:
        if self._sequence is None or self._sequence.sequence != frame.record.sequence:
            self._end_sequence()
            self._sequence = _Sequence(frame.record.sequence, self._number)
            self._number += 1
        return self._sequence

    def _scene_of(self, frame: ExportedFrame, sequence: _Sequence) -> BopScene:
        if frame.split not in sequence.scenes:
            folder = f"{frame.split}/{sequence.number:06}"
            sequence.scenes[frame.split] = BopScene(self.target, self._files, folder)
        return sequence.scenes[frame.split]

    def _end_sequence(self) -> None:
        for scene in self._sequence.scenes.values() if self._sequence else ():
            scene.end(self._categories)
        self._files.close()

    def _is_posed(self, one: Instance) -> bool:
        if one.pose and one.pose.frame:
            return True
        self.losses.add(
            "several objects without a common parent, so no axes of its own, left out"
            if one.pose
            else "no pose, left out"
        )
        return False

    def _truth_row(self, one: Instance) -> Row:
        assert one.pose
        id = self.target.survey.ids[one.category]
        self._models.setdefault(id, _Model(one.pose)).compare(one.pose)
        rotation = [value for row in one.pose.rotation for value in row]
        return {"cam_R_m2c": rotation, "cam_t_m2c": [value * MM for value in one.pose.translation], "obj_id": id}

    def _valid_depth(self, frame: ExportedFrame, depth: WrittenMap | None) -> npt.NDArray[np.bool_] | None:
        """(H, W) bool, where there is a surface; None where that is not known."""
        if depth is None:
            return None
        file = frame.dataset.file(depth.file)
        try:
            pixels = read_png16(file)
        except OSError as error:
            raise missing_file(file) from error
        except (ValueError, struct.error, zlib.error) as error:
            raise RecordError(f"{file} is damaged ({error}); annotate that frame again") from error
        if pixels.shape != (frame.record.height, frame.record.width):
            raise RecordError(f"{file} is of another size than its image; annotate that frame again")
        return pixels > 0

    def _write_masks(self, instances: list[Instance], record: FrameRecord, name: str) -> None:
        for number, one in enumerate(instances):
            for kind, rle in (("mask_visib", one.mask.rle), ("mask", one.amodal.rle if one.amodal else "")):
                if rle:
                    picture = grey_png([rle], record.height, record.width, [_INSIDE])
                    self.target.write(name.format(kind, number), picture)

    def _add_coco(
        self, frame: ExportedFrame, scene: BopScene, image: int, instances: list[Instance], info: list[Row]
    ) -> None:
        record = frame.record
        height, width = record.height, record.width
        rows = []
        for one, known in zip(instances, info, strict=True):
            box = one.mask.box
            rows.append({
                "category_id": self.target.survey.ids[one.category],
                "area": one.mask.area,
                "bbox": [box.x0, box.y0, box.width, box.height],
                "segmentation": {"size": [height, width], "counts": one.mask.rle},
                "ignore": 0 <= known["visib_fract"] < _LEAST_VISIBLE,
                "width": width,
                "height": height,
            })  # fmt: skip
        file = f"rgb/{image:06}{frame.suffix}"
        scene.add_coco({"id": image, "file_name": file, "width": width, "height": height}, rows)

    def _note_losses(self, frame: ExportedFrame, instances: list[Instance], depth: WrittenMap | None) -> None:
        add, record = self.losses.add, frame.record
        canvas = canvas_of(record)
        beyond = sum(one.amodal is not None and clipped(one.amodal.box, canvas) != one.amodal.box for one in instances)
        add("reaches beyond BOP's canvas of 3 x 3 images, so px_count_all is that of a larger one", beyond)
        without = sum(one.amodal is None for one in instances)
        add("no amodal mask, so bbox_obj, visib_fract and px_count_all are unknown (-1)", without)
        if depth is None:
            add("no depth PNG, so px_count_valid is unknown (-1)", noun="image")
        else:
            add("too far away for 16 bits, so 0 in the depth PNG", depth.out_of_range, "pixel")
        add("left out: BOP has none", len(record.ignored), "ignore region")
        note_lost_fields(self, frame, ("pose", "amodal"))


def make_writer(format: ExportFormat) -> ExportWriter:
    return BopWriter(format)
