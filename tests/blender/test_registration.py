"""The extension comes and goes without a trace, and keeps the rules that Blender has for extensions."""

import ast
import re
import sys
from pathlib import Path

import bpy
import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
SHIPPED = [CHECKOUT / "__init__.py", CHECKOUT / "export_annotations.py"] + [
    path for folder in ("core", "operators", "panels") for path in (CHECKOUT / folder).rglob("*.py")
]


def traces() -> list[object]:
    names = [name for name in dir(bpy.types) if "labelpass" in name.lower()]
    attached = [
        name
        for kind in (bpy.types.Scene, bpy.types.WindowManager)
        for name in dir(kind)
        if name.startswith("labelpass")
    ]
    handlers = [
        handler
        for name in dir(bpy.app.handlers)
        if isinstance(found := getattr(bpy.app.handlers, name), list)
        for handler in found
        if "labelpass" in getattr(handler, "__module__", "")
    ]
    return [*names, *attached, *handlers]


def test_register_and_unregister_leave_nothing() -> None:
    import labelpass

    for _ in range(2):
        labelpass.unregister()
        assert traces() == []
        labelpass.register()
        assert hasattr(bpy.types.Scene, "labelpass")


def test_settings_travel_with_the_file(tmp_path: Path) -> None:
    settings = bpy.context.scene.labelpass
    settings.labels, settings.pictures, settings.output = "crypto_object", False, "//dataset"
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "scene.blend"))
    bpy.ops.wm.read_factory_settings()
    assert bpy.context.scene.labelpass.labels == "auto"
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "scene.blend"))
    settings = bpy.context.scene.labelpass
    assert (settings.labels, settings.pictures, settings.output) == ("crypto_object", False, "//dataset")


def test_every_setting_of_core_is_a_property_with_a_tooltip() -> None:
    import dataclasses

    from labelpass.core.settings.settings import Settings

    properties = bpy.context.scene.labelpass.bl_rna.properties
    for field in dataclasses.fields(Settings):
        choices = field.metadata["several_of"]
        named = {field.name: (field.metadata["label"], field.metadata["help"])}
        if choices:
            named = {f"{field.name}_{choice.value}": (choice.label, choice.help) for choice in choices}
        for name, words in named.items():
            assert (properties[name].name, properties[name].description) == words
    assert bpy.context.scene.labelpass.core_settings() == Settings()
    for prop in properties:
        if prop.identifier not in ("rna_type", "name"):
            assert prop.description and not prop.description.endswith("."), prop.identifier


def test_operators_have_names_and_tooltips() -> None:
    names = dir(bpy.ops.labelpass)
    assert {"export_annotations", "stop", "open_folder", "set_up_passes", "select_category"} <= set(names)
    for name in names:
        rna = getattr(bpy.ops.labelpass, name).get_rna_type()
        assert rna.name and rna.description and not rna.description.endswith("."), name
        for prop in rna.properties:
            if not prop.is_hidden and prop.identifier != "rna_type" and name != "preset_add":  # Blender's own class
                assert prop.description and not prop.description.endswith("."), (name, prop.identifier)


def test_presets_keep_the_settings_that_fit_any_scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "presets/labelpass"
    folder.mkdir(parents=True)  # Blender's own user_resource(create=True) does so
    monkeypatch.setattr(bpy.utils, "user_resource", lambda *_, path="", **__: str(tmp_path / path))
    settings = bpy.context.scene.labelpass
    settings.labels, settings.pictures, settings.output, settings.source = "crypto_asset", False, "//mine", "FILES"
    bpy.ops.labelpass.preset_add(name="Farm")
    (preset,) = folder.iterdir()

    bpy.ops.wm.read_factory_settings(use_empty=True)
    settings = bpy.context.scene.labelpass
    settings.output = "//other"
    bpy.ops.script.execute_preset(filepath=str(preset), menu_idname="LABELPASS_MT_presets")

    assert (settings.labels, settings.pictures, settings.source) == ("crypto_asset", False, "FILES")
    assert settings.output == "//other", "a folder belongs to its scene"


def test_rules_of_the_sources() -> None:
    """Nothing edits sys.path, and nothing names the extension's package. The rules of imports are in pyproject.toml."""
    for path in SHIPPED:
        text = path.read_text(encoding="utf-8")
        assert "bl_ext" not in text, path
        assert "sys.path" not in text, path
        assert not re.search(r"(?m)^\s*(from|import) labelpass\b", text), path


def test_no_import_of_bpy_at_the_top_of_the_package() -> None:
    tree = ast.parse((CHECKOUT / "__init__.py").read_text(encoding="utf-8"))
    assert not [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    assert "OpenEXR" not in sys.modules


def test_help_is_there() -> None:
    from labelpass.operators import help_pages

    assert help_pages.first_page() == (CHECKOUT / "docs/labels.md").as_uri()
    assert (CHECKOUT / "docs/labels.md").is_file()


# How the version before stored choices in a .blend: by their numbers.
_STORED = {
    "source": {"RENDER": 0, "FILES": 1},
    "labels": {"auto": 0, "object_index": 1, "material_index": 2, "crypto_object": 3},
    "grouping": {"object": 0, "parent": 1, "top_parent": 2, "collection": 3, "pass_index": 4, "category": 5},
    "instancing": {"auto": 0, "off": 1},
    "ignored": {"background": 0, "crowd": 1},
    "parts": {"none": 0, "material": 1, "object": 2},
    "image_format": {"png": 0, "jpeg": 1, "none": 2},
    "image_from": {"auto": 0, "composite": 1, "render_layer": 2},
    "at_border": {"keep": 0, "mark": 1, "drop": 2},
    "split_by": {"frame": 0, "sequence": 1, "scene": 2},
    "media": {"link": 0, "copy": 1, "none": 2},
    "coco_masks": {"rle": 0, "polygons": 1},
    "preview": {"NONE": 0, "category": 1, "instance": 2},
}


@pytest.mark.parametrize("name", list(_STORED))
def test_settings_of_the_version_before_keep_their_values(name: str) -> None:
    items = bpy.context.scene.labelpass.bl_rna.properties[name].enum_items
    assert {item.identifier: item.value for item in items}.items() >= _STORED[name].items()


def test_what_is_stored_otherwise_is_not_stored_twice() -> None:
    """What panels show in another way has no value of its own, which could contradict the one that is stored."""
    properties = bpy.context.scene.labelpass.bl_rna.properties
    names = {"skip_finished", "tell_apart", "processes", "split_train", "split_val", "split_test"}
    assert {prop.identifier for prop in properties if prop.is_skip_save and prop.identifier != "rna_type"} == names
