"""Settings: their JSON, what depends on them, and what is said of wrong ones."""

import dataclasses
import json
import os
from enum import Enum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.base.errors import UsageError
from core.settings.export_table import ExportFormat
from core.settings.format_table import CAMERA_FORMATS, DatasetFormat
from core.settings.map_table import DenseMap
from core.settings.render_pass import LABEL_PASSES, Pass
from core.settings.settings import (
    AtBorder,
    CocoMasks,
    Grouping,
    Ignored,
    ImageFormat,
    ImageFrom,
    Instancing,
    LabelSource,
    Media,
    Parts,
    Settings,
    SplitBy,
)

FIELDS = dataclasses.fields(Settings)

ALL_SETTINGS = st.builds(
    Settings,
    labels=st.sampled_from(LabelSource),
    grouping=st.sampled_from(Grouping),
    instancing=st.sampled_from(Instancing),
    ignored=st.sampled_from(Ignored),
    min_area=st.integers(0, 1000),
    min_side=st.integers(0, 1000),
    min_visibility=st.floats(0, 1),
    at_border=st.sampled_from(AtBorder),
    cryptomatte=st.text(),
    parts=st.sampled_from(Parts),
    soft_masks=st.booleans(),
    amodal=st.booleans(),
    poses=st.booleans(),
    view_layer=st.text(),
    view=st.text(),
    all_view_layers=st.booleans(),
    all_views=st.booleans(),
    all_scenes=st.booleans(),
    image_format=st.sampled_from(ImageFormat),
    image_from=st.sampled_from(ImageFrom),
    pictures=st.booleans(),
    maps=st.sets(st.sampled_from(DenseMap)).map(lambda some: tuple(map for map in DenseMap if map in some)),
    cameras=st.sets(st.sampled_from(CAMERA_FORMATS)).map(
        lambda some: tuple(one for one in CAMERA_FORMATS if one in some)
    ),
    formats=st.sets(st.sampled_from(ExportFormat)).map(lambda some: tuple(one for one in ExportFormat if one in some)),
    splits=st.text(),
    split_by=st.sampled_from(SplitBy),
    split_seed=st.integers(0, 1000),
    media=st.sampled_from(Media),
    coco_masks=st.sampled_from(CocoMasks),
    scored_category=st.text(),
    fps=st.floats(1e-3, 1000),
    depth_scale=st.floats(1e-6, 1.0),
    workers=st.integers(0, 1000),
    hung_after=st.integers(0, 1000),
    redo=st.booleans(),
)

# Another value for each setting; a new one has to be added here.
OTHER = {
    "labels": LabelSource.CRYPTO_ASSET,
    "grouping": Grouping.PARENT,
    "ignored": Ignored.CROWD,
    "min_area": 20,
    "min_side": 3,
    "min_visibility": 0.25,
    "at_border": AtBorder.MARK,
    "instancing": Instancing.OFF,
    "cryptomatte": "uCryptoObject",
    "parts": Parts.MATERIAL,
    "soft_masks": True,
    "amodal": True,
    "poses": True,
    "view_layer": "Labels.v2",
    "view": "right",
    "all_view_layers": True,
    "all_views": True,
    "all_scenes": True,
    "image_format": ImageFormat.JPEG,
    "image_from": ImageFrom.RENDER_LAYER,
    "pictures": False,
    "maps": (DenseMap.DEPTH_PNG,),
    "depth_scale": 0.002,
    "flow_step": -3,
    "cameras": (DatasetFormat.NERF,),
    "formats": (ExportFormat.YOLO_DETECT,),
    "splits": "train=1",
    "split_by": SplitBy.SEQUENCE,
    "split_seed": 5,
    "media": Media.COPY,
    "coco_masks": CocoMasks.POLYGONS,
    "scored_category": "person",
    "fps": 30.0,
    "workers": 3,
    "hung_after": 20,
    "redo": True,
}


@given(ALL_SETTINGS)
def test_json_and_back(settings: Settings) -> None:
    again = Settings.from_json(json.loads(json.dumps(settings.as_json())))

    assert again == settings
    # Equal as strings, so make sure that they are choices and not just text.
    assert isinstance(again.labels, LabelSource)
    assert isinstance(again.image_format, ImageFormat)


def test_what_is_left_out_is_the_default() -> None:
    assert Settings.from_json({}) == Settings()
    assert Settings.from_json({"view": "left"}) == Settings(view="left")


def test_json_is_plain() -> None:
    """Choices as their values: what goes into files must not be an enum's name."""
    for value in Settings(maps=tuple(DenseMap)).as_json().values():
        for one in value if isinstance(value, list) else [value]:
            assert not isinstance(one, Enum)
    assert Settings().as_json()["labels"] == "auto"


@pytest.mark.parametrize("name", [field.name for field in FIELDS])
def test_what_makes_a_record_out_of_date(name: str) -> None:
    """A frame is done again for every setting that changes its record, its image or its pictures."""
    changed = Settings(**{name: OTHER[name]})
    assert changed != Settings()

    shapes_nothing = ["workers", "hung_after", "redo", "all_views", "all_scenes", "cameras"]
    shapes_nothing += ["formats", "splits", "split_by", "split_seed", "media", "coco_masks", "scored_category", "fps"]
    assert (changed.shaping_records() == Settings().shaping_records()) == (name in shapes_nothing)


def test_unknown_setting_lists_those_there_are() -> None:
    with pytest.raises(UsageError) as caught:
        Settings.from_json({"label": "auto"})
    for name in ("'label'", *(field.name for field in FIELDS)):
        assert name in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("labels", "Object Index"),
        ("labels", ""),
        ("labels", None),
        ("image_format", "tiff"),
        ("image_format", 5),
        ("workers", "many"),
        ("workers", None),
        ("workers", [2]),
        ("pictures", "no"),
        ("redo", None),
        ("maps", "depth_png"),
        ("maps", ["depth"]),
        ("maps", [["depth_png"]]),
        ("maps", None),
        ("depth_scale", "small"),
    ],
)
def test_impossible_value(name: str, value: object) -> None:
    with pytest.raises(UsageError) as caught:
        Settings.from_json({name: value})
    assert repr(name) in str(caught.value)
    assert repr(value) in str(caught.value)


@pytest.mark.parametrize("make", [lambda: Settings(workers=-1), lambda: Settings.from_json({"workers": -1})])
def test_negative_number_of_workers(make) -> None:
    with pytest.raises(UsageError, match="cannot be -1 workers; use 1 or more, or 0 for automatic"):
        make()


def test_negative_time_to_wait_for_workers() -> None:
    with pytest.raises(UsageError, match="hung after -1 seconds; use for example 300, or 0 for never"):
        Settings(hung_after=-1)


@pytest.mark.parametrize("scale", [0, 0.0, -0.001, float("nan"), float("inf")])
def test_depth_scale_that_is_none(scale: float) -> None:
    with pytest.raises(UsageError, match=r"use for example 0\.001 for steps of a millimetre"):
        Settings.from_json({"depth_scale": scale})


def test_several_choices_are_the_same_in_any_order() -> None:
    """Or a second run would do every frame again."""
    maps = ["flow_forward_flo", "depth_png", "depth_png"]
    assert Settings.from_json({"maps": maps}).maps == (DenseMap.DEPTH_PNG, DenseMap.FLOW_FORWARD_FLO)


@pytest.mark.parametrize(("cores", "workers"), [(None, 1), (1, 1), (2, 2), (8, 8), (128, 8)])
def test_automatic_number_of_workers(monkeypatch: pytest.MonkeyPatch, cores: int | None, workers: int) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: cores)

    assert Settings().worker_count == workers
    assert Settings(workers=20).worker_count == 20


def test_label_sources_are_passes() -> None:
    """Each but the automatic one is a pass of the same name and title: messages speak of one in terms of the other."""
    sources = [source for source in LabelSource if source is not LabelSource.AUTO]

    assert {Pass(source.value) for source in sources} == set(LABEL_PASSES)
    for source in sources:
        assert source.label == Pass(source.value).title


def test_texts_are_those_of_an_interface() -> None:
    """Blender's way: a title, and a sentence without a full stop."""
    texts = [(field.metadata["label"], field.metadata["help"]) for field in FIELDS]
    texts += [
        (choice.label, choice.help)
        for choice in (*LabelSource, *Grouping, *AtBorder, *ImageFormat, *DenseMap, *DatasetFormat)
    ]
    for label, help in texts:
        assert label
        assert label[0].isupper()
        assert len(help) > len(label) / 2
        assert not help.endswith(".")


def test_suffix_of_images() -> None:
    assert {format.name: format.suffix for format in ImageFormat} == {
        "PNG": ".png", "JPEG": ".jpg", "WEBP": ".webp", "NONE": ".png",
    }  # fmt: skip


def test_choices_are_their_values() -> None:
    """As text on the command line and in messages."""
    assert str(LabelSource.CRYPTO_OBJECT) == f"{LabelSource.CRYPTO_OBJECT}" == "crypto_object"
    assert LabelSource("crypto_object") is LabelSource.CRYPTO_OBJECT


@pytest.mark.parametrize("value", [-0.1, 1.01, 40.0, float("nan")])
def test_a_part_is_between_nothing_and_all(value: float) -> None:
    with pytest.raises(UsageError, match=r"min_visibility cannot be .* use a number from 0"):
        Settings(min_visibility=value)


def test_who_needs_all_of_an_instance() -> None:
    assert not Settings().needs_amodal
    assert Settings(amodal=True).needs_amodal
    assert Settings(min_visibility=0.01).needs_amodal


def test_which_settings_need_every_surface() -> None:
    assert not Settings(maps=(DenseMap.DEPTH_NPY, DenseMap.FLOW_FORWARD_NPY)).needs_every_surface
    assert Settings(amodal=True).needs_every_surface
    for map in (DenseMap.SURFACES_NPZ, DenseMap.FLOW_STEP_PNG, DenseMap.OCCLUSION_STEP_PNG):
        assert Settings(maps=(map,)).needs_every_surface


def test_a_flow_step_of_0_leads_nowhere() -> None:
    with pytest.raises(UsageError, match="use for example 2 for two frames ahead"):
        Settings(flow_step=0)
