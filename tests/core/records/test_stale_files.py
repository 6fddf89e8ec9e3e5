"""Annotating again with other settings: what the record does not name any more is gone, and nothing else."""

import dataclasses
from pathlib import Path

import pytest

from core.annotate.annotate import annotate
from core.base.dataset_folder import DatasetFolder
from core.base.errors import OutputError, PassError
from core.records.frame_job import FrameJob
from core.records.frame_record import FrameRecord
from core.records.record_store import open_records
from core.records.stale_files import earlier_files, remove_stale_files
from core.settings.map_table import DenseMap
from core.settings.settings import ImageFormat, LabelSource, Settings
from tests.builders import plain_record, record_path, rendered_frame, write_record
from tests.core.datasets import files_in, merged, with_former_soft_masks

ALL = Settings(
    labels=LabelSource.CRYPTO_OBJECT,
    soft_masks=True,
    maps=(DenseMap.DEPTH_NPY, DenseMap.DEPTH_PNG, DenseMap.OCCLUSION_FORWARD_PNG),
)


def job_of(rendered, output: Path, settings: Settings) -> FrameJob:
    return FrameJob(rendered_frame(rendered, f"f_{rendered.frame}"), output, settings=settings)


@pytest.fixture
def dataset(rendered_of, tmp_path: Path) -> Path:
    """Two frames with everything, merged, and files of the user next to them."""
    for rendered in rendered_of("4.5", "multilayer"):
        annotate(job_of(rendered, tmp_path, ALL))
    merged(tmp_path, ALL)
    for own in ("notes.txt", "maps/depth/mine.npy", "soft_masks/f_1/mine.txt", "images/f_3.png", "pictures/f_1.png"):
        (tmp_path / own).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / own).write_text("mine")
    return tmp_path


@pytest.mark.parametrize(
    ("change", "gone"),
    [
        ({"soft_masks": False}, ("soft_masks/f_2.npz",)),
        ({"maps": ()}, ("maps/depth/f_2.npy", "maps/depth/f_2.png", "maps/flow_forward/f_2.npy",
                        "maps/flow_backward/f_2.npy", "maps/occlusion_forward/f_2.png")),
        ({"maps": (DenseMap.DEPTH_NPY, DenseMap.OCCLUSION_FORWARD_PNG)}, ("maps/depth/f_2.png",)),
        ({"pictures": False}, ("pictures/boxes/f_2.png", "pictures/depth/f_2.png")),
        ({"image_format": ImageFormat.JPEG}, ("images/f_2.png",)),
        ({"image_format": ImageFormat.NONE}, ("images/f_2.png",)),
    ],
    ids=["soft masks", "all maps", "one map", "pictures", "another image format", "no image"],
)  # fmt: skip
def test_what_is_not_named_any_more_is_gone(rendered_of, dataset: Path, change, gone: tuple[str, ...]) -> None:
    (rendered,) = (one for one in rendered_of("4.5", "multilayer") if one.frame == 2)
    (dataset / "maps/occlusion_forward").mkdir(exist_ok=True)
    (dataset / "maps/occlusion_forward/f_2.png").write_bytes(b"of the merge")
    before = files_in(dataset)

    record = annotate(job_of(rendered, dataset, dataclasses.replace(ALL, **change)))

    left = before - files_in(dataset)
    assert left and left == {file for file in before if file.startswith(gone)}
    assert set(record.files()) <= files_in(dataset)


def test_the_same_again_removes_nothing(rendered_of, dataset: Path) -> None:
    before = files_in(dataset)
    for rendered in rendered_of("4.5", "multilayer"):
        annotate(job_of(rendered, dataset, ALL))
    assert files_in(dataset) == before


def test_the_folder_of_former_soft_masks_is_gone(rendered_of, dataset: Path) -> None:
    """With all that is in it, unless something of the user is, too."""
    before = files_in(dataset)
    for frame in ("f_1", "f_2"):
        with_former_soft_masks(dataset, frame)
    for rendered in rendered_of("4.5", "multilayer"):
        annotate(job_of(rendered, dataset, ALL))
    assert files_in(dataset) == before
    assert not (dataset / "soft_masks/f_2").exists()


def test_a_frame_that_fails_keeps_its_files(rendered_of, dataset: Path) -> None:
    rendered = rendered_of("4.5", "multilayer")[0]
    before = files_in(dataset)
    with pytest.raises(PassError):
        annotate(job_of(rendered, dataset, Settings(labels=LabelSource.CRYPTO_OBJECT, maps=(DenseMap.UV_NPY,))))
    assert files_in(dataset) == before


def test_nothing_is_removed_for_a_damaged_record(rendered_of, dataset: Path) -> None:
    rendered = rendered_of("4.5", "multilayer")[0]
    path = record_path(dataset, "f_1")
    path.write_bytes(path.read_bytes()[:-9])
    before = files_in(dataset)
    annotate(job_of(rendered, dataset, Settings(labels=LabelSource.CRYPTO_OBJECT)))
    assert files_in(dataset) == before


@pytest.mark.parametrize("file", ["../outside.png", "images/../records/f_1.json", "notes.txt", "{tmp}/outside.png", ""])
def test_a_record_cannot_have_files_elsewhere_removed(tmp_path: Path, file: str) -> None:
    output, file = tmp_path / "out", file.format(tmp=tmp_path.as_posix())
    for path in ("outside.png", "out/records/f_1.json", "out/notes.txt"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("stays")
    write_record(output, plain_record(frame=1, width=4, height=3, name="f_1", pictures=(file,)))
    earlier = earlier_files(open_records(DatasetFolder(output)), "f_1")
    assert earlier == {file}
    before = files_in(tmp_path)

    remove_stale_files(
        DatasetFolder(output),
        earlier,
        plain_record(frame=1, width=4, height=3, name="f_1"),
    )

    assert files_in(tmp_path) == before


def test_what_cannot_be_removed_is_told(tmp_path: Path) -> None:
    (tmp_path / "pictures/boxes/f_1.png").mkdir(parents=True)
    record: FrameRecord = plain_record(frame=1, width=4, height=3, name="f_1")
    with pytest.raises(OutputError, match=r"Cannot remove .*f_1\.png, which an earlier run made: .*; remove it"):
        remove_stale_files(DatasetFolder(tmp_path), {"pictures/boxes/f_1.png"}, record)
