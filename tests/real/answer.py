"""Runs inside Blender (-P): answers what a test asks about the state behind the window.

A question is a file NAME.ask in the folder after "--" with a Python expression in it; its value goes to NAME.json.
"""

import contextlib
import json
import os
import runpy
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path

import bpy

_SECONDS_BETWEEN_LOOKS = 0.01
_FOLDER = Path(sys.argv[sys.argv.index("--") + 1])
# What there is of Labelpass in Blender, see tests/installed/traces.py.
_TRACES = runpy.run_path(str(Path(__file__).with_name("traces.py")))
traces, strays = _TRACES["traces"], _TRACES["strays"]


def editor(kind: str = "VIEW_3D") -> bpy.types.Area:
    areas = bpy.context.window_manager.windows[0].screen.areas
    return next(area for area in areas if area.type == kind)


def region(area: bpy.types.Area, kind: str) -> bpy.types.Region:
    return next(region for region in area.regions if region.type == kind)


def sidebar(kind: str = "VIEW_3D") -> bpy.types.Region:
    return region(editor(kind), "UI")


def hovered_operator(kind: str = "VIEW_3D") -> str:
    """What the button under the mouse in the sidebar does, as Python; "" if it is none, or grey."""
    return _copied(bpy.ops.ui.copy_python_command_button, kind)


def hovered_property(kind: str = "VIEW_3D") -> str:
    """The data path of the property under the mouse in the sidebar; "" if it is none."""
    return _copied(bpy.ops.ui.copy_data_path_button, kind)


def redraw_seconds(kind: str = "VIEW_3D", turns: int = 20) -> float:
    """How long the sidebar takes to lay itself out and to draw itself, the mean of some turns."""
    window = bpy.context.window_manager.windows[0]
    with bpy.context.temp_override(window=window, area=editor(kind), region=sidebar(kind)):
        start = time.perf_counter()
        bpy.ops.wm.redraw_timer(type="DRAW_SWAP", iterations=turns)  # DRAW leaves the layout out
        return (time.perf_counter() - start) / turns


def _copied(copy: Callable[[], object], kind: str) -> str:
    manager = bpy.context.window_manager
    manager.clipboard = ""
    with bpy.context.temp_override(window=manager.windows[0], area=editor(kind), region=sidebar(kind)):
        if copy.poll():
            copy()
    return manager.clipboard


def run(statements: str) -> None:
    """Run what a test needs to be prepared in Blender."""
    exec(statements, {"bpy": bpy})


def children() -> list[int]:
    """The processes that Blender has started and that still run."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # one that has just ended
            if int(path.read_text().rpartition(")")[2].split()[1]) == os.getpid():
                found.append(int(path.parent.name))
    return found


def threads() -> list[str]:
    """Python's threads; those of Blender that have called Python once are none."""
    return [thread.name for thread in threading.enumerate() if not isinstance(thread, threading._DummyThread)]


def refusal(operator: str) -> str:
    """What Blender says when an operator is called; "" if it does not refuse."""
    module, name = operator.split(".")
    try:
        getattr(getattr(bpy.ops, module), name)("INVOKE_DEFAULT")
    except RuntimeError as error:
        return str(error)
    return ""


def _answer() -> float:
    for question in _FOLDER.glob("*.ask"):
        try:
            answer = {"value": eval(question.read_text(), globals())}
        except Exception:
            answer = {"error": traceback.format_exc()}
        question.unlink()
        unfinished = question.with_suffix(".part")
        unfinished.write_text(json.dumps(answer, default=list))
        unfinished.rename(question.with_suffix(".json"))
    return _SECONDS_BETWEEN_LOOKS


bpy.app.timers.register(_answer, persistent=True)
