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
    FloatVectorProperty,
    IntProperty,
    PointerProperty,
    StringProperty,
)

from ..core.base.choice import Choice
from ..core.preflight.checklist import Status
from ..core.settings.settings import LabelSource, PreviewBy, Settings
from . import category_table, compat, random_rows
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
        return FloatProperty(**options, **most, min=0.0, soft_max=field.metadata["slider"], precision=4)
    return StringProperty(**options)


class LabelpassSettings(bpy.types.PropertyGroup):
    """Scene.labelpass: core's settings, and those that only Blender has."""

    source: EnumProperty(
        name="Source",
        description="Frames to export",
        options=set(),
        items=[
            ("RENDER", "This Render", "The last render, even if it was not saved"),
            ("FILES", "Files on Disk", "The EXR files of the frame range, which were rendered before"),
        ],
    )
    frames_folder: StringProperty(
        name="Frames",
        description="Folder of the EXR files; empty takes the one in the output properties of this scene",
        subtype="DIR_PATH",
        options=compat.FOLDER_OPTIONS,
    )
    output: StringProperty(
        name="Output",
        description="Folder for the annotations; empty writes them next to the frames",
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
        name="Annotate While Rendering",
        description="Annotate each frame of an animation as soon as it is written, while the next one renders",
        options=set(),
        default=False,
    )

    # Changed by the operators of preview.py only.
    preview: EnumProperty(
        name="Preview",
        description="What the colours of objects in the 3D Viewports show",
        options={"HIDDEN"},
        items=[
            ("NONE", "Nothing", "Objects have their own colours"),
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
    *(name for setting, made in _PROPERTIES_OF.items() if setting != "view_layer" for name in made),
]


class LabelpassLine(bpy.types.PropertyGroup):
    """A line of text for the panel; the text is its name."""


class LabelpassRemark(bpy.types.PropertyGroup):
    """A sentence on a frame of the last export for the panel; its name is the frame's."""

    text: StringProperty(name="Remark", description="What is wrong with the frame, or good to know about it")
    failed: BoolProperty(name="Failed", description="Whether the frame could not be annotated")


class LabelpassCategory(bpy.types.PropertyGroup):
    """A category of the scene for the panel; its name is the category's."""

    colour: FloatVectorProperty(
        name="Colour", description="Colour of this category in pictures and overlays", subtype="COLOR_GAMMA", max=1.0
    )
    id: IntProperty(name="ID", description="Number of this category in the dataset")
    objects: IntProperty(name="Objects", description="Number of objects of this category")
    origin: StringProperty(name="Origin", description="What makes objects belong to this category")


class LabelpassObject(bpy.types.PropertyGroup):
    """An object of the scene for the table; its name is all that the table's filter looks at."""

    object: StringProperty(name="Object", description="Name of the object, with its library where it is linked")
    category: StringProperty(name="Category", description="Category of the object; empty for background")
    instance: StringProperty(name="Instance", description="Instance that the object is or is a part of")
    origin: StringProperty(name="Origin", description="What makes the object belong to its category and instance")
    without_index: BoolProperty(
        name="Without Index", description="Whether the object is background of Object Index, since its pass index is 0"
    )


class LabelpassFinding(bpy.types.PropertyGroup):
    """A line of the checklist for the panel; its name is the text."""

    status: EnumProperty(
        name="Status",
        items=[(status.value, status.value.title(), "") for status in Status],
    )
    fixable: BoolProperty(name="Fixable", description="Whether Set Up Passes can do something about it")


class LabelpassMap(bpy.types.PropertyGroup):
    """A kind of dense map that a render would not give; its name is the kind's."""

    reason: StringProperty(name="Reason", description="Why a render would not give this map, and the way out")


class LabelpassState(bpy.types.PropertyGroup):
    """WindowManager.labelpass: what the panel shows; never saved."""

    running: BoolProperty(name="Running")
    follows_render: BoolProperty(name="Follows Render", description="Whether frames are annotated as they are rendered")
    done: IntProperty(name="Done", description="Frames that are finished or failed")
    total: IntProperty(name="Total", description="Frames of this export")
    progress: StringProperty(name="Progress", description="Frames that are done, and the time left")
    stop_requested: BoolProperty(name="Stop Requested")
    output: StringProperty(name="Output", description="Folder of the last export")
    lines: CollectionProperty(type=LabelpassLine)
    remarks: CollectionProperty(type=LabelpassRemark)
    remark_index: IntProperty(name="Remark", description="Frame whose whole sentence is shown below")
    findings: CollectionProperty(type=LabelpassFinding)
    maps: CollectionProperty(type=LabelpassMap)
    categories: CollectionProperty(type=LabelpassCategory)
    category_index: IntProperty(name="Category", description="Category whose objects the button below selects")
    objects: CollectionProperty(type=LabelpassObject)
    object_index: IntProperty(name="Object", description="Object that the buttons below are about")
    unlisted_categories: StringProperty(name="Unlisted", description="Categories that are not in the category table")
    categories_problem: StringProperty(name="Problem")
    background_objects: IntProperty(name="Background Objects")


_CLASSES = (
    *category_table.CLASSES,
    *random_rows.CLASSES,
    LabelpassSettings,
    LabelpassLine,
    LabelpassRemark,
    LabelpassCategory,
    LabelpassObject,
    LabelpassFinding,
    LabelpassMap,
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
