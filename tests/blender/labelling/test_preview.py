"""Preview Labels and Own Colors, and the table of objects."""

from pathlib import Path

import bpy
import pytest

from core.categories.palette import BACKGROUND, category_colours, instance_colours, linear_light
from tests.blender import labelled_scenes as scenes

WHITE = (1.0, 1.0, 1.0, 1.0)
MINE = (0.25, 0.5, 0.75, 0.5)


def colours(scene: bpy.types.Scene) -> dict[str, tuple[float, ...]]:
    return {ob.name: tuple(ob.color) for ob in scene.objects if ob.type == "MESH"}


def shadings() -> list[bpy.types.View3DShading]:
    screen = bpy.context.window_manager.windows[0].screen
    return [space.shading for area in screen.areas for space in area.spaces if space.type == "VIEW_3D"]


def looks() -> list[tuple[str, str]]:
    return [(shading.type, shading.color_type) for shading in shadings()]


def remembered() -> list[str]:
    return [ob.name for ob in bpy.data.objects if any("labelpass" in key for key in ob.keys())]  # noqa: SIM118


def expected(colour: tuple[int, int, int]) -> object:
    return pytest.approx(linear_light(colour), abs=1e-6)


@pytest.fixture
def viewport() -> bpy.types.View3DShading:
    """A 3D Viewport that shows materials, in the window that the bpy module has without showing it."""
    (shading, *_) = shadings()
    shading.type, shading.color_type = "SOLID", "TEXTURE"
    shading.type = "MATERIAL"
    return shading


def test_by_category_and_back(scene: bpy.types.Scene, viewport: bpy.types.View3DShading) -> None:
    scene.objects["Floor"]["category_id"] = 0
    scene.objects["Ball"].color = MINE
    before, look = colours(scene), looks()
    assert bpy.ops.labelpass.preview_labels(by="category") == {"FINISHED"}
    palette = category_colours(["Ball", "Cube"])
    found = colours(scene)
    assert found["Ball"] == expected(palette["Ball"])
    assert found["Cube"] == found["Cube.001"] == expected(palette["Cube"])
    assert found["Floor"] == expected(BACKGROUND)
    assert set(looks()) == {("SOLID", "OBJECT")}
    assert scene.labelpass.preview == "category"

    assert bpy.ops.labelpass.preview_labels(by="instance") == {"FINISHED"}
    found, palette = colours(scene), instance_colours(3)
    assert [found[name] for name in ("Ball", "Cube", "Cube.001")] == [expected(colour) for colour in palette]

    assert bpy.ops.labelpass.restore_colours() == {"FINISHED"}
    assert (colours(scene), looks(), remembered()) == (before, look, [])
    assert scene.labelpass.preview == "NONE"
    assert bpy.ops.labelpass.restore_colours() == {"CANCELLED"}


def test_groups_have_one_colour(scene: bpy.types.Scene) -> None:
    scene.objects["Cube"].parent = scene.objects["Cube.001"]
    scene.labelpass.grouping = "parent"
    bpy.ops.labelpass.preview_labels(by="instance")
    found = colours(scene)
    assert found["Cube"] == found["Cube.001"]
    assert len(set(found.values())) == 3


def test_again_after_a_change(scene: bpy.types.Scene) -> None:
    bpy.ops.labelpass.preview_labels(by="category")
    scene.objects["Ball"]["category_id"] = 0
    new = scenes.add_object(scene, "New", "cube", (0, 0, 3), 0)
    copy = scene.objects["Cube"].copy()  # with what is remembered
    scene.collection.objects.link(copy)
    bpy.ops.labelpass.preview_labels(by="category")
    assert tuple(scene.objects["Ball"].color) == expected(BACKGROUND)
    assert tuple(new.color) != WHITE
    bpy.ops.labelpass.restore_colours()
    assert set(colours(scene).values()) == {WHITE}
    assert remembered() == []


def test_saved_file_keeps_the_users_colours(
    scene: bpy.types.Scene, viewport: bpy.types.View3DShading, tmp_path: Path
) -> None:
    scene.objects["Ball"].color = MINE
    before, look = colours(scene), looks()
    bpy.ops.labelpass.preview_labels(by="category")
    shown = colours(scene)
    for load_ui in (True, False):
        bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "a.blend"))
        bpy.ops.wm.read_factory_settings()
        assert not {("SOLID", "OBJECT")} & set(looks())
        other = looks()
        bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "a.blend"), load_ui=load_ui)
        scene = bpy.context.scene
        assert colours(scene) == shown
        assert set(looks()) == {("SOLID", "OBJECT")}, "also in viewports that are not from the file"
        if load_ui:
            continue
        bpy.ops.labelpass.restore_colours()
        assert (colours(scene), looks()) == (before, other)
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "a.blend"), load_ui=True)
    bpy.ops.labelpass.restore_colours()
    assert colours(bpy.context.scene) == before
    assert len(looks()) == len(look)


def test_other_file_without_its_viewports_ends_the_preview(scene: bpy.types.Scene, tmp_path: Path) -> None:
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "a.blend"))
    look = looks()
    bpy.ops.labelpass.preview_labels(by="category")
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "a.blend"), load_ui=False)
    assert looks() == look


def test_undo_and_redo(scene: bpy.types.Scene, viewport: bpy.types.View3DShading, tmp_path: Path) -> None:
    (linked, _) = scenes.add_library(scene, tmp_path)
    scene.objects["Ball"].color = MINE
    bpy.ops.ed.undo_push(message="Before")
    before, look = colours(scene), looks()
    bpy.ops.labelpass.preview_labels(by="category")
    bpy.ops.ed.undo_push(message="Preview")
    shown = colours(scene)
    assert shown[linked.name] != WHITE

    bpy.ops.ed.undo()
    scene = bpy.context.scene
    assert (colours(scene), looks(), remembered()) == (before, look, [])
    bpy.ops.ed.redo()
    scene = bpy.context.scene
    assert (colours(scene), set(looks())) == (shown, {("SOLID", "OBJECT")})
    bpy.ops.labelpass.restore_colours()
    bpy.ops.ed.undo_push(message="Restored")
    bpy.ops.ed.undo()
    scene = bpy.context.scene
    assert (colours(scene), set(looks())) == (shown, {("SOLID", "OBJECT")})
    bpy.ops.labelpass.restore_colours()
    assert (colours(scene), looks(), remembered()) == (before, look, [])


def test_a_viewport_that_the_user_changed_since_stays_so(
    scene: bpy.types.Scene, viewport: bpy.types.View3DShading
) -> None:
    bpy.ops.labelpass.preview_labels(by="category")
    viewport.type = "WIREFRAME"
    bpy.ops.labelpass.restore_colours()
    assert viewport.type == "WIREFRAME"


def test_scene_that_contradicts_itself_changes_nothing(scene: bpy.types.Scene) -> None:
    scene.objects["Ball"]["category_id"] = "seven"
    before, look = colours(scene), looks()
    with pytest.raises(RuntimeError, match="category_id of 'Ball' is 'seven'"):
        bpy.ops.labelpass.preview_labels(by="category")
    assert (colours(scene), looks(), scene.labelpass.preview) == (before, look, "NONE")


def test_preview_is_in_the_checklist(scene: bpy.types.Scene) -> None:
    from labelpass.operators.labelling.labelled_objects import read_labelled_objects
    from labelpass.operators.preflight.panel_data import findings_of

    def texts() -> list[str]:
        return [finding.text for finding in findings_of(scene, read_labelled_objects(scene).facts)]

    assert not any("preview" in text for text in texts())
    bpy.ops.labelpass.preview_labels(by="instance")
    assert any("Objects have the colors of the preview" in text for text in texts())


def show_table(scene: bpy.types.Scene) -> bpy.types.PropertyGroup:
    from labelpass.operators.labelling.labelled_objects import read_labelled_objects
    from labelpass.operators.preflight.panel_data import ToShow, show

    shown = bpy.context.window_manager.labelpass.nothing
    show(shown, ToShow(read_labelled_objects(scene), [], {}))
    return shown


def test_table_of_the_village(tmp_path: Path) -> None:
    scene = bpy.context.scene
    scenes.build_village(scene, tmp_path)
    scene.labelpass.grouping = "parent"
    state = show_table(scene)
    rows = {item.object: (item.category, item.instance, item.origin) for item in state.objects}
    top = [item.object for item in state.objects[:3]]
    assert top == ["Catcher", "Ground", "Holdout"], "what has no category stands on top"
    assert rows["Ground"] == ("", "", "by custom property")
    assert rows["Catcher"] == rows["Holdout"] == ("", "", "since it is ignored")
    names = [item.object for item in state.objects[3:]]
    assert names == sorted(names)
    assert rows["Body of Car"] == rows["Wheel 0 of Car"] == ("car", "Car", "like Car")
    assert rows["Wheel 3 of Car.001"] == ("car", "Car.001", "like Car.001")
    assert rows["Bench"] == ("Park", "Bench", "by collection")
    assert rows["Oak.001"] == ("Oaks", "Oak.001", "by collection")
    assert rows["Bucket [library.blend]"] == ("container", "Bucket", "by custom property")
    assert rows["Roof"] == ("Roof", "Roof", "by object name"), "of an instanced collection"
    for name, category in scenes.NAMES.items():
        assert rows[name] == (category, name, "by object name")
    assert not {"Hidden", "Stored cube", "Excluded cube", "Cutter", "Stone", "Camera", "Car"} & set(rows)
    assert state.objects[names.index("Wheel 0 of Car") + 3].name == "Wheel 0 of Car car Car", "what the filter sees"


def test_table_follows_changes(scene: bpy.types.Scene) -> None:
    state = show_table(scene)
    assert [item.object for item in state.objects] == ["Ball", "Cube", "Cube.001", "Floor"]
    scene.objects["Floor"]["category_id"] = 0
    state = show_table(scene)
    assert [item.object for item in state.objects] == ["Floor", "Ball", "Cube", "Cube.001"]
    scene.objects["Ball"]["category"] = 3
    state = show_table(scene)
    assert len(state.objects) == 0 and "'Ball'" in state.categories_problem


def test_ten_thousand_objects(scene: bpy.types.Scene) -> None:
    from labelpass.operators.labelling.labelled_objects import read_labelled_objects

    mesh = bpy.data.meshes.new("Stone")
    for number in range(10_000):
        scene.collection.objects.link(bpy.data.objects.new(f"Stone.{number:05}", mesh))
    state = show_table(scene)
    assert len(state.objects) == 10_004
    first = state.objects[0].as_pointer()
    state = show_table(scene)
    assert state.objects[0].as_pointer() == first, "a table that is the same is not filled again"
    bpy.ops.labelpass.preview_labels(by="instance")
    assert len(set(colours(scene).values())) > 3_000
    bpy.ops.labelpass.restore_colours()
    assert set(colours(scene).values()) == {WHITE}
    assert read_labelled_objects(scene).facts.instances == 10_004
