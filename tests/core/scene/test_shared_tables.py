"""Tables of a scene that are the same in many frames: kept once, read as if each record had them."""

import dataclasses
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from core.base.errors import SceneError
from core.base.files import canonical_json
from core.dataset.combine import combine
from core.dataset.combine_checks import Source
from core.scene.scene_record import SCENE_VERSION, Facts, SceneEntry, SceneRecord
from tests.builders import entries_of, moved_by, plain_camera, plain_scene
from tests.core.datasets import files_in
from tests.core.made_up import several_frames, write_made_up


def large_scene(objects: int = 300, frame: int = 1, **known: Any) -> SceneRecord:
    """Objects with what Blender usually tells of them, and a camera that is elsewhere in each frame."""
    entries = [
        SceneEntry(f"Object.{number:05}", number, "thing", "", "Things", "", "property", False, facts_of(number))
        for number in range(1, objects + 1)
    ]
    camera = plain_camera(world_to_camera=moved_by(0.1 * frame, 0, 0))
    return plain_scene(*entries, frame=frame, camera=camera, assets=entries_of(*entries), **known)


def facts_of(number: int) -> Facts:
    return Facts(category="thing", data=f"Mesh.{number:05}", collections=("Things",), materials=("Red", "Blue"))


def test_tables_are_kept_once(tmp_path: Path) -> None:
    scenes = [large_scene(frame=frame) for frame in (1, 2, 3)]
    for scene in scenes:
        scene.write(tmp_path / f"{scene.frame}.json")
    files = files_in(tmp_path)
    # Objects and assets are the same here, so they share a file as well.
    assert len(files) == 4 and sum(file.startswith("tables/") for file in files) == 1
    assert all((tmp_path / f"{frame}.json").stat().st_size < 3000 for frame in (1, 2, 3))
    read = [SceneRecord.read(tmp_path / f"{frame}.json") for frame in (1, 2, 3)]
    assert read == scenes
    assert read[0].objects is read[1].objects, "and are parsed once"


def test_the_same_scene_makes_the_same_files(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        for _ in range(2):
            large_scene().write(tmp_path / folder / "1.json")
    assert all(
        (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()
        for file in files_in(tmp_path / "a")
    )


def test_another_table_is_another_file(tmp_path: Path) -> None:
    large_scene().write(tmp_path / "1.json")
    changed = dataclasses.replace(large_scene(frame=2), objects=large_scene(299).objects)
    changed.write(tmp_path / "2.json")
    assert SceneRecord.read(tmp_path / "1.json") == large_scene()
    assert SceneRecord.read(tmp_path / "2.json") == changed
    assert len(list((tmp_path / "tables").iterdir())) == 2


def test_small_scenes_say_everything_themselves(tmp_path: Path) -> None:
    large_scene(5).write(tmp_path / "1.json")
    assert files_in(tmp_path) == {"1.json"}
    data = json.loads((tmp_path / "1.json").read_bytes())
    assert data["scene_version"] == SCENE_VERSION
    assert len(data["objects"]["entries"]) == 5


def test_earlier_records_are_read(tmp_path: Path) -> None:
    """Which have all tables, however large."""
    scene = large_scene()
    (tmp_path / "1.json").write_bytes(canonical_json(scene.as_json()))
    assert SceneRecord.read(tmp_path / "1.json") == scene


@pytest.mark.parametrize("damage", ["gone", "cut", "other", "empty"])
def test_a_damaged_table(tmp_path: Path, damage: str) -> None:
    large_scene(301).write(tmp_path / "1.json")
    (table,) = (tmp_path / "tables").iterdir()
    content = table.read_bytes()
    if damage == "gone":
        table.unlink()
        with pytest.raises(SceneError, match=rf"Cannot read {table}: No such file or directory; export"):
            SceneRecord.read(tmp_path / "1.json")
    else:
        table.write_bytes({"cut": content[:-100], "other": content.replace(b"Red", b"Bed"), "empty": b""}[damage])
        with pytest.raises(SceneError, match="is not a scene record, or is damaged; export again from Blender"):
            SceneRecord.read(tmp_path / "1.json")
    large_scene(301).write(tmp_path / "1.json")
    assert table.read_bytes() == content, "the next export mends it"


@pytest.mark.parametrize("name", ["../1", "", 7, None, ["a"]])
def test_what_is_no_name_of_a_table(tmp_path: Path, name: Any) -> None:
    path = tmp_path / "1.json"
    data = {**large_scene(5).as_json(), "objects": {"shared": name}}
    path.write_bytes(canonical_json(data))
    with pytest.raises(SceneError, match=r"is not a scene record, or is damaged|Cannot read"):
        SceneRecord.read(path)


def test_five_thousand_objects_in_ten_thousand_frames(tmp_path: Path) -> None:
    """40 MB instead of 18 GB: what is written once, and what each frame adds."""
    large_scene(5000).write(tmp_path / "1.json")
    once = sum(path.stat().st_size for path in (tmp_path / "tables").iterdir())
    each = (tmp_path / "1.json").stat().st_size
    assert once + 10_000 * each < 40_000_000
    assert len(canonical_json(large_scene(5000).as_json())) * 10_000 > 10_000_000_000


def test_combined_datasets_have_the_tables(tmp_path: Path) -> None:
    records = write_made_up(tmp_path / "one", several_frames(2))
    for record in records:
        large_scene(frame=record.frame).write(tmp_path / "one/scenes" / f"{record.path}.json")
    combine([Source.of(str(tmp_path / "one"))], tmp_path / "all")
    shutil.rmtree(tmp_path / "one")
    for record in records:
        (path,) = (tmp_path / "all/scenes").rglob(f"{record.name}.json")
        assert SceneRecord.read(path) == large_scene(frame=record.frame)
