"""The files of a report: rendered frames with dense maps, and what is packed for the page."""

import base64
import json
import re
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from core.report.facts.near_duplicates import bits_apart, near_duplicates
from core.report.judgement.limits import Limits
from core.report.page.columns import Column, deflated, packed
from core.report.write_report import write_report
from core.settings.map_table import DenseMap
from tests.builders import read_record
from tests.core.datasets import annotate_rendered
from tests.core.report.planted import SPLITS, fine_frame

MAPS = (DenseMap.DEPTH_PNG, DenseMap.NORMALS_NPY, DenseMap.FLOW_FORWARD_NPY)
TITLES = ["Depth", "Normals", "Forward Flow"]


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory, rendered_of: Any, facts_of: Any) -> Path:
    folder = tmp_path_factory.mktemp("rendered")
    frames = rendered_of("4.5", "multilayer")[:2]
    return annotate_rendered(folder, frames, facts_of("4.5"), maps=MAPS, pictures=False, poses=True)


def shown_of(page: Path) -> list[dict[str, Any]]:
    """What the first file of frames gives the page."""
    text = (page.parent / "frames-0000.js").read_text("ascii")
    number, frames = re.fullmatch(r"labelpassFrames\((\d+),(.*)\)\n", text).groups()
    assert number == "0"
    found: list[dict[str, Any]] = json.loads(frames)
    return found


def test_maps_are_drawn_as_large_as_frames(dataset: Path) -> None:
    page = write_report(dataset, SPLITS).page
    record = read_record(dataset, "frame_0001")
    times = 480 // record.width  # small frames are drawn larger by a whole number
    for shown in shown_of(page):
        assert list(shown["maps"]) == TITLES
        for file, _ in shown["maps"].values():
            with Image.open(page.parent / file) as picture:
                assert picture.size == (record.width * times, record.height * times)


def test_maps_can_be_left_out(dataset: Path) -> None:
    page = write_report(dataset, SPLITS, maps=False).page
    assert not (page.parent / "maps").exists()
    assert not any("maps" in shown for shown in shown_of(page))


def test_a_map_that_cannot_be_read_is_named(dataset: Path, tmp_path: Path) -> None:
    record = read_record(dataset, "frame_0001")
    file = dataset / next(map.file for map in record.maps if map.map is DenseMap.DEPTH_PNG)
    whole = file.read_bytes()
    file.write_bytes(whole[:100])
    try:
        written = write_report(dataset, SPLITS, tmp_path / "report")
    finally:
        file.write_bytes(whole)
    assert len(written.problems) == 1 and "cannot be read" in written.problems[0]


def test_masks_and_corners_are_those_of_the_record(dataset: Path) -> None:
    shown = shown_of(write_report(dataset, SPLITS, maps=False).page)[0]
    record = read_record(dataset, "frame_0001")
    assert [one[0] for one in shown["instances"]] == [one.mask.rle for one in record.instances]
    for one, instance in zip(shown["instances"], record.instances, strict=True):
        if instance.pose and all(instance.pose.corners):
            assert np.abs(np.reshape(one[2], (8, 2)) / 10 - np.array(instance.pose.corners)).max() <= 0.051


def test_frames_are_in_order_whatever_their_names_say(tmp_path: Path) -> None:
    """Thumbnails and masks are made in the order of names; the page knows where each is."""
    names = {2: "a_0009", 4: "b_0001", 6: "a_0010", 8: "B"}
    for number, name in names.items():
        frame = fine_frame(number)
        frame.name = name
        frame.known["notes"] = (f"Note {number}",)
        frame.write(tmp_path / "dataset")
    page = write_report(tmp_path / "dataset", SPLITS).page
    text = page.read_text("utf-8")
    head = json.loads(re.search(r'id="head">(.*?)</script>', text)[1])
    columns = unpacked(re.search(r'id="columns">(.*?)</script>', text)[1], head["columns"])
    texts = json.loads(zlib.decompress(base64.b64decode(re.search(r'id="texts">(.*?)</script>', text)[1]), -15))
    assert texts["paths"] == [f"shot/{name}" for name in names.values()]
    assert columns["frames.number"].tolist() == list(names)
    assert {int(place): notes for place, notes in texts["notes"].items()} == {
        place: [f"Note {number}"] for place, number in enumerate(names)
    }
    shown, tiles, first = shown_of(page), columns["frames.tile"].astype(int).tolist(), 0
    assert sorted(tiles) == [0, 1, 2, 3] != tiles
    with Image.open(page.parent / "sheet-0000.jpg") as sheet:
        for name, number, tile in zip(names.values(), names, tiles, strict=True):
            record = read_record(tmp_path / "dataset", f"shot/{name}")
            rows = slice(first, first := first + len(record.instances))
            assert columns["instances.x"][rows].tolist() == [one.mask.box.x0 for one in record.instances]
            assert [one[0] for one in shown[tile]["instances"]] == [one.mask.rle for one in record.instances]
            seen = np.asarray(sheet.crop((112 * tile, 14, 112 * tile + 112, 98)).resize((8, 6)), np.int64)
            image = Image.fromarray(fine_frame(number).image).resize((8, 6))
            assert np.abs(seen - np.asarray(image)).mean() < 12


# --- Columns ---


def unpacked(text: str, layout: list[list[Any]]) -> dict[str, Any]:
    """As browser/data.js does it."""
    data, at, found = zlib.decompress(base64.b64decode(text), -15), 0, {}
    for name, width, count, first, step, missing in layout:
        planes = np.frombuffer(data, np.uint8, width * count, at).reshape(width, count)
        at += width * count
        stored = (planes.astype(np.int64) << (8 * np.arange(width))[:, None]).sum(axis=0)
        found[name] = np.where(stored == (-1 if missing is None else missing), np.nan, first + stored * step)
    assert at == len(data)
    return found


@given(st.lists(st.integers(-(2**30), 2**30)), st.lists(st.floats(0, 1) | st.just(float("nan"))))
def test_what_is_packed_is_there_again(numbers: list[int], shares: list[float]) -> None:
    columns = [
        Column.whole("whole", np.array(numbers, np.int64)),
        Column.shares("shares", np.array(shares, np.float64)),
        Column.rounded("rounded", np.array(shares, np.float64), 1000),
    ]
    found = unpacked(*packed(columns))
    assert found["whole"].tolist() == numbers
    given = np.array(shares, np.float64)
    for name in ("shares", "rounded"):
        assert np.isnan(found[name]).tolist() == np.isnan(given).tolist()
        assert np.nanmax(np.abs(found[name] - given), initial=0) <= 0.001001


@pytest.mark.parametrize("limit", [0.05, 0.1, 0.35, 0.6])
def test_shares_stay_on_their_side_of_a_limit(limit: float) -> None:
    """Down below, and up above."""
    values = np.array([np.nextafter(limit, 0), limit, limit - 1e-5, limit + 1e-5])
    down = unpacked(*packed([Column.shares("a", values)]))["a"]
    assert (down + 1e-9 < limit).tolist() == (values + 1e-9 < limit).tolist()
    up = unpacked(*packed([Column.shares("a", values, upwards=True)]))["a"]
    assert (up > limit + 1e-9).tolist() == (values > limit + 1e-9).tolist()


def test_deflate_has_no_header() -> None:
    assert zlib.decompress(base64.b64decode(deflated(b"abc")), -15) == b"abc"


# --- Near-duplicates ---


@given(st.integers(0, 2**32 - 1), st.integers(2, 60), st.integers(0, 10))
def test_pairs_are_those_of_comparing_all(seed: int, count: int, most: int) -> None:
    rng = np.random.default_rng(seed)
    prints = rng.integers(0, 2**63, count, np.uint64)
    for number in range(1, count):  # near others, by up to ten bits
        if rng.random() < 0.5:
            flips = rng.choice(64, rng.integers(1, 11), replace=False).astype(np.uint64)
            prints[number] = prints[rng.integers(number)] ^ np.bitwise_or.reduce(np.uint64(1) << flips)
    pairs = near_duplicates(prints, np.full(count, 0.5, np.float32), np.ones(count, bool), most, 0.05)
    one, other = np.triu_indices(count, 1)
    close = bits_apart(prints[one], prints[other]) <= most
    if len(set(prints.tolist())) == count:
        assert sorted(map(tuple, pairs.tolist())) == list(zip(one[close].tolist(), other[close].tolist(), strict=True))
    assert (bits_apart(prints[pairs[:, 0]], prints[pairs[:, 1]]) <= most).all()


def test_many_frames_that_are_alike_are_paired_in_a_row() -> None:
    same = np.zeros(5000, np.uint64), np.full(5000, 0.5, np.float32), np.ones(5000, bool)
    pairs = near_duplicates(*same, Limits().alike_bits, 0.05)
    assert pairs.tolist() == [[number, number + 1] for number in range(4999)]
