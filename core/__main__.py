"""The command line: `labelpass`, or `python -m core` in a checkout."""

import argparse
import io
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from . import __version__, blas
from .exit_codes import ExitCode, exit_code_of
from .options import OneSentenceParser, add_settings


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code, see exit_codes.py."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a file's name may hold what the terminal cannot show
    options = _parser().parse_args(arguments)
    try:
        code = exit_code_of(lambda: _run(options))
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        # Whoever read our output, such as head, has seen enough; the interpreter must not complain at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.FAILED


def _run(options: argparse.Namespace) -> int:
    blas.one_thread(os.environ)  # which has to be before numpy is imported
    from .commands import COMMANDS  # so that help and wrong usage need not wait for numpy

    return COMMANDS[options.command](options)


def _parser() -> argparse.ArgumentParser:
    parser = OneSentenceParser(
        prog="labelpass", description="Turns the render passes in Blender's EXR files into training data"
    )
    parser.add_argument("--version", action="version", version=f"labelpass {__version__}")
    commands = parser.add_subparsers(required=True, dest="command", metavar="COMMAND")

    annotate = commands.add_parser("annotate", help="make a record, an image and pictures of each frame")
    annotate.add_argument("frames", nargs="+", type=Path, metavar="FRAMES", help="EXR files, or folders of them")
    annotate.add_argument("--output", required=True, type=Path, metavar="DIR", help="the dataset's folder")
    annotate.add_argument("--frames", dest="numbers", metavar="RANGE", help="only these frame numbers, such as 1-10,20")
    annotate.add_argument(
        "--scene", type=Path, metavar="DIR", help="folder of scene records; default: the output's own, if it has any"
    )
    annotate.add_argument(
        "--categories", type=Path, metavar="FILE", help="category table to use instead of that of the scene records"
    )
    annotate.add_argument("--sequence", metavar="NAME", help="name of the sequence, instead of the frames' folders")
    annotate.add_argument(
        "--pass",
        dest="pass_names",
        action="append",
        default=[],
        metavar="NAME=PASS",
        help="what a folder or file prefix of a File Output node holds, such as mask=object_index; may be repeated",
    )
    add_settings(annotate, blender=False, merge=False)

    merge = commands.add_parser("merge", help="write the COCO file from the frame records")
    merge.add_argument("folder", type=Path, metavar="DIR", help="the dataset's folder")
    add_settings(merge, frames=False)

    validate = commands.add_parser("validate", help="check whether a dataset agrees with itself")
    validate.add_argument("folder", type=Path, metavar="DIR", help="the dataset's folder")

    passes = commands.add_parser("passes", help="list the view layers and passes of EXR files")
    passes.add_argument("frames", nargs="+", type=Path, metavar="FRAMES", help="EXR files, or folders of them")
    return parser


if __name__ == "__main__":
    sys.exit(main())
