"""Parts of instances: where two label images meet, judged pixel by pixel and by pycocotools."""

import dataclasses
import json
import subprocess
import sys
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
from core.annotate.parts import cross_runs, find_parts
from core.base.box import Box
from core.base.errors import PassError, RecordError
from core.exr.cryptomatte import hash_name
from core.exr.passes import Passes
from core.labels.label_image import LabelImage
from core.masks.runs import find_runs
from core.records.frame_record import FrameRecord
from core.records.record_files import read_record_file
from core.scene.scene_record import SceneEntries, SceneEntry, SceneRecord, scene_path
from core.settings.category_table import Category
from core.settings.render_pass import PassFile
from core.settings.settings import Grouping, Ignored, ImageFormat, LabelSource, Parts
from tests.builders import NO_IMAGES, entries_of, plain_job, plain_scene, rendered_frame, write_record
from tests.core.datasets import write_coco_file

Array = npt.NDArray[Any]
EXAMPLE = Path(__file__).resolve().parents[3] / "examples/parts_and_soft_masks.py"

# --- Where the runs of two label images meet --------------------------------------------------------------------------

SHAPES = st.tuples(st.integers(1, 7), st.integers(1, 7))
LABELS = st.sampled_from([0, 0, 1, 2, 0x10000, 0xFFFFFFFF])
PAIRS = SHAPES.flatmap(lambda shape: st.tuples(*[st_numpy.arrays(np.uint32, shape, elements=LABELS)] * 2))


@given(PAIRS)
def test_every_pixel_where_both_have_a_label(pair: tuple[Array, Array]) -> None:
    one, other = pair

    runs, pairs = cross_runs(find_runs(one), find_runs(other))

    assert pairs == sorted({(int(a), int(b)) for a, b in zip(one.flat, other.flat, strict=True) if a and b})
    number_of = {pair: number for number, pair in enumerate(pairs, start=1)}
    expected = [
        [number_of.get((int(a), int(b)), 0) for a, b in zip(*rows, strict=True)]
        for rows in zip(one, other, strict=True)
    ]
    assert runs.image().tolist() == expected
    assert [mask.area for mask in runs.masks()] == [np.count_nonzero(runs.image() == n) for n in number_of.values()]


@given(PAIRS)
def test_image_of_runs(pair: tuple[Array, Array]) -> None:
    for labels in pair:
        image = find_runs(labels).image()
        assert image.dtype == np.uint32
        assert np.array_equal(image, labels)


@given(PAIRS)
def test_parts_of_made_up_images(pair: tuple[Array, Array]) -> None:
    """Each part's mask by pycocotools; labels with one name are one part."""
    one, other = pair
    image = LabelImage(other, LabelSource.CRYPTO_MATERIAL, {1: "Paint", 2: "Rubber", 0x10000: "Rubber"})

    instances = LabelImage(one, LabelSource.OBJECT_INDEX, {})
    image = dataclasses.replace(image, strength=np.ones(other.shape, np.float32))
    found, categories, notes = find_parts(find_runs(one), instances, image, None)

    assert set(found) == {int(label) for label in np.unique(one) if label}
    names = {1: "Paint", 2: "Rubber", 0x10000: "Rubber", 0xFFFFFFFF: "ffffffff"}
    for instance, parts in found.items():
        there = {names[int(label)] for label in np.unique(other[one == instance]) if label}
        assert [part.name for part in parts] == sorted(there)
        for part in parts:
            labels = [label for label, name in names.items() if name == part.name]
            assert set(part.labels) <= set(labels)
            pixels = (one == instance) & np.isin(other, labels)
            rle = coco_mask.encode(np.asfortranarray(pixels.astype(np.uint8)))
            assert part.mask.rle == rle["counts"].decode()
            assert part.mask.area == pixels.sum()
            x, y, width, height = map(int, coco_mask.toBbox(rle))
            assert part.mask.box == Box(x, y, x + width, y + height)
    used = {int(label) for label in np.unique(other[one > 0]) if label}
    assert {category.name for category in categories} == {names[label] for label in used}
    assert notes == []


@pytest.mark.parametrize(
    ("instance", "part", "expected"),
    [
        # The middle pixel is 0.6 of the instance, and 0.35 of the neighbour's material next to its own two of 0.3.
        ([1, 0.6, 0.5], [1, 0.35, 1], ["Paint"]),
        # There the instance covers all of it, so whatever is seen is on the instance.
        ([1, 1, 0.5], [1, 0.35, 1], ["Paint", "Rubber"]),
        ([1, 0.7, 0.5], [1, 0.5, 1], ["Paint", "Rubber"]),
        # Nothing is certain about an instance this thin, so what is seen is taken.
        ([0.6, 0.6, 0.5], [0.3, 0.35, 1], ["Paint", "Rubber"]),
        # A pass index says nothing of coverage.
        (None, [1, 0.9, 1], ["Paint"]),
        (None, [1, 1, 1], ["Paint", "Rubber"]),
        ([1, 0.6, 0.5], None, ["Paint"]),
        (None, None, ["Paint", "Rubber"]),
    ],
)
def test_material_of_a_neighbour_is_no_part(
    instance: list[float] | None, part: list[float] | None, expected: list[str]
) -> None:
    """Outlines run through the middle one of three pixels; the last one is another instance."""
    image = LabelImage(np.array([[1, 1, 2]], np.uint32), LabelSource.CRYPTO_OBJECT, {}, strength=row_of(instance))
    names = {7: "Paint", 8: "Rubber"}
    parts = LabelImage(np.array([[7, 8, 8]], np.uint32), LabelSource.CRYPTO_MATERIAL, names, strength=row_of(part))

    found, categories, _ = find_parts(find_runs(image.labels), image, parts, None)

    assert [one.name for one in found[1]] == expected
    assert [one.mask.area for one in found[1]] == [1] * len(expected)
    assert [one.name for one in found[2]] == ["Rubber"]
    assert len(categories) == 2


def row_of(values: list[float] | None) -> Array | None:
    return None if values is None else np.array([values], np.float32)


# --- From rendered files ----------------------------------------------------------------------------------------------


def annotated(rendered, output: Path, scene: SceneRecord | None = None, **settings: Any) -> FrameRecord:
    if scene:
        scene.write(scene_path(output, "s"))
    path = scene_path(output, "s") if scene else None
    job = plain_job(rendered_frame(rendered, "f"), output, path, **NO_IMAGES | settings)
    record = annotate(job)
    assert job.finished_record() == record == read_record_file(output / "records/f.json")
    return record


def pixels_of(rle: str) -> Array:
    return coco_mask.decode({"size": [48, 64], "counts": rle.encode()}).astype(bool)


def test_materials_of_rendered_objects(version: str, rendered_of, facts, tmp_path: Path) -> None:
    """Each object of the scene has one material: nearly all of it is that part, and parts never leave the instance."""
    material_of = {thing["name"]: thing["material"] for thing in facts["objects"]}
    for name in ("multilayer", "crypto_only"):
        rendered = rendered_of(version, name)[0]
        record = annotated(rendered, tmp_path, labels=LabelSource.CRYPTO_OBJECT, parts=Parts.MATERIAL)
        assert {category.name for category in record.part_categories} == {"Red", "Green", "Blue", "Ochre", "Grey"}
        for one in record.instances:
            assert one.parts
            largest = max(one.parts, key=lambda part: part.mask.area)
            assert largest.name == material_of[one.name]
            covered = np.zeros((48, 64), int)
            for part in one.parts:
                covered += pixels_of(part.mask.rle)
            assert covered.max() == 1, "parts do not overlap"
            assert not (covered.astype(bool) & ~pixels_of(one.mask.rle)).any()
            if one.mask.area > 40:
                assert largest.mask.area > 0.85 * one.mask.area


def test_objects_of_an_asset(version: str, rendered_of, tmp_path: Path) -> None:
    """The tower and its roof are one asset of two objects."""
    (rendered,) = rendered_of(version, "crypto_only")
    record = annotated(rendered, tmp_path, labels=LabelSource.CRYPTO_ASSET, parts=Parts.OBJECT)
    alone = annotated(rendered, tmp_path, labels=LabelSource.CRYPTO_OBJECT)

    (tower,) = [one for one in record.instances if one.name == "Tower"]
    masks = {one.name: pixels_of(one.mask.rle) for one in alone.instances}
    whole = pixels_of(tower.mask.rle)
    assert [part.name for part in tower.parts] == ["Tower", "Tower.Roof"]
    for part in tower.parts:
        assert np.array_equal(pixels_of(part.mask.rle), masks[part.name] & whole)
    assert [part.labels for part in tower.parts] == [(hash_name("Tower"),), (hash_name("Tower.Roof"),)]


def scene_of(facts: dict[str, Any], **of_material: str | None) -> SceneRecord:
    """The rendered scene, its objects in one collection each, two materials with categories of their own."""
    objects = [
        SceneEntry(one["name"], one["pass_index"], "thing", collection="Tower" if "Tower" in one["name"] else "")
        for one in facts["objects"]
    ]
    materials = {"Red": "roofing", "Ochre": "brick", "Grey": None} | of_material
    return plain_scene(
        *objects,
        materials=entries_of(
            *(SceneEntry(name, 0, category) for name, category in materials.items()),
            categories=(Category("brick", 5, "stone"), Category("roofing")),
        ),
        collections=entries_of(SceneEntry("Tower", 0, "tower")),
    )


def test_from_the_scene_to_coco(rendered_of, facts_of, tmp_path: Path) -> None:
    """A group with parts by material: categories of parts have ids of their own, fixed ones first."""
    rendered = rendered_of("4.5", "multilayer")[0]
    settings = {"grouping": Grouping.COLLECTION, "parts": Parts.MATERIAL, "labels": LabelSource.OBJECT_INDEX}
    annotated(rendered, tmp_path, scene_of(facts_of("4.5")), **settings)
    write_coco_file(tmp_path)
    coco = COCO(tmp_path / "annotations/instances.json")

    rows = coco.dataset["part_categories"]
    assert {"id": 5, "name": "brick", "supercategory": "stone"} in rows
    ids = {row["name"]: row["id"] for row in rows}
    assert ids["roofing"] != 5 and ids["roofing"] > 0
    (tower,) = [one for one in coco.dataset["annotations"] if one["name"] == "Tower"]
    parts = {part["name"]: part for part in tower["parts"]}
    assert {name: part["part_category_id"] for name, part in parts.items() if name in ("Red", "Ochre")} == {
        "Red": ids["roofing"],
        "Ochre": 5,
    }
    assert "Grey" not in parts, "a material that is background is not a part"
    for part in parts.values():
        mask = coco_mask.decode({**part["segmentation"], "counts": part["segmentation"]["counts"].encode()})
        assert mask.sum() == part["area"] > 0
        assert not (mask & ~coco.annToMask(tower)).any()
        x, y, width, height = part["bbox"]
        assert mask[y : y + height, x : x + width].sum() == part["area"]
    assert parts["Red"]["area"] + parts["Ochre"]["area"] > 0.9 * tower["area"]


def test_example_reads_the_dataset(rendered_of, tmp_path: Path) -> None:
    """It knows pycocotools and the docs, and nothing of Labelpass."""
    (rendered,) = rendered_of("4.5", "crypto_only")
    settings = {"labels": LabelSource.CRYPTO_OBJECT, "image_format": ImageFormat.PNG, "soft_masks": True}
    annotated(rendered, tmp_path, parts=Parts.MATERIAL, **settings)
    write_coco_file(tmp_path)
    subprocess.run([sys.executable, str(EXAMPLE), str(tmp_path), str(tmp_path / "p.png")], check=True)

    with Image.open(tmp_path / "p.png") as picture, Image.open(tmp_path / "images/f.png") as image:
        assert picture.width > image.width
        left = np.asarray(picture)[:48, :64].astype(int)
        plain = np.asarray(image.convert("RGB")).astype(int)
    coloured = left.max(axis=2) - left.min(axis=2) > plain.max(axis=2) - plain.min(axis=2) + 40
    assert coloured.sum() > 500


def test_example_passes_over_regions_to_ignore(rendered_of, facts_of, tmp_path: Path) -> None:
    (rendered,) = rendered_of("4.5", "crypto_only")
    scene = scene_of(facts_of("4.5"))
    entries = tuple(dataclasses.replace(entry, ignored=entry.name == "Tower") for entry in scene.objects.entries)
    scene = dataclasses.replace(scene, objects=SceneEntries(scene.objects.categories, entries))
    settings = {"labels": LabelSource.CRYPTO_OBJECT, "image_format": ImageFormat.PNG, "ignored": Ignored.CROWD}
    command = [sys.executable, str(EXAMPLE), str(tmp_path), str(tmp_path / "p.png")]
    annotated(rendered, tmp_path, scene, soft_masks=True, parts=Parts.MATERIAL, **settings)
    write_coco_file(tmp_path)
    annotations = json.loads((tmp_path / "annotations/instances.json").read_text())["annotations"]
    assert {(one["iscrowd"], "parts" in one, "soft_mask" in one) for one in annotations} == {
        (0, True, True),
        (1, False, False),
    }
    subprocess.run(command, check=True)
    assert (tmp_path / "p.png").is_file()

    annotated(rendered, tmp_path, scene, soft_masks=True, **settings)
    write_coco_file(tmp_path)
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr == "This dataset has no parts or no soft masks; export it with Parts and Soft Masks on\n"


def test_objects_of_a_group_are_told_apart_whatever_they_share(rendered_of, facts_of, tmp_path: Path) -> None:
    """By parts each object stands for itself, also where instance_id makes them one instance."""
    rendered = rendered_of("4.5", "multilayer")[0]
    scene = scene_of(facts_of("4.5"))
    entries = tuple(
        dataclasses.replace(entry, instance_id="1" if "Tower" in entry.name else "") for entry in scene.objects.entries
    )
    scene = dataclasses.replace(scene, objects=SceneEntries(scene.objects.categories, entries))
    for labels in (LabelSource.OBJECT_INDEX, LabelSource.CRYPTO_OBJECT):
        record = annotated(rendered, tmp_path, scene, parts=Parts.OBJECT, labels=labels)
        (tower,) = [one for one in record.instances if one.name == "thing 1"]
        assert [part.name for part in tower.parts] == ["Tower", "Tower.Roof"]
        assert sum(part.mask.area for part in tower.parts) == tower.mask.area


def test_material_index_where_there_is_no_cryptomatte(rendered_of, facts_of, tmp_path: Path) -> None:
    (rendered,) = rendered_of("4.5", "fileoutput_multi")
    record = annotated(rendered, tmp_path, labels=LabelSource.CRYPTO_OBJECT, parts=Parts.MATERIAL)

    (near,) = [one for one in record.instances if one.name == "Ball.Near"]
    assert max(near.parts, key=lambda part: part.mask.area).name == "index_1"


def test_no_pass_for_parts(rendered_of, tmp_path: Path) -> None:
    (rendered,) = rendered_of("4.5", "halfdepth")
    with pytest.raises(PassError, match=r"no pass that separates parts by material; .* set Parts to None"):
        annotated(rendered, tmp_path, parts=Parts.MATERIAL)


def test_nothing_if_not_asked_for(rendered_of, tmp_path: Path) -> None:
    record = annotated(rendered_of("4.5", "multilayer")[0], tmp_path)
    write_coco_file(tmp_path)

    assert all(one.parts is None for one in record.instances)
    assert "part" not in json.dumps(COCO(tmp_path / "annotations/instances.json").dataset)


def test_records_that_contradict_each_other_over_parts(rendered_of, facts_of, tmp_path: Path) -> None:
    rendered = rendered_of("4.5", "multilayer")[0]
    scene = scene_of(facts_of("4.5"))
    record = annotated(rendered, tmp_path, scene, parts=Parts.MATERIAL)
    others = (one for one in record.part_categories if one.name != "brick")
    wrong = dataclasses.replace(record, name="g", part_categories=(Category("brick", 6, "stone"), *others))
    write_record(tmp_path, wrong)

    with pytest.raises(RecordError, match="'brick'"):
        write_coco_file(tmp_path)


def test_parts_come_from_the_layer_that_is_labelled(write_exr, tmp_path: Path) -> None:
    """Materials of another view layer say nothing about this one."""
    id = np.full((2, 2), 0x3F800001, np.uint32).view(np.float32)
    one = np.ones((2, 2), np.float32)

    def crypto(name: str) -> dict[str, Array]:
        return {f"{name}00.r": id, f"{name}00.g": one, f"{name}00.b": 0 * one, f"{name}00.a": 0 * one}

    path = write_exr(tmp_path / "a.exr", crypto("A.CryptoObject") | crypto("B.CryptoMaterial"))
    assert Passes([PassFile(path)]).view_layer == "A"
    job = plain_job(path, tmp_path, parts=Parts.MATERIAL, **NO_IMAGES)
    with pytest.raises(PassError, match="no pass that separates parts by material"):
        annotate(job)
