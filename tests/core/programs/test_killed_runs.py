"""A run that is killed at any operation on a file, or runs out of disk there.

What is left is right, or known not to be, and the next run ends with the bytes of one that was never disturbed."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.annotate.annotate import annotate
from core.base.dataset_folder import DatasetFolder
from core.base.errors import RecordError
from core.base.files import Content
from core.base.temporary_names import remove_old_leftovers, temporary_files
from core.records.frame_job import FrameJob
from core.records.record_store import open_records
from core.run import annotation_run
from core.run.annotation_run import Summary, annotate_frames
from core.run.exit_codes import ExitCode
from core.run.pool import Done, Event, Failed, WorkerPool
from core.settings.map_table import DenseMap
from core.settings.settings import ImageFormat, Settings
from tests.builders import plain_frame, plain_job
from tests.core.datasets import bytes_in
from tests.core.killed_runs import FULL, KILLED

ROOT = Path(__file__).resolve().parents[3]
DATA = Path(__file__).resolve().parents[2] / "data/4.5"
# Maps and soft masks that both have, with other bytes, and files that only one of them has.
A: dict[str, Any] = {"soft_masks": True, "maps": (DenseMap.DEPTH_PNG, DenseMap.DEPTH_EXR), "pictures": False}
B: dict[str, Any] = {"soft_masks": True, "maps": (DenseMap.DEPTH_PNG, DenseMap.DEPTH_NPY), "pictures": False}
B |= {"depth_scale": 0.002, "image_format": ImageFormat.JPEG, "min_area": 150}
_MOST_OPERATIONS = 500
ONE_WORKER = Settings(workers=1)


def _job(output: Path, settings: dict[str, Any]) -> FrameJob:
    return plain_job(plain_frame(DATA / "crypto_only_0001.exr", name="frame_0001"), output, **settings)


class Children:
    """Annotates in child processes of a small one, see killed_runs.py."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.core.killed_runs"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def annotate(self, job: FrameJob, number: int, operation: str = "") -> int:
        """The exit code of a child with this request."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        request = {"job": job.as_json(), "number": number, "operation": operation}
        print(json.dumps(request), file=self._process.stdin, flush=True)
        return int(self._process.stdout.readline())

    def end(self) -> None:
        self._process.communicate()


@pytest.fixture(scope="module")
def children() -> Iterator[Children]:
    found = Children()
    yield found
    found.end()


def _is_consistent(output: Path) -> bool:
    """Whether the frame's record holds, with its files as it says; RecordError where there is none that counts."""
    dataset = DatasetFolder(output)
    record = open_records(dataset).read("frame_0001")
    return all(Content.of_file(dataset.file(file)) == record.contents[file] for file in record.files())


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """What each of the settings makes in an empty folder."""
    made = {}
    for name, settings in (("A", A), ("B", B)):
        made[name] = tmp_path_factory.mktemp(name) / "out"
        made[name].mkdir()
        annotate(_job(made[name], settings))
    return made


def test_killed_at_every_operation(undisturbed: dict[str, Path], children: Children, tmp_path: Path) -> None:
    """Settings A are done, and a run with settings B is killed: A and B both find what they need to do."""
    assert bytes_in(undisturbed["A"]).keys() != bytes_in(undisturbed["B"]).keys()
    kept = voided = 0
    for number in range(_MOST_OPERATIONS):
        output = tmp_path / str(number)
        shutil.copytree(undisturbed["A"], output)
        code = children.annotate(_job(output, B), number)
        assert code in (0, KILLED)
        if code == 0:
            assert bytes_in(output) == bytes_in(undisturbed["B"])
            break
        try:
            assert _is_consistent(output), f"killed at operation {number}: a record over another's files"
            kept += 1
        except RecordError as error:
            assert "since a run was interrupted while it replaced files of this frame; annotate" in str(error)
            assert _job(output, A).finished_record() is None
            voided += 1
        for name, settings in (("A", A), ("B", B)):
            again = tmp_path / f"{number}{name}"
            shutil.copytree(output, again)
            if _job(again, settings).finished_record() is None:
                annotate(_job(again, settings))
            remove_old_leftovers(again)
            assert bytes_in(again) == bytes_in(undisturbed[name]), f"killed at operation {number}"
    assert kept > 10
    assert voided > 5
    assert number > kept + voided - 1


@pytest.mark.parametrize("operation", ["open", "sync", "folder"])
def test_a_disk_that_is_full(undisturbed: dict[str, Path], children: Children, tmp_path: Path, operation: str) -> None:
    """At any operation that needs space: what is there stays as it is, byte for byte."""
    for number in range(_MOST_OPERATIONS):
        output = tmp_path / str(number)
        shutil.copytree(undisturbed["A"], output)
        code = children.annotate(_job(output, B), number, operation)
        if code == 0:
            assert number > 3 if operation != "folder" else number > 0
            return
        assert code == FULL
        assert bytes_in(output) == bytes_in(undisturbed["A"])
    pytest.fail("it never ends")


def test_nothing_temporary_is_left(undisturbed: dict[str, Path]) -> None:
    assert [path for output in undisturbed.values() for path in temporary_files(output)] == []
    assert Settings(**A) != Settings(**B)


# --- Whole runs -------------------------------------------------------------------------------------------------------


def _jobs(output: Path, number: int = 6, **settings: Any) -> list[FrameJob]:
    source = DATA / "transparent_0001.exr"
    return [plain_job(plain_frame(source, name=f"f_{place:04}"), output, **settings) for place in range(number)]


class _FullDisk(WorkerPool):
    """Each task fails as on a full disk, from one of them on."""

    def __init__(self, good: int) -> None:
        super().__init__(1)
        self._good = good

    def poll(self, timeout: float = 0.0) -> list[Event]:
        events = super().poll(timeout)
        for place, event in enumerate(events):
            if isinstance(event, Done):
                self._good -= 1
                if self._good < 0:
                    events[place] = Failed(event.task, "Cannot write x: No space left on device; free", True, True)
        return events


def test_redo_on_a_full_disk_takes_nothing_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Frames in hand end, the others are left out, and no record of before is lost."""
    output = tmp_path / "out"
    annotate_frames(_jobs(output), output, ONE_WORKER, lambda summary: None)
    before = bytes_in(output / "records")
    monkeypatch.setattr(annotation_run, "WorkerPool", lambda *args, **options: _FullDisk(2))
    summary = annotate_frames(_jobs(output, redo=True), output, ONE_WORKER, lambda summary: None)

    assert summary.exit_code == ExitCode.FAILED
    assert summary.annotated == 2
    assert 1 <= len(summary.failed) <= 3
    left = 6 - summary.annotated - len(summary.failed)
    assert summary.problems == [f"{left} frame{'s' if left > 1 else ''} left out, since the run had to stop"]
    assert bytes_in(output / "records").keys() == before.keys()


def test_an_output_folder_that_vanishes(tmp_path: Path) -> None:
    """Nothing is written into another folder of its name, and the run does not end well."""
    output = tmp_path / "out"

    def progress(summary: Summary) -> None:
        if summary.annotated == 1 and output.is_dir():
            output.rename(tmp_path / "gone")

    summary = annotate_frames(_jobs(output, 20), output, ONE_WORKER, progress)

    assert summary.exit_code == ExitCode.FAILED
    assert summary.annotated + len(summary.failed) < 20
    assert "was removed or replaced while frames were written there" in summary.problems[0]
    assert summary.problems[1].endswith("frames left out, since the run had to stop")
    assert not output.exists()


def test_an_output_folder_that_is_replaced(tmp_path: Path) -> None:
    output = tmp_path / "out"

    def progress(summary: Summary) -> None:
        if summary.annotated == 1 and not (tmp_path / "gone").exists():
            output.rename(tmp_path / "gone")
            output.mkdir()

    summary = annotate_frames(_jobs(output, 20), output, ONE_WORKER, progress)

    assert summary.exit_code == ExitCode.FAILED
    assert "was removed or replaced" in summary.problems[0]


def test_a_failure_of_reading_forgets_only_what_is_out_of_date(tmp_path: Path) -> None:
    """A file that is damaged now has no record; one that fails again under Redo, and has not changed, keeps it."""
    source = tmp_path / "a.exr"
    shutil.copy(DATA / "transparent_0001.exr", source)
    output = tmp_path / "out"
    job = plain_job(plain_frame(source, name="a"), output)
    annotate_frames([job], output, ONE_WORKER, lambda summary: None)
    source.write_bytes(b"damaged")

    assert list(annotate_frames([job], output, ONE_WORKER, lambda summary: None).failed) == ["a"]
    assert bytes_in(output / "records") == {}
