"""Whatever is done with a dataset does the same when its records are packed."""

import shutil
from pathlib import Path

import pytest

from core.base.errors import RecordError
from core.cli.main import main
from core.dataset.merge import merge
from core.dataset.packing import pack
from core.reading.dataset import open as open_dataset
from core.records.record_search import find_records
from tests.builders import read_record, record_files
from tests.core.datasets import bytes_in
from tests.core.made_up import several_frames, write_made_up

FRAMES = 8


@pytest.fixture
def datasets(tmp_path: Path) -> tuple[Path, Path]:
    """The same twice, the second one packed."""
    loose, packed = tmp_path / "loose", tmp_path / "packed"
    write_made_up(loose, several_frames(FRAMES))
    merge(loose)
    shutil.copytree(loose, packed)
    assert pack(packed).records == FRAMES
    return loose, packed


COMMANDS = {
    "merge": ["merge"],
    "export": ["export", "--formats", "coco,yolo_detect,voc", "--splits", "train=50,val=50"],
    "validate": ["validate"],
    "stats": ["stats", "--json"],
    "report": ["report"],
}


@pytest.mark.parametrize("command", COMMANDS)
def test_commands(datasets: tuple[Path, Path], command: str, capsys: pytest.CaptureFixture[str]) -> None:
    said = []
    name, *options = COMMANDS[command]
    for folder in datasets:
        assert main([name, str(folder), *options]) == 0
        said.append(capsys.readouterr().out.replace(str(folder), "DATASET"))
    assert said[0] == said[1]
    loose, packed = map(bytes_in, datasets)
    same = {file for file in {*loose, *packed} if not file.startswith("records/")}
    # The report says when it was written.
    assert [file for file in sorted(same) if loose[file] != packed[file] and not file.startswith("report/")] == []


def test_combining(datasets: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for folder in datasets:
        assert main(["combine", str(folder), "--output", str(tmp_path / f"with {folder.name}")]) == 0
    loose, packed = (bytes_in(tmp_path / f"with {folder.name}") for folder in datasets)
    assert loose == packed
    # Once more, into a dataset that is packed: all is there already.
    pack(tmp_path / "with packed")
    capsys.readouterr()
    assert main(["combine", str(datasets[0]), "--output", str(tmp_path / "with packed")]) == 0
    assert f"{FRAMES} there already" in capsys.readouterr().out


def test_reading(datasets: tuple[Path, Path]) -> None:
    loose, packed = map(open_dataset, datasets)
    assert [frame.path for frame in loose.frames()] == [frame.path for frame in packed.frames()]
    assert [frame.record for frame in loose.frames()] == [frame.record for frame in packed.frames()]


def test_the_record_of_an_image_is_found(datasets: tuple[Path, Path]) -> None:
    """As the overlay looks for it."""
    for folder in datasets:
        (found,) = find_records(folder / "images/shot.1_0000.png")
        assert found.records.read(found.frame) == read_record(folder, "shot.1_0000")
        assert found.records.stamp(found.frame)


def test_the_record_of_an_image_in_a_damaged_pack(datasets: tuple[Path, Path]) -> None:
    """It is there, and whoever reads it is told what is wrong."""
    _, packed = datasets
    path = packed / "records/0-999.pack"
    path.write_bytes(b"{")
    (found,) = find_records(packed / "images/shot.1_0000.png")
    stamp = found.records.stamp(found.frame)
    assert stamp == (path.stat().st_mtime_ns, 1)
    with pytest.raises(RecordError, match=r"0-999\.pack is damaged; remove it, and annotate its frames again"):
        found.records.read(found.frame)


def test_the_command(datasets: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    loose, packed = datasets
    assert main(["pack", str(packed), "--unpack"]) == 0
    assert capsys.readouterr().out == f"{FRAMES} records of 2 packs in files of their own\n"
    assert bytes_in(packed) == {**bytes_in(loose), "records/.lock": b""}
    record_files(packed)[0].write_bytes(b"{")
    assert main(["pack", str(packed)]) == 1
    said = capsys.readouterr()
    assert said.out == f"{FRAMES - 1} records packed; 2 packs written\n"
    assert "is damaged; annotate the frame again" in said.err
    assert main(["pack", str(packed), "--shard", "0/2"]) == 2
    assert "There is no shard 0/2" in capsys.readouterr().err


@pytest.mark.parametrize("redo", [False, True])
def test_frames_that_are_packed_are_up_to_date(
    rendered_of, tmp_path: Path, redo: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    file = rendered_of("4.5", "multilayer")[0].files[0].path
    command = ["annotate", str(file), "--output", str(tmp_path), "--image-format", "none", "--workers", "1"]
    assert main(command) == 0
    before = bytes_in(tmp_path)
    pack(tmp_path)
    packed = bytes_in(tmp_path)
    capsys.readouterr()

    assert main([*command, *(["--redo"] if redo else [])]) == 0

    assert ("up to date" in capsys.readouterr().out) != redo
    assert bool(list(tmp_path.glob("records/*.json"))) == redo, "only what was annotated anew is in a file"
    after = bytes_in(tmp_path)
    others = [file for file in before if not file.startswith("records/")]
    assert {file: after[file] for file in others} == {file: before[file] for file in others}
    pack(tmp_path)
    assert bytes_in(tmp_path) == packed
