"""examples/farm/shards.py, on processes of this machine."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.farm.conftest import CHECKOUT


def test_the_example(tmp_path: Path) -> None:
    renders, dataset = tmp_path / "renders", tmp_path / "dataset"
    renders.mkdir()
    for number in (1, 2, 3):
        shutil.copy(CHECKOUT / "tests/data/4.5/transparent_0001.exr", renders / f"{number:04}.exr")
    example = CHECKOUT / "examples/farm/shards.py"
    (tmp_path / "labelpass").symlink_to(CHECKOUT)
    done = subprocess.run(
        [sys.executable, example, renders, dataset, "--shards", "2"],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("frame annotated") + done.stdout.count("frames annotated") == 2
    assert (dataset / "annotations/instances.json").is_file()
    assert len(list((dataset / "records").iterdir())) == 3
