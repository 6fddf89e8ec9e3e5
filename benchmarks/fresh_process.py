"""Tasks in an interpreter of their own, for what a process that has done something before cannot tell.

That is the peak of its memory, and what the first frame of a process costs. As a program, `python -m
benchmarks.fresh_process TASK ARGUMENT...` does one task and prints a JSON line.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import OpenEXR

from core.annotate.annotate import annotate
from core.base import process_environment
from core.base.dataset_folder import DatasetFolder
from core.dataset.merge import write_formats
from core.formats.coco import CocoWriter
from core.frames.frame_files import find_frames
from core.records.frame_job import FrameJob
from core.records.record_store import open_records
from core.settings.settings import ImageFormat, LabelSource, Settings

from .timing import Timing, time_once


@dataclass(frozen=True)
class Outcome:
    """What a task took; `peak` is in bytes, None where the system does not tell."""

    timing: Timing
    peak: int | None


def nothing() -> None:
    """Only the imports: what there is to subtract from a peak."""


def read_all(file: str) -> object:
    return OpenEXR.File(file)


def annotate_labels(file: str, output: str, source: str) -> object:
    return annotate(labels_job(Path(file), Path(output), LabelSource(source)))


def merge(output: str) -> object:
    return write_formats(open_records(DatasetFolder(Path(output))), [CocoWriter()])


def merge_all(output: str) -> object:
    """All that `labelpass merge` writes."""
    from core.dataset.merge import merge as merge_dataset

    return merge_dataset(Path(output)).frames


def export(dataset: str, formats: str, output: str) -> object:
    """A dataset in some formats, separated by commas, without its images."""
    from core.dataset.export import export as export_dataset

    settings = Settings.from_json({"formats": formats.split(","), "media": "none"})
    return export_dataset(Path(dataset), settings, Path(output)).frames


def read_twice(dataset: str) -> object:
    """The records, as every export reads them, and nothing else."""
    return write_formats(open_records(DatasetFolder(Path(dataset))), [])


def thin_triangles(count: str) -> object:
    """The amodal mask and the pixels of blades from the bottom of the image to its top, less than a pixel wide."""
    from .blades import cover

    return cover(int(count))


TASKS: dict[str, Callable[..., object]] = {
    task.__name__: task
    for task in (nothing, read_all, annotate_labels, merge, merge_all, export, read_twice, thin_triangles)
}


def labels_job(file: Path, output: Path, source: LabelSource) -> FrameJob:
    """The order to make the record of a frame and nothing else."""
    settings = Settings(labels=source, image_format=ImageFormat.NONE, pictures=False)
    return FrameJob(find_frames([file])[0], output, settings=settings)


def in_fresh_process(task: Callable[..., object], *arguments: object, as_worker: bool = False) -> Outcome:
    """Do one of the TASKS in a new interpreter, which may keep its memory as those do that annotate frames."""
    command = [sys.executable, "-m", "benchmarks.fresh_process", task.__name__, *map(str, arguments)]
    environment = dict(os.environ)
    if as_worker:
        process_environment.keep_memory(environment)
    answer = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment).stdout
    data = json.loads(answer.splitlines()[-1])
    return Outcome(Timing(data["cpu"], data["wall"]), data["peak"])


def peak_memory() -> int | None:
    """The most memory that this process ever held, in bytes."""
    try:
        # Not getrusage: there, Linux counts the memory of the parent in the moment of the fork as the child's.
        for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    try:
        import resource
    except ImportError:  # Windows
        return None
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


if __name__ == "__main__":
    timing = time_once(lambda: TASKS[sys.argv[1]](*sys.argv[2:]))
    print(json.dumps({"cpu": timing.cpu, "wall": timing.wall, "peak": peak_memory()}))
