"""export_annotations.py with the extension of this checkout, which need not be installed:

blender -b scene.blend -P tools/export_annotations.py -- [--output DIR] [--render] ...
"""

import importlib
import importlib.util
import sys
import traceback
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]


def main() -> int:
    try:
        if "labelpass" not in sys.modules:
            spec = importlib.util.spec_from_file_location(
                "labelpass", CHECKOUT / "__init__.py", submodule_search_locations=[str(CHECKOUT)]
            )
            sys.modules["labelpass"] = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(sys.modules["labelpass"])
        headless = importlib.import_module("labelpass.operators.headless")
        return int(headless.main(headless.arguments_after_dashes(sys.argv)))
    except Exception:  # as in export_annotations.py
        traceback.print_exc()
        return 1


if __name__ == "__main__":
    sys.exit(main())
