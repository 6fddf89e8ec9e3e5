"""Poses, keypoints and amodal masks from a scene record and its geometry, through a whole annotation of a frame."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from pycocotools import mask as coco_mask

from core.annotate import previews
from core.annotate.annotate import annotate
from core.base.errors import SceneError
from core.base.files import digest
from core.base.phrases import GET_SCENE_RECORDS
from core.cli.main import main
from core.drawing.read_images import read_image
from core.records.frame_job import FrameJob
from core.records.record_files import read_record_file
from core.scene.keypoints import SceneKeypoint
from core.scene.scene_geometry import SceneGeometry, Surface, write_geometry
from core.scene.scene_record import SceneEntry, SceneRecord
from core.settings.category_table import Category
from core.settings.settings import Settings
from tests.builders import PLATE, entries_of, placed_cube, plain_camera, plain_job, plain_scene

NAME = digest(PLATE.as_bytes())


def at(z: float) -> np.ndarray:
    matrix = np.eye(4, dtype=np.float32)
    matrix[2, 3] = z
    return matrix


@pytest.fixture
def job(tmp_path: Path, write_exr) -> FrameJob:
    """A plate 10 away, 20 pixels wide, of which the left half is hidden by something without a label, 5 away."""
    labels, depth = np.zeros((48, 64), np.float32), np.full((48, 64), 1e10, np.float32)
    depth[14:34, 22:42] = 10
    labels[14:34, 32:42] = 1
    depth[:, :32] = 5
    file = write_exr(tmp_path / "0001.exr", {"ViewLayer.IndexOB.X": labels, "ViewLayer.Depth.Z": depth})
    plate = Category("plate", keypoints=("right", "left", "missing"))
    geometry = SceneGeometry((Surface("Plate", "Plate", "", (), False, at(10), NAME),))
    scene = plain_scene(
        unit_scale=0.5,
        camera=plain_camera(),
        objects=entries_of(SceneEntry("Plate", 1, "plate"), categories=[plate]),
        table=(plate,),
        keypoints=(
            SceneKeypoint("left", ("Plate",), (-0.5, 0.0, 10.0), 0.0),
            SceneKeypoint("right", ("Plate",), (0.5, 0.0, 10.0), 0.0),
        ),
        geometry=digest(geometry.as_bytes()),
    )
    path = tmp_path / "scenes/0001.json"
    write_geometry(path, geometry.as_bytes(), {NAME: PLATE})
    scene.write(path)
    return plain_job(file, tmp_path / "dataset", path, amodal=True)


def test_pictures_of_large_frames_are_reduced(job: FrameJob, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of them by the same whole number, with their annotations where they belong."""
    settings = dataclasses.replace(job.settings, poses=True)
    job = changed(dataclasses.replace(job, settings=settings), placements=(placed_cube("Plate", 0, 0, 10),))
    full = {Path(path).parent.name: read_image(job.dataset.file(path)) for path in annotate(job).pictures}
    monkeypatch.setattr(previews, "_LONGEST_SIDE", 32)
    small = {Path(path).parent.name: read_image(job.dataset.file(path)) for path in annotate(job).pictures}

    assert [*small] == ["boxes", "boxes3d", "amodal", "depth"]
    assert {full[kind].shape for kind in ("boxes", "boxes3d", "amodal")} == {(48, 64, 3)}
    assert {small[kind].shape for kind in ("boxes", "boxes3d", "amodal")} == {(24, 32, 3)}
    colour = full["boxes"][33, 41]  # the box is 32, 14, 42, 34
    assert (small["boxes"][16, 16:21] == colour).all()
    assert (small["boxes"][7:17, 20] == colour).all()
    drawn = (small["boxes3d"] != 64).any(axis=2)
    assert drawn[7:17, 11:21].any()
    drawn[5:19, 9:23] = False  # what is nearer than the plate is a ninth larger
    assert not drawn.any()
    assert np.array_equal(small["depth"][:, :32], full["depth"][::2, :64:2])


def test_all_of_it(job: FrameJob) -> None:
    record = annotate(job)

    (plate,) = record.instances
    assert plate.amodal is not None
    assert (plate.amodal.px_count_all, plate.amodal.px_count_visib, plate.amodal.visib_fract) == (400, 200, 0.5)
    whole = coco_mask.decode({"size": [48, 64], "counts": plate.amodal.rle})
    assert whole[14:34, 22:42].all() and whole.sum() == 400
    assert "pictures/amodal/0001.png" in record.pictures
    assert plate.keypoints is not None
    right, left, missing = plate.keypoints
    assert (right.x, right.y, right.visibility, right.z) == (37, 24, 2, 5.0)
    assert (left.x, left.y, left.visibility) == (27, 24, 1)
    assert missing.visibility == 0
    assert read_record_file(job.output / "records/0001.json") == record


def test_nothing_if_not_asked_for(job: FrameJob) -> None:
    record = annotate(dataclasses.replace(job, settings=Settings()))

    assert record.instances[0].amodal is None
    assert not any("amodal" in note for note in record.notes)


def changed(job: FrameJob, **values: object) -> FrameJob:
    assert job.scene is not None
    dataclasses.replace(SceneRecord.read(job.scene), **values).write(job.scene)
    return job


def test_notes_on_what_is_missing(job: FrameJob) -> None:
    assert any("no scene record has the geometry" in note for note in annotate(changed(job, geometry=None)).notes)
    notes = annotate(changed(job, camera=plain_camera("panoramic"))).notes
    assert any("There are no keypoints" in note for note in notes)


def test_a_panoramic_camera_has_no_amodal_masks(job: FrameJob) -> None:
    record = annotate(changed(job, camera=plain_camera("panoramic")))

    assert record.instances[0].amodal is None
    assert any("since the camera is panoramic" in note for note in record.notes)


def test_without_triangles(job: FrameJob) -> None:
    assert job.scene is not None
    geometry = SceneGeometry((Surface("Plate", "Plate", "", (), False, at(10), ""),))
    write_geometry(job.scene, geometry.as_bytes(), {})
    record = annotate(changed(job, geometry=digest(geometry.as_bytes())))

    assert record.instances[0].amodal is None
    assert any(note.startswith("No amodal mask of 'Plate': Blender gave no triangles") for note in record.notes)
    record = annotate(filtered(job, 0.9))
    assert record.dropped["hidden"] == 0 and len(record.instances) == 1
    assert any(note.startswith("Minimum Visibility keeps 'Plate': Blender gave no") for note in record.notes)


def filtered(job: FrameJob, min_visibility: float, **others: bool) -> FrameJob:
    return dataclasses.replace(job, settings=Settings(min_visibility=min_visibility, **others))


def test_minimum_visibility_needs_no_other_setting(job: FrameJob) -> None:
    """Half of the plate is seen. Without Amodal Masks the dataset has none, and the filter works all the same."""
    kept = annotate(filtered(job, 0.5))
    assert (len(kept.instances), kept.dropped) == (1, {"small": 0, "at_border": 0, "hidden": 0})
    assert kept.instances[0].amodal is None
    assert not any("amodal" in picture for picture in kept.pictures)

    without = annotate(filtered(job, 0.51))
    assert (without.instances, without.dropped) == ((), {"small": 0, "at_border": 0, "hidden": 1})
    assert read_record_file(job.output / "records/0001.json") == without

    both = annotate(filtered(job, 0.5, amodal=True))
    assert both.instances[0].amodal is not None and both.instances[0].amodal.visib_fract == 0.5


def test_what_minimum_visibility_needs(job: FrameJob) -> None:
    """A filter that cannot be applied says so instead of keeping everything."""
    export_again = "export from Blender with Minimum Visibility, or set it to 0$"
    with pytest.raises(SceneError, match=f"no scene record has the geometry; {GET_SCENE_RECORDS}, or set it to 0$"):
        annotate(dataclasses.replace(filtered(job, 0.1), scene=None))
    with pytest.raises(SceneError, match=r"the camera is panoramic .*; set it to 0$"):
        annotate(filtered(changed(job, camera=plain_camera("panoramic")), 0.1))
    with pytest.raises(SceneError, match=f"no scene record has the geometry; {export_again}"):
        annotate(filtered(changed(job, geometry=None), 0.1))


def test_geometry_of_other_objects_only(job: FrameJob) -> None:
    """As an export without the filter leaves it, for the instances that share a label."""
    assert job.scene is not None
    geometry = SceneGeometry((Surface("Stone", "Stone", "Pile", (1,), False, at(10), NAME),))
    write_geometry(job.scene, geometry.as_bytes(), {})
    job = changed(job, geometry=digest(geometry.as_bytes()))
    with pytest.raises(SceneError, match="does not have the geometry of all objects; export from Blender with Minimum"):
        annotate(filtered(job, 0.1))
    record = annotate(job)
    assert record.instances[0].amodal is None
    assert any(note.startswith("No amodal mask of 'Plate': the scene record has no geometry") for note in record.notes)


def test_minimum_visibility_on_the_command_line(job: FrameJob, capsys: pytest.CaptureFixture[str]) -> None:
    """From records that Blender wrote before, without Blender; what was dropped is in the summary."""
    assert job.scene is not None
    (file,) = job.files.files
    common = ["annotate", str(file.path), "--output", str(job.output), "--scene", str(job.scene.parent), "--workers=1"]
    assert main([*common, "--min-visibility", "0.6"]) == 0
    assert "0 instances, 1 dropped" in capsys.readouterr().out
    assert read_record_file(job.output / "records/0001.json").dropped["hidden"] == 1
    assert main([*common, "--min-visibility", "0.4"]) == 0
    assert "1 instance" in capsys.readouterr().out
    assert main([*common, "--min-visibility", "40"]) == 2
    assert "use a number from 0, which keeps everything, to 1" in capsys.readouterr().err


def test_annotating_with_poses(tmp_path, write_exr) -> None:
    """From a scene record with placements to the frame record; without placements a note says what is missing."""
    labels = np.zeros((48, 64), np.float32)
    labels[10:40, 10:50] = 1
    file = write_exr(tmp_path / "0001.exr", {"ViewLayer.IndexOB.X": labels})
    scene = plain_scene(SceneEntry("Cube", 1, "cube"), unit_scale=0.5, camera=plain_camera())

    for placements in ((), (placed_cube("Cube", 0, 0, 5),)):
        path = tmp_path / f"scene{len(placements)}.json"
        dataclasses.replace(scene, placements=placements).write(path)
        record = annotate(plain_job(file, tmp_path / "dataset", path, poses=True, pictures=True))
        (instance,) = record.instances
        if placements:
            assert instance.pose is not None and instance.pose.translation == (0, 0, 2.5)
            assert "pictures/boxes3d/0001.png" in record.pictures
            assert read_record_file(tmp_path / "dataset/records/0001.json") == record
        else:
            assert instance.pose is None
            assert any("There are no poses" in note for note in record.notes)
