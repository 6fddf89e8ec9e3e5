"""blender -b scene.blend -P export_annotations.py, with the script of the installed extension."""

from pathlib import Path

from pycocotools.coco import COCO

from tests.real.conftest import InstalledBlender


def test_render_and_export(labelpass_blender: InstalledBlender, demo: Path) -> None:
    guard = demo.with_name("no_openexr.py")
    guard.write_text(Path(__file__).with_name("no_openexr.py").read_text())
    script, output = labelpass_blender.extension / "export_annotations.py", demo.with_name("dataset")

    said = labelpass_blender.run_well(
        "-b", demo, "-P", guard, "-P", script, "--", "--render", "--frames", "1-2", "--output", output
    )

    assert "2 frames annotated" in said
    check_dataset(output, ["demo_0001", "demo_0002"])


def check_dataset(output: Path, frames: list[str]) -> None:
    """Somebody else's reader reads the dataset, and its masks are as large as it says."""
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
