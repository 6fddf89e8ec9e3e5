"""`labelpass merge`."""

import argparse

from ...base.dataset_folder import DatasetFolder
from ...frames.dataset_plan import DatasetPlan
from ...run.annotation_run import merge_records
from ..given import check_folder, finish, settings_of
from ..progress_bar import progress_bar


def run(options: argparse.Namespace) -> int:
    check_folder(options.folder)
    settings = settings_of(options, DatasetPlan.read(DatasetFolder(options.folder)))
    with progress_bar("record") as show:
        summary = merge_records(options.folder, show, settings)
    return finish(summary)
