"""Datasets that have hardly anything: the page opens, and says so."""

from pathlib import Path
from typing import Any

import pytest

from core.report.write_report import write_report
from core.settings.category_table import Category
from tests.builders import instances_in, plain_record, write_record
from tests.core.report.planted import SPLITS, fine_frame
from tests.page.browser import Browser

CATEGORIES = (Category("apple", 1), Category("bottle", 2))
LITTLE: dict[str, dict[str, Any]] = {
    "no categories": {},
    "no instances": {"categories": CATEGORIES},
    "no images": {"categories": CATEGORIES, "instances": instances_in(fine_frame(2).labels, ["apple", "bottle"])},
}


@pytest.mark.parametrize("what", list(LITTLE))
@pytest.mark.parametrize("count", [1, 3])
def test_the_page_opens(browser: Browser, tmp_path: Path, what: str, count: int) -> None:
    for frame in range(1, count + 1):
        write_record(tmp_path / "dataset", plain_record(frame=frame, width=160, height=120, **LITTLE[what]))
    page = browser.open(write_report(tmp_path / "dataset", SPLITS).page.as_uri())
    for key in "231":
        page.press(key)
    page.value("openFrame(0, -1)")
    page.wait_for("shownOf(0)")
    page.press("Escape")
    page.press("v")
    assert page.value("frames.count") == count
    assert page.value("document.querySelector('#headline').textContent").startswith("✕Not ready: ")
    assert page.problems == []
    page.close()
