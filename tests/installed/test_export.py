"""The installed extension in the bpy module: render and export with the wheels of the zip, and no others."""

from pathlib import Path

import pytest

from tests.dataset import SHRINK, check_dataset
from tests.installed.module import CHECKOUT, InstalledModule

FORBIDDEN = CHECKOUT / "tests/real/forbidden.py"
ENABLE = CHECKOUT / "tests/installed/enable.py"


@pytest.fixture
def demo(module: InstalledModule, tmp_path: Path) -> Path:
    """The demo scene, small, with nothing rendered."""
    scene = tmp_path / "scene.blend"
    module.run_well("-P", CHECKOUT / "examples/demo/build_scene.py", "--", scene)
    shrink = tmp_path / "shrink.py"
    shrink.write_text(SHRINK)
    module.run_well("-b", scene, "-P", shrink)
    return scene


def test_nothing_but_the_wheels_of_the_zip_is_there(module: InstalledModule, tmp_path: Path) -> None:
    """The test of this folder's method: without the extension's own folders the worker has nothing to import."""
    script = tmp_path / "find.py"
    script.write_text(
        "import importlib.util\n"
        "for name in ('OpenEXR', 'PIL', 'labelpass'):\n"
        "    spec = importlib.util.find_spec(name)\n"
        "    print('FOUND', name, spec and spec.origin)\n"
    )
    found = [
        line.split()[1:]
        for line in module.run_well("-P", ENABLE, "-P", script).splitlines()
        if line.startswith("FOUND")
    ]
    assert [name for name, _ in found] == ["OpenEXR", "PIL", "labelpass"]
    wheels = str(module.user / "extensions/.local")
    assert [origin.startswith(wheels) for _, origin in found] == [True, True, False]
    assert found[2][1] == "None"


def test_render_and_export(module: InstalledModule, demo: Path, tmp_path: Path) -> None:
    script, output = module.extension / "export_annotations.py", tmp_path / "dataset"
    options = ["--render", "--frames", "1-2", "--output", output]
    said = module.run_well("-b", demo, "-P", FORBIDDEN, "-P", ENABLE, "-P", script, "--", *options)
    assert "2 frames annotated" in said
    check_dataset(output, ["demo_0001", "demo_0002"])
