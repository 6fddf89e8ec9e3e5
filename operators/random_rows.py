"""Scene.labelpass.random_frames: what varies in random frames, under which conditions, and what was baked."""

import math
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

from ..core.random_frames.distributions import Distribution
from ..core.random_frames.dropping import DropRules, DropShape
from ..core.random_frames.kinds import RowKind
from ..core.random_frames.placing import Turning
from . import compat
from .choices import enum_items
from .shown import shown_of


def _ends(name: str, what: str, low: float, high: float, **options: Any) -> tuple[Any, Any]:
    """The least and the greatest of some values."""
    return (
        FloatProperty(name=f"{name} Min", description=f"Least {what}", default=low, options=set(), **options),
        FloatProperty(name=f"{name} Max", description=f"Greatest {what}", default=high, options=set(), **options),
    )


def _angle_ends(name: str, what: str, low: float, high: float) -> tuple[Any, Any]:
    return _ends(name, what, math.radians(low), math.radians(high), subtype="ANGLE")


def _categories_of_scene(row: Any, context: bpy.types.Context, text: str) -> list[str]:
    """Further names behind those that are there."""
    known = [part.strip() for part in text.split(",")[:-1]]
    names = [one.name for one in shown_of(context).categories]
    return [", ".join((*known, name)) for name in names if name not in known]


def _inputs_of_block(row: Any, context: bpy.types.Context, text: str) -> list[tuple[str, str]]:
    """The inputs of a material or world that no other node feeds, with their names."""
    tree = compat.shader_tree(row.block) if isinstance(row.block, bpy.types.Material | bpy.types.World) else None
    return [
        (f"node_tree.{socket.path_from_id('default_value')}", f"{node.name}: {socket.name}")
        for node in (tree.nodes if tree else ())
        for socket in node.inputs
        if socket.enabled and not socket.is_linked and hasattr(socket, "default_value")
    ]


class LabelpassRandomRow(bpy.types.PropertyGroup):
    """Something that varies. Its name is what its random numbers go by, and is not shown."""

    kind: EnumProperty(name="Kind", description="What varies", items=enum_items(RowKind), options=set())
    use: BoolProperty(name="Use", description="Vary this in random frames", default=True, options=set())

    # Things
    things: StringProperty(
        name="Categories",
        description="Categories of the things, separated by commas; empty takes all that have a category",
        options=set(),
        search=_categories_of_scene,
        search_options={"SUGGESTION"},
    )
    collection: PointerProperty(
        name="Collection", description="Take the objects of this collection instead", type=bpy.types.Collection
    )
    surface: PointerProperty(
        name="Surface",
        description="Object to stand on; empty takes what most of the things stand on now",
        type=bpy.types.Object,
    )
    volume: PointerProperty(
        name="Volume", description="Object whose box the things are put into", type=bpy.types.Object
    )
    chance: FloatProperty(
        name="Present",
        description="Part of the frames that show each of the things",
        subtype="FACTOR",
        min=0.0,
        max=1.0,
        default=1.0,
        options=set(),
    )
    turning: EnumProperty(
        name="Turned", description="How the things are turned", items=enum_items(Turning), options=set()
    )
    lying: FloatProperty(
        name="Lying",
        description="Part of the things that lie on their side",
        subtype="FACTOR",
        min=0.0,
        max=1.0,
        default=0.3,
        options=set(),
    )
    gap: FloatProperty(
        name="Gap",
        description="Distance that the things keep from each other and from what stands still",
        subtype="DISTANCE",
        min=0.0,
        options=set(),
    )

    # Things that fall
    drop_height: FloatProperty(
        name="Drop From",
        description="How far above the surface things start, as a multiple of their own height",
        min=0.0,
        soft_max=5.0,
        default=DropRules.height,
        options=set(),
    )
    drop_spread: FloatProperty(
        name="Spread",
        description="Part of the surface that things start above, in its middle: less makes a pile",
        subtype="FACTOR",
        min=0.0,
        max=1.0,
        default=DropRules.spread,
        options=set(),
    )
    drop_shape: EnumProperty(
        name="Shape", description="What a thing is taken for while it falls", items=enum_items(DropShape), options=set()
    )
    drop_seconds: FloatProperty(
        name="At Most",
        description="Seconds in which things have to come to rest, as if they were a metre large; a frame in which "
        "they do not is drawn again",
        min=1.0,
        soft_max=60.0,
        default=DropRules.seconds,
        options=set(),
    )

    # Camera
    around: PointerProperty(
        name="Around", description="Object to look at; empty takes the categories below", type=bpy.types.Object
    )
    aim: FloatProperty(
        name="Aim Off By",
        description="How far beside the middle of the image the target may be, as a part of half the image",
        subtype="FACTOR",
        min=0.0,
        max=1.0,
        default=0.3,
        options=set(),
    )

    # Lights
    use_kelvin: BoolProperty(name="Temperature", description="Vary the color temperature", default=True, options=set())
    light_angle: FloatProperty(
        name="Moved By",
        description="How far a light may move from where it is now, as seen from the things",
        subtype="ANGLE",
        min=0.0,
        max=math.pi,
        default=math.radians(40),
        options=set(),
    )
    lights_min: IntProperty(
        name="Lights Min", description="Least number of lights that are on", min=0, default=1, options=set()
    )
    lights_max: IntProperty(
        name="Lights Max", description="Greatest number of lights that are on", min=0, default=100, options=set()
    )

    # Values
    block: PointerProperty(name="Data", description="What has the property", type=bpy.types.ID)
    path: StringProperty(
        name="Property",
        description="Path of the property in it",
        options=set(),
        search=_inputs_of_block,
        search_options={"SUGGESTION"},
    )
    component: IntProperty(
        name="Component", description="Which of several numbers varies; -1 for all", min=-1, default=-1, options=set()
    )
    distribution: EnumProperty(
        name="Distribution", description="How the values are spread", items=enum_items(Distribution), options=set()
    )
    low: FloatProperty(name="Min", description="Least value", default=0.0, precision=3, options=set())
    high: FloatProperty(name="Max", description="Greatest value", default=1.0, precision=3, options=set())
    mean: FloatProperty(name="Mean", description="Middle of the values", default=0.5, precision=3, options=set())
    deviation: FloatProperty(
        name="Deviation",
        description="Standard deviation of the values",
        default=0.1,
        min=0.0,
        precision=3,
        options=set(),
    )
    choices: StringProperty(
        name="Choices",
        description="Values with commas, such as 1, 2, 5, with weights if you like, such as POINT: 3, SPOT: 1",
        options=set(),
    )
    same_as: StringProperty(name="Same As", description="The row whose values this one takes", options=set())
    folder: StringProperty(
        name="Folder", description="Folder with the images", subtype="DIR_PATH", options=compat.FOLDER_OPTIONS
    )


# The least and the greatest of some values: turn_min and turn_max, and so on.
_ENDS = {
    "turn": _angle_ends("Turn", "turn about the vertical", -180, 180),
    "scale": _ends("Scale", "size, as a multiple of the present one", 1.0, 1.0, min=0.001, soft_max=10.0),
    "distance": _ends("Distance", "distance from the target", 2.0, 5.0, subtype="DISTANCE", min=0.0),
    "elevation": _angle_ends("Elevation", "height above the horizon", 10, 70),
    "azimuth": _angle_ends("Azimuth", "direction about the vertical, from the X axis", -180, 180),
    "roll": _angle_ends("Roll", "roll of the camera", 0, 0),
    "lens": _ends("Lens", "focal length in millimetres", 50.0, 50.0, min=1.0, soft_max=500.0),
    "energy": _ends("Energy", "energy, as a multiple of the present one", 0.3, 3.0, min=0.001),
    "kelvin": _ends("Kelvin", "color temperature in kelvin", 3000.0, 9000.0, min=1700.0, max=25000.0, precision=0),
    "hue": _ends("Hue", "hue; 0 and 1 are red", 0.0, 1.0, soft_min=0.0, soft_max=1.0),
    "saturation": _ends("Saturation", "saturation", 0.3, 1.0, min=0.0, max=1.0),
    "value": _ends("Brightness", "brightness", 0.2, 0.9, min=0.0, soft_max=1.0),
}
for _name, (_least, _greatest) in _ENDS.items():
    LabelpassRandomRow.__annotations__ |= {f"{_name}_min": _least, f"{_name}_max": _greatest}


class LabelpassDrawn(bpy.types.PropertyGroup):
    """What was drawn of one kind for all baked frames; its name says what, see core/random_frames/stored_draws.py."""

    values: StringProperty(name="Values")


class LabelpassRandomFrames(bpy.types.PropertyGroup):
    """Scene.labelpass.random_frames."""

    rows: CollectionProperty(type=LabelpassRandomRow)
    row_index: IntProperty(name="Row", description="What varies, shown below", options=set())
    count: IntProperty(
        name="Frames", description="How many frames to bake", min=1, default=200, soft_max=10000, options=set()
    )
    seed: IntProperty(
        name="Seed",
        description="Another seed gives other frames; the same one the same frames, also if there are more of them",
        min=0,
        default=1,
        options=set(),
    )
    in_view: IntProperty(
        name="In View",
        description="How many instances each frame has to show at least; 0 does not look at what the camera sees",
        min=0,
        default=1,
        options=set(),
    )
    visible: FloatProperty(
        name="Visible",
        description="Part of an instance that has to be seen for it to count as in view",
        subtype="FACTOR",
        min=0.0,
        max=1.0,
        default=0.2,
        options=set(),
    )
    no_overlap: BoolProperty(
        name="No Overlap",
        description="Draw a frame again in which a placed thing runs into another object",
        default=True,
        options=set(),
    )
    min_light: FloatProperty(
        name="Least Light",
        description="Draw a frame again where the lights and the world light the things less than this, in watts per "
        "square metre and without shadows; 0 takes any",
        min=0.0,
        options=set(),
    )
    tries: IntProperty(
        name="Tries",
        description="How often a frame is drawn before it is taken as it is",
        min=1,
        default=50,
        soft_max=200,
        options=set(),
    )

    # What was baked; changed by the operators of random_frames only.
    baked: IntProperty(name="Baked", description="How many frames are baked; 0 where none are")
    trying: BoolProperty(name="Trying", description="Whether one draw is shown and nothing is baked")
    tried: IntProperty(name="Tried", description="Number of the draw that is shown")
    baked_seed: IntProperty(name="Baked Seed")
    report: StringProperty(name="Report", description="What baking had to say")
    before: StringProperty(name="Before", description="Settings of the scene before it was baked, in JSON")
    frames: StringProperty(name="Baked Frames", description="Numbers of the frames, packed")
    frame_tries: StringProperty(name="Baked Tries", description="Which draw of each frame was taken, packed")
    drawn: CollectionProperty(type=LabelpassDrawn)


CLASSES = (LabelpassRandomRow, LabelpassDrawn, LabelpassRandomFrames)
