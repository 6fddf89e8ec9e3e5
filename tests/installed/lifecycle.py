"""Runs inside Blender (-P): enables, disables and reloads the installed extension, and looks for what it leaves."""

import runpy
from pathlib import Path

import bpy

MODULE = "bl_ext.user_default.labelpass"
traces = runpy.run_path(str(Path(__file__).with_name("traces.py")))["traces"]


def set_enabled(enabled: bool) -> None:
    operator = bpy.ops.preferences.addon_enable if enabled else bpy.ops.preferences.addon_disable
    assert operator(module=MODULE) == {"FINISHED"}


def check_enabled() -> None:
    assert {"type LABELPASS_OT_export_annotations", "Scene.labelpass"} <= set(traces()), traces()
    assert bpy.context.scene.labelpass.source == "RENDER"
    assert bpy.ops.labelpass.export_annotations.poll()


def check_gone() -> None:
    assert traces() == [], traces()


if MODULE in bpy.context.preferences.addons:
    set_enabled(False)
check_gone()
for _ in range(2):
    set_enabled(True)
    check_enabled()
    set_enabled(False)
    check_gone()
set_enabled(True)
bpy.ops.script.reload()
check_enabled()
set_enabled(False)
check_gone()
print("COMES AND GOES")
