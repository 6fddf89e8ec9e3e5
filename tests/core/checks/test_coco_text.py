"""The COCO file against what a merge would write: told at once where they are the same, and row by row where not."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from core.base.files import canonical_json, digest
from core.checks import validate as validation
from core.dataset.merge import merge
from core.dataset.packing import pack
from tests.builders import record_path
from tests.core.datasets import checked
from tests.core.made_up import several_frames, write_made_up

FRAMES = 5


@pytest.fixture(params=["files", "packs"])
def dataset(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    write_made_up(tmp_path, several_frames(FRAMES))
    merge(tmp_path)
    if request.param == "packs":
        pack(tmp_path)
    return tmp_path


def test_the_same_bytes_need_no_rows(dataset: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(validation, "CocoFile", lambda folder: pytest.fail("rows are compared"))
    report = checked(dataset)
    assert report.problems == {}
    assert report.checks["COCO file"] == FRAMES


def test_other_bytes_that_say_the_same(dataset: Path) -> None:
    path = dataset / "annotations/instances.json"
    path.write_text(json.dumps(json.loads(path.read_bytes()), indent=1))
    assert checked(dataset).problems == {}


CHANGES: dict[str, Callable[[bytes], bytes]] = {
    "an area": lambda text: text.replace(b'"area":', b'"area":1'),
    "an image": lambda text: text.replace(b'"width":64', b'"width":63', 1),
    "a category": lambda text: text.replace(b'"supercategory":"vehicle"', b'"supercategory":"toy"'),
    "the end": lambda text: text[:-3] + b',"more":[]}\n',
    "the beginning": lambda text: b"[" + text,
    "all": lambda text: b"",
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_differs_is_told(dataset: Path, change: str) -> None:
    path = dataset / "annotations/instances.json"
    text = path.read_bytes()
    path.write_bytes(CHANGES[change](text))
    assert path.read_bytes() != text
    problems = [sentence for some in checked(dataset).problems.values() for sentence in some]
    assert problems and all("instances.json" in sentence for sentence in problems)


def test_a_record_that_somebody_else_has_written(tmp_path: Path) -> None:
    """Its checksum is right, and an instance is none."""
    records = write_made_up(tmp_path, several_frames(FRAMES))
    merge(tmp_path)
    path = record_path(tmp_path, records[0].path)
    record = json.loads(path.read_bytes())["record"]
    record["instances"][0]["box"] = "wide"
    body = canonical_json(record)
    path.write_bytes(b'{"checksum":"%s","record":%s}\n' % (digest(body).encode(), body))
    report = checked(tmp_path)
    assert report.problems[records[0].path] == [f"{path} is damaged; annotate the frame again"]
    assert report.frames == FRAMES - 1
