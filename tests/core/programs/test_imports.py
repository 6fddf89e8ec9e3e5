"""The contracts of imports in pyproject.toml hold, and each of them breaks when something breaks it."""

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[3]
SOURCES = ("__init__.py", "__main__.py", "export_annotations.py", "pyproject.toml", "core", "operators", "panels")
LAYERS = "Inside core, lower packages do not import upper ones"
SIDES = "Panels import operators, operators import core, never the other way round"
OPERATORS = "Inside operators, lower packages do not import upper ones"
OPENEXR = "Only core.exr.exr_file imports OpenEXR"
PYARROW = "Only core.exports.tables.parquet_file imports pyarrow"
BLENDER = "Nothing in Blender's process imports OpenEXR, Pillow, deflate, pyarrow or tqdm"
CORE = "Core does not import Blender"
RELATIVE = "Imports inside Labelpass are relative"
MOST_MODULES = 16


def check_imports(*arguments: Path) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, CHECKOUT / "tools/check_imports.py", *arguments]
    return subprocess.run(command, env=os.environ | {"COLUMNS": "200"}, capture_output=True, text=True)


def test_test_files_import_nothing_of_each_other() -> None:
    """What they share is in helper modules and fixtures."""
    paths = list((CHECKOUT / "tests").rglob("*.py"))
    assert len(paths) > 100
    wrong = {
        f"{path.relative_to(CHECKOUT)}: {node.module}"
        for path in paths
        for node in ast.walk(ast.parse(path.read_bytes()))
        if isinstance(node, ast.ImportFrom) and (node.module or "").rpartition(".")[2].startswith("test_")
    }
    assert wrong == set()


def test_they_hold() -> None:
    checked = check_imports()
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "Contracts: 8 kept, 0 broken." in checked.stdout


# What breaks each contract: importing module, statement, and what the report calls the imported one.
_LATE = "def late():\n    "
BREAKS = {
    LAYERS: [
        ("core.base.files", "from ..settings.settings import Settings", "labelpass.core.settings.settings"),
        ("core.masks.rle", "from ..settings import settings", "labelpass.core.settings.settings"),
        ("core.maps.flow", f"{_LATE}from ..annotate.annotate import annotate", "labelpass.core.annotate.annotate"),
    ],
    SIDES: [
        ("core.base.files", "from ...operators import redraw", "labelpass.operators.redraw"),
        ("core.cli.commands.annotate", f"{_LATE}from ....panels import text", "labelpass.panels.text"),
        ("operators.export.export", "from ...panels.text import draw_text", "labelpass.panels.text"),
    ],
    OPERATORS: [
        ("operators.scene.stereo", "from ..export import sources", "labelpass.operators.export.sources"),
        ("operators.handlers", "from . import compat", "labelpass.operators.compat"),
    ],
    OPENEXR: [
        ("core.exr.passes", "import OpenEXR", "OpenEXR"),
        ("core.cli.commands.annotate", f"{_LATE}from OpenEXR import File", "OpenEXR"),
    ],
    PYARROW: [
        ("core.exports.media", "import pyarrow", "pyarrow"),
        ("core.exports.tables.rows", f"{_LATE}from pyarrow import parquet", "pyarrow"),
    ],
    BLENDER: [
        ("operators.redraw", "import PIL.Image", "PIL"),
        ("panels.text", f"{_LATE}from tqdm import tqdm", "tqdm"),
        ("core.run.pool", "from .worker import run_worker", "labelpass.core.run.worker"),
        ("operators.headless", "from ..core.cli.commands import validate", "labelpass.core.cli.commands.validate"),
    ],
    CORE: [
        ("core.annotate.annotate", f"{_LATE}import bpy", "bpy"),
        ("core.scene.camera", "from mathutils import Matrix", "mathutils"),
    ],
    RELATIVE: [
        ("operators.redraw", "from core.base import console", "core"),
        ("core.base.files", f"{_LATE}import operators.redraw", "operators"),
    ],
}


@pytest.mark.parametrize("contract", BREAKS)
def test_each_breaks(contract: str, tmp_path: Path) -> None:
    copy_sources(tmp_path)
    for importer, statement, _ in BREAKS[contract]:
        with (tmp_path / f"{importer.replace('.', '/')}.py").open("a", encoding="utf-8") as module:
            module.write(f"\n\n{statement}\n")

    checked = check_imports(tmp_path)

    assert checked.returncode == 1
    assert f"{contract} BROKEN" in checked.stdout, checked.stdout + checked.stderr
    for importer, _, imported in BREAKS[contract]:
        assert f"labelpass.{importer} -> {imported} (l." in checked.stdout, checked.stdout


def test_a_package_without_a_layer_breaks(tmp_path: Path) -> None:
    copy_sources(tmp_path)
    (tmp_path / "core/more").mkdir()
    (tmp_path / "core/more/__init__.py").touch()

    checked = check_imports(tmp_path)

    assert f"{LAYERS} BROKEN" in checked.stdout
    assert "- labelpass.core.more" in checked.stdout


def copy_sources(folder: Path) -> None:
    for name in SOURCES:
        source = CHECKOUT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copyfile(source, folder / name)


@pytest.mark.parametrize("package", ["core", "operators"])
def test_no_folder_is_crowded(package: str) -> None:
    folders = [CHECKOUT / package, *(path for path in (CHECKOUT / package).rglob("*") if path.is_dir())]
    modules = {folder: [path for path in folder.glob("*.py") if path.name != "__init__.py"] for folder in folders}
    assert not {folder for folder, found in modules.items() if len(found) > MOST_MODULES}
