"""What another program's reader says of the dataset of the demo scene."""

from pathlib import Path

from pycocotools.coco import COCO

# The demo scene, small and fast, with four frames.
SHRINK = (
    "import bpy; scene = bpy.context.scene; scene.cycles.samples = 1; scene.cycles.use_denoising = False; "
    "scene.render.resolution_percentage = 25; bpy.ops.wm.save_mainfile()"
)


def check_dataset(output: Path, frames: list[str]) -> None:
    """pycocotools reads the dataset of the demo scene, and its masks are as large as it says."""
    coco = COCO(output / "annotations/instances.json")
    assert [Path(image["file_name"]).stem for image in coco.dataset["images"]] == frames
    assert [category["name"] for category in coco.dataset["categories"]] == ["apple", "bottle", "crate"]
    assert len(coco.dataset["annotations"]) == 17 * len(frames)
    for annotation in coco.dataset["annotations"]:
        mask = coco.annToMask(annotation)
        assert mask.shape == (120, 160)
        assert mask.sum() == annotation["area"] > 0
    for image in coco.dataset["images"]:
        assert (output / image["file_name"]).is_file()
    for frame in frames:
        assert (output / f"pictures/boxes/{frame}.png").is_file()
