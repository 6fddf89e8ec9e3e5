"""What a run will take of the disk is told once, when it is known, and only where it is worth a line."""

import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from core.base.phrases import in_units
from core.run.annotation_run import DiskWatch, Summary
from core.run.disk_outlook import DiskOutlook

GB = 10**9


@pytest.fixture
def free(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=20 * GB))


@pytest.mark.usefixtures("free")
def test_what_is_told(tmp_path: Path) -> None:
    outlook = DiskOutlook.of(tmp_path, 12_000, 2_833_333)
    assert outlook.is_short
    assert str(outlook) == (
        "The next 12000 frames take about 34 GB; 20 GB are free. Make room, write fewer maps and previews, or take "
        "another folder; finished frames stay"
    )
    fitting = DiskOutlook.of(tmp_path, 1, 1.5 * GB)
    assert fitting.is_worth_telling and not fitting.is_short
    assert str(fitting) == "The next frame takes about 1.5 GB; 20 GB are free"
    assert not DiskOutlook.of(tmp_path, 100, 1e6).is_worth_telling


@pytest.mark.usefixtures("free")
def test_it_is_told_once_and_when_it_is_known(tmp_path: Path) -> None:
    disk = DiskWatch(tmp_path, 1000)
    assert disk.news(Summary(annotated=2, written=2 * GB)) is None
    news = disk.news(Summary(annotated=4, kept=6, written=40_000_000), bytes_besides=15e6)
    assert news == DiskOutlook(990, 990 * 25e6, 20 * GB)
    assert news.is_short
    assert disk.news(Summary(annotated=5, written=GB)) is None


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 bytes"), (999, "999 bytes"), (1234, "1.2 kB"), (56_789_000, "57 MB"), (34e9, "34 GB"), (2.8e12, "2.8 TB")],
)
def test_bytes_as_people_say_them(size: float, text: str) -> None:
    assert in_units(size) == text
