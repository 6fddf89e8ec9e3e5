"""`labelpass passes`."""

import argparse
import sys

from ...base.errors import LabelpassError
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
            print(f"labelpass: {error}", file=sys.stderr)
            code = ExitCode.FAILED
            continue
        print(f"{frame.path}: {width} x {height}")
        for layer, view, names in found:
            where = " / ".join(name for name in (layer, view) if name)
            print(f"  {where or '(no view layer)'}: {', '.join(names)}")
        if unknown:
            print(f"  Not known as passes: {', '.join(unknown)} (--pass NAME=PASS says which pass one of them is)")
    return code
