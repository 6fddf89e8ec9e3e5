"""One process at a time writes a pack, on whichever machine: a lock that ends with the process that holds it.

The lock is on a byte of a file that stays, `records/.lock`; which byte says which pack. Other bytes are of others.
"""

import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from ...base.dataset_folder import DatasetFolder
from ...base.errors import OutputError
from ...base.files import cannot_write

_FILE = ".lock"
# Windows locks no bytes beyond 2 GB in this way. Packs that share a byte wait for each other, and no more.
_BYTES = 1 << 30
_SECONDS_BETWEEN = 0.1


@contextmanager
def locked(dataset: DatasetFolder, pack: Path) -> Iterator[None]:
    """Hold the lock of a pack, which need not exist, for a block; wait for others before.

    Raises:
        OutputError: the disk has no locks, or the file of them cannot be written.
    """
    path = dataset.records / _FILE
    name = pack.relative_to(dataset.records).as_posix().encode("utf-8", "surrogateescape")
    byte = int.from_bytes(hashlib.blake2b(name, digest_size=8).digest()) % _BYTES
    try:
        file = path.open("ab")
    except OSError as error:
        raise cannot_write(path, error) from error
    with file:  # to close it gives the lock back
        try:
            _lock(file, byte)
        except OSError as error:
            raise OutputError(
                f"Cannot lock {path}: {error.strerror}; pack the dataset on a disk that has locks"
            ) from error
        yield


if os.name == "nt":
    import msvcrt

    def _lock(file: BinaryIO, byte: int) -> None:
        while True:
            file.seek(byte)
            try:
                msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
                return
            except PermissionError:  # somebody else has it
                time.sleep(_SECONDS_BETWEEN)

else:
    import fcntl

    def _lock(file: BinaryIO, byte: int) -> None:
        while True:
            try:
                fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, byte)
                return
            except (BlockingIOError, PermissionError):  # somebody else has it
                time.sleep(_SECONDS_BETWEEN)
