"""What a frame's record says of labels that are no instances, and of what only a scene record knows."""

import dataclasses
from pathlib import Path

import pytest

from core.annotate.annotate import annotate
from core.records.frame_record import FrameRecord
from core.settings.category_table import Category, CategoryTable, Rule, Source, Unknown
from core.settings.settings import Grouping, LabelSource
from tests.builders import NO_IMAGES, plain_frame, plain_job

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
