"""`labelpass stats`."""

import argparse

from ...base.console import print_line
from ...base.dataset_folder import DatasetFolder
from ...base.files import pretty_json
from ...dataset.splits import Splits
from ...dataset.statistics import find_statistics
from ...dataset.statistics_report import Report
from ...records.record_store import open_records
from ...run.exit_codes import ExitCode
from ...settings.settings import Settings
from ..given import check_folder
from ..progress_bar import progress_bar
from ..setting_options import given_settings


def run(options: argparse.Namespace) -> int:
    check_folder(options.folder)
    splits = Splits.of_settings(Settings.from_json(given_settings(options)))
    with progress_bar("record") as show:
        found = find_statistics(open_records(DatasetFolder(options.folder)), splits.of, options.images, show)
    report = Report(found, splits)
    if options.json:
        print_line(pretty_json(report.as_json()).decode().rstrip())
    else:
        print_line("\n".join(report.lines()))
    for problem in found.problems:
        print_line(f"labelpass: {problem}", wrong=True)
    return ExitCode.FAILED if found.problems else ExitCode.DONE
