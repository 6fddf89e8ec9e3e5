"""The formats for training in the panel: an option of some formats is there only with one of them."""

from pathlib import Path

import bpy
import pytest
from labelpass.core.settings import export_table
from labelpass.core.settings.export_table import ExportFormat
from labelpass.core.settings.format_table import CAMERA_FORMATS
from labelpass.core.settings.settings import Settings
from labelpass.operators.properties import switch_name
from labelpass.panels.export import Export, LABELPASS_MT_formats

from tests.blender.drawing import draw, properties, texts


def bytes_in(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, as a path below it, with what is in it."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("format", list(ExportFormat))
def test_options(scene: bpy.types.Scene, format: ExportFormat) -> None:
    without = set(properties(draw(Export, scene)))
    setattr(scene.labelpass, switch_name("formats", format), True)
    options = Settings.__dataclass_fields__.values()

    found = set(properties(draw(Export, scene))) - without
    wanted = {option.name for option in options if format in option.metadata["of_formats"]}
    assert found == {*wanted, switch_name("formats", format)}
    assert texts(draw(Export, scene)).count(format.label) == (2 if format is ExportFormat.COCO else 1)


def test_the_menu_has_all_formats(scene: bpy.types.Scene) -> None:
    names = properties(draw(LABELPASS_MT_formats, scene))
    assert sorted(names) == sorted(
        [switch_name("formats", choice) for choice in ExportFormat]
        + [switch_name("cameras", choice) for choice in CAMERA_FORMATS]
    )


def test_formats_that_need_more_are_grey(scene: bpy.types.Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """Blender comes without pyarrow. The menu says so."""
    monkeypatch.setattr(export_table, "_missing", lambda package: package)
    grey = [item for item in draw(LABELPASS_MT_formats, scene) if item.kind == "prop" and not item.enabled]
    assert [item.name for item in grey] == [
        switch_name("formats", choice) for choice in (ExportFormat.HUGGINGFACE, ExportFormat.PARQUET)
    ]
    assert [item.text for item in grey] == ["Hugging Face (needs pyarrow)", "Parquet (needs pyarrow)"]


def test_formats_with_an_export_and_by_their_button(scene: bpy.types.Scene, tmp_path: Path) -> None:
    """Both write the same; the button annotates nothing again, and says what is missing."""
    settings = scene.labelpass
    bpy.ops.render.render()
    with pytest.raises(RuntimeError, match="poll"):
        bpy.ops.labelpass.export_formats()  # none is chosen
    setattr(settings, switch_name("formats", ExportFormat.COCO), True)
    with pytest.raises(RuntimeError, match="holds no dataset yet; press Export Annotations first"):
        bpy.ops.labelpass.export_formats()
    assert bpy.ops.labelpass.export_annotations() == {"FINISHED"}
    dataset = tmp_path / "frames"
    record = dataset / "records/shot_0001.json"
    written, before = bytes_in(dataset / "exports"), record.stat().st_mtime_ns
    assert {file.partition("/")[0] for file in written} == {"coco"}
    lines = [line.name for line in bpy.context.window_manager.labelpass.lines]
    assert any(line.startswith("1 image exported: ") for line in lines)

    setattr(settings, switch_name("formats", ExportFormat.YOLO_DETECT), True)
    assert bpy.ops.labelpass.export_formats() == {"FINISHED"}
    again = bytes_in(dataset / "exports")
    assert {file.partition("/")[0] for file in again} == {"coco", "yolo_detect"}
    assert {file: again[file] for file in written} == written
    assert record.stat().st_mtime_ns == before
    settings.splits = "train"
    with pytest.raises(RuntimeError, match="'train' is not a split with its share"):
        bpy.ops.labelpass.export_formats()
    assert bytes_in(dataset / "exports") == again
