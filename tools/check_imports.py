"""Check who imports whom: python tools/check_imports.py [CHECKOUT]

The contracts are in pyproject.toml, import-linter checks them. It wants a package that has a name, as a checkout does
not, so it is shown a copy of the checkout's packages in a temporary folder, under the name labelpass.
"""

import contextlib
import shutil
import sys
import tempfile
from pathlib import Path

from importlinter.cli import lint_imports

CHECKOUT = Path(__file__).resolve().parents[1]
CHECKED = ("__init__.py", "__main__.py", "export_annotations.py", "core", "operators", "panels")


def main() -> int:
    checkout = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else CHECKOUT
    with tempfile.TemporaryDirectory(prefix="labelpass-imports-") as folder, contextlib.chdir(folder):
        for name in CHECKED:
            source, target = checkout / name, Path("labelpass", name)
            if source.is_dir():
                shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                target.parent.mkdir(exist_ok=True)
                shutil.copyfile(source, target)
        return lint_imports(str(checkout / "pyproject.toml"), no_cache=True, no_logo=True)


if __name__ == "__main__":
    sys.exit(main())
