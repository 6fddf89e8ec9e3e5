"""Blender's presets for the settings of an export, in the header of the panel."""

import bpy
from bl_operators.presets import AddPresetBase
from bl_ui.utils import PresetPanel

from ..operators.properties import PRESET_SETTINGS

_FOLDER = "labelpass"


class LABELPASS_PT_presets(PresetPanel, bpy.types.Panel):
    bl_label = "Labelpass Presets"
    preset_subdir = _FOLDER
    preset_operator = "script.execute_preset"
    preset_add_operator = "labelpass.preset_add"


class LABELPASS_MT_presets(bpy.types.Menu):
    bl_label = "Labelpass Presets"
    preset_subdir = _FOLDER
    preset_operator = "script.execute_preset"
    draw = bpy.types.Menu.draw_preset


class LABELPASS_OT_preset_add(AddPresetBase, bpy.types.Operator):
    """Add or remove a preset of the export settings"""

    bl_idname = "labelpass.preset_add"
    bl_label = "Add Labelpass Preset"
    preset_menu = "LABELPASS_MT_presets"
    preset_subdir = _FOLDER
    preset_defines = ["settings = bpy.context.scene.labelpass"]
    preset_values = [f"settings.{name}" for name in PRESET_SETTINGS]


CLASSES = (LABELPASS_PT_presets, LABELPASS_MT_presets, LABELPASS_OT_preset_add)
