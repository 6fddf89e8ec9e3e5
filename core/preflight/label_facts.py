"""What the checklist goes by of the objects that a render labels; operators/labelling reads it from the scene."""

from dataclasses import dataclass

from ..scene.unlabelled import WithoutLabel
from .missing_files import MissingFiles


@dataclass(frozen=True)
class LabelFacts:
    """What is known of all objects together that leave pixels in a render.

    Attributes:
        count: number of those that have a category.
        background: number of those that have none.
        categories: number of their categories.
        from_table: whether these stand in the category table.
        instances: number of instances that those with a category are.
        indexed: whether any has a pass index other than 0.
        unindexed: number of those with a category that have the pass index 0, and hardly on purpose, though others
            have another, see SceneEntries.left_without_index.
        clash: a sentence on objects of different categories that share a pass index, "" where none do.
        shared: a sentence on instances that share a pass index, "" where none do.
        copies: name of an object whose copies share one Cryptomatte id, "" where there is none.
        indexed_copies: likewise, of one whose copies share a pass index other than 0.
        namesakes: the beginning of a sentence on objects of one name that must not be one instance, see
            core/categories/namesakes.py; "" where there are none.
        keypoints: whether any has a category with keypoints.
        holdouts: whether any holdout is to be ignored.
        unlabelled: those that have a category, or the camera sees as lights, and that no pass has.
        volume: as in SceneRecord, wherever the camera looks.
        metaballs: names of two that are one surface and have different categories; empty where there are none.
        jumping: name of one that jumps from place to place, since its keys have Constant interpolation; "" where none
            does, or nothing would blur it.
        doubts: sentences on categories that can hardly be meant, see core/categories/doubts.py.
        missing: files that they need and that are not there.
        problem: a sentence on why frames cannot be labelled as things are, "" where they can.
    """

    count: int = 0
    background: int = 0
    categories: int = 0
    from_table: bool = False
    instances: int = 0
    indexed: bool = False
    unindexed: int = 0
    clash: str = ""
    shared: str = ""
    copies: str = ""
    indexed_copies: str = ""
    namesakes: str = ""
    keypoints: bool = False
    holdouts: bool = False
    unlabelled: tuple[WithoutLabel, ...] = ()
    volume: str = ""
    metaballs: tuple[str, ...] = ()
    jumping: str = ""
    doubts: tuple[str, ...] = ()
    missing: MissingFiles = MissingFiles()
    problem: str = ""
