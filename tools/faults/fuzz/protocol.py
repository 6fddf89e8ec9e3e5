"""Fuzzes what workers say: the pool that listens to them never raises, and every task comes to an end."""

import json
import sys
import time
from pathlib import Path
from unittest.mock import patch

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from core.base.errors import WorkerError
from core.run.pool import Done, Failed, Task, WorkerPool

from ..trial import attempt, wrong_sentence

_WORKER = """
import json, sys
said = open(sys.argv[1], "rb").read()
sys.stdout.buffer.write(b'{"ready": true}\\n')
sys.stdout.buffer.flush()
for line in sys.stdin:
    sys.stdout.buffer.write(said.replace(b'"ID"', str(json.loads(line)["id"]).encode()))
    sys.stdout.buffer.flush()
    if sys.argv[2] == "leave":
        break
"""
_ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=5,
)
_RIGHT = {"instances": 1, "dropped": 0, "notes": []}
_KEYS = st.sampled_from(["id", "ready", "result", "error", "progress", "leaving", "alive", "output"])
_MESSAGES = st.dictionaries(_KEYS, _ANYTHING | st.just("ID") | st.just(_RIGHT) | st.just([1, 2]), max_size=4)
_LINES = _MESSAGES.map(lambda message: json.dumps(message).encode()) | st.binary(max_size=30)
# On a busy machine each of four workers may take long to start.
_MOST_SECONDS = 120.0


def fuzz(folder: Path, number: int, seconds: float) -> tuple[int, list[str]]:
    """Try forged answers for some time; arguments and what is returned are as of fuzz/json_files.fuzz()."""
    (folder / "worker.py").write_text(_WORKER, encoding="utf-8")
    said, wrong, tried = folder / "said", dict[str, str](), 0

    @settings(
        database=None, deadline=None, max_examples=10, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
    )
    @given(st.lists(_LINES, max_size=4), st.sampled_from(["leave", "stay"]))
    def try_some(lines: list[bytes], then: str) -> None:
        nonlocal tried
        tried += 1
        said.write_bytes(b"".join(line + b"\n" for line in lines))
        program = folder / f"python-{then}"
        program.write_text(f"#!/bin/sh\nexec {sys.executable} -S -E {folder / 'worker.py'} {said} {then}\n")
        program.chmod(0o755)
        answers: list[Done | Failed] = []
        with patch.object(sys, "executable", str(program)):
            problem = attempt(lambda: answers.extend(_answers(folder)))
        if problem := problem or _wrong(answers):
            wrong.setdefault(problem, f"a worker that says {lines!r} and would {then}: {problem}")

    end = time.monotonic() + seconds
    while time.monotonic() < end:
        seed(number)(try_some)()
        number += 1_000_003
    return tried, list(wrong.values())


def _answers(folder: Path) -> list[Done | Failed]:
    """What the pool says of two tasks."""
    found: list[Done | Failed] = []
    end = time.monotonic() + _MOST_SECONDS
    with WorkerPool(1, hung_after=1.0) as pool:
        for tag in ("a", "b"):
            pool.submit(Task("annotate", {}, folder, f"frame {tag}", tag))
        try:
            while pool.pending and time.monotonic() < end:
                found += [event for event in pool.poll(0.1) if isinstance(event, Done | Failed)]
        except WorkerError:  # no worker could be started any more, which ends a run
            return []
    return found


def _wrong(answers: list[Done | Failed]) -> str:
    if answers and sorted(answer.task.tag for answer in answers) != ["a", "b"]:
        return f"ended with {[answer.task.tag for answer in answers]}"
    return "".join(wrong_sentence(answer.error) for answer in answers if isinstance(answer, Failed))
