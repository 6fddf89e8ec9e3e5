"""Names that would be code, and files that are hard to address, change nothing."""

from pathlib import Path
from urllib.parse import quote

import pytest

from core.report.write_report import write_report
from core.settings.category_table import Category
from tests.core.report.planted import SPLITS, fine_frame
from tests.page.browser import Browser

EVIL = "</script><script>window.pwned = 1</script><img src=x onerror='window.pwned = 1'>"
_RIGHT_TO_LEFT = "\u202e\u05e9\u05dc\u05d5\u05dd \u05e2\u05d5\u05dc\u05dd\u202c <b>"
NAMES = (EVIL, "x" * 300, _RIGHT_TO_LEFT, "{{script}}", "\u2028 `${window.pwned = 1}` \\")
FILES = ("a b", "100%", "what?", "#1", "it's & <b>", "ü 東京", "%41", '"quoted"')


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    dataset = tmp_path_factory.mktemp("hostile") / "data<b>set & 'co'"
    for number, file in enumerate(FILES):
        frame = fine_frame(2 * number)
        frame.sequence, frame.name = f"{EVIL[:20].replace('/', '_')}", file
        frame.known["categories"] = tuple(map(Category, NAMES))
        frame.known["notes"] = (EVIL,)
        for label in (1, 2, 3, 4):
            frame.instances[label] = {
                "category": NAMES[(label + number) % len(NAMES)],
                "name": f"{NAMES[label]}{label}",
            }
        frame.write(dataset)
    return write_report(dataset, SPLITS).page


def test_nothing_runs_and_all_images_load(browser: Browser, report: Path) -> None:
    page = browser.open(report.as_uri())
    for key in "312":
        page.press(key)
    assert page.value("typeof window.pwned") == "undefined"
    for number in range(len(FILES)):
        page.value(f"openFrame({number}, -1)")
        page.wait_for(f"picture(imageOf({number}), false) && shownOf({number})")
        assert page.value("document.querySelectorAll('#frame-facts .instance').length") == 4
    assert page.value("document.querySelector('#frame-facts .note').textContent") == EVIL
    assert page.value("head.title") == report.parents[1].name
    assert page.value("document.querySelectorAll('b b, img').length") == 0
    assert page.problems == []
    page.close()


def test_a_script_in_the_page_would_not_run(browser: Browser, report: Path) -> None:
    """The policy lets the page's own script run, by its digest, and no other."""
    page = browser.open(report.as_uri())
    page.value("const made = document.createElement('script'); made.textContent = 'window.pwned = 1'")
    page.value("document.head.append(made)")
    assert page.value("typeof window.pwned") == "undefined"
    page.close()


def test_a_frame_named_by_its_link(browser: Browser, report: Path) -> None:
    page = browser.open(report.as_uri())
    paths = page.value("frames.paths")
    page.close()
    for path in paths:
        linked = browser.open(f"{report.as_uri()}#frame={quote(path, safe='')}")
        assert linked.value("frames.paths[opened.frame]") == path
        linked.close()
