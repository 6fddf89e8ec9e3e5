"""The buttons that show labels before anything is rendered: objects in the colours of their categories or instances.

What the user had is remembered and comes back: the colour of an object on the object, so that a file that is saved
meanwhile does not lose it; the shading of a viewport on that shading. Undo knows the objects of the file, and neither
viewports nor linked objects, so these follow after it.
"""

import contextlib
from collections.abc import Mapping

import bpy
import numpy as np
from bpy.app.handlers import persistent
from bpy.props import BoolProperty, EnumProperty, PointerProperty, StringProperty

from ...core.base.errors import LabelpassError
from ...core.base.phrases import counted
from ...core.categories.palette import BACKGROUND, instance_colours, linear_light
from ...core.settings.settings import PreviewBy
from ..choices import enum_items
from ..handlers import Handlers
from ..reports import cancels_on_error
from ..scene.object_facts import RENDERED_TYPES
from .labelled_objects import colours_of, label_objects
from .remembered import Remembered

_COLOUR = Remembered("color", "labelpass_colour_before")
_OFF = "NONE"

Colour = tuple[float, ...]


class LabelpassShading(bpy.types.PropertyGroup):
    """View3DShading.labelpass: what a viewport was like before the preview."""

    changed: BoolProperty(name="Changed", description="Whether the viewport shows the preview")
    type: StringProperty(name="Type", description="Kind of shading before")
    color_type: StringProperty(name="Color Type", description="What gave objects their colours before")


class LABELPASS_OT_preview_labels(bpy.types.Operator):
    """Color the objects in the 3D Viewports by what they will be in the dataset, background grey; can be restored"""

    bl_idname = "labelpass.preview_labels"
    bl_label = "Preview Labels"
    bl_options = {"REGISTER", "UNDO"}

    by: EnumProperty(
        name="Colors",
        description="What a color stands for",
        items=enum_items(PreviewBy),
    )

    @classmethod
    def description(cls, context: bpy.types.Context, properties: bpy.types.OperatorProperties) -> str:
        again = "; press again after a change" if context.scene.labelpass.preview == properties.by else ""
        return f"{PreviewBy(properties.by).help}, background grey; only in the 3D Viewports{again}"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return _in_object_mode(cls, context)

    @cancels_on_error
    def execute(self, context: bpy.types.Context) -> set[str]:
        scene = context.scene
        colours = _preview_colours(scene, PreviewBy(self.by))
        _colour(colours)
        scene.labelpass.preview = self.by
        follow_scenes()
        self.report({"INFO"}, f"{counted(len(colours), 'object')} colored by {self.by}")
        return {"FINISHED"}


class LABELPASS_OT_restore_colours(bpy.types.Operator):
    """End the preview: give objects and 3D Viewports back the colors that they had before"""

    bl_idname = "labelpass.restore_colours"
    bl_label = "Own Colors"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return _in_object_mode(cls, context)

    def execute(self, context: bpy.types.Context) -> set[str]:
        if not _is_on():
            self.report({"INFO"}, "Objects have their own colors already")
            return {"CANCELLED"}
        restored = _COLOUR.restore(bpy.data.objects)
        for scene in bpy.data.scenes:
            scene.labelpass.preview = _OFF
        follow_scenes()
        self.report({"INFO"}, f"Colors of {counted(restored, 'object')} restored")
        return {"FINISHED"}


def _colour(colours: Mapping[bpy.types.Object, Colour]) -> None:
    """Give objects other colours, and remember theirs."""
    for ob, colour in colours.items():
        _COLOUR.change(ob, colour)


def _in_object_mode(operator: type[bpy.types.Operator], context: bpy.types.Context) -> bool:
    """In other modes there is no undo of what happens to objects."""
    if context.mode != "OBJECT":
        operator.poll_message_set("Works in Object Mode only")
        return False
    return True


def _is_on() -> bool:
    return any(scene.labelpass.preview != _OFF for scene in bpy.data.scenes)


def _preview_colours(scene: bpy.types.Scene, by: PreviewBy) -> dict[bpy.types.Object, Colour]:
    """The colour of each object that can be seen, as Object.color has it; raises LabelpassError as label_objects."""
    found, categories = label_objects(scene)
    of_category = {name: _as_stored(colour) for name, colour in colours_of(categories).items()}
    instances = sorted({(one.instance, one.category) for one in found if one.category is not None})
    of_instance = dict(zip(instances, map(_as_stored, instance_colours(len(instances))), strict=True))
    grey = _as_stored(BACKGROUND)
    # What is hidden from renders is not an object of the dataset, but may be seen in the viewport.
    colours = {ob: grey for ob in scene.objects if ob.type in RENDERED_TYPES}
    for one in found:
        if one.category is None:
            colours[one.object] = grey
        elif by is PreviewBy.CATEGORY:
            colours[one.object] = of_category[one.category]
        else:
            colours[one.object] = of_instance[one.instance, one.category]
    return colours


def _as_stored(colour: tuple[int, int, int]) -> Colour:
    """An 8-bit sRGB colour as Object.color gives it back."""
    return tuple(np.float32(linear_light(colour)).tolist())


def follow_scenes() -> None:
    """Make viewports show the colours of objects where the scene of their window has a preview, and else as before."""
    for window in bpy.context.window_manager.windows:
        if window.scene.labelpass.preview != _OFF:
            for shading in _shadings(window.screen):
                _show_colours(shading)
    if not _is_on():
        for screen in bpy.data.screens:
            for shading in _shadings(screen):
                _show_as_before(shading)


def _shadings(screen: bpy.types.Screen) -> list[bpy.types.View3DShading]:
    """Of all its 3D Viewports, also those behind another editor."""
    return [space.shading for area in screen.areas for space in area.spaces if space.type == "VIEW_3D"]


def _show_colours(shading: bpy.types.View3DShading) -> None:
    before = shading.labelpass
    if not before.changed:
        before.type, shading.type = shading.type, "SOLID"
        # Which colours there are to choose from depends on the type.
        before.color_type, shading.color_type = shading.color_type, "OBJECT"
        before.changed = True


def _show_as_before(shading: bpy.types.View3DShading) -> None:
    before = shading.labelpass
    if before.changed:
        before.changed = False
        if (shading.type, shading.color_type) == ("SOLID", "OBJECT"):  # else the user has chosen another since
            shading.color_type, shading.type = before.color_type, before.type


def _follow_linked() -> None:
    """Colour linked objects as the scenes want it, or give them back their own."""
    linked = [ob for ob in bpy.data.objects if not ob.is_editable]
    if not linked:
        return
    if not _is_on():
        _COLOUR.restore(linked)
    for scene in bpy.data.scenes:
        if scene.labelpass.preview != _OFF:
            with contextlib.suppress(LabelpassError):
                colours = _preview_colours(scene, PreviewBy(scene.labelpass.preview))
                _colour({ob: colours[ob] for ob in linked if ob in colours})


@persistent
def _on_undo_or_load(*_: object) -> None:
    follow_scenes()
    _follow_linked()


_HANDLERS = Handlers(
    (bpy.app.handlers.undo_post, _on_undo_or_load),
    (bpy.app.handlers.redo_post, _on_undo_or_load),
    (bpy.app.handlers.load_post, _on_undo_or_load),
)
_CLASSES = (LabelpassShading, LABELPASS_OT_preview_labels, LABELPASS_OT_restore_colours)
_register_classes, _unregister_classes = bpy.utils.register_classes_factory(_CLASSES)


def register() -> None:
    _register_classes()
    bpy.types.View3DShading.labelpass = PointerProperty(type=LabelpassShading)
    _HANDLERS.add()


def unregister() -> None:
    _HANDLERS.remove()
    del bpy.types.View3DShading.labelpass
    _unregister_classes()
