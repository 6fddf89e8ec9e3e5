"""What Annotate While Rendering adds to a render: python benchmarks/while_rendering.py [--frames 4] [--turns 3]

Renders the demo scene with it, each time in a Blender of its own (the bpy module), from the first frame to the written
dataset, and counts what would not be there without it: the processor time of the worker, and the time that Blender
spends in the extension's handlers, the wait for the last frame included. A renderer that keeps all cores busy ends
later by the time in the handlers and by the worker's processor time spread over the cores.

In turns it renders without it too. Two renders of the same frames differ by several percent on most machines, which is
why that comparison is shown and not judged.
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
_TARGET = 0.02


def main() -> int:
    parser = argparse.ArgumentParser(prog="benchmarks/while_rendering.py", description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=4, help="of the demo scene's animation; default: %(default)s")
    parser.add_argument("--turns", type=int, default=3, help="renders with and without it; default: %(default)s")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="labelpass-benchmarks-") as folder:
        scene = Path(folder) / "scene.blend"
        _blender("-P", CHECKOUT / "examples/demo/build_scene.py", "--", scene)
        _render(scene, 1, "off")  # reads Blender from disk for the first time
        cores = os.cpu_count() or 1
        print(f"{options.frames} frames, {cores} cores, load average before the run {os.getloadavg()[0]:.1f}")
        added, compared = [], []
        for turn in range(1, options.turns + 1):
            # Whoever comes second meets a warmer machine.
            order = ("off", "on") if turn % 2 else ("on", "off")
            figures = {switch: _render(scene, options.frames, switch) for switch in order}
            on, off = figures["on"], figures["off"]["wall"]
            extra = on["handlers"] + on["worker"] / cores
            added.append(extra / (on["wall"] - extra))
            compared.append(on["wall"] / off - 1)
            print(
                f"turn {turn}: {on['wall']:.1f} s with it, of them {on['handlers']:.2f} s in handlers, and "
                f"{on['worker']:.2f} s of processor time in the worker: {added[-1]:+.2%}; {off:.1f} s without it: "
                f"{compared[-1]:+.2%}",
                flush=True,
            )
    middle = statistics.median(added)
    print(f"added to the render time: {middle:+.2%} ({min(added):+.2%} to {max(added):+.2%}), ", end="")
    print(f"target {_TARGET:.0%}: {'met' if middle <= _TARGET else 'missed'}")
    print(f"with and without it compared: {min(compared):+.2%} to {max(compared):+.2%}")
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
    done = subprocess.run([*BLENDER, *map(str, arguments)], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"Blender ended with exit code {done.returncode}:\n{done.stderr[-2000:]}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
