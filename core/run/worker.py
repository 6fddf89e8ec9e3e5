"""The worker process: takes tasks as JSON lines on standard input and answers with JSON lines on standard output.

A program of its own, worker_program.py, which imports only what most of its tasks need: an export starts several of
them, and waits for them.

    parent -> worker   {"id": 7, "do": "annotate", "with": {...}}      one line a task, "do" is a name in TASKS
                       with "into": a folder, "known": its identity    nothing is written to another one in its place
    worker -> parent   {"ready": true}                                 once, when it can work
                       {"id": 7, "progress": [done, total]}            now and then, for long tasks
                       {"id": 7, "result": {...}}                      it is done, or
                       {"id": 7, "error": "one sentence"}              it failed, and the worker goes on, or
                       {"id": 7, "error": "...", "leaving": true}      it failed, and the worker ends to free its memory
                       {"id": 7, "error": "...", "memory": true}       it failed, since there was not enough memory
                       {"alive": true}                                 every SECONDS while it is at a task, if it has
                                                                       taken a step since, or used the processor
    An error of writing has "output": "frame" besides, or "all" where nothing else can be written either.

THREADS is how many threads OpenEXR may decode single-part files with; 0 SECONDS are no signs of life. The worker ends
when its standard input closes, at its next step or some seconds later, so that it never outlives the program that
started it; see also owned_process.py.
"""

import json
import os
import queue
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from ..annotate.annotate import annotate
from ..base.errors import Cancelled, LabelpassError, MemoryShortage, OutputError
from ..base.files import check_there, complete_file, writing_into
from ..exr.exr_file import lost_memory, set_decoding_threads
from ..labels.labelled_frame import open_passes
from ..records.frame_job import FrameJob
from ..settings.render_pass import Pass
from ..settings.settings import Settings
from .owned_process import end_before_others, end_with_parent

# A run may meet many damaged frames, and each may lose some memory.
_MOST_LOST_BYTES = 1 << 24
# After its input has closed; who only wants it to stop does not wait as long before it kills it.
_SECONDS_TO_STEP = 5.0
# Of the processor: what a thread uses that waits for a disk is less, unless it gets something from there.
_LEAST_SECONDS_USED = 0.001

_TOO_LARGE = "There is not enough memory for this frame; close other programs, or render it smaller"

Result = dict[str, Any]
Report = Callable[[int, int], None]
Checkpoint = Callable[[], None]


def run_worker(threads: int, sign_seconds: float = 0.0) -> int:
    """Work until standard input closes.

    Args:
        threads: how many threads OpenEXR may decode single-part files with.
        sign_seconds: how often to give a sign of life while there is one; 0 for never.

    Returns:
        The exit code.
    """
    end_with_parent()
    end_before_others()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides what it means
    answers = _Answers(_answer_channel())
    set_decoding_threads(threads)
    lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    closed = threading.Event()
    threading.Thread(target=_listen, args=(lines, closed), daemon=True).start()
    life = _SignsOfLife(answers)
    if sign_seconds:
        threading.Thread(target=life.give, args=(sign_seconds,), daemon=True).start()

    def checkpoint() -> None:
        life.steps += 1
        if closed.is_set():
            raise Cancelled("The run was stopped")

    answers.send({"ready": True})
    while (line := lines.get()) is not None and not closed.is_set():
        message = json.loads(line)
        number = message["id"]

        def report(done: int, total: int, number: int = number) -> None:
            checkpoint()
            answers.send({"id": number, "progress": [done, total]})

        life.at_work.set()
        try:
            answers.send({"id": number, "result": _do(message, report, checkpoint)})
        except Cancelled:
            break
        except OutputError as error:
            answers.send({"id": number, "error": str(error), "output": "all" if error.of_all else "frame"})
        except (MemoryError, MemoryShortage) as error:
            sentence = str(error) if isinstance(error, MemoryShortage) else _TOO_LARGE
            answers.send({"id": number, "error": sentence, "memory": True})
        except LabelpassError as error:
            if lost_memory() > _MOST_LOST_BYTES:
                answers.send({"id": number, "error": str(error), "leaving": True})
                break
            answers.send({"id": number, "error": str(error)})
        except BrokenPipeError:
            break
        except Exception as error:  # a bug must cost one frame, not all of them
            traceback.print_exc()
            answers.send({"id": number, "error": f"Labelpass has a bug here, please report it: {error!r}"})
        finally:
            life.at_work.clear()
    return 0


def _do(message: Mapping[str, Any], report: Report, checkpoint: Checkpoint) -> Result:
    """What a message asks for, with nothing written below its folder when that is another one than it was."""
    do = partial(TASKS[message["do"]], message["with"], report, checkpoint)
    if not message.get("known"):
        return do()
    device, number = message["known"]
    folder, known = Path(message["into"]), (int(device), int(number))
    check_there(folder, known)
    with writing_into(folder, known):
        return do()


def _annotate(data: Mapping[str, Any], report: Report, checkpoint: Checkpoint) -> Result:
    job = FrameJob.from_json(dict(data))
    check_there(job.output)  # whoever started the run has made it
    record = annotate(job, checkpoint)
    return {
        "instances": len(record.instances),
        "dropped": sum(record.dropped.values()),
        "notes": list(record.notes),
        "written": sum(content.size for content in record.contents.values()),
    }


def _decode_combined(data: Mapping[str, Any], report: Report, checkpoint: Checkpoint) -> Result:
    """Write a frame's Combined pass as a (H, W, 4) float32 .npy, bottom row first: the way Blender keeps pixels.

    The result says whether there is such a pass.
    """
    job = FrameJob.from_json(data["job"])
    passes = open_passes(job, data["composited"])
    if Pass.COMBINED not in passes:
        return {"decoded": False}
    combined = passes.read(Pass.COMBINED)
    pixels = np.ones((*passes.shape, 4), dtype=np.float32)
    pixels[..., : combined.shape[-1]] = combined[::-1]
    with complete_file(Path(data["to"])) as file:
        np.save(file, pixels)
    return {"decoded": True}


def _merge(data: Mapping[str, Any], report: Report, checkpoint: Checkpoint) -> Result:
    from ..dataset.merge import merge  # here, since only one of all workers does this, once

    output, settings = Path(data["output"]), Settings.from_json(data["settings"])
    merged = merge(output, settings, _now_and_then(report), checkpoint)
    return {
        "path": str(merged.path),
        "frames": merged.frames,
        "instances": merged.instances,
        "categories": merged.categories,
        "problems": list(merged.problems),
        "left_out": dict(merged.left_out),
        "notes": list(merged.notes),
    }


def _export(data: Mapping[str, Any], report: Report, checkpoint: Checkpoint) -> Result:
    from ..dataset.export import export  # here, as merge is

    output = None if data["output"] is None else Path(data["output"])
    exported = export(Path(data["dataset"]), Settings.from_json(data["settings"]), output, _now_and_then(report))
    return {"lines": list(exported.lines()), "problems": list(exported.problems)}


def _report(data: Mapping[str, Any], report: Report, checkpoint: Checkpoint) -> Result:
    from ..dataset.splits import Splits  # here, as merge is
    from ..report.write_report import write_report

    splits = Splits.of_settings(Settings.from_json(data["settings"]))
    written = write_report(Path(data["dataset"]), splits, progress=_now_and_then(report))
    return {"lines": [*written.judgement.lines(), str(written.page)], "problems": list(written.problems)}


def _now_and_then(report: Report) -> Report:
    def reported(done: int, total: int) -> None:
        if done % 100 == 0:
            report(done, total)

    return reported


TASKS: Mapping[str, Callable[[Mapping[str, Any], Report, Checkpoint], Result]] = {
    "annotate": _annotate,
    "decode_combined": _decode_combined,
    "merge": _merge,
    "export": _export,
    "report": _report,
}


def _answer_channel() -> TextIO:
    """Standard output for answers only: whatever else is printed, also by C libraries, goes to standard error."""
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\n")
    os.dup2(2, 1)
    return channel


def _listen(lines: "queue.SimpleQueue[str | None]", closed: threading.Event) -> None:
    for line in sys.stdin:
        lines.put(line)
    closed.set()
    lines.put(None)
    # The other threads end with the process, this one too, unless the first is in a long step.
    time.sleep(_SECONDS_TO_STEP)
    os._exit(1)


class _Answers:
    """Lines on the way to the parent, of whichever thread."""

    def __init__(self, channel: TextIO) -> None:
        self._channel = channel
        self._lock = threading.Lock()

    def send(self, message: Mapping[str, Any]) -> None:
        with self._lock:
            self._channel.write(json.dumps(message) + "\n")
            self._channel.flush()


class _SignsOfLife:
    """Tells the parent that a task goes on, however slowly.

    Attributes:
        steps: how many the task has taken.
        at_work: whether there is a task.
    """

    def __init__(self, answers: _Answers) -> None:
        self.steps = 0
        self.at_work = threading.Event()
        self._answers = answers

    def give(self, seconds: float) -> None:
        """Give one every so often, if there is one; this thread does nothing else."""
        steps, used = self.steps, 0.0
        while True:
            time.sleep(seconds)
            self.at_work.wait()
            now = time.process_time() - time.thread_time()
            if steps == self.steps and now - used < _LEAST_SECONDS_USED:
                continue
            steps, used = self.steps, now
            try:
                self._answers.send({"alive": True})
            except OSError:
                return  # nobody listens, see _listen()
