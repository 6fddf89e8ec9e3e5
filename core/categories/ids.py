"""The ids of a dataset's categories: fixed once, whatever is seen first, and kept when frames are added later.

A category has the id that the user fixed, else the one that it has in the dataset already, else the smallest free
number in the order of names. The dataset remembers them in `categories.json`, which is a category table as well, and
its plan may say them before the first frame is there.
"""

import dataclasses
from collections.abc import Iterable, Mapping

from ..base.dataset_folder import DatasetFolder
from ..base.errors import CategoryError, RecordError
from ..base.files import cannot_write
from ..frames.dataset_plan import DatasetPlan
from ..settings.category_files import read_categories, write_categories
from ..settings.category_table import Category, check_category


class DatasetCategories:
    """Collects the categories of frame records, in any order."""

    def __init__(self) -> None:
        self._found: dict[str, Category] = {}
        # Where each was found last with something that others had left open.
        self._where: dict[str, str] = {}
        # What the records call categories of which only the id is known.
        self._called: dict[str, set[str]] = {}
        # Of each category to which some record fixes no id: what all such records fix of others.
        self._unfixed: dict[str, frozenset[tuple[str, int]]] = {}

    def add(self, categories: Iterable[Category], where: str) -> None:
        """Add those of one record.

        Args:
            categories: all of the record.
            where: the record is, for messages.

        Raises:
            RecordError: the record contradicts another one, or has a category that no file of the ids could hold.
        """
        categories = tuple(map(self._without_call, categories))
        fixed = frozenset((category.name, category.id) for category in categories if category.id is not None)
        for category in categories:
            known = self._found.get(category.name)
            united = _united(known or category, category, where, self._where.get(category.name, where))
            if united != known:
                _check(united, where)
                self._found[category.name], self._where[category.name] = united, where
            if category.id is None:
                self._unfixed[category.name] = self._unfixed.get(category.name, fixed) & fixed

    def numbered(self, before: Mapping[str, int]) -> list[Category]:
        """All of them with ids, sorted by these.

        Args:
            before: name -> id, as the dataset has them already.

        Raises:
            RecordError: two categories have one id, or frames of before would get other ids by those that were added.
        """
        owners: dict[int, str] = {}
        for name, category in sorted(self._found.items()):
            if category.id is None:
                continue
            if category.id in owners:
                raise RecordError(
                    f"The categories {owners[category.id]!r} and {name!r} both have the id {category.id}; "
                    "give one of them another category_id in Blender and export again"
                )
            owners[category.id] = name
        self._check_kept(before, owners)
        waiting = [name for name in sorted(self._found) if self._found[name].id is None]
        for name in waiting:
            if name in before and before[name] not in owners:
                owners[before[name]] = name
        kept = set(owners.values())
        next_id = 1
        for name in waiting:
            if name not in kept:
                while next_id in owners:
                    next_id += 1
                owners[next_id] = name
        titles = self._titles()
        return [
            dataclasses.replace(self._found[name], id=id, called=titles.get(name, ""))
            for id, name in sorted(owners.items())
        ]

    def notes(self) -> list[str]:
        """A sentence on each category that objects call differently, after which the dataset can call it only once."""
        titles = self._titles()
        return [
            f"Only the id of the category {name!r} is known, and objects that have it are called "
            f"{', '.join(map(repr, sorted(names)))}; it is called {titles.get(name, name)!r}, unless a category table "
            "gives it a name"
            for name, names in sorted(self._called.items())
            if len(names) > 1
        ]

    def _without_call(self, category: Category) -> Category:
        """A category as all records agree on it; what they call it is kept apart."""
        if not category.called:
            return category
        self._called.setdefault(category.name, set()).add(category.called)
        return dataclasses.replace(category, called="")

    def _titles(self) -> dict[str, str]:
        """Name of a category -> what to call it: the first name in the alphabet, whatever record came first, that no
        other category has."""
        taken = set(self._found)
        titles: dict[str, str] = {}
        for name, called in sorted(self._called.items()):
            if free := called - taken:
                titles[name] = min(free)
                taken.add(titles[name])
        return titles

    def _check_kept(self, before: Mapping[str, int], owners: Mapping[int, str]) -> None:
        """Raise RecordError where frames that rely on an id of before would get another one.

        A frame that was annotated after the user fixed an id says so in its record; then nothing is lost by the change.
        """
        for name, told in sorted(self._unfixed.items()):
            id = before.get(name)
            if id is None:
                continue
            fixed = self._found[name].id
            if fixed not in (None, id):
                raise RecordError(
                    f"The category {name!r} has the id {id} in this dataset, but frames that were added give it "
                    f"{fixed}; give it {id} in their scene, or export all frames again with {fixed}"
                )
            owner = owners.get(id, name)
            if owner != name and (owner, id) not in told:
                raise RecordError(
                    f"This dataset uses the id {id} for {name!r}, but frames that were added give it to {owner!r}; "
                    f"give {owner!r} another category_id, or export all frames again"
                )


def ids_before(dataset: DatasetFolder) -> dict[str, int]:
    """Name -> id of the categories that a dataset has already, or that are planned for it.

    Raises:
        CategoryError: their file is damaged.
        InputError: the plan is.
    """
    plan = DatasetPlan.read(dataset)
    return {**(ids_of(plan.categories) if plan else {}), **ids_of(_kept(dataset))}


def _kept(dataset: DatasetFolder) -> tuple[Category, ...]:
    """The categories that a dataset has already, in the place where they are now or in the former one."""
    for path in (dataset.categories, dataset.former_categories):
        if path.exists():
            return read_categories(path)
    return ()


def ids_in_dataset(dataset: DatasetFolder, categories: Iterable[Category]) -> dict[str, int]:
    """Name -> id that categories have in a dataset, by what is known of it before all its frames are there.

    Raises:
        RecordError: two of them have one id.
        CategoryError: the file of the dataset's ids is damaged, or one of them has no id in the dataset's plan.
        InputError: the plan is damaged.
    """
    categories = tuple(categories)
    plan = DatasetPlan.read(dataset)
    if plan and plan.categories:
        plan.check_known(category.name for category in categories)
    found = DatasetCategories()
    found.add(categories, str(dataset))
    return ids_of(found.numbered(ids_before(dataset)))


def ids_of(categories: Iterable[Category]) -> dict[str, int]:
    """Name -> id of categories that have one."""
    return {category.name: category.id for category in categories if category.id}


def keep_ids(dataset: DatasetFolder, categories: Iterable[Category]) -> None:
    """Remember the ids for frames that are added later; OutputError where the file cannot be written."""
    # One without a name, of a record from elsewhere, would make the file unreadable.
    named = tuple(category for category in categories if category.name)
    if named != _kept(dataset) or not named:
        write_categories(dataset.categories, named)


def move_former_ids(dataset: DatasetFolder) -> None:
    """Move the file of the ids from where earlier versions kept it; OutputError where that cannot be done."""
    if not dataset.former_categories.exists():
        return
    try:
        if dataset.categories.exists():
            dataset.former_categories.unlink()
        else:
            dataset.former_categories.replace(dataset.categories)
    except OSError as error:
        raise cannot_write(dataset.categories, error) from error


def _check(category: Category, where: str) -> None:
    """What merge() writes, it must be able to read."""
    if not category.name:
        return  # which the file does not hold
    try:
        check_category(category)
    except CategoryError as error:
        raise RecordError(f"{where}: {error}") from error


def _united(known: Category, category: Category, where: str, other: str) -> Category:
    """A category as two records together describe it; what one of them leaves open does not contradict the other."""
    if (
        known.id not in (None, category.id or known.id)
        or known.supercategory not in ("", category.supercategory or known.supercategory)
        or known.keypoints not in ((), category.keypoints or known.keypoints)
        or known.stuff != category.stuff
    ):
        raise RecordError(
            f"The category {category.name!r} differs: {_described(category)} in {where}, but {_described(known)} in "
            f"{other}; make them the same in Blender and export those frames again"
        )
    return Category(
        known.name,
        known.id or category.id,
        known.supercategory or category.supercategory,
        max(known.colour, category.colour),
        known.stuff,
        known.keypoints or category.keypoints,
        max(known.skeleton, category.skeleton),
    )


def _described(category: Category) -> str:
    text = "no id" if category.id is None else f"id {category.id}"
    if category.supercategory:
        text += f", supercategory {category.supercategory!r}"
    if category.stuff:
        text += ", stuff"
    if category.keypoints:
        text += f", keypoints {', '.join(category.keypoints)}"
    return text
