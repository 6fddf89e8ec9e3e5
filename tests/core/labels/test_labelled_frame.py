"""What a frame's record says of labels that are not instances, and of what only a scene record knows."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from core.annotate.annotate import annotate
from core.exr.cryptomatte import hash_name
from core.records.frame_record import FrameRecord
from core.scene.scene_record import Facts, SceneEntry
from core.scene.unlabelled import Unlabelled
from core.settings.category_table import Category, CategoryTable, Rule, Source, Unknown
from core.settings.settings import Grouping, LabelSource
from tests.builders import NO_IMAGES, plain_camera, plain_frame, plain_job, plain_scene

ALL_BACKGROUND = CategoryTable((Category("car", 1),), (Rule(Source.OBJECT_NAME, "Car*", "car"),), Unknown.BACKGROUND)


def annotated(
    data: Path, output: Path, file: str, categories: CategoryTable | None = None, **settings: object
) -> FrameRecord:
    job = plain_job(plain_frame(data / "4.5" / file, name="a_0001"), output, **NO_IMAGES | settings)
    return annotate(dataclasses.replace(job, categories=categories))


def test_why_a_cryptomatte_was_taken(data: Path, tmp_path: Path) -> None:
    """Object Index is not 0 in this file."""
    record = annotated(data, tmp_path, "multilayer_0001.exr", soft_masks=True)
    assert record.instances
    (note,) = [note for note in record.notes if "was taken" in note]
    assert note.startswith("Cryptomatte Object was taken, since soft masks come from a Cryptomatte; ")


def test_all_is_background_by_the_table(data: Path, tmp_path: Path) -> None:
    record = annotated(data, tmp_path, "multilayer_0001.exr", ALL_BACKGROUND)
    assert record.instances == ()
    (note,) = record.notes
    assert note.startswith("Nothing to detect: everything that Object Index shows (")
    assert "give --scene, or a rule by pass index" in note

    by_name = annotated(data, tmp_path, "multilayer_0001.exr", ALL_BACKGROUND, labels=LabelSource.CRYPTO_OBJECT)
    (note,) = by_name.notes
    assert "check the rules of the category table" in note


@pytest.mark.parametrize("grouping", Grouping)
def test_nothing_to_group_by(data: Path, tmp_path: Path, grouping: Grouping) -> None:
    record = annotated(data, tmp_path, "multilayer_0001.exr", grouping=grouping)
    told = any("it is not known which objects belong together" in note for note in record.notes)
    assert told == (grouping not in (Grouping.OBJECT, Grouping.PASS_INDEX))


def scene_by_index(tmp_path: Path, type: str, width: int) -> Path:
    """A scene of one object that fills its pass index 1, seen by a camera of a type."""
    scene = plain_scene(SceneEntry("Ring", 1, "ring"), width=width, height=4, camera=plain_camera(type, None))
    path = tmp_path / "scene.json"
    scene.write(path)
    return path


@pytest.mark.parametrize(("gap", "is_told"), [(2, True), (0, False)])
def test_a_box_across_the_seam_of_a_panorama(write_exr, tmp_path: Path, gap: int, is_told: bool) -> None:
    """What is on both sides and not in between is most likely one thing behind the camera."""
    index = np.ones((4, 8), np.float32)
    index[:, 3 : 3 + gap] = 0
    file = write_exr(tmp_path / "a_0001.exr", {"L.IndexOB.X": index})

    record = annotate(plain_job(file, tmp_path / "out", scene_by_index(tmp_path, "panoramic", 8), **NO_IMAGES))

    assert record.instances[0].mask.box.width == 8
    assert any("across the seam of the panorama" in note for note in record.notes) == is_told


def test_an_empty_frame_of_a_custom_camera(write_exr, tmp_path: Path) -> None:
    """A Blender without OSL renders nothing through one, and says nothing."""
    file = write_exr(tmp_path / "a_0001.exr", {"L.IndexOB.X": np.zeros((4, 8), np.float32)})

    record = annotate(plain_job(file, tmp_path / "out", scene_by_index(tmp_path, "custom", 8), **NO_IMAGES))

    assert any("a custom camera renders in a Blender that was built without OSL" in note for note in record.notes)
    assert not any("pass index 0" in note for note in record.notes)


@pytest.mark.parametrize(
    ("labels", "told"), [(LabelSource.OBJECT_INDEX, {"Fog", "Pane"}), (LabelSource.CRYPTO_OBJECT, {"Fog"})]
)
def test_what_is_seen_without_a_label(write_exr, tmp_path: Path, labels: LabelSource, told: set[str]) -> None:
    """A Cryptomatte has more of it than an index."""
    objects = (
        SceneEntry("Fog", 1, "fog", facts=Facts(unlabelled=Unlabelled.VOLUME)),
        SceneEntry("Pane", 2, "pane", facts=Facts(unlabelled=Unlabelled.TRANSPARENT_SHADER)),
        SceneEntry("Haze", 3, None, facts=Facts(unlabelled=Unlabelled.VOLUME)),
        SceneEntry("Box", 4, "box"),
    )
    plain_scene(*objects, width=8, height=4, volume="the volume 'Haze'").write(tmp_path / "scene.json")
    matte = {f"L.CryptoObject00.{letter}": np.zeros((4, 8), np.float32) for letter in "rgba"}
    file = write_exr(tmp_path / "a_0001.exr", {"L.IndexOB.X": np.full((4, 8), 4, np.float32), **matte})
    settings = {**NO_IMAGES, "labels": labels}

    record = annotate(plain_job(file, tmp_path / "out", tmp_path / "scene.json", **settings))

    assert {note.split("'")[1] for note in record.notes if "may be in view without a label" in note} == told
    holes = [note for note in record.notes if note.startswith("Masks have holes where the volume 'Haze' lies before")]
    assert len(holes) == (labels is LabelSource.OBJECT_INDEX)


@pytest.mark.parametrize(("category", "told"), [("pane", True), (None, False)])
def test_what_is_seen_through_has_hardly_a_label(write_exr, tmp_path: Path, category: str | None, told: bool) -> None:
    objects = (SceneEntry("Pane", 0, category), SceneEntry("Box", 0, "box"))
    plain_scene(*objects, width=40, height=30).write(tmp_path / "scene.json")
    whole = np.ones((30, 40), np.float32)
    pane, box = (whole * np.uint32(hash_name(name)).view(np.float32) for name in ("Pane", "Box"))
    matte = {"r": box, "g": 0.7 * whole, "b": pane, "a": 0.3 * whole}
    channels = {f"L.CryptoObject00.{letter}": values for letter, values in matte.items()}
    file = write_exr(tmp_path / "a_0001.exr", channels)

    record = annotate(plain_job(file, tmp_path / "out", tmp_path / "scene.json", **NO_IMAGES))

    assert [one.name for one in record.instances] == ["Box"]
    assert any(note.startswith("'Pane' covers much of the image, but nearly") for note in record.notes) == told


def test_categories_that_can_hardly_be_meant_are_notes(write_exr, tmp_path: Path) -> None:
    """What is background though it has a category, and names that differ in numbers; the table mends both."""
    index = np.arange(1, 17, dtype=np.float32).reshape(4, 4)
    file = write_exr(tmp_path / "a_0001.exr", {"L.IndexOB.X": index})
    boxes = [SceneEntry(f"Box_{number:04}", number, None) for number in range(1, 16)]
    car = SceneEntry("Car", 16, None, facts=Facts(category="car", category_id=0))
    path = tmp_path / "scene.json"
    plain_scene(*boxes, car, width=4, height=4).write(path)
    job = plain_job(file, tmp_path / "out", path, **NO_IMAGES)

    record = annotate(dataclasses.replace(job, categories=CategoryTable()))
    background, numbered = record.notes
    assert "'Car' has a category ('car') and the category_id 0" in background
    assert "15 categories differ only in numbers" in numbered
    assert len(record.instances) == len({one.category for one in record.instances}) == 15

    rules = Rule(Source.OBJECT_NAME, "Box_*", "box"), Rule(Source.OBJECT_NAME, "Car", "car")
    record = annotate(dataclasses.replace(job, categories=CategoryTable(rules=rules)))
    assert record.notes == ()
    assert {one.category for one in record.instances} == {"box", "car"}
