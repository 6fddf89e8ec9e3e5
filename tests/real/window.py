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
from typing import Any, ClassVar

from tools.real_blender import WINDOW_SIZE, RealBlender, virtual_display

SCREENSHOTS = Path(__file__).resolve().parents[2] / "build/screenshots"
_START_SECONDS = 120
# What runs in Blender, and what they need next to it.
_HERE = Path(__file__).parent
_SCRIPTS = (_HERE / "forbidden.py", _HERE / "answer.py", _HERE.with_name("installed") / "traces.py")
_STEP = 15  # pixels, less than a button is high
# Blender answers between the events that it handles, so after so many answers it has handled what came before them.
_ANSWERS = 3
_BETWEEN_LOOKS = 0.1  # seconds


class Window:
    """Blender's window: what a person does is done by mouse and keys, what is behind it is asked, or prepared.

    Attributes:
        editor: the kind of editor whose sidebar is meant.
    """

    editor = "VIEW_3D"
    # Where each button and tab was the last time, by editor, in whatever window: where they are looked for first.
    _places: ClassVar[dict[tuple[str, str], tuple[float, int]]] = {}
    _tabs: ClassVar[dict[tuple[str, str], int]] = {}

    def __init__(self, process: "subprocess.Popen[str]", display: str, questions: Path, console: Path) -> None:
        self._process, self._display = process, display
        self._questions, self._console, self._asked = questions, console, 0
        self._console_read = 0
        self._found = 0.5, 0  # where in the sidebar the last button was, and the next one may be near

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

    def run(self, statements: str) -> None:
        """Run Python statements in Blender, to prepare what the test is about."""
        self.ask(f"run({statements!r})")

    @property
    def is_open(self) -> bool:
        return self._process.poll() is None

    def load(self, scene: Path) -> None:
        """Open another file, in which the window is arranged as it was when the file was saved."""
        self.ask(f"bpy.ops.wm.open_mainfile(filepath={str(scene)!r})")
        self.editor, self._console_read = "VIEW_3D", len(self._whole_console())
        self.settle()

    def settle(self) -> None:
        """Wait until Blender has handled the events so far."""
        for _ in range(_ANSWERS):
            self.ask("0")

    def wait_for_end(self, seconds: float = 60) -> int:
        """Wait for Blender to end; returns its exit code."""
        return self._process.wait(seconds)

    def wait_for(self, expression: str, seconds: float = 180) -> None:
        end = time.monotonic() + seconds
        while not self.ask(expression):
            assert time.monotonic() < end, f"Still not after {seconds} s: {expression}"
            time.sleep(_BETWEEN_LOOKS)

    def move(self, x: int, y: int) -> None:
        """Move the mouse to window coordinates from the top left."""
        self._xdotool("mousemove", x, y)
        self.settle()

    def click(self, x: int, y: int) -> None:
        self.move(x + 1, y)
        self.move(x, y)  # a panel that is drawn anew notices a mouse only when it moves
        self._xdotool("click", 1)
        self.settle()

    def press(self, key: str) -> None:
        """Press a key for the window under the mouse; there is no window manager that would give it the focus."""
        place = dict(line.split("=") for line in self._xdotool("getmouselocation", "--shell").split())
        # Without --sync the key may be faster than the focus, and reach no window.
        self._xdotool("windowfocus", "--sync", place["WINDOW"])
        self._xdotool("key", key)
        time.sleep(_BETWEEN_LOOKS)

    def leave(self, escape: bool = True) -> None:
        """Put the mouse into the middle of the editor, and close what popped up there."""
        self._move_into_middle(f"editor({self.editor!r})")
        if escape:
            self.press("Escape")
            self.settle()

    def close_render(self) -> None:
        """Close the window that a render has opened, as far as it did, and put the mouse back into the editor."""
        windows = "bpy.context.window_manager.windows"
        if self.ask(f"len({windows})") > 1:
            self._move_into_middle(f"{windows}[1]")
            self.press("Escape")
            self.wait_for(f"len({windows}) == 1", 10)
        self.leave()

    def _move_into_middle(self, rectangle: str) -> None:
        left, bottom, width, height = self.ask(f"(lambda r: [r.x, r.y, r.width, r.height])({rectangle})")
        self.move(left + width // 2, WINDOW_SIZE[1] - bottom - height // 2)

    def open_tab(self, name: str) -> None:
        """Open the sidebar of the editor, and in it the tab."""
        x, y, width, height = self._sidebar()
        if width <= 1:
            self.leave()
            self.press("n")
            self.wait_for(f"sidebar({self.editor!r}).width > 1")
            time.sleep(1)  # it slides in
            x, y, width, height = self._sidebar()
        tab = self.editor, name
        for down in [self._tabs.get(tab, _STEP), *range(_STEP, height, _STEP)]:
            if self.ask(f"sidebar({self.editor!r}).active_panel_category") == name:
                return
            self.click(x + width - 8, y + down)
            self._tabs[tab] = down
        raise AssertionError(f"The sidebar has no tab {name}")

    def press_button(self, operator: str) -> None:
        """Click the button of an operator in the sidebar, found by moving the mouse down over it."""
        x, y = self.find_button(operator)
        self.click(x, y)

    def find_button(self, operator: str, across: float = 0.5) -> tuple[int, int]:
        """Where the button of an operator is that is so far across the sidebar, from 0 at its left to 1."""
        return self._find("hovered_operator", operator, [across])

    def press_property(self, name: str) -> None:
        """Click the property in the sidebar, found likewise."""
        self.click(*self._find("hovered_property", name, [0.7]))

    def right_click_property(self, name: str) -> None:
        """Open the menu of the property in the sidebar, found likewise."""
        self.move(*self._find("hovered_property", name, [0.4]))
        self._xdotool("click", 3)
        self.settle()

    def press_header(self, name: str) -> None:
        """Click the property that is a switch in a panel's header."""
        self.click(*self._find("hovered_property", name, [0.16, 0.13, 0.1]))

    def _find(self, hovered: str, wanted: str, places: list[float]) -> tuple[int, int]:
        self.ask(f"sidebar({self.editor!r}).tag_redraw()")  # not all that a test sets makes Blender draw it
        self.settle()
        left, top, width, height = self._sidebar()
        whole = re.compile(re.escape(wanted) + r"(?!\w)")  # "boxes" is not "boxes_3d"

        def is_there() -> bool:
            return whole.search(self.ask(f"{hovered}({self.editor!r})")) is not None

        # Buttons that are pressed one after the other are often near each other.
        rows = sorted(range(_STEP, height, _STEP), key=lambda down: abs(down - self._found[1]))
        everywhere = list(itertools.product(places, rows))
        key = self.editor, wanted
        known = [self._places[key]] if key in self._places else []
        for place, down in [*known, self._found, *everywhere, *everywhere]:
            x, y = left + round(width * place), top + down
            self._xdotool("mousemove", x, y)
            if not any(is_there() for _ in range(_ANSWERS)):
                continue
            # The panel may be about to change; the mouse then has to move before Blender notices what is under it.
            time.sleep(_BETWEEN_LOOKS)
            self.move(x + 1, y)
            if is_there():
                self._found = self._places[key] = place, down
                return x, y
        self.screenshot(SCREENSHOTS / "no-button.png")
        raise AssertionError(f"No button of {wanted} can be pressed in the sidebar, see {SCREENSHOTS}/no-button.png")

    def screenshot(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["import", "-display", self._display, "-window", "root", str(path)], check=True)

    def console(self) -> str:
        """What Blender has printed since it was started, or since another file was loaded."""
        return self._whole_console()[self._console_read :]

    def _whole_console(self) -> str:
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
            # One thread that draws: the other cores have other tests to do.
            env=blender.environment(user, display) | {"LP_NUM_THREADS": "1"},
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
