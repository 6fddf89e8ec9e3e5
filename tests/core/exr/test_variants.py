"""The sequences of a frame by its files alone: view layers and stereo views of all Blender versions."""

from pathlib import Path

import pytest

from core.base.errors import ExrError
from core.exr.variants import variants_of
from core.settings.settings import Settings
from tests.builders import plain_frame


def variants(path: Path, **settings: object) -> list[tuple[str, str, str]]:
    """Path, view layer and view of each variant."""
    whole = plain_frame(path, sequence="shots")
    found = variants_of(whole, Settings(**settings))
    assert all(files.files == whole.files for files, _ in found)
    return [(files.path, own.view_layer, own.view) for files, own in found]


def test_view_layers_that_tell_objects_apart(version: str, data: Path) -> None:
    name = "viewlayers_0001"
    assert variants(data / version / f"{name}.exr", all_view_layers=True) == [
        (f"shots/Labels/{name}", "Labels", ""),
        (f"shots/Labels.v2/{name}", "Labels.v2", ""),
    ]


def test_view_layers_of_a_file_without_any_label(version: str, data: Path) -> None:
    name = "noindex_0001"
    assert variants(data / version / f"{name}.exr", all_view_layers=True) == [
        (f"shots/ViewLayer/{name}", "ViewLayer", "")
    ]


def test_views_of_one_file(version: str, data: Path) -> None:
    name = "stereo_0001"
    assert variants(data / version / f"{name}.exr", all_views=True) == [
        (f"shots/left/{name}", "", "left"),
        (f"shots/right/{name}", "", "right"),
    ]
    assert variants(data / version / f"{name}.exr", all_views=True, all_view_layers=True) == [
        (f"shots/ViewLayer/left/{name}", "ViewLayer", "left"),
        (f"shots/ViewLayer/right/{name}", "ViewLayer", "right"),
    ]


def test_one_file_a_view(version: str, data: Path) -> None:
    """Blender 5.0 says in the files' names only which view it is."""
    for suffix, view in (("L", "left"), ("R", "right")):
        name = f"stereo_individual_0001_{suffix}"
        inside = "" if version == "5.0" else view
        assert variants(data / version / f"{name}.exr", all_views=True) == [(f"shots/{view}/{name}", "", inside)]


def test_not_a_stereo_render(version: str, data: Path) -> None:
    name = "multilayer_0001"
    assert variants(data / version / f"{name}.exr", all_views=True) == [(f"shots/{name}", "", "")]


def test_a_chosen_view_layer_with_all_views(version: str, data: Path) -> None:
    found = variants(data / version / "stereo_0001.exr", all_views=True, view_layer="ViewLayer")
    assert [(layer, view) for _, layer, view in found] == [("ViewLayer", "left"), ("ViewLayer", "right")]


def test_a_file_that_is_none(tmp_path: Path) -> None:
    path = tmp_path / "0001.exr"
    path.write_bytes(b"no EXR")
    with pytest.raises(ExrError):
        variants(path, all_views=True)
