"""What MOT and MOTS share: whole sequences, frames from 1 without gaps, one category that is scored."""

import configparser
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from core.base.errors import RecordError, UsageError
from core.dataset.splits import Splits
from core.records.frame_record import FrameRecord
from core.records.origin import Origin
from core.settings.category_table import Category
from core.settings.export_table import ExportFormat
from core.settings.settings import Media, Settings, SplitBy
from tests.builders import write_record
from tests.core.made_up import MadeUpFrame, exported, random_labels, several_frames, unusual_frames, write_made_up

BOTH = pytest.mark.parametrize("format", [ExportFormat.MOT, ExportFormat.MOTS])
WHOLE: dict[str, Any] = {"split_by": SplitBy.SEQUENCE, "splits": "train=1,val=1"}
FOLDERS = {"": "sequence", "shots/B.v2": "shots__B.v2", "unusual": "unusual"}


def by_sequence(records: list[FrameRecord]) -> dict[str, list[FrameRecord]]:
    """Folder of each sequence below the export -> its records."""
    split = Splits.of_settings(Settings(**WHOLE)).of
    sequences: dict[str, list[FrameRecord]] = {}
    for record in records:
        sequences.setdefault(f"{split(record)}/{FOLDERS[record.sequence]}", []).append(record)
    return sequences


@BOTH
def test_layout(tmp_path: Path, format: ExportFormat) -> None:
    records = write_made_up(tmp_path, [*several_frames(), *unusual_frames()])
    done = exported(tmp_path, format, fps=30.0, **WHOLE)
    folder = done.folders[format]
    sequences = by_sequence(records)

    for name, frames in sequences.items():
        info = configparser.ConfigParser()
        info.read(folder / name / "seqinfo.ini", "utf-8")
        said = dict(info["Sequence"])
        with Image.open(folder / name / f"img1/000001{said['imext']}") as image:
            assert said == {
                "name": name.partition("/")[2], "imdir": "img1", "framerate": "30", "seqlength": str(len(frames)),
                "imwidth": str(image.width), "imheight": str(image.height), "imext": ".png",
            }  # fmt: skip
        for number, record in enumerate(frames, start=1):
            suffix = Path(record.image).suffix
            assert (folder / name / f"img1/{number:06}{suffix}").samefile(tmp_path / record.image)
        lines = (folder / name / "frames.tsv").read_text("utf-8").splitlines()
        assert lines[1:] == [f"{number}\t{one.frame}\t{one.path}" for number, one in enumerate(frames, start=1)]
    for split in ("train", "val"):
        listed = (folder / f"seqmaps/{split}.txt").read_text().splitlines()
        assert listed == ["name", *(name.partition("/")[2] for name in sequences if name.startswith(f"{split}/"))]
    assert (
        "5 images: of another size than the first of its sequence, whose size seqinfo.ini says" in done.losses[format]
    )
    assert "3 images: of another file format than the first of its sequence" in done.losses[format]


@BOTH
def test_sequences_that_splits_would_break(tmp_path: Path, format: ExportFormat) -> None:
    """Refused before anything is written; one split with frames breaks nothing."""
    records = write_made_up(tmp_path, several_frames())
    with pytest.raises(RecordError, match=f"The format {format} needs whole sequences, and by frame their frames are"):
        exported(tmp_path, format)
    with pytest.raises(RecordError, match="export with --split-by sequence"):
        exported(tmp_path, format)
    assert not list((tmp_path / "exports").glob("*"))
    assert exported(tmp_path, format, splits="train=1").frames == 10
    assert exported(tmp_path, format, splits="train=900000000,val=1").frames == 10
    assert (tmp_path / "exports" / format / "val").is_dir()

    assert exported(tmp_path, format, split_by=SplitBy.SCENE, splits="a=1,b=1").frames == 10
    for number, record in enumerate(records):
        write_record(tmp_path, replace(record, origin=Origin((), "a.blend", f"scene {number}")))
    with pytest.raises(RecordError, match="by scene their frames"):
        exported(tmp_path, format, split_by=SplitBy.SCENE, splits="a=1,b=1")
    assert exported(tmp_path, format, split_by=SplitBy.SEQUENCE).frames == 10


@BOTH
def test_names_of_sequences(tmp_path: Path, format: ExportFormat) -> None:
    """Each has a folder of its own whose name is a word."""
    names = ["", "sequence", "a b", "a_b", "50%,1", "x/y", "instances"]
    write_made_up(tmp_path, [MadeUpFrame(random_labels(2), "f", name) for name in names])
    exported(tmp_path, format, splits="train=1", media=Media.NONE)
    folders = {path.parent.name for path in (tmp_path / "exports" / format).glob("train/*/seqinfo.ini")}

    assert len(folders) == len(names)
    assert {"sequence", "sequence_", "a_b", "x__y"} < folders
    assert not any(set(" ,%") & set(folder) for folder in folders)


@BOTH
def test_which_category_is_scored(tmp_path: Path, format: ExportFormat) -> None:
    for place, (table, chosen, scored) in enumerate((
        ([Category("car", 1), Category("person", 5), Category("pedestrian", 9)], "", "pedestrian"),
        ([Category("car", 1), Category("person", 5)], "", "person"),
        ([Category("truck", 4), Category("car", 1)], "", "car"),
        ([Category("truck", 4), Category("car", 1)], "truck", "truck"),
    )):  # fmt: skip
        dataset = tmp_path / str(place)
        write_made_up(dataset, [MadeUpFrame(random_labels(1), "a", categories={1: scored})], table)
        done = exported(dataset, format, splits="train=1", scored_category=chosen)
        assert f"which is the category `{scored}`" in (done.folders[format] / "LABELPASS.md").read_text("utf-8")
    with pytest.raises(RecordError, match="No category is called 'bus', which is to be scored in the format mot"):
        exported(tmp_path / "3", format, splits="train=1", scored_category="bus")


def test_frames_per_second() -> None:
    for fps in (0.0, -1.0, float("inf"), float("nan")):
        with pytest.raises(UsageError, match="frames per second; use for example 24"):
            Settings(fps=fps)
