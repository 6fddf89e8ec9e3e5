"""Things of several libraries with one name: each stays what it is, in every run."""

from pathlib import Path

import bpy
import numpy as np
import pytest
from pycocotools.coco import COCO

from tests.blender.libraries import VEHICLES, instance_vehicles, link_bodies, new_scene
from tests.blender.outcome import exported, lines, remarks
from tests.blender.programs import headless, labelpass

LEFT, RIGHT = [True, False], [False, True]


@pytest.fixture
def scene(tmp_path: Path) -> bpy.types.Scene:
    return new_scene(tmp_path)


def export(scene: bpy.types.Scene) -> COCO:
    bpy.ops.render.render(animation=True)
    assert bpy.ops.labelpass.export_annotations() == {"FINISHED"}, lines()
    assert labelpass("validate", Path(scene.render.filepath).parent).returncode == 0
    return exported()


def refused(scene: bpy.types.Scene) -> str:
    """What an export says of its only frame, which fails."""
    bpy.ops.render.render(animation=True)
    with pytest.raises(RuntimeError):
        bpy.ops.labelpass.export_annotations()
    (said,) = remarks()
    return said


def sides(coco: COCO) -> dict[tuple[str, str], list[bool]]:
    """Name and category of each annotation -> whether it has pixels in the left half, and in the right half."""
    names = {row["id"]: row["name"] for row in coco.dataset["categories"]}
    found = {}
    for row in coco.dataset["annotations"]:
        halves = np.array_split(coco.annToMask(row).astype(bool), 2, axis=1)
        assert (row["name"], names[row["category_id"]]) not in found
        found[row["name"], names[row["category_id"]]] = [bool(half.any()) for half in halves]
    return found


def test_a_car_and_a_truck_with_parts_of_the_same_names(scene: bpy.types.Scene, tmp_path: Path) -> None:
    """Wheels go to their own vehicle, poses and amodal masks know the parts, and every run gives the same bytes."""
    instance_vehicles(scene)
    scene.labelpass.poses = scene.labelpass.amodal = True
    coco = export(scene)
    assert sides(coco) == {("The car", "car"): LEFT, ("The truck", "truck"): RIGHT}
    assert remarks() == []
    for row in coco.dataset["annotations"]:
        assert row["pose"]["dimensions"][2] > 1.5  # of the body, which stands upon the wheels

    blend = tmp_path / "vehicles.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(blend), check_existing=False)
    ours = tmp_path / "frames"
    for seed in (1, 2):
        other = tmp_path / f"seed {seed}"
        done = headless(blend, "--output", other, seed=seed)
        assert done.returncode == 0, done.stderr
        for name in ("annotations/instances.json", "scenes/shot_0001.json", "scenes/shot_0001.npz"):
            assert (other / name).read_bytes() == (ours / name).read_bytes(), name


def test_objects_of_one_name_that_are_linked_alone(scene: bpy.types.Scene) -> None:
    """No instances: linked objects with a material each by which they get their category."""
    link_bodies(scene)
    scene.labelpass.grouping = "object"
    rule = scene.labelpass.table.rules.add()
    rule.source = "material"
    assert sides(export(scene)) == {("Body [car.blend]", "car"): LEFT, ("Body [truck.blend]", "truck"): RIGHT}


def test_a_local_object_with_the_name_of_a_linked_one(scene: bpy.types.Scene) -> None:
    """It keeps its name."""
    link_bodies(scene)[0].make_local()["category"] = "car"
    scene.labelpass.grouping = "object"
    assert set(sides(export(scene))) == {("Body", "car"), ("Body [truck.blend]", "Body")}


@pytest.mark.parametrize(
    ("same", "why"), [(False, "no Depth pass"), (True, "no Depth pass"), (False, "motion blur leaves no depth")]
)
def test_what_cannot_be_separated_is_an_error(scene: bpy.types.Scene, same: bool, why: str) -> None:
    """Two of different categories, or of one category and different groups."""
    instance_vehicles(scene, same)
    scene.view_layers[0].use_pass_z = "Depth" not in why
    scene.render.use_motion_blur = "motion" in why
    said = refused(scene)
    what = ("of 'The car'", "of 'The truck'") if same else ("car", "truck")
    assert f"'Body [car.blend]' ({what[0]}) and 'Body [truck.blend]' ({what[1]}) have the same name" in said
    assert why in said and "library override" in said


def test_pass_indices_by_library_override_need_no_depth(scene: bpy.types.Scene) -> None:
    """The way out that the error names."""
    bodies = link_bodies(scene)
    for number, linked in enumerate(bodies, start=1):
        ob = linked.override_create(remap_local_usages=True)
        ob.pass_index = number
        ob["category"] = list(VEHICLES)[number - 1]
    scene.view_layers[0].use_pass_z = False
    scene.labelpass.labels, scene.labelpass.grouping = "object_index", "object"
    found = sides(export(scene))
    assert {category: side for (_, category), side in found.items()} == {"car": LEFT, "truck": RIGHT}


def test_panel_and_dataset_call_things_alike(scene: bpy.types.Scene) -> None:
    from labelpass.operators.labelling.labelled_objects import read_labelled_objects

    instance_vehicles(scene)
    bpy.context.view_layer.update()
    found = read_labelled_objects(scene)
    assert {(one.instance, one.category) for one in found.objects} == {("The car", "car"), ("The truck", "truck")}
    assert found.facts.instances == 2
    assert found.facts.copies == "Body"
    clash = "'Body [car.blend]' (car) and 'Body [truck.blend]' (truck) have the same name"
    assert found.facts.namesakes.startswith(clash)


def test_a_linked_scene_with_the_name_of_another_one(scene: bpy.types.Scene, tmp_path: Path) -> None:
    """Blender renders scenes by name, and would render the other one."""
    link_bodies(scene)
    path = str(tmp_path / "scene.blend")
    bpy.data.libraries.write(path, {scene})
    with bpy.data.libraries.load(path, link=True) as (_, wanted):
        wanted.scenes = [scene.name]
    scene.labelpass.all_scenes = True
    with pytest.raises(RuntimeError, match=r"\[scene.blend\]' is linked and has the name of another scene"):
        bpy.ops.labelpass.export_annotations()
    scene.labelpass.all_scenes = False
    export(scene)


def test_materials_of_one_name(scene: bpy.types.Scene) -> None:
    from labelpass.operators.scene.scene_reader import read_scene

    link_bodies(scene)
    bpy.context.view_layer.update()
    record = read_scene(scene, bpy.context.evaluated_depsgraph_get())
    assert [(one.name, one.category) for one in record.materials.entries] == [
        ("Paint [car.blend]", "car"),
        ("Paint [truck.blend]", "truck"),
    ]
    assert {one.name: one.facts.materials for one in record.objects.entries} == {
        "Body [car.blend]": ("Paint [car.blend]",),
        "Body [truck.blend]": ("Paint [truck.blend]",),
    }
