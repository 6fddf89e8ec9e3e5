"""Which dense maps an export writes."""

import bpy

from ..core.settings.map_table import DenseMap, MapKind
from ..operators.properties import switch_name
from ..operators.shown import shown_of
from .sidebar import SidebarPanel, draw_in_header, settings_layout
from .text import draw_text

# Of the width: the name of a kind of map. The kinds of files that have a column of their own.
_NAME = 0.42
_PLACES = {"PNG": 0, "NPY": 1}


class Maps(SidebarPanel):
    bl_label = "Maps"
    bl_options = frozenset({"DEFAULT_CLOSED"})
    name = "maps"
    parent = "export"

    def draw_header_preset(self, context: bpy.types.Context) -> None:
        kinds = dict.fromkeys(map.kind.title for map in DenseMap if _is_chosen(context, map))
        draw_in_header(self, next(iter(kinds)) if len(kinds) == 1 else f"{len(kinds)} kinds" if kinds else "")

    def draw(self, context: bpy.types.Context) -> None:
        settings, shown = context.scene.labelpass, shown_of(context)
        layout = settings_layout(context, self.layout)
        for kind in MapKind:
            _draw_kind(context, layout.column(), kind, shown.maps.get(kind.value))
            if kind is MapKind.DEPTH:
                layout.column().prop(settings, "depth_scale")
        layout.column().prop(settings, "flow_step")


def _draw_kind(
    context: bpy.types.Context,
    column: bpy.types.UILayout,
    kind: MapKind,
    missing: bpy.types.PropertyGroup | None,
) -> None:
    """A kind of map, with a switch for each kind of file: all of one kind in one column."""
    row = column.split(factor=_NAME)
    row.label(text=kind.title, translate=False)
    row = row.row(align=True)
    row.use_property_split = False
    columns: list[DenseMap | None] = [None] * 3
    chosen = False
    for map in DenseMap:
        if map.kind is kind:
            place = _PLACES.get(map.file_format, 2)
            place = place if columns[place] is None else columns.index(None)
            columns[place] = map
            chosen |= _is_chosen(context, map)
    for one in columns:
        if one is None:
            row.label(text="")
        else:
            row.prop(context.scene.labelpass, switch_name("maps", one), text=one.file_format, toggle=True)
    if missing and chosen:
        draw_text(context, column, missing.reason, "ERROR", alert=True)


def _is_chosen(context: bpy.types.Context, map: DenseMap) -> bool:
    return bool(getattr(context.scene.labelpass, switch_name("maps", map)))
