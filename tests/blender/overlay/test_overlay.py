"""Which record the overlay takes for what an Image Editor shows. What it draws is tested in a window, in tests/real."""

import json
import os
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import bpy
import pytest

from core.records.record_files import read_record_file
from tests.blender.programs import labelpass
from tests.blender.scenes import render_animation


@pytest.fixture
def dataset(scene: bpy.types.Scene) -> Path:
    """The folder of two rendered frames, with their records and images in it."""
    render_animation()
    scene.labelpass.source = "FILES"
    bpy.ops.labelpass.export_annotations()
    return Path(bpy.path.abspath(scene.render.filepath)).parent


@pytest.fixture
def user() -> bpy.types.ImageUser:
    """An image user, as an Image Editor has one."""
    material = bpy.data.materials.new("material")
    if bpy.app.version < (5, 0, 0):
        material.use_nodes = True
    node = material.node_tree.nodes.new("ShaderNodeTexImage")
    node.image_user.frame_duration = 2
    return node.image_user


def path_of(record: Any) -> Path:
    """The file of a record that was found."""
    return Path(record.records.where(record.frame))


def found(image: bpy.types.Image | None, user: bpy.types.ImageUser) -> tuple[Path | None, str]:
    from labelpass.operators.overlay.overlay_source import record_of, shown_image

    source = record_of(shown_image(image, user), bpy.context.scene)
    assert source.sequences == ()
    return path_of(source.record) if source.record else None, source.note


def test_switches_have_names_and_tooltips_and_are_off_at_first() -> None:
    switches = bpy.context.window_manager.labelpass_overlay
    for prop in switches.bl_rna.properties:
        if prop.identifier not in ("rna_type", "name"):
            assert prop.name and prop.description and not prop.description.endswith("."), prop.identifier
    assert not switches.show
    assert switches.boxes and switches.names and switches.masks and switches.boxes_3d and switches.keypoints
    assert switches.amodal


def test_nothing_is_drawn_without_a_window() -> None:
    from labelpass.operators.overlay import overlay

    bpy.context.window_manager.labelpass_overlay.show = True
    assert not bpy.app.timers.is_registered(overlay.look)
    assert overlay._on_frame_change not in bpy.app.handlers.frame_change_post


def test_no_image_and_an_image_that_is_no_file(user: bpy.types.ImageUser) -> None:
    assert found(None, user) == (None, "This editor shows no image")
    record, why = found(bpy.data.images.new("drawn", 4, 4), user)
    assert record is None and "neither a file nor a render" in why


def test_opened_files(scene: bpy.types.Scene, dataset: Path, user: bpy.types.ImageUser) -> None:
    first = dataset / "records/shot_0001.json"
    assert first.is_file()
    assert found(bpy.data.images.load(str(dataset / "shot_0001.exr")), user) == (first, "")
    assert found(bpy.data.images.load(str(dataset / "images/shot_0001.png")), user) == (first, "")

    (dataset / "records/shot_0002.json").unlink()
    record, why = found(bpy.data.images.load(str(dataset / "shot_0002.exr")), user)
    assert record is None and "export them first" in why


def test_a_sequence_has_the_record_of_its_frame(dataset: Path, user: bpy.types.ImageUser) -> None:
    image = bpy.data.images.load(str(dataset / "shot_0001.exr"))
    image.source = "SEQUENCE"
    for frame in (1, 2):
        user.frame_current = frame
        assert found(image, user) == (dataset / f"records/shot_{frame:04}.json", "")


def test_files_whose_records_lie_elsewhere(
    scene: bpy.types.Scene, dataset: Path, user: bpy.types.ImageUser, tmp_path: Path
) -> None:
    (dataset / "records").rename(tmp_path / "records")
    image = bpy.data.images.load(str(dataset / "shot_0001.exr"))
    bpy.context.window_manager.labelpass.output = ""
    # Not one by chance: the folder is above the file.
    (tmp_path / "records").rename(tmp_path / "kept")
    (tmp_path / "other").mkdir()
    (tmp_path / "kept").rename(tmp_path / "other/records")
    assert found(image, user)[0] is None

    scene.labelpass.output = str(tmp_path / "other")
    assert found(image, user) == (tmp_path / "other/records/shot_0001.json", "")
    scene.labelpass.output = ""
    bpy.context.window_manager.labelpass.output = str(tmp_path / "other")
    assert found(image, user) == (tmp_path / "other/records/shot_0001.json", "")


def test_an_image_newer_than_its_record(dataset: Path, user: bpy.types.ImageUser) -> None:
    os.utime(dataset / "shot_0001.exr", (time.time() + 60, time.time() + 60))

    record, why = found(bpy.data.images.load(str(dataset / "shot_0001.exr")), user)

    assert record is not None and "newer than its annotations" in why


def test_render_result(scene: bpy.types.Scene, user: bpy.types.ImageUser) -> None:
    bpy.ops.render.render()
    image = bpy.data.images["Render Result"]
    assert "export them first" in found(image, user)[1]

    bpy.ops.labelpass.export_annotations()
    record = Path(bpy.path.abspath(scene.render.filepath)).parent / "records/shot_0001.json"
    assert found(image, user) == (record, "")

    scene.frame_set(2)  # what is shown stays what was rendered
    assert found(image, user) == (record, "")

    old = time.time() - 60
    os.utime(record, (old, old))
    assert found(image, user)[1].startswith("The image is newer")


def test_a_render_of_another_scene(scene: bpy.types.Scene, user: bpy.types.ImageUser) -> None:
    bpy.ops.render.render()
    image = bpy.data.images["Render Result"]
    from labelpass.operators.overlay.overlay_source import record_of, shown_image

    source = record_of(shown_image(image, user), bpy.data.scenes.new("Other"))
    assert source.record is None and "last render is of the scene 'Scene'" in source.note


@pytest.mark.parametrize("in_memory", [False, True])
def test_several_view_layers_and_views_of_one_image(
    scene: bpy.types.Scene, user: bpy.types.ImageUser, tmp_path: Path, in_memory: bool
) -> None:
    """The user chooses one of them; where the image has none of that name, the first is drawn."""
    from labelpass.operators.overlay.overlay_source import record_of, shown_image

    scene.render.use_multiview, scene.render.image_settings.views_format = True, "MULTIVIEW"
    front = scene.view_layers.new("Front/Near")
    front.use_pass_object_index = True
    scene.frame_end = 1
    scene.labelpass.all_view_layers = scene.labelpass.all_views = True
    if in_memory:
        bpy.ops.render.render()
        image = bpy.data.images["Render Result"]
    else:
        scene.labelpass.source = "FILES"
        render_animation()
        image = bpy.data.images.load(str(tmp_path / "frames/shot_0001.exr"))
    bpy.ops.labelpass.export_annotations()

    layer = scene.view_layers[0].name
    expected = {f"{one}/{view}" for one in ("Front%2FNear", layer) for view in ("left", "right")}
    first = record_of(shown_image(image, user), scene)
    assert set(first.sequences) == expected and first.note == ""
    assert first.record.variant == first.sequences[0]
    for variant in expected:
        source = record_of(shown_image(image, user), scene, variant)
        assert path_of(source.record) == tmp_path / f"frames/records/{variant}/shot_0001.json"
        record = json.loads(path_of(source.record).read_text())["record"]
        assert f"{record['view_layer'].replace('/', '%2F')}/{record['view']}" == variant
    assert record_of(shown_image(image, user), scene, "Gone").record == first.record


def test_the_chosen_sequence_is_drawn(scene: bpy.types.Scene, user: bpy.types.ImageUser, tmp_path: Path) -> None:
    from labelpass.operators.overlay import overlay

    scene.view_layers.new("Front").use_pass_object_index = True
    scene.frame_end, scene.labelpass.source, scene.labelpass.all_view_layers = 1, "FILES", True
    render_animation()
    bpy.ops.labelpass.export_annotations()
    image = bpy.data.images.load(str(tmp_path / "frames/shot_0001.exr"))
    space = SimpleNamespace(
        image=image,
        image_user=user,
        overlay=SimpleNamespace(show_overlays=True),
        as_pointer=lambda: 7,
    )
    switches = bpy.context.window_manager.labelpass_overlay
    for sequence, expected in (("", "Front"), ("ViewLayer", "ViewLayer"), ("Front", "Front")):
        switches.sequence = sequence
        overlay._shown[7] = overlay._look_at(scene, space)
        assert overlay.status_of(space) == (f"{expected}/shot_0001.json: 3 instances", "")
        assert overlay.sequences_of_image(space) == ("Front", "ViewLayer")


def test_a_record_is_prepared_once_and_again_when_it_changes(dataset: Path) -> None:
    from labelpass.core.records.record_search import find_records
    from labelpass.operators.overlay.overlay import _prepare

    (found,) = find_records(dataset / "images/shot_0001.png")
    prepared = _prepare(found)
    assert prepared.overlay is not None and len(prepared.overlay.names) == 3
    assert _prepare(found) is prepared

    path_of(found).write_text("{}")
    damaged = _prepare(found)
    assert damaged.overlay is None and "is damaged" in damaged.problem


# --- Records in packs -------------------------------------------------------------------------------------------------


@pytest.fixture
def packed(dataset: Path) -> Path:
    """The same dataset with its records in one pack."""
    done = labelpass("pack", dataset)
    assert done.returncode == 0, done.stderr
    assert [path.name for path in (dataset / "records").iterdir() if not path.name.startswith(".")] == ["0-999.pack"]
    return dataset


def looked_at(scene: bpy.types.Scene, file: Path, user: bpy.types.ImageUser) -> SimpleNamespace:
    """An editor that shows an image, after the timer has looked at it."""
    from labelpass.operators.overlay import overlay

    space = SimpleNamespace(
        image=bpy.data.images.load(str(file), check_existing=True),
        image_user=user,
        overlay=SimpleNamespace(show_overlays=True),
        as_pointer=lambda: 7,
    )
    overlay._shown[7] = overlay._look_at(scene, space)
    return space


@pytest.mark.parametrize("file", ["shot_0001.exr", "images/shot_0001.png"])
def test_a_packed_record_is_drawn_as_one_in_a_file(
    scene: bpy.types.Scene, dataset: Path, user: bpy.types.ImageUser, file: str
) -> None:
    from labelpass.operators.overlay import overlay

    loose = looked_at(scene, dataset / file, user)
    assert overlay.status_of(loose) == ("shot_0001.json: 3 instances", "")
    expected = overlay._shown[7].prepared.overlay
    assert labelpass("pack", dataset).returncode == 0

    space = looked_at(scene, dataset / file, user)

    assert overlay.status_of(space) == ("0-999.pack (shot_0001): 3 instances", "")
    drawn = overlay._shown[7].prepared.overlay
    assert drawn.names == expected.names
    assert drawn.boxes.tolist() == expected.boxes.tolist()
    assert overlay._look_at(scene, space).prepared is overlay._shown[7].prepared, "read once"
    assert overlay.missing_of(space).keys() == overlay.missing_of(loose).keys()


def test_an_image_newer_than_its_pack(scene: bpy.types.Scene, packed: Path, user: bpy.types.ImageUser) -> None:
    from labelpass.operators.overlay import overlay

    os.utime(packed / "shot_0001.exr", (time.time() + 60, time.time() + 60))
    space = looked_at(scene, packed / "shot_0001.exr", user)
    assert "newer than its annotations" in overlay.status_of(space)[1]


def test_a_frame_that_was_exported_after_packing(
    scene: bpy.types.Scene, packed: Path, user: bpy.types.ImageUser
) -> None:
    """Its own file counts instead of the pack, for this frame alone; so it does once that is packed too."""
    from labelpass.operators.overlay import overlay

    looked_at(scene, packed / "shot_0001.exr", user)
    before = overlay._shown[7].prepared
    scene.labelpass.min_area = 10**6
    scene.frame_end = 1
    scene.labelpass.redo = True
    bpy.ops.labelpass.export_annotations()
    assert (packed / "records/shot_0001.json").is_file()

    space = looked_at(scene, packed / "shot_0001.exr", user)
    assert overlay.status_of(space)[0] == "shot_0001.json: 0 instances"
    assert overlay._shown[7].prepared is not before
    assert (
        overlay.status_of(looked_at(scene, packed / "shot_0002.exr", user))[0] == "0-999.pack (shot_0002): 3 instances"
    )

    assert labelpass("pack", packed).returncode == 0
    space = looked_at(scene, packed / "shot_0001.exr", user)
    assert overlay.status_of(space)[0] == "0-999.pack (shot_0001): 0 instances"


def test_a_damaged_pack(scene: bpy.types.Scene, packed: Path, user: bpy.types.ImageUser) -> None:
    """The panel says what is wrong with it, and not that the image has no annotations."""
    from labelpass.operators.overlay import overlay

    (packed / "records/0-999.pack").write_bytes(b"{")
    for file in ("shot_0001.exr", "images/shot_0001.png"):
        name, note = overlay.status_of(looked_at(scene, packed / file, user))
        assert name == ""
        assert note == f"{packed / 'records/0-999.pack'} is damaged; remove it, and annotate its frames again"


def test_what_the_record_of_an_export_has(scene: bpy.types.Scene) -> None:
    """3D boxes and keypoints where they were exported; else the reason, which the panel shows next to a grey switch."""
    from labelpass.core.drawing.overlay import make_overlay

    row = scene.labelpass.table.categories.add()
    row.name, row.keypoints, row.skeleton = "Ball", "low, high", "1-2"
    for name, z in (("low", -0.8), ("high", 0.8)):
        empty = bpy.data.objects.new(name, None)
        empty.parent, empty.location = scene.objects["Ball"], (0, 0, z)
        scene.collection.objects.link(empty)
    scene.frame_end = 1
    path = Path(bpy.path.abspath(scene.render.filepath)).parent / "records/shot_0001.json"
    for poses in (False, True):
        scene.labelpass.poses = poses
        render_animation()
        scene.labelpass.source = "FILES"
        bpy.ops.labelpass.export_annotations()
        overlay = make_overlay(read_record_file(path))
        assert (overlay.boxes_3d is not None) == poses
        assert ("turn on Poses and 3D Boxes" in overlay.without_boxes_3d) == (not poses)
        assert overlay.keypoints is not None and overlay.without_keypoints == ""
    corners = overlay.boxes_3d.corners.reshape(-1, 4, 2)[:, :2].reshape(-1, 15, 4)
    assert len(corners) == 3
    boxes = sorted(corners[:, :12].reshape(3, -1, 2).min(axis=1).round().tolist())
    seen = sorted(overlay.boxes[:, :2].tolist())
    for low, box in zip(boxes, seen, strict=True):
        assert abs(low[0] - box[0]) < 8 and abs(low[1] - box[1]) < 8
