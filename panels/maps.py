"""Which dense maps an export writes."""

import bpy

from ..core.settings.map_table import DenseMap, MapKind
from ..operators.properties import switch_name
from .sidebar import SidebarPanel
from .text import draw_text


class DenseMaps(SidebarPanel):
    bl_label = "Dense Maps"
    bl_options = {"DEFAULT_CLOSED"}
    name = "maps"
    parent = "output"

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        settings, state = context.scene.labelpass, context.window_manager.labelpass
        column = layout.column()
        column.enabled = not state.running
        for kind in MapKind:
            maps = [map for map in DenseMap if map.kind is kind]
            columns = column.split(factor=0.4)
            columns.label(text=kind.title)
            row = columns.row(align=True)
            chosen = False
            for map in maps:
                row.prop(settings, switch_name("maps", map), text=map.file_format, toggle=True)
                chosen |= getattr(settings, switch_name("maps", map))
            missing = state.maps.get(kind.value)
            if missing:
                draw_text(context, column, missing.reason, "ERROR" if chosen else "INFO", alert=chosen)
        layout.use_property_split = True
        layout.use_property_decorate = False
        layout.prop(settings, "depth_scale")
        layout.prop(settings, "flow_step")
