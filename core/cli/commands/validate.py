"""`labelpass validate`."""

import argparse
from pathlib import Path

from ...base.console import print_line
from ...checks.validate import validate, validate_exports
from ...run.exit_codes import ExitCode
from ..given import check_folder
from ..progress_bar import progress_bar


def run(options: argparse.Namespace) -> int:
    check_folder(options.folder)
    with progress_bar("record") as show:
        report = validate(options.folder, show)
    if options.exports is not None:
        validate_exports(options.folder, None if options.exports == Path() else options.exports, report)
    for line in report.lines():
        print_line(line)
    return ExitCode.FAILED if report.problems else ExitCode.DONE
