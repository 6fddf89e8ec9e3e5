"""Categories, the rules by which things belong to them, and the table of both that a dataset shares."""

import dataclasses
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from ..base.choice import Choice
from ..base.errors import CategoryError
from ..base.json_fields import LEFT_OUT, JsonObject
from .settings import Grouping

# The largest number that every reader of JSON keeps exactly.
LARGEST_ID = 2**53
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


@dataclass(frozen=True)
class Category(JsonObject):
    """A class of things to detect.

    Attributes:
        name: unique in a dataset.
        id: the number that the user fixed, from 1; None leaves it to the dataset. 0, in a table only, is background.
        supercategory: "" for none.
        colour: "#rrggbb"; "" for one of the palette.
        stuff: whether it is not countable, like sky or road: all of it in a frame is one instance.
        keypoints: names, in the order of the dataset's keypoints.
        skeleton: pairs of keypoints that are connected, counted from 1 as in COCO.
        grouping: which of its objects are one instance; None leaves it to the settings.
        called: what the dataset calls it where nothing but its id is known, after a thing that has this id. The name
            stays that of the id then, which is the same in all scenes.
    """

    name: str
    id: int | None = None
    supercategory: str = ""
    colour: str = field(default="", metadata=LEFT_OUT)
    stuff: bool = field(default=False, metadata=LEFT_OUT)
    keypoints: tuple[str, ...] = field(default=(), metadata=LEFT_OUT)
    skeleton: tuple[tuple[int, int], ...] = field(default=(), metadata=LEFT_OUT)
    grouping: Grouping | None = field(default=None, metadata=LEFT_OUT)
    called: str = field(default="", metadata=LEFT_OUT)

    @property
    def title(self) -> str:
        """What people and datasets call it; `name` is what records know it by."""
        return self.called or self.name

    @property
    def own_grouping(self) -> Grouping | None:
        """Which of its objects are one instance, if the category says so."""
        return self.grouping or (Grouping.CATEGORY if self.stuff else None)


class Source(Choice):
    """What a rule looks at."""

    PROPERTY = (
        "property",
        "Custom Property",
        "The object's custom properties category, category_id and supercategory; for a rule that ignores, the property "
        "ignore of the object, of a parent or of a collection that it is in",
    )
    COLLECTION = (
        "collection",
        "Collection",
        "The nearest collection, going outwards, that has the custom properties or whose name fits",
    )
    TOP_COLLECTION = "top_collection", "Top Collection", "The outermost collection that the object is in"
    MATERIAL = "material", "Material", "The first material that has the custom properties or whose name fits"
    OBJECT_NAME = "object_name", "Object Name", "The name of the object"
    DATA_NAME = "data_name", "Data Name", "The name of the object's mesh, curve or other data"
    PASS_INDEX = "pass_index", "Pass Index", "The pass index of the object; the pattern is a list such as 3,10-19"
    ASSET_TAG = "asset_tag", "Asset Tag", "The tags of the object as an asset, or of a collection that it is in"
    HOLDOUT = "holdout", "Holdout", "Whether the object is a holdout"
    SHADOW_CATCHER = "shadow_catcher", "Shadow Catcher", "Whether the object is a shadow catcher"

    @property
    def is_switch(self) -> bool:
        """Whether there is no name that a pattern could fit."""
        return self in (Source.PROPERTY, Source.HOLDOUT, Source.SHADOW_CATCHER)


class Unknown(Choice):
    """What happens to objects that no rule gives a category of the table."""

    OWN = (
        "own",
        "Own Category",
        "Named after their collection if the scene uses several, otherwise after the object without .001",
    )
    BACKGROUND = "background", "Background", "They are not labelled"
    OTHER = "other", "Category Other", "One category for all of them"
    ERROR = "error", "Error", "A frame that shows such an object fails, and the message names the object"


@dataclass(frozen=True)
class Rule(JsonObject):
    """One way in which a thing belongs to a category.

    Attributes:
        source: what to look at.
        pattern: of a name, with the wildcards * ? [abc]; of a pass index, numbers and ranges. "" fits what is named
            like a category of the table (or, of a pass index, numbered like one), and what has custom properties.
        category: name of the category; "" names it like that which fits.
        ignore: what fits is not labelled and not background either, see Settings.ignored; there is no category then.
    """

    source: Source
    pattern: str = field(default="", metadata=LEFT_OUT)
    category: str = field(default="", metadata=LEFT_OUT)
    ignore: bool = field(default=False, metadata=LEFT_OUT)


DEFAULT_RULES = (
    Rule(Source.PROPERTY, ignore=True),
    Rule(Source.HOLDOUT, ignore=True),
    Rule(Source.SHADOW_CATCHER, ignore=True),
    Rule(Source.PROPERTY),
    Rule(Source.COLLECTION),
    Rule(Source.OBJECT_NAME),
)
# The name of the category for all that is unknown.
OTHER_NAME = "other"


@dataclass(frozen=True)
class CategoryTable(JsonObject):
    """The categories of a dataset and the rules by which things belong to them.

    Attributes:
        categories: in the user's order; where there are any, others come in only as `unknown` says.
        rules: the first that fits decides.
        unknown: what becomes of things that no rule gives a category.

    Raises:
        CategoryError: the table contradicts itself.
    """

    categories: tuple[Category, ...] = ()
    rules: tuple[Rule, ...] = DEFAULT_RULES
    unknown: Unknown = Unknown.OWN

    def __post_init__(self) -> None:
        names: set[str] = set()
        owners: dict[int, str] = {}
        for category in self.categories:
            check_category(category)
            if category.name in names:
                raise CategoryError(f"The category table has {category.name!r} twice; remove or rename one of them")
            names.add(category.name)
            if category.id and owners.setdefault(category.id, category.name) != category.name:
                raise CategoryError(
                    f"The category table gives the id {category.id} to {owners[category.id]!r} and to "
                    f"{category.name!r}; give one of them another id"
                )
        for rule in self.rules:
            _check_rule(rule, names)

    @property
    def labelled(self) -> tuple[Category, ...]:
        """Its categories without those that are background."""
        return tuple(category for category in self.categories if category.id != 0)


def check_drawn(category: Category) -> None:
    """Raises ValueError where a category of a record has a colour or a skeleton that cannot be drawn."""
    colour_is_good = not category.colour or _COLOUR.fullmatch(category.colour)
    numbers = range(1, len(category.keypoints) + 1)
    if not colour_is_good or not all(number in numbers for pair in category.skeleton for number in pair):
        raise ValueError("a category that cannot be drawn")


def check_category(category: Category) -> None:
    """Raises CategoryError where a table could not hold it."""
    name = category.name
    if not name:
        raise CategoryError("A category of the table has no name; give it one or remove it")
    if category.id is not None and not 0 <= category.id <= LARGEST_ID:
        raise CategoryError(f"The category {name!r} has the id {category.id}; use a number from 1, or 0 for background")
    if category.colour and not _COLOUR.fullmatch(category.colour):
        raise CategoryError(f"The category {name!r} has the colour {category.colour!r}; write it like #e04010")
    if len(set(category.keypoints)) < len(category.keypoints) or not all(category.keypoints):
        raise CategoryError(
            f"The category {name!r} has two keypoints with one name, or one without a name; give each its own name"
        )
    for pair in category.skeleton:
        if not all(1 <= number <= len(category.keypoints) for number in pair):
            raise CategoryError(
                f"The skeleton of the category {name!r} connects {pair[0]} and {pair[1]}, but the category has "
                f"{len(category.keypoints)} keypoints, counted from 1; correct the numbers"
            )


def _check_rule(rule: Rule, names: set[str]) -> None:
    title = rule.source.label
    if rule.pattern and rule.source.is_switch:
        raise CategoryError(f"A rule by {title} has the pattern {rule.pattern!r}, but takes none; leave it out")
    if rule.ignore:
        if rule.category:
            raise CategoryError(
                f"A rule that ignores by {title} also names the category {rule.category!r}; leave out one of the two"
            )
        if not rule.pattern and not rule.source.is_switch:
            raise CategoryError(f"A rule that ignores by {title} has no pattern; add one that says what to ignore")
    if rule.category and (rule.source is Source.PROPERTY or not (rule.pattern or rule.source.is_switch)):
        raise CategoryError(
            f"A rule by {title} does not say what belongs to the category {rule.category!r}; add a pattern"
        )
    if names and rule.category and rule.category not in names:
        raise CategoryError(
            f"A rule by {title} names the category {rule.category!r}, which is not in the table; add it or correct the "
            "name"
        )
    if not rule.ignore and rule.source in (Source.HOLDOUT, Source.SHADOW_CATCHER) and not rule.category:
        raise CategoryError(f"A rule by {title} has no category and does not ignore; choose one of the two")
    if rule.source is Source.PASS_INDEX and rule.pattern:
        index_ranges(rule.pattern)


def index_ranges(pattern: str) -> list[range]:
    """The pass indices that a pattern means, such as "3,10-19" or "*"; CategoryError where it is none."""
    if pattern == "*":
        return [range(1, LARGEST_ID)]
    ranges = []
    for part in pattern.split(","):
        found = re.fullmatch(r"\s*(\d+)(?:\s*-\s*(\d+))?\s*", part)
        if not found:
            raise CategoryError(f"{pattern!r} is not a list of pass indices; write it like 3,10-19")
        first, last = int(found[1]), int(found[2] or found[1])
        ranges.append(range(max(first, 1), last + 1))
    return ranges


def with_ids(categories: Iterable[Category]) -> tuple[Category, ...]:
    """The same categories; those without an id get the smallest free numbers in their order."""
    rows = list(categories)
    taken = {row.id for row in rows}
    numbers = (number for number in range(1, LARGEST_ID) if number not in taken)
    return tuple(dataclasses.replace(row, id=next(numbers)) if row.id is None else row for row in rows)
