"""What counts as one instance, and which pass tells instances apart."""

import bpy

from ..core.settings.settings import Grouping, LabelSource
from ..operators.shown import shown_of
from .sidebar import SidebarPanel, draw_in_header, settings_layout


class Instances(SidebarPanel):
    bl_label = "Instances"
    bl_options = frozenset({"DEFAULT_CLOSED"})
    name = "instances"
    parent = "labels"

    def draw_header_preset(self, context: bpy.types.Context) -> None:
        settings = context.scene.labelpass
        grouping, source = Grouping(settings.grouping), LabelSource(settings.labels)
        differs = [f"Per {grouping.label}"] if grouping is not Grouping.OBJECT else []
        differs += [source.label] if source is not LabelSource.AUTO else []
        draw_in_header(self, differs[0] if differs else "")

    def draw(self, context: bpy.types.Context) -> None:
        scene, settings = context.scene, context.scene.labelpass
        layout = settings_layout(context, self.layout)
        layout.column().prop(settings, "grouping")
        layout.column().prop(settings, "parts")
        layout.column(heading="Copies").prop(settings, "tell_apart")
        layout.column().prop(settings, "ignored")
        layout.column().prop(settings, "labels")
        if settings.may_name_cryptomatte:
            layout.column().prop(settings, "cryptomatte", placeholder="As Blender names it")
        if len(scene.view_layers) > 1:
            row = layout.row()
            row.active = not settings.all_view_layers
            row.prop_search(settings, "view_layer", scene, "view_layers")
        if scene.render.use_multiview:
            row = layout.row()
            row.active = not settings.all_views
            row.prop_search(settings, "view", scene.render, "views")
        if shown_of(context).uses_indices:
            row = layout.row(align=True)
            row.operator("labelpass.assign_indices")
            row.operator("labelpass.restore_indices")
