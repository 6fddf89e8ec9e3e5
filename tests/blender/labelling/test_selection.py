"""The buttons that select objects by what they will be in the dataset."""

import bpy


def selected(scene: bpy.types.Scene) -> list[str]:
    return sorted(ob.name for ob in scene.objects if ob.select_get())


def test_select_objects_of_a_category(scene: bpy.types.Scene) -> None:
    assert bpy.ops.labelpass.select_category(category="Cube") == {"FINISHED"}
    assert selected(scene) == ["Cube", "Cube.001"]
    assert bpy.context.view_layer.objects.active.name == "Cube"
    assert bpy.ops.labelpass.select_category(category="Duck") == {"CANCELLED"}
    scene.objects["Cube"].hide_set(True)
    bpy.ops.labelpass.select_category(category="Cube")
    assert bpy.context.view_layer.objects.active.name == "Cube.001"


def test_select_what_is_in_the_table(scene: bpy.types.Scene) -> None:
    scene.objects["Floor"]["category_id"] = 0
    scene.objects["Cube"].parent = scene.objects["Cube.001"]
    scene.labelpass.grouping = "parent"
    bpy.ops.labelpass.select_instance(instance="Cube.001", category="Cube")
    assert selected(scene) == ["Cube", "Cube.001"]
    assert bpy.context.view_layer.objects.active.name == "Cube"
    bpy.ops.labelpass.select_background()
    assert selected(scene) == ["Floor"]
    bpy.ops.labelpass.select_labelled_object(object="Ball")
    assert selected(scene) == ["Ball"]
    bpy.ops.labelpass.select_labelled_object(object="Cube", extend=True)
    assert selected(scene) == ["Ball", "Cube"]
    assert bpy.context.view_layer.objects.active.name == "Cube"
    assert bpy.ops.labelpass.select_instance(instance="Duck", category="Duck") == {"CANCELLED"}
    assert bpy.ops.labelpass.select_instance(instance="", category="") == {"CANCELLED"}, "background is not an instance"
    assert selected(scene) == ["Ball", "Cube"]
