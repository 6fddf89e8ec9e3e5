"""The whole way from rendered files to COCO against slow references that look at one object, one pixel at a time."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from pycocotools.coco import COCO

from core.annotate.annotate import annotate
from core.settings.render_pass import Pass
from core.settings.settings import LabelSource
from tests.builders import NO_IMAGES, plain_job, rendered_frame
from tests.core.datasets import write_coco_file

Masks = dict[int, npt.NDArray[np.bool_]]

INDEX_PASSES = (Pass.OBJECT_INDEX, Pass.MATERIAL_INDEX)


def masks_of_index(values: npt.NDArray[Any]) -> Masks:
    """The way of the blog posts: `==` once for each object."""
    found = sorted({float(value) for row in values for value in row if value != 0})
    return {int(index): values == index for index in found}


def masks_of_cryptomatte(ranks: list[tuple[npt.NDArray[Any], npt.NDArray[Any]]]) -> Masks:
    """The id with the largest coverage, by a dictionary for each pixel."""
    height, width = ranks[0][0].shape
    masks: Masks = {}
    for row in range(height):
        for column in range(width):
            coverage_of: dict[int, float] = {}
            for ids, coverages in ranks:
                id = int(ids[row, column].view(np.uint32))
                if id != 0:
                    coverage_of[id] = coverage_of.get(id, 0.0) + float(coverages[row, column])
            if not coverage_of:
                continue
            # max() takes the first of equals, and a dictionary keeps the order of the ranks.
            strongest = max(coverage_of, key=lambda id: coverage_of[id])
            if coverage_of[strongest] >= 1.0 - sum(coverage_of.values()):
                masks.setdefault(strongest, np.zeros((height, width), dtype=bool))[row, column] = True
    return masks


def id_in_manifest(manifest: str, name: str) -> int:
    """The eight digits that follow a name."""
    (rest,) = manifest.split(f'"{name}":"')[1:]
    return int(rest[:8], 16)


def export(output: Path, *frames, labels: LabelSource = LabelSource.AUTO) -> COCO:
    """The COCO file of rendered frames, read by pycocotools."""
    for rendered in frames:
        settings = {"labels": labels, "view_layer": rendered.view_layer, "view": rendered.view}
        annotate(plain_job(rendered_frame(rendered), output, **NO_IMAGES | settings))
    return COCO(write_coco_file(output).path)


def check(coco: COCO, expected: dict[str, npt.NDArray[np.bool_]], image_id: int = 1) -> None:
    """Every object of an image by name: mask, area and box, pixel by pixel."""
    (image,) = coco.loadImgs([image_id])
    annotations = coco.loadAnns(coco.getAnnIds(imgIds=[image_id]))
    assert sorted(annotation["name"] for annotation in annotations) == sorted(expected)
    for annotation in annotations:
        pixels = expected[annotation["name"]]
        assert (image["height"], image["width"]) == pixels.shape
        assert np.array_equal(coco.annToMask(annotation).astype(bool), pixels), annotation["name"]
        assert annotation["area"] == np.count_nonzero(pixels)
        rows, columns = np.where(pixels)
        x, y = columns.min(), rows.min()
        assert annotation["bbox"] == [x, y, columns.max() - x + 1, rows.max() - y + 1]


@pytest.fixture
def reference(independent, read_exr, facts_of):
    """(rendered, pass) -> name and mask of every object, by the slow ways above."""

    def make(rendered, pass_: Pass) -> dict[str, npt.NDArray[np.bool_]]:
        if pass_ in INDEX_PASSES:
            masks = masks_of_index(independent(rendered, pass_, "X"))
            return {f"index_{index}": pixels for index, pixels in masks.items()}
        ranks = [
            (independent(rendered, pass_, id, rank), independent(rendered, pass_, coverage, rank))
            for rank in range(3)
            for id, coverage in ("RG", "BA")
        ]
        facts = facts_of(rendered.version)
        names = {
            Pass.CRYPTO_OBJECT: facts["fixtures"][rendered.fixture]["objects"],
            Pass.CRYPTO_MATERIAL: facts["materials"],
            Pass.CRYPTO_ASSET: {thing["asset"] for thing in facts["objects"]},
        }[pass_]
        title = {Pass.CRYPTO_OBJECT: "Object", Pass.CRYPTO_MATERIAL: "Material", Pass.CRYPTO_ASSET: "Asset"}[pass_]
        wanted = ".".join(filter(None, (rendered.view_layer, f"Crypto{title}")))
        header = read_exr(rendered.files[0].path)[0].header
        (key,) = [key for key, value in header.items() if key.startswith("cryptomatte/") and value == wanted]
        manifest = header[key.removesuffix("name") + "manifest"]
        name_of = {id_in_manifest(manifest, name): name for name in names}
        return {name_of[id]: pixels for id, pixels in masks_of_cryptomatte(ranks).items()}

    return make


def test_equals_slow_reference(rendered, label_pass, reference, tmp_path: Path) -> None:
    expected = reference(rendered, label_pass)
    assert len(expected) >= 3  # else there would be nothing to compare

    check(export(tmp_path, rendered, labels=LabelSource(label_pass.value)), expected)


def test_automatic_labels(rendered, reference, tmp_path: Path) -> None:
    """Object Index where there is one, else Cryptomatte Object."""
    pass_ = Pass.OBJECT_INDEX if Pass.OBJECT_INDEX in rendered.passes else Pass.CRYPTO_OBJECT

    check(export(tmp_path, rendered), reference(rendered, pass_))


def test_several_frames_in_one_file(version: str, rendered_of, reference, tmp_path: Path) -> None:
    """Each image keeps its own annotations, and their ids differ; the second frame is annotated first."""
    frames = rendered_of(version, "multilayer")
    assert [frame.frame for frame in frames] == [1, 2]

    coco = export(tmp_path, *reversed(frames))

    assert [(image["id"], image["frame"]) for image in coco.loadImgs(coco.getImgIds())] == [(1, 1), (2, 2)]
    check(coco, reference(frames[0], Pass.OBJECT_INDEX), image_id=1)
    check(coco, reference(frames[1], Pass.OBJECT_INDEX), image_id=2)
    assert len(set(coco.getAnnIds())) == len(coco.dataset["annotations"])
