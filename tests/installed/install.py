"""Runs inside Blender (-P): installs the zip after "--" as a user would, and enables it."""

import sys

import bpy

done = bpy.ops.extensions.package_install_files(
    filepath=sys.argv[sys.argv.index("--") + 1], repo="user_default", enable_on_install=True
)
assert done == {"FINISHED"}, done
assert any(addon.module.endswith(".labelpass") for addon in bpy.context.preferences.addons)
