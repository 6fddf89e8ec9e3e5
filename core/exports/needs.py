"""What formats need of the records of a dataset: whether it is there is known before anything is written."""

from collections.abc import Callable, Mapping, Sequence

from ..base.errors import RecordError
from ..records.frame_record import FrameRecord
from ..records.instance import Instance
from ..settings.export_table import ExportFormat, ExportNeed
from ..settings.map_table import DenseMap


def _of_instances(has: Callable[[Instance], bool]) -> Callable[[FrameRecord], bool]:
    return lambda record: any(map(has, record.instances))


_HAS: Mapping[ExportNeed, Callable[[FrameRecord], bool]] = {
    ExportNeed.CATEGORIES: lambda record: bool(record.categories),
    ExportNeed.TRACKS: _of_instances(lambda instance: instance.track is not None),
    ExportNeed.POSES: _of_instances(lambda instance: instance.pose is not None),
    ExportNeed.KEYPOINTS: _of_instances(lambda instance: bool(instance.keypoints)),
    ExportNeed.AMODAL: _of_instances(lambda instance: instance.amodal is not None),
    ExportNeed.DEPTH_PNG: lambda record: any(map.map is DenseMap.DEPTH_PNG for map in record.maps),
    ExportNeed.CAMERA: lambda record: record.camera is not None and record.camera.k is not None,
}


class Needed:
    """Looks for what some formats need.

    Args:
        formats: which.
        images: whether the training images go with them.
    """

    def __init__(self, formats: Sequence[ExportFormat], images: bool) -> None:
        self._formats, self._images = formats, images
        self._missing = {need for format in formats for need in format.needs}
        self._without_image = ""

    def survey(self, record: FrameRecord) -> None:
        """First round: each record."""
        if self._missing:
            self._missing -= {need for need in self._missing if _HAS[need](record)}
        if record.colour is None and not self._without_image:
            self._without_image = record.path

    def check(self) -> None:
        """After it: RecordError where something is not there."""
        for format in self._formats:
            for need in format.needs:
                if need in self._missing:
                    raise RecordError(f"The format {format} needs {need.what}, and no frame has one; {need.way_out}")
        if self._images and self._without_image:
            raise RecordError(
                f"The frame {self._without_image} has no training image; annotate it again with --image-format png, "
                "or export with --media none"
            )
