"""Runs inside Blender (-P): enables the installed extension. The bpy module starts without the user's preferences."""

import bpy

assert bpy.ops.preferences.addon_enable(module="bl_ext.user_default.labelpass") == {"FINISHED"}
assert hasattr(bpy.types.Scene, "labelpass")
