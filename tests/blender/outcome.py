"""What an export, or a render with Annotate While Rendering, says in the panel, and the dataset that it made."""

import json
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


def instances_of(output: Path) -> dict:
    """What is in the COCO file of a dataset."""
    return json.loads((output / "annotations/instances.json").read_bytes())


def settings_of(scene: bpy.types.Scene) -> dict[str, object]:
    """Everything of a scene that an export could leave changed."""
    image, render = scene.render.image_settings, scene.render
    found = {
        f"image.{p.identifier}": getattr(image, p.identifier) for p in image.bl_rna.properties if not p.is_readonly
    }
    found["filepath"] = render.filepath
    found["frame"] = scene.frame_current, scene.frame_subframe
    images = [image for image in bpy.data.images if image.type != "RENDER_RESULT"]
    found["data"] = [sorted(item.name for item in data) for data in (images, bpy.data.scenes, bpy.data.objects)]
    return found
