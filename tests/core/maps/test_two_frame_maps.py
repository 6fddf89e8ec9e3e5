"""Maps that a merge makes of several frames: only what is missing or was made of something else, and none too many."""

import dataclasses
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from core.annotate.annotate import annotate
from core.base.dataset_folder import DatasetFolder
from core.base.errors import OutputError, RecordError
from core.records.merge_record import MergeRecord
from core.scene.camera import Camera
from core.settings.map_table import DenseMap
from tests.builders import read_record, record_path, write_record
from tests.core.datasets import merged
from tests.eevee import FRAMES, job_of, name_of

VERSION = "eevee-5.2"
MAPS = (DenseMap.FLOW_STEP_NPY, DenseMap.FLOW_STEP_PNG, DenseMap.OCCLUSION_STEP_PNG, DenseMap.OCCLUSION_FORWARD_PNG)
STEP = 2
# Of the frames 1, 2 and 4.
MADE = {
    *(map.path("analytic_0002") for map in MAPS[:3]),
    DenseMap.OCCLUSION_FORWARD_PNG.path("analytic_0001"),
}
RECORDS = {"later_maps/analytic_0001.json", "later_maps/analytic_0002.json"}


def annotated(output: Path, *frames: int, maps: tuple[DenseMap, ...] = MAPS, step: int = STEP) -> None:
    for frame in frames:
        annotate(job_of(VERSION, name_of(frame), output, maps=maps, flow_step=step))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("merged")
    annotated(output, *FRAMES)
    assert merged(output) == []
    return output


@pytest.fixture
def dataset(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "out"))


def files_of_merge(output: Path) -> dict[str, tuple[int, int, bytes]]:
    """What a merge made: path -> number of the file, time, and bytes."""
    folders = ("maps/flow_step", "maps/occlusion_step", "maps/occlusion_forward", "later_maps")
    found = [path for folder in folders for path in sorted((output / folder).rglob("*.*"))]
    stats = [path.stat() for path in found]
    return {
        path.relative_to(output).as_posix(): (stat.st_ino, stat.st_mtime_ns, path.read_bytes())
        for path, stat in zip(found, stats, strict=True)
    }


def made_anew(output: Path, before: dict[str, tuple[int, int, bytes]]) -> set[str]:
    """A file that is written again is another one, whatever is in it."""
    return {file for file, stat in files_of_merge(output).items() if before.get(file, (0, 0))[:2] != stat[:2]}


def test_what_a_merge_makes(dataset: Path) -> None:
    assert files_of_merge(dataset).keys() == MADE | RECORDS
    for frame in (1, 2):
        for map, one in MergeRecord.read(DatasetFolder(dataset), name_of(frame)).maps.items():
            assert one.written.map is map
            assert one.content.is_size_of(dataset / one.written.file)


def test_a_second_merge_reads_and_makes_nothing(dataset: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before, described = files_of_merge(dataset), (dataset / "dataset.json").read_bytes()
    for name in ("find_stepped_flow", "find_hidden", "codec_of"):
        monkeypatch.delattr(f"core.maps.two_frame_maps.{name}")
    assert merged(dataset) == []
    assert files_of_merge(dataset) == before
    assert (dataset / "dataset.json").read_bytes() == described


def test_the_same_bytes_whatever_is_there_already(dataset: Path, tmp_path: Path) -> None:
    """In the reverse order, and merged in between."""
    other = tmp_path / "other"
    for frame in reversed(FRAMES):
        annotated(other, frame)
        merged(other)
    assert {file: stat[2] for file, stat in files_of_merge(other).items()} == {
        file: stat[2] for file, stat in files_of_merge(dataset).items()
    }
    assert (other / "dataset.json").read_bytes() == (dataset / "dataset.json").read_bytes()


def test_frames_that_are_annotated_again_the_same(dataset: Path) -> None:
    """Their files are new, what is in them is not."""
    before = files_of_merge(dataset)
    annotated(dataset, *FRAMES)
    assert merged(dataset) == []
    assert files_of_merge(dataset) == before


def changed(frame: int, **changes: object) -> Callable[[Path], None]:
    def change(output: Path) -> None:
        record = read_record(output, name_of(frame))
        write_record(output, dataclasses.replace(record, **changes))

    return change


def moved(frame: int) -> Callable[[Path], None]:
    """Its camera."""

    def change(output: Path) -> None:
        camera = read_record(output, name_of(frame)).camera
        assert isinstance(camera, Camera)
        matrix = [list(row) for row in camera.world_to_camera]
        matrix[0][3] += 0.01
        changed(frame, camera=dataclasses.replace(camera, world_to_camera=tuple(map(tuple, matrix))))(output)

    return change


def another_content(frame: int, map: DenseMap) -> Callable[[Path], None]:
    """As if the frame had been annotated with another one."""

    def change(output: Path) -> None:
        record = read_record(output, name_of(frame))
        file = map.path(record.path)
        other = dataclasses.replace(record.contents[file], digest="00" * 16)
        changed(frame, contents={**record.contents, file: other})(output)

    return change


OCCLUSION = DenseMap.OCCLUSION_FORWARD_PNG.path("analytic_0001")
OF_STEP = {map.path("analytic_0002") for map in MAPS[:3]}


@pytest.mark.parametrize(
    ("change", "again"),
    [
        (lambda output: (output / OCCLUSION).unlink(), {OCCLUSION}),
        (lambda output: (output / OCCLUSION).write_bytes(b"cut off"), {OCCLUSION}),
        (lambda output: (output / DenseMap.FLOW_STEP_PNG.path("analytic_0002")).unlink(),
         {DenseMap.FLOW_STEP_PNG.path("analytic_0002")}),
        (moved(1), {OCCLUSION}),
        (moved(2), {OCCLUSION} | OF_STEP),
        (moved(4), OF_STEP),
        (changed(4, unit_scale=0.7), OF_STEP),
        (another_content(4, DenseMap.SURFACES_NPZ), OF_STEP),
        (another_content(2, DenseMap.SURFACES_NPZ), OF_STEP),
        (another_content(2, DenseMap.FLOW_BACKWARD_NPY), {OCCLUSION}),
        (another_content(2, DenseMap.DEPTH_NPY), {OCCLUSION} | OF_STEP),
        (another_content(4, DenseMap.FLOW_BACKWARD_NPY), set()),
        (changed(2, notes=("a note",)), set()),
    ],
    ids=["gone", "cut off", "one of three gone", "camera of 1", "camera of 2", "camera of 4", "scale of 4",
         "surfaces of 4", "surfaces of 2", "flow of 2", "depth of 2", "flow of 4", "what does not matter"],
)  # fmt: skip
def test_only_what_is_missing_or_made_of_something_else(
    dataset: Path, change: Callable[[Path], None], again: set[str]
) -> None:
    before = files_of_merge(dataset)
    change(dataset)
    assert merged(dataset) == []
    assert made_anew(dataset, before) & MADE == again
    assert files_of_merge(dataset).keys() == MADE | RECORDS


@pytest.mark.parametrize("text", [b"", b"{}", b"[]", b'{"later_version":0,"maps":[]}', None])
def test_a_damaged_record_of_a_merge(dataset: Path, text: bytes | None) -> None:
    path = DatasetFolder(dataset).merge_record("analytic_0002")
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b'"valid":', b'"valid":1') if text is None else text)
    with pytest.raises(RecordError, match="merge again"):
        MergeRecord.read(DatasetFolder(dataset), "analytic_0002")
    before = files_of_merge(dataset)
    assert merged(dataset) == []
    assert made_anew(dataset, before) == {*OF_STEP, "later_maps/analytic_0002.json"}
    assert path.read_bytes() == whole


def test_that_of_another_frame(dataset: Path) -> None:
    shutil.copy(
        DatasetFolder(dataset).merge_record("analytic_0001"), DatasetFolder(dataset).merge_record("analytic_0002")
    )
    with pytest.raises(RecordError, match="belongs to another frame; merge again"):
        MergeRecord.read(DatasetFolder(dataset), "analytic_0002")
    assert merged(dataset) == []
    assert MergeRecord.read(DatasetFolder(dataset), "analytic_0002").maps.keys() == {*MAPS[:3]}


def test_what_no_longer_belongs_is_removed(dataset: Path) -> None:
    """A partner that is gone, or whose maps cannot be read; and other maps than before."""
    record_path(dataset, "analytic_0004").unlink()
    assert merged(dataset) == []
    assert files_of_merge(dataset).keys() == {OCCLUSION, "later_maps/analytic_0001.json"}

    annotated(dataset, 4)
    (dataset / DenseMap.SURFACES_NPZ.path("analytic_0004")).write_bytes(b"")
    problems = merged(dataset)
    assert [problem.partition(" of ")[0] for problem in problems] == [f"No {map.label}" for map in MAPS[:3]]
    assert all("annotate all frames of the sequence with the same maps" in problem for problem in problems)
    assert files_of_merge(dataset).keys() == {OCCLUSION, "later_maps/analytic_0001.json"}

    annotated(dataset, *FRAMES, maps=(DenseMap.FLOW_STEP_NPY,))
    assert files_of_merge(dataset).keys() == {"later_maps/analytic_0001.json"}
    assert merged(dataset) == []
    flow = DenseMap.FLOW_STEP_NPY.path("analytic_0002")
    assert files_of_merge(dataset).keys() == {flow, "later_maps/analytic_0002.json"}

    annotated(dataset, *FRAMES, maps=())
    assert merged(dataset) == []
    assert files_of_merge(dataset) == {}


def test_another_step(dataset: Path) -> None:
    annotated(dataset, *FRAMES, step=3)
    assert merged(dataset) == []
    assert files_of_merge(dataset).keys() == {
        *(map.path("analytic_0001") for map in MAPS),
        "later_maps/analytic_0001.json",
    }
    (entry,) = [
        one for one in json.loads((dataset / "dataset.json").read_bytes())["maps"] if one["name"] == "flow_step_npy"
    ]
    assert entry["step"] == 3


def test_what_cannot_be_removed_is_told(dataset: Path) -> None:
    record_path(dataset, "analytic_0004").unlink()
    path = dataset / DenseMap.FLOW_STEP_NPY.path("analytic_0002")
    path.unlink()
    path.mkdir()
    with pytest.raises(OutputError, match=r"Cannot remove .*analytic_0002\.npy, which an earlier merge made"):
        merged(dataset)
