"""`labelpass show`."""

import argparse

from ...base.console import print_line
from ...base.dataset_folder import DatasetFolder
from ...base.errors import UsageError
from ...dataset.show import find_frame, picture_path, show_frame, show_sheet, write_picture
from ...records.record_store import open_records
from ...run.exit_codes import ExitCode
from ..given import check_folder
from ..progress_bar import progress_bar

_SIZES = range(16, 16385)


def run(options: argparse.Namespace) -> int:
    if (options.frame is None) == (options.sheet is None):
        raise UsageError("Give either a frame to show or --sheet N, as in labelpass show dataset 0001")
    check_folder(options.folder)
    dataset = DatasetFolder(options.folder)
    records = open_records(dataset)
    size = options.size or (options.size_of_each if options.sheet is None else options.size_of_sheet)
    if size not in _SIZES:
        raise UsageError(f"The size cannot be {size} pixels; take {_SIZES[0]} to {_SIZES[-1]}")
    if options.sheet is None:
        frame = find_frame(records, options.frame)
        path = picture_path(dataset, options.output, frame, options.overwrite)
        shown = show_frame(records, frame, options.pictures, size)
    else:
        path = picture_path(dataset, options.output, dataset.path.resolve().name, options.overwrite)
        with progress_bar("frame") as show:
            shown = show_sheet(records, options.sheet, options.pictures, size, show)
    write_picture(path, shown.pixels)
    height, width = shown.pixels.shape[:2]
    print_line(f"{path}: {width} x {height}")
    for problem in shown.problems:
        print_line(f"labelpass: {problem}", wrong=True)
    return ExitCode.FAILED if shown.problems else ExitCode.DONE
