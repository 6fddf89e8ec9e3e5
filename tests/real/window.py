"""A real Blender window with a real mouse and keyboard, on an X server without a screen."""

import contextlib
import itertools
import json
import os
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tools.real_blender import WINDOW_SIZE, RealBlender, virtual_display

SCREENSHOTS = Path(__file__).resolve().parents[2] / "build/screenshots"
_START_SECONDS = 120
# What runs in Blender, and what they need beside them.
_HERE = Path(__file__).parent
_SCRIPTS = (_HERE / "no_openexr.py", _HERE / "answer.py", _HERE.with_name("installed") / "traces.py")
_STEP = 15  # pixels, less than a button is high
_ANSWERS = 3


class Window:
    """Blender's window: what a person does is done by mouse and keys, what is behind it is only asked.

    Attributes:
        editor: the kind of editor whose sidebar is meant.
    """

    editor = "VIEW_3D"

    def __init__(self, process: "subprocess.Popen[str]", display: str, questions: Path, console: Path) -> None:
        self._process, self._display = process, display
        self._questions, self._console, self._asked = questions, console, 0
        self._found = 0.5, 0  # where in the sidebar the last button was, and the next one may be too

    def ask(self, expression: str, seconds: float = 60) -> Any:
        """The value of a Python expression in Blender, through JSON; names of answer.py are there."""
        self._asked += 1
        answer = self._questions / f"{self._asked}.json"
        question = answer.with_suffix(".new")
        question.write_text(expression)
        question.rename(answer.with_suffix(".ask"))
        end = time.monotonic() + seconds
        while not answer.exists():
            assert self._process.poll() is None, f"Blender has ended:\n{self.console()}"
            assert time.monotonic() < end, f"No answer to {expression}:\n{self.console()}"
            time.sleep(0.005)
        said = json.loads(answer.read_text())
        assert "error" not in said, said["error"]
        return said["value"]

    def wait_for_end(self, seconds: float = 60) -> int:
        """Wait for Blender to end; returns its exit code."""
        return self._process.wait(seconds)

    def wait_for(self, expression: str, seconds: float = 60) -> None:
        end = time.monotonic() + seconds
        while not self.ask(expression):
            assert time.monotonic() < end, f"Still not after {seconds} s: {expression}"
            time.sleep(0.1)

    def move(self, x: int, y: int) -> None:
        """Move the mouse to window coordinates from the top left."""
        self._xdotool("mousemove", x, y)
        time.sleep(0.15)

    def click(self, x: int, y: int) -> None:
        self.move(x, y)
        self._xdotool("click", 1)
        time.sleep(0.3)

    def press(self, key: str) -> None:
        """Press a key for the window under the mouse; there is no window manager that would give it the focus."""
        place = dict(line.split("=") for line in self._xdotool("getmouselocation", "--shell").split())
        # Without --sync the key may be faster than the focus, and reach no window.
        self._xdotool("windowfocus", "--sync", place["WINDOW"])
        self._xdotool("key", key)
        time.sleep(0.3)

    def leave(self, escape: bool = True) -> None:
        """Put the mouse into the middle of the editor, and close what popped up there."""
        left, bottom, width, height = self.ask(f"(lambda a: [a.x, a.y, a.width, a.height])(editor({self.editor!r}))")
        self.move(left + width // 2, WINDOW_SIZE[1] - bottom - height // 2)
        if escape:
            self.press("Escape")
            time.sleep(0.5)

    def open_tab(self, name: str) -> None:
        """Open the sidebar of the editor, and in it the tab."""
        x, y, width, height = self._sidebar()
        if width <= 1:
            self.leave()
            self.press("n")
            self.wait_for(f"sidebar({self.editor!r}).width > 1")
            time.sleep(1)
            x, y, width, height = self._sidebar()
        for down in range(_STEP, height, _STEP):
            if self.ask(f"sidebar({self.editor!r}).active_panel_category") == name:
                return
            self.click(x + width - 8, y + down)
        raise AssertionError(f"The sidebar has no tab {name}")

    def press_button(self, operator: str) -> None:
        """Click the button of an operator in the sidebar, found by moving the mouse down over it."""
        x, y = self.find_button(operator)
        self.click(x, y)

    def find_button(self, operator: str, across: float = 0.5) -> tuple[int, int]:
        """Where the button of an operator is that is so far across the sidebar, from 0 at its left to 1."""
        return self._find("hovered_operator", operator, [across])

    def press_property(self, name: str) -> None:
        """Click the property in the sidebar, found likewise; that of a panel's header too."""
        self.click(*self._find("hovered_property", name, [0.7, 0.16, 0.13, 0.1]))

    def _find(self, hovered: str, wanted: str, places: list[float]) -> tuple[int, int]:
        left, top, width, height = self._sidebar()
        whole = re.compile(re.escape(wanted) + r"(?!\w)")  # "boxes" is not "boxes_3d"
        # Buttons that are pressed one after the other are often near each other.
        rows = sorted(range(_STEP, height, _STEP), key=lambda down: abs(down - self._found[1]))
        everywhere = list(itertools.product(places, rows))
        for place, down in [self._found, *everywhere, *everywhere]:
            at = left + round(width * place), top + down
            self._xdotool("mousemove", *at)
            # Blender answers between the events that it handles, so a later answer knows of the mouse for sure.
            if any(whole.search(self.ask(f"{hovered}({self.editor!r})")) for _ in range(_ANSWERS)):
                self._found = place, down
                return at
        self.screenshot(SCREENSHOTS / "no-button.png")
        raise AssertionError(f"No button of {wanted} can be pressed in the sidebar, see {SCREENSHOTS}/no-button.png")

    def screenshot(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["import", "-display", self._display, "-window", "root", str(path)], check=True)

    def console(self) -> str:
        return self._console.read_text(errors="replace")

    def _sidebar(self) -> tuple[int, int, int, int]:
        """Left, top, width, height, from the top left."""
        x, y, width, height = self.ask(f"(lambda r: [r.x, r.y, r.width, r.height])(sidebar({self.editor!r}))")
        return x, WINDOW_SIZE[1] - y - height, width, height

    def _xdotool(self, *arguments: object) -> str:
        command, environment = ["xdotool", *map(str, arguments)], os.environ | {"DISPLAY": self._display}
        return subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True).stdout


@contextlib.contextmanager
def open_window(blender: RealBlender, user: Path, scene: Path, share: list[Path]) -> Iterator[Window]:
    """Open a scene in Blender's window, and close it in the end."""
    questions = user / "questions"
    questions.mkdir(parents=True, exist_ok=True)
    for old in questions.iterdir():
        old.unlink()
    for script in _SCRIPTS:
        (user / script.name).write_text(script.read_text())
    console = user / "console.txt"
    width, height = map(str, WINDOW_SIZE)
    arguments = ["--window-geometry", "0", "0", width, height, scene]
    for script in _SCRIPTS[:2]:
        arguments += ["-P", user / script.name]
    arguments += ["--", questions]
    with virtual_display() as display, console.open("w") as output:
        process = subprocess.Popen(
            blender.command(arguments, [user, *share]),
            env=blender.environment(user, display),
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            window = Window(process, display, questions, console)
            window.ask("1", _START_SECONDS)
            yield window
        finally:
            process.kill()  # of the namespace that Blender runs in, see tools/real_blender.py
            process.wait()
