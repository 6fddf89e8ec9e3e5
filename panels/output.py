"""What an export writes, and where; and the formats that it writes for training."""

import dataclasses

import bpy

from ..core.base.phrases import listed
from ..core.settings.export_table import ExportFormat
from ..core.settings.format_table import CAMERA_FORMATS
from ..core.settings.settings import Settings
from ..operators.properties import switch_name
from .sidebar import SidebarPanel
from .text import draw_text


class Output(SidebarPanel):
    bl_label = "Output"
    bl_options = {"DEFAULT_CLOSED"}
    name = "output"
    parent = "export"

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        settings = context.scene.labelpass
        column = layout.column()
        column.enabled = not context.window_manager.labelpass.running
        column.prop(settings, "output", placeholder="Next to the frames")
        column.prop(settings, "sequence", placeholder="Named after their folders")
        column.prop(settings, "image_format")
        column.prop(settings, "image_from")
        column.prop(settings, "pictures")
        column.prop(settings, "soft_masks")
        row = column.row(heading="Cameras", align=True)
        for choice in CAMERA_FORMATS:
            row.prop(settings, switch_name("cameras", choice), text=choice.label, toggle=True)
        column.prop(settings, "poses")
        column.prop(settings, "amodal")
        column = layout.column()
        column.enabled = not context.window_manager.labelpass.running
        column.prop(settings, "instancing")
        column.prop(settings, "min_area")
        column.prop(settings, "min_side")
        column.prop(settings, "min_visibility")
        column.prop(settings, "at_border")
        column = layout.column()
        column.enabled = not context.window_manager.labelpass.running
        column.prop(settings, "redo")
        column.prop(settings, "workers")
        column.prop(settings, "hung_after")


class Formats(SidebarPanel):
    bl_label = "Formats for Training"
    bl_options = {"DEFAULT_CLOSED"}
    name = "formats"
    parent = "export"

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        settings = context.scene.labelpass
        layout.enabled = not context.window_manager.labelpass.running
        grid = layout.grid_flow(columns=2, even_columns=True, align=True)
        for choice in ExportFormat:
            cell = grid.column(align=True)
            cell.enabled = not choice.missing_package
            cell.prop(settings, switch_name("formats", choice), text=choice.label, toggle=True)
        if missing := sorted({choice.missing_package for choice in ExportFormat} - {""}):
            # Nobody installs into Blender's Python for it, and the dataset is complete without.
            text = f"Grey formats need {listed(missing)}: use 'labelpass export' where Python has it"
            draw_text(context, layout, text, "INFO")
        chosen = {choice for choice in ExportFormat if getattr(settings, switch_name("formats", choice))}
        column = layout.column()
        column.active = bool(chosen)  # without a format these are about nothing
        column.prop(settings, "splits")
        column.prop(settings, "split_by")
        column.prop(settings, "split_seed")
        column.prop(settings, "media")
        for field in dataclasses.fields(Settings):
            if chosen.intersection(field.metadata["of_formats"]):
                column.prop(settings, field.name)
        layout.operator("labelpass.export_formats", icon="EXPORT")
