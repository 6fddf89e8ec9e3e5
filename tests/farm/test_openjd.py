"""The job bundles for Open Job Description, run by its own command line."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.farm.conftest import BLENDER, CHECKOUT
from tests.processes import children_of, wait_until

OPENJD = Path(sys.executable).with_name("openjd")
BUNDLES = CHECKOUT / "farm/openjd"
LABELPASS = f"env PYTHONPATH={CHECKOUT} {sys.executable} -m core"
OPTIONS = "--resolution 15% --samples 1 --maps categories_png,depth_png --no-pictures --image-format jpeg"
SAME = ("annotations", "categories.json", "dataset.json", "maps", "plan.json", "exports/coco/annotations")


def job(bundle: str, values: Mapping[str, object]) -> list[str]:
    given = [f"-p={name}={value}" for name, value in {"Labelpass": LABELPASS, "Formats": "coco", **values}.items()]
    return list(map(str, [OPENJD, "run", BUNDLES / bundle / "template.yaml", *given]))


def run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, timeout=300)


def same_bytes(dataset: Path) -> dict[str, bytes]:
    """What does not depend on which task made what; images that Blender writes say how long they took."""
    files = [path for name in SAME for path in [dataset / name, *(dataset / name).rglob("*")] if path.is_file()]
    return {path.relative_to(dataset).as_posix(): path.read_bytes() for path in files}


def render_job(demo_scene: Path, dataset: Path) -> list[str]:
    script = CHECKOUT / "tools/export_annotations.py"
    values = {"BlendFile": demo_scene, "Script": script, "Blender": BLENDER, "Frames": "1-4", "FramesPerTask": 2}
    return job("render", {**values, "Dataset": dataset, "Options": OPTIONS})


def descendants_of(pid: int) -> set[int]:
    return {one for child in children_of(pid) for one in (child, *descendants_of(child))}


def is_blender(pid: int) -> bool:
    try:
        return "blender.py" in Path(f"/proc/{pid}/cmdline").read_text(errors="replace")
    except OSError:
        return False


@pytest.fixture(scope="session")
def rendered(demo_scene: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The dataset of a job that nothing disturbed."""
    dataset = tmp_path_factory.mktemp("farm") / "dataset"
    done = run(render_job(demo_scene, dataset))
    assert done.returncode == 0, done.stdout + done.stderr
    return dataset


def test_a_task_that_is_killed_and_run_again(demo_scene: Path, rendered: Path, tmp_path: Path) -> None:
    """The job fails and does not merge. The same command again does the rest, and the bytes are the same."""
    dataset = tmp_path / "dataset"
    command = render_job(demo_scene, dataset)
    temporary = tmp_path / "temporary"  # where a Blender that is killed leaves its files
    temporary.mkdir()
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, env={**os.environ, "TMPDIR": str(temporary)}, **quiet) as running:
        wait_until(lambda: any(dataset.glob("records/*.json")), "a frame is annotated")
        (blender,) = [pid for pid in descendants_of(running.pid) if is_blender(pid)]
        os.kill(blender, signal.SIGKILL)
        assert running.wait(60) != 0
    assert not (dataset / "annotations").exists()

    done = run(command)
    assert done.returncode == 0, done.stdout + done.stderr
    assert same_bytes(dataset) == same_bytes(rendered)
    assert len(same_bytes(dataset)) > 10


def test_frames_that_are_rendered_already(rendered: Path, tmp_path: Path) -> None:
    """By shards, more than there are frames, with the scene records of the render."""
    dataset = tmp_path / "dataset"
    options = f"--scene {rendered} --maps categories_png,depth_png --no-pictures --image-format jpeg"
    values = {"Renders": rendered / "renders", "Dataset": dataset, "Shards": 6, "Options": options}
    done = run(job("annotate", values))
    assert done.returncode == 0, done.stdout + done.stderr
    assert (dataset / "annotations/instances.json").read_bytes() == (
        rendered / "annotations/instances.json"
    ).read_bytes()
