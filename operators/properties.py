"""The settings that a .blend file stores, made from core's settings, and what the panel shows of the running export."""

import dataclasses
from enum import Enum
from pathlib import Path
from typing import Any

import bpy
from bpy.props import (
    BoolProperty,
    CollectionProperty,
    EnumProperty,
    FloatProperty,
    IntProperty,
    PointerProperty,
    StringProperty,
)

from ..core.base.choice import Choice
from ..core.base.errors import LabelpassError
from ..core.dataset.splits import Splits
from ..core.settings.settings import Instancing, LabelSource, PreviewBy, Settings
from . import category_table, compat, random_rows, shown
from .choices import enum_items


def _properties_of(field: "dataclasses.Field[Any]") -> dict[str, Any]:
    """The properties of a setting by name: one, or a switch for each choice of a setting that takes several.

    One property with flags would need Shift to turn on more than one of them.
    """
    several = field.metadata["several_of"]
    if not several:
        return {field.name: _property_of(field)}
    return {
        switch_name(field.name, choice): BoolProperty(
            name=choice.label, description=choice.help, default=choice in field.default, options=set()
        )
        for choice in several
    }


def switch_name(setting: str, choice: Choice) -> str:
    """The name of the property that turns on a choice of a setting which takes several."""
    return f"{setting}_{choice.value}"


def _property_of(field: "dataclasses.Field[Any]") -> Any:
    options: dict[str, Any] = {
        "name": field.metadata["label"],
        "description": field.metadata["help"],
        "default": field.default,
        "options": set(),  # nothing here is animated
    }
    if isinstance(field.default, Enum):
        options["default"] = field.default.value
        options["items"] = enum_items(type(field.default))
        return EnumProperty(**options)
    if isinstance(field.default, bool):
        return BoolProperty(**options)
    if isinstance(field.default, int):
        slider = field.metadata["slider"]
        if field.metadata["signed"]:
            return IntProperty(**options, soft_min=-slider, soft_max=slider)
        return IntProperty(**options, min=0, soft_max=slider)
    if isinstance(field.default, float):
        largest = field.metadata["largest"]
        most = {} if largest is None else {"max": largest}
        unit = {"subtype": "FACTOR"} if largest == 1.0 else {}
        return FloatProperty(**options, **most, **unit, min=0.0, soft_max=field.metadata["slider"], precision=4)
    return StringProperty(**options)


# The splits that have a slider each, with their names for people.
SPLIT_SHARES = {"train": "Train", "val": "Validation", "test": "Test"}


def shares_of(text: str) -> dict[str, float]:
    """The shares of splits by name, as the setting says them; empty where it says none."""
    try:
        return dict(Splits.parse(text).shares)
    except LabelpassError:
        return {}


def _share_slider(name: str, label: str) -> Any:
    """A property for the share of one split, which is stored with those of all splits."""

    def read(self: bpy.types.PropertyGroup) -> int:
        return round(shares_of(self.splits).get(name, 0))

    def write(self: bpy.types.PropertyGroup, value: int) -> None:
        shares = {**shares_of(self.splits), name: value}
        kept = [f"{split}={shares[split]:g}" for split in SPLIT_SHARES if shares.get(split)]
        if kept:
            self.splits = ",".join(kept)

    return IntProperty(
        name=label,
        description="Share of the frames that go into this split",
        options={"SKIP_SAVE"},
        subtype="PERCENTAGE",
        min=0,
        max=100,
        get=read,
        set=write,
    )


class LabelpassSettings(bpy.types.PropertyGroup):
    """Scene.labelpass: core's settings, and those that only Blender has."""

    source: EnumProperty(
        name="Frames",
        description="Frames to annotate",
        options=set(),
        items=[
            ("RENDER", "This Frame", "The current frame, or the render of it that is shown", 0),
            ("ANIMATION", "Animation", "The frame range of the scene", 2),
            ("FILES", "EXR Files", "Frames that were rendered before, here or on a farm", 1),
        ],
    )
    frames_folder: StringProperty(
        name="Frames Folder",
        description="Folder of the EXR files; empty takes those that the output properties of this scene name",
        subtype="DIR_PATH",
        options=compat.FOLDER_OPTIONS,
    )
    output: StringProperty(
        name="Output",
        description="Folder of the dataset; empty writes it beside the rendered frames",
        subtype="DIR_PATH",
        options=compat.FOLDER_OPTIONS,
    )

    sequence: StringProperty(
        name="Sequence",
        description="Name of the sequence of these frames, so that frames of several scenes with the same names go "
        "into one dataset; empty takes the folders of the files",
        options=set(),
    )

    table: PointerProperty(
        name="Category Table",
        description="Categories of the dataset, and the rules that say which objects belong to them",
        type=category_table.LabelpassTable,
    )

    random_frames: PointerProperty(
        name="Random Frames",
        description="What varies from frame to frame, and what was baked",
        type=random_rows.LabelpassRandomFrames,
    )

    while_rendering: BoolProperty(
        name="While Rendering",
        description="Annotate each frame of an animation as soon as it is written, while the next one renders",
        options=set(),
        default=False,
    )

    keep_passes: BoolProperty(
        name="Keep EXR Files",
        description="Keep the passes of the frames that Render and Export renders; they are most of the disk",
        options=set(),
        default=True,
    )

    # Other ways to choose what is stored elsewhere, easier to understand in a panel.
    skip_finished: BoolProperty(
        name="Skip Finished",
        description="Leave frames alone that are up to date",
        options={"SKIP_SAVE"},
        get=lambda self: not self.redo,
        set=lambda self, value: setattr(self, "redo", not value),
    )
    tell_apart: BoolProperty(
        name="Tell Apart",
        description="Tell scattered copies apart by their geometry, where they share a label; needs the Depth pass",
        options={"SKIP_SAVE"},
        get=lambda self: self.instancing == Instancing.AUTO.value,
        set=lambda self, value: setattr(self, "instancing", (Instancing.AUTO if value else Instancing.OFF).value),
    )
    processes: EnumProperty(
        name="Processes",
        description="How many processes annotate frames at the same time",
        options={"SKIP_SAVE"},
        items=[
            ("AUTOMATIC", "Automatic", "One for each processor core, 8 at most"),
            ("FIXED", "Fixed", "As many as you say"),
        ],
        get=lambda self: int(self.workers > 0),
        set=lambda self, value: setattr(self, "workers", Settings().worker_count if value else 0),
    )

    split_train: _share_slider("train", SPLIT_SHARES["train"])
    split_val: _share_slider("val", SPLIT_SHARES["val"])
    split_test: _share_slider("test", SPLIT_SHARES["test"])

    # Changed by the operators of preview.py only.
    preview: EnumProperty(
        name="Preview",
        description="What the colors of objects in the 3D Viewports show",
        options={"HIDDEN"},
        items=[
            ("NONE", "Nothing", "Objects have their own colors"),
            *enum_items(PreviewBy),
        ],
    )

    @property
    def needs_files(self) -> bool:
        """Whether frames are read from files, so that the output settings matter."""
        return bool(self.source == "FILES" or self.while_rendering)

    @property
    def may_name_cryptomatte(self) -> bool:
        """Whether the files may be of a renderer that names its Cryptomattes freely, and labels come from one; or one
        is named, which the user must be able to take back."""
        may_need_it = self.source == "FILES" and not LabelSource(self.labels).is_index
        return bool(may_need_it or self.cryptomatte)

    def core_settings(self) -> Settings:
        return Settings.from_json({field.name: self._value_of(field) for field in dataclasses.fields(Settings)})

    def _value_of(self, field: "dataclasses.Field[Any]") -> Any:
        several = field.metadata["several_of"]
        if not several:
            # Blender stores 32 bits; what the user typed is the shortest number with these.
            value = getattr(self, field.name)
            return float(f"{value:.7g}") if isinstance(value, float) else value
        return [choice.value for choice in several if getattr(self, switch_name(field.name, choice))]

    def chosen_folder(self, name: str) -> Path | None:
        """The folder in a property as an absolute path, None where the user left it empty."""
        text = getattr(self, name)
        return Path(bpy.path.abspath(text)) if text else None


_PROPERTIES_OF = {field.name: _properties_of(field) for field in dataclasses.fields(Settings)}
for _made in _PROPERTIES_OF.values():
    LabelpassSettings.__annotations__.update(_made)

# What a preset keeps: all but the folders and the view layer, which belong to one scene.
PRESET_SETTINGS = [
    "source",
    "while_rendering",
    "keep_passes",
    *(name for setting, made in _PROPERTIES_OF.items() if setting != "view_layer" for name in made),
]


class LabelpassLine(bpy.types.PropertyGroup):
    """A line of text for the panel; the text is its name."""


class LabelpassRemark(bpy.types.PropertyGroup):
    """A sentence on a frame of the last export for the panel; its name is the frame's."""

    text: StringProperty(name="Remark", description="What is wrong with the frame, or good to know about it")
    failed: BoolProperty(name="Failed", description="Whether the frame could not be annotated")


class LabelpassState(bpy.types.PropertyGroup):
    """WindowManager.labelpass: what the panel shows; never saved."""

    running: BoolProperty(name="Running")
    follows_render: BoolProperty(name="Follows Render", description="Whether frames are annotated as they are rendered")
    done: IntProperty(name="Done", description="Frames that are finished or failed")
    total: IntProperty(name="Total", description="Frames of this export")
    progress: StringProperty(name="Progress", description="Frames that are done, and the time left")
    failed: IntProperty(name="Failed", description="Frames that failed so far")
    stop_requested: BoolProperty(name="Stop Requested")
    output: StringProperty(name="Output", description="Folder of the last export")
    lines: CollectionProperty(type=LabelpassLine)
    remarks: CollectionProperty(type=LabelpassRemark)
    remark_index: IntProperty(name="Remark", description="Frame whose whole sentence is shown below")
    scenes: CollectionProperty(type=shown.LabelpassShown)
    nothing: PointerProperty(type=shown.LabelpassShown)


_CLASSES = (
    *category_table.CLASSES,
    *random_rows.CLASSES,
    LabelpassSettings,
    LabelpassLine,
    LabelpassRemark,
    *shown.CLASSES,
    LabelpassState,
)
_register_classes, _unregister_classes = bpy.utils.register_classes_factory(_CLASSES)


def register() -> None:
    _register_classes()
    bpy.types.Scene.labelpass = PointerProperty(type=LabelpassSettings)
    bpy.types.WindowManager.labelpass = PointerProperty(type=LabelpassState)


def unregister() -> None:
    del bpy.types.WindowManager.labelpass
    del bpy.types.Scene.labelpass
    _unregister_classes()
