"""How `labelpass` ends, and Blender with export_annotations.py; docs/command-line.md has the same table."""

from collections.abc import Callable
from enum import IntEnum

from ..base.console import print_line
from ..base.errors import LabelpassError, UsageError


class ExitCode(IntEnum):
    """The exit code of a program.

    Attributes:
        meaning: for people.
    """

    meaning: str

    DONE = 0, "every frame is annotated, now or before, and the dataset is written and agrees with itself"
    FAILED = 1, "something failed or is missing; each failure is named, and everything else is done"
    USAGE = 2, "wrong usage: the arguments or settings do not make sense; nothing was done"
    STOPPED = 130, "stopped with Ctrl-C; what was finished stays"

    def __new__(cls, value: int, meaning: str) -> "ExitCode":
        code = int.__new__(cls, value)
        code._value_ = value
        code.meaning = meaning
        return code


def exit_code_of(command: Callable[[], int]) -> int:
    """Run a command; an error that Labelpass knows goes to standard error, and says how the program ends."""
    try:
        return command()
    except LabelpassError as error:
        print_line(f"labelpass: {error}", wrong=True)
        return ExitCode.USAGE if isinstance(error, UsageError) else ExitCode.FAILED
    except KeyboardInterrupt:
        print_line("labelpass: Stopped; what was finished stays", wrong=True)
        return ExitCode.STOPPED
