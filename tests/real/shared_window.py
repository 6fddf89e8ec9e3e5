"""One window of Blender for many tests, since it takes longer to open than most of them."""

import contextlib
import shutil
from pathlib import Path

from tests.real.panel import SCENE, STATE
from tests.real.window import Window, open_window
from tools.real_blender import RealBlender

# How a test finds Blender's preferences.
_PREFERENCES = (
    "setattr(bpy.context.preferences.view, 'render_display_type', 'WINDOW')",
    "setattr(bpy.context.preferences.system, 'viewport_aa', 'OFF')",  # draws the viewport once, not eight times
)


class SharedWindow:
    """Blender's window, opened when it is needed first, and again after a test that has closed it.

    Args:
        blender: which one.
        user: the folder of its settings and extensions.
        folder: what it sees of this machine.
        scene: a .blend file as a user has it.
    """

    def __init__(self, blender: RealBlender, user: Path, folder: Path, scene: Path) -> None:
        self._blender, self._user, self._folder = blender, user, folder
        self._scene = scene
        # The same with the sidebar's tab Labelpass open in the 3D Viewport.
        self._with_tab = folder / "with_tab.blend"
        self._open = contextlib.ExitStack()
        self._window: Window | None = None

    def load(self, scene: Path) -> Window:
        """Put a copy of the scene under that name, and open it with the tab Labelpass open."""
        if self._window is None or not self._window.is_open:
            self._window = self._opened()
        window = self._window
        shutil.copy(self._with_tab, scene)
        window.load(scene)
        for preference in _PREFERENCES:
            window.ask(preference)
        window.wait_for(f"{SCENE}.name_full in {STATE}.scenes")
        window.leave()  # a render opens its window where the mouse is
        return window

    def close(self) -> None:
        """Close the window; the next test gets another one."""
        self._window = None
        self._open.close()

    def _opened(self) -> Window:
        self.close()
        known = self._with_tab.exists()
        scene = self._with_tab if known else self._scene
        window = self._open.enter_context(open_window(self._blender, self._user, scene, [self._folder]))
        window.leave()
        if not known:
            window.open_tab("Labelpass")
            window.leave()
            window.ask(f"bpy.ops.wm.save_as_mainfile(filepath={str(self._with_tab)!r}, copy=True)")
        return window
