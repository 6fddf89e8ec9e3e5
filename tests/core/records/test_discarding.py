"""EXR files go only when all that is made of them was read once more, and is what was written."""

import shutil
from pathlib import Path

import pytest

from core.annotate.annotate import annotate
from core.records.discarding import DiscardedPasses, why_incomplete
from core.records.frame_job import FrameJob
from core.settings.map_table import DenseMap
from core.settings.settings import Settings
from tests.builders import plain_frame, plain_job


@pytest.fixture
def job(data: Path, tmp_path: Path) -> FrameJob:
    """An annotated frame with a map, of a copy of a rendered file."""
    file = tmp_path / "renders/0001.exr"
    file.parent.mkdir()
    shutil.copy2(data / "4.5/multilayer_0001.exr", file)
    settings = {"maps": (DenseMap.DEPTH_PNG,)}
    job = plain_job(plain_frame(file, name="0001"), tmp_path / "out", **settings)
    annotate(job)
    return job


def files_of(job: FrameJob) -> list[Path]:
    return [file.path for file in job.files.files]


def test_a_frame_that_is_complete(job: FrameJob) -> None:
    passes = DiscardedPasses([files_of(job)])
    passes.after(job)
    assert not any(path.exists() for path in files_of(job))
    assert passes.lines() == ["Passes discarded: 1 EXR file"]


@pytest.mark.parametrize("name", ["images/0001.png", "maps/depth/0001.png", "pictures/boxes/0001.png"])
def test_a_bit_that_flipped(job: FrameJob, name: str) -> None:
    path = job.output / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    passes = DiscardedPasses([files_of(job)])
    passes.after(job)
    assert all(path.is_file() for path in files_of(job))
    assert passes.lines() == [
        "Passes discarded: 0 EXR files",
        f"Passes stay: 0001: {name} is not as it was written",
    ]


@pytest.mark.parametrize("name", ["records/0001.json", "images/0001.png", "maps/depth/0001.png"])
def test_a_file_that_is_gone(job: FrameJob, name: str) -> None:
    (job.output / name).unlink()
    assert why_incomplete(job) == "its record is not up to date"


def test_a_file_that_another_job_needs_stays_until_that_is_done(job: FrameJob) -> None:
    passes = DiscardedPasses([files_of(job), files_of(job)])
    passes.after(job)
    assert all(path.is_file() for path in files_of(job))
    passes.after(job)
    assert not any(path.exists() for path in files_of(job))
    assert passes.removed == 1


def test_settings_of_another_run(job: FrameJob) -> None:
    other = plain_job(job.files, job.output, maps=(), soft_masks=not Settings().soft_masks)
    assert why_incomplete(other) == "its record is not up to date"
