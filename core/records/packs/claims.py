"""Removing a record file only if nobody has written it since, which no file system offers.

The file is given another name first, so that from then on nobody writes to what is compared. If it turns out to be
newer, it gets its own name back, unless another one has that by then. What was claimed by a process that died is put
back by whoever lists the records next.

    .labelpass-HOST-PID-RANDOM.claim
"""

import contextlib
import os
from pathlib import Path

from ...base.input_files import read_file, read_json
from ...base.temporary_names import temporary_name

_SUFFIX = ".claim"


def is_claim(name: str) -> bool:
    return name.endswith(_SUFFIX)


def remove_unchanged(path: Path, content: bytes) -> bool:
    """Remove a file if it still holds this; OSError where that cannot be done.

    Returns:
        Whether it is gone.
    """
    try:
        if read_file(path) != content:
            return False
        claim = path.with_name(temporary_name()).with_suffix(_SUFFIX)
        path.rename(claim)
    except FileNotFoundError:
        return True
    try:
        if read_file(claim) == content:
            claim.unlink()
            return True
        give_name(claim, path)
    except FileNotFoundError:  # somebody who listed the records meanwhile has put it back
        pass
    return False


def put_back_claim(claim: Path, records: Path, suffix: str) -> None:
    """Give a record file that a dead process has claimed its name again, as far as that can be done.

    Args:
        claim: what lies there under another name.
        records: the folder of all records.
        suffix: of record files.
    """
    with contextlib.suppress(OSError, KeyError, TypeError, ValueError):
        data = read_json(claim)
        record = data.get("record", data)  # a frame without a record names itself
        path = records.joinpath(*filter(None, (record["sequence"], f"{record['name']}{suffix}")))
        if path.parent == claim.parent:
            give_name(claim, path)


def give_name(file: Path, path: Path) -> None:
    """Let a complete file have a name, unless another one has it: that was written later."""
    try:
        os.link(file, path)
    except FileExistsError:
        pass
    except OSError:  # a file system without links
        if not path.exists():
            file.rename(path)
            return
    file.unlink(missing_ok=True)
