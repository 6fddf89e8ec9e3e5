"""The dataset formats: what is written of all records of a dataset, for other programs to read.

This is the one table of them. Settings, command line, panel, `dataset.json` and docs/formats.md follow it; a module of
core/formats writes each, and is imported only when it is wanted. It runs in Blender's process too.
"""

from enum import Enum

from ..base.choice import Choice
from ..base.dataset_folder import INSTANCES_FILE


class Need(Enum):
    """What a format takes from records; a frame that lacks it is left out of the format, and named."""

    INSTANCES = "instances"
    CAMERA = "a camera"
    PERSPECTIVE_CAMERA = "a perspective camera"


class DatasetFormat(Choice):
    """A format.

    Attributes:
        chosen_by: the setting that lists it if it is wanted; "" for one that is always written.
        module: of core/formats, which writes it; see formats/writer.py.
        files: pattern of its files below the dataset's folder.
        shows: what they are, in the words of `dataset.json`.
        needs: what it takes from records.
        source: where the format is described; "" for Labelpass' own.
    """

    chosen_by: str
    module: str
    files: str
    shows: str
    needs: Need
    source: str

    def __new__(
        cls,
        value: str,
        label: str,
        help: str,
        chosen_by: str,
        module: str,
        files: str,
        shows: str,
        needs: Need,
        source: str,
    ) -> "DatasetFormat":
        member = str.__new__(cls, value)
        member._value_ = value
        member.label, member.help, member.chosen_by, member.module = label, help, chosen_by, module
        member.files, member.shows, member.needs, member.source = files, shows, needs, source
        return member

    COCO = (
        "coco",
        "COCO",
        "Boxes, masks and categories of all images, as COCO has them, with tracks",
        "",
        "coco",
        INSTANCES_FILE,
        "COCO object detection",
        Need.INSTANCES,
        "https://cocodataset.org/#format-data",
    )
    JSON = (
        "json",
        "JSON",
        "Everything that the records know of each frame's camera, in cameras.json",
        "cameras",
        "cameras",
        "cameras/**/cameras.json",
        "the camera of each frame's record; translations in scene units",
        Need.CAMERA,
        "",
    )
    NERF = (
        "nerf",
        "NeRF",
        "transforms.json, as Instant NGP and Nerfstudio read it; perspective cameras only",
        "cameras",
        "cameras",
        "cameras/**/transforms.json",
        "camera to world in metres, axes of OpenGL (x right, y up, z back); perspective cameras only",
        Need.PERSPECTIVE_CAMERA,
        "https://github.com/NVlabs/instant-ngp/blob/master/docs/nerf_dataset_tips.md",
    )
    COLMAP = (
        "colmap",
        "COLMAP",
        "A sparse model without points, in COLMAP's text format; perspective cameras only",
        "cameras",
        "cameras",
        "cameras/**/sparse/*.txt",
        "world to camera in metres, axes of OpenCV, as COLMAP's text; perspective cameras only",
        Need.PERSPECTIVE_CAMERA,
        "https://colmap.github.io/format.html#text-format",
    )


def formats_chosen_by(setting: str) -> tuple[DatasetFormat, ...]:
    """The formats that a setting lists if they are wanted, in the order of the table; "" for those always written."""
    return tuple(format for format in DatasetFormat if format.chosen_by == setting)


CAMERA_FORMATS = formats_chosen_by("cameras")
