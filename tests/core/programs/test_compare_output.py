"""What tools/compare_output.py says of two folders. That it makes them is not tested: it takes minutes."""

import json
from pathlib import Path

from tools.compare_output import as_markdown, compare

RECORD = {"checksum": "1", "record": {"key": "a", "image": {"key": "b", "width": 3}, "instances": [{"variant": ""}]}}
SAME = {"checksum": "2", "record": {"key": "c", "image": {"width": 3}, "instances": [{}]}}
OTHER = {"checksum": "2", "record": {"key": "a", "image": {"key": "b", "width": 4}, "instances": [{"variant": ""}]}}


def write(folder: Path, files: dict[str, bytes | dict]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return folder


def test_bytes(tmp_path: Path) -> None:
    new = write(
        tmp_path / "new", {"a/images/1.png": b"x", "a/annotations/instances.json": b"{}", "a/dataset.json": b"1"}
    )
    old = write(
        tmp_path / "old", {"a/images/1.png": b"y", "a/annotations/instances.json": b"{}", "a/maps/flow/1.png": b""}
    )

    compared = compare(new, old, ())

    assert {kind: (found.equal, found.different) for kind, found in compared.items()} == {
        "images": (0, ["a/images/1.png"]),
        "COCO": (1, []),
        "dataset.json": (0, ["a/dataset.json (only the new one)"]),
        "maps": (0, ["a/maps/flow/1.png (only the old one)"]),
    }
    table = as_markdown(compared, ())
    assert "| COCO | 1 | 1 | 0 |" in table
    assert "| images | 1 | 0 | 1 |" in table
    assert "- a/maps/flow/1.png (only the old one)" in table


def test_records(tmp_path: Path) -> None:
    old = write(tmp_path / "old", {f"a/records/{name}.json": RECORD for name in ("same", "other", "damaged")})
    new = write(
        tmp_path / "new",
        {"a/records/same.json": SAME, "a/records/other.json": OTHER, "a/records/damaged.json": b"{"},
    )

    assert compare(new, old, ())["records"].equal == 0
    compared = compare(new, old, {"key", "variant"})["records"]

    assert (compared.equal, compared.different) == (1, ["a/records/damaged.json", "a/records/other.json"])
