"""The checklist: each thing that can be wrong, alone, in a setup that is right otherwise."""

import dataclasses

import pytest

from core.preflight.checklist import check
from core.preflight.finding import (
    CheckLine,
    Finding,
    Fix,
    Mend,
    Status,
    Subject,
    check_lines,
    first_red,
)
from core.preflight.label_facts import LabelFacts
from core.preflight.map_checks import missing_maps
from core.preflight.missing_files import MissingFiles
from core.preflight.needed_passes import label_pass, labelled_layer, needed_passes, part_pass
from core.preflight.pass_indices import LARGEST_INDEX
from core.preflight.render_setup import ExrOutput, Region, RenderSetup, ViewLayerSetup
from core.scene.compositing import Compositing
from core.scene.unlabelled import Unlabelled, WithoutLabel
from core.settings.conflicts import contradictions
from core.settings.map_table import DenseMap, MapKind
from core.settings.render_pass import Pass
from core.settings.settings import Ignored, ImageFormat, ImageFrom, Instancing, LabelSource, Parts, Settings

EEVEE = frozenset(Pass) - {Pass.OBJECT_INDEX, Pass.MATERIAL_INDEX, Pass.UV}
LAYER = ViewLayerSetup("ViewLayer", True, frozenset({Pass.COMBINED, Pass.DEPTH, Pass.OBJECT_INDEX}))
MULTILAYER = ExrOutput("", None, "ZIP", half=False)
GOOD = RenderSetup(
    engine="Cycles",
    engine_passes=None,
    view_layers=(LAYER,),
    labelled=LabelFacts(count=17, instances=17, indexed=True),
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


FACTS = {field.name for field in dataclasses.fields(LabelFacts)}


def setup_with(**changes: object) -> RenderSetup:
    """The setup that is right, with other values of its own or of what is known of its objects."""
    labelled = dataclasses.replace(GOOD.labelled, **{name: changes.pop(name) for name in FACTS & changes.keys()})
    return dataclasses.replace(GOOD, labelled=labelled, **changes)


def findings(settings: Settings | None = None, from_files: bool = True, **changes: object) -> list[Finding]:
    return check(setup_with(**changes), settings or Settings(), from_files)


def bad(settings: Settings | None = None, from_files: bool = True, **changes: object) -> list[Finding]:
    return [found for found in findings(settings, from_files, **changes) if found.status is not Status.GOOD]


def test_what_is_right_says_so_for_each_subject() -> None:
    assert [finding.text for finding in findings()] == [
        "Object Index separates objects",
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
        ({"count": 0}, "nothing to label", None),
        ({"count": 0, "background": 3}, "all 3 objects are background or ignored", None),
        ({"count": 0, "problem": "The table has two cars"}, "The table has two cars", None),
        (
            {"clash": "A and B share the pass index 3"},
            "A and B share the pass index 3 (Assign Indices gives each its own)",
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
        ({"folder": "/tmp", "folder_is_default": True}, "all scenes share; choose another output folder", None),
        ({"folder": "/tmp", "folder_is_default": True, "is_saved": False}, "save the .blend, so that", None),
        (
            {
                "motion_blur": True,
                "view_layers": (dataclasses.replace(LAYER, passes=LAYER.passes | {Pass.VECTOR, Pass.CRYPTO_OBJECT}),),
            },
            "leaves the Vector pass empty",
            None,
        ),
        ({"motion_blur": True}, "Motion Blur would tear masks of Object Index", Fix.LABEL_PASS),
        ({"depth_of_field": True}, "Depth of Field would tear masks of Object Index", Fix.LABEL_PASS),
        ({"volume": "the volume 'Fog'"}, "The volume 'Fog' would tear masks of Object Index", Fix.LABEL_PASS),
    ],
)
def test_each_wrong_thing_alone(changes: dict[str, object], text: str, fix: Fix | None) -> None:
    (found,) = bad(**changes)
    assert found.status is Status.WRONG
    assert text in found.text
    assert found.fix is fix
    assert not found.text.endswith(".")


INDEX_OFF = dataclasses.replace(LAYER, passes=LAYER.passes - {Pass.OBJECT_INDEX})
MATERIALS = dataclasses.replace(BARE, passes=BARE.passes | {Pass.MATERIAL_INDEX})


@pytest.mark.parametrize(
    ("settings", "changes", "stops"),
    [
        ({}, {"has_camera": False}, True),
        ({}, {"sequencer": True}, True),
        ({}, {"count": 0}, True),
        ({}, {"count": 0, "background": 3}, True),
        ({}, {"count": 0, "background": 3, "copies": "Tree", "view_layers": (CRYPTO,)}, False),
        ({}, {"problem": "The table has two cars"}, True),
        ({}, {"view_layers": (INDEX_OFF,)}, True),
        ({"view_layer": "Front"}, {}, True),
        ({}, {"view_layers": (MATERIALS,), "indexed": False}, False),
        ({}, {"view_layers": (MATERIALS,), "indexed": False, "engine_passes": EEVEE}, True),
        ({"soft_masks": True}, {"view_layers": (MATERIALS,), "indexed": False}, True),
        ({"labels": LabelSource.CRYPTO_OBJECT}, {}, True),
        ({"labels": LabelSource.CRYPTO_OBJECT}, {"motion_blur": True}, True),
        ({"labels": LabelSource.OBJECT_INDEX}, {"indexed": False}, True),
        ({}, {"motion_blur": True}, False),
        ({}, {"indexed": False}, True),
        ({"parts": Parts.MATERIAL}, {}, True),
        ({}, {"view_layers": (dataclasses.replace(LAYER, passes=LAYER.passes - {Pass.COMBINED}),)}, False),
        ({"maps": (DenseMap.NORMALS_PNG,)}, {}, True),
        ({}, {"outputs": (dataclasses.replace(MULTILAYER, codec="PXR24"),), "view_layers": (CRYPTO,)}, True),
        ({}, {"missing": MissingFiles(libraries=("/cars.blend",))}, False),
        ({}, {"unindexed": 3}, False),
    ],
)
def test_what_is_not_worth_rendering(settings: dict[str, object], changes: dict[str, object], stops: bool) -> None:
    """Red lines that leave frames without labels stop a headless render; others do not."""
    wrong = [found for found in findings(Settings(**settings), **changes) if found.status is Status.WRONG]
    assert wrong
    assert any(found.stops for found in wrong) is stops


def test_only_red_lines_stop() -> None:
    assert not any(found.stops for found in findings())


@pytest.mark.parametrize(
    ("changes", "text", "fix"),
    [
        ({"percentage": 50, "width": 320, "height": 240}, "320 x 240 pixels: the resolution is set to 50 %", None),
        (
            {"view_layers": (dataclasses.replace(LAYER, passes=LAYER.passes - {Pass.DEPTH}),)},
            "the Depth pass (Z) is off",
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
    assert bad(from_files=False, outputs=(), file_format="PNG") == []


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
    setup = setup_with(engine_passes=engine, indexed=indexed, view_layers=(layer,))
    assert label_pass(setup, Settings(labels=labels), layer) is expected


ALL_CRYPTO = ViewLayerSetup(
    "ViewLayer", True, frozenset({Pass.COMBINED, Pass.DEPTH, Pass.CRYPTO_OBJECT, Pass.CRYPTO_MATERIAL})
)


def test_parts_need_a_pass_of_their_own() -> None:
    by_material = Settings(parts=Parts.MATERIAL)
    (found,) = bad(by_material)
    assert (found.status, found.fix) == (Status.WRONG, Fix.PART_PASS)
    assert found.text == "No pass separates parts: Cryptomatte Material is off in the view layer 'ViewLayer'"
    assert part_pass(GOOD, by_material, LAYER) is Pass.CRYPTO_MATERIAL
    with_index = dataclasses.replace(LAYER, passes=LAYER.passes | {Pass.MATERIAL_INDEX})
    assert part_pass(GOOD, by_material, with_index) is Pass.MATERIAL_INDEX
    assert bad(by_material, view_layers=(with_index,)) == []
    assert bad(by_material, view_layers=(ALL_CRYPTO,), indexed=False) == []
    assert "Cryptomatte Material separates parts" in [
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
        "No pass separates objects: Cryptomatte Object is off in the view layer 'ViewLayer'",
        Fix.LABEL_PASS,
    )
    assert label_pass(GOOD, Settings(soft_masks=True), LAYER) is Pass.CRYPTO_OBJECT
    assert bad(Settings(soft_masks=True), view_layers=(CRYPTO,)) == []
    for labels in (LabelSource.OBJECT_INDEX, LabelSource.MATERIAL_INDEX):
        (found,) = bad(Settings(soft_masks=True, labels=labels))
        assert "Soft masks come from a Cryptomatte" in found.text
        assert "set Label Pass to Cryptomatte Object, or turn Soft Masks off" in found.text


def test_settings_that_cannot_work_together() -> None:
    settings = Settings(labels=LabelSource.OBJECT_INDEX, cryptomatte="mattes")
    assert [(found.text, found.fix) for found in bad(settings)] == [(text, None) for text in contradictions(settings)]


def test_codec_of_the_pass_for_parts() -> None:
    (found,) = bad(
        Settings(parts=Parts.MATERIAL),
        view_layers=(dataclasses.replace(LAYER, passes=LAYER.passes | {Pass.CRYPTO_MATERIAL}),),
        outputs=(dataclasses.replace(MULTILAYER, codec="PXR24"),),
    )
    assert found.fix is Fix.CODEC


def test_engine_without_the_pass() -> None:
    (found,) = bad(Settings(labels=LabelSource.OBJECT_INDEX), engine="EEVEE", engine_passes=EEVEE)
    assert found.text == "EEVEE has no Object Index pass; set Label Pass to Automatic or Cryptomatte Object"
    (found,) = bad(engine="Workbench", engine_passes=frozenset({Pass.COMBINED, Pass.DEPTH}), indexed=False)
    assert found.text == "Workbench has no Cryptomatte Object pass; render with Cycles or EEVEE"


def test_all_indices_zero() -> None:
    (found,) = bad(Settings(labels=LabelSource.OBJECT_INDEX), indexed=False)
    assert "All objects have the pass index 0" in found.text
    (found,) = bad(indexed=False)
    assert found.fix is Fix.LABEL_PASS, "Automatic takes Cryptomatte then"


def test_view_layer_that_is_labelled() -> None:
    layers = (dataclasses.replace(BARE, name="A"), dataclasses.replace(LAYER, name="B"), CRYPTO)
    setup = setup_with(view_layers=layers)
    assert labelled_layer(setup, Settings()).name == "B", "the first with labels"
    assert labelled_layer(setup, Settings(view_layer="A")).name == "A"
    assert labelled_layer(setup_with(view_layers=layers[:1]), Settings()).name == "A"
    unused = dataclasses.replace(setup, view_layers=(dataclasses.replace(LAYER, used=False), CRYPTO))
    assert labelled_layer(unused, Settings()) is CRYPTO
    (found,) = bad(Settings(view_layer="C"), view_layers=layers)
    assert found.text == "There is no view layer 'C'; choose one of 'A', 'B', 'ViewLayer'"


LENS = Compositing(moves=("Lens Distortion",), layers=("ViewLayer",), moves_in_files=("Crop",))


def test_images_that_do_not_match() -> None:
    """The way out is the layer's own picture, which Automatic takes by itself."""
    (found,) = bad(from_files=False, compositing=LENS)
    assert found.status is Status.NOTE
    assert found.text.startswith("Images are from the view layer 'ViewLayer' and not from the compositor, since")
    (found,) = bad(Settings(image_from=ImageFrom.COMPOSITE), from_files=False, compositing=LENS)
    assert found.status is Status.WRONG
    assert "(node 'Lens Distortion'); set Image From to Automatic or Render Layer" in found.text
    assert bad(Settings(image_from=ImageFrom.RENDER_LAYER), from_files=False, compositing=LENS) == []
    assert bad(Settings(image_format=ImageFormat.NONE, pictures=False), compositing=LENS) == []
    *_, found = bad(compositing=LENS)
    assert found.status is Status.WRONG
    assert "on the way to a File Output node (node 'Crop')" in found.text


def test_images_that_the_format_cannot_hold() -> None:
    (found,) = bad(Settings(image_format=ImageFormat.WEBP), width=20000)
    assert found.stops
    assert "at most 16383 a side and 178,956,970 in all; choose PNG" in found.text
    assert bad(Settings(image_format=ImageFormat.PNG), width=20000) == []


@pytest.mark.parametrize(
    ("shutter", "way_out"),
    [
        ((-0.25, 0.25), "set its Position to Start on Frame"),
        ((-0.5, 0.0), "set its Position to Start on Frame"),
        ((0.0, 1.0), "make its Shutter shorter than a frame"),
        ((0.0, 0.5), ""),
    ],
)
def test_jumps_that_the_shutter_sees(shutter: tuple[float, float], way_out: str) -> None:
    blurred = {"motion_blur": True, "view_layers": (CRYPTO,), "jumping": "Box", "shutter": shutter}
    found = bad(**blurred)
    assert [one.status for one in found] == [Status.WRONG] * bool(way_out)
    assert all(one.text.startswith("'Box' jumps from key to key") and way_out in one.text for one in found)
    assert bad(**{**blurred, "motion_blur": False}) == []


def test_a_fixed_seed_matters_to_animations() -> None:
    (found,) = bad(fixed_seed=True)
    assert found.status is Status.NOTE
    assert "turn on Use Animated Seed" in found.text
    assert bad(from_files=False, fixed_seed=True) == []


def test_what_gets_no_label_is_named() -> None:
    things = (WithoutLabel("Fog", Unlabelled.VOLUME), WithoutLabel("Pane", Unlabelled.TRANSPARENT_SHADER))
    fog, pane = bad(unlabelled=things)
    assert fog.status is pane.status is Status.NOTE
    assert fog.text.startswith("'Fog' (volume) will be in the picture without a label, since no pass of Blender")
    assert pane.text.startswith("'Pane' (Transparent shader) will be in the picture without a label, since")
    (fog,) = bad(unlabelled=things, view_layers=(CRYPTO,))
    assert fog.text.startswith("'Fog'")


def test_missing_files_are_named() -> None:
    missing = MissingFiles(("/a.blend",), tuple(f"/{number}.png" for number in range(113)))
    libraries, images = bad(missing=missing, count=0)[1:]
    assert libraries.status is images.status is Status.WRONG
    assert libraries.text.startswith("1 linked library is missing (/a.blend), so renders lack what comes from there;")
    assert images.text.startswith("113 image files are missing (/0.png, /1.png, /2.png and 110 more), so materials")


def test_fewest_passes() -> None:
    assert needed_passes(GOOD, Settings(), LAYER) == [Pass.COMBINED, Pass.DEPTH, Pass.OBJECT_INDEX]
    assert needed_passes(GOOD, Settings(pictures=False), LAYER) == [Pass.COMBINED, Pass.OBJECT_INDEX]
    nothing = Settings(pictures=False, image_format=ImageFormat.NONE)
    assert needed_passes(GOOD, nothing, LAYER) == [Pass.OBJECT_INDEX]
    assert not [finding for finding in findings(nothing) if "Combined" in finding.text or "Depth" in finding.text]


INDEX_ONLY = dataclasses.replace(LAYER, passes=frozenset({Pass.COMBINED, Pass.OBJECT_INDEX}))
CRYPTO_ONLY = dataclasses.replace(LAYER, passes=frozenset({Pass.COMBINED, Pass.CRYPTO_OBJECT}))
PLAIN = Settings(pictures=False)


@pytest.mark.parametrize(
    ("layer", "changes"),
    [(INDEX_ONLY, {"copies": "Stone", "indexed_copies": "Stone"}), (CRYPTO_ONLY, {"copies": "Stone"})],
)
def test_copies_that_share_a_label_need_depth(layer: ViewLayerSetup, changes: dict[str, str]) -> None:
    (found,) = bad(PLAIN, view_layers=(layer,), **changes)
    assert (found.status, found.fix) == (Status.WRONG, Fix.DEPTH)
    assert found.text == (
        "The copies of 'Stone' share a label, and those that touch will be one instance: the Depth pass (Z) is off in "
        "the view layer 'ViewLayer'"
    )
    setup = setup_with(view_layers=(layer,), **changes)
    assert Pass.DEPTH in needed_passes(setup, PLAIN, layer)

    complete = dataclasses.replace(layer, passes=layer.passes | {Pass.DEPTH})
    assert "Depth separates the copies of 'Stone'" in [
        one.text for one in findings(PLAIN, view_layers=(complete,), **changes)
    ]
    assert bad(PLAIN, view_layers=(complete,), **changes) == []


CLASH = "'Body [a]' (car) and 'Body [b]' (truck) have the same name and so the same Cryptomatte id"


@pytest.mark.parametrize(
    ("changes", "settings", "text", "fix"),
    [
        ({}, {}, "the Depth pass (Z) is off in the view layer 'ViewLayer'", Fix.DEPTH),
        ({"motion_blur": True}, {}, "with Motion Blur no depth separates them", None),
        ({"camera_type": "panoramic"}, {}, "nothing separates them with a panoramic camera", None),
        ({}, {"instancing": Instancing.OFF}, "since Tell Apart is off", None),
    ],
)
def test_objects_of_one_name(changes: dict, settings: dict, text: str, fix: Fix | None) -> None:
    """What makes frames fail is said before the render, once."""
    some = dataclasses.replace(PLAIN, **settings)
    wrong = [
        one
        for one in bad(some, view_layers=(CRYPTO_ONLY,), copies="Body", namesakes=CLASH, **changes)
        if "Body" in one.text
    ]
    assert [(one.status, one.fix) for one in wrong] == [(Status.WRONG, fix)]
    assert wrong[0].text.startswith(f"{CLASH}, and frames that show them fail") and text in wrong[0].text


def test_objects_of_one_name_that_are_separated() -> None:
    complete = dataclasses.replace(CRYPTO_ONLY, passes=CRYPTO_ONLY.passes | {Pass.DEPTH})
    assert bad(PLAIN, view_layers=(complete,), namesakes=CLASH) == []
    assert bad(PLAIN, view_layers=(INDEX_ONLY,), indexed=True, namesakes=CLASH) == []
    assert Pass.DEPTH in needed_passes(setup_with(view_layers=(CRYPTO_ONLY,), namesakes=CLASH), PLAIN, CRYPTO_ONLY)


def test_where_copies_need_no_depth() -> None:
    off = dataclasses.replace(PLAIN, instancing=Instancing.OFF)
    assert bad(off, view_layers=(CRYPTO_ONLY,), copies="Stone") == []
    assert bad(PLAIN, view_layers=(INDEX_ONLY,), copies="Leaf") == [], "the index 0 is background"
    by_material = dataclasses.replace(PLAIN, labels=LabelSource.CRYPTO_MATERIAL)
    materials = dataclasses.replace(LAYER, passes=frozenset({Pass.COMBINED, Pass.CRYPTO_MATERIAL}))
    assert bad(by_material, view_layers=(materials,), copies="Stone") == []

    with_position = dataclasses.replace(CRYPTO_ONLY, passes=CRYPTO_ONLY.passes | {Pass.POSITION})
    assert bad(PLAIN, view_layers=(with_position,), copies="Stone") == []
    setup = setup_with(view_layers=(with_position,), copies="Stone")
    assert needed_passes(setup, PLAIN, with_position) == [Pass.COMBINED, Pass.POSITION, Pass.CRYPTO_OBJECT]


@pytest.mark.parametrize(
    ("changes", "status", "text"),
    [
        ({"motion_blur": True}, Status.WRONG, "with Motion Blur no depth separates them; turn it off"),
        ({"camera_type": "panoramic"}, Status.NOTE, "since nothing separates them with a panoramic camera"),
        ({"camera_type": "custom"}, Status.NOTE, "since nothing separates them with a custom camera"),
        (
            {
                "engine": "Toon",
                "engine_passes": frozenset({Pass.COMBINED, Pass.CRYPTO_OBJECT}),
                "view_layers": (CRYPTO_ONLY,),
            },
            Status.WRONG,
            "Toon has no Depth pass; render with Cycles or EEVEE",
        ),
    ],
)
def test_where_depth_tells_no_copies_apart(changes: dict[str, object], status: Status, text: str) -> None:
    (found,) = bad(PLAIN, **{"view_layers": (CRYPTO,), "copies": "Stone", **changes})
    assert (found.status, found.fix) == (status, None)
    assert found.text.endswith(text)


def test_which_keypoints_are_hidden_takes_depth() -> None:
    (found,) = bad(PLAIN, view_layers=(INDEX_ONLY,), keypoints=True)
    assert (found.status, found.fix) == (Status.NOTE, Fix.DEPTH)
    assert found.text.startswith(
        "Keypoints count as visible if their instance is seen there: the Depth pass (Z) is off"
    )
    assert needed_passes(setup_with(keypoints=True), PLAIN, INDEX_ONLY) == [
        Pass.COMBINED, Pass.DEPTH, Pass.OBJECT_INDEX,
    ]  # fmt: skip
    assert bad(PLAIN, keypoints=True) == []
    assert "Depth says which keypoints are hidden" in [one.text for one in findings(PLAIN, keypoints=True)]


def test_ignore_regions_of_holdouts_take_an_image_with_a_background() -> None:
    crowd = Settings(pictures=False, image_format=ImageFormat.NONE, ignored=Ignored.CROWD)
    without = dataclasses.replace(LAYER, passes=frozenset({Pass.OBJECT_INDEX}))
    assert bad(crowd, view_layers=(without,)) == []
    (found,) = bad(crowd, view_layers=(without,), holdouts=True)
    assert (found.status, found.fix) == (Status.WRONG, Fix.COMBINED)
    assert found.text == "No ignore regions of holdouts: Combined is off in the view layer 'ViewLayer'"
    assert needed_passes(setup_with(holdouts=True), crowd, without) == [Pass.COMBINED, Pass.OBJECT_INDEX]
    assert bad(crowd, holdouts=True) == []
    (found,) = bad(crowd, holdouts=True, transparent=True)
    assert (found.status, found.fix) == (Status.NOTE, None)
    assert "turn off Film > Transparent" in found.text


@pytest.mark.parametrize("indexed", [True, False])
def test_more_instances_than_pass_indices(indexed: bool) -> None:
    by_index = Settings(labels=LabelSource.OBJECT_INDEX)
    texts = [one.text for one in bad(by_index, instances=LARGEST_INDEX + 1, indexed=indexed)]
    too_many = "There are 32768 instances, and Blender has 32767 pass indices; set Label Pass to Cryptomatte Object"
    assert texts[-1] == too_many
    assert len(texts) == (1 if indexed else 2), "without any index there is that to say too"
    assert too_many not in [one.text for one in bad(by_index, instances=LARGEST_INDEX, indexed=indexed)]
    assert bad(Settings(), instances=LARGEST_INDEX + 1, view_layers=(CRYPTO,)) == [], "a Cryptomatte needs no index"


def test_too_many_instances_are_told_also_where_they_share_indices() -> None:
    texts = [one.text for one in bad(instances=LARGEST_INDEX + 1, shared="'A' and 'B' share the pass index 3")]
    assert [text.split(",")[0] for text in texts] == [
        "'A' and 'B' share the pass index 3",
        "There are 32768 instances",
    ]


@pytest.mark.parametrize("blur", ["motion_blur", "depth_of_field"])
def test_masks_of_an_index_that_blur_tears(blur: str) -> None:
    """It is the user's choice, so Set Up Passes leaves it alone; Cryptomatte has no trouble."""
    (found,) = bad(Settings(labels=LabelSource.OBJECT_INDEX), **{blur: True})
    assert (found.status, found.fix) == (Status.NOTE, None)
    assert "set Label Pass to Automatic or a Cryptomatte" in found.text
    assert bad(view_layers=(CRYPTO,), **{blur: True}) == []


ALL_PASSES = dataclasses.replace(LAYER, passes=frozenset(Pass))


@pytest.mark.parametrize("type", ["panoramic", "custom"])
def test_maps_of_a_camera_that_is_no_pinhole(type: str) -> None:
    """Those that annotating would refuse, with the way out; the others are fine."""
    missing = missing_maps(setup_with(camera_type=type, view_layers=(ALL_PASSES,)), Settings())
    refused = {MapKind.DEPTH, MapKind.NOCS, MapKind.POINTS, MapKind.SURFACES, MapKind.DISPARITY}
    refused |= {MapKind.FLOW_STEP, MapKind.OCCLUSION_STEP, MapKind.OCCLUSION_FORWARD, MapKind.OCCLUSION_BACKWARD}
    flow = {MapKind.FLOW_FORWARD, MapKind.FLOW_BACKWARD} if type == "custom" else set()
    assert set(missing) == refused | flow
    assert (
        missing[MapKind.DEPTH] == f"The camera is {type}, and its Depth pass is the distance from it; choose Ray Depth"
    )


def test_an_engine_that_draws_another_camera_says_so() -> None:
    (found,) = bad(engine="EEVEE", engine_passes=EEVEE, view_layers=(CRYPTO,), drawn_as_perspective="panoramic")
    assert found.status is Status.NOTE
    assert found.text.startswith("EEVEE draws the panoramic camera as a perspective one")


def test_few_of_the_objects_are_indexed() -> None:
    """What is turned on is used; Set Up Passes turns on what labels them all."""
    few = {"count": 6, "unindexed": 5}
    (found,) = bad(**few)
    assert found.status is Status.WRONG
    assert found.text.startswith("5 of 6 objects have the pass index 0 and will be background; press Assign Indices")
    assert found.fix is None

    (found,) = bad(**few, view_layers=(CRYPTO,))
    assert found.status is Status.NOTE
    assert "5 of 6 objects have the pass index 0, but Cryptomatte Object labels them anyway" in found.text
    assert bad(Settings(labels=LabelSource.CRYPTO_OBJECT), **few, view_layers=(CRYPTO,)) == []

    texts = [one.text for one in bad(**few, view_layers=(BARE,)) if one.fix is Fix.LABEL_PASS]
    assert texts == ["No pass separates objects: Cryptomatte Object is off in the view layer 'ViewLayer'"]
    by_index = Settings(labels=LabelSource.OBJECT_INDEX)
    assert "1 of 3 objects has the pass index 0 and will be background" in "".join(
        one.text for one in bad(by_index, count=3, unindexed=1, view_layers=(BARE,))
    )


def test_few_of_the_objects_are_indexed_and_blurred() -> None:
    """A Cryptomatte that stands in for Object Index leaves its background as it is; one alone labels all."""
    both = dataclasses.replace(LAYER, passes=LAYER.passes | {Pass.CRYPTO_OBJECT})
    for layer, expected in ((both, Status.WRONG), (CRYPTO, Status.NOTE)):
        (found,) = bad(count=6, unindexed=5, motion_blur=True, view_layers=(layer,))
        assert found.status is expected
        assert "5 of 6 objects have the pass index 0" in found.text

    soft = Settings(soft_masks=True)
    (found,) = bad(soft, count=6, unindexed=5, view_layers=(both,))
    assert found.status is Status.NOTE


def test_doubtful_categories_are_notes() -> None:
    (found,) = bad(doubts=("Names are paths",))
    assert (found.status, found.subject, found.text) == (Status.NOTE, Subject.CATEGORIES, "Names are paths")


def test_random_frames_have_no_flow() -> None:
    """Nor anything else that leads to another frame; all other maps are as without them."""
    vector = dataclasses.replace(LAYER, passes=frozenset(Pass))
    without = missing_maps(setup_with(view_layers=(vector,)), Settings())
    found = missing_maps(setup_with(view_layers=(vector,), random_frames=True), Settings())
    lost = found.keys() - without.keys()
    assert {kind.value for kind in lost} == {
        "flow_forward",
        "flow_backward",
        "occlusion_forward",
        "occlusion_backward",
        "flow_step",
        "occlusion_step",
    }
    assert all("nothing moves from one to the next" in found[kind] for kind in lost)
    chosen = Settings(maps=(DenseMap.FLOW_FORWARD_FLO,))
    assert any("Random Frames are baked" in one.text for one in bad(chosen, view_layers=(vector,), random_frames=True))


@pytest.mark.parametrize(
    ("changes", "from_files", "subject", "text"),
    [
        ({"region": Region.CROPPED}, True, Subject.REGION, "Images are cropped to the Render Region"),
        ({"region": Region.BLACK_OUTSIDE}, False, Subject.REGION, "Outside the Render Region images are empty"),
        ({"linked": True}, True, Subject.LINKED, "what you set here is lost when this file is loaded again"),
        ({"slot": "The Render Slot 'B' is empty"}, False, Subject.SLOT, "The Render Slot 'B' is empty"),
    ],
)
def test_what_is_easily_overlooked(changes: dict[str, object], from_files: bool, subject: Subject, text: str) -> None:
    (found,) = bad(from_files=from_files, **changes)
    assert (found.status, found.subject, found.stops) == (Status.NOTE, subject, False)
    assert text in found.text


def test_a_slot_matters_for_the_render_in_memory_only() -> None:
    assert bad(slot="The Render Slot 'B' is empty") == []


def test_all_frames_of_one_seed_are_said_where_several_are_rendered() -> None:
    seeds = [
        [one.subject for one in check(setup_with(fixed_seed=True), Settings(), *way) if one.subject is Subject.SEED]
        for way in ((False, False), (False, True), (True, False))
    ]
    assert seeds == [[], [Subject.SEED], [Subject.SEED]]


@pytest.mark.parametrize(
    ("changes", "mend"),
    [
        ({"has_camera": False}, Mend.ADD_CAMERA),
        ({"view_layers": (INDEX_OFF,)}, Mend.SET_UP_PASSES),
        ({"clash": "A and B share the pass index 3"}, Mend.ASSIGN_INDICES),
        ({"folder": ""}, Mend.SAVE_FILE),
        ({"folder_is_default": True}, Mend.WRITE_BESIDE),
        ({"folder_is_default": True, "is_saved": False}, Mend.SAVE_FILE),
        ({"missing": MissingFiles(images=("/wood.png",))}, Mend.NONE),
    ],
)
def test_each_red_line_has_its_button(changes: dict[str, object], mend: Mend) -> None:
    """But for what only the user can do."""
    red = first_red(findings(**changes))
    assert red is not None and red.mend is mend


def test_the_first_red_line_is_one_that_leaves_no_labels() -> None:
    red = first_red(
        findings(has_camera=False, missing=MissingFiles(libraries=("/cars.blend",)), folder_is_default=True)
    )
    assert red is not None and "no camera" in red.text
    assert first_red(findings()) is None


def test_one_line_a_subject_in_the_order_of_the_panel() -> None:
    lines = check_lines(findings(camera_name="Eye", categories=3, from_table=True, background=2))
    assert [(line.subject.value, line.value) for line in lines] == [
        ("Masks", "Object Index"),
        ("Image", "640 x 480 px"),
        ("Camera", "Eye"),
        ("Categories", "3 for 17 objects"),
        ("Depth", "On"),
        ("Output", "EXR with passes"),
    ]
    assert lines[1] == CheckLine(
        Status.GOOD, Subject.IMAGE, "640 x 480 px", "Combined gives the images; Images have 640 x 480 pixels"
    )
    assert lines[3].text == "3 categories of the table for 17 objects; 2 objects will be background"


def test_what_is_not_good_has_a_line_of_its_own() -> None:
    lines = check_lines(findings(missing=MissingFiles(("/a.blend",), ("/b.png",)), percentage=50))
    assert [(line.subject.value, line.value) for line in lines if line.status is not Status.GOOD] == [
        ("Image", "640 x 480 px"),
        ("Missing", "Linked library"),
        ("Missing", "Image file"),
    ]
    assert "Combined gives" not in "".join(line.text for line in lines)


def test_lines_have_room_in_a_narrow_panel() -> None:
    """18 letters beside the subject."""
    for changes in ({}, {"has_camera": False}, {"region": Region.BLACK_OUTSIDE}, {"folder_is_default": True}):
        for line in check_lines(findings(**changes)):
            assert len(line.value) <= 18, line
