"""Files that are something else: a pipe, a device, a socket, a folder, a link to itself or elsewhere, or empty."""

import contextlib
import os
import shutil
import socket
from collections.abc import Callable, Mapping
from pathlib import Path

from core.annotate.annotate import annotate
from core.settings.category_files import read_table
from tests.builders import plain_job

from ..oracle import linked_copy
from ..trial import attempt
from .json_kinds import KINDS, Use


def _device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def _loop(path: Path) -> None:
    path.symlink_to(path)


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made, contextlib.chdir(path.parent):  # its path may have 107 letters
        made.bind(path.name)


def _elsewhere(path: Path) -> None:
    path.symlink_to(__file__)


_ODD: Mapping[str, Callable[[Path], object]] = {
    "a pipe": os.mkfifo,
    "a device": _device,
    "a socket": _socket,
    "a folder": Path.mkdir,
    "a link to itself": _loop,
    "a link to a file elsewhere": _elsewhere,
    "empty": Path.touch,
    "zeros": lambda path: path.write_bytes(bytes(5000)),
}


def _annotate(folder: Path) -> object:
    return annotate(plain_job(folder / "frame_0001.exr", folder / "new", folder / "scene.json"))


# Besides each kind of JSON.
_OTHERS: Mapping[str, tuple[str, tuple[Use, ...]]] = {
    "render": ("frame_0001.exr", (_annotate,)),
    "table in TOML": ("table.toml", (lambda folder: read_table(folder / "table.toml"),)),
    "image": ("rich/images/walk/walk_0000.png", tuple(KINDS["frame records"].uses)),
    "map": ("rich/maps/depth/walk/walk_0000.png", tuple(KINDS["frame records"].uses)),
    "array": ("out/maps/depth/shot/left/frame_0001.npy", tuple(KINDS["merge records"].uses)),
}


def use_odd_files(folder: Path, every: int = 1) -> tuple[int, list[str]]:
    """Each file as each of these, or every so many; `folder` is as json_kinds.prepare() has made it."""
    files = {**{name: (kind.file, tuple(kind.uses)) for name, kind in KINDS.items()}, **_OTHERS}
    trials = [(name, *file, odd) for name, file in files.items() for odd in _ODD][::every]
    wrong, tried = [], 0
    for name, file, uses, odd in trials:
        for use in uses:
            copy = linked_copy(folder, folder.with_name("copy"))
            path = copy / file
            path.unlink()
            _ODD[odd](path)
            tried += 1
            if problem := attempt(lambda use=use, copy=copy: use(copy)):  # type: ignore[misc]
                wrong.append(f"{name} is {odd}: {problem}")
            shutil.rmtree(copy)
            shutil.rmtree(folder.with_name("combined"), ignore_errors=True)
    return tried, wrong
