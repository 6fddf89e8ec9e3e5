"""`shards.json`: what the shards of an export are made of, so that the next export does not write the same ones again.

It also says how large each file is, and when it was written as the disk has it: a file that is damaged or changed since
then is not taken for what it was. So this is no part of the format, and no two exports have the same one.
"""

import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from ...base.files import pretty_json
from ...base.input_files import read_json

SHARDS_FILE = "shards.json"
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*/[A-Za-z0-9_-]+\.[a-z]+")


@dataclass(frozen=True)
class RememberedShard:
    """A shard as it was when it was complete.

    Attributes:
        file: below the folder of the export.
        size: of the file in bytes.
        mtime_ns: time of its last change.
    """

    file: str
    size: int
    mtime_ns: int

    @classmethod
    def of_file(cls, folder: Path, file: str) -> Self | None:
        """A file as it is now; None where it is no regular file, or not there."""
        try:
            found = (folder / file).lstat()
        except OSError:
            return None
        return cls(file, found.st_size, found.st_mtime_ns) if stat.S_ISREG(found.st_mode) else None


def remembered_shards(folder: Path) -> dict[str, RememberedShard]:
    """The shards of an earlier export that are as they were written; none where it does not say.

    Args:
        folder: of the export, which need not be there.

    Returns:
        What a shard is made of, as write_shards() was given it -> the shard.
    """
    try:
        said = {
            str(row["made_of"]): RememberedShard(file, row["size"], row["mtime_ns"])
            for file, row in read_json(folder / SHARDS_FILE)["shards"].items()
            if _NAME.fullmatch(file)
        }
    except (OSError, KeyError, TypeError, ValueError, AttributeError, RecursionError):
        return {}
    return {made_of: shard for made_of, shard in said.items() if RememberedShard.of_file(folder, shard.file) == shard}


def shards_json(folder: Path, made_of: Mapping[str, str]) -> bytes:
    """What SHARDS_FILE says of files of an export, `made_of` being what each is made of."""
    rows: dict[str, Any] = {}
    for file, text in made_of.items():
        if shard := RememberedShard.of_file(folder, file):
            rows[file] = {"made_of": text, "size": shard.size, "mtime_ns": shard.mtime_ns}
    return pretty_json({"shards": rows})
