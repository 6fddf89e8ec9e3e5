"""The panels that are closed at first: each setting is in one of them, and nothing that does not apply."""

import dataclasses

import bpy
import pytest
from labelpass.core.settings.settings import Settings
from labelpass.operators.properties import _PROPERTIES_OF
from labelpass.panels.categories import (
    ActiveCategory,
    Categories,
    LABELPASS_UL_categories,
    LABELPASS_UL_category_table,
)
from labelpass.panels.export import Export, LABELPASS_MT_formats
from labelpass.panels.export_settings import AFTER_MAPS, BEFORE_MAPS, Filters, Images, Performance, Splits
from labelpass.panels.instances import Instances
from labelpass.panels.maps import Maps

from tests.blender.drawing import Item, Layout, context_of, draw, look_again, operators, properties, texts

PANELS = (Export, LABELPASS_MT_formats, Instances, *BEFORE_MAPS, Maps, *AFTER_MAPS)
# How the panels show what is stored otherwise.
_SHOWN_AS = {"redo": "skip_finished", "instancing": "tell_apart", "splits": "split_train"}


def drawn(scene: bpy.types.Scene) -> list[str]:
    return [name for panel in PANELS for name in properties(draw(panel, scene))]


def test_every_setting_has_one_place(scene: bpy.types.Scene) -> None:
    """With all that makes a setting apply."""
    scene.view_layers.new("Other")
    bpy.data.scenes.new("Other")
    scene.render.use_multiview = True
    settings = scene.labelpass
    settings.source, settings.workers = "FILES", 2
    for name in _PROPERTIES_OF["formats"]:
        setattr(settings, name, True)
    look_again(scene)
    found = drawn(scene)
    for field in dataclasses.fields(Settings):
        for name in _PROPERTIES_OF[field.name]:
            # A format stands in the menu, and in the list where it is chosen.
            assert 1 <= found.count(_SHOWN_AS.get(name, name)) <= (2 if field.name == "formats" else 1), name


def test_what_does_not_apply_is_not_there(scene: bpy.types.Scene) -> None:
    scene.labelpass.workers = 0
    look_again(scene)
    absent = {"view_layer", "view", "all_view_layers", "all_views", "all_scenes", "workers", "cryptomatte", "fps"}
    assert absent & set(drawn(scene)) == set()
    scene.view_layers.new("Other")
    assert {"view_layer", "all_view_layers"} <= set(drawn(scene))


def test_indices_are_assigned_where_labels_come_from_them(scene: bpy.types.Scene) -> None:
    look_again(scene)
    assert "labelpass.assign_indices" in operators(draw(Instances, scene))
    scene.labelpass.labels = "crypto_object"
    look_again(scene)
    assert "labelpass.assign_indices" not in operators(draw(Instances, scene))
    scene.render.engine = "BLENDER_WORKBENCH"
    with pytest.raises(RuntimeError, match="poll"):
        bpy.ops.labelpass.assign_indices()


@pytest.mark.parametrize("panel", [Images, Filters, Performance, Instances, Maps])
def test_a_closed_panel_says_nothing_of_defaults(scene: bpy.types.Scene, panel: type) -> None:
    assert draw(panel, scene, "draw_header_preset") == []


def test_a_closed_panel_says_what_differs(scene: bpy.types.Scene) -> None:
    settings = scene.labelpass
    settings.image_format, settings.grouping, settings.maps_depth_png = "jpeg", "parent", True
    settings.min_area, settings.at_border, settings.while_rendering = 10, "drop", True

    def said(panel: type) -> list[str]:
        return texts(draw(panel, scene, "draw_header_preset"))

    assert said(Images) == ["JPEG"]
    assert said(Instances) == ["Per Parent"]
    assert said(Maps) == ["Depth"]
    assert said(Filters) == ["2 on"]
    assert said(Performance) == ["While rendering"]


def test_fractions_are_sliders(scene: bpy.types.Scene) -> None:
    item = next(item for item in draw(Filters, scene) if item.name == "min_visibility")
    assert item.options["slider"]
    assert scene.labelpass.bl_rna.properties["min_visibility"].subtype == "FACTOR"


def test_splits_are_percentages_of_what_is_stored(scene: bpy.types.Scene) -> None:
    settings = scene.labelpass
    assert texts(draw(Splits, scene, "draw_header_preset")) == ["80 : 20"]
    assert (settings.split_train, settings.split_val, settings.split_test) == (80, 20, 0)
    settings.split_test = 10
    assert settings.splits == "train=80,val=20,test=10"
    settings.split_test = 0
    assert settings.splits == "train=80,val=20"
    settings.split_train = settings.split_val = 0
    assert settings.splits == "val=20", "one of them stays"
    settings.splits = "day=1,night=2"
    assert "splits" in properties(draw(Splits, scene))
    settings.splits = "nonsense"
    assert "splits" in properties(draw(Splits, scene))
    assert texts(draw(Splits, scene, "draw_header_preset")) == []


def test_other_ways_to_choose_change_what_is_stored(scene: bpy.types.Scene) -> None:
    settings = scene.labelpass
    settings.skip_finished, settings.tell_apart, settings.processes = False, False, "FIXED"
    assert (settings.redo, settings.instancing) == (True, "off") and settings.workers > 0
    settings.skip_finished, settings.tell_apart, settings.processes = True, True, "AUTOMATIC"
    assert (settings.redo, settings.instancing, settings.workers) == (False, "auto", 0)


def test_why_a_map_cannot_be_is_said_below_a_chosen_one(scene: bpy.types.Scene) -> None:
    scene.view_layers[0].use_pass_normal = False
    look_again(scene)
    assert not [item for item in draw(Maps, scene) if item.alert]
    scene.labelpass.maps_normals_png = True
    look_again(scene)
    assert "Normal is off" in " ".join(item.text for item in draw(Maps, scene) if item.alert)


def row_of(scene: bpy.types.Scene, list_type: type, data: object, item: object) -> tuple[list[Item], Layout]:
    layout = Layout([])
    list_type.draw_item(None, context_of(scene), layout, data, item, 0, data, "category_index")
    return layout.items, layout


@pytest.mark.parametrize("largest", [9, 123, 2147483647])
def test_ids_are_shown_whole(scene: bpy.types.Scene, largest: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A digit takes half a unit of the interface at most, and Blender leaves a unit for the margins of a field."""
    bpy.ops.labelpass.categories_from_scene()
    table = scene.labelpass.table
    table.categories[0].id = largest
    widths = []
    monkeypatch.setattr(Layout, "prop", lambda self, data, name, **_: widths.append((name, self.ui_units_x)))
    row_of(scene, LABELPASS_UL_category_table, table, table.categories[0])
    assert dict(widths)["id"] >= 1 + 0.5 * len(str(largest))


def test_rows_of_categories_select_their_objects(scene: bpy.types.Scene) -> None:
    look_again(scene)
    shown = bpy.context.window_manager.labelpass.scenes[scene.name_full]
    items, _ = row_of(scene, LABELPASS_UL_categories, shown, shown.categories[0])
    assert [item.text for item in items if item.kind == "label"] == ["1", "Ball", "1"]
    assert next(item for item in items if item.kind == "operator").options == {"category": "Ball"}


def test_edit_categories_makes_the_table(scene: bpy.types.Scene) -> None:
    look_again(scene)
    items = draw(Categories, scene)
    assert next(item for item in items if item.kind == "operator").text == "Edit Categories"
    assert not ActiveCategory.poll(bpy.context)
    bpy.ops.labelpass.categories_from_scene()
    look_again(scene)
    items = draw(Categories, scene)
    assert [item.name for item in items if item.kind == "list"] == ["LABELPASS_UL_category_table"]
    assert "unknown" in properties(items) and ActiveCategory.poll(bpy.context)
    assert texts(draw(ActiveCategory, scene, "draw_header")) == ["Floor"], "the one that was added last"
    assert texts(draw(Categories, scene, "draw_header_preset")) == ["3"]
