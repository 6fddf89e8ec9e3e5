"""Random Frames: what varies, how far, under which conditions, and the button that bakes it."""

from collections.abc import Mapping, Sequence

import bpy

from ..core.random_frames.distributions import Distribution
from ..core.random_frames.kinds import Group, RowKind
from ..core.random_frames.placing import Turning
from ..operators.random_frames.rows.values import is_colour_row
from ..operators.random_frames.titles import title_of
from .sidebar import Order, SidebarPanel, draw_in_header, settings_layout
from .text import draw_text

_ICONS: Mapping[RowKind, str] = {
    RowKind.PLACE_ON_SURFACE: "SNAP_FACE",
    RowKind.DROP: "PHYSICS",
    RowKind.PLACE_IN_VOLUME: "CUBE",
    RowKind.ROTATION: "DRIVER_ROTATIONAL_DIFFERENCE",
    RowKind.SCALE: "FULLSCREEN_ENTER",
    RowKind.PRESENT: "HIDE_OFF",
    RowKind.ONE_OF_SEVERAL: "RENDERLAYERS",
    RowKind.DISTRACTORS: "PARTICLES",
    RowKind.AROUND_TARGET: "OUTLINER_OB_CAMERA",
    RowKind.LENS: "VIEW_CAMERA",
    RowKind.LIGHTS: "LIGHT",
    RowKind.MATERIAL_INPUT: "MATERIAL",
    RowKind.IMAGES: "TEXTURE",
    RowKind.WORLD: "WORLD",
    RowKind.EXPOSURE: "SCENE",
    RowKind.PROPERTY: "PROPERTIES",
}
_TALL = 1.5


class LABELPASS_UL_random_rows(bpy.types.UIList):
    """What varies, and whether it does."""

    def draw_item(self, context, layout, data, item, icon, active_data, active_property) -> None:
        layout.label(text=title_of(item), icon=_ICONS[RowKind(item.kind)], translate=False)
        layout.prop(item, "use", text="")


class LABELPASS_MT_random_rows(bpy.types.Menu):
    """Rows that can be added"""

    bl_label = "Add Row"

    def draw(self, context: bpy.types.Context) -> None:
        row = self.layout.row()
        for group in Group:
            column = row.column()
            column.label(text=group.value)
            column.separator()
            for kind in RowKind:
                if kind.group is group:
                    column.operator("labelpass.random_row_add", text=kind.label, icon=_ICONS[kind]).kind = kind.value


class RandomFrames(SidebarPanel):
    bl_label = "Random Frames"
    bl_options = frozenset({"DEFAULT_CLOSED"})
    bl_order = Order.RANDOM_FRAMES
    name = "random_frames"

    def draw_header_preset(self, context: bpy.types.Context) -> None:
        draw_in_header(self, _state(context.scene.labelpass.random_frames))

    def draw(self, context: bpy.types.Context) -> None:
        stored = context.scene.labelpass.random_frames
        layout = settings_layout(context, self.layout)
        _draw_rows(layout, stored)
        if stored.rows:
            _draw_row(context, layout, stored, stored.rows[min(stored.row_index, len(stored.rows) - 1)])
        layout.separator()
        column = layout.column()
        column.prop(stored, "count")
        column.prop(stored, "seed")
        _draw_state(context, layout, stored)
        row = layout.row(align=True)
        row.operator("labelpass.random_try")
        row.operator("labelpass.random_remove")
        row = layout.row()
        row.scale_y = _TALL
        row.operator("labelpass.random_bake", icon="KEYFRAME_HLT")


class Conditions(SidebarPanel):
    bl_label = "Conditions"
    bl_options = frozenset({"DEFAULT_CLOSED"})
    name = "random_conditions"
    parent = "random_frames"

    def draw(self, context: bpy.types.Context) -> None:
        layout, stored = settings_layout(context, self.layout), context.scene.labelpass.random_frames
        for name in ("in_view", "visible", "no_overlap", "min_light", "tries"):
            layout.prop(stored, name)


def _state(stored: bpy.types.PropertyGroup) -> str:
    """How things are, for the header."""
    if stored.baked and not stored.trying:
        return f"{stored.baked} baked"
    return "Not baked" if stored.rows else "Off"


def _draw_state(context: bpy.types.Context, layout: bpy.types.UILayout, stored: bpy.types.PropertyGroup) -> None:
    if stored.trying:
        draw_text(context, layout, f"Shows the draw of frame {stored.tried}", "HIDE_OFF")
    elif not stored.baked:
        draw_text(context, layout, "Not baked: nothing varies yet", "INFO")
    for line in stored.report.splitlines() if stored.baked else ():
        wrong = "still not as wanted" in line
        draw_text(context, layout, line, "ERROR" if wrong else "CHECKMARK", alert=wrong)


def _draw_rows(layout: bpy.types.UILayout, stored: bpy.types.PropertyGroup) -> None:
    row = layout.row()
    row.template_list("LABELPASS_UL_random_rows", "", stored, "rows", stored, "row_index", rows=4, maxrows=8)
    column = row.column(align=True)
    column.menu("LABELPASS_MT_random_rows", icon="ADD", text="")
    column.operator("labelpass.random_row_remove", icon="REMOVE", text="")
    column.separator()
    column.operator("labelpass.random_row_move", icon="TRIA_UP", text="").direction = "UP"
    column.operator("labelpass.random_row_move", icon="TRIA_DOWN", text="").direction = "DOWN"


def _ends(layout: bpy.types.UILayout, row: bpy.types.PropertyGroup, *names: str) -> None:
    for name in names:
        column = layout.column(align=True)
        column.prop(row, f"{name}_min")
        column.prop(row, f"{name}_max", text="Max")


def _draw_row(
    context: bpy.types.Context,
    layout: bpy.types.UILayout,
    stored: bpy.types.PropertyGroup,
    row: bpy.types.PropertyGroup,
) -> None:
    """The values of the active row."""
    kind = RowKind(row.kind)
    column = layout.column()
    column.active = row.use
    if kind.group is Group.THINGS:
        _draw_things(column, row, kind)
    elif kind is RowKind.AROUND_TARGET:
        _draw_camera(column, row)
    elif kind is RowKind.LENS:
        _ends(column, row, "lens")
    elif kind is RowKind.LIGHTS:
        column.prop(row, "collection")
        _ends(column, row, "energy")
        column.prop(row, "use_kelvin")
        if row.use_kelvin:
            _ends(column, row, "kelvin")
        column.prop(row, "light_angle")
        _ends(column, row, "lights")
    else:
        _draw_value(column, stored, row, kind)


def _draw_things(layout: bpy.types.UILayout, row: bpy.types.PropertyGroup, kind: RowKind) -> None:
    if not row.collection:
        layout.prop(row, "things", placeholder="All")
    layout.prop(row, "collection")
    if kind in (RowKind.PLACE_ON_SURFACE, RowKind.DROP, RowKind.DISTRACTORS):
        layout.prop(row, "surface", placeholder="What they stand on")
    if kind is RowKind.PLACE_IN_VOLUME:
        layout.prop(row, "volume")
    if kind is RowKind.PRESENT or kind.is_placing:
        layout.prop(row, "chance")
    if kind is RowKind.ROTATION or kind.is_placing:
        layout.prop(row, "turning")
        if row.turning == Turning.LYING.value:
            layout.prop(row, "lying")
        if row.turning in (Turning.UPRIGHT.value, Turning.LYING.value):
            _ends(layout, row, "turn")
    if kind is RowKind.SCALE or kind.is_placing:
        _ends(layout, row, "scale")
    if kind is RowKind.DROP:
        for name in ("drop_height", "drop_spread", "drop_shape", "drop_seconds"):
            layout.prop(row, name)
    elif kind.is_placing:
        layout.prop(row, "gap")


def _draw_camera(layout: bpy.types.UILayout, row: bpy.types.PropertyGroup) -> None:
    layout.prop(row, "around", placeholder="Categories below")
    if not row.around:
        layout.prop(row, "things", placeholder="All")
    _ends(layout, row, "distance", "elevation")
    header, body = layout.panel("labelpass_random_aim", default_closed=True)
    header.label(text="Aim and Lens")
    if body:
        body.use_property_split = True
        body.use_property_decorate = False
        _ends(body, row, "azimuth", "roll", "lens")
        body.prop(row, "aim")


def _draw_value(
    layout: bpy.types.UILayout, stored: bpy.types.PropertyGroup, row: bpy.types.PropertyGroup, kind: RowKind
) -> None:
    if kind in (RowKind.MATERIAL_INPUT, RowKind.IMAGES):
        layout.prop_search(row, "block", bpy.data, "materials", text="Material")
    if kind is RowKind.IMAGES:
        layout.prop(row, "folder")
        return
    if kind in (RowKind.MATERIAL_INPUT, RowKind.PROPERTY):
        layout.prop(row, "path")
    if is_colour_row(row):
        _ends(layout, row, "hue", "saturation", "value")
        return
    layout.prop(row, "distribution")
    _draw_spread(layout, stored, row)


def _draw_spread(layout: bpy.types.UILayout, stored: bpy.types.PropertyGroup, row: bpy.types.PropertyGroup) -> None:
    fields: Mapping[str, Sequence[str]] = {
        Distribution.UNIFORM.value: ("low", "high"),
        Distribution.LOG_UNIFORM.value: ("low", "high"),
        Distribution.NORMAL.value: ("mean", "deviation"),
        Distribution.CHOICE.value: ("choices",),
    }
    if row.distribution == Distribution.SAME.value:
        layout.prop_search(row, "same_as", stored, "rows")
        return
    column = layout.column(align=True)
    for name in fields[row.distribution]:
        column.prop(row, name)


LISTS = (LABELPASS_UL_random_rows,)
MENUS = (LABELPASS_MT_random_rows,)
