"""`labelpass annotate` does not replace frames of other files without a word."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from core.base.files import canonical_json, digest
from core.cli.main import main
from tests.builders import record_files
from tests.core.datasets import bytes_in

FEW = ["--no-pictures", "--image-format", "none", "--workers", "1"]


@pytest.fixture
def folders(data: Path, tmp_path: Path) -> tuple[Path, Path]:
    """Two folders with a frame of the same name in each, of different scenes."""
    day, night = tmp_path / "day", tmp_path / "night"
    for folder, name in ((day, "transparent_0001"), (night, "stereo_0001")):
        folder.mkdir()
        shutil.copy(data / "4.5" / f"{name}.exr", folder / "0001.exr")
    return day, night


def annotate(folder: Path, *options: Any) -> int:
    return main(["annotate", str(folder), "--output", str(folder.parent / "out"), *FEW, *map(str, options)])


def origins_of(output: Path) -> dict[str, list[str]]:
    records = [json.loads(path.read_bytes())["record"] for path in record_files(output)]
    return {f"{record['sequence']}/{record['name']}": record["origin"]["files"] for record in records}


def test_frames_of_another_folder(
    folders: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    day, night = folders
    out = tmp_path / "out"
    assert annotate(day) == 0
    before = bytes_in(out)

    assert annotate(night) == 2
    said = capsys.readouterr().err
    assert f"{out} has 0001 of {day / '0001.exr'}, which would be replaced; name a sequence" in said
    assert bytes_in(out) == before

    assert annotate(night, "--sequence", "night/") == 0
    assert origins_of(out) == {"/0001": ["../day/0001.exr"], "night/0001": ["../night/0001.exr"]}

    assert annotate(night, "--redo") == 0
    assert origins_of(out)["/0001"] == ["../night/0001.exr"]


def test_what_goes_on_as_before(folders: tuple[Path, Path], tmp_path: Path) -> None:
    """The same files once more, rendered anew, moved, or with another setting; and a copy, which is up to date."""
    day, night = folders
    assert annotate(day) == 0
    assert annotate(day, "--min-area", "3") == 0

    shutil.copy(night / "0001.exr", day / "0001.exr")
    assert annotate(day) == 0

    shutil.copytree(day, tmp_path / "copy")
    assert annotate(tmp_path / "copy") == 0
    assert list(origins_of(tmp_path / "out").values()) == [["../day/0001.exr"]]

    day.rename(tmp_path / "dusk")
    shutil.rmtree(tmp_path / "copy")
    os.utime(tmp_path / "dusk/0001.exr", (1, 1))
    assert annotate(tmp_path / "dusk") == 0
    assert list(origins_of(tmp_path / "out").values()) == [["../dusk/0001.exr"]]


def test_a_record_of_before(folders: tuple[Path, Path], tmp_path: Path) -> None:
    day, night = folders
    assert annotate(day) == 0
    (path,) = record_files(tmp_path / "out")
    record = json.loads(path.read_bytes())["record"]
    del record["origin"]
    body = canonical_json(record)
    path.write_bytes(b'{"checksum":"%s","record":%s}\n' % (digest(body).encode(), body))

    assert annotate(night) == 0


def test_scene_records_without_a_sequence(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An export from Blender had no sequence, or one for each folder; the frames get one now."""
    shots = tmp_path / "shots"
    (shots / "a").mkdir(parents=True)
    for name in ("0001.exr", "a/0002.exr"):
        shutil.copy(data / "4.5" / "transparent_0001.exr", shots / name)
    scenes = tmp_path / "exported" / "scenes"
    (scenes / "a").mkdir(parents=True)
    for name in ("0001.json", "a/0002.json"):
        (scenes / name).write_text("{}")

    assert annotate(shots, "--sequence", "night", "--scene", tmp_path / "exported") == 1
    said = capsys.readouterr().out
    for path in (scenes / "0001.json", scenes / "a/0002.json"):
        assert str(path) in said  # found, and damaged

    # Those of the sequence itself come first.
    (scenes / "night").mkdir()
    (scenes / "night/0001.json").write_text("{}")
    annotate(shots, "--sequence", "night", "--scene", tmp_path / "exported")
    assert str(scenes / "night/0001.json") in capsys.readouterr().out

    # What another scene left in the output is not taken for these frames.
    shutil.copytree(scenes, tmp_path / "out" / "scenes", dirs_exist_ok=True)
    annotate(shots, "--sequence", "day")
    assert str(tmp_path / "out/scenes/day/####.json") in capsys.readouterr().out
