"""The page with a mouse and with keys: what a person does, and what has to happen."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.report.write_report import write_report
from tests.builders import read_record
from tests.core.report.planted import SPLITS, fine_frames
from tests.page.browser import Browser, Page

SELECTED = "[selection.frameCount, selection.instanceCount]"


def test_a_category_by_a_click(page: Page) -> None:
    every = page.value("instances.count")
    page.click("#side .choice:nth-child(2)")
    bottles = page.value("[...instances.category].filter((c) => c === 1).length")
    assert page.value("selection.instanceCount") == bottles < every
    assert page.value("document.querySelector('.chip').textContent") == "Category: bottle"
    assert f"{bottles} of {every} instances" in page.value("document.querySelector('#count').textContent")
    page.click("#side .choice:nth-child(1)")
    assert page.value("chosenBins(filterOf('category'))") == [0, 1]
    page.click(".chip")
    assert page.value("selection.instanceCount") == every


def test_a_range_by_dragging_and_by_keys(page: Page) -> None:
    bars = "#side .bins[aria-label=Visible] button:nth-child({})"
    (x0, y), (x1, _) = page.middle_of(bars.format(3)), page.middle_of(bars.format(20))
    page.drag([(x0, y), ((x0 + x1) / 2, y), (x1, y)])
    chosen = page.value("chosenBins(filterOf('visible'))")
    assert chosen == [*range(2, 20)]
    assert "Visible 10% \u2013 100%" in page.value("document.querySelector('.chip').textContent")
    page.press("Escape")
    page.click(bars.format(1))
    assert page.value("chosenBins(filterOf('visible'))") == [0]
    page.press("ArrowRight")
    page.press("ArrowRight")
    page.press("Shift+ArrowRight")
    assert page.value("chosenBins(filterOf('visible'))") == [2, 3]
    page.press("Enter")
    assert page.value("filterOf('visible').chosen") is None


def test_splits_side_by_side(page: Page) -> None:
    counts = page.value("((f) => span(0, f.bins - 1).map((bin) => inBin(f, f.now, bin)))(filterOf('per_image'))")
    most = counts.index(max(counts))
    bar = f"#side .bins[aria-label='Instances in an image'] button:nth-child({most + 1})"
    before = page.value(f"document.querySelector({bar!r}).getAttribute('aria-label')")
    page.press("s")
    after = page.value(f"document.querySelector({bar!r}).getAttribute('aria-label')")
    assert after.startswith(before) and re.search(r"; \d+% of train, \d+% of val$", after)
    assert page.value("document.querySelector('#parts [aria-pressed=true]').textContent") == "Splits"
    # Each bin has a bar in the colour of each split, the first on the left.
    canvas = "document.querySelector('#side section:has([aria-label=\"Instances in an image\"]) canvas')"
    page.value(f"{canvas}.scrollIntoView()")
    colours = page.value(
        f"(() => {{ const c = {canvas}, {{ width, height }} = c, wide = width / filterOf('per_image').bins;"
        f"const at = (part) => [...c.getContext('2d').getImageData(({most} + part) * wide, height - 4, 1, 1).data];"
        "return [at(0.3), at(0.7), head.splitColours.map(channels)] })()"
    )
    assert [colours[0][:3], colours[1][:3]] == colours[2][:2]
    page.click("#parts [data-parts=categories]")
    assert page.value(f"document.querySelector({bar!r}).getAttribute('aria-label')") == before


def test_a_finding_keeps_its_order_only_where_it_has_one(page: Page) -> None:
    page.value("followFinding(head.findings.find((f) => f.key === 'hidden'))")
    assert page.value("document.querySelector('#sort').value") == "finding"
    page.press("v")
    assert page.value("[listed.mode, listed.order]") == ["frames", "order"]
    assert "finding" not in page.value("[...document.querySelector('#sort').options].map((o) => o.value)")


@pytest.mark.parametrize("order", ["small", "visible", "far", "pieces"])
def test_orders(page: Page, order: str) -> None:
    """Of what is left, also after another filter."""
    keys = {"small": "area[i]", "visible": "visible[i]", "far": "distance[i]", "pieces": "pieces[i]"}
    page.value(f"(changeMode('instances'), listed.order = '{order}', listItems())")
    page.value("chooseBins(filterOf('split'), [0])")
    values = page.value(f"[...listed.items].map((i) => instances.{keys[order]})")
    assert len(values) == page.value("selection.instanceCount")
    assert values == sorted(values, reverse=order in ("far", "pieces"))


def test_finding_a_name(page: Page) -> None:
    page.press("/")
    page.write("bottle.002")
    assert page.value("selection.text") == "bottle.002"
    assert page.value("selection.instanceCount") == page.value(
        "[...instances.name].filter((n) => instances.names[n] === 'bottle.002').length"
    )
    page.press("Escape")
    page.press("Escape")
    assert page.value("isFiltered()") is False


def test_a_finding_shows_its_instances_worst_first(page: Page) -> None:
    place = page.value("head.findings.findIndex((f) => f.key === 'hidden')")
    buttons = page.value("head.findings.filter((f) => !f.within).findIndex((f) => f.key === 'hidden')")
    page.click(f"#findings li:nth-child({buttons + 1}) button")
    assert page.value("listed.mode") == "instances"
    assert page.value("[...listed.items]") == page.value(f"[...head.findings[{place}].items]")
    seen = page.value("[...listed.items].map((i) => instances.visible[i])")
    assert seen == sorted(seen) and max(seen) < 0.1
    page.click(f"#findings li:nth-child({buttons + 1}) button")
    assert page.value("isFiltered()") is False


def test_the_gallery_and_a_frame_by_keys(page: Page) -> None:
    page.value("gallery.focus()")
    page.press("Home")
    for key in ("ArrowRight", "ArrowRight", "ArrowLeft"):
        page.press(key)
    assert page.value("listed.cursor") == 1
    page.press("Enter")
    assert page.value("opened.frame") == page.value("listed.items[1]")
    assert page.value("document.activeElement.id") == "close-frame"
    path = page.value("frames.paths[opened.frame]")
    assert page.value("decodeURIComponent(location.hash)") == f"#frame={path}"
    page.press("ArrowRight")
    assert page.value("opened.frame") == page.value("listed.items[2]")
    for key, layer in zip("ibnma3k", ("image", "boxes", "names", "masks", "amodal", "cubes", "keypoints"), strict=True):
        before = page.value(f"layers.{layer}.isOn")
        page.press(key)
        assert page.value(f"layers.{layer}.isOn") is not before
    page.press("Escape")
    assert page.value("[opened.frame, document.activeElement.id]") == [-1, "gallery"]


def test_a_frame_by_the_mouse(page: Page) -> None:
    left, top = page.value("(({ left, top }) => [left, top])(gallery.getBoundingClientRect())")
    page.click_at(left + 60, top + 60)
    page.wait_for("opened.frame >= 0 && shownOf(opened.frame)")
    page.move(*page.middle_of("#frame-facts .instance"))
    assert page.value("opened.hot") == page.value("instances.first[opened.frame]")
    page.click("#frame-facts .instance")
    assert page.value("opened.zoom") > 1
    x, y = page.middle_of("#picture")
    page.drag([(x, y), (x + 30, y + 10)])
    zoom = page.value("opened.zoom")
    page.wheel(x, y, -200)
    page.wait_for(f"opened.zoom > {zoom}")
    page.press("0")
    assert page.value("[opened.zoom, opened.x]") == [1, 0]


def test_a_link_leads_to_a_frame(browser: Browser, page: Page, planted: Any) -> None:
    path = planted.faults["dark"]
    linked = browser.open(f"{planted.page.as_uri()}#frame={path.replace('/', '%2F')}")
    assert linked.value("frames.paths[opened.frame]") == path
    linked.close()


def test_pixels_of_a_mask_are_drawn(page: Page, planted: Any) -> None:
    """Within the first instance in its colour, and not in the corner of the image."""
    page.value("openFrame(0, -1)")
    page.wait_for("shownOf(0) && picture(imageOf(0), false)")
    for key in "ibn":
        page.press(key)  # the dark ground, and the mask alone
    assert page.value("maskLayer.frame") == 0
    place = "x = instances.x[i] + (instances.width[i] >> 1), y = instances.y[i] + (instances.height[i] >> 1)"
    pixels = "maskLayer.canvas.getContext('2d').getImageData"
    inside = page.value(f"(() => {{ const i = instances.first[0], {place}; return [...{pixels}(x, y, 1, 1).data] }})()")
    assert inside[3] > 60 and inside[0] > inside[2]
    assert page.value(f"[...{pixels}(0, 0, 1, 1).data]") == [0, 0, 0, 0]


def test_places_of_keypoints_and_corners_are_those_of_the_record(page: Page, planted: Any) -> None:
    """To a tenth of a pixel, and keypoints with their visibility."""
    for frame in (0, 7):
        page.value(f"openFrame({frame}, -1)")
        page.wait_for(f"shownOf({frame})")
        record = read_record(planted.dataset, page.value(f"frames.paths[{frame}]"))
        corners = page.value(f"shownOf({frame}).instances.map((one) => inGroups(one[2], 2))")
        keypoints = page.value(f"shownOf({frame}).instances.map((one) => inGroups(one[3] ?? [], 3))")
        for one, of_corners, of_keypoints in zip(record.instances, corners, keypoints, strict=True):
            assert np.abs(np.array(of_corners) - np.array(one.pose.corners)).max() <= 0.0501
            points = [(point.x, point.y, point.visibility) for point in one.keypoints or ()]
            assert np.array(of_keypoints).reshape(-1, 3) == pytest.approx(np.reshape(points, (-1, 3)), abs=0.0501)
        assert any(keypoints)


@pytest.mark.parametrize("key", ["1", "2", "3"])
def test_views(page: Page, key: str) -> None:
    page.press(key)
    view = {"1": "gallery", "2": "charts", "3": "worst"}[key]
    assert page.value("document.body.dataset.view") == view
    assert page.value(f"document.querySelector('#{view}').offsetHeight") > 300
    assert page.value(f"document.querySelector('nav [data-go={view}]').getAttribute('aria-selected')") == "true"


def test_each_planted_fault_is_in_the_worst_list(page: Page, planted: Any) -> None:
    page.press("3")
    path_of = "frames.paths[f.of === 'frames' ? i : instances.frame[i]]"
    reasons = page.value(f"head.findings.map((f) => [f.key, [...f.items].map((i) => {path_of})])")
    found = dict(reasons)
    for key, path in planted.faults.items():
        if key != "disagrees":  # which a validation finds, see tests/core/report
            assert path in found[key][:6], key
    rows = page.value("[...document.querySelectorAll('.reason h3')].map((h) => h.textContent)")
    assert len(rows) == len(reasons)


def test_charts_by_keys(page: Page) -> None:
    page.press("2")
    page.value("document.querySelector('.disc canvas').focus()")
    for key in ("ArrowDown", "ArrowRight", "Enter"):
        page.press(key)
    assert page.value("chosenBins(filterOf('view'))") == [1]
    assert page.value("chosenBins(filterOf('category'))") == [0]
    page.press("Escape")
    page.value("document.querySelector('canvas.square').focus()")
    page.press("ArrowDown")
    page.press("Enter")
    assert page.value("chosenBins(filterOf('centre'))") == [0]


def test_a_rectangle_in_the_heat_map(page: Page) -> None:
    page.press("2")
    x, y = page.middle_of("canvas.square")
    page.drag([(x, y), (x + 40, y + 30)])
    cells = page.value("chosenBins(filterOf('centre'))")
    assert len(cells) > 3 and cells[0] == 7 * 15 + 7


def test_cameras_of_a_rectangle(page: Page) -> None:
    """All cameras of the planted frames are on the X axis, and further to the right the later they are."""
    page.press("2")
    x, y = page.middle_of("canvas.map")
    width, height = page.value(
        "(({ clientWidth: w, clientHeight: h }) => [w, h])(document.querySelector('canvas.map'))"
    )
    page.drag([(x, y - height / 3), (x + width / 4, y), (x + width / 2 - 2, y + height / 3)])
    middle = page.value("frames.cameraMap.left + frames.cameraMap.side * head.cameras[0] / 2")
    chosen = page.value("[...frames.camera_x].filter((x, f) => selection.frames[f])")
    others = page.value("[...frames.camera_x].filter((x, f) => !selection.frames[f])")
    assert len(chosen) > 3 and min(chosen) >= middle > max(others)
    assert page.value("document.querySelector('.chip').textContent") == "some places of cameras"
    page.press("Escape")
    page.value("document.querySelector('canvas.map').focus()")
    for _ in range(3):
        page.press("ArrowDown")
    page.press("Enter")
    assert page.value("chosenBins(filterOf('camera'))") == [48]
    assert "Column 1, row 3: 0 images" in page.value("document.querySelector('#said').textContent")


def test_numbers_of_frames_to_render_again(page: Page) -> None:
    assert page.value("asRanges([3, 1, 2, 7, 9, 10, 7])") == "1-3,7,9-10"
    page.click("#side section:nth-child(3) .choice:nth-child(2)")
    assert page.value("frameNumbers(true).others") == 0
    selected = page.value("frameNumbers(true).text").split(",")
    others = page.value("frameNumbers(false).text")
    assert len(selected) > 3 and not set(selected) & set(others.split(","))


def test_numbers_that_other_sequences_have_too(browser: Browser, tmp_path: Path) -> None:
    for sequence in "ab":
        for frame in fine_frames(3):
            frame.sequence = sequence
            frame.write(tmp_path / "dataset")
    page = browser.open(write_report(tmp_path / "dataset", SPLITS).page.as_uri())
    page.value("chooseBins(filterOf('sequence'), [0])")
    assert page.value("frameNumbers(true)") == {"text": "2,4,6", "others": 3}
    before = page.value("document.querySelector('#copy-frames').innerHTML")
    page.click("#copy-frames")
    page.wait_for("document.querySelector('#copy-frames').textContent !== 'Copy frames'")
    said = page.value("document.querySelector('#copy-frames').textContent")
    assert said in ("Copied; also 3 frames of other sequences", "Not copied")
    page.wait_for(f"document.querySelector('#copy-frames').innerHTML === {before!r}")
    page.close()


def test_everything_has_a_name_for_screen_readers(page: Page) -> None:
    for key in "123":
        page.press(key)
        unnamed = page.value(
            "[...document.querySelectorAll('button, input, select, canvas')].filter((e) => e.offsetParent"
            "&& e.getAttribute('aria-hidden') !== 'true' && !e.textContent.trim() && !e.getAttribute('aria-label')"
            "&& !e.title && !e.labels?.length).map((e) => e.outerHTML.slice(0, 90))"
        )
        assert unnamed == []


def pages_of(page: Page) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", page.as_pdf()))


def test_print_fits_on_a_page(browser: Browser, drawn: Path, page: Page) -> None:
    """With all thirty kinds of faults it may be two."""
    assert pages_of(page) <= 2
    assert page.value("document.body.dataset.view") == "gallery"
    usual = browser.open(drawn.as_uri())
    assert pages_of(usual) == 1
    usual.close()


@pytest.mark.parametrize("dark", [False, True])
def test_the_screen_is_light_or_dark(browser: Browser, planted: Any, dark: bool) -> None:
    opened = browser.open(planted.page.as_uri(), dark=dark)
    background = opened.value("getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, re.findall(r"\d+", background))) < 200) is dark
    opened.close()


def test_drawn_values_are_filters(browser: Browser, drawn: Path) -> None:
    page = browser.open(drawn.as_uri())
    assert page.value("filters.filter((f) => f.key.startsWith('drawn_')).map((f) => f.title)") == [
        "Camera.distance",
        "apple.present",
    ]
    page.click("#drawn summary")
    page.wait_for("document.querySelector('#drawn canvas').width > 100")
    page.click("#drawn .choice:nth-child(2)")
    assert page.value("selection.frameCount") == 10
    page.value("openFrame(0, -1)")
    page.wait_for("shownOf(0)")
    page.click("#frame-facts summary")
    page.press("ArrowRight")
    page.wait_for("document.querySelector('#frame-facts details')?.open")  # as it was in the frame before
    assert "Camera.distance" in page.value("document.querySelector('#frame-facts').textContent")
    page.close()
