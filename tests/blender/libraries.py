"""Libraries whose things have the same names, for the tests in Blender: a car's and a truck's.

new_scene(folder)           a scene without objects; both libraries go into the folder
instance_vehicles(scene)    each library's collection, instanced by an empty that has the category
link_bodies(scene)          an object of each library, linked by itself
"""

from pathlib import Path

import bpy

from tests.blender.scatters import add_camera, prepare
from tests.blender.scenes import add_object

VEHICLES = {"car": -2.0, "truck": 2.0}  # name of a library and of its category -> where it stands


def new_scene(folder: Path) -> bpy.types.Scene:
    """An empty scene to be labelled by Cryptomatte, one instance for each top-most parent."""
    for name in VEHICLES:
        _write_library(folder / "libraries" / f"{name}.blend")
    scene = bpy.context.scene
    prepare(scene, folder / "frames", 96, 72)
    scene["libraries"] = str(folder / "libraries")
    add_camera(scene, (0, -9, 3), 1.3)
    scene.labelpass.workers = 1
    scene.labelpass.labels, scene.labelpass.grouping = "crypto_object", "top_parent"
    return scene


def instance_vehicles(scene: bpy.types.Scene, same: bool = False) -> None:
    """A car on the left and a truck on the right, or, if they are the same, two vehicles."""
    for name in VEHICLES:
        with bpy.data.libraries.load(_path(scene, name), link=True) as (_, wanted):
            wanted.collections = ["Vehicle"]
        empty = bpy.data.objects.new(f"The {name}", None)
        empty.instance_type, empty.instance_collection = "COLLECTION", wanted.collections[0]
        empty["category"] = "vehicle" if same else name
        scene.collection.objects.link(empty)


def link_bodies(scene: bpy.types.Scene) -> list[bpy.types.Object]:
    """The car's and the truck's body."""
    found = []
    for name in VEHICLES:
        with bpy.data.libraries.load(_path(scene, name), link=True) as (_, wanted):
            wanted.objects = ["Body"]
        scene.collection.objects.link(wanted.objects[0])
        found.append(wanted.objects[0])
    return found


def _path(scene: bpy.types.Scene, name: str) -> str:
    return str(Path(scene["libraries"]) / f"{name}.blend")


def _write_library(path: Path) -> None:
    """A .blend with a collection of a body and two wheels; leaves the open file empty."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    vehicle = bpy.data.collections.new("Vehicle")
    scene.collection.children.link(vehicle)
    paint = bpy.data.materials.new("Paint")
    paint["category"] = path.stem
    body = add_object(scene, "Body", "cube", (VEHICLES[path.stem], 0, 0.8), 0, vehicle)
    body.data.materials.append(paint)
    for number, x in enumerate((-0.7, 0.7)):
        wheel = add_object(scene, f"Wheel.{number:03}", "ball", (x + VEHICLES[path.stem], -0.6, 0), 0, vehicle)
        wheel.scale = 0.6, 0.4, 0.6
    path.parent.mkdir(parents=True, exist_ok=True)
    bpy.ops.wm.save_as_mainfile(filepath=str(path), check_existing=False)
    bpy.ops.wm.read_factory_settings(use_empty=True)
