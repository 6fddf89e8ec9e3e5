"""Depth for YOLO: the dataset's own depth PNGs, their scale, and what is refused."""

from dataclasses import replace
from pathlib import Path

import pytest

from core.base.errors import RecordError
from core.exports.file_names import file_name
from core.records.frame_record import FrameRecord
from core.settings.export_table import ExportFormat
from tests.builders import write_record
from tests.core.data_yaml import read_data_yaml
from tests.core.made_up import MadeUpFrame, exported, random_labels, write_made_up, write_rich

DEPTH = ExportFormat.YOLO_DEPTH


def changed(dataset: Path, record: FrameRecord, **map: object) -> None:
    """Write a record whose depth map is another one."""
    write_record(dataset, replace(record, maps=(replace(record.maps[0], **map),)))


def test_files_are_those_of_the_dataset(tmp_path: Path) -> None:
    records = write_rich(tmp_path)
    write_made_up(tmp_path, [MadeUpFrame(random_labels(1), "no_depth")], records[0].categories)
    changed(tmp_path, records[1], out_of_range=7)
    done = exported(tmp_path, DEPTH)
    folder = tmp_path / "exports/yolo_depth"
    data = read_data_yaml(folder / "data.yaml")

    assert (data["names"], data["depth_scale"]) == ({0: "depth"}, 1000)
    images, depths = ({path.relative_to(folder / name) for path in (folder / name).rglob("*.png")} for name in
                      ("images", "depth"))  # fmt: skip
    assert images == depths and len(images) == len(records)
    for record in records:
        (depth,) = (folder / "depth").glob(f"*/{file_name(record.path)}.png")
        assert depth.samefile(tmp_path / record.maps[0].file)
    assert done.losses[DEPTH] == (
        "7 pixels: too far away for 16 bits, so 0",
        "1 image: without a depth PNG, left out",
    )
    assert "`depth_scale`, which is 1000, is the distance" in (folder / "LABELPASS.md").read_text("utf-8").replace(
        "\n", " "
    )


def test_two_scales(tmp_path: Path) -> None:
    records = write_rich(tmp_path)
    changed(tmp_path, records[3], scale=0.01)

    with pytest.raises(
        RecordError,
        match=r"The format yolo_depth has one scale for all depth PNGs, and those of this dataset have 0\.001 m and "
        r"0\.01 m; annotate the frames again with one scale",
    ):
        exported(tmp_path, DEPTH)
    assert not (tmp_path / "exports").exists()


def test_scene_units(tmp_path: Path) -> None:
    for record in write_rich(tmp_path):
        changed(tmp_path, record, unit="scene units", scale=0.004)
    (note, *_) = exported(tmp_path, DEPTH).losses[DEPTH]

    assert note == "Depth is in scene units, since there is no scene record; Ultralytics takes it for metres."
    assert read_data_yaml(tmp_path / "exports/yolo_depth/data.yaml")["depth_scale"] == 250


def test_without_depth(tmp_path: Path) -> None:
    write_made_up(tmp_path, [MadeUpFrame(random_labels(1), "a")])

    with pytest.raises(RecordError, match="The format yolo_depth needs a depth PNG, and no frame has one; choose the"):
        exported(tmp_path, DEPTH)
