"""What is seen without a label, in words and in a scene record."""

from pathlib import Path

import pytest

from core.scene.scene_record import Facts, SceneEntry, SceneRecord
from core.scene.unlabelled import Unlabelled, WithoutLabel, sentences_on
from tests.builders import plain_scene


@pytest.mark.parametrize("kind", Unlabelled)
def test_each_kind_has_a_reason_and_a_way_out(kind: Unlabelled) -> None:
    (sentence,) = sentences_on([WithoutLabel("Thing", kind)], "may be in view without a label")
    assert sentence.startswith(f"'Thing' ({kind.value}) may be in view without a label, since ")
    assert "; " in sentence and not sentence.endswith(".")


def test_a_sentence_for_each_kind() -> None:
    things = [
        WithoutLabel("Fog", Unlabelled.VOLUME, partly=True),
        WithoutLabel("Ink", Unlabelled.GREASE_PENCIL),
        WithoutLabel("Smoke", Unlabelled.VOLUME),
    ]
    fog, ink = sentences_on(things, "is seen")
    assert fog.startswith("A part of 'Fog' (volume) and 1 more is seen, since no pass of Blender shows volumes; ")
    assert ink.startswith("'Ink' (Grease Pencil) is seen, since ")


def test_a_scene_record_keeps_them(tmp_path: Path) -> None:
    """Those with a category, and what is no object of the dataset at all."""
    lamp = WithoutLabel("Lamp", Unlabelled.LIGHT)
    objects = (
        SceneEntry("Fog", 1, "fog", facts=Facts(unlabelled=Unlabelled.VOLUME, unlabelled_part=True)),
        SceneEntry("Haze", 2, None, facts=Facts(unlabelled=Unlabelled.VOLUME)),
        SceneEntry("Box", 3, "box"),
    )
    path = tmp_path / "scene.json"
    plain_scene(*objects, unlabelled=(lamp,), volume="the volume 'Haze'").write(path)

    read = SceneRecord.read(path)

    assert read.without_label == [WithoutLabel("Fog", Unlabelled.VOLUME, partly=True), lamp]
    assert read.volume == "the volume 'Haze'"
