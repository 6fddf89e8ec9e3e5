"""Render & Export: which frames, where to, in which formats, and the buttons."""

import dataclasses

import bpy

from ..core.base.errors import LabelpassError
from ..core.settings.export_table import ExportFormat
from ..core.settings.format_table import CAMERA_FORMATS, DatasetFormat
from ..core.settings.settings import Settings
from ..operators import help_pages
from ..operators.export.sources import output_folder, scene_frames
from ..operators.properties import switch_name
from ..operators.shown import shown_of
from .presets import LABELPASS_PT_presets
from .sidebar import Order, SidebarPanel
from .text import draw_path, draw_text

_TALL = 1.5
# In units of the interface: an option in the row of its format.
_OPTION_WIDTH = 4.5
_GROUPS = {
    "Detection and Segmentation": ("coco", "coco_panoptic", "lvis", "roboflow", "voc", "cvat"),
    "YOLO": ("yolo_detect", "yolo_segment", "yolo_pose", "yolo_obb", "yolo_depth"),
    "Keypoints, 3D, Tracks": ("coco_keypoints", "kitti", "bop", "mot", "mots", "tum"),
    "Data Loaders": ("huggingface", "parquet", "webdataset"),
}


class Export(SidebarPanel):
    bl_label = "Render & Export"
    bl_order = Order.EXPORT
    name = "export"

    def draw_header_preset(self, context: bpy.types.Context) -> None:
        self.layout.operator("wm.url_open", text="", icon="HELP", emboss=False).url = help_pages.first_page()
        LABELPASS_PT_presets.draw_panel_header(self.layout)

    def draw(self, context: bpy.types.Context) -> None:
        layout, settings, state = self.layout, context.scene.labelpass, context.window_manager.labelpass
        column = layout.column()
        column.enabled = not state.running
        column.row().prop(settings, "source", expand=True)
        if settings.source == "FILES":
            column.prop(settings, "frames_folder", text="", placeholder="Frames: as rendered by this scene")
        column.prop(settings, "output", text="", placeholder="Output: beside the frames")
        _draw_place(context, column)
        _draw_formats(context, column)
        if state.running:
            _draw_running(context, layout)
        else:
            _draw_buttons(context, layout)


def _draw_place(context: bpy.types.Context, layout: bpy.types.UILayout) -> None:
    """The full path of the output, or why there is none."""
    settings = context.scene.labelpass
    folder = settings.chosen_folder("frames_folder") if settings.source == "FILES" else None
    try:
        draw_path(context, layout, str(output_folder(context.scene, (), folder)))
    except LabelpassError as error:
        draw_text(context, layout, str(error), "INFO")


def _draw_formats(context: bpy.types.Context, layout: bpy.types.UILayout) -> None:
    settings = context.scene.labelpass
    row = layout.row()
    rows = row.box().column(align=True)
    rows.label(text=DatasetFormat.COCO.label, icon="FILE", translate=False)  # each dataset has it
    drawn: set[str] = set()
    for setting, choice in chosen_formats(settings):
        line = rows.row(align=True)
        line.label(text=choice.label, icon="FILE", translate=False)
        options = [] if setting == "cameras" else options_of(choice)
        for name in options:
            if name not in drawn and name not in _BELOW:
                option = line.row(align=True)
                option.ui_units_x = _OPTION_WIDTH
                option.prop(settings, name, text="")
                drawn.add(name)
        line.prop(settings, switch_name(setting, choice), text="", icon="X", emboss=False)
    row.menu("LABELPASS_MT_formats", icon="ADD", text="")
    below = {
        name for setting, choice in chosen_formats(settings) if setting == "formats" for name in options_of(choice)
    }
    column = layout.column()
    column.use_property_split = True
    column.use_property_decorate = False
    for name in _BELOW:
        if name in below:
            column.prop(settings, name)


# Options that have no room in the row of a format.
_BELOW = ("scored_category", "fps")


def chosen_formats(settings: bpy.types.PropertyGroup) -> list[tuple[str, ExportFormat | DatasetFormat]]:
    """The formats that are written besides COCO's own file: the setting that lists each, and the format."""
    listed = [("formats", choice) for choice in ExportFormat] + [("cameras", choice) for choice in CAMERA_FORMATS]
    return [(setting, choice) for setting, choice in listed if getattr(settings, switch_name(setting, choice))]


def options_of(choice: ExportFormat) -> list[str]:
    """The settings that are options of a format."""
    return [field.name for field in dataclasses.fields(Settings) if choice in field.metadata["of_formats"]]


class LABELPASS_MT_formats(bpy.types.Menu):
    """The formats by what they are for, each a switch."""

    bl_label = "Add Format"

    def draw(self, context: bpy.types.Context) -> None:
        settings, row = context.scene.labelpass, self.layout.row()
        others = [choice.value for choice in ExportFormat if not any(choice.value in of for of in _GROUPS.values())]
        for heading, values in {**_GROUPS, **({"Others": tuple(others)} if others else {})}.items():
            column = _menu_column(row, heading)
            for choice in map(ExportFormat, values):
                line = column.row()
                # Nobody installs a package into Blender's Python for it, and the dataset is complete without.
                line.enabled = not choice.missing_package
                missing = f" (needs {choice.missing_package})" if choice.missing_package else ""
                line.prop(settings, switch_name("formats", choice), text=f"{choice.label}{missing}")
        column = _menu_column(row, "Cameras")
        for camera_format in CAMERA_FORMATS:
            column.prop(settings, switch_name("cameras", camera_format), text=camera_format.label)


def _menu_column(row: bpy.types.UILayout, heading: str) -> bpy.types.UILayout:
    column = row.column()
    column.label(text=heading)
    column.separator()
    return column


def _draw_running(context: bpy.types.Context, layout: bpy.types.UILayout) -> None:
    """In place of the buttons, as high as these."""
    state = context.window_manager.labelpass
    column = layout.column(align=True)
    row = column.row()
    row.scale_y = _TALL
    row.progress(factor=state.done / max(1, state.total), text=state.progress)
    column.operator("labelpass.stop", icon="CANCEL")
    if state.failed:
        draw_text(context, layout, f"{state.failed} failed", "ERROR", alert=True)


def _draw_buttons(context: bpy.types.Context, layout: bpy.types.UILayout) -> None:
    scene = context.scene
    source = scene.labelpass.source
    column = layout.column(align=True)
    row = column.row(align=True)
    row.scale_y = _TALL
    if source == "FILES":
        text = f"Export Annotations of {_counted(len(scene_frames(scene)))}"
        row.operator("labelpass.export_annotations", text=text, icon="EXPORT")
        return
    if source == "RENDER":
        what, icon = f"Frame {scene.frame_current}", "RENDER_STILL"
    else:
        what, icon = _counted(shown_of(context).left), "RENDER_ANIMATION"
    row.operator("labelpass.render_and_export", text=f"Render and Export {what}", icon=icon)
    column.operator("labelpass.export_annotations", icon="EXPORT")


def _counted(frames: int) -> str:
    return f"{frames} Frame{'' if frames == 1 else 's'}"


LISTS = (LABELPASS_MT_formats,)
