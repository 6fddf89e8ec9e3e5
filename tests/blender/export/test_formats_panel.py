"""The panel of the formats for training: an option of some formats is there only with one of them."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import bpy
import pytest
from labelpass.core.settings import export_table
from labelpass.core.settings.export_table import ExportFormat
from labelpass.core.settings.settings import Settings
from labelpass.operators.properties import switch_name
from labelpass.panels.output import Formats


def bytes_in(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, as a path below it, with what is in it."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


class Layout(SimpleNamespace):
    """Notes the properties that a panel draws."""

    def __init__(self) -> None:
        super().__init__(drawn=[], grey=[], said=[], enabled=True)

    def grid_flow(self, **_: Any) -> "Layout":
        return self

    def column(self, **_: Any) -> "Layout":
        return self

    def prop(self, data: Any, name: str, **_: Any) -> None:
        assert name in data.bl_rna.properties
        (self.drawn if self.enabled else self.grey).append(name)

    def label(self, text: str, **_: Any) -> None:
        self.said.append(text)

    def operator(self, name: str, **_: Any) -> None:
        assert name == "labelpass.export_formats"


@pytest.mark.parametrize("format", list(ExportFormat))
def test_options(scene: bpy.types.Scene, format: ExportFormat) -> None:
    def drawn() -> set[str]:
        layout = Layout()
        Formats.draw(SimpleNamespace(layout=layout), bpy.context)
        return set(layout.drawn)

    without = drawn()
    setattr(scene.labelpass, switch_name("formats", format), True)
    options = Settings.__dataclass_fields__.values()

    assert drawn() - without == {option.name for option in options if format in option.metadata["of_formats"]}
    assert {switch_name("formats", choice) for choice in ExportFormat} | {"splits", "media"} <= without


def test_formats_that_need_more_are_grey(scene: bpy.types.Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """Blender comes without pyarrow. The panel says what to do instead."""
    monkeypatch.setattr(export_table, "_missing", lambda package: package)
    layout = Layout()
    context = SimpleNamespace(
        scene=scene,
        window_manager=bpy.context.window_manager,
        region=SimpleNamespace(width=2000),
        preferences=SimpleNamespace(system=SimpleNamespace(ui_scale=1)),
    )
    Formats.draw(SimpleNamespace(layout=layout), context)

    assert layout.grey == [
        switch_name("formats", choice) for choice in (ExportFormat.HUGGINGFACE, ExportFormat.PARQUET)
    ]
    assert layout.said == ["Grey formats need pyarrow: use 'labelpass export' where Python has it"]


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
