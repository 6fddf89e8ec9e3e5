"""A run that is killed at any operation on a file, or runs out of disk there.

What is left is right, or known not to be, and the next run ends with the bytes of one that was never disturbed."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.dataset.export import export
from core.records.frame_job import FrameJob
from core.run import annotation_run
from core.run.annotation_run import Summary, annotate_frames
from core.run.exit_codes import ExitCode
from core.run.pool import Done, Event, Failed, WorkerPool
from core.settings.export_table import ExportFormat
from core.settings.settings import Settings
from tests.builders import plain_frame, plain_job
from tests.core.datasets import bytes_in
from tests.core.made_up import write_rich
from tools.faults.children import Children
from tools.faults.disturbed.cases import ANNOTATE, COMBINE, MERGE, Case
from tools.faults.disturbed.kills import kill_everywhere

DATA = Path(__file__).resolve().parents[2] / "data/4.5"
_MOST_OPERATIONS = 500
ONE_WORKER = Settings(workers=1)


@pytest.fixture(scope="module")
def children() -> Iterator[Children]:
    with Children() as found:
        yield found


@pytest.mark.parametrize(("case", "every"), [(ANNOTATE, 4), (MERGE, 6), (COMBINE, 12)], ids=str)
def test_killed_at_operations(case: Case, every: int, children: Children, tmp_path: Path) -> None:
    """At some of them; `python -m tools.faults` does it at each."""
    kills, wrong = kill_everywhere(case, tmp_path, children, every)
    assert wrong == []
    assert kills > 2


@pytest.mark.parametrize("operation", ["open", "sync", "folder"])
def test_a_disk_that_is_full(children: Children, tmp_path: Path, operation: str) -> None:
    """At any operation that needs space: what is there stays as it is, byte for byte."""
    folder = tmp_path / "case"
    ANNOTATE.prepare(folder, children)
    if operation == "folder":  # all of which are there in a dataset that is annotated again
        shutil.rmtree(folder / "out")
        (folder / "out").mkdir()
    before = bytes_in(folder / "out")
    do, data = ANNOTATE.step(folder)
    for number in range(_MOST_OPERATIONS):
        ended = children.do_disturbed(do, data, folder, number, full_for=operation)
        if ended.code == 0:
            assert number > 3
            return
        assert ended.has_refused, ended.said
        assert bytes_in(folder / "out") == before
    pytest.fail("it never ends")


def test_a_folder_of_exports_elsewhere_has_no_leftovers(tmp_path: Path) -> None:
    """Those of a killed export are removed by the next one, and of other folders there nothing is."""
    dataset, exports = tmp_path / "dataset", tmp_path / "exports"
    write_rich(dataset, 2)
    old = exports / f".labelpass-00000000-{2**22 + 1}-00000000.tmp"
    for folder in (old, exports / "mine" / old.name):
        (folder / "train").mkdir(parents=True)
        os.utime(folder, (0, 0))
    export(dataset, Settings(formats=(ExportFormat.COCO,)), exports)
    assert {path.name for path in exports.iterdir()} == {"coco", "mine"}
    assert [path.name for path in (exports / "mine").iterdir()] == [old.name]


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
    assert not list(output.iterdir())


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
