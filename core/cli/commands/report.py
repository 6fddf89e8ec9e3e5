"""`labelpass report`."""

import argparse

from ...base.console import print_line
from ...dataset.splits import Splits
from ...report.judgement.limits import Limits
from ...report.write_report import write_report
from ...run.exit_codes import ExitCode
from ...settings.settings import Settings
from ..given import check_folder
from ..progress_bar import progress_bar
from ..setting_options import given_settings


def run(options: argparse.Namespace) -> int:
    check_folder(options.folder)
    splits = Splits.of_settings(Settings.from_json(given_settings(options)))
    limits = Limits.read(options.limits) if options.limits else Limits()
    with progress_bar("frame") as show:
        written = write_report(
            options.folder, splits, options.output, options.validate, options.draws_maps, limits, show
        )
    for line in written.judgement.lines():
        print_line(line)
    print_line(str(written.page))
    for problem in written.problems:
        print_line(f"labelpass: {problem}", wrong=True)
    return ExitCode.FAILED if written.problems else ExitCode.DONE
