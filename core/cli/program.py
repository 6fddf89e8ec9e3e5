"""What the command line does with its arguments.

The options of each command are in options/, and what it does is in commands/. Both are imported late: the version need
not wait for the options, help and wrong usage need not wait for numpy, and no command for what only others need.
"""

import gc
import io
import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module

from ..base import process_environment
from ..base.version import VERSION
from ..run.exit_codes import ExitCode, exit_code_of
from ..run.interrupts import ctrl_c_noted


def run_program(given: Sequence[str], is_stopped: Callable[[], bool]) -> int:
    """Run a command.

    Args:
        given: its name and arguments.
        is_stopped: whether there was a Ctrl-C before.

    Returns:
        The exit code, see exit_codes.py.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a file's name may hold what the terminal cannot show
    try:
        code = exit_code_of(lambda: _run(given, is_stopped))
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        # The program that read our output, such as head, has seen enough; the interpreter must not complain at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.FAILED


def _run(given: Sequence[str], is_stopped: Callable[[], bool]) -> int:
    with ctrl_c_noted() as is_pressed:  # as in main.py
        command = _command(given)
    if is_stopped() or is_pressed():
        raise KeyboardInterrupt
    return command()


def _command(given: Sequence[str]) -> Callable[[], int]:
    """What is to be done, with all that has to be imported for it."""
    if given == ["--version"]:
        return _print_version
    from .parser import make_parser

    parser = make_parser()
    if not given:
        parser.print_help(sys.stderr)
        return lambda: ExitCode.USAGE
    options = parser.parse_args(given)
    process_environment.use_one_blas_thread(os.environ)  # which has to be before numpy is imported
    # What is imported stays to the end, so garbage need not be looked for in it.
    gc.disable()
    command = import_module(f".commands.{options.command}", __package__)
    gc.freeze()
    gc.enable()
    return partial(command.run, options)


def _print_version() -> int:
    print(f"labelpass {VERSION}")
    return ExitCode.DONE
