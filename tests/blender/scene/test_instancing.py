"""Instances that share a pass index or a Cryptomatte id, from the scene to the dataset."""

import json
import math
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest
from pycocotools.coco import COCO

from tests.agreement import share_right
from tests.blender import scatters
from tests.blender.outcome import exported, remarks
from tests.blender.programs import labelpass

SIZE = 96, 72
Array = np.ndarray


@pytest.fixture
def empty(tmp_path: Path) -> bpy.types.Scene:
    scene = bpy.context.scene
    scatters.prepare(scene, tmp_path / "frames", *SIZE)
    scatters.add_camera(scene, (0, -9, 5), 1.05)
    return scene


def export(scene: bpy.types.Scene, *, render: bool = True, **settings: Any) -> COCO:
    for name, value in settings.items():
        setattr(scene.labelpass, name, value)
    if render:
        bpy.ops.render.render(animation=True)
    assert bpy.ops.labelpass.export_annotations() == {"FINISHED"}
    return exported()


def painted(coco: COCO, frame: int = 0) -> Array:
    """The number of the annotation in each pixel, 0 for none."""
    image = coco.dataset["images"][frame]
    pixels = np.zeros((image["height"], image["width"]), dtype=int)
    for annotation in coco.loadAnns(coco.getAnnIds(image["id"])):
        mask = coco.annToMask(annotation).astype(bool)
        assert not pixels[mask].any(), "masks overlap"
        pixels[mask] = annotation["id"]
    return pixels


def by_name(coco: COCO, frame: int = 0) -> dict[str, dict[str, Any]]:
    found = coco.loadAnns(coco.getAnnIds(coco.dataset["images"][frame]["id"]))
    assert len({one["name"] for one in found}) == len(found)
    return {one["name"]: one for one in found}


def category_names(coco: COCO) -> Counter[str]:
    names = {category["id"]: category["name"] for category in coco.dataset["categories"]}
    return Counter(names[one["category_id"]] for one in coco.dataset["annotations"])


def compare_with_real_objects(scene: bpy.types.Scene, tmp_path: Path) -> float:
    """Export the scene, then the same with a real object for each instance; returns the share of right pixels."""
    ours = painted(export(scene))
    objects = scatters.make_real(scene)
    scene.render.filepath = str(tmp_path / "real" / "shot_####")
    truth = painted(export(scene, instancing="off"))
    assert objects >= len(np.unique(truth)) - 1 > 0
    return share_right(ours, truth)


def test_scatter_of_several_objects(empty: bpy.types.Scene, tmp_path: Path) -> None:
    """Two hundred visible instances and more of three objects that share one pass index, over and before each other."""
    empty.render.resolution_x, empty.render.resolution_y = 640, 480
    ground = scatters.add_mesh("Ground", empty.collection, "ground", 6)
    scatters.scatter_nodes(ground, scatters.stones(), 4.0)

    right = compare_with_real_objects(empty, tmp_path)

    coco = COCO(tmp_path / "frames/annotations/instances.json")
    assert len(coco.dataset["annotations"]) >= 200
    assert set(category_names(coco)) == {"boulder", "brick", "spike"}
    assert right >= 0.9995


@pytest.mark.parametrize("labels", ["object_index", "crypto_object"])
def test_ground_with_the_label_of_its_stones(empty: bpy.types.Scene, tmp_path: Path, labels: str) -> None:
    """Objects that nodes bring in "as geometry" carry the index and the name of the ground."""
    empty.render.resolution_x, empty.render.resolution_y = 320, 240
    ground = scatters.add_mesh("Ground", empty.collection, "ground", 6, 5)
    ground["category"] = "ground"
    scatters.stones()
    scatters.scatter_nodes(ground, bpy.data.objects["Boulder"], 2.0, as_instance=False)
    empty.labelpass.labels = labels

    right = compare_with_real_objects(empty, tmp_path)

    coco = COCO(tmp_path / "frames/annotations/instances.json")
    counts = category_names(coco)
    assert counts["ground"] == 1 and counts["boulder"] >= 100 and len(counts) == 2
    assert right >= 0.999


def test_several_samples(empty: bpy.types.Scene, tmp_path: Path) -> None:
    """Eight samples, Cryptomatte: the depth of a pixel is that of one of them."""
    empty.render.resolution_x, empty.render.resolution_y = 320, 240
    empty.cycles.samples = 8
    ground = scatters.add_mesh("Ground", empty.collection, "ground", 6)
    scatters.scatter_nodes(ground, scatters.stones(), 2.0)
    empty.labelpass.labels = "crypto_object"
    assert compare_with_real_objects(empty, tmp_path) >= 0.998


def collections_of_stones(scene: bpy.types.Scene, squeeze: bool) -> None:
    library = bpy.data.collections.new("Library")
    scatters.add_mesh("Stone", library, "stone", 0.7, 3)
    scatters.add_mesh("Box", library, "box", 0.4, 4).location = (0.9, 0.1, 0.2)
    for number in range(6):
        empty = bpy.data.objects.new("Place", None)
        empty.instance_type, empty.instance_collection = "COLLECTION", library
        empty.location = (number - 3, 0.6 * number - 2, 0.1 * number)
        if squeeze:
            empty.scale = (1.6, -0.8, 0.7) if number % 2 else (0.5, 1.0, 1.4)
            empty.rotation_euler = (0.3 * number, 0.2, number)
        scene.collection.objects.link(empty)


def test_collection_instances(empty: bpy.types.Scene, tmp_path: Path) -> None:
    collections_of_stones(empty, squeeze=False)
    assert compare_with_real_objects(empty, tmp_path) >= 0.999
    names = set(by_name(COCO(tmp_path / "frames/annotations/instances.json")))
    assert names == {f"{name} #{number}" for name in ("Stone", "Box") for number in range(1, 7)}


def test_uneven_and_negative_scale(empty: bpy.types.Scene, tmp_path: Path) -> None:
    collections_of_stones(empty, squeeze=True)
    assert compare_with_real_objects(empty, tmp_path) >= 0.999


def test_collection_instance_as_one_instance(empty: bpy.types.Scene) -> None:
    """Parts with a common parent are one instance, and those of another copy another one."""
    collections_of_stones(empty, squeeze=False)
    bpy.data.objects["Box"].parent = bpy.data.objects["Stone"]
    apart = export(empty)
    areas = {name: one["area"] for name, one in by_name(apart).items()}

    together = by_name(export(empty, render=False, grouping="parent"))

    assert set(together) == {f"Stone #{number}" for number in range(1, 7)}
    for number in range(1, 7):
        assert together[f"Stone #{number}"]["area"] == areas[f"Stone #{number}"] + areas[f"Box #{number}"]


def particles(scene: bpy.types.Scene) -> None:
    stone = scatters.add_mesh("Stone", scene.collection, "stone", 1.0, 4)
    stone.hide_render = True
    emitter = scatters.add_mesh("Emitter", scene.collection, "ground", 4)
    system = emitter.modifiers.new("Particles", "PARTICLE_SYSTEM").particle_system.settings
    system.count, system.frame_start, system.frame_end, system.lifetime = 40, 1, 1, 1000
    system.normal_factor, system.physics_type = 0, "NO"
    system.render_type, system.instance_object, system.particle_size, system.size_random = "OBJECT", stone, 0.3, 0.4
    scene.frame_start = scene.frame_end = 5


def vertex_instances(scene: bpy.types.Scene) -> None:
    places = scatters.add_mesh("Places", scene.collection, "ground", 3)
    places.instance_type = "VERTS"
    places.show_instancer_for_render = False
    child = scatters.add_mesh("Cone", scene.collection, "cone", 0.12, 2)
    child.parent = places


def face_instances(scene: bpy.types.Scene) -> None:
    places = scatters.add_mesh("Places", scene.collection, "stone", 2.5, detail=1)
    places.instance_type, places.use_instance_faces_scale = "FACES", True
    places.show_instancer_for_render = False
    child = scatters.add_mesh("Box", scene.collection, "box", 0.4, 2)
    child.parent = places


def texts(scene: bpy.types.Scene) -> None:
    """Blender lists the mesh of a text as an instance, one level further in."""
    library = bpy.data.collections.new("Library")
    text = bpy.data.objects.new("Word", bpy.data.curves.new("Word", "FONT"))
    text.data.body, text.data.extrude, text.pass_index = "Ab", 0.2, 7
    library.objects.link(text)
    for number in range(5):
        empty = bpy.data.objects.new("Place", None)
        empty.instance_type, empty.instance_collection = "COLLECTION", library
        empty.location, empty.rotation_euler = (1.5 * number - 3.5, number % 2, 0), (1.2, 0.0, 0.1 * number)
        scene.collection.objects.link(empty)


@pytest.mark.parametrize("build", [particles, vertex_instances, face_instances, texts])
def test_other_ways_to_make_instances(
    empty: bpy.types.Scene, tmp_path: Path, build: Callable[[bpy.types.Scene], None]
) -> None:
    empty.render.resolution_x, empty.render.resolution_y = 240, 180
    build(empty)
    assert compare_with_real_objects(empty, tmp_path) >= 0.998
    coco = COCO(tmp_path / "frames/annotations/instances.json")
    assert len(coco.dataset["annotations"]) >= 5
    # The real objects of the comparison have a category each, by their names.
    assert all("#" in name for name in by_name(coco))
    assert [text for text in remarks() if "categories differ only in numbers" not in text] == []


@pytest.mark.parametrize("change", ["orthographic", "shifted", "tiny", "huge", "crop"])
def test_cameras_and_scales(empty: bpy.types.Scene, tmp_path: Path, change: str) -> None:
    empty.render.resolution_x, empty.render.resolution_y = 240, 180
    camera = empty.camera
    ground = scatters.add_mesh("Ground", empty.collection, "ground", 6, 5)
    scatters.stones()
    scatters.scatter_nodes(ground, bpy.data.objects["Boulder"], 1.0, as_instance=False)
    if change == "orthographic":
        camera.data.type, camera.data.ortho_scale, camera.data.shift_x = "ORTHO", 9, 0.1
    elif change == "shifted":
        camera.data.shift_y, camera.data.lens, empty.render.pixel_aspect_x = 0.15, 30, 1.2
        if hasattr(empty.render.image_settings, "use_exr_interleave"):
            empty.render.image_settings.use_exr_interleave = True
    elif change == "crop":
        render = empty.render
        render.use_border = render.use_crop_to_border = True
        render.border_min_x, render.border_max_x, render.border_min_y, render.border_max_y = 0.21, 0.777, 0.13, 0.91
    else:
        factor = 1e-3 if change == "tiny" else 1e3
        root = bpy.data.objects.new("Root", None)
        empty.collection.objects.link(root)
        root.scale = (factor,) * 3
        ground.parent = root
        camera.location *= factor
        camera.data.clip_start, camera.data.clip_end = 0.1 * factor, 1000 * factor
    assert compare_with_real_objects(empty, tmp_path) >= 0.998


def moving_scatter(scene: bpy.types.Scene) -> None:
    """The ground turns, and a stone more comes in each frame."""
    ground = scatters.add_mesh("Ground", scene.collection, "ground", 6)
    modifier = scatters.scatter_nodes(ground, scatters.stones(), 0.2)
    points = next(node for node in modifier.node_group.nodes if node.bl_idname.endswith("DistributePointsOnFaces"))
    density = points.inputs["Density"]
    for frame in (1, 2, 3):
        ground.rotation_euler.z = 0.2 * frame
        ground.keyframe_insert("rotation_euler", frame=frame)
        density.default_value = 0.2 + 0.1 * frame
        density.keyframe_insert("default_value", frame=frame)
    scene.frame_end = 3


def test_track_ids_stay(empty: bpy.types.Scene, tmp_path: Path) -> None:
    moving_scatter(empty)
    empty.render.resolution_x, empty.render.resolution_y = 240, 180
    coco = export(empty)

    from labelpass.core.labels.track_ids import track_id
    from labelpass.core.scene.scene_geometry import SceneGeometry
    from labelpass.core.scene.scene_record import SceneRecord

    # Where Blender says that each one is, and where its mask is.
    identity_of = {track["id"]: track.get("instance") for track in coco.dataset["tracks"]}
    seen: dict[int, set[int]] = {}
    for number, image in enumerate(coco.dataset["images"]):
        path = tmp_path / f"frames/scenes/shot_{image['frame']:04}.json"
        record = SceneRecord.read(path)
        surfaces = SceneGeometry.read(path, record.geometry).surfaces
        where = {
            track_id(one.object, one.instancer, one.path, 1): record.camera.project(
                one.matrix[None, :3, 3].astype(float)
            )[0]
            for one in surfaces
        }
        assert len(where) == len(surfaces)
        for annotation in by_name(coco, number).values():
            x, y, width, height = annotation["bbox"]
            identity = identity_of[annotation["track_id"]]
            px, py, _ = where[identity]
            if x > 0 and y > 0 and x + width < image["width"] and y + height < image["height"]:
                assert x - 2 <= px <= x + width + 2 and y - 2 <= py <= y + height + 2
            seen.setdefault(identity, set()).add(image["frame"])
    assert max(seen) < 2**53
    assert sum(frames == {1, 2, 3} for frames in seen.values()) >= 15
    assert any(1 not in frames for frames in seen.values())


def test_annotated_while_rendering_is_the_same(empty: bpy.types.Scene, tmp_path: Path) -> None:
    moving_scatter(empty)
    empty.labelpass.while_rendering = True
    bpy.ops.render.render(animation=True)
    empty.labelpass.while_rendering = False
    folder = tmp_path / "frames"
    live = {path: path.read_bytes() for path in folder.rglob("*") if path.suffix in (".json", ".npz")}
    assert any(path.suffix == ".npz" for path in live)
    assert all("track_id" in one for one in COCO(folder / "annotations/instances.json").dataset["annotations"])

    export(empty, render=False, redo=True)

    assert {path: path.read_bytes() for path in live} == live


def test_meshes_are_written_once(empty: bpy.types.Scene, tmp_path: Path) -> None:
    moving_scatter(empty)
    export(empty)
    scenes = tmp_path / "frames/scenes"
    assert len(list(scenes.glob("*.npz"))) == 3
    assert len(list((scenes / "meshes").iterdir())) == 3  # of the three stones


def test_without_blender_it_is_the_same(empty: bpy.types.Scene, tmp_path: Path) -> None:
    moving_scatter(empty)
    export(empty)
    file = tmp_path / "frames/annotations/instances.json"
    frames, again = tmp_path / "frames", tmp_path / "again"
    settings = ["--scene", frames, "--image-format", "none", "--no-pictures"]
    assert labelpass("annotate", frames, "--output", again, *settings).returncode == 0
    assert labelpass("merge", again).returncode == 0
    assert (tmp_path / "again/annotations/instances.json").read_bytes() == file.read_bytes()


@pytest.mark.parametrize("lack", ["depth", "blur", "panorama"])
def test_connected_pieces_where_depth_says_nothing(empty: bpy.types.Scene, tmp_path: Path, lack: str) -> None:
    """Three stones apart from each other are found all the same, and the record says how."""
    collection = bpy.data.collections.new("Library")
    scatters.add_mesh("Stone", collection, "stone", 0.5, 3)
    for number in range(3):
        place = bpy.data.objects.new("Place", None)
        place.instance_type, place.instance_collection = "COLLECTION", collection
        place.location = (2 * number - 2, 0, 0)
        empty.collection.objects.link(place)
    if lack == "depth":
        empty.view_layers[0].use_pass_z = False
    elif lack == "blur":
        empty.render.use_motion_blur = True
    else:
        empty.camera.data.type = "PANO"
    found = by_name(export(empty))

    assert set(found) == {"Stone #1", "Stone #2", "Stone #3"}
    assert not any("track_id" in one for one in found.values())
    assert any("connected pieces" in text for text in remarks())
    record = json.loads((tmp_path / "frames/records/shot_0001.json").read_text())["record"]
    assert {one["resolved"] for one in record["instances"]} == {"components"}


def test_position_instead_of_depth(empty: bpy.types.Scene, tmp_path: Path) -> None:
    collections_of_stones(empty, squeeze=True)
    layer = empty.view_layers[0]
    layer.use_pass_z, layer.use_pass_position = False, True
    assert compare_with_real_objects(empty, tmp_path) >= 0.999


def test_off(empty: bpy.types.Scene, tmp_path: Path) -> None:
    collections_of_stones(empty, squeeze=False)
    found = by_name(export(empty, instancing="off"))
    assert set(found) == {"Stone", "Box"}
    assert not list((tmp_path / "frames/scenes").glob("*.npz"))


def test_no_geometry_where_nothing_is_shared(scene: bpy.types.Scene, tmp_path: Path) -> None:
    """One instance of a collection, a curve that Blender lists as its own instance, and objects with a common index."""
    library = bpy.data.collections.new("Library")
    scatters.add_mesh("Stone", library, "stone", 0.5, 9)
    place = bpy.data.objects.new("Place", None)
    place.instance_type, place.instance_collection = "COLLECTION", library
    place.location = (0, -2, 1)
    text = bpy.data.objects.new("Text", bpy.data.curves.new("Text", "FONT"))
    for ob in (place, text):
        scene.collection.objects.link(ob)
    scene.objects["Cube.001"].pass_index = 1
    scene.frame_end = 1
    scene.labelpass.source = "FILES"
    coco = export(scene)
    assert not list((tmp_path / "frames/scenes").glob("*.npz"))
    assert {"Stone", "Cube"} <= set(by_name(coco)) and "Cube.001" not in by_name(coco)


def test_background_instances_are_background(empty: bpy.types.Scene) -> None:
    library = scatters.stones()
    library.objects["Brick"]["category_id"] = 0
    del library.objects["Brick"]["category"]
    scatters.scatter_nodes(scatters.add_mesh("Ground", empty.collection, "ground", 6), library, 0.5)
    assert set(category_names(export(empty))) == {"boulder", "spike"}


def test_the_render_counts_where_the_viewport_differs(empty: bpy.types.Scene) -> None:
    """Most of the particles are hidden in the viewport only: each that is rendered is an instance all the same."""
    particles(empty)
    whole = set(by_name(export(empty)))
    bpy.data.objects["Emitter"].particle_systems[0].settings.display_percentage = 40
    assert set(by_name(export(empty, redo=True))) == whole
    assert len(whole) > 20
    assert not any("lie on none of its copies" in text for text in remarks())


def test_hidden_instancers_count_for_nothing(empty: bpy.types.Scene) -> None:
    collections_of_stones(empty, squeeze=False)
    for number in range(1, 6):
        bpy.data.objects[f"Place.{number:03}"].hide_render = True
    assert set(by_name(export(empty))) == {"Stone", "Box"}


def test_deterministic_names(empty: bpy.types.Scene) -> None:
    """Numbered by instancer and persistent id, not by where the pixels are."""
    collections_of_stones(empty, squeeze=False)
    first = by_name(export(empty))
    middle = {name: one["bbox"][0] + one["bbox"][2] / 2 for name, one in first.items()}
    order = sorted((name for name in middle if name.startswith("Stone")), key=middle.__getitem__)
    assert order == [f"Stone #{number}" for number in range(1, 7)]
    empty.camera.rotation_euler.z += math.radians(3)
    again = by_name(export(empty, redo=True))
    assert {name: one["track_id"] for name, one in again.items()} == {
        name: one["track_id"] for name, one in first.items()
    }


def test_soft_masks_of_instances(empty: bpy.types.Scene, tmp_path: Path) -> None:
    """What one id covers is shared out: together as much as the object has if its copies are not separated."""
    collections_of_stones(empty, squeeze=True)
    empty.cycles.samples = 8
    sums = []
    for instancing in ("auto", "off"):
        coco = export(empty, labels="crypto_object", soft_masks=True, instancing=instancing, render=not sums)
        total = np.zeros(SIZE[::-1], dtype=int)
        for annotation in coco.dataset["annotations"]:
            x, y, width, height = annotation["soft_mask"]["bbox"]
            with np.load(tmp_path / "frames" / annotation["soft_mask"]["file_name"]) as arrays:
                level = arrays[annotation["soft_mask"]["array"]]
            whole = np.zeros(SIZE[::-1])
            whole[y : y + height, x : x + width] = level
            assert (whole[coco.annToMask(annotation) > 0] > 0).all()
            total[y : y + height, x : x + width] += level
        assert total.max() <= 255
        done = labelpass("validate", tmp_path / "frames")
        assert done.stdout.splitlines()[-1] == "Everything agrees", done.stdout
        sums.append(total)
    together, alone = sums
    assert len(coco.dataset["annotations"]) == 2
    assert abs(int(together.sum()) - int(alone.sum())) < 0.01 * alone.sum()
    assert np.abs(together - alone).max() <= 255 and (np.abs(together - alone) > 2).mean() < 0.005


def test_hidden_copies_are_left_out_one_by_one(empty: bpy.types.Scene) -> None:
    """Minimum Visibility goes by each copy, also where all of them share a label."""
    ground = scatters.add_mesh("Ground", empty.collection, "ground", 4, 1)
    scatters.scatter_nodes(ground, scatters.stones(), 2.0)
    everything = by_name(export(empty, amodal=True))
    parts = {name: one["amodal"]["visib_fract"] for name, one in everything.items()}
    expected = {name for name, part in parts.items() if part >= 0.6}
    assert 5 < len(expected) < len(parts) - 5

    left = by_name(export(empty, render=False, amodal=False, min_visibility=0.6))
    assert set(left) == expected
    assert all(one["segmentation"] == everything[name]["segmentation"] for name, one in left.items())
