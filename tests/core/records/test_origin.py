"""What a frame was made of: whether another one of its name may take its place."""

import os
from pathlib import Path

import pytest

from core.records.origin import Origin
from core.records.record_files import read_record_file
from tests.builders import plain_record, write_record


def touch(*paths: Path) -> None:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Two .blend files, and frames of the same name in two folders, once as one file for each pass."""
    project = tmp_path / "project"
    touch(*(project / name for name in ("a.blend", "b.blend", "day/0001.exr", "night/0001.exr")))
    touch(*(project / "day" / name / "0001.exr" for name in ("Depth", "Index")))
    return project


def made_of(project: Path, *files: str, blend: str | None = None, scene: str = "") -> Origin:
    path = str(project / blend) if blend else blend
    return Origin.of(project / "dataset", [project / name for name in files], path, scene)


def test_places_lead_from_the_dataset(project: Path) -> None:
    origin = made_of(project, "day/0001.exr", blend="a.blend", scene="Street")

    assert origin == Origin(("../day/0001.exr",), "../a.blend", "Street")
    assert Origin.from_json(origin.as_json()) == origin


@pytest.mark.parametrize(
    ("before", "now", "said"),
    [
        ({}, {}, ""),
        ({"files": ["day/0001.exr"]}, {"files": ["day/0001.exr"]}, ""),
        ({"files": ["day/0001.exr"]}, {"files": ["night/0001.exr"]}, "day/0001.exr"),
        # A render in memory, and what was written before origins were.
        ({"files": ["day/0001.exr"]}, {}, ""),
        ({}, {"files": ["night/0001.exr"]}, ""),
        # Files that are gone, as those of a folder that was renamed, or that is mounted elsewhere.
        ({"files": ["dusk/0001.exr"]}, {"files": ["night/0001.exr"]}, ""),
        # One file instead of one for each pass, and one pass more.
        ({"files": ["day/Depth/0001.exr", "day/Index/0001.exr"]}, {"files": ["day/0001.exr"]}, ""),
        ({"files": ["day/Depth/0001.exr"]}, {"files": ["day/Depth/0001.exr", "day/Index/0001.exr"]}, ""),
        ({"blend": "a.blend"}, {"blend": "a.blend"}, ""),
        ({"blend": "a.blend"}, {"blend": "b.blend"}, "a.blend"),
        ({"blend": "gone.blend"}, {"blend": "b.blend"}, ""),
        ({"blend": "a.blend"}, {"blend": ""}, "a.blend"),
        ({"blend": ""}, {"blend": "a.blend"}, ""),
        ({"blend": "a.blend"}, {"blend": None, "files": ["day/0001.exr"]}, ""),
        # The same files and .blend, but rendered by another scene of it.
        ({"blend": "a.blend", "scene": "Street"}, {"blend": "a.blend", "scene": "Yard"}, "the scene 'Street'"),
        ({"blend": "a.blend", "scene": "Old name"}, {"blend": "a.blend", "scene": "Yard"}, ""),
        ({"blend": "", "scene": "Street"}, {"blend": "", "scene": "Yard"}, "the scene 'Street'"),
    ],
)
def test_what_contradicts(project: Path, before: dict, now: dict, said: str) -> None:
    earlier, later = (
        made_of(project, *one.get("files", ()), blend=one.get("blend"), scene=one.get("scene", ""))
        for one in (before, now)
    )
    expected = str(project / said) if said and "scene" not in said else said

    assert later.contradiction(earlier, project / "dataset", ("Street", "Yard")) == expected


@pytest.mark.parametrize(
    ("before", "now", "same"),
    [
        ("car_v01.blend", "car_v02.blend", True),
        ("car.blend", "car_V2.blend", True),
        ("car_0001.blend", "car_0002.blend", False),
        ("old/car.blend", "car.blend", False),
        ("car.blend", "truck.blend", False),
    ],
)
def test_versions_of_one_blend(project: Path, before: str, now: str, same: bool) -> None:
    touch(project / before, project / now)

    contradiction = made_of(project, blend=now).contradiction(made_of(project, blend=before), project / "dataset")

    assert (contradiction == "") is same


def test_a_project_that_was_moved(project: Path, tmp_path: Path) -> None:
    """Also where something else lies in its old place now."""
    earlier = made_of(project, "day/0001.exr", blend="a.blend")
    moved = tmp_path / "moved"
    project.rename(moved)
    touch(project / "a.blend", project / "day/0001.exr")

    assert not made_of(moved, "day/0001.exr", blend="a.blend").contradiction(earlier, moved / "dataset")


def test_a_dataset_that_was_moved_claims_nothing(project: Path, tmp_path: Path) -> None:
    earlier = made_of(project, "day/0001.exr", blend="a.blend")

    later = Origin.of(tmp_path / "far/away", [project / "night/0001.exr"], str(project / "b.blend"))
    assert not later.contradiction(earlier, tmp_path / "far/away")


def test_the_same_file_by_a_link(project: Path) -> None:
    (project / "link").symlink_to(project / "day", target_is_directory=True)
    os.link(project / "a.blend", project / "same.blend")

    earlier = made_of(project, "day/0001.exr", blend="a.blend")
    assert not made_of(project, "link/0001.exr", blend="same.blend").contradiction(earlier, project / "dataset")


def test_records_keep_it(tmp_path: Path) -> None:
    record = plain_record(origin=Origin(("../day/0001.exr",), "../a.blend", "Street"))

    assert read_record_file(write_record(tmp_path, record)) == record
