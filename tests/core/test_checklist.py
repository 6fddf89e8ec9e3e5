"""The checklist: each thing that can be wrong, alone, in a setup that is right otherwise."""

import dataclasses

import pytest

from core.checklist import (
    ExrOutput,
    Finding,
    Fix,
    RenderSetup,
    Status,
    ViewLayerSetup,
    check,
    label_pass,
    labelled_layer,
    needed_passes,
    part_pass,
)
from core.render_pass import Pass
from core.settings import ImageFormat, LabelSource, Parts, Settings

EEVEE = frozenset(Pass) - {Pass.OBJECT_INDEX, Pass.MATERIAL_INDEX, Pass.UV}
LAYER = ViewLayerSetup("ViewLayer", True, frozenset({Pass.COMBINED, Pass.DEPTH, Pass.OBJECT_INDEX}))
MULTILAYER = ExrOutput("", None, "ZIP", half=False)
GOOD = RenderSetup(
    engine="Cycles",
    engine_passes=None,
    view_layers=(LAYER,),
    objects=17,
    instances=17,
    indexed=True,
    clash="",
    shared="",
    outputs=(MULTILAYER,),
    file_format="OpenEXR MultiLayer",
    width=640,
    height=480,
    percentage=100,
    can_store=True,
    folder="/renders",
    folder_is_default=False,
    has_camera=True,
    motion_blur=False,
    sequencer=False,
    preview=False,
)
CRYPTO = ViewLayerSetup("ViewLayer", True, frozenset({Pass.COMBINED, Pass.DEPTH, Pass.CRYPTO_OBJECT}))
BARE = ViewLayerSetup("ViewLayer", True, frozenset({Pass.COMBINED}))
NODE = ExrOutput("Passes", CRYPTO.passes, "ZIP", half=False)


def findings(settings: Settings | None = None, from_files: bool = True, **changes: object) -> list[Finding]:
    return check(dataclasses.replace(GOOD, **changes), settings or Settings(), from_files)


def bad(settings: Settings | None = None, from_files: bool = True, **changes: object) -> list[Finding]:
    return [found for found in findings(settings, from_files, **changes) if found.status is not Status.GOOD]


def test_what_is_right_says_so_for_each_subject() -> None:
    assert [finding.text for finding in findings()] == [
        "Object Index tells objects apart",
        "Combined gives the images",
        "Depth gives the depth pictures",
        "Passes go to OpenEXR MultiLayer files",
        "Images have 640 x 480 pixels",
    ]
    assert bad() == []
    assert bad(view_layers=(CRYPTO,), indexed=False) == []
    assert bad(view_layers=(CRYPTO,), outputs=(NODE,), file_format="PNG") == []


@pytest.mark.parametrize(
    ("changes", "text", "fix"),
    [
        ({"has_camera": False}, "no camera", None),
        ({"view_layers": (dataclasses.replace(LAYER, used=False),)}, "'ViewLayer' is not rendered", Fix.USE_VIEW_LAYER),
        ({"sequencer": True}, "replaces the render", Fix.SEQUENCER),
        ({"objects": 0}, "nothing to label", None),
        (
            {"clash": "A and B share the pass index 3"},
            "A and B share the pass index 3 (Assign Indices does that)",
            None,
        ),
        (
            {"view_layers": (dataclasses.replace(LAYER, passes=LAYER.passes - {Pass.OBJECT_INDEX}),)},
            "Object Index is off in the view layer 'ViewLayer'",
            Fix.LABEL_PASS,
        ),
        (
            {"view_layers": (dataclasses.replace(LAYER, passes=LAYER.passes - {Pass.COMBINED}),)},
            "Combined is off",
            Fix.COMBINED,
        ),
        ({"outputs": (), "file_format": "PNG"}, "output is PNG", Fix.OUTPUT),
        ({"outputs": (NODE,)}, "do not write Object Index", Fix.OUTPUT),
        ({"can_store": False}, "pixels are not square", Fix.INTERLEAVE),
        ({"folder": ""}, "not saved", None),
        (
            {"motion_blur": True, "view_layers": (dataclasses.replace(LAYER, passes=LAYER.passes | {Pass.VECTOR}),)},
            "leaves the Vector pass empty",
            None,
        ),
    ],
)
def test_each_wrong_thing_alone(changes: dict[str, object], text: str, fix: Fix | None) -> None:
    (found,) = bad(**changes)
    assert found.status is Status.WRONG
    assert text in found.text
    assert found.fix is fix
    assert not found.text.endswith(".")


@pytest.mark.parametrize(
    ("changes", "text", "fix"),
    [
        ({"percentage": 50, "width": 320, "height": 240}, "320 x 240 pixels: the resolution is set to 50 %", None),
        ({"folder": "/tmp", "folder_is_default": True}, "all scenes share", None),
        (
            {"view_layers": (dataclasses.replace(LAYER, passes=LAYER.passes - {Pass.DEPTH}),)},
            "Z is off",
            Fix.DEPTH,
        ),
        ({"engine_passes": frozenset(Pass) - {Pass.DEPTH}, "view_layers": (BARE, LAYER)[1:]}, None, None),
        (
            {
                "engine": "Toon",
                "engine_passes": frozenset({Pass.COMBINED, Pass.OBJECT_INDEX}),
                "view_layers": (dataclasses.replace(LAYER, passes=LAYER.passes - {Pass.DEPTH}),),
            },
            "Toon has no Depth pass",
            None,
        ),
    ],
)
def test_each_thing_to_know_alone(changes: dict[str, object], text: str | None, fix: Fix | None) -> None:
    if text is None:
        assert bad(**changes) == []
        return
    (found,) = bad(**changes)
    assert found.status is Status.NOTE
    assert text in found.text
    assert found.fix is fix


def test_a_render_in_memory_needs_no_output() -> None:
    (found,) = bad(from_files=False, outputs=(), file_format="PNG", folder="")
    assert found.status is Status.NOTE
    assert found.fix is None
    assert "enough for This Render" in found.text


@pytest.mark.parametrize(
    ("output", "text"),
    [
        (ExrOutput("", None, "PXR24", half=False), "The output stores Cryptomatte with the lossy codec PXR24"),
        (dataclasses.replace(NODE, codec="PXR24"), "'Passes' stores Cryptomatte with the lossy codec PXR24"),
        (dataclasses.replace(NODE, codec="DWAA"), "lossy codec DWAA"),
        (dataclasses.replace(NODE, codec="DWAB"), "lossy codec DWAB"),
        (dataclasses.replace(NODE, half=True), "in 16 bit"),
    ],
)
def test_what_destroys_a_cryptomatte(output: ExrOutput, text: str) -> None:
    (found,) = bad(view_layers=(CRYPTO,), outputs=(output,))
    assert (found.status, found.fix) == (Status.WRONG, Fix.CODEC)
    assert text in found.text
    (found,) = bad(outputs=(output,)) or [None]
    assert found is None or found.fix is Fix.OUTPUT, "an index survives"


def test_dwa_is_harmless_in_the_scenes_own_output() -> None:
    """test_passes.py shows that: its channels are in lower case."""
    assert bad(view_layers=(CRYPTO,), outputs=(ExrOutput("", None, "DWAA", half=False),)) == []


@pytest.mark.parametrize(
    ("engine", "indexed", "passes", "labels", "expected"),
    [
        (None, True, set(), LabelSource.AUTO, Pass.OBJECT_INDEX),
        (None, True, {Pass.CRYPTO_OBJECT}, LabelSource.AUTO, Pass.CRYPTO_OBJECT),
        (None, True, {Pass.CRYPTO_OBJECT, Pass.OBJECT_INDEX}, LabelSource.AUTO, Pass.OBJECT_INDEX),
        (None, False, {Pass.OBJECT_INDEX}, LabelSource.AUTO, Pass.CRYPTO_OBJECT),
        (None, False, {Pass.CRYPTO_ASSET}, LabelSource.AUTO, Pass.CRYPTO_ASSET),
        (EEVEE, True, set(), LabelSource.AUTO, Pass.CRYPTO_OBJECT),
        (EEVEE, True, {Pass.OBJECT_INDEX}, LabelSource.AUTO, Pass.CRYPTO_OBJECT),
        (EEVEE, True, set(), LabelSource.CRYPTO_MATERIAL, Pass.CRYPTO_MATERIAL),
        (None, False, {Pass.CRYPTO_OBJECT}, LabelSource.OBJECT_INDEX, Pass.OBJECT_INDEX),
    ],
)
def test_pass_that_tells_objects_apart(
    engine: frozenset[Pass] | None, indexed: bool, passes: set[Pass], labels: LabelSource, expected: Pass
) -> None:
    layer = ViewLayerSetup("L", True, frozenset(passes))
    setup = dataclasses.replace(GOOD, engine_passes=engine, indexed=indexed, view_layers=(layer,))
    assert label_pass(setup, Settings(labels=labels), layer) is expected


ALL_CRYPTO = ViewLayerSetup(
    "ViewLayer", True, frozenset({Pass.COMBINED, Pass.DEPTH, Pass.CRYPTO_OBJECT, Pass.CRYPTO_MATERIAL})
)


def test_parts_need_a_pass_of_their_own() -> None:
    by_material = Settings(parts=Parts.MATERIAL)
    (found,) = bad(by_material)
    assert (found.status, found.fix) == (Status.WRONG, Fix.PART_PASS)
    assert found.text == "No pass tells parts apart: Cryptomatte Material is off in 'ViewLayer'"
    assert part_pass(GOOD, by_material, LAYER) is Pass.CRYPTO_MATERIAL
    with_index = dataclasses.replace(LAYER, passes=LAYER.passes | {Pass.MATERIAL_INDEX})
    assert part_pass(GOOD, by_material, with_index) is Pass.MATERIAL_INDEX
    assert bad(by_material, view_layers=(with_index,)) == []
    assert bad(by_material, view_layers=(ALL_CRYPTO,), indexed=False) == []
    assert "Cryptomatte Material tells parts apart" in [
        one.text for one in findings(by_material, view_layers=(ALL_CRYPTO,), indexed=False)
    ]
    (found,) = bad(
        Settings(parts=Parts.MATERIAL, labels=LabelSource.CRYPTO_OBJECT),
        view_layers=(CRYPTO,),
        engine="Toon",
        engine_passes=CRYPTO.passes,
    )
    assert found.text == "Toon has no Cryptomatte Material pass; set Parts to None"


def test_parts_that_come_from_the_labels() -> None:
    assert bad(Settings(parts=Parts.OBJECT)) == []
    assert needed_passes(GOOD, Settings(parts=Parts.OBJECT), LAYER) == needed_passes(GOOD, Settings(), LAYER)
    assert needed_passes(GOOD, Settings(parts=Parts.MATERIAL), LAYER) == [
        Pass.COMBINED, Pass.DEPTH, Pass.OBJECT_INDEX, Pass.CRYPTO_MATERIAL,
    ]  # fmt: skip


def test_soft_masks_need_a_cryptomatte() -> None:
    (found,) = bad(Settings(soft_masks=True))
    assert (found.text, found.fix) == (
        "No pass tells objects apart: Cryptomatte Object is off in the view layer 'ViewLayer'",
        Fix.LABEL_PASS,
    )
    assert label_pass(GOOD, Settings(soft_masks=True), LAYER) is Pass.CRYPTO_OBJECT
    assert bad(Settings(soft_masks=True), view_layers=(CRYPTO,)) == []
    for labels in (LabelSource.OBJECT_INDEX, LabelSource.MATERIAL_INDEX):
        (found,) = bad(Settings(soft_masks=True, labels=labels))
        assert "Soft masks come from a Cryptomatte" in found.text
        assert "set Labels to Cryptomatte Object, or turn Soft Masks off" in found.text


def test_codec_of_the_pass_for_parts() -> None:
    (found,) = bad(
        Settings(parts=Parts.MATERIAL),
        view_layers=(dataclasses.replace(LAYER, passes=LAYER.passes | {Pass.CRYPTO_MATERIAL}),),
        outputs=(dataclasses.replace(MULTILAYER, codec="PXR24"),),
    )
    assert found.fix is Fix.CODEC


def test_engine_without_the_pass() -> None:
    (found,) = bad(Settings(labels=LabelSource.OBJECT_INDEX), engine="EEVEE", engine_passes=EEVEE)
    assert found.text == "EEVEE has no Object Index pass; set Labels to Automatic or Cryptomatte Object"
    (found,) = bad(engine="Workbench", engine_passes=frozenset({Pass.COMBINED, Pass.DEPTH}), indexed=False)
    assert found.text == "Workbench has no Cryptomatte Object pass; render with Cycles or EEVEE"


def test_all_indices_zero() -> None:
    (found,) = bad(Settings(labels=LabelSource.OBJECT_INDEX), indexed=False)
    assert "All objects have the pass index 0" in found.text
    (found,) = bad(indexed=False)
    assert found.fix is Fix.LABEL_PASS, "Automatic takes Cryptomatte then"


def test_view_layer_that_is_labelled() -> None:
    layers = (dataclasses.replace(BARE, name="A"), dataclasses.replace(LAYER, name="B"), CRYPTO)
    setup = dataclasses.replace(GOOD, view_layers=layers)
    assert labelled_layer(setup, Settings()).name == "B", "the first with labels"
    assert labelled_layer(setup, Settings(view_layer="A")).name == "A"
    assert labelled_layer(dataclasses.replace(GOOD, view_layers=layers[:1]), Settings()).name == "A"
    unused = dataclasses.replace(setup, view_layers=(dataclasses.replace(LAYER, used=False), CRYPTO))
    assert labelled_layer(unused, Settings()) is CRYPTO
    (found,) = bad(Settings(view_layer="C"), view_layers=layers)
    assert found.text == "There is no view layer 'C'; choose one of 'A', 'B', 'ViewLayer'"


def test_fewest_passes() -> None:
    assert needed_passes(GOOD, Settings(), LAYER) == [Pass.COMBINED, Pass.DEPTH, Pass.OBJECT_INDEX]
    assert needed_passes(GOOD, Settings(pictures=False), LAYER) == [Pass.COMBINED, Pass.OBJECT_INDEX]
    nothing = Settings(pictures=False, image_format=ImageFormat.NONE)
    assert needed_passes(GOOD, nothing, LAYER) == [Pass.OBJECT_INDEX]
    assert not [finding for finding in findings(nothing) if "Combined" in finding.text or "Depth" in finding.text]
