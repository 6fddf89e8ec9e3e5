"""Runs in Blender for while_rendering.py: renders the animation of the open file, and prints how long that took.

tools/blender.py -b SCENE -P render_in_blender.py -- OUTPUT FRAMES on|off
"""

import importlib.util
import json
import os
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

import bpy

CHECKOUT = Path(__file__).resolve().parent.parent


def load_extension() -> None:
    spec = importlib.util.spec_from_file_location(
        "labelpass", CHECKOUT / "__init__.py", submodule_search_locations=[str(CHECKOUT)]
    )
    package = sys.modules["labelpass"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(package)
    package.register()


class Handlers:
    """The extension's handlers of Blender's events, with a clock around them.

    Attributes:
        seconds: by the clock on the wall, in all of them, what they wait for the worker at the end included.
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        for name in dir(bpy.app.handlers):
            handlers = getattr(bpy.app.handlers, name)
            if isinstance(handlers, list):
                handlers[:] = [
                    self._timed(handler) if handler.__module__.startswith("labelpass") else handler
                    for handler in handlers
                ]

    def _timed(self, handler: Callable[..., None]) -> Callable[..., None]:
        def timed(*arguments: object) -> None:
            start = time.perf_counter()
            try:
                handler(*arguments)
            finally:
                self.seconds += time.perf_counter() - start

        return timed


def processor_seconds(who: int) -> float:
    usage = resource.getrusage(who)
    return usage.ru_utime + usage.ru_stime


def main(output: str, frames: int, switch: str) -> None:
    load_extension()
    scene = bpy.context.scene
    scene.render.filepath = os.path.join(output, "demo_####")  # noqa: PTH118
    scene.frame_end = scene.frame_start + frames - 1
    scene.labelpass.while_rendering = switch == "on"
    handlers = Handlers()
    start, blender = time.perf_counter(), processor_seconds(resource.RUSAGE_SELF)
    bpy.ops.render.render(animation=True)
    figures = {
        "wall": time.perf_counter() - start,
        "blender": processor_seconds(resource.RUSAGE_SELF) - blender,
        "worker": processor_seconds(resource.RUSAGE_CHILDREN),
        "handlers": handlers.seconds,
    }
    print("FIGURES", json.dumps(figures), flush=True)


if __name__ == "__main__":
    arguments = sys.argv[sys.argv.index("--") + 1 :]
    main(arguments[0], int(arguments[1]), arguments[2])
