"""`labelpass passes`."""

import argparse

from ...base.console import print_line
from ...base.errors import LabelpassError
from ...base.phrases import some_of
from ...exr.passes import Passes
from ...frames.frame_files import find_frames
from ...run.exit_codes import ExitCode
from ..given import check_pass_names, pass_names


def run(options: argparse.Namespace) -> int:
    code = ExitCode.DONE
    frames = find_frames(options.frames, pass_names(options.pass_names))
    check_pass_names(frames, options)
    for frame in frames:
        try:
            passes = Passes(frame.files, names=frame.pass_names)
            height, width = passes.shape
            found, unknown = passes.overview(), passes.unknown()
        except LabelpassError as error:
            print_line(f"labelpass: {error}", wrong=True)
            code = ExitCode.FAILED
            continue
        print_line(f"{frame.path}: {width} x {height}")
        for layer, view, names in found:
            where = " / ".join(name for name in (layer, view) if name)
            print_line(f"  {where or '(no view layer)'}: {some_of(names)}")
        if unknown:
            print_line(f"  Not known as passes: {some_of(unknown)} (--pass NAME=PASS says which pass one of them is)")
    return code
