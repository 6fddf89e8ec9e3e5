"""Labelpass: training data for computer vision from the render passes of Blender.

The Python package and Blender's extension in one. What the package offers is in `__all__`, and a name of it is loaded
when it is first asked for: importing the package takes no time, and needs neither OpenEXR nor numpy nor Blender. So no
import stands at the top of this module.
"""

TYPE_CHECKING = False  # type checkers take a variable of this name for true, as they do that of typing

if TYPE_CHECKING:
    from .core import __version__
    from .core.annotate.annotate import annotate
    from .core.base.box import Box
    from .core.base.errors import (
        Cancelled,
        CategoryError,
        ExrError,
        InputError,
        LabelpassError,
        NoSuchPass,
        OutputError,
        PassError,
        RecordError,
        SceneError,
        UsageError,
        WorkerError,
    )
    from .core.checks.report import Report
    from .core.checks.validate import validate
    from .core.dataset.export import Exported
    from .core.dataset.merge import Merged, merge
    from .core.dataset.splits import Splits
    from .core.frames.frame_files import FrameFiles, find_frames
    from .core.maps.codecs.surfaces import SurfaceMap
    from .core.masks.runs import Mask
    from .core.reading.dataset import Dataset, Frames, open
    from .core.reading.frame import Frame
    from .core.reading.passes import FramePasses, read_passes
    from .core.reading.regions import IgnoredRegion, Region, SeenInstance, SeenPart
    from .core.records.frame_job import FrameJob
    from .core.records.frame_record import FrameRecord
    from .core.records.instance import Amodal, Instance, Part, SoftMask
    from .core.records.record_files import read_record_file
    from .core.scene.camera import Camera
    from .core.scene.keypoints import Keypoint
    from .core.scene.poses import Pose
    from .core.scene.random_draw import RandomDraw
    from .core.settings.category_table import Category
    from .core.settings.export_table import ExportFormat
    from .core.settings.format_table import DatasetFormat
    from .core.settings.map_table import DenseMap, WrittenMap
    from .core.settings.render_pass import Pass
    from .core.settings.settings import (
        AtBorder,
        Grouping,
        Ignored,
        ImageFormat,
        ImageFrom,
        Instancing,
        LabelSource,
        Media,
        Parts,
        Settings,
        SplitBy,
    )

__all__ = [
    "Amodal",
    "AtBorder",
    "Box",
    "Camera",
    "Cancelled",
    "Category",
    "CategoryError",
    "Dataset",
    "DatasetFormat",
    "DenseMap",
    "ExportFormat",
    "Exported",
    "ExrError",
    "Frame",
    "FrameFiles",
    "FrameJob",
    "FramePasses",
    "FrameRecord",
    "Frames",
    "Grouping",
    "Ignored",
    "IgnoredRegion",
    "ImageFormat",
    "ImageFrom",
    "InputError",
    "Instance",
    "Instancing",
    "Keypoint",
    "LabelSource",
    "LabelpassError",
    "Mask",
    "Media",
    "Merged",
    "NoSuchPass",
    "OutputError",
    "Part",
    "Parts",
    "Pass",
    "PassError",
    "Pose",
    "RandomDraw",
    "RecordError",
    "Region",
    "Report",
    "SceneError",
    "SeenInstance",
    "SeenPart",
    "Settings",
    "SoftMask",
    "SplitBy",
    "Splits",
    "SurfaceMap",
    "UsageError",
    "WorkerError",
    "WrittenMap",
    "__version__",
    "annotate",
    "find_frames",
    "merge",
    "open",
    "read_passes",
    "read_record_file",
    "validate",
]

# Public name -> its module, as above.
_MODULES = {
    "Amodal": ".core.records.instance",
    "AtBorder": ".core.settings.settings",
    "Box": ".core.base.box",
    "Camera": ".core.scene.camera",
    "Cancelled": ".core.base.errors",
    "Category": ".core.settings.category_table",
    "CategoryError": ".core.base.errors",
    "Dataset": ".core.reading.dataset",
    "DatasetFormat": ".core.settings.format_table",
    "DenseMap": ".core.settings.map_table",
    "ExportFormat": ".core.settings.export_table",
    "Exported": ".core.dataset.export",
    "ExrError": ".core.base.errors",
    "Frame": ".core.reading.frame",
    "FrameFiles": ".core.frames.frame_files",
    "FrameJob": ".core.records.frame_job",
    "FramePasses": ".core.reading.passes",
    "FrameRecord": ".core.records.frame_record",
    "Frames": ".core.reading.dataset",
    "Grouping": ".core.settings.settings",
    "Ignored": ".core.settings.settings",
    "IgnoredRegion": ".core.reading.regions",
    "ImageFormat": ".core.settings.settings",
    "ImageFrom": ".core.settings.settings",
    "InputError": ".core.base.errors",
    "Instance": ".core.records.instance",
    "Instancing": ".core.settings.settings",
    "Keypoint": ".core.scene.keypoints",
    "LabelSource": ".core.settings.settings",
    "LabelpassError": ".core.base.errors",
    "Mask": ".core.masks.runs",
    "Media": ".core.settings.settings",
    "Merged": ".core.dataset.merge",
    "NoSuchPass": ".core.base.errors",
    "OutputError": ".core.base.errors",
    "Part": ".core.records.instance",
    "Parts": ".core.settings.settings",
    "Pass": ".core.settings.render_pass",
    "PassError": ".core.base.errors",
    "Pose": ".core.scene.poses",
    "RandomDraw": ".core.scene.random_draw",
    "RecordError": ".core.base.errors",
    "Region": ".core.reading.regions",
    "Report": ".core.checks.report",
    "SceneError": ".core.base.errors",
    "SeenInstance": ".core.reading.regions",
    "SeenPart": ".core.reading.regions",
    "Settings": ".core.settings.settings",
    "SoftMask": ".core.records.instance",
    "SplitBy": ".core.settings.settings",
    "Splits": ".core.dataset.splits",
    "SurfaceMap": ".core.maps.codecs.surfaces",
    "UsageError": ".core.base.errors",
    "WorkerError": ".core.base.errors",
    "WrittenMap": ".core.settings.map_table",
    "__version__": ".core",
    "annotate": ".core.annotate.annotate",
    "find_frames": ".core.frames.frame_files",
    "merge": ".core.dataset.merge",
    "open": ".core.reading.dataset",
    "read_passes": ".core.reading.passes",
    "read_record_file": ".core.records.record_files",
    "validate": ".core.checks.validate",
}


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


if not TYPE_CHECKING:  # to them, a name that is not there would be one of any type

    def __getattr__(name: str) -> object:
        """A public name, from its module."""
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        value = globals()[name] = getattr(import_module(_MODULES[name], __name__), name)
        return value


def register() -> None:
    from . import operators, panels

    operators.register()
    panels.register()


def unregister() -> None:
    from . import operators, panels

    panels.unregister()
    operators.unregister()
