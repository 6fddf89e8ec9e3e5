"""What all export formats share: folders, names, splits, media, what they need, and what they refuse."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import core.exports.media
from core.base.errors import LabelpassError, OutputError, RecordError, UsageError
from core.dataset.export import export
from core.dataset.splits import Splits
from core.exports.export_folder import ExportFolder
from core.exports.file_names import file_name, name_of_one_word, name_without_dots, name_without_spaces
from core.settings.export_table import ExportFormat
from core.settings.settings import Media, Settings, SplitBy
from tests.core.datasets import bytes_in, files_in
from tests.core.made_up import (
    CATEGORIES,
    MadeUpFrame,
    exported,
    random_labels,
    several_frames,
    write_made_up,
    write_rich,
)

ALL = tuple(ExportFormat)
COCO = ExportFormat.COCO


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    write_made_up(tmp_path / "dataset", several_frames())
    return tmp_path / "dataset"


PART = st.text(st.sampled_from("ab_-~.é ,'%"), min_size=1, max_size=6).filter(lambda part: part.strip(". ") == part)


@given(st.lists(PART, min_size=1, max_size=4), st.lists(PART, min_size=1, max_size=4))
def test_names_of_files_are_unique(one: list[str], other: list[str]) -> None:
    for name in (file_name, name_without_dots, name_without_spaces, name_of_one_word):
        assert "/" not in name("/".join(one))
        assert (name("/".join(one)) == name("/".join(other))) == (one == other)
    assert "." not in name_without_dots("/".join(one))
    assert " " not in name_without_spaces("/".join(one))
    assert not name_without_dots("/".join(one)).startswith("_")
    assert not set(" ,;\"'%#") & set(name_of_one_word("/".join(one)))


def test_names_of_files() -> None:
    assert file_name("shots/a/frame_0001") == "shots__a__frame_0001"
    assert file_name("frame__0001") != file_name("frame/0001") == "frame__0001"
    long = file_name("東" * 100)
    assert len(long.encode()) <= 200
    assert name_without_dots("not utf-8 \udce9").startswith("not utf-8 \ufffd-")
    assert long.startswith("東東") and long != file_name("東" * 101)


def test_every_format_is_complete_in_itself(dataset: Path) -> None:
    """Images in the folder of their split, under the final names only, and with a page that says what they are."""
    done = exported(dataset, COCO)
    splits = Splits.of_settings(Settings())
    folder = dataset / "exports/coco"
    images = {file for file in files_in(folder) if file.startswith("images/")}

    assert done.folders == {COCO: folder}
    assert done.frames == sum(done.split_sizes.values()) == len(images) == 10
    assert [path.name for path in (dataset / "exports").iterdir()] == ["coco"]
    assert files_in(folder) - images == {
        "LABELPASS.md", "export.json", "annotations/instances_train.json", "annotations/instances_val.json",
    }  # fmt: skip
    for frame in several_frames():
        path = f"{frame.sequence}/{frame.name}" if frame.sequence else frame.name
        assert f"images/{splits.of_key(path)}/{file_name(path)}.png" in images
    page = (folder / "LABELPASS.md").read_text("utf-8")
    assert f"| train | {done.split_sizes['train']} |" in page
    assert all(category.name in page for category in CATEGORIES)


def test_the_same_bytes_again(dataset: Path) -> None:
    exported(dataset, COCO)
    first = bytes_in(dataset / "exports")
    exported(dataset, COCO)

    assert bytes_in(dataset / "exports") == first


@pytest.mark.parametrize("media", list(Media))
def test_media(dataset: Path, media: Media) -> None:
    exported(dataset, COCO, media=media)
    images = list((dataset / "exports/coco").glob("images/*/*"))
    originals = {path.stat().st_ino: path for path in (dataset / "images").rglob("*") if path.is_file()}

    if media is Media.NONE:
        assert images == []
    else:
        assert len(images) == 10
        assert all((image.stat().st_ino in originals) == (media is Media.LINK) for image in images)
        assert {image.read_bytes() for image in images} == {path.read_bytes() for path in originals.values()}


def test_a_disk_without_links_gets_copies(dataset: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_links(source: Path, path: Path) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(core.exports.media.os, "link", no_links)
    exported(dataset, COCO)

    assert len(list((dataset / "exports/coco").glob("images/*/*"))) == 10


def test_frames_that_are_added_move_no_others(dataset: Path) -> None:
    exported(dataset, COCO)
    before = {path.name: path.parent.name for path in (dataset / "exports/coco/images").rglob("*.png")}
    write_made_up(dataset, [MadeUpFrame(random_labels(seed), f"more_{seed}", "", 50 + seed) for seed in range(20)])
    exported(dataset, COCO)
    after = {path.name: path.parent.name for path in (dataset / "exports/coco/images").rglob("*.png")}

    assert len(after) == 30
    assert after.items() >= before.items()


def test_an_empty_split_is_said(dataset: Path) -> None:
    done = exported(dataset, COCO, splits="train=1000000,val=1")

    assert done.notes == (
        "The split val is empty: 10 frames were divided by frame; add frames, give other shares, or another "
        "--split-seed",
    )
    assert json.loads((dataset / "exports/coco/annotations/instances_val.json").read_text())["images"] == []
    assert done.notes[0] in (dataset / "exports/coco/LABELPASS.md").read_text("utf-8")


def test_how_it_was_made_is_kept(dataset: Path) -> None:
    settings = {"splits": "a=1,b=2", "split_seed": 7, "media": Media.COPY}
    exported(dataset, COCO, **settings)

    assert ExportFolder.read(dataset / "exports/coco").settings == Settings(formats=(COCO,), **settings)


def test_another_folder(dataset: Path, tmp_path: Path) -> None:
    done = export(dataset, Settings(formats=(COCO,)), tmp_path / "elsewhere")

    assert done.folders[COCO] == tmp_path / "elsewhere/coco"
    assert not (dataset / "exports").exists()


def test_what_is_not_an_export_is_never_replaced(dataset: Path) -> None:
    mine = dataset / "exports/coco"
    mine.mkdir(parents=True)
    (mine / "thesis.tex").write_text("years of work")

    with pytest.raises(OutputError, match="is there and is not an export of Labelpass, so it is not replaced"):
        exported(dataset, COCO)
    assert files_in(dataset / "exports") == {"coco/thesis.tex"}


@pytest.mark.parametrize("format", ALL)
def test_a_failure_leaves_the_export_of_before(tmp_path: Path, format: ExportFormat) -> None:
    """An image that is gone by then: nothing new appears, and no temporary folder stays."""
    dataset = tmp_path / "rich"
    write_rich(dataset)
    exported(dataset, format, split_by=SplitBy.SEQUENCE)
    before = bytes_in(dataset / "exports")
    for image in sorted((dataset / "images").rglob("*.png"))[-2:]:
        image.unlink()

    with pytest.raises(RecordError, match="is missing, which a frame record names; annotate that frame again"):
        exported(dataset, format, split_by=SplitBy.SEQUENCE)
    assert bytes_in(dataset / "exports") == before


def test_without_images(tmp_path: Path) -> None:
    write_made_up(tmp_path, [MadeUpFrame(random_labels(1), "a", known={})])
    (record,) = (tmp_path / "records").glob("*.json")
    write_made_up(tmp_path, [MadeUpFrame(random_labels(1), "b", frame=2)])
    no_image = tmp_path / "other"
    from tests.builders import plain_record, write_record

    write_record(no_image, plain_record(categories=CATEGORIES[:1]))
    with pytest.raises(RecordError, match="has no training image; annotate it again with --image-format png, or expo"):
        exported(no_image, COCO)
    assert not (no_image / "exports").exists()
    assert exported(no_image, COCO, media=Media.NONE).frames == 1
    assert record.is_file()


def test_needs(tmp_path: Path) -> None:
    write_made_up(tmp_path, [MadeUpFrame(np.zeros((4, 4), np.uint32), "a")], categories=())

    with pytest.raises(RecordError, match="The format coco needs a category, and no frame has one; give the objects"):
        exported(tmp_path, COCO)
    assert not (tmp_path / "exports").exists()


def test_choices() -> None:
    with pytest.raises(UsageError, match="Say which formats to export, such as --formats coco; there are coco, "):
        export(Path("nowhere"), Settings())
    with pytest.raises(UsageError, match="is not a split with its share"):
        export(Path("nowhere"), Settings(formats=(COCO,), splits="train"))


def test_a_dataset_that_cannot_be_written(dataset: Path, tmp_path: Path) -> None:
    """Its own files stay as they are, byte for byte, if the export goes elsewhere."""
    exported(dataset, COCO)  # which numbers the categories
    shutil.rmtree(dataset / "exports")
    before = {file: (dataset / file).stat().st_mtime_ns for file in files_in(dataset)}
    export(dataset, Settings(formats=(COCO,)), tmp_path / "elsewhere")

    assert {file: (dataset / file).stat().st_mtime_ns for file in files_in(dataset)} == before


def test_a_format_that_refuses_leaves_no_folder(tmp_path: Path) -> None:
    """Some know only between the rounds that they cannot hold the dataset."""
    write_rich(tmp_path)
    with pytest.raises(LabelpassError, match="--split-by sequence"):
        export(tmp_path, Settings(formats=(COCO, ExportFormat.MOT)))

    assert not (tmp_path / "exports").exists()
