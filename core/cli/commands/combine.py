"""`labelpass combine`."""

import argparse

from ...base.console import print_line
from ...dataset.combine import combine
from ...dataset.combine_checks import Source
from ...run.annotation_run import merge_records
from ...settings.settings import Settings
from ..given import finish
from ..progress_bar import progress_bar
from ..setting_options import given_settings


def run(options: argparse.Namespace) -> int:
    settings = Settings.from_json(given_settings(options))
    with progress_bar("record") as show:
        combined = combine([Source.of(text) for text in options.datasets], options.output, options.new_ids, show)
    print_line(combined.headline())
    with progress_bar("record") as show:
        summary = merge_records(options.output, show, settings)
    summary.problems[:0] = combined.problems
    return finish(summary)
