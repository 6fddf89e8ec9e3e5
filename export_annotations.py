"""Export annotations without a window: blender -b scene.blend -P export_annotations.py -- [--output DIR] [--render] ...

It finds the enabled extension, wherever the script itself is. All options: -- --help
"""

import importlib
import sys
import traceback
from types import ModuleType

import bpy


def _headless() -> ModuleType:
    """The headless module of the extension."""
    for addon in bpy.context.preferences.addons:
        if addon.module.rpartition(".")[2] == "labelpass":
            return importlib.import_module(f"{addon.module}.operators.headless")
    sys.exit("labelpass: the extension is not enabled; enable it in Blender's preferences")


def _main() -> int:
    try:
        headless = _headless()
        return int(headless.main(headless.arguments_after_dashes(sys.argv)))
    except Exception:  # Blender would show it and end with the exit code 0, as if all were well
        traceback.print_exc()
        return 1


if __name__ == "__main__":
    sys.exit(_main())
