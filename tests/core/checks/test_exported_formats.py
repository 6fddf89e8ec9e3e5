"""Faults planted in exports: whatever is changed in a folder is found, in every format, and nothing else is."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from core.base.dataset_folder import DatasetFolder
from core.base.errors import RecordError
from core.checks.files.exported_formats import check_exports
from core.checks.report import Report
from core.checks.validate import validate_exports
from core.scene.random_draw import RandomDraw
from core.settings.export_table import ExportFormat
from core.settings.settings import Media, SplitBy
from tests.core.datasets import files_in
from tests.core.made_up import MadeUpFrame, exported, random_labels, several_frames, write_made_up, write_rich

FORMATS = list(ExportFormat)


@pytest.fixture(scope="module")
def rich(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset that has all that any format needs, exported in all of them."""
    dataset = tmp_path_factory.mktemp("rich")
    write_rich(dataset)
    for format in FORMATS:
        exported(dataset, format, split_by=SplitBy.SEQUENCE)
    return dataset


def _problems(dataset: Path, folder: Path | None = None) -> list[str]:
    return [text for _, problems in check_exports(DatasetFolder(dataset), folder) for text in problems]


def _cut(path: Path) -> None:
    data = path.read_bytes()
    path.unlink()  # it may be a link to the dataset's own file
    path.write_bytes(data[: len(data) // 2])


def _flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.unlink()
    path.write_bytes(data)


def _more(path: Path) -> None:
    shutil.copy(path, path.with_name(f"another_{path.name}"))


@pytest.mark.parametrize("fault", [_cut, _flip, Path.unlink, _more], ids=lambda fault: fault.__name__.strip("_"))
@pytest.mark.parametrize("format", FORMATS)
def test_a_fault_in_any_file(rich: Path, tmp_path: Path, format: ExportFormat, fault: Callable[[Path], None]) -> None:
    """In the first and the last file of each kind: each fault gives one sentence, which names the file."""
    folder = tmp_path / format.value
    shutil.copytree(rich / "exports" / format.value, folder)
    of_kind: dict[tuple[str, str], list[str]] = {}
    for file in sorted(files_in(folder) - {"export.json", "shards.json"}):
        if (folder / file).stat().st_size or fault not in (_cut, _flip):
            of_kind.setdefault((file.partition("/")[0], Path(file).suffix), []).append(file)
    chosen = {file for files in of_kind.values() for file in (files[0], files[-1])}
    assert len(chosen) >= 3
    for file in chosen:
        fault(folder / file)
    problems = _problems(rich, tmp_path)

    assert len(problems) == len(chosen)
    for file in chosen:
        name = f"another_{Path(file).name}" if fault is _more else Path(file).name
        assert any(name in problem for problem in problems)


def test_nothing_is_wrong(rich: Path) -> None:
    """Also where a reader has left its cache; the report says what was compared."""
    (rich / "exports/yolo_detect/labels/train.cache").write_bytes(b"whatever")
    report = Report()
    validate_exports(rich, None, report)

    assert report.problems == {}
    assert report.checks == {f"the export {format}": 1 for format in FORMATS}
    assert {path.name for path in (rich / "exports").iterdir()} == set(FORMATS), "nothing temporary is left"


@pytest.mark.parametrize("media", list(Media))
def test_however_it_was_made(tmp_path: Path, media: Media) -> None:
    write_made_up(tmp_path, several_frames())
    exported(tmp_path, ExportFormat.COCO, media=media, splits="a=1,b=2", split_seed=9)

    assert _problems(tmp_path) == []


def test_a_frame_on_the_other_side_than_its_seed(tmp_path: Path) -> None:
    """Random frames of one seed are all in one split, and one that is moved to another is found."""
    seeds = range(1, 7)
    made = [
        MadeUpFrame(
            random_labels(7 * seed + number), f"seed_{seed}_{number}", known={"random": RandomDraw(seed, 0, {})}
        )
        for seed in seeds
        for number in range(3)
    ]
    write_made_up(tmp_path, made)
    exported(tmp_path, ExportFormat.YOLO_DETECT, split_by=SplitBy.SCENE, splits="train=50,val=50")
    folder = tmp_path / "exports/yolo_detect/labels"
    for seed in seeds:
        assert sorted(len(list(folder.glob(f"{split}/seed_{seed}_*"))) for split in ("train", "val")) == [0, 3]
    assert _problems(tmp_path) == []
    moved = next(folder.glob("train/*.txt"))
    moved.rename(folder / "val" / moved.name)

    missing, more = _problems(tmp_path)
    assert f"train/{moved.name}" in missing and f"val/{moved.name}" in more


def test_records_that_have_changed(tmp_path: Path) -> None:
    write_made_up(tmp_path, several_frames())
    exported(tmp_path, ExportFormat.YOLO_DETECT)
    (frame, other) = several_frames()[:2]
    write_made_up(tmp_path, [type(frame)(other.labels, frame.name, frame.sequence, frame.frame)])
    problems = _problems(tmp_path)

    (labels,) = (problem for problem in problems if "/labels/" in problem)
    assert "shot.1_0000.txt is not what the records say: line 1 is '" in labels
    assert "' and should be '0 0" in labels


def test_many_faults_are_counted(tmp_path: Path) -> None:
    write_made_up(tmp_path, several_frames(60))
    exported(tmp_path, ExportFormat.YOLO_DETECT)
    for path in (tmp_path / "exports/yolo_detect/labels").rglob("*.txt"):
        path.write_text("0 0 0 0 0\n")
    problems = _problems(tmp_path)

    assert len(problems) == 21
    assert problems[-1].endswith("has 40 files more that the records contradict; export the dataset again")


def test_what_cannot_be_compared(tmp_path: Path) -> None:
    write_made_up(tmp_path, several_frames())
    with pytest.raises(RecordError, match="exports holds no export; run 'labelpass export' first, or give the folder"):
        _problems(tmp_path)
    exported(tmp_path, ExportFormat.COCO)
    path = tmp_path / "exports/coco/export.json"
    data = json.loads(path.read_text())
    path.write_text(json.dumps(data | {"labelpass": "0.0.1"}))
    assert "was written by Labelpass 0.0.1, and this is" in _problems(tmp_path)[0]
    for damaged in ("{", json.dumps(data | {"format": "jpeg"}), json.dumps(data | {"settings": {"splits": 7}}), "[]"):
        path.write_text(damaged)
        with pytest.raises(RecordError, match="is damaged; export the dataset again"):
            _problems(tmp_path)
    path.unlink()
    with pytest.raises(RecordError, match="Cannot read"):
        _problems(tmp_path)


def test_records_that_are_gone(tmp_path: Path) -> None:
    write_made_up(tmp_path, several_frames())
    exported(tmp_path, ExportFormat.COCO)
    shutil.rmtree(tmp_path / "images/shots")

    (problem,) = _problems(tmp_path)
    assert problem.endswith("is missing, which a frame record names; annotate that frame again")
