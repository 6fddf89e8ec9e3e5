"""Which record an image of a dataset or an EXR file belongs to."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from core.base.dataset_folder import DatasetFolder
from core.frames.frame_files import find_frames
from core.frames.sequences import declare_sequences
from core.records.record_search import FoundRecord, find_records
from core.records.record_store import open_records
from tests.builders import plain_record, write_record


def write(output: Path, name: str, sequence: str = "", variant: str = "") -> Path:
    return write_record(output, plain_record(name=name, sequence=sequence, variant=variant))


def path_of(found: FoundRecord) -> Path:
    return Path(found.records.where(found.frame))


def found(file: Path, outputs: Sequence[Path] = ()) -> Path | None:
    """The record of a file that has one at most."""
    records = find_records(file, outputs)
    assert [one.variant for one in records] in ([], [""])
    return path_of(records[0]) if records else None


def test_the_record_of_an_image_of_the_dataset(tmp_path: Path) -> None:
    one, deep = write(tmp_path, "shot.0001"), write(tmp_path, "b", "seq/a")

    assert found(tmp_path / "images/shot.0001.png") == one
    assert found(tmp_path / "images/seq/a/b.jpg") == deep
    assert found(tmp_path / "shot.0001.png") is None  # not an image of the dataset
    assert found(tmp_path / "images/seq/b.png") is None


def test_the_record_of_an_exr_file(tmp_path: Path) -> None:
    dataset, elsewhere = tmp_path / "data", tmp_path / "elsewhere"
    one, deep = write(dataset, "shot_0001"), write(dataset, "shot_0001", "camera")

    assert found(dataset / "shot_0001.exr") == one
    assert found(dataset / "camera/shot_0001.exr") == deep
    assert found(dataset / "shot_0002.exr") is None
    assert found(elsewhere / "shot_0001.exr") is None
    assert found(elsewhere / "shot_0001.exr", [tmp_path, dataset]) == one
    assert found(elsewhere / "camera/shot_0001.exr", [dataset]) == deep
    assert found(elsewhere / "shot_0001.png", [dataset]) is None  # some picture that has the name of a frame


def test_the_record_in_a_sequence_of_a_name(tmp_path: Path) -> None:
    """Two scenes have a file of that name; which one is shown, only the name of the sequence says."""
    write(tmp_path, "shot_0001")
    named = write(tmp_path, "shot_0001", "night")
    view = write(tmp_path, "shot_0002", "night/left", "left")
    declare_sequences(DatasetFolder(tmp_path), [plain_record(name="shot_0002", sequence="night/left", variant="left")])
    elsewhere = tmp_path.parent / "elsewhere"

    (one,) = find_records(elsewhere / "shot_0001.exr", [tmp_path], "night")
    assert path_of(one) == named
    (two,) = find_records(elsewhere / "shot_0002.exr", [tmp_path], "night")
    assert (path_of(two), two.variant) == (view, "left")
    assert find_records(elsewhere / "shot_0003.exr", [tmp_path], "night") == []


@pytest.mark.parametrize(
    "names",
    [
        ["Depth/0007.exr", "Image/0007.exr"],
        ["shot_Depth_0001.exr", "shot_Image_0001.exr"],
        ["cam/Image0003.exr", "cam/IndexOB0003.exr"],
    ],
)
def test_the_record_of_one_file_of_several(tmp_path: Path, names: list[str]) -> None:
    """As File Output nodes write them: a file for each pass, by name or in folders."""
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (frame,) = find_frames([tmp_path])
    assert len(frame.files) == 2
    path = write(tmp_path, frame.name, frame.sequence)

    for file in frame.files:
        assert found(file.path) == path


def test_the_nearest_record_counts(tmp_path: Path) -> None:
    write(tmp_path, "0001", "inner")
    near = write(tmp_path / "inner", "0001")

    assert found(tmp_path / "inner/0001.exr") == near


def test_all_sequences_of_a_file(tmp_path: Path) -> None:
    """Those that the latest export makes of it, in the order of their names, and no older ones."""
    output, frames = tmp_path / "data", tmp_path / "renders"
    write(output, "shot_0001", "cam")
    variants = ["Back/left", "Back/right", "Front/left"]
    paths = [write(output, "shot_0001", f"cam/{variant}", variant) for variant in variants]
    write(output, "shot_0001", "cam/Old", "Old")
    declare_sequences(
        DatasetFolder(output),
        [plain_record(sequence=f"cam/{s}", variant=s) for s in variants],
    )

    records = open_records(DatasetFolder(output))
    expected = [FoundRecord(records, f"cam/{variant}/shot_0001", variant) for variant in variants]
    assert [path_of(one) for one in expected] == paths
    assert find_records(frames / "cam/shot_0001.exr", [output]) == expected
    assert find_records(output / "cam/shot_0001.exr") == expected
    assert find_records(output / "images/cam/Back/right/shot_0001.png") == [
        FoundRecord(records, "cam/Back/right/shot_0001")
    ]
    paths[0].unlink()
    assert find_records(output / "cam/shot_0001.exr") == expected[1:]
    assert find_records(output / "cam/shot_0002.exr") == []
