"""`labelpass annotate`."""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

from ...base.dataset_folder import DatasetFolder
from ...base.errors import InputError, LabelpassError
from ...base.files import check_writable
from ...frames.frame_files import FrameFiles, find_frames, frames_with_numbers, joined_path, parse_frame_ranges
from ...frames.frame_messages import without_files
from ...frames.sequences import declare_sequences
from ...records.frame_job import FrameJob
from ...records.origin import Origin
from ...records.replacing import check_jobs
from ...run.annotation_run import Summary, annotate_frames
from ...scene.scene_record import scene_path
from ...settings.category_files import read_table
from ...settings.conflicts import check_together, check_without_scene_records
from ...settings.settings import Settings
from ..given import check_pass_names, finish, pass_names
from ..progress_bar import progress_bar
from ..setting_options import given_settings


def run(options: argparse.Namespace) -> int:
    settings = Settings.from_json(given_settings(options))
    check_together(settings)
    numbers = parse_frame_ranges(options.numbers) if options.numbers else []
    own: list[Path] = []
    frames = find_frames(options.frames, pass_names(options.pass_names), options.sequence, own.append)
    missing: list[range] = []
    if numbers:
        frames, missing = frames_with_numbers(frames, numbers)
        if not frames:
            raise InputError(without_files(missing)[1])
    check_pass_names(frames, options)
    output: Path = options.output
    dataset = DatasetFolder(output)
    variants, bad = _variants(frames, settings)
    scenes, of_frame = _scene_folder(options, dataset, [files for files, _ in variants])
    if scenes is None:
        check_without_scene_records(settings, str(dataset.scenes))
    table = read_table(options.categories) if options.categories else None
    jobs = [
        FrameJob(
            files,
            output,
            scene_path(scenes, of_frame(files)) if scenes else None,
            own_settings,
            categories=table,
            origin=Origin.of(output, (file.path for file in files.files)),
        )
        for files, own_settings in [*variants, *bad]
    ]
    check_jobs(dataset, jobs)
    check_writable(output)
    declare_sequences(dataset, [files for files, _ in variants])
    with progress_bar("frame", len(jobs)) as show:

        def progress(summary: Summary) -> None:
            show(summary.frames, len(jobs), f"{summary.instances} instances")

        summary = annotate_frames(jobs, output, settings, progress)
    if missing:
        name, error = without_files(missing)
        summary.failed[name] = error
    for folder in own:
        summary.notes[str(folder)] = ["Its EXR files are maps that Labelpass has written, so they are no frames"]
    return finish(summary)


def _variants(
    frames: Sequence[FrameFiles], settings: Settings
) -> tuple[list[tuple[FrameFiles, Settings]], list[tuple[FrameFiles, Settings]]]:
    """The frames of all sequences that are wanted, each with the settings that find it in its files; and bad frames."""
    variants = [(frame, settings) for frame in frames]
    bad: list[tuple[FrameFiles, Settings]] = []
    if settings.all_view_layers or settings.all_views:
        from ...exr.variants import variants_of

        variants = []
        for frame in frames:
            try:
                variants += variants_of(frame, settings)
            except LabelpassError:
                bad.append((frame, settings))  # it will fail again where failures are reported
    return variants, bad


def _scene_folder(
    options: argparse.Namespace, dataset: DatasetFolder, frames: Sequence[FrameFiles]
) -> tuple[Path | None, Callable[[FrameFiles], str]]:
    """The folder of the scene records: inside the one that was given, or inside the output where Blender put it.

    Returns:
        The folder, None where there is none; and what the path of a frame is in it: where a folder was given, it may
        be of an export without the sequence that these frames have now.

    Raises:
        InputError: none of the frames has one in the folder that was given.
    """
    given: Path | None = options.scene
    if given is None:
        return (dataset.scenes if any(dataset.scenes.rglob("*.json")) else None), _path_of
    if not given.is_dir():
        raise InputError(f"{given} is not a folder; give the folder of the scene records that Blender wrote")
    ways = [_path_of]
    if options.sequence is not None:
        found = find_frames(options.frames, pass_names(options.pass_names))
        before = {frame.files: frame.sequence for frame in found}
        ways.append(lambda frame: joined_path(before.get(frame.files, ""), frame.variant, frame.name))
        ways.append(lambda frame: joined_path(frame.variant, frame.name))
    for path_of in ways:
        for frame in frames:
            for folder in (DatasetFolder(given).scenes, given):
                if scene_path(folder, path_of(frame)).exists():
                    return folder, path_of
    if not frames:
        return given, _path_of  # all are damaged, which is reported with the failures
    raise InputError(
        f"{given} holds no scene record of these frames; give the folder of their dataset that Labelpass exported in "
        f"Blender, or the folder {DatasetFolder(given).scenes.name} in it"
    )


def _path_of(frame: FrameFiles) -> str:
    return frame.path
