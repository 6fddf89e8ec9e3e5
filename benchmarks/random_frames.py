"""What random frames take: python tools/blender.py -P benchmarks/random_frames.py [-- --frames 10000 --dropped 50 ...]

Bakes the demo scene in the bpy module: its things on the table, the camera around one of its bottles, and its lights.
Processor time, and bytes of the saved .blend. Whether the bottle is seen is then looked at once more in full: with all
triangles, at the resolution of the render.
"""

import argparse
import importlib.util
import os
import sys
import tempfile
from pathlib import Path

import bpy

CHECKOUT = Path(__file__).resolve().parent.parent
_TARGET = "bottle.001"
_MOST_SECONDS, _MOST_BYTES, _LEAST_SEEN = 60, 40, 0.99


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="benchmarks/random_frames.py", description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=10_000, help="baked without a look at them; default: %(default)s")
    parser.add_argument("--looked-at", type=int, default=300, help="baked by all conditions; default: %(default)s")
    parser.add_argument("--dropped", type=int, default=50, help="with a Physics Drop; default: %(default)s")
    options = parser.parse_args(arguments)
    _load_extension()
    _measure_baking(options.frames)
    _measure_conditions(options.looked_at)
    _measure_physics(options.dropped)
    return 0


def _load_extension() -> None:
    spec = importlib.util.spec_from_file_location(
        "labelpass", CHECKOUT / "__init__.py", submodule_search_locations=[str(CHECKOUT)]
    )
    package = sys.modules["labelpass"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(package)
    package.register()
    sys.path.insert(0, str(CHECKOUT / "examples/demo"))


def _demo() -> bpy.types.Scene:
    import build_scene
    from labelpass.operators.random_frames.adding import add_default_rows

    build_scene.build()
    scene = bpy.context.scene
    add_default_rows(scene)
    scene.labelpass.random_frames.rows["around_target"].around = scene.objects[_TARGET]
    return scene


def _measure_baking(count: int) -> None:
    from labelpass.operators.random_frames.bake import bake

    scene = _demo()
    stored = scene.labelpass.random_frames
    stored.in_view, stored.no_overlap = 0, False
    before = {compress: _saved(compress) for compress in (False, True)}
    report = bake(scene, range(1, count + 1), 1, list(stored.rows))
    seconds = sum(report.seconds.values())
    print(f"{count} frames, {report.keys} keyframes: {seconds:.1f} s", end="; ")
    print(f"drawn in {report.seconds['draw']:.1f} s, written in {report.seconds['write']:.1f} s", end="")
    print(f"; target {_MOST_SECONDS} s: {_met(seconds <= _MOST_SECONDS)}")
    for compress, size in before.items():
        grown = (_saved(compress) - size) / report.keys
        how = "with Compress" if compress else "without"
        print(f"bytes a keyframe {how}: {grown:.1f}; target {_MOST_BYTES}: {_met(grown <= _MOST_BYTES)}")


def _saved(compress: bool) -> int:
    """Bytes of the .blend."""
    with tempfile.TemporaryDirectory(prefix="labelpass-benchmarks-") as folder:
        path = Path(folder) / "scene.blend"
        bpy.ops.wm.save_as_mainfile(filepath=str(path), compress=compress, copy=True)
        return path.stat().st_size


def _measure_conditions(count: int) -> None:
    from labelpass.operators.labelling.labelled_objects import label_objects
    from labelpass.operators.random_frames import conditions
    from labelpass.operators.random_frames.bake import bake

    scene = _demo()
    stored = scene.labelpass.random_frames
    report = bake(scene, range(1, count + 1), 1, list(stored.rows))
    looks = count + report.draws
    print(f"{count} frames by all conditions: {1000 * report.seconds['check'] / looks:.0f} ms a look, {looks} looks")
    print(f"{report.redrawn} frames drawn again; {sum(report.unmet.values())} not as wanted in the end")
    conditions._SIDE = max(scene.render.resolution_x, scene.render.resolution_y)
    conditions.coarse = lambda mesh: mesh
    in_full = conditions.Conditions(scene, stored, label_objects(scene)[0], (), (), ())
    seen = 0
    for frame in range(1, count + 1):
        scene.frame_set(frame)
        seen += in_full.look(bpy.context.evaluated_depsgraph_get()).get(_TARGET, 0.0) >= stored.visible
    print(f"{_TARGET} is seen by {stored.visible:.0%} or more in {seen / count:.1%} of the frames", end="; ")
    print(f"target {_LEAST_SEEN:.0%}: {_met(seen >= _LEAST_SEEN * count)}")


def _measure_physics(count: int) -> None:
    from labelpass.core.random_frames.kinds import RowKind
    from labelpass.operators.random_frames.adding import add_row
    from labelpass.operators.random_frames.bake import bake

    scene = _demo()
    stored = scene.labelpass.random_frames
    stored.rows.clear()
    stored.in_view = 0
    add_row(scene, RowKind.DROP)
    report = bake(scene, range(1, count + 1), 1, list(stored.rows))
    draws = count + report.draws
    print(f"{count} frames of things that fall: {1000 * report.seconds['draw'] / draws:.0f} ms a draw, {draws} draws")
    print(f"{report.redrawn} frames drawn again; {sum(report.unmet.values())} not as wanted in the end")


def _met(is_met: bool) -> str:
    return "met" if is_met else "missed"


if __name__ == "__main__":
    code = main(sys.argv[sys.argv.index("--") + 1 :] if "--" in sys.argv else [])
    sys.stdout.flush()
    os._exit(code)  # the module may hang at its end where handlers are registered
