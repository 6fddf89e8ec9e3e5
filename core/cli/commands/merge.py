"""`labelpass merge`."""

import argparse

from ...run.annotation_run import merge_records
from ...settings.settings import Settings
from ..given import check_folder, finish
from ..progress_bar import progress_bar
from ..setting_options import given_settings


def run(options: argparse.Namespace) -> int:
    check_folder(options.folder)
    with progress_bar("record") as show:
        summary = merge_records(options.folder, show, Settings.from_json(given_settings(options)))
    return finish(summary)
