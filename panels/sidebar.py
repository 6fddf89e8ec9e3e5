"""The tab "Labelpass" in the sidebar of the 3D Viewport."""

import bpy

from .text import draw_text

_MOST_LINES = 12


class _SidebarPanel:
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Labelpass"


class LABELPASS_PT_export(_SidebarPanel, bpy.types.Panel):
    bl_label = "Export"

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
        column.prop(settings, "output", placeholder="Beside the frames")
        column.prop(settings, "labels")
        column.prop_search(settings, "view_layer", context.scene, "view_layers")
        column.prop(settings, "image_format")
        column.prop(settings, "pictures")

        if state.running:
            progress = f"Frame {state.done} of {state.total}"
            layout.progress(factor=state.done / max(1, state.total), text=progress)
            layout.operator("labelpass.stop", icon="CANCEL")
        else:
            row = layout.row()
            row.scale_y = 1.5
            row.operator("labelpass.export_annotations", icon="EXPORT")


class LABELPASS_PT_categories(_SidebarPanel, bpy.types.Panel):
    bl_label = "Categories"
    bl_parent_id = "LABELPASS_PT_export"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        layout, state = self.layout, context.window_manager.labelpass
        if state.categories_problem:
            draw_text(context, layout, state.categories_problem, "ERROR")
            return
        column = layout.column(align=True)
        for category in state.categories:
            row = column.row()
            row.label(text=category.name, translate=False)
            right = row.row()
            right.alignment = "RIGHT"
            right.label(text=str(category.objects))
        if state.background_objects:
            column.label(text=f"Background: {state.background_objects}")
        if not state.categories:
            column.label(text="No objects to label", icon="INFO")


class LABELPASS_PT_result(_SidebarPanel, bpy.types.Panel):
    bl_label = "Last Export"
    bl_parent_id = "LABELPASS_PT_export"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return len(context.window_manager.labelpass.lines) > 0

    def draw(self, context: bpy.types.Context) -> None:
        layout, state = self.layout, context.window_manager.labelpass
        for number, line in enumerate(state.lines):
            if number == _MOST_LINES:
                layout.label(text=f"… and {len(state.lines) - number} more in the console", icon="CONSOLE")
                break
            draw_text(context, layout, line.name, _icon_of(line.name))
        layout.operator("labelpass.open_folder", icon="FILE_FOLDER")


def _icon_of(line: str) -> str:
    if line.startswith("Stopped"):
        return "CANCEL"
    if line.startswith("Failed") or " failed" in line:
        return "ERROR"
    return "INFO" if line.startswith("Note") else "CHECKMARK"


register, unregister = bpy.utils.register_classes_factory(
    (LABELPASS_PT_export, LABELPASS_PT_categories, LABELPASS_PT_result)
)
