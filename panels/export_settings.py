"""What an export writes and how, by subject: panels of Render & Export that are closed at first."""

import bpy

from ..core.settings.settings import AtBorder, ImageFormat
from ..operators.properties import SPLIT_SHARES, shares_of
from .sidebar import SidebarPanel, draw_in_header, settings_layout


class ClosedPanel(SidebarPanel):
    """A part of Render & Export that a newcomer does not need."""

    bl_options = frozenset({"DEFAULT_CLOSED"})
    parent = "export"


class Splits(ClosedPanel):
    bl_label = "Splits"
    name = "splits"

    def draw_header_preset(self, context: bpy.types.Context) -> None:
        shares = shares_of(context.scene.labelpass.splits)
        draw_in_header(self, " : ".join(f"{share:g}" for share in shares.values()))

    def draw(self, context: bpy.types.Context) -> None:
        settings = context.scene.labelpass
        layout = settings_layout(context, self.layout)
        shares = shares_of(settings.splits)
        if shares and shares.keys() <= SPLIT_SHARES.keys():
            column = layout.column(align=True)
            for name in SPLIT_SHARES:
                column.prop(settings, f"split_{name}", slider=True)
        else:
            layout.column().prop(settings, "splits")
        layout.column().prop(settings, "split_by")
        layout.column().prop(settings, "split_seed")
        layout.column().prop(settings, "media")
        layout.operator("labelpass.export_formats", icon="EXPORT")


class Images(ClosedPanel):
    bl_label = "Images"
    name = "images"

    def draw_header_preset(self, context: bpy.types.Context) -> None:
        format = ImageFormat(context.scene.labelpass.image_format)
        draw_in_header(self, "" if format is ImageFormat.PNG else format.label)

    def draw(self, context: bpy.types.Context) -> None:
        settings = context.scene.labelpass
        layout = settings_layout(context, self.layout)
        for name in ("image_format", "image_from", "pictures", "soft_masks"):
            layout.column().prop(settings, name)


class Geometry(ClosedPanel):
    bl_label = "Geometry"
    name = "geometry"

    def draw_header_preset(self, context: bpy.types.Context) -> None:
        settings = context.scene.labelpass
        chosen = [label for name, label in (("poses", "Poses"), ("amodal", "Amodal")) if getattr(settings, name)]
        draw_in_header(self, ", ".join(chosen))

    def draw(self, context: bpy.types.Context) -> None:
        settings = context.scene.labelpass
        layout = settings_layout(context, self.layout)
        layout.column().prop(settings, "poses")
        layout.column().prop(settings, "amodal")


class Filters(ClosedPanel):
    bl_label = "Filters"
    name = "filters"

    def draw_header_preset(self, context: bpy.types.Context) -> None:
        settings = context.scene.labelpass
        border = AtBorder(settings.at_border)
        used = sum(bool(getattr(settings, name)) for name in ("min_area", "min_side", "min_visibility"))
        used += border is not AtBorder.KEEP
        draw_in_header(self, f"{used} on" if used else "")

    def draw(self, context: bpy.types.Context) -> None:
        settings = context.scene.labelpass
        layout = settings_layout(context, self.layout)
        column = layout.column(align=True)
        column.prop(settings, "min_area")
        column.prop(settings, "min_side", text="Side")
        column.prop(settings, "min_visibility", text="Visible", slider=True)
        layout.column().prop(settings, "at_border")


class Files(ClosedPanel):
    bl_label = "Files"
    name = "files"

    def draw_header_preset(self, context: bpy.types.Context) -> None:
        settings = context.scene.labelpass
        draw_in_header(self, "" if settings.keep_passes else "No EXR files")

    def draw(self, context: bpy.types.Context) -> None:
        scene, settings = context.scene, context.scene.labelpass
        layout = settings_layout(context, self.layout)
        if settings.source != "FILES":
            layout.column().prop(settings, "keep_passes")
        layout.column().prop(settings, "skip_finished")
        layout.column().prop(settings, "sequence", placeholder="Named after folders")
        several = [
            name
            for name, there in (
                ("all_view_layers", len(scene.view_layers) > 1),
                ("all_views", scene.render.use_multiview),
                ("all_scenes", len(bpy.data.scenes) > 1),
            )
            if there or getattr(settings, name)
        ]
        ticks = layout.column(heading="Sequences of")
        for name in several:
            ticks.prop(settings, name)


class Performance(ClosedPanel):
    bl_label = "Performance"
    name = "performance"

    def draw_header_preset(self, context: bpy.types.Context) -> None:
        settings = context.scene.labelpass
        draw_in_header(self, "While rendering" if settings.while_rendering else "")

    def draw(self, context: bpy.types.Context) -> None:
        settings = context.scene.labelpass
        layout = settings_layout(context, self.layout)
        layout.column().prop(settings, "processes")
        if settings.workers:
            layout.column().prop(settings, "workers", text="Number")
        layout.column().prop(settings, "hung_after")
        layout.column(heading="Annotate").prop(settings, "while_rendering")


BEFORE_MAPS = (Splits, Images)
AFTER_MAPS = (Geometry, Filters, Files, Performance)
