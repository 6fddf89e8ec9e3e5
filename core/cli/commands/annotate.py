"""`labelpass annotate`."""

import argparse
from pathlib import Path

from ...base.console import print_line
from ...base.dataset_folder import DatasetFolder
from ...base.files import check_writable
from ...frames.dataset_plan import DatasetPlan
from ...frames.sequences import declare_sequences
from ...records.frame_job import FrameJob
from ...records.origin import Origin
from ...records.replacing import check_jobs
from ...run.annotation_run import DiskWatch, Summary, annotate_frames
from ...scene.scene_record import scene_path
from ...settings.category_files import read_table
from ...settings.conflicts import check_together, check_without_scene_records
from ..given import finish, settings_of
from ..progress_bar import progress_bar
from ..scene_folder import scene_folder
from ..wanted_frames import find_wanted


def run(options: argparse.Namespace) -> int:
    output: Path = options.output
    dataset = DatasetFolder(output)
    plan = DatasetPlan.read(dataset)
    settings = settings_of(options, plan)
    table = read_table(options.categories) if options.categories else None
    if plan:
        plan.check_settings(settings)
        plan.check_table(table)
        table = plan.table
    check_together(settings)
    wanted = find_wanted(options, settings, plan)
    scenes, of_frame = scene_folder(options, dataset, [files for files, _ in wanted.frames], plan)
    if scenes is None:
        check_without_scene_records(settings, str(dataset.scenes))
    jobs = [
        FrameJob(
            files,
            output,
            scene_path(scenes, of_frame(files)) if scenes else None,
            own_settings,
            categories=table,
            origin=Origin.of(output, (file.path for file in files.files)),
        )
        for files, own_settings in [*wanted.frames, *wanted.bad]
    ]
    check_jobs(dataset, jobs)
    check_writable(output)
    declare_sequences(dataset, [files for files, _ in wanted.declared])
    with progress_bar("frame", len(jobs)) as show:
        disk = DiskWatch(output, len(jobs))

        def progress(summary: Summary) -> None:
            show(summary.frames, len(jobs), f"{summary.instances} instances")
            if news := disk.news(summary):
                print_line(str(news), wrong=news.is_short)

        summary = annotate_frames(jobs, output, settings, progress)
    summary.failed.update(wanted.failed())
    summary.notes.update(wanted.notes())
    return finish(summary)
