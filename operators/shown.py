"""What the panels show of each scene that a window shows: preflight/panel_data.py keeps it up to date."""

import bpy
from bpy.props import (
    BoolProperty,
    CollectionProperty,
    EnumProperty,
    FloatVectorProperty,
    IntProperty,
    StringProperty,
)

from ..core.preflight.finding import Mend, Status

_STATUSES = [(status.value, status.value.title(), "") for status in Status]


class LabelpassCategory(bpy.types.PropertyGroup):
    """A category of the scene for the panel; its name is the category's."""

    colour: FloatVectorProperty(
        name="Color", description="Color of this category in pictures and overlays", subtype="COLOR_GAMMA", max=1.0
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
    """A finding of the checklist; its name is the text."""

    status: EnumProperty(name="Status", items=_STATUSES)
    fixable: BoolProperty(name="Fixable", description="Whether Set Up Passes can do something about it")


class LabelpassCheck(bpy.types.PropertyGroup):
    """A line of the checklist for the panel; its name is the subject."""

    status: EnumProperty(name="Status", items=_STATUSES)
    value: StringProperty(name="Value", description="How the subject stands, in a few letters")
    text: StringProperty(name="Text", description="How it stands, in a sentence")


class LabelpassMap(bpy.types.PropertyGroup):
    """A kind of dense map that a render would not give; its name is the kind's."""

    reason: StringProperty(name="Reason", description="Why a render would not give this map, and the way out")


class LabelpassShown(bpy.types.PropertyGroup):
    """What there is to show of a scene; its name is the scene's, with its library where it is linked."""

    findings: CollectionProperty(type=LabelpassFinding)
    checks: CollectionProperty(type=LabelpassCheck)
    red: StringProperty(name="Red Line", description="What is wrong, and to be mended first")
    mend: EnumProperty(
        name="Mend",
        description="The button that mends it",
        items=[(mend.name, mend.value or "None", "") for mend in Mend],
    )
    stops: BoolProperty(name="Stops", description="Whether a render would have no labels")
    maps: CollectionProperty(type=LabelpassMap)
    categories: CollectionProperty(type=LabelpassCategory)
    category_index: IntProperty(name="Category", description="Category that the list shows as active")
    objects: CollectionProperty(type=LabelpassObject)
    object_index: IntProperty(name="Object", description="Object that the buttons below are about")
    unlisted_categories: StringProperty(name="Unlisted", description="Categories that are not in the category table")
    categories_problem: StringProperty(name="Problem")
    background_objects: IntProperty(name="Background Objects")
    rendered: BoolProperty(name="Rendered", description="Whether there are files of the frame range to annotate")
    left: IntProperty(name="Left", description="How many frames of the frame range are left to render")
    uses_indices: BoolProperty(name="Uses Indices", description="Whether labels come from pass indices")


def shown_of(context: bpy.types.Context) -> LabelpassShown:
    """What there is to show of the scene of a window; nothing before it was looked at."""
    state = context.window_manager.labelpass
    return state.scenes.get(context.scene.name_full) or state.nothing


def red_line(context: bpy.types.Context) -> str:
    """Why the scene of a window is not worth rendering, and the button that changes that; "" if it is."""
    shown = shown_of(context)
    if not shown.stops:
        return ""
    what = shown.red.partition("; ")[0]
    return shown.red if shown.mend == Mend.NONE.name else f"{what}; press {Mend[shown.mend].value} in Labels"


CLASSES = (
    LabelpassCategory,
    LabelpassObject,
    LabelpassFinding,
    LabelpassCheck,
    LabelpassMap,
    LabelpassShown,
)
