"""The way from a dataset to a training that README.md shows, as far as it goes without a network."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.core.made_up import several_frames, write_made_up

CHECKOUT = Path(__file__).resolve().parents[2]
# One epoch on small images, with the architecture instead of the weights, which are not in a package.
SMALL = ["epochs=1", "imgsz=64", "device=cpu", "workers=0", "plots=False"]


def _blocks() -> list[str]:
    """The code of the section, in its order."""
    section = (CHECKOUT / "README.md").read_text("utf-8").split("## Start a training\n")[1].split("\n## ")[0]
    return re.findall(r"^```(?:python)?\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)


def test_from_a_dataset_to_a_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    export, train, load = _blocks()
    write_made_up(tmp_path / "dataset", several_frames(12))
    monkeypatch.chdir(tmp_path)
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(CHECKOUT), str(Path(__file__).parent / "stand_ins")]),
    }

    labelpass, *arguments = shlex.split(export)
    assert labelpass == "labelpass"
    subprocess.run([sys.executable, "-m", "core", *arguments], check=True, env=environment, cwd=tmp_path)

    yolo, *arguments = shlex.split(train.replace("yolo11n-seg.pt", "yolo11n-seg.yaml"))
    program = Path(sys.executable).with_name(yolo)
    subprocess.run(
        [program, *arguments, *SMALL, f"project={tmp_path / 'runs'}"], check=True, env=environment, cwd=tmp_path
    )
    assert list((tmp_path / "runs").rglob("last.pt"))

    shown: dict[str, Any] = {}
    exec(load, shown)
    assert shown["images"].num_rows == len(list((tmp_path / "dataset/exports/coco/images/train").iterdir()))
