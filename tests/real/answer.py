"""Runs inside Blender (-P): answers what a test asks about the state behind the window. It changes nothing.

A question is a file NAME.ask in the folder after "--" with a Python expression in it; its value goes to NAME.json.
"""

import contextlib
import json
import os
import sys
import traceback
from pathlib import Path

import bpy

_SECONDS_BETWEEN_LOOKS = 0.05
_FOLDER = Path(sys.argv[sys.argv.index("--") + 1])


def viewport() -> bpy.types.Area:
    areas = bpy.context.window_manager.windows[0].screen.areas
    return next(area for area in areas if area.type == "VIEW_3D")


def sidebar() -> bpy.types.Region:
    return next(region for region in viewport().regions if region.type == "UI")


def hovered_operator() -> str:
    """What the button under the mouse in the sidebar does, as Python; "" if it is none, or grey."""
    manager = bpy.context.window_manager
    manager.clipboard = ""
    with bpy.context.temp_override(window=manager.windows[0], area=viewport(), region=sidebar()):
        if bpy.ops.ui.copy_python_command_button.poll():
            bpy.ops.ui.copy_python_command_button()
    return manager.clipboard


def children() -> list[int]:
    """The processes that Blender has started and that still run."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # one that has just ended
            if int(path.read_text().rpartition(")")[2].split()[1]) == os.getpid():
                found.append(int(path.parent.name))
    return found


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
