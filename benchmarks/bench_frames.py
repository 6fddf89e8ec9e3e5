"""EXR files to frame records: `core.annotate.annotate.annotate`, and the whole command line."""

import os
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path

import OpenEXR

from core.annotate.annotate import annotate
from core.exr.exr_file import set_decoding_threads
from core.exr.passes import Passes
from core.frames.frame_files import find_frames
from core.records.frame_job import FrameJob
from core.settings.render_pass import Pass, PassFile
from core.settings.settings import ImageFormat, LabelSource, Settings

from .fresh_process import annotate_labels, in_fresh_process, labels_job, read_all
from .render_files import write_multi_part, write_single_part
from .report import Row, Section, duration, faster, no_slower
from .scenes import FULL_HD, render
from .timing import best, compare, one_core, time_once

_OBJECTS = 100
_INDEX_CHANNEL = "ViewLayer.Object Index.X"
_COLOUR_CHANNELS = [f"ViewLayer.Combined.{component}" for component in "RGBA"]


def measure(folder: Path) -> Section:
    """Files in the page cache. The record is written to disk; images and pictures only where a row says so."""
    multi, single, output = folder / "multi.exr", folder / "single.exr", folder / "output"
    frame = render(FULL_HD, _OBJECTS)
    write_multi_part(frame, multi)
    write_single_part(frame, single)
    parts = len(frame.passes)
    channels = sum(len(components) for components in frame.passes.values())
    del frame
    rows = [
        *_records(multi, single, output),
        *_first_frame(multi, output),
        *_one_channel(single),
        *_images(multi, single, output),
    ]
    text = (
        f"A {FULL_HD} frame of {_OBJECTS} objects with all passes, ZIP: {parts} parts in {_size(multi)} (Blender 5), "
        f"or one part with {channels} channels in {_size(single)} (Blender 4). The file is in the page cache. "
        "The record is written to disk. Of the first frame of a worker, both had the environment of one, which keeps "
        "memory."
    )
    return Section("EXR to record", text, rows)


def measure_command_line(folder: Path) -> Section:
    """`labelpass annotate` from start to exit, on all cores, on links to one file."""
    frame_file = folder / "frame.exr"
    write_multi_part(render(FULL_HD, _OBJECTS), frame_file)
    rows = []
    for title, frames, options in (
        # Enough of them that starting the processes, which takes half a second, does not decide.
        ("records only", 300, ["--image-format", "none", "--no-pictures"]),
        ("images and previews", 60, []),
    ):
        inputs = folder / f"{frames} frames"
        link_frames(frame_file, inputs, frames)
        seconds = {workers: _run_command_line(inputs, folder / "dataset", workers, options) for workers in (1, 2)}
        rows.append(_rate(f"{title}, 1 worker", frames, seconds[1]))
        rows.append(_rate(f"{title}, 2 workers", frames, seconds[2], seconds[1]))
    text = (
        "`labelpass annotate` on a folder of such multi-part frames: wall clock, including the start and end of all "
        "processes."
    )
    return Section("Command line", text, rows)


def _records(multi: Path, single: Path, output: Path) -> list[Row]:
    def record(file: Path, source: LabelSource) -> partial[object]:
        return partial(annotate, labels_job(file, output, source))

    with one_core():
        timings = compare(
            {
                "multi, index": record(multi, LabelSource.OBJECT_INDEX),
                "multi, all": partial(OpenEXR.File, str(multi)),
                "multi, crypto": record(multi, LabelSource.CRYPTO_OBJECT),
                "single, index": record(single, LabelSource.OBJECT_INDEX),
                "single, all": partial(OpenEXR.File, str(single)),
                "single, crypto": record(single, LabelSource.CRYPTO_OBJECT),
            },
            seconds=15,
        )
    cpu = {name: timing.cpu for name, timing in timings.items()}
    everything = "`OpenEXR.File`"
    index, waiting = cpu["multi, index"], timings["multi, index"].wall - cpu["multi, index"]
    return [
        faster("multi-part, Object Index to record", index, everything, cpu["multi, all"], 20),
        Row("multi-part, Object Index to record: extra wait for the disk", duration(max(0.0, waiting))),
        faster("multi-part, Cryptomatte Object to record", cpu["multi, crypto"], everything, cpu["multi, all"]),
        faster("single-part, Object Index to record", cpu["single, index"], everything, cpu["single, all"]),
        faster("single-part, Cryptomatte Object to record", cpu["single, crypto"], everything, cpu["single, all"]),
    ]


def _first_frame(multi: Path, output: Path) -> list[Row]:
    """The first frame of a worker also pays for memory that the system has to hand out; both as a worker keeps it."""
    ours, theirs = [], []
    with one_core():
        for _ in range(5):
            ours.append(
                in_fresh_process(annotate_labels, multi, output, LabelSource.OBJECT_INDEX, as_worker=True).timing
            )
            theirs.append(in_fresh_process(read_all, multi, as_worker=True).timing)
    title = "multi-part, Object Index, first frame of a worker"
    return [faster(title, best(ours).cpu, "`OpenEXR.File`", best(theirs).cpu, 20)]


def _one_channel(single: Path) -> list[Row]:
    """Some channels of the interleaved file, where everything has to be decompressed; OpenEXR does all the rest too."""
    candidates = {
        "ours": lambda: Passes([PassFile(single)]).read(Pass.OBJECT_INDEX),
        "InputFile": lambda: OpenEXR.InputFile(str(single)).channel(_INDEX_CHANNEL),
        "our colours": lambda: Passes([PassFile(single)]).read_planes(Pass.COMBINED),
        "its colours": lambda: OpenEXR.InputFile(str(single)).channels(_COLOUR_CHANNELS),
    }
    with one_core():
        alone = compare(candidates, most_runs=12)
    cores = os.cpu_count() or 1
    _decode_with(cores)
    threaded = compare(candidates, most_runs=12)
    _decode_with(0)
    title, reference = "single-part, one pass", "`InputFile`"
    return [
        no_slower(f"{title}, 1 thread", alone["ours"].cpu, reference, alone["InputFile"].cpu, 0.5),
        no_slower(
            "single-part, four channels, 1 thread",
            alone["our colours"].cpu,
            reference,
            alone["its colours"].cpu,
            0.5,
        ),
        no_slower(
            f"{title}, {cores} threads, wall clock", threaded["ours"].wall, reference, threaded["InputFile"].wall, 1.15
        ),
    ]


def _decode_with(threads: int) -> None:
    """So many threads for Labelpass and for OpenEXR by itself."""
    set_decoding_threads(threads)
    OpenEXR.set_global_thread_count(threads)


def _images(multi: Path, single: Path, output: Path) -> list[Row]:
    """What images and pictures cost together with the record."""
    choices = {
        "multi-part, record and PNG training image": (multi, Settings(image_format=ImageFormat.PNG, pictures=False)),
        "multi-part, record and JPEG training image": (multi, Settings(image_format=ImageFormat.JPEG, pictures=False)),
        "multi-part, record, PNG training image and preview pictures": (multi, Settings()),
        "single-part, record, PNG training image and preview pictures": (single, Settings()),
    }
    candidates = {
        title: partial(annotate, FrameJob(find_frames([file])[0], output, settings=settings))
        for title, (file, settings) in choices.items()
    }
    with one_core():
        timings = compare(candidates, most_runs=6)
    return [Row(title, duration(timings[title].cpu)) for title in choices]


def _size(file: Path) -> str:
    return f"{file.stat().st_size / 1e6:.0f} MB"


def link_frames(file: Path, inputs: Path, frames: int) -> None:
    """Make a folder of so many frames that are all one file."""
    inputs.mkdir()
    for number in range(1, frames + 1):
        copy = inputs / f"frame_{number:04}.exr"
        try:
            copy.hardlink_to(file)
        except OSError:  # a file system without links
            shutil.copyfile(file, copy)


def _run_command_line(inputs: Path, output: Path, workers: int, options: list[str]) -> float:
    command = [sys.executable, "-m", "core", "annotate", str(inputs), "--output", str(output), "--redo"]
    command += ["--workers", str(workers), *options]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return best([time_once(partial(subprocess.run, command, check=True, **quiet)) for _ in range(3)]).wall


def _rate(title: str, frames: int, seconds: float, with_one: float | None = None) -> Row:
    title, rate = f"{title}, {frames} frames", f"{frames / seconds:.1f} frames/s ({duration(seconds)})"
    if with_one is None:
        return Row(title, rate)
    ratio, at_least = with_one / seconds, 1.7
    reference = f"1 worker {duration(with_one)}"
    return Row(title, rate, reference, f"{ratio:.2f}x", f"at least {at_least:g}x", ratio >= at_least)
