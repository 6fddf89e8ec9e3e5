"""The command line: `labelpass`, or `python -m core` in a checkout.

The options of each command are in options/, and what it does is in commands/. Both are imported late: the version need
not wait for the options, help and wrong usage need not wait for numpy, and no command for what only others need.
"""

import argparse
import io
import os
import sys
from collections.abc import Sequence
from importlib import import_module

from ..base import blas
from ..base.version import VERSION
from ..run.exit_codes import ExitCode, exit_code_of


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code, see exit_codes.py."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a file's name may hold what the terminal cannot show
    given = sys.argv[1:] if arguments is None else list(arguments)
    if given == ["--version"]:
        print(f"labelpass {VERSION}")
        return ExitCode.DONE
    from .parser import make_parser

    parser = make_parser()
    if not given:
        parser.print_help(sys.stderr)
        return ExitCode.USAGE
    options = parser.parse_args(given)
    try:
        code = exit_code_of(lambda: _run(options))
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        # The program that read our output, such as head, has seen enough; the interpreter must not complain at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.FAILED


def _run(options: argparse.Namespace) -> int:
    blas.one_thread(os.environ)  # which has to be before numpy is imported
    command = import_module(f".commands.{options.command}", __package__)
    code: int = command.run(options)
    return code
