"""Settings that cannot work together are reported before any frame; all others are left alone."""

import dataclasses
import itertools
import re

import pytest

from core.base.errors import SceneError, UsageError
from core.base.phrases import listed
from core.settings.conflicts import check_together, check_without_scene_records, contradictions
from core.settings.export_table import ExportFormat
from core.settings.map_table import DenseMap
from core.settings.settings import LabelSource, Settings

INDICES = (LabelSource.OBJECT_INDEX, LabelSource.MATERIAL_INDEX)
OF_OBJECTS = (LabelSource.AUTO, LabelSource.OBJECT_INDEX, LabelSource.CRYPTO_OBJECT)


def test_defaults_agree_with_every_source() -> None:
    for source in LabelSource:
        check_together(Settings(labels=source))


@pytest.mark.parametrize("source", LabelSource)
def test_soft_masks_and_names_of_cryptomattes(source: LabelSource) -> None:
    for settings in (Settings(labels=source, soft_masks=True), Settings(labels=source, cryptomatte="mattes")):
        assert len(list(contradictions(settings))) == (source in INDICES)


@pytest.mark.parametrize("source", LabelSource)
@pytest.mark.parametrize(
    ("name", "wanted"),
    [("Poses", {"poses": True}), ("Amodal", {"amodal": True}), ("Minimum Visibility", {"min_visibility": 0.5})],
)
def test_what_only_objects_have(source: LabelSource, name: str, wanted: dict[str, object]) -> None:
    found = list(contradictions(Settings(labels=source, **wanted)))

    assert len(found) == (source not in OF_OBJECTS)
    for sentence in found:
        assert sentence.startswith(name) and source.label in sentence
        assert ("for assets" in sentence) == (source is LabelSource.CRYPTO_ASSET)


def test_nocs_goes_by_poses() -> None:
    maps = (DenseMap.DEPTH_NPY, DenseMap.NOCS_PNG)
    assert [sentence.partition(" ")[0] for sentence in contradictions(Settings(maps=maps))] == ["NOCS"]
    assert list(contradictions(Settings(maps=maps, poses=True))) == []


def test_what_formats_need_of_settings() -> None:
    chosen = Settings(formats=(ExportFormat.YOLO_DEPTH,), splits="train=1")

    assert list(contradictions(chosen)) == [
        "The format yolo_depth needs the splits train and val, and there is no val; give splits such as "
        "train=80,val=20 (--splits)",
        "YOLO Depth needs a depth PNG; choose the map Depth as PNG (--maps depth_png) and annotate again, or leave "
        "YOLO Depth out",
    ]
    assert list(contradictions(dataclasses.replace(chosen, splits="Train=1,valid=1", maps=(DenseMap.DEPTH_PNG,)))) == []


@pytest.mark.parametrize("format", ExportFormat)
def test_formats_can_be_chosen(format: ExportFormat) -> None:
    check_together(Settings(formats=(format,), poses=True, amodal=True, maps=(DenseMap.DEPTH_PNG,)))


def test_the_first_is_the_error() -> None:
    settings = Settings(labels=LabelSource.MATERIAL_INDEX, soft_masks=True, poses=True, amodal=True)
    soft_masks, of_objects = contradictions(settings)
    assert of_objects == (
        "Poses and 3D Boxes and Amodal Masks are not available for materials, which Material Index labels; set Label "
        "Pass to Cryptomatte Object, or do without them"
    )
    with pytest.raises(UsageError, match=f"^{re.escape(soft_masks)}$"):
        check_together(settings)


@pytest.mark.parametrize(
    ("settings", "names"),
    [
        (Settings(poses=True), "Poses and 3D Boxes"),
        (Settings(poses=True, amodal=True, min_visibility=0.1), "Poses and 3D Boxes, Amodal Masks and Minimum Visib"),
        (Settings(maps=(DenseMap.DEPTH_PNG, DenseMap.NORMALS_NPY)), "Normals NPY"),
    ],
)
def test_without_scene_records(settings: Settings, names: str) -> None:
    with pytest.raises(SceneError, match=rf"^{names}.* not available without .*none in out/scenes; .*--scene$"):
        check_without_scene_records(settings, "out/scenes")


def test_what_the_files_alone_give() -> None:
    maps = tuple(map for map in DenseMap if not map.kind.needs_camera)
    check_without_scene_records(Settings(maps=maps, soft_masks=True, pictures=True), "out/scenes")


def test_names_in_words() -> None:
    names = ["a", "b", "c", "d"]
    texts = [listed(names[:count]) for count in range(5)]
    assert texts == ["", "a", "a and b", "a, b and c", "a, b, c and d"]
    assert all(len(one) < len(other) for one, other in itertools.pairwise(texts))
