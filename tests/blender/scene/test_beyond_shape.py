"""What is seen of things beyond the shape that Blender gives of them: `validate` must not call such data wrong."""

import json
from pathlib import Path

import bpy
import numpy as np
import pytest
from pytest import approx

from tests.blender.programs import labelpass
from tests.blender.scenes import add_object, render_animation, turn_on_maps


@pytest.fixture
def world(scene: bpy.types.Scene) -> bpy.types.Scene:
    """Larger than the usual one, with every map and setting that `validate` holds shapes against."""
    scene.render.resolution_x, scene.render.resolution_y, scene.frame_end = 160, 120, 1
    panel = scene.labelpass
    panel.poses = panel.amodal = True
    panel.source = "FILES"
    turn_on_maps(scene, "depth_npy", "nocs_npy", "points_ply")
    return scene


def add_hair(ob: bpy.types.Object) -> bpy.types.ParticleSettings:
    ob.modifiers.new("Hair", "PARTICLE_SYSTEM")
    settings = ob.particle_systems[0].settings
    settings.type, settings.count, settings.hair_length, settings.render_type = "HAIR", 300, 1.5, "PATH"
    return settings


def displace(ob: bpy.types.Object) -> bpy.types.Material:
    """Move the surface outwards by 0.4, in the render only."""
    material = bpy.data.materials.new("Displaced")
    material.use_nodes = True
    material.displacement_method = "DISPLACEMENT"
    nodes, links = material.node_tree.nodes, material.node_tree.links
    node = nodes.new("ShaderNodeDisplacement")
    for name, value in (("Height", 0.4), ("Midlevel", 0.0), ("Scale", 1.0)):
        node.inputs[name].default_value = value
    end = next(node for node in nodes if node.type == "OUTPUT_MATERIAL")
    links.new(node.outputs["Displacement"], end.inputs["Displacement"])
    ob.data.materials.append(material)
    return material


def exported(scene: bpy.types.Scene, tmp_path: Path) -> dict:
    """The record of the frame, which `validate` has found nothing in."""
    render_animation()
    assert bpy.ops.labelpass.export_annotations() == {"FINISHED"}
    done = labelpass("validate", tmp_path / "frames")
    assert done.stdout.splitlines()[-1] == "Everything agrees", done.stdout
    for check in ("poses and projected boxes", "depth and 3D boxes", "amodal masks and counts", "depth and NOCS"):
        assert f"{check} (1)" in done.stdout
    return json.loads((tmp_path / "frames/records/shot_0001.json").read_text())["record"]


def sticks_out(record: dict, name: str) -> bool:
    """Whether an instance is seen well beyond its projected 3D box."""
    (one,) = (one for one in record["instances"] if one["name"] == name)
    x, y = np.array(one["pose"]["corners"]).T
    x0, y0, x1, y1 = one["box"]
    return bool(max(x.min() - x0, y.min() - y0, x1 - x.max(), y1 - y.max()) > 3)


def test_particle_hair(world: bpy.types.Scene, tmp_path: Path) -> None:
    add_hair(bpy.data.objects["Ball"])
    record = exported(world, tmp_path)
    assert sticks_out(record, "Ball")
    assert record["beyond_shape"] == {"Ball": "particle hair"}
    assert (
        "The 3D box and the hidden part of the amodal mask of 'Ball' are without the particle hair, of which Blender "
        "gives no shape"
    ) in record["notes"]


def test_hair_of_a_part(world: bpy.types.Scene, tmp_path: Path) -> None:
    """The instance is the parent, whose box is around all parts."""
    head, ball = add_object(world, "Bear", "cube", (0, -1, -0.6), 3), bpy.data.objects["Ball"]
    head.scale = (0.1, 0.1, 0.1)
    ball.parent, ball.matrix_parent_inverse = head, head.matrix_world.inverted()
    ball.location, ball.scale = (0, 0, 6), (10, 10, 10)
    world.labelpass.grouping = "parent"
    add_hair(ball)
    record = exported(world, tmp_path)
    assert sticks_out(record, "Bear")
    assert record["beyond_shape"] == {"Bear": "particle hair"}


def test_long_hair_before_a_small_head(world: bpy.types.Scene, tmp_path: Path) -> None:
    """Most of what is seen is far from the 3D box in depth too."""
    ball = bpy.data.objects["Ball"]
    ball.scale = (0.1, 0.1, 0.1)
    add_hair(ball).hair_length = 12.0
    assert exported(world, tmp_path)["beyond_shape"] == {"Ball": "particle hair"}


def test_displacement(world: bpy.types.Scene, tmp_path: Path) -> None:
    displace(bpy.data.objects["Ball"])
    record = exported(world, tmp_path)
    assert sticks_out(record, "Ball")
    assert record["beyond_shape"] == {"Ball": "displacement"}


def test_nothing_of_it_where_nothing_sticks_out(world: bpy.types.Scene, tmp_path: Path) -> None:
    """Bump moves no surface, and neither does a hair system that is off in the render, or shows objects."""
    left, right, ball = (bpy.data.objects[name] for name in ("Cube", "Cube.001", "Ball"))
    displace(left).displacement_method = "BUMP"
    add_hair(right)
    right.modifiers["Hair"].show_render = right.modifiers["Hair"].show_viewport = False
    add_hair(ball).render_type = "NONE"
    record = exported(world, tmp_path)
    assert record["beyond_shape"] == {}
    assert not any(sticks_out(record, ob.name) for ob in (left, right, ball))


@pytest.mark.skipif(bpy.app.version < (4, 5, 0), reason="no script can make the points of a cloud in Blender 4.2")
def test_points_have_a_size(world: bpy.types.Scene, tmp_path: Path) -> None:
    """The box of a point cloud is around its spheres, turned or scaled."""
    bpy.ops.object.pointcloud_random_add()
    cloud = bpy.context.object
    cloud.name, cloud.pass_index = "Cloud", 7
    cloud.location, cloud.rotation_euler, cloud.scale = (0, -2, 1), (0.3, 0.5, 0.7), (0.5, 0.5, 0.5)
    cloud.data.attributes["radius"].data.foreach_set("value", np.full(len(cloud.data.points), 0.8, np.float32))
    record = exported(world, tmp_path)
    (one,) = (one for one in record["instances"] if one["name"] == "Cloud")
    places = np.empty(3 * len(cloud.data.points), np.float32)
    cloud.data.attributes["position"].data.foreach_get("vector", places)
    places = places.reshape(-1, 3)
    assert one["pose"]["dimensions"] == approx((np.ptp(places, axis=0) + 1.6) / 2, abs=1e-5)
