"""What to export, and the button."""

import bpy

from ..operators import help_pages
from .presets import LABELPASS_PT_presets
from .sidebar import SidebarPanel


class Export(SidebarPanel):
    bl_label = "Export"
    name = "export"

    def draw_header_preset(self, context: bpy.types.Context) -> None:
        self.layout.operator("wm.url_open", text="", icon="HELP", emboss=False).url = help_pages.first_page()
        LABELPASS_PT_presets.draw_panel_header(self.layout)

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        settings, state = context.scene.labelpass, context.window_manager.labelpass

        column = layout.column()
        column.enabled = not state.running
        column.prop(settings, "source")
        if settings.source == "FILES":
            column.prop(settings, "frames_folder", placeholder="As rendered by this scene")
        column.prop(settings, "labels")
        if settings.may_name_cryptomatte:
            column.prop(settings, "cryptomatte", placeholder="As Blender names it")
        column.prop(settings, "grouping")
        column.prop(settings, "parts")
        row = column.row()
        row.active = not settings.all_view_layers
        row.prop_search(settings, "view_layer", context.scene, "view_layers")
        if context.scene.render.use_multiview:
            row = column.row()
            row.active = not settings.all_views
            row.prop_search(settings, "view", context.scene.render, "views")
        ticks = column.column(heading="Sequences")
        ticks.prop(settings, "all_view_layers")
        if context.scene.render.use_multiview:
            ticks.prop(settings, "all_views")
        if len(bpy.data.scenes) > 1:
            ticks.prop(settings, "all_scenes")
        row = column.row()
        row.use_property_split = False  # so long a label has no room next to the switch
        row.prop(settings, "while_rendering")

        if state.running:
            layout.progress(factor=state.done / max(1, state.total), text=state.progress)
            layout.operator("labelpass.stop", icon="CANCEL")
        else:
            row = layout.row()
            row.scale_y = 1.5
            row.operator("labelpass.export_annotations", icon="EXPORT")
