"""The pages for people: links and places in the source are there, pages can be found, lines are short, code runs."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.annotate.annotate import annotate
from core.dataset.merge import merge
from core.settings.export_table import ExportFormat
from core.settings.format_table import DatasetFormat
from tests.builders import plain_job, rendered_frame

CHECKOUT = Path(__file__).resolve().parents[2]
README = CHECKOUT / "README.md"
PAGES = [README, CHECKOUT / "CHANGELOG.md", *sorted((CHECKOUT / "docs").rglob("*.md"))]
LONGEST_LINE = 120
_CODE = re.compile(r"^```.*?^```$|`[^`\n]+`", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^()\s]+)\)")
# Files and folders of the source, as the docs name them; "*" stands for several.
_SOURCE = re.compile(r"`((?:core|operators|panels|tests|tools|benchmarks|examples)/[\w./*-]*)[^`]*`")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def links_of(page: Path) -> Iterator[str]:
    """Those to files of the checkout and to headings, not those to the web."""
    for target in _LINK.findall(_CODE.sub("", text_of(page))):
        if "://" not in target:
            yield target


def anchors_of(page: Path) -> set[str]:
    """Of its headings, as GitHub makes them: small letters, hyphens for blanks, no other punctuation."""
    anchors: dict[str, int] = {}
    fences = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
    for heading in _HEADING.findall(fences.sub("", text_of(page))):
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        anchor = re.sub(r"[^\w\- ]", "", words.lower()).replace(" ", "-")
        anchors[anchor] = anchors.get(anchor, -1) + 1
    return {f"{name}-{number}" if number else name for name, last in anchors.items() for number in range(last + 1)}


def target_of(page: Path, link: str) -> Path:
    file = link.partition("#")[0]
    return (page.parent / file).resolve() if file else page


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for link in links_of(page):
        target, anchor = target_of(page, link), link.partition("#")[2]
        assert target.exists(), link
        assert target.is_relative_to(CHECKOUT), link
        assert not anchor or anchor in anchors_of(target), link


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_lines_fit_into_an_editor(page: Path) -> None:
    assert [line for line in text_of(page).splitlines() if len(line) > LONGEST_LINE] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_source_that_a_page_names_is_there(page: Path) -> None:
    for place in _SOURCE.findall(text_of(page)):
        assert any(CHECKOUT.glob(place.rstrip("/"))), place


def test_every_page_and_picture_can_be_found() -> None:
    """By links that start at the README."""
    found = {README}
    ahead = [README]
    while ahead:
        page = ahead.pop()
        for target in {target_of(page, link) for link in links_of(page)} - found:
            found.add(target)
            if target.suffix == ".md":
                ahead.append(target)
    assert not set(PAGES) - found
    assert not set((CHECKOUT / "docs/images").rglob("*.png")) - found


def test_anchors_are_those_of_github(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# How to label a scene\n## `records/NAME.json`\n## `categories.json`, and other tables\n"
        "## Twice\n## Twice\n## A [link](to.md), with_underscore\n```\n# no heading\n```\n",
        encoding="utf-8",
    )
    assert anchors_of(page) == {
        "how-to-label-a-scene",
        "recordsnamejson",
        "categoriesjson-and-other-tables",
        "twice",
        "twice-1",
        "a-link-with_underscore",
    }


def test_table_of_dataset_formats() -> None:
    text = text_of(CHECKOUT / "docs/formats.md")
    for format in DatasetFormat:
        chosen = f"`--{format.chosen_by} {format.value}`" if format.chosen_by else "always written"
        assert f"| {format.label} | `{format.files}` | {format.needs.value} | {chosen} |" in text
        assert format.source in text


def test_table_of_export_formats() -> None:
    text = text_of(CHECKOUT / "docs/exports.md")
    for format in ExportFormat:
        needs = ", ".join(need.value for need in format.needs) or "nothing"
        assert re.search(
            rf"^\| `{format.value}` \| \[{format.label}\]\({re.escape(format.source)}\): .+ \| {needs} \|$",
            text,
            re.MULTILINE,
        ), format


def test_training_code_of_the_readme(rendered_of: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It knows the dataset's folder and nothing of Labelpass."""
    dataset = tmp_path / "dataset"
    for rendered in rendered_of("4.5", "multilayer"):
        record = annotate(plain_job(rendered_frame(rendered), dataset, pictures=False))
    merge(dataset)
    blocks = re.findall(r"^```python\n(.*?)^```$", text_of(README), re.MULTILINE | re.DOTALL)
    (code,) = [block for block in blocks if "pycocotools" in block]
    monkeypatch.chdir(tmp_path)
    shown: dict[str, Any] = {}
    exec(code, shown)  # what is left are the pixels and masks of the last image
    assert [int(mask.sum()) for mask in shown["masks"]] == [one.mask.area for one in record.instances]
    assert np.asarray(shown["pixels"]).shape == (*shown["masks"][0].shape, 3)
