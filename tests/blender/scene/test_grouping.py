"""Objects that are one instance, from the scene to the dataset."""

import bpy

from tests.blender.outcome import exported, lines


def test_car_of_several_meshes_is_one_instance(scene: bpy.types.Scene) -> None:
    """Grouped by parent: one annotation whose area is that of its parts, and the same without Blender afterwards."""
    car = bpy.data.objects.new("Car.001", None)
    car["category"], car["category_id"] = "car", 5
    scene.collection.objects.link(car)
    for name in ("Cube", "Cube.001"):
        scene.objects[name].parent = car
    scene.frame_end = 1
    bpy.ops.render.render(animation=True)
    settings = scene.labelpass
    settings.source = "FILES"

    bpy.ops.labelpass.export_annotations()
    apart = exported().dataset
    settings.grouping = "parent"
    bpy.ops.labelpass.export_annotations()
    together = exported().dataset

    names = {category["id"]: category["name"] for category in apart["categories"]}
    areas = [one["area"] for one in apart["annotations"] if names[one["category_id"]] == "Cube"]
    assert len(areas) == 2
    (annotation,) = [one for one in together["annotations"] if one["category_id"] == 5]
    assert annotation["area"] == sum(areas)
    assert {category["name"]: category["id"] for category in together["categories"]} == {
        "Ball": 1,
        "Floor": 3,
        "car": 5,
    }, "a dataset keeps the ids that it has; Cube was 2"


def test_groups_that_objects_belong_to(scene: bpy.types.Scene) -> None:
    top, middle = (bpy.data.objects.new(name, None) for name in ("Train", "Wagon"))
    middle.parent, middle["category_id"] = top, 3
    scene.objects["Cube"].parent, scene.objects["Cube.001"].parent = middle, top
    scene.objects["Ball"]["instance_id"] = 12
    park = bpy.data.collections.new("Park.002")
    park["category"] = "park"
    scene.collection.children.link(park)
    for ob in (top, middle):
        scene.collection.objects.link(ob)
    scene.collection.objects.unlink(scene.objects["Ball"])
    park.objects.link(bpy.data.objects["Ball"])
    bpy.context.view_layer.update()

    from labelpass.operators.scene.scene_reader import read_scene

    record = read_scene(scene, bpy.context.evaluated_depsgraph_get())

    groups = {entry.name: (entry.parent, entry.collection, entry.instance_id) for entry in record.objects.entries}
    assert groups == {
        "Ball": ("", "Park.002", "12"),
        "Cube": ("Wagon", "", ""),
        "Cube.001": ("Train", "", ""),
        "Floor": ("", "", ""),
    }
    assert [(entry.name, entry.category) for entry in record.parents.entries] == [
        ("Train", "Train"),
        ("Wagon", "category_3"),
    ]
    assert [(entry.name, entry.category) for entry in record.collections.entries] == [("Park.002", "park")]


def test_filters_from_the_panel_to_the_dataset(scene: bpy.types.Scene) -> None:
    scene.frame_end = 1
    bpy.ops.render.render(animation=True)
    settings = scene.labelpass
    settings.source, settings.labels, settings.at_border = "FILES", "crypto_object", "mark"
    bpy.ops.labelpass.export_annotations()
    coco = exported()
    names = {one["name"]: one["at_border"] for one in coco.dataset["annotations"]}
    assert names == {"Ball": False, "Cube": False, "Cube.001": False, "Floor": True}
    areas = {one["name"]: one["area"] for one in coco.dataset["annotations"]}

    settings.at_border, settings.min_area = "drop", min(areas.values()) + 1
    bpy.ops.labelpass.export_annotations()

    assert lines()[0] == "1 frame annotated; 2 instances, 2 dropped"
    coco = exported()
    left = {one["area"] for one in coco.dataset["annotations"]}
    assert left == set(areas.values()) - {min(areas.values()), areas["Floor"]}
    assert not any("at_border" in one for one in coco.dataset["annotations"])
