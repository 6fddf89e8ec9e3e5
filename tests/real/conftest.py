"""The extension as a user has it: its zip installed in real Blender, driven from the command line and by the mouse.

    python tools/real_blender.py setup      once, as root on Debian; or set BLENDER=/path/to/blender
    python -m pytest tests/real             with the bpy module there, whose builder packs the zips

Everything runs in each Blender of tools/real_blender.py, in a user folder of its own; a Blender that is missing is an
error. What a test does in the window is real mouse and keyboard input; only what is behind the window is asked, or
prepared, in Python (answer.py). Screenshots are left in build/screenshots/.
"""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.dataset import SHRINK
from tests.real.panel import EDIT_CATEGORIES, EDIT_CATEGORIES_TO_OBJECTS, SHOWN
from tests.real.shared_window import SharedWindow
from tests.real.window import SCREENSHOTS, Window
from tools.real_blender import SUITES, RealBlender, installed

CHECKOUT = Path(__file__).resolve().parents[2]
_HAS_FAILED = pytest.StashKey[bool]()


@dataclass(frozen=True)
class InstalledBlender:
    """A real Blender with the extension installed and enabled.

    Attributes:
        blender: how to start it.
        user: its settings and extensions.
        folder: what it sees of this machine.
    """

    blender: RealBlender
    user: Path
    folder: Path

    @property
    def extension(self) -> Path:
        return self.user / "blender/extensions/user_default/labelpass"

    def run(self, *arguments: str | Path) -> "subprocess.CompletedProcess[str]":
        command = self.blender.command(arguments, [self.folder])
        environment = self.blender.environment(self.user)
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)

    def run_well(self, *arguments: str | Path) -> str:
        done = self.run(*arguments)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr
        return done.stdout


@pytest.fixture(scope="session", params=["official"] if os.environ.get("BLENDER") else SUITES)
def labelpass_blender(
    request: pytest.FixtureRequest, zips: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> InstalledBlender:
    blender = next(blender for blender in installed() if blender.name == request.param)
    folder = tmp_path_factory.mktemp(request.param)
    found = InstalledBlender(blender, folder / "user", folder)
    zip_file = folder / "labelpass.zip"
    zip_file.write_bytes(zips["linux_x64"].read_bytes())
    found.run_well("--command", "extension", "validate", zip_file)
    found.run_well("--command", "extension", "install-file", "-r", "user_default", "-e", zip_file)
    assert (found.extension / "blender_manifest.toml").is_file()
    return found


@pytest.fixture(scope="session")
def small_demo(labelpass_blender: InstalledBlender) -> Path:
    """The demo scene as each Blender makes it, small, with nothing rendered; to be copied."""
    folder = labelpass_blender.folder / "small_demo"
    folder.mkdir()
    script = folder / "build_scene.py"
    script.write_text((CHECKOUT / "examples/demo/build_scene.py").read_text())
    scene = folder / "scene.blend"
    labelpass_blender.run_well("-b", "--factory-startup", "-P", script, "--", scene)
    labelpass_blender.run_well("-b", "--factory-startup", scene, "--python-expr", SHRINK)
    return scene


@pytest.fixture
def demo(labelpass_blender: InstalledBlender, small_demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo scene in a fresh folder; its paths are relative to the file."""
    folder = labelpass_blender.folder / tmp_path_factory.mktemp("demo").name
    folder.mkdir()
    return Path(shutil.copy(small_demo, folder / "scene.blend"))


@pytest.fixture(scope="session")
def shared_window(labelpass_blender: InstalledBlender, small_demo: Path) -> Iterator[SharedWindow]:
    found = labelpass_blender
    shared = SharedWindow(found.blender, found.user, found.folder, small_demo)
    yield shared
    shared.close()


@pytest.fixture
def window(request: pytest.FixtureRequest, shared_window: SharedWindow, demo: Path) -> Iterator[Window]:
    """The demo scene in Blender's window, with the tab Labelpass open, and nothing left of the tests before."""
    window = shared_window.load(demo)
    yield window
    if request.node.stash.get(_HAS_FAILED, False):
        shared_window.close()
        return
    assert "Traceback" not in window.console()
    if window.is_open:
        assert not window.ask("'OpenEXR' in sys.modules")
        assert window.ask("strays()") == []


@pytest.fixture
def shoot(window: Window, labelpass_blender: InstalledBlender) -> Callable[[str], Path]:
    """Take a screenshot, once the window has come to rest."""

    def take(name: str) -> Path:
        time.sleep(0.7)
        path = SCREENSHOTS / f"{name}-{labelpass_blender.blender.name}.png"
        window.screenshot(path)
        return path

    return take


@pytest.fixture
def objects_panel(window: Window) -> None:
    """Open the panel Objects."""
    window.wait_for(f"len({SHOWN}.objects) > 0")
    x, y = window.find_button(EDIT_CATEGORIES)
    window.click(x, y + EDIT_CATEGORIES_TO_OBJECTS)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed:
        item.stash[_HAS_FAILED] = True
    return report
