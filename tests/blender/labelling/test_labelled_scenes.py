"""A scene with all the ways in which people build scenes, from its objects to the dataset."""

import re
from pathlib import Path
from typing import Any

import bpy
import pytest

from tests.blender import labelled_scenes as scenes
from tests.blender.outcome import exported, lines


@pytest.fixture
def scene(tmp_path: Path) -> bpy.types.Scene:
    scene = bpy.context.scene
    scenes.build_village(scene, tmp_path / "library")
    scene.render.filepath = str(tmp_path / "frames" / "shot_####")
    scene.labelpass.source, scene.labelpass.pictures, scene.labelpass.image_format = "FILES", False, "none"
    return scene


def export(labels: str) -> dict[str, Any]:
    bpy.context.scene.labelpass.labels = labels
    bpy.ops.labelpass.export_annotations()
    assert lines()[0].startswith("1 frame annotated"), lines()
    return exported().dataset


def areas(dataset: dict[str, Any]) -> dict[str, tuple[str, int]]:
    """Instance -> category and area."""
    names = {category["id"]: category["name"] for category in dataset["categories"]}
    return {one["name"]: (names[one["category_id"]], one["area"]) for one in dataset["annotations"]}


@pytest.mark.parametrize("grouping", ["object", "parent", "collection"])
def test_table_and_dataset_agree(scene: bpy.types.Scene, grouping: str) -> None:
    """What the table says before rendering is what the dataset has, whichever pass separates objects."""
    from labelpass.operators.labelling.labelled_objects import label_objects

    scene.labelpass.grouping = grouping
    for ob in bpy.data.objects:
        if not ob.is_editable:
            ob.pass_index = 1000 if ob.name == "Well" else 1001  # as if the library had given each its own
    bpy.ops.labelpass.assign_indices()
    expected = {one.instance: one.category for one in label_objects(scene)[0] if one.category is not None}
    expected.pop("Holdout", None)  # cuts a hole into all passes
    bpy.ops.render.render(animation=True)

    by_index, by_cryptomatte = areas(export("object_index")), areas(export("crypto_object"))

    assert by_index == by_cryptomatte
    # How many copies there will be is not known before: the table has the object, the dataset "Mushroom #1".
    found = {re.sub(r" #\d+$", "", name): category for name, (category, _) in by_index.items()}
    # The stones are hidden themselves and only geometry nodes bring them in, which the table cannot know.
    assert found.pop("Stone") == "Stone"
    assert found == expected
