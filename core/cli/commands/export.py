"""`labelpass export`."""

import argparse

from ...base.dataset_folder import DatasetFolder
from ...dataset.export import check_choices
from ...frames.dataset_plan import DatasetPlan
from ...run.annotation_run import export_dataset
from ..given import check_folder, finish, settings_of
from ..progress_bar import progress_bar


def run(options: argparse.Namespace) -> int:
    check_folder(options.folder)
    settings = settings_of(options, DatasetPlan.read(DatasetFolder(options.folder)))
    check_choices(settings)
    with progress_bar("record") as show:
        summary = export_dataset(options.folder, show, settings, options.output)
    return finish(summary)
