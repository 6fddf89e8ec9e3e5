"""Worker processes for real: they are given tasks, killed, stopped, orphaned and hindered from starting.

What holds a worker in the middle of a frame is the frame's scene record: it is a FIFO, which the worker of these tests
reads (piped_worker.py), and which the test neither writes nor closes until it is done. So no test waits for a time and
hopes.
"""

import contextlib
import dataclasses
import errno
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from core.base.errors import WorkerError
from core.base.temporary_names import is_temporary
from core.records.frame_job import FrameJob
from core.records.record_files import read_record_file
from core.run.annotation_run import annotate_frames
from core.run.exit_codes import ExitCode
from core.run.pool import Done, Event, Failed, Progress, Task, WorkerPool
from core.run.worker_process import WorkerProcess
from core.settings.settings import LabelSource, Settings
from tests.builders import plain_frame, plain_job, plain_scene, record_files, record_path
from tests.core import piped_worker
from tests.processes import PATIENCE, children_of, is_running, open_files, wait_until

ROOT = Path(__file__).resolve().parents[3]
PYTHON = sys.executable


# --- Processes --------------------------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def no_process_is_left() -> Iterator[None]:
    before = children_of(os.getpid())
    yield
    left = children_of(os.getpid()) - before
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    assert not left


def worker_pids() -> set[int]:
    return children_of(os.getpid())


# --- Frames -----------------------------------------------------------------------------------------------------------


class Fifo:
    """A scene record that comes when the test wants it: until then, a worker that reads it is in the middle."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        os.mkfifo(path)
        self._end: int | None = None

    def wait_for_reader(self) -> None:
        """Return when a process opens the FIFO to read, though it may not be among its open files yet."""

        def is_read() -> bool:
            try:
                self._end = os.open(self.path, os.O_WRONLY | os.O_NONBLOCK)
            except OSError as error:
                assert error.errno == errno.ENXIO
                return False
            return True

        wait_until(is_read, "a worker reads the scene record")

    def reader(self, meanwhile: Callable[[], object] = lambda: None) -> int:
        """Wait until one of our children has it open, and do something meanwhile; returns its process."""
        if self._end is None:
            self.wait_for_reader()
        readers: set[int] = set()

        def is_open() -> bool:
            meanwhile()
            readers.update(pid for pid in worker_pids() if str(self.path) in open_files(pid))
            return bool(readers)

        wait_until(is_open, "the scene record is among a worker's open files")
        (reader,) = readers
        return reader

    def let_go(self) -> None:
        """Whoever reads now sees the end of the file."""
        if self._end is not None:
            os.close(self._end)
            self._end = None

    def become(self, write: Callable[[Path], object]) -> None:
        """Be an ordinary file from now on, also for whoever reads now."""
        other = self.path.with_name("ready")
        write(other)
        content = other.read_bytes()
        other.replace(self.path)
        if self._end is not None:
            with contextlib.suppress(BrokenPipeError):  # the reader has been killed
                os.write(self._end, content)
            self.let_go()

    def become_when_closed(self, pid: int, write: Callable[[Path], object]) -> threading.Thread:
        """Be an ordinary file as soon as we have closed the standard input of a process."""
        pipe = str(Path(f"/proc/{pid}/fd/0").readlink())

        def wait() -> None:
            wait_until(lambda: pipe not in open_files(os.getpid()), "the worker's input is closed")
            self.become(write)

        thread = threading.Thread(target=wait)
        thread.start()
        return thread


@pytest.fixture
def fifo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fifo]:
    monkeypatch.setattr(sys, "executable", piped_worker.program(tmp_path))
    fifo = Fifo(tmp_path / "scenes" / "held.json")
    yield fifo
    fifo.let_go()


class Frames:
    """Tasks to annotate frames into one output folder."""

    def __init__(self, data: Path, output: Path) -> None:
        self.source = data / "4.5" / "transparent_0001.exr"
        self.output = output
        output.mkdir(exist_ok=True)  # as whoever starts a run does

    def job(self, name: str, scene: Path | None = None, source: Path | None = None) -> FrameJob:
        frame = plain_frame(source or self.source, name=name)
        return plain_job(frame, self.output, scene, labels=LabelSource.OBJECT_INDEX)

    def task(self, name: str, scene: Path | None = None, source: Path | None = None) -> Task:
        return Task("annotate", self.job(name, scene, source).as_json(), self.output, f"frame {name}", name)

    def records(self) -> set[str]:
        """The frames that have a record, each of which is whole and has its files."""
        names = set()
        for path in record_files(self.output):
            record = read_record_file(path)
            assert len(record.instances) == 3
            assert all((self.output / file).is_file() for file in record.files())
            names.add(record.name)
        return names

    def unfinished(self) -> list[Path]:
        return [path for path in self.output.rglob("*") if path.name.startswith(".")]


@pytest.fixture
def frames(data: Path, tmp_path: Path) -> Frames:
    return Frames(data, tmp_path / "out")


@pytest.fixture
def big_frame(write_exr, tmp_path: Path) -> Path:
    """A frame that takes a worker long enough to be caught while it writes."""
    side = 1000
    noise = np.random.default_rng(0).random((side, side), np.float32)
    index = np.repeat(np.arange(side, dtype=np.float32)[:, None] // 334 + 1, side, axis=1)
    channels = {f"L.Combined.{letter}": noise for letter in "RGBA"} | {"L.IndexOB.X": index}
    return write_exr(tmp_path / "big.exr", channels, compression="NO")


def program(path: Path, text: str) -> str:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)
    return str(path)


def answers(pool: WorkerPool, count: int) -> list[Event]:
    """The next answers, without reports of progress."""
    events: list[Event] = []
    end = time.monotonic() + PATIENCE
    while len(events) < count:
        assert time.monotonic() < end, f"only {events} came"
        events += [event for event in pool.poll(timeout=0.1) if not isinstance(event, Progress)]
    return events


# --- Work -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("workers", [1, 3])
def test_tasks_are_done(frames: Frames, workers: int) -> None:
    names = {f"f{number}" for number in range(7)}
    threads = threading.enumerate()
    with WorkerPool(workers) as pool:
        for name in sorted(names):
            pool.submit(frames.task(name))
        assert pool.pending == 7
        assert len(worker_pids()) == workers
        assert threading.enumerate() == threads, "Blender's process wants none of ours"
        events = answers(pool, 7)
        assert len(worker_pids()) == workers
        assert pool.pending == 0
        assert pool.poll() == []

    assert all(isinstance(event, Done) for event in events)
    assert threading.enumerate() == threads
    assert {event.task.tag for event in events} == names
    results = [event.result for event in events if isinstance(event, Done)]
    assert all(result.pop("written") > 0 for result in results)
    assert results == [{"instances": 3, "dropped": 0, "notes": []}] * 7
    assert frames.records() == names
    assert frames.unfinished() == []
    assert worker_pids() == set()


def test_no_more_workers_than_tasks(frames: Frames) -> None:
    with WorkerPool(8) as pool:
        assert worker_pids() == set()
        pool.submit(frames.task("a"))
        pool.submit(frames.task("b"))
        assert len(worker_pids()) == 2
        answers(pool, 2)


@pytest.mark.parametrize("low", [True, False])
def test_workers_of_low_priority_leave_the_processor_to_others(frames: Frames, low: bool) -> None:
    with WorkerPool(1, low_priority=low) as pool:
        pool.submit(frames.task("a"))
        answers(pool, 1)
        (worker,) = worker_pids()
        mine, theirs = (os.getpriority(os.PRIO_PROCESS, pid) for pid in (0, worker))
    assert theirs == (min(mine + 10, 19) if low else mine)


def test_a_worker_is_used_again(frames: Frames) -> None:
    with WorkerPool(1) as pool:
        pool.submit(frames.task("a"))
        answers(pool, 1)
        first = worker_pids()
        pool.submit(frames.task("b"))
        answers(pool, 1)
        assert worker_pids() == first


def test_more_is_wanted_until_each_worker_has_two(frames: Frames) -> None:
    with WorkerPool(2) as pool:
        wanted = []
        for number in range(5):
            wanted.append(pool.wants_more)
            pool.submit(frames.task(f"f{number}"))
        assert wanted == [True, True, True, True, False]


def test_bad_frame_costs_only_itself(frames: Frames, tmp_path: Path) -> None:
    bad = tmp_path / "bad.exr"
    bad.write_bytes(frames.source.read_bytes()[:3000])
    with WorkerPool(1) as pool:
        pool.submit(frames.task("bad", source=bad))
        pool.submit(frames.task("good"))
        worse, better = answers(pool, 2)
        assert len(worker_pids()) == 1

    assert isinstance(worse, Failed)
    assert str(bad) in worse.error
    assert "render the frame again" in worse.error
    assert isinstance(better, Done)
    assert frames.records() == {"good"}


def test_bug_costs_only_its_frame(frames: Frames) -> None:
    """A task that makes no sense stands for a bug: it is told as one, and the worker goes on."""
    broken = frames.task("broken")
    broken.data = {**broken.data, "files": None}
    with WorkerPool(1) as pool:
        pool.submit(broken)
        pool.submit(frames.task("good"))
        worse, better = answers(pool, 2)

    assert isinstance(worse, Failed)
    assert worse.error.startswith("Labelpass has a bug here, please report it: ")
    assert "\n" not in worse.error
    assert isinstance(better, Done)


def test_merge_reports_progress(frames: Frames) -> None:
    with WorkerPool(1) as pool:
        pool.submit(frames.task("a"))
        answers(pool, 1)
        pool.submit(Task("merge", {"output": str(frames.output), "settings": {}}, frames.output, "the records"))
        events: list[Event] = []

        def is_done() -> bool:
            events.extend(pool.poll(timeout=0.1))
            return pool.pending == 0

        wait_until(is_done, "the records are merged")

    *progress, done = events
    assert [(event.done, event.total) for event in progress if isinstance(event, Progress)] == [(0, 2)]
    assert isinstance(done, Done)
    assert done.result["frames"] == 1
    assert (frames.output / "annotations" / "instances.json").is_file()


# --- Stopping ---------------------------------------------------------------------------------------------------------


def test_stop_in_the_middle_of_a_frame(frames: Frames, fifo: Fifo) -> None:
    """The frames before it are whole; the one in work leaves nothing, nor do those that wait.

    The worker is let go on only when it has been told to stop, and then ends by itself at its next step.
    """
    with WorkerPool(1) as pool:
        for name in ("a", "b"):
            pool.submit(frames.task(name))
        pool.submit(frames.task("held", scene=fifo.path))
        pool.submit(frames.task("never"))
        answers(pool, 2)
        pid = fifo.reader()
        release = fifo.become_when_closed(pid, plain_scene().write)
    release.join()

    assert not is_running(pid)
    assert pool.pending == 0
    assert frames.records() == {"a", "b"}
    assert frames.unfinished() == []


def test_stop_of_a_worker_that_does_not_listen(frames: Frames, fifo: Fifo) -> None:
    """One that never comes to its next step is killed."""
    with WorkerPool(2) as pool:
        pool.submit(frames.task("held", scene=fifo.path))
        pool.submit(frames.task("a"))
        answers(pool, 1)
        fifo.wait_for_reader()
        pids = worker_pids()
        assert len(pids) == 2

    assert not any(is_running(pid) for pid in pids)
    assert frames.records() == {"a"}
    assert frames.unfinished() == []


def test_stop_while_files_are_written(frames: Frames, big_frame: Path) -> None:
    with WorkerPool(2) as pool:
        for number in range(20):
            pool.submit(frames.task(f"f{number:02}", source=big_frame))
        answers(pool, 2)

        def is_writing() -> bool:
            pool.poll()
            return bool(frames.unfinished())

        wait_until(is_writing, "a worker writes a file")

    assert frames.unfinished() == []
    done = frames.records()
    assert 2 <= len(done) < 20


def test_stopped_pool_is_as_new(frames: Frames) -> None:
    pool = WorkerPool(1)
    pool.submit(frames.task("a"))
    pool.stop()
    pool.stop()
    assert pool.pending == 0
    assert pool.poll(timeout=0.1) == []

    with pool:
        pool.submit(frames.task("b"))
        (event,) = answers(pool, 1)

    assert event.task.tag == "b"
    assert "b" in frames.records()


def test_error_of_the_caller_stops_the_workers(frames: Frames, fifo: Fifo) -> None:
    with pytest.raises(KeyboardInterrupt), WorkerPool(1) as pool:
        pool.submit(frames.task("held", scene=fifo.path))
        fifo.wait_for_reader()
        (pid,) = worker_pids()
        release = fifo.become_when_closed(pid, plain_scene().write)
        raise KeyboardInterrupt
    release.join()

    assert not is_running(pid)
    assert frames.records() == set()
    assert frames.unfinished() == []


# --- Workers that die -------------------------------------------------------------------------------------------------


def test_killed_worker_is_replaced_and_its_frame_done_again(frames: Frames, fifo: Fifo) -> None:
    with WorkerPool(1) as pool:
        pool.submit(frames.task("held", scene=fifo.path))
        pool.submit(frames.task("a"))
        fifo.wait_for_reader()
        (pid,) = worker_pids()
        os.kill(pid, signal.SIGKILL)
        fifo.become(plain_scene().write)
        events = answers(pool, 2)
        assert not is_running(pid)
        assert len(worker_pids()) == 1

    assert [(type(event), event.task.tag) for event in events] == [(Done, "held"), (Done, "a")]
    assert frames.records() == {"held", "a"}


def test_killed_worker_leaves_no_unfinished_file(frames: Frames, big_frame: Path) -> None:
    """It is stopped in the middle of a file, looked at, and killed there."""
    with WorkerPool(1) as pool:
        pool.submit(frames.task("ready"))
        answers(pool, 1)
        (pid,) = worker_pids()

        def is_caught_writing() -> bool:
            if not pool.pending:
                pool.submit(frames.task("big", source=big_frame))
            os.kill(pid, signal.SIGSTOP)
            # A name that holds the machine and the process, so that another machine's are left alone.
            caught = [is_temporary(path.name) and f"-{pid}-" in path.name for path in frames.unfinished()]
            if caught:
                assert caught == [True]
                return True
            os.kill(pid, signal.SIGCONT)
            pool.poll()
            return False

        wait_until(is_caught_writing, "a worker writes a file")
        os.kill(pid, signal.SIGKILL)
        (event,) = answers(pool, 1)
        assert frames.unfinished() == []
        assert len(worker_pids() - {pid}) == 1

    assert isinstance(event, Done)
    assert frames.records() == {"ready", "big"}


def test_worker_that_is_killed_while_it_waits(frames: Frames) -> None:
    with WorkerPool(1) as pool:
        pool.submit(frames.task("a"))
        answers(pool, 1)
        (pid,) = worker_pids()
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not is_running(pid), "the worker is dead")
        pool.submit(frames.task("b"))
        (event,) = answers(pool, 1)

    assert isinstance(event, Done)
    assert frames.records() == {"a", "b"}


def test_killed_twice_over_one_frame(frames: Frames, fifo: Fifo) -> None:
    """Such a frame is at fault itself: it fails, and the others go on."""
    others = {f"f{number}" for number in range(4)}
    with WorkerPool(2) as pool:
        pool.submit(frames.task("held", scene=fifo.path))
        for name in sorted(others):
            pool.submit(frames.task(name))
        events: list[Event] = []
        for _ in range(2):
            pid = fifo.reader(meanwhile=lambda: events.extend(pool.poll()))
            os.kill(pid, signal.SIGKILL)
            wait_until(lambda pid=pid: not is_running(pid), "the worker is dead")
        events += answers(pool, 5 - len(events))
        assert pool.pending == 0
        pool.submit(frames.task("after"))
        (after,) = answers(pool, 1)

    (failed,) = [event for event in events if isinstance(event, Failed)]
    assert failed.task.tag == "held"
    assert failed.error == (
        "The worker process died twice over frame held (signal 9); a file may be damaged or too large for this "
        "machine's memory, so render the frame again"
    )
    assert {event.task.tag for event in events if isinstance(event, Done)} == others
    assert isinstance(after, Done)
    assert frames.records() == others | {"after"}
    assert frames.unfinished() == []


def test_worker_that_dies_in_the_middle_of_an_answer(
    frames: Frames, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a line is not an answer; a reader that waits for the whole of it would wait for ever."""
    script = """#!/bin/sh
        echo '{"ready": true}'
        read task
        printf '{"id": 1, "res'
        kill -9 $$
    """
    monkeypatch.setattr(sys, "executable", program(tmp_path / "python", script))
    with WorkerPool(1) as pool:
        pool.submit(frames.task("a"))
        (event,) = answers(pool, 1)

    assert isinstance(event, Failed)
    assert event.error.startswith("The worker process died twice over frame a (signal 9); ")


def test_word_before_the_first_answer(frames: Frames, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A .pth file or a wrapper around the interpreter may say something before our code runs."""
    script = f'#!/bin/sh\necho Welcome\necho 12\nexec {sys.executable} "$@"\n'
    monkeypatch.setattr(sys, "executable", program(tmp_path / "python", script))
    with WorkerPool(1) as pool:
        pool.submit(frames.task("a"))
        (event,) = answers(pool, 1)

    assert isinstance(event, Done)
    assert frames.records() == {"a"}


def test_not_enough_memory(frames: Frames, write_exr, tmp_path: Path) -> None:
    """A worker that gets no memory says so, and the next frame is done, by it or by one that takes its place."""
    side = 6000
    index = np.zeros((side, side), np.float32)
    index[:10, :10] = 1
    big = write_exr(tmp_path / "large.exr", {"L.IndexOB.X": index})
    with WorkerPool(1) as pool:
        pool.submit(frames.task("a"))
        answers(pool, 1)
        (pid,) = worker_pids()
        limit_memory(pid, 100_000_000)
        pool.submit(frames.task("large", source=big))
        pool.submit(frames.task("b"))
        large, after = answers(pool, 2)
        assert len(worker_pids()) == 1

    assert isinstance(large, Failed)
    assert "memory" in large.error
    assert "\n" not in large.error
    assert isinstance(after, Done)
    assert frames.records() == {"a", "b"}


@pytest.mark.parametrize("killed", [False, True])
def test_a_frame_for_which_memory_is_short_beside_others(
    frames: Frames, fifo: Fifo, write_exr, tmp_path: Path, killed: bool
) -> None:
    """It is done again when no other frame takes any, and frames behind it wait for that."""
    large = tmp_path / "scenes" / "large.json"
    size = 6000
    index = np.zeros((size, size), np.float32)
    for place in range(3):
        index[:10, 10 * place : 10 * place + 10] = place + 1
    big = write_exr(tmp_path / "large.exr", {"L.IndexOB.X": index})
    plain_scene(width=size, height=size).write(large)
    with WorkerPool(2) as pool:
        for name in "ab":  # so that both workers have imported what they need
            pool.submit(frames.task(name))
        answers(pool, 2)
        pool.submit(frames.task("held", scene=fifo.path))
        holder = fifo.reader()
        if killed:
            other_fifo = Fifo(large.with_name("killed.json"))
            pool.submit(frames.task("large", scene=other_fifo.path, source=big))
            os.kill(other_fifo.reader(), signal.SIGKILL)
            other_fifo.become(plain_scene(width=size, height=size).write)
        else:
            (other,) = worker_pids() - {holder}
            limit_memory(other, 100_000_000)
            pool.submit(frames.task("large", scene=large, source=big))
        end = time.monotonic() + PATIENCE
        while len(pool._waiting) == 0:
            assert time.monotonic() < end
            assert not pool.poll(0.1)
        if not killed:
            resource.prlimit(other, resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        pool.submit(frames.task("behind"))
        fifo.become(plain_scene().write)
        events = answers(pool, 3)

    assert [(type(event), event.task.tag) for event in events] == [(Done, "held"), (Done, "large"), (Done, "behind")]
    why = (
        "A worker process was killed over frame large, as systems do where memory is short"
        if killed
        else "Memory was short for frame large"
    )
    trouble = f"{why}, so it was done again by itself; with fewer workers nothing is done twice"
    assert [event.task.troubles for event in events] == [[], [trouble], []]
    assert frames.records() == {"a", "b", "held", "large", "behind"}


def test_workers_are_ended_before_others_where_memory_runs_out(frames: Frames) -> None:
    own = Path("/proc/self/oom_score_adj").read_text()
    with WorkerPool(1) as pool:
        pool.submit(frames.task("a"))
        answers(pool, 1)
        (pid,) = worker_pids()
        assert Path(f"/proc/{pid}/oom_score_adj").read_text() == "1000\n"
    assert Path("/proc/self/oom_score_adj").read_text() == own


@pytest.mark.parametrize("damage", ["cut off", "flipped"])
def test_damaged_frames_do_not_fill_the_memory(frames: Frames, write_exr, tmp_path: Path, damage: str) -> None:
    """OpenEXR loses the memory of a channel that it cannot decode to the end; a run may meet many such frames."""
    index = np.zeros((1000, 2000), np.float32)
    index[:10, :10] = 1
    path = write_exr(tmp_path / "damaged.exr", {"L.IndexOB.X": index})
    whole = bytearray(path.read_bytes())
    if damage == "cut off":
        del whole[-20:]
    else:
        whole[-20] ^= 0xFF
    path.write_bytes(whole)
    with WorkerPool(1) as pool:
        pool.submit(frames.task("first", source=path))
        events = answers(pool, 1)
        before = sum(map(resident_bytes, worker_pids()))
        for number in range(20):
            pool.submit(frames.task(f"f{number}", source=path))
        events += answers(pool, 20)
        after = sum(map(resident_bytes, worker_pids()))

    assert all(isinstance(event, Failed) and str(path) in event.error for event in events)
    assert after - before < 3 * index.nbytes


def resident_bytes(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def limit_memory(pid: int, more: int) -> None:
    """Let a process have so many bytes more than it has now."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[0])
    limit = pages * os.sysconf("SC_PAGE_SIZE") + more
    resource.prlimit(pid, resource.RLIMIT_AS, (limit, resource.RLIM_INFINITY))


# --- Workers that hang ------------------------------------------------------------------------------------------------


def test_a_worker_that_hangs_is_replaced(frames: Frames, fifo: Fifo) -> None:
    """Its frame is done once more, and the user hears of it."""
    with WorkerPool(1, hung_after=2.0) as pool:
        pool.submit(frames.task("held", scene=fifo.path))
        pool.submit(frames.task("a"))
        pid = fifo.reader(meanwhile=pool.poll)

        def is_replaced() -> bool:
            pool.poll(timeout=0.1)
            return pid not in worker_pids()

        wait_until(is_replaced, "the worker is replaced")
        assert not is_running(pid)
        fifo.become(plain_scene().write)
        events = answers(pool, 2)

    assert [(type(event), event.task.tag) for event in events] == [(Done, "held"), (Done, "a")]
    assert events[0].task.troubles == [
        "A worker process was replaced over frame held, since it did nothing for 2 seconds"
    ]
    assert events[1].task.troubles == []
    assert frames.records() == {"held", "a"}
    assert frames.unfinished() == []


def test_a_frame_over_which_workers_hang_twice(frames: Frames, fifo: Fifo) -> None:
    with WorkerPool(1, hung_after=2.0) as pool:
        pool.submit(frames.task("held", scene=fifo.path))
        (event,) = answers(pool, 1)
        pool.submit(frames.task("a"))
        (after,) = answers(pool, 1)

    assert isinstance(event, Failed)
    assert event.error == (
        "The worker process had to be replaced twice over frame held, since it did nothing for 2 seconds; check the "
        "disk or network that its files are on, or raise Hung After, and run again"
    )
    assert isinstance(after, Done)


def test_a_stopped_worker_hangs_too(frames: Frames, big_frame: Path) -> None:
    """As one that hangs in a step of C code, and gives no sign of life whatever its threads would like."""
    with WorkerPool(1, hung_after=2.0) as pool:
        pool.submit(frames.task("ready"))
        answers(pool, 1)
        (pid,) = worker_pids()
        os.kill(pid, signal.SIGSTOP)
        pool.submit(frames.task("big", source=big_frame))
        (event,) = answers(pool, 1)
        assert not is_running(pid)

    assert isinstance(event, Done)
    assert len(event.task.troubles) == 1


def test_a_slow_step_gives_signs_of_life(tmp_path: Path) -> None:
    """It comes to no checkpoint and reports nothing, but it uses the processor."""
    process = subprocess.Popen([sys.executable, "-c", STEP], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert process.stdin is not None
        assert process.stdout is not None
        assert json.loads(process.stdout.readline()) == {"ready": True}
        task = json.dumps({"id": 1, "do": "spin", "with": {"path": str(tmp_path / "enough")}}) + "\n"
        process.stdin.write(task.encode())
        process.stdin.flush()
        for _ in range(10):
            assert json.loads(process.stdout.readline()) == {"alive": True}
        (tmp_path / "enough").touch()
        process.stdin.close()
        *signs, result = map(json.loads, process.stdout.read().splitlines())
        assert all(sign == {"alive": True} for sign in signs)
        assert result == {"id": 1, "result": {}}
        assert process.wait(PATIENCE) == 0
        process.stdout.close()
    finally:
        process.kill()
        process.wait()


def test_silence_of_a_worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever it says breaks its silence, and only the time during which the program looked counts."""
    monkeypatch.setattr(sys, "executable", speaking(tmp_path, "for line in sys.stdin: say(alive=True)"))
    worker = WorkerProcess(0, False, 1.0)
    try:
        assert [worker.watched(5.0) for _ in range(3)] == [5.0, 10.0, 15.0]
        worker.ask({}, tmp_path)
        wait_until(lambda: worker.read() == [] and worker.watched(5.0) == 0.0, "it gives a sign of life")
        assert [worker.watched(5.0) for _ in range(2)] == [5.0, 10.0]
    finally:
        worker.end()


# --- What a worker says -----------------------------------------------------------------------------------------------


def speaking(folder: Path, loop: str) -> str:
    """A program that speaks as a worker does, or not; it runs `loop`, with `say` and `right` for results."""
    text = f"""
import json, sys
def say(**message):
    print(json.dumps(message), flush=True)
right = {{"instances": 1, "dropped": 0, "notes": [], "written": 5}}
{loop}
"""
    (folder / "speaking.py").write_text(text, encoding="utf-8")
    return program(folder / "python", f"#!/bin/sh\nexec {sys.executable} -S {folder / 'speaking.py'}\n")


@pytest.mark.parametrize(
    "stray",
    [
        "",
        "say()",
        "say(ready=True)",
        "say(result=right)",
        "say(id=None, result=right)",
        "say(id=-1, result=right)",
        "say(id=str(id), error='of somebody else')",
        "say(id=[id], result=right)",
        "say(id=id + 1000, progress=[1, 2])",
        "print([1, 2], flush=True)",
        "print('{' * 3, flush=True)",
        "print('[' * 100_000, flush=True)",
    ],
)
def test_what_is_no_answer_to_a_task(
    frames: Frames, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stray: str
) -> None:
    """Before and after each answer, which comes twice besides."""
    loop = f"""
id = 0
{stray}
say(ready=True)
for line in sys.stdin:
    id = json.loads(line)["id"]
    {stray or "pass"}
    say(id=id, result=right)
    say(id=id, result=right)
    say(id=id, progress=[1, 2])
    {stray or "pass"}
"""
    monkeypatch.setattr(sys, "executable", speaking(tmp_path, loop))
    with WorkerPool(1) as pool:
        for name in ("a", "b", "c"):
            pool.submit(frames.task(name))
        events = answers(pool, 3)
        assert pool.pending == 0

    assert [(type(event), event.task.tag) for event in events] == [(Done, "a"), (Done, "b"), (Done, "c")]


@pytest.mark.parametrize(
    "answer",
    [
        "say(id=id)",
        "say(id=id, result=None)",
        "say(id=id, result={})",
        "say(id=id, result={**right, 'instances': '1'})",
        "say(id=id, result={**right, 'dropped': True})",
        "say(id=id, result={**right, 'notes': [1]})",
        "say(id=id, result=[right])",
        "say(id=id, error=None)",
        "say(id=id, error=['x'])",
        "say(id=id, progress=None)",
        "say(id=id, progress=[1])",
        "say(id=id, progress=['1', 2])",
    ],
)
def test_an_answer_that_is_broken(frames: Frames, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str) -> None:
    """Who answers like that is replaced, and nothing raises; the frame fails when it happens twice."""
    loop = f"say(ready=True)\nfor line in sys.stdin:\n    id = json.loads(line)['id']\n    {answer}"
    monkeypatch.setattr(sys, "executable", speaking(tmp_path, loop))
    with WorkerPool(1) as pool:
        pool.submit(frames.task("a"))
        (event,) = answers(pool, 1)

    assert isinstance(event, Failed)
    assert event.error.startswith(
        "The worker process died twice over frame a (something else wrote into its answers); "
    )


# --- The parent dies --------------------------------------------------------------------------------------------------

PARENT = """
import sys, time
from pathlib import Path
from core.frames.frame_files import FrameFiles
from core.base.temporary_names import is_temporary
from core.records.frame_job import FrameJob
from core.run.pool import Task, WorkerPool
from core.settings.render_pass import PassFile
source, output, scene = map(Path, sys.argv[1:4])
sys.executable = sys.argv[4]
pool = WorkerPool(2)
for name, record in (("a", None), ("held", scene)):
    job = FrameJob(FrameFiles("", 1, name, (PassFile(source),)), output, record)
    pool.submit(Task("annotate", job.as_json(), output, name))
while pool.pending > 1:
    pool.poll(0.1)
print("ready", flush=True)
time.sleep(600)
"""


def test_workers_end_with_their_parent(frames: Frames, fifo: Fifo) -> None:
    """One waits for work, the other is in the middle of a step that does not end; the parent says goodbye to neither.

    The scene record never comes, so nothing but the end of the parent can end the second one.
    """
    parent = subprocess.Popen(
        [PYTHON, "-c", PARENT, frames.source, frames.output, fifo.path, sys.executable],
        cwd=ROOT,
        stdout=subprocess.PIPE,
    )
    try:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"ready\n"
        fifo.wait_for_reader()
        workers = children_of(parent.pid)
        assert len(workers) == 2
        for pid in workers:
            os.kill(pid, signal.SIGSTOP)  # as in a step of C code that lets no thread of Python run
        parent.kill()
        parent.wait()
        parent.stdout.close()

        wait_until(lambda: not any(map(is_running, workers)), "both workers end")
    finally:
        parent.kill()
        parent.wait()

    assert [path.stem for path in record_files(frames.output)] == ["a"]
    assert frames.unfinished() == []


def test_workers_outlive_the_thread_that_started_them(frames: Frames, fifo: Fifo) -> None:
    """As the thread of a render in Blender, which the kernel would take for the worker's parent."""
    with WorkerPool(1) as pool:
        thread = threading.Thread(target=lambda: pool.submit(frames.task("held", scene=fifo.path)))
        thread.start()
        thread.join()
        (pid,) = worker_pids()
        fifo.wait_for_reader()
        fifo.become(plain_scene().write)
        (event,) = answers(pool, 1)
        assert isinstance(event, Done)
        assert worker_pids() == {pid}


def test_a_worker_that_cannot_be_killed_by_the_kernel_ends_by_itself(fifo: Fifo, tmp_path: Path) -> None:
    """On other systems than Linux it is up to the worker: it is in a step that does not end, and its input closes."""
    code = STEP.replace("from core.run import worker", "from core.run import worker\nworker.end_with_parent = int")
    process = subprocess.Popen([PYTHON, "-c", code], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert process.stdin is not None
        assert process.stdout is not None
        task = json.dumps({"id": 1, "do": "read", "with": {"path": str(fifo.path)}}) + "\n"
        process.stdin.write(task.encode())
        process.stdin.flush()
        fifo.wait_for_reader()
        process.stdin.close()
        assert process.wait(PATIENCE) == 1
        process.stdout.close()
    finally:
        process.kill()
        process.wait()


STEP = """
import pathlib, time
from core.run import worker

def read(data, report, checkpoint):
    return {"text": pathlib.Path(data["path"]).read_text()}

def spin(data, report, checkpoint):
    while not pathlib.Path(data["path"]).exists():
        pass
    return {}

worker.TASKS = {"read": read, "spin": spin}
raise SystemExit(worker.run_worker(0, 0.02))
"""


def test_worker_ends_when_its_input_closes() -> None:
    """Before it has been given anything, as when the parent dies while it starts."""
    worker = subprocess.run(
        [sys.executable, "-m", "core.run.worker_program", "0", "0"],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )

    assert (worker.returncode, worker.stdout, worker.stderr) == (0, '{"ready": true}\n', "")


def test_interrupt_is_the_parents_business(frames: Frames) -> None:
    """Ctrl-C in a terminal reaches the worker too; what it means is up to the parent."""
    with WorkerPool(1) as pool:
        pool.submit(frames.task("a"))
        answers(pool, 1)
        (pid,) = worker_pids()
        os.kill(pid, signal.SIGINT)
        pool.submit(frames.task("b"))
        (event,) = answers(pool, 1)
        assert isinstance(event, Done)
        assert worker_pids() == {pid}


# --- Workers that cannot start ----------------------------------------------------------------------------------------


def failure_to_start(frames: Frames) -> str:
    with pytest.raises(WorkerError) as error, WorkerPool(2) as pool:
        pool.submit(frames.task("a"))
        answers(pool, 1)
    text = str(error.value)
    assert "\n" not in text
    assert text.endswith("; reinstall Labelpass with its requirements")
    assert worker_pids() == set()
    return text


def test_a_worker_that_is_killed_before_it_is_ready(
    frames: Frames, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another is started, and the frame is not to blame, however often it was to be its first one."""
    killed = tmp_path / "killed"
    script = f'#!/bin/sh\necho x >> {killed}\n[ $(wc -l < {killed}) -gt 2 ] || kill -9 $$\nexec {sys.executable} "$@"\n'
    monkeypatch.setattr(sys, "executable", program(tmp_path / "python", script))
    with WorkerPool(1) as pool:
        pool.submit(frames.task("a"))
        (event,) = answers(pool, 1)

    assert killed.read_text().count("x") == 3
    assert isinstance(event, Done)
    assert event.task.attempts == 1


def test_workers_that_are_always_killed_before_they_are_ready(
    frames: Frames, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", program(tmp_path / "python", "#!/bin/sh\nkill -9 $$\n"))
    with pytest.raises(WorkerError) as error, WorkerPool(2) as pool:
        pool.submit(frames.task("a"))
        answers(pool, 1)

    assert str(error.value) == (
        "3 worker processes in a row ended before they could begin (signal 9); free memory or use fewer workers, and "
        "run again"
    )
    assert worker_pids() == set()


def test_a_run_that_can_start_no_more_workers(frames: Frames, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was done before is still told, and what was not."""
    loop = f"""
import os, pathlib
started = pathlib.Path({str(tmp_path / "started")!r})
if started.exists():
    os.kill(os.getpid(), 9)
started.touch()
say(ready=True)
say(id=json.loads(sys.stdin.readline())["id"], result=right)
sys.stdin.readline()
os._exit(1)
"""
    monkeypatch.setattr(sys, "executable", speaking(tmp_path, loop))
    jobs = [frames.job(name) for name in ("a", "b", "c")]
    summary = annotate_frames(jobs, frames.output, Settings(workers=1), lambda summary: None)

    assert summary.annotated == 1
    assert summary.exit_code == ExitCode.FAILED
    killed, left_out = summary.problems
    assert killed.startswith("3 worker processes in a row ended before they could begin (signal 9)")
    assert left_out == "2 frames left out, since the run had to stop"


def test_interrupt_of_a_worker_that_starts(frames: Frames, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C reaches the whole group of a terminal, and a worker at any time, also before it runs code of ours."""
    script = f'#!/bin/sh\nkill -INT $$\nexec {sys.executable} "$@"\n'
    monkeypatch.setattr(sys, "executable", program(tmp_path / "python", script))
    with WorkerPool(1) as pool:
        pool.submit(frames.task("a"))
        (event,) = answers(pool, 1)

    assert isinstance(event, Done)


def test_interpreter_that_ends_at_once(frames: Frames, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", program(tmp_path / "python", "#!/bin/sh\nexit 3\n"))

    assert "The worker process cannot start (exit code 3)" in failure_to_start(frames)


def test_interpreter_that_says_why_it_ends(frames: Frames, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = "#!/bin/sh\necho 'Traceback' >&2\necho 'ImportError: libOpenEXR.so: wrong ELF class' >&2\nexit 1\n"
    monkeypatch.setattr(sys, "executable", program(tmp_path / "python", script))

    assert "cannot start (ImportError: libOpenEXR.so: wrong ELF class)" in failure_to_start(frames)


@pytest.mark.parametrize("kind", ["missing", "folder", "no program"])
def test_interpreter_that_is_none(frames: Frames, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    path = tmp_path / "python"
    if kind == "folder":
        path.mkdir()
    elif kind == "no program":
        path.write_text("not a program")
    monkeypatch.setattr(sys, "executable", str(path))

    assert str(path) in failure_to_start(frames)


@pytest.mark.parametrize("package", ["OpenEXR", "PIL", "numpy"])
def test_missing_package(frames: Frames, monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    monkeypatch.setitem(sys.modules, package, None)

    assert failure_to_start(frames) == (
        f"The Python package {package} is missing; reinstall Labelpass with its requirements"
    )


def test_broken_package(frames: Frames, tmp_path: Path) -> None:
    """A package that is found and cannot be imported, such as one that was built for another Python."""
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "OpenEXR.py").write_text("raise ImportError('made for another Python')\n")
    code = PARENT.replace("while pool", "from core.base.errors import WorkerError\ntry:\n  while pool")
    code = code.replace(
        "    pool.poll(0.1)", "      pool.poll(0.1)\nexcept WorkerError as error:\n  sys.exit(str(error))"
    )

    parent = subprocess.run(
        [PYTHON, "-c", code, frames.source, frames.output, tmp_path / "none", PYTHON],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(broken)},
        capture_output=True,
        text=True,
    )

    assert parent.returncode == 1
    assert parent.stderr == (
        "The worker process cannot start (ImportError: made for another Python); "
        "reinstall Labelpass with its requirements\n"
    )


# --- Surroundings that would confuse it -------------------------------------------------------------------------------


@pytest.mark.parametrize("wanted", [None, "3"])
def test_threads_of_numpy(frames: Frames, monkeypatch: pytest.MonkeyPatch, wanted: str | None) -> None:
    """A worker is one of several processes, so numpy starts no threads of its own in it, unless the user says so."""
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    if wanted:
        monkeypatch.setenv("OPENBLAS_NUM_THREADS", wanted)
    with WorkerPool(1) as pool:
        pool.submit(frames.task("a"))
        (pid,) = worker_pids()
        environment = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")

    assert f"OPENBLAS_NUM_THREADS={wanted or 1}".encode() in environment
    assert any(one.startswith(b"GLIBC_TUNABLES=") for one in environment), (
        "it keeps the memory of one frame for the next"
    )
    assert os.environ.get("OPENBLAS_NUM_THREADS") == wanted, "that of the program that started it is its own"


def test_foreign_environment(frames: Frames, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Studio machines set all kinds of things for other programs, and people run Blender from anywhere."""
    rubbish = tmp_path / "rubbish"
    (rubbish / "core/run").mkdir(parents=True)
    for name in (
        "numpy.py",
        "OpenEXR.py",
        "json.py",
        "sitecustomize.py",
        "core/__init__.py",
        "core/run/worker_program.py",
    ):
        (rubbish / name).write_text(f"raise SystemExit('the wrong {name}')\n")
    monkeypatch.chdir(rubbish)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((str(rubbish), "")))
    monkeypatch.setenv("PYTHONHOME", str(rubbish))
    monkeypatch.setenv("PYTHONSTARTUP", str(rubbish / "json.py"))
    monkeypatch.setenv("PYTHONUSERBASE", str(rubbish))
    monkeypatch.setenv("PYTHONINSPECT", "1")
    monkeypatch.setenv("PYTHONUTF8", "0")
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    monkeypatch.setenv("LC_ALL", "C")
    with WorkerPool(1) as pool:
        pool.submit(frames.task("Würfel 🚗"))
        (event,) = answers(pool, 1)

    assert isinstance(event, Done)
    assert frames.records() == {"Würfel 🚗"}


def test_relative_paths_hold_in_the_worker(frames: Frames, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copy(frames.source, tmp_path / "a.exr")
    monkeypatch.chdir(tmp_path)
    job = dataclasses.replace(frames.job("a", source=Path("a.exr")), output=Path("here"))
    job.output.mkdir()
    with WorkerPool(1) as pool:
        pool.submit(Task("annotate", job.as_json(), job.output, "frame a"))
        (event,) = answers(pool, 1)

    assert isinstance(event, Done)
    assert record_path(tmp_path / "here", "a").is_file()


CHATTER = """
import ctypes, os
from core.run import worker

def chat(data, report, checkpoint):
    print("from Python")
    os.write(1, b"from C\\n")
    report(1, 2)
    return {"said": data["what"]}

worker.TASKS = {"chat": chat}
raise SystemExit(worker.run_worker(1))
"""


def test_chatter_of_libraries_is_no_answer() -> None:
    """Whatever a library writes to the worker's standard output stays out of its answers."""
    task = '{"id": 7, "do": "chat", "with": {"what": "x"}}\n'
    worker = subprocess.Popen(
        [sys.executable, "-c", CHATTER],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert worker.stdin is not None
    assert worker.stdout is not None
    worker.stdin.write(task)
    worker.stdin.flush()
    lines = [worker.stdout.readline() for _ in range(3)]
    rest, errors = worker.communicate(timeout=PATIENCE)

    assert [json.loads(line) for line in lines] == [
        {"ready": True},
        {"id": 7, "progress": [1, 2]},
        {"id": 7, "result": {"said": "x"}},
    ]
    assert rest == ""
    assert sorted(errors.splitlines()) == ["from C", "from Python"]
    assert worker.returncode == 0


def test_a_task_that_no_pipe_holds(frames: Frames, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is written as the worker reads it, which does not read at all before it is let go."""
    loop = """
import pathlib, time
while not pathlib.Path(sys.argv[0]).with_name("go").exists():
    time.sleep(0.01)
say(ready=True)
task = json.loads(sys.stdin.readline())
say(id=task["id"], result={**right, "notes": [task["with"]["long"]]})
sys.stdin.readline()
"""
    monkeypatch.setattr(sys, "executable", speaking(tmp_path, loop))
    long = "x" * 3_000_000
    with WorkerPool(1) as pool:
        pool.submit(Task("annotate", {"long": long}, frames.output, "frame a"))
        assert pool.poll() == []
        (tmp_path / "go").touch()
        (event,) = answers(pool, 1)

    assert isinstance(event, Done)
    assert event.result["notes"] == [long]


def test_a_worker_that_is_stopped_while_it_has_much_to_say(
    frames: Frames, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It can end by itself, since it is listened to until it has."""
    ended = tmp_path / "ended"
    loop = f"""
import pathlib
say(ready=True)
id = json.loads(sys.stdin.readline())["id"]
say(id=id, result=right)
sys.stdin.read()
for pipe in (sys.stdout, sys.stderr):
    pipe.write("x" * 1_000_000)
    pipe.flush()
pathlib.Path({str(ended)!r}).touch()
"""
    monkeypatch.setattr(sys, "executable", speaking(tmp_path, loop))
    with WorkerPool(1) as pool:
        pool.submit(frames.task("a"))
        answers(pool, 1)

    assert ended.exists()


def test_long_error_output_does_not_block_the_worker(frames: Frames, tmp_path: Path) -> None:
    """More than a pipe holds, from a task that fails with a traceback each time."""
    with WorkerPool(1) as pool:
        for number in range(150):
            task = frames.task(f"f{number}")
            task.data = {**task.data, "files": None}
            pool.submit(task)
        events = answers(pool, 150)

    assert all(isinstance(event, Failed) for event in events)


def test_worker_inherits_no_open_file(frames: Frames, tmp_path: Path) -> None:
    """A worker that held another's pipe would keep it alive when the parent dies."""
    secret = tmp_path / "secret"
    with secret.open("wb"), WorkerPool(2) as pool:
        for name in ("a", "b"):
            pool.submit(frames.task(name))
        answers(pool, 2)
        pipes = [{link for link in open_files(pid) if link.startswith("pipe:")} for pid in sorted(worker_pids())]
        assert len(pipes) == 2
        assert pipes[0].isdisjoint(pipes[1])
        for pid in worker_pids():
            assert str(secret) not in open_files(pid)


# --- What Blender imports ---------------------------------------------------------------------------------------------

IN_BLENDER = (
    "run.annotation_run",
    "run.pool",
    "records.frame_job",
    "scene.scene_record",
    "settings.settings",
    "records.frame_record",
    "frames.frame_files",
    "base.files",
    "base.errors",
)


@pytest.mark.parametrize("module", [*IN_BLENDER, "all"])
def test_blenders_process_stays_clear_of_openexr(module: str) -> None:
    """Its C library clashes with the one in Blender, see docs; Pillow and OpenEXR are the worker's alone."""
    names = IN_BLENDER if module == "all" else (module,)
    code = f"import sys, {', '.join(f'core.{name}' for name in names)}\nprint(*sorted(sys.modules))"

    loaded = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()

    assert {f"core.{name}" for name in names} <= set(loaded)
    assert not {"OpenEXR", "Imath", "PIL", "tqdm", "core.exr.exr_file", "core.exr.passes"} & set(loaded)


def test_a_worker_need_not_wait_for_pillow() -> None:
    """One that only writes records, or PNG images, imports it when it is needed, if ever."""
    code = "import sys, core.run.worker\nprint(*sorted(sys.modules))"
    loaded = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    assert "core.annotate.annotate" in loaded
    assert "PIL" not in loaded


def test_pool_does_not_import_what_it_looks_for(frames: Frames) -> None:
    """It needs to know where OpenEXR is, in Blender's process too."""
    code = PARENT.replace(
        'print("ready"', 'assert not {"OpenEXR", "PIL"} & sys.modules.keys(); pool.stop(); sys.exit()#'
    )

    subprocess.run(
        [PYTHON, "-c", code, frames.source, frames.output, frames.output / "none", PYTHON], cwd=ROOT, check=True
    )
