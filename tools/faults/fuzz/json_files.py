"""Fuzzes every kind of JSON: values are replaced by others, of any type, keys too, or bytes of the file."""

import contextlib
import json
import shutil
import time
from pathlib import Path
from random import Random
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.core.forged_json import VALUES, Place, places, renamed, replaced

from ..oracle import linked_copy
from ..trial import attempt
from . import changed_bytes
from .json_kinds import KINDS, JsonKind

_HARMFUL = (
    "\x1b]0;x\x07",
    "\u202etxt.exe",
    "../../x",
    "..\\x",
    "C:\\x",
    "/etc/passwd",
    "\ud800",
    "\x00",
    "a\nb",
    "1-99999999999",
)
_LONG = "x" * 10_000
_NUMBERS = (2**31, 2**53 + 1, -(2**63), 10**400, 1e308, -1e308, 5e-324, 0.5)
_DEEP: Any = json.loads("[" * 900 + "]" * 900)
_VALUES = (
    st.sampled_from([*VALUES, *_HARMFUL, _LONG, *_NUMBERS, _DEEP])
    | st.integers(-(10**6), 10**6)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=12)
    | st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=4), st.lists, max_leaves=4)
)
# Where, the value that is there instead, and whether it becomes the name of what is there.
_Change = tuple[Place, Any, bool]
# Of changes to bytes, in a third of the files.
_SEEDS = st.none() | st.none() | st.integers(0, 2**32 - 1)

_WITHOUT_LIMITS = settings(
    database=None, deadline=None, max_examples=25, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
)


def fuzz(name: str, folder: Path, number: int, seconds: float) -> tuple[int, list[str]]:
    """Try forged files of a kind for some time.

    Args:
        name: of KINDS.
        folder: as prepare() has made it.
        number: another one gives other files.
        seconds: for how long.

    Returns:
        How many were tried, and what was wrong with some of them.
    """
    kind = KINDS[name]
    original = kind.parse((folder / kind.file).read_bytes())
    changed = st.tuples(st.sampled_from(list(places(original))), _VALUES, st.sampled_from([False, False, True]))
    wrong: dict[str, str] = {}
    tried = 0

    @_WITHOUT_LIMITS
    @given(st.lists(changed, min_size=1, max_size=2), st.integers(0, len(kind.uses) - 1), _SEEDS)
    def try_some(changes: list[_Change], use: int, of_bytes: int | None) -> None:
        nonlocal tried
        tried += 1
        if of_bytes is not None:
            content = changed_bytes.changed((folder / kind.file).read_bytes(), Random(of_bytes))
            if problem := _problem(kind, folder, content, use):
                wrong.setdefault(problem, f"{name} with the bytes {of_bytes}: {problem}")
            return
        data = original
        for place, value, is_key in changes:
            with contextlib.suppress(KeyError, IndexError, TypeError):  # the first one replaced what this one was in
                data = renamed(data, place, str(value)) if is_key else replaced(data, place, value)
        if problem := _problem(kind, folder, kind.forge(data), use):
            wrong.setdefault(problem, f"{name} with {_shown(changes)}: {problem}")

    end = time.monotonic() + seconds
    while time.monotonic() < end:
        seed(number)(try_some)()
        number += 1_000_003
    return tried, list(wrong.values())


def _problem(kind: JsonKind, folder: Path, content: bytes, use: int) -> str:
    copy = linked_copy(folder, folder.with_name("copy"), only=kind.file.partition("/")[0])
    try:
        path = copy / kind.file
        path.unlink()
        path.write_bytes(content)
        return attempt(lambda: kind.uses[use](copy))
    finally:
        shutil.rmtree(copy)
        shutil.rmtree(folder.with_name("combined"), ignore_errors=True)


def _shown(changes: list[_Change]) -> str:
    signs = [": " if is_key else "=" for *_, is_key in changes]
    shown = [("/".join(map(str, place)), repr(value)[:60]) for place, value, _ in changes]
    return ", ".join(sign.join(pair) for sign, pair in zip(signs, shown, strict=True))
