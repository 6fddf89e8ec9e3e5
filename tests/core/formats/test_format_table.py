"""What follows from the table of formats: docs, options, and what a merge writes, also of a format that comes later."""

import importlib
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from core.settings.format_table import CAMERA_FORMATS, DatasetFormat, Need
from tests.builders import plain_camera, plain_record, write_record

CHECKOUT = Path(__file__).resolve().parents[3]

# The trajectory of a camera as the TUM RGB-D benchmark has it, which Labelpass does not write.
ROW = """
    TRAJECTORY = (
        "trajectory",
        "Trajectory",
        "Where the camera is in each frame",
        "cameras",
        "trajectory",
        "cameras/**/trajectory.txt",
        "frame number and place of the camera in metres",
        Need.CAMERA,
        "",
    )
"""
MODULE = """
from ..settings.format_table import DatasetFormat


class TrajectoryWriter:
    written = (DatasetFormat.TRAJECTORY,)

    def __init__(self):
        self.lines = []

    def survey(self, record):
        pass

    def begin(self, survey, files):
        self.folder = survey.dataset.cameras("")

    def add(self, frame):
        self.lines.append(f"{frame.record.frame} {frame.record.camera.world_to_camera[0][3]}")

    def finish(self):
        self.folder.mkdir(exist_ok=True)
        (self.folder / "trajectory.txt").write_text("\\n".join(self.lines))
        return ["the trajectory has a problem"]


def make_writer(formats):
    return TrajectoryWriter()
"""


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of core to which a format was added: a row of the table, and a module."""
    folder = tmp_path_factory.mktemp("checkout")
    shutil.copytree(CHECKOUT / "core", folder / "core", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copyfile(CHECKOUT / "blender_manifest.toml", folder / "blender_manifest.toml")
    table = folder / "core/settings/format_table.py"
    rows, end, rest = table.read_text().partition("\n\n\ndef formats_chosen_by")
    table.write_text(f"{rows}\n{ROW.rstrip()}{end}{rest}")
    (folder / "core/formats/trajectory.py").write_text(MODULE)
    return folder


def run(checkout: Path, *arguments: Any) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "core", *map(str, arguments)]
    return subprocess.run(command, cwd=checkout, capture_output=True, text=True)


def test_a_new_format_is_a_row_and_a_module(checkout: Path, tmp_path: Path) -> None:
    for frame in (2, 1):
        write_record(tmp_path, plain_record(frame=frame, unit_scale=1.0, camera=plain_camera()))

    merged = run(checkout, "merge", tmp_path, "--cameras", "json,trajectory")

    assert merged.stdout.splitlines()[1:] == ["the trajectory has a problem"], merged.stderr
    assert (tmp_path / "cameras/trajectory.txt").read_text().splitlines() == ["1 0.0", "2 0.0"]
    files = json.loads((tmp_path / "dataset.json").read_text())["files"]
    assert files["cameras/**/trajectory.txt"] == "frame number and place of the camera in metres"
    assert list(files)[-2:] == ["cameras/**/cameras.json", "cameras/**/trajectory.txt"], "in the order of the table"
    helped = run(checkout, "merge", "--help").stdout
    assert "trajectory: Where the camera is in each frame" in helped
    assert "trajectory" in run(checkout, "merge", tmp_path, "--cameras", "tum").stderr


def test_it_is_not_imported_where_it_is_not_wanted(checkout: Path, tmp_path: Path) -> None:
    write_record(tmp_path, plain_record())
    broken = checkout / "core/formats/trajectory.py"
    source = broken.read_text()
    broken.write_text("raise SystemExit('imported')")
    try:
        assert run(checkout, "merge", tmp_path, "--cameras", "json").returncode == 1, "it has no cameras"
        assert (tmp_path / "annotations/instances.json").exists()
    finally:
        broken.write_text(source)


@pytest.mark.parametrize("format", DatasetFormat)
def test_a_row(format: DatasetFormat) -> None:
    assert format.label and format.help and format.files and format.shows
    assert not format.help.endswith("."), "as Blender writes tooltips"
    assert format.needs in Need
    assert format.source == "" or format.source.startswith("https://")
    assert callable(importlib.import_module(f"core.formats.{format.module}").make_writer)


def test_names_of_settings_stay() -> None:
    """A .blend, a preset or a script may have them."""
    assert [str(format) for format in CAMERA_FORMATS] == ["json", "nerf", "colmap"]
