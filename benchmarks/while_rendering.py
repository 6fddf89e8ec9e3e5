"""What Annotate While Rendering adds to a render: python benchmarks/while_rendering.py [--frames 8] [--turns 3]

Renders the demo scene with and without it in turns, each time in a Blender of its own (the bpy module), from the first
frame to the written dataset, so starting the worker and what is left to do after the last frame count too. Processor
time is that of Blender and of the worker together, on all cores.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
BLENDER = [sys.executable, str(CHECKOUT / "tools/blender.py")]
_TARGET = 1.02


def main() -> int:
    parser = argparse.ArgumentParser(prog="benchmarks/while_rendering.py", description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=8, help="of the demo scene's animation; default: %(default)s")
    parser.add_argument("--turns", type=int, default=3, help="renders with and without it; default: %(default)s")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="labelpass-benchmarks-") as folder:
        scene = Path(folder) / "scene.blend"
        _blender("-P", CHECKOUT / "examples/demo/build_scene.py", "--", scene)
        _render(scene, 1, "off")  # reads Blender from disk for the first time
        turns = []
        print(f"{options.frames} frames, {os.cpu_count()} cores, load average before the run {os.getloadavg()[0]:.1f}")
        for turn in range(1, options.turns + 1):
            # Whoever comes second meets a warmer machine.
            order = ("off", "on") if turn % 2 else ("on", "off")
            figures = {switch: _render(scene, options.frames, switch) for switch in order}
            turns.append(figures)
            print(f"turn {turn}: {_row(figures, 'wall')}; {_row(figures, 'cpu')}", flush=True)
    for kind, name in (("wall", "render time"), ("cpu", "processor time")):
        ratios = sorted(figures["on"][kind] / figures["off"][kind] for figures in turns)
        middle = statistics.median(ratios)
        verdict = "met" if middle <= _TARGET else "missed"
        print(
            f"{name}: {_percent(middle)} (from {_percent(ratios[0])} to {_percent(ratios[-1])}), target 2 %: {verdict}"
        )
    return 0


def _render(scene: Path, frames: int, switch: str) -> dict[str, float]:
    """Seconds for the frames: by the clock on the wall, and of processor time."""
    output = scene.with_name("render")
    said = _blender("-b", scene, "-P", CHECKOUT / "benchmarks/render_in_blender.py", "--", output, frames, switch)
    annotated = len(list(output.glob("records/*.json")))
    if annotated != (frames if switch == "on" else 0):
        raise SystemExit(f"{annotated} frames were annotated with the switch {switch}:\n{said[-2000:]}")
    shutil.rmtree(output)
    figures: dict[str, float] = json.loads(said.rpartition("FIGURES ")[2])
    return figures


def _blender(*arguments: object) -> str:
    return subprocess.run([*BLENDER, *map(str, arguments)], capture_output=True, text=True, check=True).stdout


def _row(figures: dict[str, dict[str, float]], kind: str) -> str:
    off, on = figures["off"][kind], figures["on"][kind]
    return f"{kind} {off:.1f} s without, {on:.1f} s with, {_percent(on / off)}"


def _percent(ratio: float) -> str:
    return f"{(ratio - 1) * 100:+.2f} %"


if __name__ == "__main__":
    sys.exit(main())
