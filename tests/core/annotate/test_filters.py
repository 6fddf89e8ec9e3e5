"""What is dropped and marked, at the exact limits."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from core.annotate.filters import filter_hidden, filter_instances
from core.base.box import Box
from core.labels.labelled_frame import LabelledFrame
from core.records.instance import Amodal, Instance
from core.settings.settings import AtBorder, Settings
from tests.builders import plain_frame, plain_instance, plain_job, plain_mask

HEIGHT, WIDTH = 48, 64


def frame_of(instances: Sequence[Instance], settings: Settings) -> LabelledFrame:
    """A frame of which filters look at nothing but its size, its instances and its settings."""
    fields: dict[str, Any] = {field.name: None for field in dataclasses.fields(LabelledFrame)}
    job = plain_job(plain_frame(Path("a_0001.exr")), Path("out"))
    known = {
        "job": dataclasses.replace(job, settings=settings),
        "passes": SimpleNamespace(shape=(HEIGHT, WIDTH)),
        "instances": tuple(instances),
        "notes": ("one",),
        "dropped": {"before": 3},
    }
    return LabelledFrame(**fields | known)


def left_of(frame: LabelledFrame) -> tuple[list[Instance], dict[str, int]]:
    """The instances, and how many were dropped by the filter, of which nothing else may be changed."""
    assert frame.notes == ("one",)
    assert frame.dropped["before"] == 3
    return list(frame.instances), {reason: count for reason, count in frame.dropped.items() if reason != "before"}


def by_mask(instances: Sequence[Instance], settings: Settings) -> tuple[list[Instance], dict[str, int]]:
    return left_of(filter_instances(frame_of(instances, settings)))


def instance(x0: int, y0: int, x1: int, y1: int, area: int | None = None) -> Instance:
    box = Box(x0, y0, x1, y1)
    return plain_instance(mask=plain_mask(box) if area is None else plain_mask(box, area=area))


INSIDE = instance(1, 1, 63, 47)
TINY = instance(5, 5, 8, 9, 10)
AT_EDGES = [instance(0, 5, 9, 9), instance(5, 0, 9, 9), instance(5, 5, 64, 9), instance(5, 5, 9, 48)]


def test_everything_is_kept_unless_the_user_says_so() -> None:
    some = [INSIDE, TINY, *AT_EDGES, instance(0, 0, 1, 1)]
    assert by_mask(some, Settings()) == (some, {"small": 0, "at_border": 0})


@pytest.mark.parametrize(
    ("settings", "kept"),
    [
        (Settings(min_area=10), True),
        (Settings(min_area=11), False),
        (Settings(min_side=3), True),
        (Settings(min_side=4), False),
        (Settings(min_area=10, min_side=3), True),
    ],
)
def test_smallest(settings: Settings, kept: bool) -> None:
    left, dropped = by_mask([INSIDE, TINY], settings)
    assert left == ([INSIDE, TINY] if kept else [INSIDE])
    assert dropped == {"small": 0 if kept else 1, "at_border": 0}


@pytest.mark.parametrize("edge", AT_EDGES)
def test_each_edge(edge: Instance) -> None:
    left, dropped = by_mask([edge, INSIDE], Settings(at_border=AtBorder.DROP))
    assert (left, dropped) == ([INSIDE], {"small": 0, "at_border": 1})
    left, dropped = by_mask([edge, INSIDE], Settings(at_border=AtBorder.MARK))
    assert [one.at_border for one in left] == [True, False]
    assert [dataclasses.replace(one, at_border=None) for one in left] == [edge, INSIDE]
    assert sum(dropped.values()) == 0


def test_small_and_at_the_border_counts_once() -> None:
    settings = Settings(min_area=5, at_border=AtBorder.DROP)
    assert by_mask([instance(0, 0, 2, 2)], settings) == ([], {"small": 1, "at_border": 0})


def seen(visible: int, whole: int = 8) -> Instance:
    box = Box(0, 0, whole, 1)
    return dataclasses.replace(instance(0, 0, visible, 1), amodal=Amodal("", box, whole, whole, visible))


@pytest.mark.parametrize(("least", "left"), [(0.0, 4), (0.125, 4), (0.126, 3), (0.5, 3), (0.51, 2), (1.0, 2)])
@pytest.mark.parametrize("amodal", [True, False])
def test_too_little_of_it_is_seen(least: float, left: int, amodal: bool) -> None:
    unknown = instance(0, 0, 3, 3)
    some = [seen(1), unknown, seen(4), seen(8)]
    kept, dropped = left_of(filter_hidden(frame_of(some, Settings(min_visibility=least, amodal=amodal))))
    if not amodal and least:
        some = [dataclasses.replace(one, amodal=None) for one in some]
    assert dropped == {"hidden": 4 - left}
    assert kept == {4: some, 3: some[1:], 2: [some[1], some[3]]}[left]
