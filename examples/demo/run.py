"""Show the main job from beginning to end: python examples/demo/run.py FOLDER

Builds the demo scene, renders and annotates it with the headless script, annotates the same EXR files without Blender,
checks that both datasets are the same bytes, exports formats for training, reads them, and lists what to look at.
"""

import subprocess
import sys
import time
from pathlib import Path

import labelpass
from pycocotools.coco import COCO

CHECKOUT = Path(__file__).resolve().parents[2]
BLENDER = [sys.executable, str(CHECKOUT / "tools/blender.py")]
LABELPASS = [sys.executable, "-m", "labelpass.core"]
# Four frames are few for two splits; these shares leave none empty.
FORMATS, SPLITS = "coco,yolo_segment,voc,webdataset", "train=60,val=40"


def main(folder: Path) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    scene = folder / "scene.blend"
    with_blender, without_blender = folder / "dataset", folder / "dataset_without_blender"

    step("Build the scene")
    run(*BLENDER, "-P", CHECKOUT / "examples/demo/build_scene.py", "--", scene)
    step("Render it and export annotations: blender -b scene.blend -P export_annotations.py -- --render --output ...")
    script = CHECKOUT / "tools/export_annotations.py"
    run(*BLENDER, "-b", scene, "-P", script, "--", "--render", "--output", with_blender)
    step("The same frames without Blender: labelpass annotate dataset/renders --output ... --scene dataset, merge")
    run(*LABELPASS, "annotate", with_blender / "renders", "--output", without_blender, "--scene", with_blender)
    run(*LABELPASS, "merge", without_blender)
    step("Load the dataset with pycocotools")
    annotations = Path("annotations/instances.json")
    coco = COCO(with_blender / annotations)
    for category in coco.loadCats(coco.getCatIds()):
        print(f"  {category['id']} {category['name']}: {len(coco.getAnnIds(catIds=category['id']))} annotations")
    if (with_blender / annotations).read_bytes() != (without_blender / annotations).read_bytes():
        print("The two datasets differ, which is a bug in Labelpass", file=sys.stderr)
        return 1
    print("  Both datasets are the same, byte for byte")
    step(f"Export it for training: labelpass export dataset --formats {FORMATS} --splits {SPLITS}")
    run(*LABELPASS, "export", with_blender, "--formats", FORMATS, "--splits", SPLITS)
    step("Compare the exports with the records: labelpass validate dataset --formats")
    run(*LABELPASS, "validate", with_blender, "--formats")
    step("Read it in Python: for frame in labelpass.open('dataset').frames(): ...")
    for frame in labelpass.open(with_blender).frames():
        for instance in frame.instances[:2]:
            print(f"  {frame.path} {instance.category}: {[*instance.box]}")

    step("Look at")
    for path in [
        annotations,
        *(path.relative_to(with_blender) for kind in ("images", "pictures/boxes", "pictures/depth", "records")
          for path in sorted((with_blender / kind).iterdir())[:1]),
        *(Path("exports") / format / "LABELPASS.md" for format in FORMATS.split(",")),
    ]:  # fmt: skip
        print(f"  {with_blender / path}")
    return 0


def step(text: str) -> None:
    print(f"\n== {text}", flush=True)


def run(*command: str | Path) -> None:
    """Run a command, quietly but for what Labelpass says; stop the demo where it fails."""
    start = time.monotonic()
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    for line in done.stdout.splitlines():
        if any(word in line for word in ("Labelpass", "frame", "image", "exports", "agrees")):
            print(f"  {line}")
    if done.returncode:
        print(done.stdout, done.stderr, sep="\n", file=sys.stderr)
        sys.exit(f"{command[1]} failed with exit code {done.returncode}")
    print(f"  ({time.monotonic() - start:.0f} s)", flush=True)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
