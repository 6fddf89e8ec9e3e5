"""The worker process: takes tasks as JSON lines on standard input and answers with JSON lines on standard output.

A program of its own, `python -m core.run.worker THREADS`, which imports only what most of its tasks need: an export
starts several of them, and waits for them.

    parent -> worker   {"id": 7, "do": "annotate", "with": {...}}      one line a task, "do" is a name in TASKS
    worker -> parent   {"ready": true}                                 once, when it can work
                       {"id": 7, "progress": [done, total]}            now and then, for long tasks
                       {"id": 7, "result": {...}}                      it is done, or
                       {"id": 7, "error": "one sentence"}              it failed, and the worker goes on, or
                       {"id": 7, "error": "...", "leaving": true}      it failed, and the worker ends to free its memory

THREADS is how many threads OpenEXR may decode single-part files with. The worker ends when its standard input closes,
so that it never outlives the program that started it.
"""

import gc
import json
import os
import queue
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from ..annotate.annotate import annotate
from ..base.errors import Cancelled, LabelpassError
from ..base.files import complete_file
from ..exr.exr_file import lost_memory, set_decoding_threads
from ..labels.labelled_frame import open_passes
from ..records.frame_job import FrameJob
from ..settings.render_pass import Pass
from ..settings.settings import Settings

# A run may meet many damaged frames, and each may lose some memory.
_MOST_LOST_BYTES = 1 << 24

Result = dict[str, Any]
Report = Callable[[int, int], None]
Checkpoint = Callable[[], None]


def run_worker(threads: int) -> int:
    """Work until standard input closes.

    Args:
        threads: how many threads OpenEXR may decode single-part files with.

    Returns:
        The exit code.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides what it means
    answers = _answer_channel()
    set_decoding_threads(threads)
    lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    closed = threading.Event()
    threading.Thread(target=_listen, args=(lines, closed), daemon=True).start()

    def checkpoint() -> None:
        if closed.is_set():
            raise Cancelled("The run was stopped")

    _send(answers, {"ready": True})
    while (line := lines.get()) is not None and not closed.is_set():
        message = json.loads(line)
        number = message["id"]

        def report(done: int, total: int, number: int = number) -> None:
            checkpoint()
            _send(answers, {"id": number, "progress": [done, total]})

        try:
            _send(answers, {"id": number, "result": TASKS[message["do"]](message["with"], report, checkpoint)})
        except Cancelled:
            break
        except LabelpassError as error:
            if lost_memory() > _MOST_LOST_BYTES:
                _send(answers, {"id": number, "error": str(error), "leaving": True})
                break
            _send(answers, {"id": number, "error": str(error)})
        except MemoryError:
            _send(answers, {"id": number, "error": "There is not enough memory for this frame; use fewer workers"})
        except BrokenPipeError:
            break
        except Exception as error:  # a bug must cost one frame, not all of them
            traceback.print_exc()
            _send(answers, {"id": number, "error": f"Labelpass has a bug here, please report it: {error!r}"})
    return 0


def _annotate(data: Mapping[str, Any], report: Report, checkpoint: Checkpoint) -> Result:
    record = annotate(FrameJob.from_json(dict(data)), checkpoint)
    return {
        "instances": len(record.instances),
        "dropped": sum(record.dropped.values()),
        "notes": list(record.notes),
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
    }


def _export(data: Mapping[str, Any], report: Report, checkpoint: Checkpoint) -> Result:
    from ..dataset.export import export  # here, as merge is

    output = None if data["output"] is None else Path(data["output"])
    exported = export(Path(data["dataset"]), Settings.from_json(data["settings"]), output, _now_and_then(report))
    return {"lines": list(exported.lines()), "problems": list(exported.problems)}


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


def _send(channel: TextIO, message: Mapping[str, Any]) -> None:
    channel.write(json.dumps(message) + "\n")
    channel.flush()


if __name__ == "__main__":
    # What is imported stays to the end, so garbage need not be looked for in it: not now and then, and above all not by
    # the interpreter when it ends, which would take it longer than all else that it does then.
    gc.freeze()
    sys.exit(run_worker(int(sys.argv[1])))
