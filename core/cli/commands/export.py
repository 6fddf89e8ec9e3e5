"""`labelpass export`."""

import argparse

from ...dataset.export import check_choices
from ...run.annotation_run import export_dataset
from ...settings.settings import Settings
from ..given import check_folder, finish
from ..progress_bar import progress_bar
from ..setting_options import given_settings


def run(options: argparse.Namespace) -> int:
    check_folder(options.folder)
    settings = Settings.from_json(given_settings(options))
    check_choices(settings)
    with progress_bar("record") as show:
        summary = export_dataset(options.folder, show, settings, options.output)
    return finish(summary)
