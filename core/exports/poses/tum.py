"""TUM RGB-D: the trajectory of the camera and lists of images, a folder for each sequence.

Source of the format: https://cvg.cit.tum.de/data/datasets/rgbd-dataset/file_formats. A pose is that of the camera in
the world, as a translation and a quaternion whose real part is the last number.
"""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import BinaryIO

import numpy as np

from ...records.frame_record import FrameRecord
from ...scene.camera import Matrix
from ...scene.rotations import quaternion
from ...settings.export_table import ExportFormat
from ...settings.map_table import DenseMap
from ..export_writer import ExportedFrame, ExportTarget, ExportWriter
from ..whole_sequences import WholeSequences


@dataclass
class _OpenSequence:
    """What is known of a sequence of which some frames have been added.

    Attributes:
        sequence: of its frames.
        folder: of its files.
        frame: number of the last one.
        k: of its first camera.
        scale: metres in a step of its first depth map.
    """

    sequence: str
    folder: str
    frame: int | None = None
    k: Matrix | None = None
    scale: float | None = None


class TumWriter(ExportWriter):
    """Writes the files of a sequence while its frames come; of these it keeps nothing."""

    def __init__(self, format: ExportFormat) -> None:
        super().__init__(format)
        self._whole = WholeSequences()
        self._sequence: _OpenSequence | None = None

    @property
    def about(self) -> str:
        return f"""
## Files

- `SPLIT/SEQUENCE/groundtruth.txt`: the trajectory of the camera.
- `SPLIT/SEQUENCE/rgb.txt` and `rgb/TIMESTAMP.png`: the images.
- `SPLIT/SEQUENCE/depth.txt` and `depth/TIMESTAMP.png`: depth PNGs, where the dataset has them. `associations.txt` has
  the lines of both lists side by side.
- `SPLIT/SEQUENCE/calibration.txt`: focal lengths and principal point, fx fy cx cy.

## Conventions

- A line of the trajectory is `timestamp tx ty tz qx qy qz qw`: the camera in the world of Blender, metres. The camera's
  axes are x right, y down, z forward; the world's z axis points up.
- A timestamp is the frame's number divided by {self.target.settings.fps:g} frames a second, which is the option
  `--fps`; the dataset does not know them.
- A depth PNG is a file of the dataset: distance along the camera's z axis, 0 where there is no surface, or one that is
  too far away for 16 bits. How many steps are a metre, the first line of `depth.txt` says; TUM's own sequences have
  5000.
- cx and cy count from the centre of the top-left pixel, as OpenCV does: the middle of an image is ((W-1)/2, (H-1)/2).

## Load it

```python
from evo.tools import file_interface

trajectory = file_interface.read_tum_trajectory_file("train/SEQUENCE/groundtruth.txt")
```
"""

    def survey(self, record: FrameRecord) -> None:
        self._whole.survey(record)

    def begin(self, target: ExportTarget) -> None:
        self._whole.check(self.format, target)
        super().begin(target)
        for split in target.split_sizes:
            target.add_folder(split)
        # Files of one sequence are closed before those of the next one are opened.
        self._files = target.files.enter_context(ExitStack())

    def add(self, frame: ExportedFrame) -> None:
        record = frame.record
        sequence = self._sequence
        if sequence is None or sequence.sequence != record.sequence:
            sequence = self._begin_sequence(frame)
        self.losses.add("left out: the format is of cameras and images", len(record.instances))
        if record.frame == sequence.frame:
            self.losses.add("of a frame that the sequence has already, left out", noun="image")
            return
        sequence.frame = record.frame
        time = f"{record.frame / self.target.settings.fps:.6f}"
        image = f"rgb/{time}{frame.suffix}"
        _write(self._images, f"{time} {image}")
        self.target.place_image(frame, f"{sequence.folder}/{image}")
        self._add_camera(record, sequence, time)
        self._add_depth(frame, sequence, time, image)

    def finish(self) -> None:
        self._files.close()

    def _begin_sequence(self, frame: ExportedFrame) -> _OpenSequence:
        self._files.close()
        folder = f"{frame.split}/{self._whole.folder(frame.record.sequence)}"
        self._sequence = _OpenSequence(frame.record.sequence, folder)
        self._truth = self._opened("groundtruth.txt", "ground truth trajectory", "timestamp tx ty tz qx qy qz qw")
        self._images = self._opened("rgb.txt", "color images", "timestamp filename")
        return self._sequence

    def _opened(self, name: str, *comments: str) -> BinaryIO:
        assert self._sequence
        file = replace(self.target, files=self._files).open(f"{self._sequence.folder}/{name}")
        for comment in comments:
            _write(file, f"# {comment}")
        return file

    def _add_camera(self, record: FrameRecord, sequence: _OpenSequence, time: str) -> None:
        camera = record.camera
        if camera is None or record.unit_scale is None:
            self.losses.add("no camera, so not in groundtruth.txt", noun="image")
            return
        _write(self._truth, f"{time} {' '.join(_number(value) for value in camera_in_world(record))}")
        if camera.k is None:
            self.losses.add("no perspective camera, so calibration.txt does not hold for it", noun="image")
        elif sequence.k is None:
            sequence.k = camera.k
            (fx, _, cx), (_, fy, cy), _ = camera.k
            numbers = " ".join(map(_number, (fx, fy, cx - 0.5, cy - 0.5)))
            self.target.write_lines(f"{sequence.folder}/calibration.txt", [numbers])
        elif sequence.k != camera.k:
            self.losses.add("other focal lengths or principal point than calibration.txt says", noun="image")

    def _add_depth(self, frame: ExportedFrame, sequence: _OpenSequence, time: str, image: str) -> None:
        map = frame.map(DenseMap.DEPTH_PNG)
        if map is None:
            self.losses.add("no depth PNG", noun="image")
            return
        scale = map.scale or 1.0
        if sequence.scale is None:
            sequence.scale = scale
            self._depths = self._opened("depth.txt", f"depth maps: {1 / scale:.9g} in a pixel are 1 {map.unit}",
                                        "timestamp filename")  # fmt: skip
            self._pairs = self._opened("associations.txt")
        elif sequence.scale != scale:
            self.losses.add("depth PNG of another scale than the first of its sequence, left out", noun="image")
            return
        depth = f"depth/{time}.png"
        _write(self._depths, f"{time} {depth}")
        _write(self._pairs, f"{time} {image} {time} {depth}")
        self.target.place(frame.dataset.file(map.file), f"{sequence.folder}/{depth}")
        self.losses.add("too far away for 16 bits, so 0", map.out_of_range, "pixel")


def make_writer(format: ExportFormat) -> ExportWriter:
    return TumWriter(format)


def camera_in_world(record: FrameRecord) -> Sequence[float]:
    """The camera of a record that knows it: tx ty tz in metres, qx qy qz qw."""
    assert record.camera and record.unit_scale is not None
    world_to_camera = np.array(record.camera.world_to_camera)
    rotation = world_to_camera[:3, :3].T
    translation = -rotation @ world_to_camera[:3, 3] * record.unit_scale
    w, x, y, z = quaternion(rotation)
    return [*map(float, (*translation, x, y, z, w))]


def _number(value: float) -> str:
    return f"{value + 0.0:.9f}"


def _write(file: BinaryIO, line: str) -> None:
    file.write(f"{line}\n".encode())
