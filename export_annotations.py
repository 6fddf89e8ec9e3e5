"""Export annotations without a window: blender -b scene.blend -P export_annotations.py -- [--output DIR] [--render] ...

Works with the extension installed and enabled, and straight from its folder or a checkout. All options: -- --help
"""

import importlib
import importlib.util
import sys
import traceback
from pathlib import Path
from types import ModuleType

_PACKAGE = "labelpass"


def _labelpass() -> ModuleType:
    """The headless module of the extension: the one next to this script, else that of the enabled extension."""
    folder = Path(__file__).resolve().parent
    if (folder / "blender_manifest.toml").is_file():
        if _PACKAGE not in sys.modules:
            spec = importlib.util.spec_from_file_location(
                _PACKAGE, folder / "__init__.py", submodule_search_locations=[str(folder)]
            )
            package = importlib.util.module_from_spec(spec)
            sys.modules[_PACKAGE] = package
            spec.loader.exec_module(package)
        return importlib.import_module(f"{_PACKAGE}.operators.headless")

    import bpy

    for addon in bpy.context.preferences.addons:
        if addon.module.rpartition(".")[2] == _PACKAGE:
            return importlib.import_module(f"{addon.module}.operators.headless")
    sys.exit(
        "labelpass: the extension is not enabled; enable it in Blender's preferences, or run the script in its folder"
    )


def _main() -> int:
    try:
        headless = _labelpass()
        return int(headless.main(headless.arguments_after_dashes(sys.argv)))
    except Exception:  # Blender would show it and end with the exit code 0, as if all were well
        traceback.print_exc()
        return 1


if __name__ == "__main__":
    sys.exit(_main())
