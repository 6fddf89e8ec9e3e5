"""Labelpass: training data for computer vision from the render passes of Blender.

The Python package and Blender's extension in one. What the package offers is in `__all__`, and a name of it is loaded
when it is first asked for: importing the package takes no time, and needs neither OpenEXR nor numpy nor Blender. So no
import stands at the top of this module.
"""

TYPE_CHECKING = False  # type checkers take a variable of this name for true, as they do that of typing

if TYPE_CHECKING:
    from .core import __version__
    from .core.annotate.annotate import annotate
    from .core.base.errors import (
        Cancelled,
        CategoryError,
        ExrError,
        InputError,
        LabelpassError,
        OutputError,
        PassError,
        RecordError,
        SceneError,
        UsageError,
        WorkerError,
    )
    from .core.checks.validate import validate
    from .core.dataset.merge import merge
    from .core.frames.frame_files import find_frames
    from .core.records.frame_job import FrameJob
    from .core.records.frame_record import FrameRecord
    from .core.records.instance import Instance
    from .core.records.record_store import read_record_file
    from .core.scene.camera import Camera
    from .core.settings.format_table import DatasetFormat
    from .core.settings.map_table import DenseMap
    from .core.settings.settings import (
        AtBorder,
        Grouping,
        Ignored,
        ImageFormat,
        ImageFrom,
        Instancing,
        LabelSource,
        Parts,
        Settings,
    )

__all__ = [
    "AtBorder",
    "Camera",
    "Cancelled",
    "CategoryError",
    "DatasetFormat",
    "DenseMap",
    "ExrError",
    "FrameJob",
    "FrameRecord",
    "Grouping",
    "Ignored",
    "ImageFormat",
    "ImageFrom",
    "InputError",
    "Instance",
    "Instancing",
    "LabelSource",
    "LabelpassError",
    "OutputError",
    "Parts",
    "PassError",
    "RecordError",
    "SceneError",
    "Settings",
    "UsageError",
    "WorkerError",
    "__version__",
    "annotate",
    "find_frames",
    "merge",
    "read_record_file",
    "validate",
]

# Public name -> its module, as above.
_MODULES = {
    "AtBorder": ".core.settings.settings",
    "Camera": ".core.scene.camera",
    "DatasetFormat": ".core.settings.format_table",
    "Cancelled": ".core.base.errors",
    "CategoryError": ".core.base.errors",
    "DenseMap": ".core.settings.map_table",
    "ExrError": ".core.base.errors",
    "FrameJob": ".core.records.frame_job",
    "FrameRecord": ".core.records.frame_record",
    "Grouping": ".core.settings.settings",
    "Ignored": ".core.settings.settings",
    "ImageFormat": ".core.settings.settings",
    "ImageFrom": ".core.settings.settings",
    "InputError": ".core.base.errors",
    "Instance": ".core.records.instance",
    "Instancing": ".core.settings.settings",
    "LabelSource": ".core.settings.settings",
    "LabelpassError": ".core.base.errors",
    "OutputError": ".core.base.errors",
    "Parts": ".core.settings.settings",
    "PassError": ".core.base.errors",
    "RecordError": ".core.base.errors",
    "SceneError": ".core.base.errors",
    "Settings": ".core.settings.settings",
    "UsageError": ".core.base.errors",
    "WorkerError": ".core.base.errors",
    "__version__": ".core",
    "annotate": ".core.annotate.annotate",
    "find_frames": ".core.frames.frame_files",
    "merge": ".core.dataset.merge",
    "read_record_file": ".core.records.record_store",
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
