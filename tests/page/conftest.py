"""A browser for all tests, and the report of a dataset with planted faults."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from core.report.write_report import write_report
from core.scene.random_draw import RandomDraw
from tests.core.datasets import merged
from tests.core.report.planted import SPLITS, fine_frames, plant_all
from tests.page.browser import Browser, Page

FINE = 30


@dataclass(frozen=True)
class Planted:
    """A dataset with its report.

    Attributes:
        dataset: its folder.
        page: the report.
        faults: key of a finding -> the path of the frame with that fault.
    """

    dataset: Path
    page: Path
    faults: Mapping[str, str]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with Browser() as opened:
        yield opened


@pytest.fixture(scope="session")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Planted:
    dataset = tmp_path_factory.mktemp("planted") / "dataset"
    faults = plant_all(dataset, FINE)
    merged(dataset)
    return Planted(dataset, write_report(dataset, SPLITS).page, faults)


@pytest.fixture
def page(browser: Browser, planted: Planted) -> Iterator[Page]:
    """The report, just opened; at the end nothing in it may have gone wrong."""
    opened = browser.open(planted.page.as_uri())
    yield opened
    problems = opened.problems
    opened.close()
    assert problems == []


@pytest.fixture(scope="session")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of random frames."""
    dataset = tmp_path_factory.mktemp("drawn") / "dataset"
    for number, frame in enumerate(fine_frames(20)):
        values = {"Camera.distance": 4 + number / 10, "apple.present": number % 2}
        frame.known["random"] = RandomDraw(7, 0, values)
        frame.write(dataset)
    return write_report(dataset, SPLITS).page
