"""Another commit of this checkout in a folder of its own, for programs that compare the two."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]


@contextmanager
def checked_out(commit: str, folder: Path) -> Iterator[Path]:
    """A commit as files in a folder, which must not exist yet and is removed at the end."""
    _git("worktree", "add", "--quiet", "--detach", str(folder), commit)
    try:
        yield folder
    finally:
        _git("worktree", "remove", "--force", str(folder))


def _git(*command: str) -> None:
    subprocess.run(["git", *command], cwd=CHECKOUT, check=True)
