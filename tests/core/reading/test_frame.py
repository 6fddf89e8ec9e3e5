"""Frames of a dataset: images, masks and all that records say of instances, compared with pycocotools and Pillow."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy
from PIL import Image
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO

from core.annotate.annotate import annotate
from core.base.box import Box
from core.base.dataset_folder import DatasetFolder
from core.base.errors import InputError, RecordError
from core.masks.runs import find_masks
from core.reading.dataset import Dataset
from core.reading.dataset import open as open_dataset
from core.reading.frame import Frame
from core.reading.regions import Place, seen_instance
from core.records.instance import Amodal, SoftMask
from core.records.record_store import open_records
from core.scene.keypoints import ABSENT
from core.settings.category_table import Category
from core.settings.settings import ImageFormat, LabelSource, Parts
from tests.builders import (
    plain_camera,
    plain_instance,
    plain_job,
    plain_mask,
    plain_pose,
    plain_record,
    rendered_frame,
    write_record,
)
from tests.core.datasets import merged, with_former_soft_masks


def one_frame(output: Path, **known: Any) -> Frame:
    """The frame of a record that is written."""
    write_record(output, plain_record(**known))
    (frame,) = open_dataset(output).frames()
    return frame


def test_every_rendered_frame_as_pycocotools_reads_it(rendered: Any, tmp_path: Path) -> None:
    """Boxes, areas, masks, categories and images of the COCO file."""
    annotate(plain_job(rendered_frame(rendered), tmp_path, view_layer=rendered.view_layer, view=rendered.view))
    merged(tmp_path)
    coco = COCO(DatasetFolder(tmp_path).instances)
    (image,) = coco.dataset["images"]

    dataset = open_dataset(tmp_path)
    (frame,) = dataset.frames()

    assert (frame.width, frame.height, frame.number) == (image["width"], image["height"], image["frame"])
    with Image.open(tmp_path / image["file_name"]) as file:
        assert np.array_equal(frame.image(), np.asarray(file))
    assert frame.image().dtype == np.uint8
    rows = coco.dataset["annotations"]
    assert len(frame.instances) == len(rows) > 0
    names = {row["id"]: row["name"] for row in coco.dataset["categories"]}
    for instance, row in zip(frame.instances, rows, strict=True):
        mask = instance.mask()
        assert mask.dtype == np.bool_
        assert np.array_equal(mask, coco.annToMask(row))
        x0, y0, x1, y1 = instance.box
        assert [x0, y0, x1 - x0, y1 - y0] == row["bbox"]
        assert np.array_equal(np.argwhere(mask).min(axis=0), [y0, x0])
        assert np.array_equal(np.argwhere(mask).max(axis=0) + 1, [y1, x1])
        assert instance.area == row["area"] == mask.sum()
        assert instance.rle == row["segmentation"]["counts"]
        assert (instance.name, instance.category_id) == (row["name"], row["category_id"])
        assert instance.category == names[instance.category_id]


@given(
    st_numpy.arrays(
        np.bool_, st_numpy.array_shapes(min_dims=2, max_dims=2, max_side=12), elements=st.sampled_from([False, True])
    )
)
def test_any_mask(pixels: npt.NDArray[np.bool_]) -> None:
    for mask in find_masks(pixels.astype(np.uint32)):
        place = Place(open_records(DatasetFolder(Path())), "", *pixels.shape, {}, {}, {}, {})
        seen = seen_instance(plain_instance(mask=mask), place)
        expected = coco_mask.decode({"size": list(pixels.shape), "counts": mask.rle})
        assert np.array_equal(seen.mask(), expected)
        assert np.array_equal(seen.mask(), pixels)
        flat = [polygon.ravel().tolist() for polygon in seen.polygons()]
        drawn = coco_mask.merge(coco_mask.frPyObjects(flat, *pixels.shape))
        assert np.array_equal(coco_mask.decode(drawn), expected)


def test_what_records_say_of_instances(tmp_path: Path) -> None:
    amodal = Amodal(find_masks(np.ones((48, 64), np.uint32))[0].rle, Box(-3, 0, 64, 48), 4000, 3072, 5)
    pose, camera = plain_pose(3.0), plain_camera()
    thing = plain_instance(
        "Car", "car", (2, 7), at_border=True, pose=pose, keypoints=(ABSENT,), amodal=amodal, track_id=77
    )
    region = plain_instance("Crowd", "", (3,))
    frame = one_frame(
        tmp_path,
        sequence="a",
        categories=(Category("car", 9),),
        instances=(thing, plain_instance("Car.001", "car")),
        ignored=(region,),
        camera=camera,
        unit_scale=0.1,
        notes=("A note",),
    )
    assert (frame.path, frame.name, frame.sequence) == ("a/shot_0001", "shot_0001", "a")
    assert (frame.camera, frame.unit_scale, frame.notes) == (camera, 0.1, ("A note",))
    car, other = frame.instances
    assert (car.pose, car.keypoints, car.amodal, car.track_id, car.labels) == (pose, (ABSENT,), amodal, 77, (2, 7))
    assert (car.at_border, car.category_id, car.instance) == (True, 9, thing)
    assert car.amodal_mask().all()
    assert (other.pose, other.keypoints, other.amodal, other.track_id, other.parts) == (None, None, None, None, ())
    assert [(one.name, one.category, one.box) for one in frame.ignored] == [("Crowd", "", region.mask.box)]
    for missing, sentence in ((other.amodal_mask, "no amodal mask"), (other.soft_mask, "no soft mask")):
        with pytest.raises(InputError, match=rf"'Car\.001' in frame a/shot_0001 has {sentence}; .* again"):
            missing()


@pytest.fixture
def with_parts(rendered_of: Any, tmp_path: Path) -> Dataset:
    """A dataset with parts and soft masks."""
    (rendered, _) = rendered_of("4.5", "multilayer")
    settings = {"labels": LabelSource.CRYPTO_OBJECT, "parts": Parts.MATERIAL, "soft_masks": True}
    annotate(plain_job(rendered_frame(rendered), tmp_path, **settings))
    merged(tmp_path)
    return open_dataset(tmp_path)


def test_parts_and_soft_masks(with_parts: Dataset) -> None:
    """Those of the COCO file, put into the image as docs/formats.md says."""
    coco = COCO(DatasetFolder(with_parts.path).instances)
    (frame,) = with_parts.frames()
    names = {row["id"]: row["name"] for row in coco.dataset["part_categories"]}
    assert {one.name: one.id for one in with_parts.part_categories} == {name: id for id, name in names.items()}
    parts = 0
    for instance, row in zip(frame.instances, coco.dataset["annotations"], strict=True):
        for part, part_row in zip(instance.parts, row["parts"], strict=True):
            assert np.array_equal(part.mask(), coco_mask.decode(part_row["segmentation"]))
            assert (part.name, part.part_category_id) == (part_row["name"], part_row["part_category_id"])
            assert part.category == names[part.part_category_id]
            parts += 1
        x, y, width, height = row["soft_mask"]["bbox"]
        full = np.zeros((frame.height, frame.width), np.uint8)
        with np.load(with_parts.path / row["soft_mask"]["file_name"]) as arrays:
            full[y : y + height, x : x + width] = arrays[row["soft_mask"]["array"]]
        assert np.array_equal(instance.soft_mask(), full)
        assert instance.soft_mask().dtype == np.uint8
    assert parts > 2


def test_former_soft_masks(with_parts: Dataset) -> None:
    (frame,) = with_parts.frames()
    expected = [one.soft_mask() for one in frame.instances]
    with_former_soft_masks(with_parts.path, frame.path)
    (again,) = open_dataset(with_parts.path).frames()
    assert again.instances[0].instance.soft_mask.array is None
    assert all(np.array_equal(one.soft_mask(), mask) for one, mask in zip(again.instances, expected, strict=True))


def test_soft_masks_that_were_made_anew(with_parts: Dataset) -> None:
    """Also while a frame is at hand: its file is read again."""
    (frame,) = with_parts.frames()
    (first, *_) = frame.instances
    before, path = first.soft_mask(), with_parts.path / first.instance.soft_mask.file
    with np.load(path) as archive:
        arrays = {name: array // 2 for name, array in archive.items()}
    path.unlink()
    np.savez_compressed(path, **arrays)
    assert np.array_equal(first.soft_mask(), before // 2)


NO_MASKS = r"soft_masks/.* cannot be read \(.*\); annotate the frame again"


def test_damaged_former_soft_masks(with_parts: Dataset) -> None:
    (path,) = (frame.path for frame in with_parts.frames())
    with_former_soft_masks(with_parts.path, path)
    (frame,) = open_dataset(with_parts.path).frames()
    first, second, third = (instance for instance in frame.instances[:3])
    files = [with_parts.path / one.instance.soft_mask.file for one in (first, second, third) if one.instance.soft_mask]
    files[0].unlink()
    files[1].write_bytes(b"no picture")
    Image.new("L", (1, 1)).save(files[2])
    for instance in (first, second, third):
        with pytest.raises(InputError, match=NO_MASKS):
            instance.soft_mask()


def test_damaged_soft_masks(with_parts: Dataset) -> None:
    """Whatever bit is wrong, a mask is as it was or refused; and so it is where the file is cut off or gone."""
    (frame,) = with_parts.frames()
    (first, *_) = frame.instances
    expected, path = first.soft_mask(), with_parts.path / first.instance.soft_mask.file
    whole, refused = path.read_bytes(), 0
    rng = np.random.default_rng(1)
    for place in rng.permutation(len(whole))[:400].tolist():
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1 << rng.integers(8)]) + whole[place + 1 :])
        try:
            assert np.array_equal(first.soft_mask(), expected)
        except InputError as error:
            assert re.fullmatch(NO_MASKS, str(error))
            refused += 1
    assert 10 < refused < 400
    for damaged in (b"", b"no archive", whole[:-30], whole[len(whole) // 2 :]):
        path.write_bytes(damaged)
        with pytest.raises(InputError, match=NO_MASKS):
            first.soft_mask()
    path.unlink()
    with pytest.raises(InputError, match=NO_MASKS):
        first.soft_mask()


def test_damaged_masks(tmp_path: Path) -> None:
    """Whose counts are none, or are those of another size."""
    whole = find_masks(np.ones((4, 4), np.uint32))[0].rle
    soft = SoftMask("soft_masks/x.png", Box(0, 0, 1, 1))
    for rle in (whole, "\x7f", ""):
        amodal = Amodal(rle, Box(0, 0, 1, 1), 1, 1, 1)
        bad = plain_instance(mask=plain_mask(rle=rle), amodal=amodal, soft_mask=soft)
        frame = one_frame(tmp_path, categories=(Category("thing"),), instances=(bad,))
        instance = frame.instances[0]
        for decode in (instance.mask, instance.polygons, instance.amodal_mask):
            with pytest.raises(RecordError, match=r"shot_0001\.json is damaged; annotate the frame again"):
                decode()


def test_images(tmp_path: Path) -> None:
    """PNG and JPEG, grey ones too, are RGB; what is not the image of the record is an error."""
    pixels = np.random.default_rng(1).integers(0, 256, (48, 64, 3), np.uint8)
    frame = one_frame(tmp_path, colour={"made_by": "labelpass"})
    path = tmp_path / "images/shot_0001.png"
    assert frame.image_file == path
    with pytest.raises(InputError, match=r"shot_0001\.png cannot be read .*; export the frame again"):
        frame.image()
    path.parent.mkdir()
    Image.fromarray(pixels).save(path)
    assert np.array_equal(frame.image(), pixels)
    Image.fromarray(pixels[..., 0]).save(path)
    assert np.array_equal(frame.image(), np.repeat(pixels[..., :1], 3, axis=2))
    Image.fromarray(pixels[:, :32]).save(path)
    with pytest.raises(InputError, match=r"has 32 x 48 pixels, but the record says 64 x 48; annotate the frame again"):
        frame.image()
    path.write_bytes(b"no picture")
    with pytest.raises(InputError, match=r"shot_0001\.png cannot be read"):
        frame.image()


def test_frame_without_an_image(rendered_of: Any, tmp_path: Path) -> None:
    (rendered, _) = rendered_of("4.5", "multilayer")
    annotate(plain_job(rendered_frame(rendered), tmp_path, image_format=ImageFormat.NONE))
    (frame,) = open_dataset(tmp_path).frames()
    assert frame.instances
    with pytest.raises(InputError, match=r"was annotated without a training image; .*\(--image-format png\)"):
        frame.image()
