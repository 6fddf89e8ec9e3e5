"""The command line: `labelpass`, or `python -m core` in a checkout.

It listens to Ctrl-C before it imports anything that takes time.
"""

import sys

from ..run.interrupts import ctrl_c_noted, first_ctrl_c_only

TYPE_CHECKING = False  # type checkers take a variable of this name for true, as they do that of typing

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: "Sequence[str] | None" = None) -> int:
    """Run a command; returns the exit code, see exit_codes.py.

    Args:
        arguments: None for those of the program, which then ends.
    """
    given = sys.argv[1:] if arguments is None else list(arguments)
    with first_ctrl_c_only(for_good=arguments is None):
        with ctrl_c_noted() as is_pressed:  # an import that is interrupted may say that it failed, as numpy's does
            from .program import run_program
        return run_program(given, is_pressed)
