"""Categories and instances from the scene: each source of a rule, libraries, scripts, holdouts, the table's buttons."""

from collections.abc import Callable
from pathlib import Path

import bpy
import numpy as np
import pytest
from pycocotools.coco import COCO

from tests.blender.outcome import exported
from tests.blender.scenes import add_collection, add_object, build_scene, fresh_blender, usual_scene


def read(table=None):
    from labelpass.operators.scene.scene_reader import read_scene

    bpy.context.view_layer.update()
    return read_scene(bpy.context.scene, bpy.context.evaluated_depsgraph_get(), table)


def categories_of(table=None) -> dict[str, str | None]:
    return {entry.name: entry.category for entry in read(table).objects.entries}


def empty(name: str, parent: bpy.types.Object | None = None) -> bpy.types.Object:
    made = bpy.data.objects.new(name, None)
    made.parent = parent
    bpy.context.scene.collection.objects.link(made)
    return made


def rules(*rows: dict, categories: tuple[dict, ...] = (), unknown: str = "background"):
    """A table from what a file of it has."""
    from labelpass.core.settings.category_files import table_from_json

    return table_from_json({"rules": list(rows), "categories": list(categories), "unknown": unknown})


def export_files() -> COCO:
    """The dataset of the frames on disk."""
    bpy.context.scene.labelpass.source = "FILES"
    assert bpy.ops.labelpass.export_annotations() == {"FINISHED"}
    return exported()


def named(coco: COCO, crowd: bool = False) -> dict[str, str]:
    """Name of each annotation -> name of its category."""
    names = {row["id"]: row["name"] for row in coco.dataset["categories"]}
    return {row["name"]: names[row["category_id"]] for row in coco.dataset["annotations"] if row["iscrowd"] == crowd}


# --- What rules look at -----------------------------------------------------------------------------------------------


def _mark(scene: bpy.types.Scene) -> None:
    ball = scene.objects["Ball"]
    ball["category"] = "toy"


def _material(scene: bpy.types.Scene) -> None:
    paint = bpy.data.materials.new("Paint.001")
    scene.objects["Ball"].data.materials.append(bpy.data.materials.new("Glue"))
    scene.objects["Ball"].data.materials.append(paint)


def _material_of_the_object(scene: bpy.types.Scene) -> None:
    _material(scene)
    slot = scene.objects["Ball"].material_slots[0]
    slot.link = "OBJECT"
    slot.material = bpy.data.materials["Paint.001"]


def _data(scene: bpy.types.Scene) -> None:
    scene.objects["Ball"].data.name = "Sphere.042"


def _index(scene: bpy.types.Scene) -> None:
    scene.objects["Ball"].pass_index = 17


def _tag(scene: bpy.types.Scene) -> None:
    scene.objects["Ball"].asset_mark()
    scene.objects["Ball"].asset_data.tags.new("round thing")


def _nested(scene: bpy.types.Scene) -> None:
    toys = add_collection("Toys")
    inner = add_collection("Small", add_collection("Middle", toys))
    inner.objects.link(scene.objects["Ball"])
    scene.collection.objects.unlink(scene.objects["Ball"])


def _tag_of_the_collection(scene: bpy.types.Scene) -> None:
    _nested(scene)
    bpy.data.collections["Toys"].asset_mark()
    bpy.data.collections["Toys"].asset_data.tags.new("round thing")


def _mark_of_the_collection(scene: bpy.types.Scene) -> None:
    _nested(scene)
    bpy.data.collections["Middle"]["category"] = "toy"
    bpy.data.collections["Toys"]["category"] = "not the nearest"


def _mark_of_the_material(scene: bpy.types.Scene) -> None:
    _material(scene)
    bpy.data.materials["Paint.001"]["category"] = "toy"


@pytest.mark.parametrize(
    ("prepare", "rule"),
    [
        (_mark, {"source": "property"}),
        (_material, {"source": "material", "pattern": "Paint*", "category": "toy"}),
        (_material_of_the_object, {"source": "material", "pattern": "Paint", "category": "toy"}),
        (_mark_of_the_material, {"source": "material"}),
        (lambda scene: None, {"source": "object_name", "pattern": "B?ll", "category": "toy"}),
        (_data, {"source": "data_name", "pattern": "Sphere", "category": "toy"}),
        (_index, {"source": "pass_index", "pattern": "10-20", "category": "toy"}),
        (_tag, {"source": "asset_tag", "pattern": "round*", "category": "toy"}),
        (_tag_of_the_collection, {"source": "asset_tag", "pattern": "round*", "category": "toy"}),
        (_nested, {"source": "collection", "pattern": "Small", "category": "toy"}),
        (_nested, {"source": "collection", "pattern": "Middle", "category": "toy"}),
        (_nested, {"source": "top_collection", "pattern": "Toys", "category": "toy"}),
        (_mark_of_the_collection, {"source": "collection"}),
    ],
)
def test_every_source(scene: bpy.types.Scene, prepare: Callable[[bpy.types.Scene], None], rule: dict) -> None:
    prepare(scene)
    found = categories_of(rules(rule))
    assert found == {"Ball": "toy", "Cube": None, "Cube.001": None, "Floor": None}


def test_a_pass_index_that_is_animated(scene: bpy.types.Scene) -> None:
    """Of the frame, and not of what the user edits."""
    ball = scene.objects["Ball"]
    for frame, index in ((1, 5), (2, 6)):
        ball.pass_index = index
        ball.keyframe_insert("pass_index", frame=frame)
    table = rules({"source": "pass_index", "pattern": "6", "category": "toy"})
    scene.frame_set(1)
    assert categories_of(table)["Ball"] is None
    scene.frame_set(2)
    assert categories_of(table)["Ball"] == "toy"


def test_names_in_several_scripts(scene: bpy.types.Scene) -> None:
    names = {"Cube": "自行车.001", "Cube.001": "машина", "Ball": "كرة", "Floor": "Straße ÄÖ"}
    for old, new in names.items():
        scene.objects[old].name = new
    table = rules(
        {"source": "object_name", "pattern": "自行*", "category": "велосипед"},
        {"source": "object_name", "pattern": "маш?на", "category": "車"},
        {"source": "object_name"},
        categories=({"name": "велосипед", "id": 3}, {"name": "車", "id": 1}, {"name": "كرة", "id": 2}),
    )
    assert categories_of(table) == {"自行车.001": "велосипед", "машина": "車", "كرة": "كرة", "Straße ÄÖ": None}

    from labelpass.operators.category_table import store_table

    store_table(scene, table)
    scene.frame_end = 1
    scene.labelpass.labels = "crypto_object"
    bpy.ops.render.render(animation=True)
    assert named(export_files()) == {"自行车.001": "велосипед", "машина": "車", "كرة": "كرة"}


# --- Libraries --------------------------------------------------------------------------------------------------------


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """A .blend with a collection Truck: a marked parent with two meshes, one of them tagged as an asset."""
    scene = bpy.context.scene
    truck = add_collection("Truck")
    root = bpy.data.objects.new("Chassis", None)
    truck.objects.link(root)
    for name in ("Cab", "Trailer"):
        add_object(scene, name, "cube", (0, 0, 0), 4, truck).parent = root
    bpy.data.objects["Cab"]["category"] = "cab"
    bpy.data.objects["Trailer"].asset_mark()
    bpy.data.objects["Trailer"].asset_data.tags.new("heavy")
    truck.asset_mark()
    path = tmp_path / "library.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(path), check_existing=False)
    bpy.ops.wm.read_factory_settings(use_empty=True)
    build_scene(bpy.context.scene)
    bpy.context.scene.render.filepath = str(tmp_path / "frames" / "shot_####")
    return path


def link_truck(library: Path) -> bpy.types.Collection:
    with bpy.data.libraries.load(str(library), link=True) as (_, wanted):
        wanted.collections = ["Truck"]
    return wanted.collections[0]


def instance_of(truck: bpy.types.Collection, name: str, x: float = 0.0) -> bpy.types.Object:
    gate = empty(name)
    gate.instance_type, gate.instance_collection = "COLLECTION", truck
    gate.location.x = x
    return gate


def test_linked_collection_instance_is_one_truck(library: Path) -> None:
    """The library cannot be changed, so the empty that instances it says what it is."""
    scene = bpy.context.scene
    gate = instance_of(link_truck(library), "Gate")
    assert (categories_of()["Cab"], categories_of()["Trailer"]) == ("cab", "Trailer")
    assert categories_of(rules({"source": "asset_tag", "pattern": "heavy", "category": "load"}))["Trailer"] == "load"
    assert categories_of(rules({"source": "collection", "pattern": "Truck", "category": "truck"}))["Cab"] == "truck"

    gate["category"] = "truck"
    scene.labelpass.grouping, scene.labelpass.labels = "top_parent", "crypto_object"
    scene.frame_end = 1
    bpy.ops.render.render(animation=True)
    coco = export_files()
    assert named(coco) == {"Ball": "Ball", "Cube": "Cube", "Cube.001": "Cube", "Floor": "Floor", "Gate": "truck"}


def test_two_instances_of_one_collection_have_no_one_parent(library: Path) -> None:
    truck = link_truck(library)
    instance_of(truck, "Gate")["category"] = "truck"
    instance_of(truck, "Yard", 3.0)["category"] = "truck"
    entries = {entry.name: entry for entry in read().objects.entries}
    assert entries["Cab"].facts.instancer == "" and entries["Cab"].parent == "Chassis"


def test_a_linked_object_that_is_named_like_a_local_one(library: Path) -> None:
    """Parents of one name are two."""
    scene = bpy.context.scene
    local = empty("Chassis")
    local["category"] = "bus"
    scene.objects["Cube"].parent = local
    instance_of(link_truck(library), "Gate")

    record = read()

    parents = {entry.name: entry.category for entry in record.parents.entries}
    assert parents["Chassis"] == "bus"
    assert parents["Chassis [library.blend]"] == "Chassis"
    assert {entry.name: entry.parent for entry in record.objects.entries if entry.parent} == {
        "Cab": "Chassis [library.blend]",
        "Trailer": "Chassis [library.blend]",
        "Cube": "Chassis",
    }


# --- Ignored ----------------------------------------------------------------------------------------------------------


def _holdout(scene: bpy.types.Scene) -> None:
    scene.objects["Ball"].is_holdout = True


def _holdout_collection(scene: bpy.types.Scene) -> None:
    _nested(scene)
    bpy.context.view_layer.layer_collection.children["Toys"].children["Middle"].children["Small"].holdout = True


def _shadow_catcher(scene: bpy.types.Scene) -> None:
    scene.objects["Ball"].is_shadow_catcher = True


def _property(scene: bpy.types.Scene) -> None:
    scene.objects["Ball"]["ignore"] = True


def _property_of_the_collection(scene: bpy.types.Scene) -> None:
    _nested(scene)
    bpy.data.collections["Toys"]["ignore"] = 1


def _listed_collection(scene: bpy.types.Scene) -> None:
    _nested(scene)
    rule = scene.labelpass.table.rules.add()
    rule.source, rule.pattern, rule.ignore = "collection", "Mid*", True


@pytest.fixture(scope="module")
def area_of_ball(tmp_path_factory: pytest.TempPathFactory) -> dict[str, float]:
    """Its pixels while nothing is ignored, by the labels that are taken."""
    with fresh_blender():
        scene, found = usual_scene(tmp_path_factory.mktemp("ball")), {}
        scene.frame_end = 1
        bpy.ops.render.render(animation=True)
        for labels in ("object_index", "crypto_object"):
            scene.labelpass.labels = labels
            found[labels] = next(row["area"] for row in export_files().dataset["annotations"] if row["name"] == "Ball")
    return found


@pytest.mark.parametrize("labels", ["object_index", "crypto_object"])
@pytest.mark.parametrize(
    "prepare",
    [_holdout, _holdout_collection, _shadow_catcher, _property, _property_of_the_collection, _listed_collection],
)
def test_what_is_ignored(
    scene: bpy.types.Scene, area_of_ball: dict[str, float], prepare: Callable[[bpy.types.Scene], None], labels: str
) -> None:
    """Its pixels are background, or a region to ignore where Blender writes any for it; never an instance."""
    scene.frame_end = 1
    scene.objects["Floor"].pass_index = 9
    scene.labelpass.labels = labels
    area = area_of_ball[labels]
    prepare(scene)
    bpy.ops.render.render(animation=True)
    coco = export_files()
    assert set(named(coco)) == {"Cube", "Cube.001", "Floor"}
    assert named(coco, crowd=True) == {}

    scene.labelpass.ignored = "crowd"
    coco = export_files()
    assert set(named(coco)) == {"Cube", "Cube.001", "Floor"}
    regions = [row for row in coco.dataset["annotations"] if row["iscrowd"]]
    if prepare in (_holdout, _holdout_collection):
        # Cycles writes no label for it. What is left is the hole in its alpha, and where its outline runs through a
        # pixel, the label of what stands behind.
        (found,) = {row["area"] for row in regions}
        assert 0.9 * area < found < 1.1 * area
    else:
        assert {row["area"] for row in regions} == {area}
    assert len(regions) == len(coco.dataset["categories"]), "it has no category, so it is ignored for all of them"


def test_holdouts_over_a_transparent_film_are_background_and_told(scene: bpy.types.Scene) -> None:
    scene.frame_end = 1
    scene.render.film_transparent = True
    scene.objects["Ball"].is_holdout = True
    scene.labelpass.ignored = "crowd"
    bpy.ops.render.render(animation=True)
    coco = export_files()
    assert named(coco, crowd=True) == {}
    (remark,) = bpy.context.window_manager.labelpass.remarks
    assert "Holdouts cannot be separated from the transparent background" in remark.text


def test_what_a_border_leaves_out_is_no_holdout(scene: bpy.types.Scene) -> None:
    render = scene.render
    scene.frame_end = 1
    render.use_border, render.use_crop_to_border = True, False
    render.border_min_x, render.border_max_x, render.border_min_y, render.border_max_y = 0.3, 1.0, 0.0, 1.0
    scene.objects["Ball"].is_holdout = True
    scene.labelpass.ignored = "crowd"
    bpy.ops.render.render(animation=True)
    coco = export_files()
    regions = [coco.annToMask(row) for row in coco.dataset["annotations"] if row["iscrowd"]]
    assert regions and 0 < regions[0].sum() < 300
    assert not regions[0][:, :19].any()


# --- Grouping ---------------------------------------------------------------------------------------------------------


def test_a_mixture_of_groupings(scene: bpy.types.Scene) -> None:
    """A car by its parent, bolts by their collection, all grass as one, and the rest each by itself."""
    car = empty("Car.007", empty("Parking lot"))
    for name in ("Cube", "Cube.001"):
        scene.objects[name].parent = car
    bolts = add_collection("Bolts", add_collection("Shelf"))
    for number, place in enumerate(((-2, 0, 2), (-1.4, 0, 2))):
        add_object(scene, f"Bolt.{number:03}", "ball", place, 0, bolts).scale = (0.3, 0.3, 0.3)
    for number, x in enumerate((-3, 3)):
        add_object(scene, f"Grass.{number:03}", "ball", (x, -2, -1), 0).data.name = "Blades"
    from labelpass.operators.category_table import store_table

    store_table(
        scene,
        rules(
            {"source": "object_name", "pattern": "Car*", "category": "car"},
            {"source": "collection", "pattern": "Bolts", "category": "bolt"},
            {"source": "data_name", "pattern": "Blades", "category": "grass"},
            {"source": "object_name"},
            categories=(
                {"name": "car", "id": 11, "supercategory": "vehicle", "grouping": "parent"},
                {"name": "bolt", "id": 5, "grouping": "collection"},
                {"name": "grass", "id": 2, "stuff": True},
                {"name": "Ball", "id": 3, "keypoints": ["top", "bottom"], "skeleton": [[1, 2]]},
            ),
        ),
    )
    scene.frame_end = 1
    scene.labelpass.labels = "crypto_object"
    bpy.ops.render.render(animation=True)

    coco = export_files()

    assert named(coco) == {"Car.007": "car", "Bolts": "bolt", "grass": "grass", "Ball": "Ball"}
    rows = {row["name"]: row for row in coco.dataset["categories"]}
    assert {name: row["id"] for name, row in rows.items()} == {"car": 11, "bolt": 5, "grass": 2, "Ball": 3}
    assert (rows["car"]["supercategory"], rows["grass"]["isthing"]) == ("vehicle", 0)
    assert (rows["Ball"]["keypoints"], rows["Ball"]["skeleton"]) == (["top", "bottom"], [[1, 2]])
    masks = {row["name"]: coco.annToMask(row) for row in coco.dataset["annotations"]}
    assert sum(masks.values()).max() == 1, "no pixel belongs to two"
    columns = np.flatnonzero(masks["Car.007"].any(axis=0))
    assert columns.min() < 24 and columns.max() > 40, "both cubes"


# --- The table and its buttons ----------------------------------------------------------------------------------------


def rows_of(scene: bpy.types.Scene) -> list[tuple[int, str]]:
    return [(row.id, row.name) for row in scene.labelpass.table.categories]


def test_fill_from_scene_fixes_what_is_there(scene: bpy.types.Scene) -> None:
    scene.objects["Cube"]["category"], scene.objects["Cube"]["category_id"] = "box", 1
    scene.labelpass.table.unknown = "background"
    assert bpy.ops.labelpass.categories_from_scene() == {"FINISHED"}
    assert rows_of(scene) == [(1, "box"), (2, "Ball"), (3, "Cube"), (4, "Floor")]
    colours = {tuple(row.colour) for row in scene.labelpass.table.categories}
    assert len(colours) == 4
    assert categories_of() == {"Ball": "Ball", "Cube": "box", "Cube.001": "Cube", "Floor": "Floor"}

    add_object(scene, "Apple", "ball", (0, 0, 3), 0)
    assert categories_of()["Apple"] is None, "the table is closed"
    assert bpy.ops.labelpass.categories_from_scene() == {"FINISHED"}
    assert rows_of(scene)[-1] == (5, "Apple"), "the others keep their ids"
    assert bpy.ops.labelpass.categories_from_scene() == {"CANCELLED"}


def test_rows_are_added_moved_and_removed(scene: bpy.types.Scene) -> None:
    table = scene.labelpass.table
    assert not bpy.ops.labelpass.category_remove.poll()
    for _ in range(3):
        bpy.ops.labelpass.category_add()
    assert (rows_of(scene), table.category_index) == ([(1, "category_1"), (2, "category_2"), (3, "category_3")], 2)
    bpy.ops.labelpass.category_move(direction="UP")
    bpy.ops.labelpass.category_move(direction="UP")
    bpy.ops.labelpass.category_move(direction="UP")
    assert (rows_of(scene)[0], table.category_index) == ((3, "category_3"), 0)
    bpy.ops.labelpass.category_move(direction="DOWN")
    assert table.category_index == 1
    table.category_index = 2
    bpy.ops.labelpass.category_remove()
    assert (rows_of(scene), table.category_index) == ([(1, "category_1"), (3, "category_3")], 1)
    bpy.ops.labelpass.category_add()
    assert rows_of(scene)[-1] == (2, "category_2"), "the smallest free number"


def test_rules_are_added_moved_removed_and_reset(scene: bpy.types.Scene) -> None:
    from labelpass.core.settings.category_table import DEFAULT_RULES, Rule, Source
    from labelpass.operators.category_table import table_of

    table = scene.labelpass.table
    assert not bpy.ops.labelpass.rule_add.poll()
    bpy.ops.labelpass.rules_edit()
    assert len(table.rules) == len(DEFAULT_RULES) and table_of(scene).rules == DEFAULT_RULES
    bpy.ops.labelpass.rule_add()
    table.rules[0].pattern, table.rules[0].category = "C*", "box"
    assert table_of(scene).rules == (Rule(Source.OBJECT_NAME, "C*", "box"), *DEFAULT_RULES)
    assert categories_of()["Cube.001"] == "box"
    bpy.ops.labelpass.rule_move(direction="DOWN")
    assert table_of(scene).rules[1].category == "box"
    bpy.ops.labelpass.rule_remove()
    assert table_of(scene).rules == DEFAULT_RULES
    bpy.ops.labelpass.rules_reset()
    assert len(table.rules) == 0 and table_of(scene).rules == DEFAULT_RULES


def test_export_import_and_another_scene(scene: bpy.types.Scene, tmp_path: Path) -> None:
    """A file brings the table to another .blend, to the last colour; and the .blend keeps it."""
    from labelpass.operators.category_table import store_table, table_of

    store_table(
        scene,
        rules(
            {"source": "shadow_catcher", "ignore": True},
            {"source": "pass_index", "pattern": "3,10-19", "category": "car"},
            categories=(
                {"name": "car", "id": 4, "colour": "#e04010", "grouping": "parent", "keypoints": ["nose", "tail"],
                 "skeleton": [[1, 2], [2, 1]]},
                {"name": "sky", "id": 2, "supercategory": "air", "stuff": True},
                {"name": "helpers", "id": 0},
            ),
            unknown="other",
        ),
    )  # fmt: skip
    table = table_of(scene)
    path = tmp_path / "table.json"
    assert bpy.ops.labelpass.categories_export(filepath=str(path)) == {"FINISHED"}
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "scene.blend"))

    bpy.ops.wm.read_factory_settings(use_empty=True)
    assert rows_of(bpy.context.scene) == []
    assert bpy.ops.labelpass.categories_import(filepath=str(path)) == {"FINISHED"}
    assert table_of(bpy.context.scene) == table

    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "scene.blend"))
    assert table_of(bpy.context.scene) == table


def test_import_of_categories_alone_keeps_the_rules(scene: bpy.types.Scene, tmp_path: Path) -> None:
    """As a dataset's own categories.json is."""
    from labelpass.operators.category_table import store_table, table_of

    rule = {"source": "object_name", "pattern": "C*", "category": "car"}
    store_table(scene, rules(rule, categories=({"name": "car", "id": 1},), unknown="background"))
    before = table_of(scene)
    path = tmp_path / "categories.json"
    path.write_text('{"categories": [{"name": "car", "id": 4}, {"name": "tree", "id": 5}]}')
    assert bpy.ops.labelpass.categories_import(filepath=str(path)) == {"FINISHED"}
    assert rows_of(scene) == [(4, "car"), (5, "tree")]
    assert (table_of(scene).rules, table_of(scene).unknown) == (before.rules, before.unknown)


def test_an_unknown_object_that_is_an_error_is_told_before_the_render(scene: bpy.types.Scene) -> None:
    from labelpass.operators.labelling.labelled_objects import read_labelled_objects
    from labelpass.operators.preflight.render_setup import read_render_setup

    bpy.ops.labelpass.categories_from_scene()
    scene.labelpass.table.unknown = "error"
    assert read_labelled_objects(scene).facts.problem == ""
    bpy.context.scene.collection.objects.link(bpy.data.objects.new("Stranger", scene.objects["Cube"].data))
    facts = read_labelled_objects(scene).facts
    assert "'Stranger' has no category of the table, whose Other Objects are an error" in facts.problem
    assert read_render_setup(scene, facts).labelled == facts


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"categories": [{"name": "car", "id": 4294967296}]}', "Blender keeps numbers up to"),
        ('{"categories": [{"name": "car", "keypoints": ["a,b"]}]}', "has a comma in its name"),
        ("{", "is not a category table"),
    ],
)
def test_import_of_what_cannot_be_stored(scene: bpy.types.Scene, tmp_path: Path, content: str, message: str) -> None:
    bpy.ops.labelpass.category_add()
    (tmp_path / "table.json").write_text(content)
    with pytest.raises(RuntimeError, match=message):
        bpy.ops.labelpass.categories_import(filepath=str(tmp_path / "table.json"))
    assert rows_of(scene) == [(1, "category_1")], "the scene keeps what it has"


def test_a_table_that_contradicts_itself_is_told_everywhere(scene: bpy.types.Scene, tmp_path: Path) -> None:
    from labelpass.operators.labelling.labelled_objects import read_labelled_objects

    for _ in range(2):
        bpy.ops.labelpass.category_add()
    scene.labelpass.table.categories[1].id = 1
    message = "gives the id 1 to 'category_1' and to 'category_2'"
    assert message in read_labelled_objects(scene).facts.problem
    with pytest.raises(RuntimeError, match=message):
        bpy.ops.labelpass.categories_export(filepath=str(tmp_path / "table.json"))
    with pytest.raises(RuntimeError, match=message):
        bpy.ops.labelpass.assign_indices()
    bpy.ops.render.render()
    with pytest.raises(RuntimeError, match=message):
        bpy.ops.labelpass.export_annotations()


def test_skeletons_are_checked(scene: bpy.types.Scene) -> None:
    from labelpass.core.base.errors import CategoryError
    from labelpass.operators.category_table import table_of

    bpy.ops.labelpass.category_add()
    row = scene.labelpass.table.categories[0]
    row.keypoints, row.skeleton = "nose , tail", "1-2,2 - 1"
    assert table_of(scene).categories[0].keypoints == ("nose", "tail")
    assert table_of(scene).categories[0].skeleton == ((1, 2), (2, 1))
    row.skeleton = "nose-tail"
    with pytest.raises(CategoryError, match="has 'nose-tail'; write pairs like 1-2, 2-3"):
        table_of(scene)


def test_what_an_object_will_be_in_words(scene: bpy.types.Scene) -> None:
    from labelpass.operators.labelling.labelled_objects import label_objects, read_labelled_objects

    car = empty("Car")
    car["category"] = "car"
    scene.objects["Cube"].parent = car
    scene.objects["Ball"].is_shadow_catcher = True
    scene.labelpass.grouping = "parent"
    scene.labelpass.table.unknown = "background"
    found, _ = label_objects(scene)
    assert [(one.object.name, one.category, one.instance, one.origin) for one in found] == [
        ("Ball", None, "Ball", "since it is ignored"),
        ("Cube", "car", "Car", "like Car"),
        ("Cube.001", None, "Cube.001", "since no rule fits"),
        ("Floor", None, "Floor", "since no rule fits"),
    ]
    summary = read_labelled_objects(scene)
    assert (summary.facts.count, summary.facts.background) == (1, 3)
    assert [(one.name, one.objects, one.origin) for one in summary.categories] == [("car", 1, "like Car")]


def test_colours_of_the_table_are_those_of_the_panel(scene: bpy.types.Scene) -> None:
    from labelpass.operators.labelling.labelled_objects import read_labelled_objects
    from labelpass.operators.preflight.panel_data import ToShow, findings_of, show

    bpy.ops.labelpass.category_add()
    row = scene.labelpass.table.categories[0]
    row.name, row.colour = "Ball", (1.0, 0.0, 0.2)
    objects, state = read_labelled_objects(scene), bpy.context.window_manager.labelpass.nothing
    show(state, ToShow(objects, findings_of(scene, objects.facts), {}))
    assert list(state.categories["Ball"].colour) == pytest.approx([1.0, 0.0, 0.2])
    assert state.unlisted_categories == "Cube, Floor"


def test_every_property_of_the_table_has_a_tooltip(scene: bpy.types.Scene) -> None:
    bpy.ops.labelpass.category_add()
    bpy.ops.labelpass.rules_edit()
    table = scene.labelpass.table
    for group in (table, table.categories[0], table.rules[0]):
        for prop in group.bl_rna.properties:
            if prop.identifier not in ("rna_type", "categories", "rules") and not (
                group == table and prop.identifier == "name"
            ):
                assert prop.description and not prop.description.endswith("."), prop.identifier


def test_categories_as_the_panel_shows_them(scene: bpy.types.Scene) -> None:
    from labelpass.operators.labelling.labelled_objects import CategorySummary, read_labelled_objects

    scene.objects["Ball"]["category_id"] = 7
    scene.objects["Ball"]["category"] = "toy"
    scene.objects["Floor"]["category_id"] = 0
    found = read_labelled_objects(scene)
    assert found.categories == (
        CategorySummary("Cube", 1, 2, "by object name"),
        CategorySummary("toy", 7, 1, "by custom property"),
    )
    assert (found.facts.count, found.facts.background, found.facts.problem) == (3, 1, "")
    scene.objects["Ball"]["category_id"] = "seven"
    assert "category_id of 'Ball' is 'seven'" in read_labelled_objects(scene).facts.problem


def test_doubtful_categories_are_lines_of_the_checklist(scene: bpy.types.Scene) -> None:
    """A category with the id of background, names that differ in numbers, and an id without a name."""
    from labelpass.operators.labelling.labelled_objects import read_labelled_objects

    assert read_labelled_objects(scene).facts.doubts == ()
    scene.objects["Ball"]["category"], scene.objects["Ball"]["category_id"] = "ball", 0
    scene.objects["Floor"]["category_id"] = 4
    for number in range(12):
        add_object(scene, f"Box_{number:04}", "cube", (0, 0, 0), 0)
    background, numbered, nameless = read_labelled_objects(scene).facts.doubts
    assert "'Ball' has a category ('ball') and the category_id 0" in background
    assert "Object Name 'Box_*'" in numbered
    assert "'category_4' has only an ID" in nameless
    assert bpy.ops.labelpass.categories_from_scene() == {"FINISHED"}
    assert (4, "Floor") in rows_of(scene)
