"""What Blender needs to describe a frame of many objects, and how large that is.

    python tools/blender.py -P benchmarks/describe_scene.py [-- --objects 5000 --frames 100]

Processor time of Blender's process, the best of some turns: that which an export spends on each frame, and the panels
after each change, before any worker has to do with it. Then it writes the scene records of so many frames, in which
the camera moves.
"""

import argparse
import runpy
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import bpy

_CHECKOUT = Path(__file__).resolve().parents[1]
_COLLECTIONS, _MESHES, _MATERIALS = 8, 20, 10
_TURNS = 7


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="describe_scene.py", description="Measure the description of a scene")
    parser.add_argument("--objects", type=int, default=5000, help="how many there are; default: %(default)s")
    parser.add_argument("--frames", type=int, default=100, help="how many are written; default: %(default)s")
    options = parser.parse_args(arguments)
    runpy.run_path(str(_CHECKOUT / "benchmarks/render_in_blender.py"))["load_extension"]()
    from labelpass.core.base.files import canonical_json
    from labelpass.operators.labelling.labelled_objects import read_labelled_objects
    from labelpass.operators.scene.scene_reader import read_scene

    scene = _build(options.objects)
    depsgraph = bpy.context.evaluated_depsgraph_get()
    record = read_scene(scene, depsgraph)
    assert len(record.objects.entries) == options.objects
    print(f"{options.objects} objects, Blender {bpy.app.version_string}")
    for what, work in (
        ("scene to scene record", lambda: read_scene(scene, depsgraph)),
        ("scene record to JSON", lambda: canonical_json(record.as_json())),
        ("scene to the panels' data", lambda: read_labelled_objects(scene)),
    ):
        print(f"{what}: {_best(work) * 1000:.0f} ms")
    print(f"scene record that says everything by itself: {len(canonical_json(record.as_json())) / 1e6:.2f} MB")
    with tempfile.TemporaryDirectory(prefix="labelpass-benchmarks-") as folder:
        tables, records = _write(scene, Path(folder), options.frames)
    print(
        f"{options.frames} frames: {tables / 1e6:.2f} MB of tables once, {records / options.frames:.0f} bytes a frame"
    )


def _best(work: Callable[[], object]) -> float:
    """Seconds of processor time."""
    seconds = []
    for _ in range(_TURNS):
        start = time.process_time()
        work()
        seconds.append(time.process_time() - start)
    return min(seconds)


def _write(scene: bpy.types.Scene, folder: Path, frames: int) -> tuple[int, int]:
    """The bytes of the tables that the frames have in common, and of their records."""
    from labelpass.core.scene.scene_record import scene_path
    from labelpass.core.scene.shared_tables import is_shared_table
    from labelpass.operators.scene.scene_reader import read_scene

    for frame in range(1, frames + 1):
        scene.camera.location.x = frame / 10
        scene.frame_set(frame)
        read_scene(scene, bpy.context.evaluated_depsgraph_get()).write(scene_path(folder, f"frame_{frame:04}"))
    tables = records = 0
    for file in folder.rglob("*.json"):
        if is_shared_table(file):
            tables += file.stat().st_size
        else:
            records += file.stat().st_size
    return tables, records


def _build(count: int) -> bpy.types.Scene:
    """Objects without parents, sorted into collections, that share meshes and materials; named as copies are."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    materials = [bpy.data.materials.new(f"Material {number}") for number in range(_MATERIALS)]
    meshes = [bpy.data.meshes.new(f"Mesh {number}") for number in range(_MESHES)]
    for number, mesh in enumerate(meshes):
        mesh.materials.append(materials[number % _MATERIALS])
    collections = [bpy.data.collections.new(f"Collection {number}") for number in range(_COLLECTIONS)]
    for collection in collections:
        scene.collection.children.link(collection)
    for number in range(count):
        ob = bpy.data.objects.new(f"Stone.{number:05}", meshes[number % _MESHES])
        collections[number % _COLLECTIONS].objects.link(ob)
    scene.camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    scene.collection.objects.link(scene.camera)
    return scene


if __name__ == "__main__":
    main(sys.argv[sys.argv.index("--") + 1 :] if "--" in sys.argv else [])
