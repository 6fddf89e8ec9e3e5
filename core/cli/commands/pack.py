"""`labelpass pack`."""

import argparse

from ...base.console import print_line
from ...dataset.packing import in_words, pack, unpack
from ...frames.shard import Shard
from ...run.exit_codes import ExitCode
from ..given import check_folder
from ..progress_bar import progress_bar


def run(options: argparse.Namespace) -> int:
    check_folder(options.folder)
    with progress_bar("pack") as show:
        packing = (unpack if options.unpack else pack)(options.folder, Shard.parse(options.shard), show)
    print_line(in_words(packing, packed=not options.unpack))
    problems = packing.problems()
    for problem in problems:
        print_line(f"labelpass: {problem}", wrong=True)
    return ExitCode.FAILED if problems else ExitCode.DONE
