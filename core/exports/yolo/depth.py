"""YOLO depth: an image and a PNG of its depth, as Ultralytics 8.4 and later learns it.

Source: `DepthDataset` in ultralytics, `ultralytics/data/dataset.py`, and `load_depth` in `ultralytics/data/utils.py`.
"""

from collections.abc import Iterable, Iterator, Sequence

from ...base.errors import RecordError
from ...records.frame_record import FrameRecord
from ...settings.export_table import ExportFormat
from ...settings.map_table import DenseMap, WrittenMap
from ..export_writer import ExportedFrame, ExportTarget, ExportWriter
from .yolo_folder import YoloWriter


class YoloDepthWriter(YoloWriter):
    """Depth maps of the dataset beside its images, and the scale of all of them in `data.yaml`."""

    labels = "depth"

    def __init__(self, format: ExportFormat) -> None:
        super().__init__(format)
        self._scales: set[tuple[float, str]] = set()

    @property
    def about(self) -> str:
        return f"""
## Files

- `images/SPLIT/NAME.png` and `depth/SPLIT/NAME.png`: an image and its depth, which is a file of the dataset.
- `data.yaml`: what Ultralytics loads. Its one class is called depth.

## Conventions

Depth is a 16-bit PNG. A pixel divided by `depth_scale`, which is {self._per_unit}, is the distance along the camera's
z axis in {self._unit}; 0 is a pixel without a surface, or one that is too far away for 16 bits. A frame without a depth
PNG is not in it. Instances and categories are not in it either.

## Load it

With Ultralytics 8.4 or later:

```sh
yolo depth train data=data.yaml model=yolo26n-depth.pt
```
"""

    def survey(self, record: FrameRecord) -> None:
        if map := _depth_png(record):
            self._scales.add((map.scale or 1.0, map.unit))

    def begin(self, target: ExportTarget) -> None:
        if len(self._scales) > 1:
            found = " and ".join(f"{scale:g} {unit}" for scale, unit in sorted(self._scales))
            raise RecordError(
                f"The format {self.format} has one scale for all depth PNGs, and those of this dataset have {found}; "
                "annotate the frames again with one scale"
            )
        super().begin(target)
        if self._unit != "m":
            self.losses.note(
                f"Depth is in {self._unit}, since there is no scene record; Ultralytics takes it for metres."
            )

    @property
    def class_names(self) -> Sequence[str]:
        return ["depth"]

    def more_yaml(self) -> Iterable[str]:
        yield f"depth_scale: {self._per_unit}"

    def rows(self, record: FrameRecord) -> Iterator[str]:
        return iter(())

    def add(self, frame: ExportedFrame) -> None:
        map = _depth_png(frame.record)
        if map is None:
            self.losses.add("without a depth PNG, left out", noun="image")
            return
        self.target.place(frame.dataset.file(map.file), f"{self.labels}/{frame.split}/{frame.name}.png")
        self.place_image(frame)
        self.losses.add("too far away for 16 bits, so 0", map.out_of_range, "pixel")

    @property
    def _per_unit(self) -> str:
        ((scale, _),) = self._scales
        return f"{1 / scale:.9g}"

    @property
    def _unit(self) -> str:
        ((_, unit),) = self._scales
        return unit


def make_writer(format: ExportFormat) -> ExportWriter:
    return YoloDepthWriter(format)


def _depth_png(record: FrameRecord) -> WrittenMap | None:
    return next((one for one in record.maps if one.map is DenseMap.DEPTH_PNG), None)
