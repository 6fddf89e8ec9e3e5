"""Planning a dataset that several machines make: what they agree on is worked out once, see frames/dataset_plan.py."""

import dataclasses
from collections.abc import Iterable, Sequence
from pathlib import Path

from ..base.dataset_folder import DatasetFolder
from ..base.errors import UsageError
from ..categories.grouping import group_objects, with_whole_categories
from ..categories.ids import DatasetCategories, ids_before
from ..categories.rules import categorise
from ..frames.dataset_plan import DatasetPlan
from ..frames.frame_list import FrameList
from ..frames.planned_draws import PlannedDraws
from ..records.origin import place_from
from ..scene.scene_record import SceneRecord
from ..settings.category_table import Category, CategoryTable
from ..settings.map_table import MapKind
from ..settings.settings import LabelSource, Settings

_OF_MATERIALS = (LabelSource.MATERIAL_INDEX, LabelSource.CRYPTO_MATERIAL)


def plan_dataset(
    dataset: DatasetFolder,
    settings: Settings,
    table: CategoryTable | None,
    categories: Iterable[Category],
    frames: Iterable[str],
    scenes: Path | None = None,
    draws: Sequence[PlannedDraws] = (),
) -> DatasetPlan:
    """Write the plan of a dataset. Sequences of an earlier plan that have none of these frames stay in it.

    Args:
        dataset: which one.
        settings, table: as in DatasetPlan.
        categories: with their ids; those of an earlier plan stay, too.
        frames: as FrameFiles.path.
        scenes: folder of the scene records; None for that of the dataset, if it has one.
        draws: of those sequences whose frames are random ones.

    Raises:
        RecordError: a category has another id or description in the earlier plan.
        UsageError: the earlier plan has other settings or another table, or category maps are wanted and no category
            is known.
        InputError: the earlier plan is damaged.
        OutputError: the plan cannot be written.
    """
    earlier, own = DatasetPlan.read(dataset), FrameList.of(frames)
    place = "" if scenes is None else place_from(dataset.path, scenes)
    plan = DatasetPlan(settings, table, (), own, place, tuple(draws)).with_sequences_of(earlier)
    united = DatasetCategories()
    united.add(categories, "the scene")
    if earlier and plan.frames != own:
        united.add(earlier.categories, str(dataset.plan))
    plan = dataclasses.replace(plan, categories=tuple(united.numbered(ids_before(dataset))))
    if not plan.categories and any(map.kind is MapKind.CATEGORIES for map in settings.maps):
        raise UsageError(
            "Category maps hold the ids of categories, and no category is known before the frames are annotated; give "
            "a category table (--categories) or the scene records (--scene)"
        )
    plan.write(dataset)
    return plan


def planned_categories(
    dataset: DatasetFolder, settings: Settings, table: CategoryTable | None, scenes: Iterable[SceneRecord]
) -> list[Category]:
    """The categories that frames will have, as far as it is known before they are annotated, with their ids.

    Args:
        dataset: whose categories keep the ids that they have.
        settings: which say how objects are grouped, and whether objects or materials are labelled.
        table: that decides on categories; None for that of the scene records.
        scenes: the scene records of the frames.

    Raises:
        RecordError: two scenes contradict each other.
        CategoryError: the file of the dataset's ids is damaged.
    """
    found = DatasetCategories()
    if table:
        found.add(table.labelled, "the category table")
    for scene in scenes:
        categorised = categorise(scene, table) if table else scene
        if settings.labels in _OF_MATERIALS:
            groups = with_whole_categories(categorised, categorised.materials)
        else:
            groups = group_objects(categorised, settings.grouping)
        found.add(groups.categories, f"the scene {scene.scene!r}")
    return found.numbered(ids_before(dataset))
