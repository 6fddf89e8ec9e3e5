"""The panel of the formats for training: an option of some formats is there only with one of them."""

from types import SimpleNamespace
from typing import Any

import bpy
import pytest
from labelpass.core.settings import export_table
from labelpass.core.settings.export_table import ExportFormat
from labelpass.core.settings.settings import Settings
from labelpass.operators.properties import switch_name
from labelpass.panels.output import Formats


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
