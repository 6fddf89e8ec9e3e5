"""Scene.labelpass.table: the category table that a .blend stores, to and from that of core."""

import dataclasses
import itertools
import re
from collections.abc import Iterator

import bpy
from bpy.props import (
    BoolProperty,
    CollectionProperty,
    EnumProperty,
    FloatVectorProperty,
    IntProperty,
    StringProperty,
)

from ..core.base.errors import CategoryError
from ..core.categories.palette import Colour, category_colours, colour_of
from ..core.settings.category_table import DEFAULT_RULES, Category, CategoryTable, Rule, Source, Unknown
from ..core.settings.settings import Grouping
from .choices import enum_items

# Blender's own numbers end here.
LARGEST_ID = 2**31 - 1
_BY_SETTINGS = "default"


class LabelpassTableCategory(bpy.types.PropertyGroup):
    """A row of the category table."""

    name: StringProperty(name="Name", description="Name of the category", options=set())
    id: IntProperty(
        name="ID",
        description="Number of the category in the dataset, the same in all its frames; 0 makes it background",
        min=0,
        default=1,
        options=set(),
    )
    supercategory: StringProperty(
        name="Group", description="Name of the group of categories that it belongs to (supercategory)", options=set()
    )
    colour: FloatVectorProperty(
        name="Color",
        description="Color of the category in pictures and overlays",
        subtype="COLOR_GAMMA",
        min=0.0,
        max=1.0,
        default=(0.5, 0.5, 0.5),
        options=set(),
    )
    stuff: BoolProperty(
        name="Not Countable",
        description="Like sky or road: all of it in a frame is one instance (stuff)",
        options=set(),
    )
    grouping: EnumProperty(
        name="One Per",
        description="What counts as one instance of this category",
        items=[(_BY_SETTINGS, "As Set for All", "As One Per in Instances says"), *enum_items(Grouping)],
        options=set(),
    )
    keypoints: StringProperty(
        name="Keypoints", description="Names of its keypoints, in order and separated by commas", options=set()
    )
    skeleton: StringProperty(
        name="Skeleton",
        description="Pairs of keypoints that are connected, counted from 1, such as 1-2, 2-3",
        options=set(),
    )


class LabelpassTableRule(bpy.types.PropertyGroup):
    """A rule of the category table."""

    source: EnumProperty(
        name="Source",
        description="What the rule looks at",
        items=enum_items(Source),
        default=Source.OBJECT_NAME.value,
        options=set(),
    )
    pattern: StringProperty(
        name="Pattern",
        description="Name with the wildcards * ? [abc], or pass indices such as 3,10-19; empty fits everything that is "
        "named like a category of the table",
        options=set(),
    )
    category: StringProperty(
        name="Category",
        description="Category of everything that fits; empty names the category after what fits",
        options=set(),
    )
    ignore: BoolProperty(
        name="Ignore",
        description="Do not label what fits; its pixels become background or an ignore region, as Ignored says",
        options=set(),
    )


class LabelpassTable(bpy.types.PropertyGroup):
    """Scene.labelpass.table."""

    categories: CollectionProperty(type=LabelpassTableCategory)
    category_index: IntProperty(name="Category", description="Category that is shown below", options=set())
    rules: CollectionProperty(type=LabelpassTableRule)
    rule_index: IntProperty(name="Rule", description="Rule that is shown below", options=set())
    unknown: EnumProperty(
        name="Other Objects",
        description="What happens to objects that no rule gives a category of the table",
        items=enum_items(Unknown),
        options=set(),
    )


def table_of(scene: bpy.types.Scene) -> CategoryTable:
    """The category table of a scene; CategoryError where it contradicts itself."""
    rows = scene.labelpass.table.categories
    return dataclasses.replace(rules_of(scene), categories=tuple(_category(row) for row in rows))


def rules_of(scene: bpy.types.Scene) -> CategoryTable:
    """The rules of a scene's category table, and what happens to unknown objects, without its categories."""
    stored = scene.labelpass.table
    return CategoryTable((), tuple(_rule(row) for row in stored.rules) or DEFAULT_RULES, Unknown(stored.unknown))


def store_table(scene: bpy.types.Scene, table: CategoryTable) -> None:
    """Let a scene have a category table instead of its own.

    Raises:
        CategoryError: it cannot be stored in a .blend.
    """
    for category in table.categories:
        if (category.id or 0) > LARGEST_ID:
            raise CategoryError(
                f"The category {category.name!r} has the id {category.id}, but Blender keeps numbers up to "
                f"{LARGEST_ID}; give it a smaller one"
            )
        if any("," in name for name in category.keypoints):
            raise CategoryError(f"A keypoint of {category.name!r} has a comma in its name; remove the comma")
    stored = scene.labelpass.table
    stored.categories.clear()
    palette = category_colours(sorted(category.name for category in table.categories))
    for category in table.categories:
        _fill(stored.categories.add(), category, palette[category.name])
    store_rules(scene, () if table.rules == DEFAULT_RULES else table.rules)
    stored.unknown = table.unknown.value
    stored.category_index = max(0, min(stored.category_index, len(stored.categories) - 1))


def add_category(scene: bpy.types.Scene, category: Category | None = None) -> None:
    """Add a row to the table and make it the active one; by default a new category with the smallest free id."""
    stored = scene.labelpass.table
    if category is None:
        ids, names = {row.id for row in stored.categories}, {row.name for row in stored.categories}
        id = next(number for number in range(1, LARGEST_ID) if number not in ids)
        category = Category(next(name for name in _new_names(id) if name not in names), id)
    _fill(stored.categories.add(), category, category_colours([""] * len(stored.categories))[""])
    stored.category_index = len(stored.categories) - 1


def _new_names(number: int) -> Iterator[str]:
    yield f"category_{number}"
    yield from (f"category_{number}_{copy}" for copy in itertools.count(2))


def _fill(row: LabelpassTableCategory, category: Category, colour: Colour) -> None:
    """Put a category into a row; the colour is for one that has none of its own."""
    row.name, row.id, row.supercategory = category.name, category.id or 0, category.supercategory
    row.colour = [level / 255 for level in (colour_of(category.colour) if category.colour else colour)]
    row.stuff = category.stuff
    row.grouping = category.grouping.value if category.grouping else _BY_SETTINGS
    row.keypoints = ", ".join(category.keypoints)
    row.skeleton = ", ".join(f"{one}-{other}" for one, other in category.skeleton)


def store_rules(scene: bpy.types.Scene, rules: tuple[Rule, ...]) -> None:
    """Let a scene have these rules; none means those that hold by default."""
    stored = scene.labelpass.table
    stored.rules.clear()
    for rule in rules:
        row = stored.rules.add()
        row.source, row.pattern, row.category, row.ignore = rule.source.value, rule.pattern, rule.category, rule.ignore
    stored.rule_index = max(0, min(stored.rule_index, len(stored.rules) - 1))


def _category(row: LabelpassTableCategory) -> Category:
    return Category(
        row.name,
        row.id,
        row.supercategory,
        "#" + bytes(round(value * 255) for value in row.colour).hex(),
        row.stuff,
        tuple(name.strip() for name in row.keypoints.split(",")) if row.keypoints.strip() else (),
        tuple(_pair(text, row.name) for text in row.skeleton.split(",")) if row.skeleton.strip() else (),
        None if row.grouping == _BY_SETTINGS else Grouping(row.grouping),
    )


def _pair(text: str, category: str) -> tuple[int, int]:
    found = re.fullmatch(r"\s*(\d+)\s*-\s*(\d+)\s*", text)
    if not found:
        raise CategoryError(
            f"The skeleton of the category {category!r} has {text.strip()!r}; write pairs like 1-2, 2-3"
        )
    return int(found[1]), int(found[2])


def _rule(row: LabelpassTableRule) -> Rule:
    return Rule(Source(row.source), row.pattern, row.category, row.ignore)


CLASSES = (LabelpassTableCategory, LabelpassTableRule, LabelpassTable)
