"""Fuzzes EXR files: bytes of rendered ones are changed, cut out, repeated or cut off; or only Cryptomatte manifests.

What can still be read is annotated. The file that is at work is `changed.exr` in the folder, in case a library crashes.
"""

import shutil
import time
from pathlib import Path
from random import Random

from core.annotate.annotate import annotate
from core.dataset.merge import merge
from tests.builders import NO_IMAGES, plain_job

from ..children import DATA
from ..trial import attempt
from .changed_bytes import LETTERS, Change, bits, cut_off, cut_out, repeated

CHANGED = "changed.exr"
_RENDERS = DATA.parent
_FILES = (
    *(DATA / name for name in ("crypto_only_0001.exr", "transparent_0001.exr", "multilayer_0001.exr")),
    *(_RENDERS / "5.0" / name for name in ("transparent_0001.exr", "crypto_only_0001.exr")),
    *sorted((DATA / "fileoutput_multi").glob("*.exr"))[:1],
)
# Sizes that a reader may believe.
_INTEGERS = (0, 1, -1, 2**16, 2**28, 2**31 - 1, -(2**31))
# In a file that Blender wrote all of the header is before this.
_HEADER_BYTES = 4096


def fuzz(folder: Path, number: int, seconds: float, only_manifests: bool = False) -> tuple[int, list[str]]:
    """Try changed files for some time; arguments and what is returned are as of fuzz/json_files.fuzz()."""
    random, end = Random(number), time.monotonic() + seconds
    originals = [path.read_bytes() for path in _FILES]
    path, output = folder / CHANGED, folder / "out"
    wrong: dict[str, str] = {}
    tried = 0
    while time.monotonic() < end:
        place = random.randrange(len(_FILES))
        data = bytearray(originals[place])
        changes = [_manifest] if only_manifests else random.choices(_CHANGES, k=random.randint(1, 3))
        for change in changes:
            data = change(data, random)
        path.write_bytes(data)
        shutil.rmtree(output, ignore_errors=True)
        tried += 1
        if problem := attempt(lambda: _use(path, output)):
            kept = folder / f"wrong-{number}-{tried}.exr"
            shutil.copy(path, kept)
            names = ", ".join(change.__name__.strip("_") for change in changes)
            wrong.setdefault(problem, f"{kept} ({_FILES[place].name}, {names}): {problem}")
    return tried, list(wrong.values())


def _use(path: Path, output: Path) -> None:
    annotate(plain_job(path, output, **NO_IMAGES))
    merge(output)


# --- How bytes are changed, besides those of any file -----------------------------------------------------------------


def _header_bytes(data: bytearray, random: Random) -> bytearray:
    for _ in range(random.randint(1, 4)):
        data[random.randrange(min(len(data), _HEADER_BYTES))] = random.randrange(256)
    return data


def _integer(data: bytearray, random: Random) -> bytearray:
    place = random.randrange(min(len(data), _HEADER_BYTES))
    data[place : place + 4] = random.choice(_INTEGERS).to_bytes(4, "little", signed=True)
    return data


def _manifest(data: bytearray, random: Random) -> bytearray:
    """Other letters of the same number in a manifest, where there is one."""
    start = data.find(b"/manifest\0string\0")
    if start < 0:
        return _header_bytes(data, random)
    start += len(b"/manifest\0string\0")
    size = int.from_bytes(data[start : start + 4], "little")
    for _ in range(random.randint(1, 8)):
        place = start + 4 + random.randrange(max(1, min(size, len(data) - start - 4)))
        letters = random.choice(LETTERS)
        data[place : place + len(letters)] = letters
    return data


_CHANGES: tuple[Change, ...] = (bits, _header_bytes, _integer, cut_off, cut_out, repeated, _manifest)
