"""Scenes that look otherwise in the viewport are described as they are rendered, in whatever way they are exported."""

import json
from collections.abc import Callable
from pathlib import Path

import bpy
import numpy as np
import pytest

from tests.blender import scatters
from tests.blender.outcome import exported, lines, remarks
from tests.blender.programs import headless, labelpass
from tests.blender.scenes import add_object, render_animation
from tests.blender.unlike_the_viewport import (
    COUNT,
    SITUATIONS,
    array_in_the_render,
    deformed_in_the_render,
    eye_of_a_scatter,
    levels_of_subdivision,
    monitor_of_a_scatter,
    share_of_particles,
)


@pytest.fixture
def field(tmp_path: Path) -> bpy.types.Scene:
    """A camera that looks down on an empty field, and an export with all that a description can say."""
    scene = bpy.context.scene
    scatters.prepare(scene, tmp_path, 96, 72)
    scatters.add_camera(scene, (0, -6, 9), 0.6)
    scene.labelpass.poses = scene.labelpass.amodal = True
    scene.labelpass.workers = 1
    return scene


def dataset(folder: Path) -> dict[str, bytes]:
    """Every file of a dataset but for the frames themselves."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.suffix != ".exr"]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def description(depsgraph: bpy.types.Depsgraph):
    """What a depsgraph says of the scene."""
    from labelpass.core.settings.settings import Settings
    from labelpass.operators.scene.scene_description import describe

    found = describe(bpy.context.scene, depsgraph, Settings(poses=True, amodal=True))
    return found.record, found.instances and found.instances.geometry.as_bytes()


@pytest.mark.parametrize("situation", SITUATIONS)
def test_described_as_rendered(
    field: bpy.types.Scene, tmp_path: Path, situation: Callable[[bpy.types.Scene], int]
) -> None:
    """Files on disk, annotated afterwards, give the bytes that come of the render's own depsgraph."""
    count = situation(field)
    bpy.context.view_layer.update()
    field.labelpass.while_rendering = True
    render_animation()
    assert lines()[0] == f"1 frame annotated; {count} instance{'s' * (count > 1)}"
    live = dataset(tmp_path)

    field.labelpass.redo = True
    assert bpy.ops.labelpass.export_annotations() == {"FINISHED"}
    assert dataset(tmp_path) == live
    assert len(exported().anns) == count
    done = labelpass("validate", tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr

    assert description(bpy.context.evaluated_depsgraph_get()) != _as_rendered(), "the viewport shows the same"


def _as_rendered():
    from labelpass.operators.scene.render_graph import in_render_graph

    return in_render_graph(bpy.context.scene, bpy.context.view_layer, description)


def test_headless_render(field: bpy.types.Scene, tmp_path: Path) -> None:
    eye_of_a_scatter(field)
    array_in_the_render(field)
    bpy.data.objects["Fence"].location.y = 3
    field.render.filepath = "//shot_####"
    blend = tmp_path / "scene.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(blend))
    for output, options in (("rendered", ["--render"]), ("files", ["--from", tmp_path / "rendered/renders"])):
        done = headless(blend, *options, "--output", tmp_path / output)
        assert done.returncode == 0, done.stderr
        assert f"1 frame annotated; {COUNT + 1} instances" in done.stdout
    scenes = [(tmp_path / output / "scenes/shot_0001.json").read_bytes() for output in ("rendered", "files")]
    assert scenes[0] == scenes[1]
    done = labelpass("validate", tmp_path / "rendered")
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_render_in_memory(field: bpy.types.Scene, tmp_path: Path) -> None:
    monitor_of_a_scatter(field)
    field.labelpass.source, field.labelpass.output = "RENDER", str(tmp_path / "dataset")
    bpy.ops.render.render()
    assert bpy.ops.labelpass.export_annotations() == {"FINISHED"}
    assert lines()[0] == f"1 frame annotated; {COUNT} instances"


def handlers() -> dict[str, list[object]]:
    names = [name for name in dir(bpy.app.handlers) if isinstance(getattr(bpy.app.handlers, name), list)]
    return {name: list(getattr(bpy.app.handlers, name)) for name in names}


def values_of(thing: bpy.types.bpy_struct, seen: set[tuple[str, int]]) -> dict[str, object]:
    """Every property of a thing that Blender knows, those of what belongs to it included."""
    key = thing.bl_rna.identifier, thing.as_pointer()
    if key in seen:
        return {}
    seen.add(key)
    found: dict[str, object] = {}
    for prop in thing.bl_rna.properties:
        if prop.identifier == "tool_settings":  # bpy 4.2 crashes where it reads the brush of UV sculpting
            continue
        value = getattr(thing, prop.identifier, None)
        if prop.identifier == "rna_type" or isinstance(value, bpy.types.Depsgraph):
            continue
        if prop.type == "POINTER":
            other = isinstance(value, bpy.types.ID) and not value.is_embedded_data
            found[prop.identifier] = value and (value.name_full if other else values_of(value, seen))
        elif prop.type == "COLLECTION":
            others = [one for one in value if one is not None]
            found[prop.identifier] = [
                one.name_full if isinstance(one, bpy.types.ID) else values_of(one, seen) for one in others
            ]
        else:
            found[prop.identifier] = repr(list(value) if hasattr(value, "__len__") else value)
    return found


def everything() -> dict[str, object]:
    """What is in the open file, but for the windows."""
    names = ("scenes", "objects", "collections", "meshes", "particles", "node_groups", "cameras", "worlds")
    seen: set[tuple[str, int]] = set()
    return {f"{name}/{thing.name_full}": values_of(thing, seen) for name in names for thing in getattr(bpy.data, name)}


@pytest.mark.parametrize("mode", ["OBJECT", "EDIT"])
@pytest.mark.parametrize("raises", [False, True])
def test_the_scene_stays_as_it_is(field: bpy.types.Scene, tmp_path: Path, mode: str, raises: bool) -> None:
    """No property has another value, no handler of others hears of it, and no file is written."""
    for situation in (eye_of_a_scatter, deformed_in_the_render, share_of_particles, levels_of_subdivision):
        situation(field)
    tower = bpy.data.objects["Tower"]
    field.view_layers[0].objects.active = tower
    tower.select_set(True)
    bpy.ops.object.mode_set(mode=mode)
    heard: list[str] = []

    def listen(*_: object) -> None:
        heard.append("handler")

    for name in ("depsgraph_update_pre", "depsgraph_update_post", "frame_change_pre", "frame_change_post"):
        getattr(bpy.app.handlers, name).append(listen)
    try:
        bpy.context.view_layer.update()
        before, all_handlers = everything(), handlers()
        heard.clear()
        files = set(tmp_path.rglob("*")) | set(Path(bpy.app.tempdir).rglob("*"))
        if raises:
            from labelpass.operators.scene.render_graph import in_render_graph

            with pytest.raises(ZeroDivisionError):
                in_render_graph(field, field.view_layers[0], lambda depsgraph: 1 / 0)
        else:
            _as_rendered()
        assert heard == []
        assert set(tmp_path.rglob("*")) | set(Path(bpy.app.tempdir).rglob("*")) == files
        assert handlers() == all_handlers
        assert (tower.mode, field.view_layers[0].objects.active) == (mode, tower)
        assert everything() == before
        assert "UNDO" not in bpy.ops.wm.obj_export.bl_options
    finally:
        for name in ("depsgraph_update_pre", "depsgraph_update_post", "frame_change_pre", "frame_change_post"):
            getattr(bpy.app.handlers, name).remove(listen)
        bpy.ops.object.mode_set(mode="OBJECT")


def test_another_scene_than_the_one_that_is_looked_at(field: bpy.types.Scene) -> None:
    from labelpass.operators.scene.render_graph import in_render_graph

    other = bpy.data.scenes.new("Other")
    add_object(other, "Hidden", "cube", (0, 0, 0), 0).hide_viewport = True
    names = in_render_graph(
        other, other.view_layers[0], lambda depsgraph: [one.object.name for one in depsgraph.object_instances]
    )
    assert names == ["Hidden"]
    assert bpy.context.scene == field


def test_handlers_of_other_threads_are_called() -> None:
    """While a frame is rendered the user goes on, and handlers hear of what the user does."""
    from concurrent.futures import ThreadPoolExecutor

    from labelpass.operators.scene.render_graph import without_handlers

    heard: list[tuple[object, ...]] = []

    def single(scene: object) -> None:
        heard.append((scene,))

    def both(*arguments: object) -> None:
        heard.append(arguments)

    lists = bpy.app.handlers.depsgraph_update_post
    lists += [single, both]
    before = list(lists)
    try:
        with without_handlers(), ThreadPoolExecutor(1) as pool:
            deaf = lists[-2:]
            for handler in deaf:
                handler("scene", "depsgraph")
            assert heard == []
            for handler in deaf:
                pool.submit(handler, "scene", "depsgraph").result()
            assert heard == [("scene",), ("scene", "depsgraph")]
            lists.remove(single)
        assert list(lists) == [one for one in before if one is not single]
    finally:
        lists[:] = [one for one in lists if one not in (single, both)]


def test_a_blender_without_the_exporter_says_so(
    field: bpy.types.Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The viewport's description is better than none, with a note in the record."""
    from labelpass.operators.scene import render_graph

    def missing() -> None:
        raise AttributeError("no such operator")

    monkeypatch.setattr(render_graph, "_evaluate_as_a_render", missing)
    array_in_the_render(field)
    render_animation()
    assert bpy.ops.labelpass.export_annotations() == {"FINISHED"}
    assert any("are those of the viewport" in text for text in remarks()), remarks()
    assert json.loads((tmp_path / "scenes/shot_0001.json").read_bytes())["of_viewport"] is True


def test_amodal_mask_of_what_the_render_repeats(field: bpy.types.Scene, tmp_path: Path) -> None:
    """An array that is on in the render only: the amodal mask of an object that nothing hides is its visible one."""
    from pycocotools import mask as masks

    array_in_the_render(field)
    render_animation()
    assert bpy.ops.labelpass.export_annotations() == {"FINISHED"}
    (annotation,) = exported().anns.values()
    seen, whole = masks.decode(annotation["segmentation"]), masks.decode(annotation["amodal"]["segmentation"])
    assert np.count_nonzero(seen & whole) / np.count_nonzero(seen | whole) > 0.95
