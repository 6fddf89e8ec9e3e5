"""Runs inside Blender (-P, after enable.py in the module): bakes frames 50 to 61 of the open demo, and tells them.

What is keyed in each is printed as JSON behind "FRAMES ". tests/data/random-frames-demo.json is what Blender 4.5
said; `... -P tests/installed/random_frame.py -- FILE` writes it.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import bpy

FIRST, COUNT = 50, 12


def bake() -> None:
    """Rows of all kinds that the demo has something for: some things stand, others fall."""
    scene = bpy.context.scene
    stored = scene.labelpass.random_frames
    for kind, values in (
        ("place_on_surface", {"things": "bottle, crate", "turning": "lying"}),
        ("drop", {"things": "apple"}),
        ("around_target", {}),
        ("lights", {"lights_min": 1}),
        ("exposure", {}),
    ):
        assert bpy.ops.labelpass.random_row_add(kind=kind) == {"FINISHED"}
        for name, value in values.items():
            setattr(stored.rows[-1], name, value)
    scene.frame_start, stored.count, stored.seed = FIRST, COUNT, 7
    assert bpy.ops.labelpass.random_bake() == {"FINISHED"}


def curves_of(animation: bpy.types.AnimData) -> Iterator[bpy.types.FCurve]:
    action = animation.action
    if bpy.app.version < (4, 4, 0):
        yield from action.fcurves
    else:
        for layer in action.layers:
            for strip in layer.strips:
                yield from strip.channelbag(animation.action_slot).fcurves


def frames() -> dict[str, list[float]]:
    """ "Apple.location[0]" -> value in each of the frames, of all that random frames have keyed."""
    told = {}
    for block in (*bpy.data.objects, *bpy.data.cameras, *bpy.data.lights, bpy.context.scene):
        animation = block.animation_data
        if animation and animation.action and animation.action.name.startswith("Random "):
            for curve in curves_of(animation):
                name = f"{block.bl_rna.identifier} {block.name}.{curve.data_path}[{curve.array_index}]"
                told[name] = [float(str(curve.evaluate(frame))) for frame in range(FIRST, FIRST + COUNT)]
    return told


if __name__ == "__main__":
    bake()
    found = frames()
    print("FRAMES", json.dumps(found))
    if "--" in sys.argv:
        lines = (f"{json.dumps(name)}: {json.dumps(values)}" for name, values in sorted(found.items()))
        file = Path(sys.argv[sys.argv.index("--") + 1])
        file.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
