"""Runs in Blender for while_rendering.py: renders the animation of the open file, and prints how long that took.

tools/blender.py -b SCENE -P render_in_blender.py -- OUTPUT FRAMES on|off
"""

import importlib.util
import json
import os
import resource
import sys
import time
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


def processor_seconds() -> float:
    """Of this process and of those that it has started and that have ended."""
    both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in both)


def main(output: str, frames: int, switch: str) -> None:
    load_extension()
    scene = bpy.context.scene
    scene.render.filepath = os.path.join(output, "demo_####")  # noqa: PTH118
    scene.frame_end = scene.frame_start + frames - 1
    scene.labelpass.while_rendering = switch == "on"
    start, processor = time.perf_counter(), processor_seconds()
    bpy.ops.render.render(animation=True)
    figures = {"wall": time.perf_counter() - start, "cpu": processor_seconds() - processor}
    sys.modules["labelpass"].unregister()
    print("FIGURES", json.dumps(figures), flush=True)


arguments = sys.argv[sys.argv.index("--") + 1 :]
main(arguments[0], int(arguments[1]), arguments[2])
