"""Open Report: the button writes the page of the dataset that was exported last."""

from pathlib import Path
from types import SimpleNamespace

import bpy
import pytest
from labelpass.operators.export import report

from tests.core.report.planted import fine_frames


def test_the_page_is_written(scene: bpy.types.Scene, tmp_path: Path) -> None:
    dataset = tmp_path / "dataset"
    for frame in fine_frames(3):
        frame.write(dataset)
    state = bpy.context.window_manager.labelpass
    assert not bpy.ops.labelpass.open_report.poll()
    state.output = str(dataset)

    assert bpy.ops.labelpass.open_report() == {"FINISHED"}
    assert "Labelpass report" in (dataset / "report/index.html").read_text("utf-8")
    lines = [line.name for line in state.lines]
    assert lines[0].startswith("Not ready: ")
    assert lines[-1] == str(Path("report/index.html"))


@pytest.mark.parametrize("has_program", [True, False])
def test_the_page_is_opened(
    scene: bpy.types.Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_program: bool
) -> None:
    """With a window, which Blender has no program for to open pages on every system."""
    dataset, opened = tmp_path / "dataset", list[str]()

    def path_open(filepath: str) -> None:
        opened.append(filepath)
        if not has_program:
            raise RuntimeError("no program")

    with_window = SimpleNamespace(
        app=SimpleNamespace(background=False), ops=SimpleNamespace(wm=SimpleNamespace(path_open=path_open))
    )
    fine_frames(1)[0].write(dataset)
    bpy.context.window_manager.labelpass.output = str(dataset)
    monkeypatch.setattr(report, "bpy", with_window)

    assert bpy.ops.labelpass.open_report() == {"FINISHED"}
    assert opened == [str(dataset / "report/index.html")]
    assert Path(opened[0]).is_file()


def test_a_folder_of_something_else_is_left_alone(scene: bpy.types.Scene, tmp_path: Path) -> None:
    dataset = tmp_path / "dataset"
    fine_frames(1)[0].write(dataset)
    (dataset / "report").mkdir()
    (dataset / "report/mine.txt").write_text("mine")
    bpy.context.window_manager.labelpass.output = str(dataset)

    with pytest.raises(RuntimeError, match="is not a report of Labelpass, so it is not replaced"):
        bpy.ops.labelpass.open_report()
    assert (dataset / "report/mine.txt").read_text() == "mine"
    assert not bpy.context.window_manager.labelpass.running
