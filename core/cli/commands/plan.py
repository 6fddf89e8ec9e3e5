"""`labelpass plan`."""

import argparse

from ...base.console import print_line
from ...base.dataset_folder import DatasetFolder
from ...base.files import check_writable
from ...dataset.planning import plan_dataset, planned_categories
from ...run.exit_codes import ExitCode
from ...scene.scene_record import SceneRecord, scene_path
from ...settings.category_files import read_table
from ...settings.conflicts import check_together, check_without_scene_records
from ...settings.settings import Settings
from ..scene_folder import scene_folder
from ..setting_options import given_settings
from ..wanted_frames import find_wanted


def run(options: argparse.Namespace) -> int:
    dataset = DatasetFolder(options.output)
    settings = Settings.from_json(given_settings(options))
    check_together(settings)
    table = read_table(options.categories) if options.categories else None
    wanted = find_wanted(options, settings)
    frames = [files for files, _ in wanted.frames]
    scenes, of_frame = scene_folder(options, dataset, frames)
    if scenes is None:
        check_without_scene_records(settings, str(dataset.scenes))
    records = (
        SceneRecord.read(path) for files in frames if scenes and (path := scene_path(scenes, of_frame(files))).exists()
    )
    categories = planned_categories(dataset, settings, table, records)
    check_writable(options.output)
    plan = plan_dataset(dataset, settings, table, categories, (files.path for files in frames), options.scene)
    print_line(plan.in_words(dataset))
    problems = [
        *(f"{name}: {text}" for name, text in wanted.failed().items()),
        *(f"{files.path}: The file cannot be read, so it is not in the plan" for files, _ in wanted.bad),
    ]
    for line in problems:
        print_line(line, wrong=True)
    return ExitCode.FAILED if problems else ExitCode.DONE
