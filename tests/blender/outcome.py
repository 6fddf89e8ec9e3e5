"""What an export, or a render with Annotate While Rendering, says in the panel, and the dataset that it made."""

from pathlib import Path

import bpy
from pycocotools.coco import COCO


def lines() -> list[str]:
    """The lines below the button."""
    return [line.name for line in bpy.context.window_manager.labelpass.lines]


def remarks() -> list[str]:
    """What is said of single frames."""
    return [remark.text for remark in bpy.context.window_manager.labelpass.remarks]


def exported() -> COCO:
    """The COCO file of the last export."""
    return COCO(Path(bpy.context.window_manager.labelpass.output) / "annotations/instances.json")
