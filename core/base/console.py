"""Lines for a terminal, in which names from files can do no harm."""

import sys

from .phrases import shown


def print_line(text: str, wrong: bool = False) -> None:
    """Print a line, or several, to standard output, or to standard error where something is wrong.

    What a terminal would obey is escaped, see shown().
    """
    file = sys.stderr if wrong else sys.stdout
    print("\n".join(map(shown, text.split("\n"))), file=file, flush=True)
