"""What a render of the scene will and will not give to label: the checklist of the panel, and what can be set up.

Blender's side (operators/preflight/render_setup.py) reads a RenderSetup from the scene and carries out the fixes.
"""

from collections.abc import Iterator, Sequence

from ..base.phrases import counted
from ..categories.namesakes import WAYS_OUT
from ..scene.unlabelled import sentences_on
from ..settings.conflicts import contradictions
from ..settings.map_table import DenseMap, MapKind, passes_of
from ..settings.render_pass import CRYPTOMATTES, INDEX_PASSES, Pass
from ..settings.settings import ImageFrom, Instancing, LabelSource, Settings
from .finding import Finding, Fix, Mend, Status, Subject
from .needed_passes import (
    index_0_is_background,
    label_pass,
    labelled_layer,
    namesakes,
    needed_passes,
    part_pass,
    pass_for_copies,
    shared_copies,
    wants_holdouts,
    wants_image,
)
from .pass_indices import LARGEST_INDEX
from .render_setup import ExrOutput, Region, RenderSetup, ViewLayerSetup

# Of Blender's codecs those that change the bits of a float, the one that always does so first (see exr_file.py).
_LOSSY_CODECS = ("PXR24", "DWAA", "DWAB")


def _stopper(subject: Subject, value: str, text: str, fix: Fix | None = None, other_mend: Mend = Mend.NONE) -> Finding:
    """A red line that leaves a render without labels."""
    return Finding(Status.WRONG, subject, value, text, fix, stops=True, other_mend=other_mend)


def check(setup: RenderSetup, settings: Settings, from_files: bool, animation: bool = False) -> list[Finding]:
    """Go through everything that decides on what a render gives to label.

    Args:
        setup: of the scene.
        settings: what the user wants to export.
        from_files: whether the export reads the frames from files; a render in memory needs no output settings.
        animation: whether it renders all frames of the scene itself.

    Returns:
        Findings on all that matters, in the order in which a person would look.
    """
    layer = labelled_layer(setup, settings)
    if layer is None:
        names = ", ".join(repr(layer.name) for layer in setup.view_layers)
        return [
            _stopper(
                Subject.VIEW_LAYER,
                "Not there",
                f"There is no view layer {settings.view_layer!r}; choose one of {names}",
            )
        ]
    clashes = [_stopper(Subject.SETTINGS, "Contradict", sentence) for sentence in contradictions(settings)]
    findings = [*_check_scene(setup, layer), *(clashes or [_check_labels(setup, settings, layer)])]
    findings += [
        *_check_categories(setup),
        *(
            Finding(Status.WRONG, Subject.MISSING, "Linked library", sentence)
            for sentence in setup.labelled.missing.about_libraries()
        ),
        *(
            Finding(Status.WRONG, Subject.MISSING, "Image file", sentence)
            for sentence in setup.labelled.missing.about_images()
        ),
        *(Finding(Status.NOTE, Subject.CATEGORIES, "Look at names", sentence) for sentence in setup.labelled.doubts),
        *_check_unlabelled(setup, settings, layer),
        *_check_indices(setup, settings, layer),
        *_check_parts(setup, settings, layer),
    ]
    findings += _check_other_passes(setup, settings, layer)
    findings += _check_animation(setup, from_files or animation)
    if from_files:
        findings += _check_outputs(setup, settings, layer)
    elif setup.slot and not animation:
        findings.append(Finding(Status.NOTE, Subject.SLOT, "Not this render", setup.slot))
    findings += _check_folder(setup)
    findings += [*_check_compositor(setup, settings, layer, from_files), *_check_image(setup, settings, layer)]
    return findings


def missing_maps(setup: RenderSetup, settings: Settings) -> dict[MapKind, str]:
    """Kind of map -> why a render of this scene would not give it, and the way out."""
    layer = labelled_layer(setup, settings)
    reasons = {kind: _why_missing(setup, layer, kind) for kind in MapKind} if layer else {}
    return {kind: reason for kind, reason in reasons.items() if reason}


def _why_missing(setup: RenderSetup, layer: ViewLayerSetup, kind: MapKind) -> str:
    impossible = [pass_.title for pass_ in kind.passes if not setup.can_render(pass_)]
    if impossible:
        return f"{setup.engine} has no {impossible[0]} pass"
    if setup.random_frames and kind in _OF_TWO_FRAMES:
        return (
            "Random Frames are baked, which have nothing to do with each other, so nothing moves from one to the next; "
            "leave this map out"
        )
    if Pass.VECTOR in kind.passes and setup.motion_blur:
        return "Motion Blur is on, and Blender then leaves the Vector pass empty; turn it off"
    if Pass.VECTOR in kind.passes and setup.camera_type == "orthographic":
        return (
            "The camera is orthographic, and when such a camera moves the Vector pass is wrong; choose Flow by Step, "
            "with Flow Step 1 or -1"
        )
    if Pass.VECTOR in kind.passes and setup.camera_type == "custom":
        return "The camera is a custom one, and its Vector pass holds no motion; leave this map out"
    if DenseMap.SURFACES_NPZ in _needed_for(kind) and setup.motion_blur:
        return "Motion Blur is on, which leaves no depth to find surfaces by; turn it off"
    if setup.has_ray_depth and kind is MapKind.DEPTH:
        return f"The camera is {setup.camera_type}, and its Depth pass is the distance from it; choose Ray Depth"
    if setup.has_ray_depth and _needed_for(kind) & _OF_PLANAR_DEPTH:
        return f"The camera is {setup.camera_type}, and this map needs a perspective or orthographic one; leave it out"
    off = [pass_.title for pass_ in kind.passes if pass_ not in layer.passes]
    if off:
        return f"{' and '.join(off)} {'is' if len(off) == 1 else 'are'} off in the view layer {layer.name!r}"
    return ""


# What is made of depth along the camera's axis, or of points found by it.
_OF_PLANAR_DEPTH = {DenseMap.DEPTH_NPY, DenseMap.SURFACES_NPZ, DenseMap.POINTS_PLY, DenseMap.NOCS_NPY}


# What says where things are in another frame.
_OF_TWO_FRAMES = {
    MapKind.FLOW_FORWARD,
    MapKind.FLOW_BACKWARD,
    MapKind.OCCLUSION_FORWARD,
    MapKind.OCCLUSION_BACKWARD,
    MapKind.FLOW_STEP,
    MapKind.OCCLUSION_STEP,
}


def _needed_for(kind: MapKind) -> set[DenseMap]:
    """The maps of a kind, and those that they are made of."""
    return {one for map in DenseMap if map.kind is kind for one in (map, *map.made_of)}


def _check_scene(setup: RenderSetup, layer: ViewLayerSetup) -> Iterator[Finding]:
    if not setup.has_camera:
        yield _stopper(
            Subject.CAMERA,
            "None",
            "The scene has no camera; add one and make it the active camera",
            other_mend=Mend.ADD_CAMERA,
        )
    if setup.drawn_as_perspective:
        yield Finding(
            Status.NOTE,
            Subject.CAMERA,
            "Perspective",
            f"{setup.engine} draws the {setup.drawn_as_perspective} camera as a perspective one, and labels follow the "
            "picture; render with Cycles",
        )
    if not layer.used:
        yield _stopper(
            Subject.VIEW_LAYER,
            "Not rendered",
            f"The view layer {layer.name!r} is not rendered; turn on its Use for Rendering",
            Fix.USE_VIEW_LAYER,
        )
    if setup.sequencer:
        yield _stopper(
            Subject.SEQUENCER,
            "Replaces render",
            "The video sequencer has strips and replaces the render, so passes are lost; turn off Post Processing > "
            "Sequencer in the output properties",
            Fix.SEQUENCER,
        )
    if setup.preview:
        yield Finding(
            Status.NOTE,
            Subject.COLORS,
            "Preview",
            "Objects have the colors of the preview, which a material with an Object Info node would render; press Own "
            "in Objects first",
        )
    if setup.linked:
        yield Finding(
            Status.NOTE,
            Subject.LINKED,
            "Changes get lost",
            "The scene is linked from another file, so what you set here is lost when this file is loaded again; open "
            "the other file to keep it",
        )
    yield from _check_region(setup)


def _check_region(setup: RenderSetup) -> Iterator[Finding]:
    if setup.region is Region.CROPPED:
        yield Finding(
            Status.NOTE,
            Subject.REGION,
            "Cropped",
            "Images are cropped to the Render Region; press Ctrl-Alt-B in the 3D Viewport to clear it",
        )
    elif setup.region is Region.BLACK_OUTSIDE:
        yield Finding(
            Status.NOTE,
            Subject.REGION,
            "Black outside",
            "Outside the Render Region images are empty and have no labels; press Ctrl-Alt-B in the 3D Viewport to "
            "clear it",
        )


def _check_categories(setup: RenderSetup) -> Iterator[Finding]:
    objects = setup.labelled
    if objects.problem or not objects.categories:
        return
    if objects.from_table:
        there = f"{counted(objects.categories, 'category')} of the table for {counted(objects.count, 'object')}"
        left = f"; {counted(objects.background, 'object')} will be background" if objects.background else ""
        yield Finding(
            Status.GOOD,
            Subject.CATEGORIES,
            f"{objects.categories} for {counted(objects.count, 'object')}",
            there + left,
        )
    else:
        yield Finding(
            Status.GOOD,
            Subject.CATEGORIES,
            f"{objects.categories}, from names",
            "Categories come from custom properties, collections, and names without the .001 of copies; Edit "
            "Categories makes them yours",
        )


def _check_unlabelled(setup: RenderSetup, settings: Settings, layer: ViewLayerSetup) -> Iterator[Finding]:
    if setup.labelled.metaballs:
        first, other = setup.labelled.metaballs
        yield Finding(
            Status.WRONG,
            Subject.CATEGORIES,
            "Metaballs differ",
            f"The metaballs {first!r} and {other!r} render as one surface, all of it labelled as {first!r}, but have "
            "different categories; give both the same one, or make their names differ before the dot",
        )
    by_index = label_pass(setup, settings, layer) in INDEX_PASSES
    things = [one for one in setup.labelled.unlabelled if by_index or not one.kind.by_index_only]
    for sentence in sentences_on(things, "will be in the picture without a label"):
        yield Finding(Status.NOTE, Subject.UNLABELLED, "In the picture", sentence)


def _check_labels(setup: RenderSetup, settings: Settings, layer: ViewLayerSetup) -> Finding:
    objects = setup.labelled
    wanted = label_pass(setup, settings, layer)
    if not setup.can_render(wanted):
        return _stopper(
            Subject.MASKS,
            f"Not in {setup.engine}",
            f"{setup.engine} has no {wanted.title} pass; "
            + (
                "set Label Pass to Automatic or Cryptomatte Object"
                if setup.can_render(Pass.CRYPTO_OBJECT)
                else "render with Cycles or EEVEE"
            ),
        )
    if objects.problem:
        return _stopper(Subject.CATEGORIES, "Contradict", objects.problem)
    if objects.count == 0 and objects.background:
        return Finding(
            Status.WRONG,
            Subject.CATEGORIES,
            "Nothing to label",
            f"Nothing to label: all {objects.background} objects are background or ignored; see the panel Categories",
            # Copies may be of objects that are hidden themselves, which are not counted.
            stops=not objects.copies and not objects.indexed_copies,
        )
    if objects.count == 0:
        return _stopper(
            Subject.CATEGORIES, "Nothing to label", "The scene has nothing to label; objects must be visible in renders"
        )
    if wanted is Pass.OBJECT_INDEX and not objects.indexed:
        return _stopper(
            Subject.INDICES,
            "All are 0",
            "All objects have the pass index 0, which is background; press Assign Indices, or set Label Pass to "
            "Automatic",
            other_mend=Mend.ASSIGN_INDICES,
        )
    if wanted is Pass.OBJECT_INDEX and objects.clash:
        return _stopper(
            Subject.INDICES,
            "Shared",
            f"{objects.clash} (Assign Indices gives each its own)",
            other_mend=Mend.ASSIGN_INDICES,
        )
    if wanted not in layer.passes and setup.blur and Pass.OBJECT_INDEX in layer.passes:
        return Finding(
            Status.WRONG,
            Subject.MASKS,
            f"{wanted.title} off",
            f"{setup.blur} would tear masks of Object Index, which holds one sample of each pixel; {wanted.title} does "
            f"not, and is off in the view layer {layer.name!r}",
            Fix.LABEL_PASS,
            stops=not _has_other_labels(setup, settings, layer),
        )
    if wanted not in layer.passes:
        return Finding(
            Status.WRONG,
            Subject.MASKS,
            "No pass",
            f"No pass separates objects: {wanted.title} is off in the view layer {layer.name!r}",
            Fix.LABEL_PASS,
            stops=not _has_other_labels(setup, settings, layer),
        )
    if wanted in INDEX_PASSES and setup.blur:
        return Finding(
            Status.NOTE,
            Subject.BLUR,
            "Tears masks",
            f"{setup.blur} tears the masks of what it blurs or lies before, since {wanted.title} holds one sample of "
            "each pixel; set Label Pass to Automatic or a Cryptomatte",
        )
    needs_none = "; it needs no pass indices" if wanted in CRYPTOMATTES else ""
    return Finding(Status.GOOD, Subject.MASKS, wanted.title, f"{wanted.title} separates objects{needs_none}")


def _has_other_labels(setup: RenderSetup, settings: Settings, layer: ViewLayerSetup) -> bool:
    """Whether frames have labels by another pass, where the one that should separate objects is off and no Cryptomatte
    is on; see core/labels/label_image.py."""
    if settings.labels is not LabelSource.AUTO or settings.soft_masks or settings.cryptomatte:
        return False
    if Pass.OBJECT_INDEX in layer.passes and setup.can_render(Pass.OBJECT_INDEX):
        return setup.labelled.indexed
    return Pass.MATERIAL_INDEX in layer.passes and setup.can_render(Pass.MATERIAL_INDEX)


def _check_indices(setup: RenderSetup, settings: Settings, layer: ViewLayerSetup) -> Iterator[Finding]:
    objects, wanted = setup.labelled, label_pass(setup, settings, layer)
    have = f"{objects.unindexed} of {counted(objects.count, 'object')} {'has' if objects.unindexed == 1 else 'have'}"
    too_many = objects.instances > LARGEST_INDEX
    if objects.unindexed and index_0_is_background(setup, settings, layer):
        if not too_many:  # which is said below, with the only way out
            yield Finding(
                Status.WRONG,
                Subject.INDICES,
                f"{objects.unindexed} with 0",
                f"{have} the pass index 0 and will be background; press Assign Indices, set Label Pass to Cryptomatte "
                "Object, or give background objects the custom property category_id 0",
                other_mend=Mend.ASSIGN_INDICES,
            )
    elif objects.unindexed and wanted is Pass.CRYPTO_OBJECT and settings.labels is LabelSource.AUTO:
        yield Finding(
            Status.NOTE,
            Subject.INDICES,
            f"{objects.unindexed} with 0",
            f"{have} the pass index 0, but {wanted.title} labels them anyway; if they are background, set Label Pass "
            "to Object Index",
        )
    if wanted is not Pass.OBJECT_INDEX:
        return
    if objects.shared and not objects.clash:
        yield Finding(
            Status.NOTE,
            Subject.INDICES,
            "Shared",
            f"{objects.shared}, so they will be one instance; Assign Indices gives each instance its own",
        )
    if too_many:
        yield Finding(
            Status.WRONG,
            Subject.INDICES,
            "Too many",
            f"There are {objects.instances} instances, and Blender has {LARGEST_INDEX} pass indices; set Label Pass to "
            "Cryptomatte Object",
        )


def _check_parts(setup: RenderSetup, settings: Settings, layer: ViewLayerSetup) -> Iterator[Finding]:
    wanted = part_pass(setup, settings, layer)
    if wanted is None or wanted is label_pass(setup, settings, layer):
        return
    if wanted in layer.passes:
        yield Finding(Status.GOOD, Subject.PARTS, wanted.title, f"{wanted.title} separates parts")
    elif setup.can_render(wanted):
        yield _stopper(
            Subject.PARTS,
            "No pass",
            f"No pass separates parts: {wanted.title} is off in the view layer {layer.name!r}",
            Fix.PART_PASS,
        )
    else:
        yield _stopper(
            Subject.PARTS, f"Not in {setup.engine}", f"{setup.engine} has no {wanted.title} pass; set Parts to None"
        )


def _check_other_passes(setup: RenderSetup, settings: Settings, layer: ViewLayerSetup) -> Iterator[Finding]:
    images = ["images"] if wants_image(settings) else []
    images += ["ignore regions of holdouts"] if wants_holdouts(setup, settings) else []
    if images:
        what = " and ".join(images)
        if Pass.COMBINED in layer.passes:
            yield Finding(Status.GOOD, Subject.IMAGE, "Combined", f"Combined gives the {what}")
        else:
            yield Finding(
                Status.WRONG,
                Subject.IMAGE,
                "Combined off",
                f"No {what}: Combined is off in the view layer {layer.name!r}",
                Fix.COMBINED,
            )
    if wants_holdouts(setup, settings) and setup.transparent:
        yield Finding(
            Status.NOTE,
            Subject.HOLDOUTS,
            "Transparent film",
            "No ignore regions of holdouts: they cannot be separated from a transparent background; turn off Film > "
            "Transparent in the render properties",
        )
    yield from _check_copies(setup, settings, layer)
    if setup.labelled.keypoints:
        yield _check_depth(
            setup,
            layer,
            Subject.KEYPOINTS,
            "Depth says which keypoints are hidden",
            "Keypoints count as visible if their instance is seen there",
        )
    if settings.pictures:
        yield _check_depth(setup, layer, Subject.DEPTH, "Depth gives the depth pictures", "No depth pictures")
    yield from _check_maps(setup, settings, layer)


def _check_copies(setup: RenderSetup, settings: Settings, layer: ViewLayerSetup) -> Iterator[Finding]:
    failing = list(_check_namesakes(setup, settings, layer))
    yield from failing
    name = shared_copies(setup, settings, layer)
    if not name or failing:
        return
    alike = f"The copies of {name!r} share a label, and those that touch will be one instance"
    wanted = pass_for_copies(layer)
    if setup.has_ray_depth:
        yield Finding(
            Status.NOTE,
            Subject.COPIES,
            "Share a label",
            f"{alike}, since nothing separates them with a {setup.camera_type} camera",
        )
    elif setup.motion_blur:
        yield Finding(
            Status.WRONG,
            Subject.COPIES,
            "Motion Blur on",
            f"{alike}: with Motion Blur no depth separates them; turn it off",
        )
    elif wanted is Pass.POSITION:
        yield Finding(Status.GOOD, Subject.COPIES, "By Position", f"Position separates the copies of {name!r}")
    else:
        yield _check_depth(setup, layer, Subject.COPIES, f"Depth separates the copies of {name!r}", alike, Status.WRONG)


def _check_namesakes(setup: RenderSetup, settings: Settings, layer: ViewLayerSetup) -> Iterator[Finding]:
    """Whether frames will fail for objects of one name."""
    clash = namesakes(setup, settings, layer)
    if not clash:
        return
    bad = f"{clash}, and frames that show them fail"
    ways_out = WAYS_OUT.format(index=Pass.OBJECT_INDEX.title)
    if settings.instancing is not Instancing.AUTO:
        yield Finding(
            Status.WRONG, Subject.COPIES, "Tell Apart off", f"{bad}, since Tell Apart is off; turn it on, or {ways_out}"
        )
    elif setup.has_ray_depth:
        yield Finding(
            Status.WRONG,
            Subject.COPIES,
            "Same name",
            f"{bad}, since nothing separates them with a {setup.camera_type} camera; {ways_out}",
        )
    elif setup.motion_blur:
        yield Finding(
            Status.WRONG,
            Subject.COPIES,
            "Motion Blur on",
            f"{bad}: with Motion Blur no depth separates them; turn it off, or {ways_out}",
        )
    elif pass_for_copies(layer) not in layer.passes:
        yield _check_depth(setup, layer, Subject.COPIES, "", bad, Status.WRONG)


def _check_depth(
    setup: RenderSetup, layer: ViewLayerSetup, subject: Subject, good: str, bad: str, status: Status = Status.NOTE
) -> Finding:
    """What the Depth pass is good for, or what is missing without it."""
    if Pass.DEPTH in layer.passes:
        return Finding(Status.GOOD, subject, "On" if subject is Subject.DEPTH else "By Depth", good)
    if setup.can_render(Pass.DEPTH):
        return Finding(
            status,
            subject,
            "Off" if subject is Subject.DEPTH else "Depth off",
            f"{bad}: the Depth pass (Z) is off in the view layer {layer.name!r}",
            Fix.DEPTH,
        )
    return Finding(
        status,
        subject,
        f"Not in {setup.engine}",
        f"{bad}: {setup.engine} has no Depth pass; render with Cycles or EEVEE",
    )


def _check_maps(setup: RenderSetup, settings: Settings, layer: ViewLayerSetup) -> Iterator[Finding]:
    kinds = list(dict.fromkeys(map.kind for map in settings.maps))
    good = []
    for kind in kinds:
        if reason := _why_missing(setup, layer, kind):
            fixable = any(pass_ not in layer.passes and setup.can_render(pass_) for pass_ in kind.passes)
            yield _stopper(
                Subject.MAPS,
                f"No {kind.title}",
                f"No maps of {kind.title}: {reason}",
                Fix.MAP_PASSES if fixable else None,
            )
        else:
            good.append(kind.title)
    if good:
        yield Finding(
            Status.GOOD,
            Subject.MAPS,
            good[0] if len(good) == 1 else f"{len(good)} kinds",
            f"Dense maps: {', '.join(good)}",
        )


def _check_outputs(setup: RenderSetup, settings: Settings, layer: ViewLayerSetup) -> Iterator[Finding]:
    if not setup.outputs:
        yield _stopper(
            Subject.OUTPUT,
            setup.file_format,
            f"The output is {setup.file_format}, which holds no passes; it has to be OpenEXR MultiLayer",
            Fix.OUTPUT,
        )
        return
    needed = [pass_ for pass_ in needed_passes(setup, settings, layer) if pass_ in layer.passes]
    missing = [pass_ for pass_ in needed if not _written(setup.outputs, pass_)]
    if missing:
        names = " and ".join(pass_.title for pass_ in missing)
        yield _stopper(
            Subject.OUTPUT,
            "Passes missing",
            f"The File Output nodes do not write {names}; connect them, or make the output OpenEXR MultiLayer",
            Fix.OUTPUT,
        )
    else:
        yield Finding(Status.GOOD, Subject.OUTPUT, "EXR with passes", f"Passes go to {_described(setup.outputs)}")
    parts = part_pass(setup, settings, layer)
    for labels in dict.fromkeys([label_pass(setup, settings, layer), *([parts] if parts else [])]):
        yield from _check_codec(setup.outputs, labels)
    if not setup.can_store:
        yield _stopper(
            Subject.OUTPUT,
            "Not interleaved",
            "This Blender cannot write one part for each pass if pixels are not square; turn on Interleave in the "
            "output properties, or make the aspect 1:1",
            Fix.INTERLEAVE,
        )


def _check_folder(setup: RenderSetup) -> Iterator[Finding]:
    if not setup.folder:
        yield _stopper(
            Subject.OUTPUT,
            "File not saved",
            "The output path is relative to a .blend file that is not saved; save it first",
            other_mend=Mend.SAVE_FILE,
        )
    elif setup.folder_is_default and setup.is_saved:
        yield _stopper(
            Subject.OUTPUT,
            "Temporary folder",
            f"Frames go to the temporary folder {setup.folder}, which gets emptied and which all scenes share; choose "
            "another output folder",
            other_mend=Mend.WRITE_BESIDE,
        )
    elif setup.folder_is_default:
        yield _stopper(
            Subject.OUTPUT,
            "Temporary folder",
            f"Frames go to the temporary folder {setup.folder}, which gets emptied; save the .blend, so that they have "
            "a place beside it",
            other_mend=Mend.SAVE_FILE,
        )


def _check_codec(outputs: Sequence[ExrOutput], labels: Pass) -> Iterator[Finding]:
    if labels not in CRYPTOMATTES:
        return
    for output in outputs:
        if output.passes is not None and labels not in output.passes:
            continue
        where = f"The File Output node {output.name!r}" if output.name else "The output"
        # The scene's own output names the channels of a Cryptomatte in lower case, which DWAA and DWAB leave alone.
        lossy = _LOSSY_CODECS if output.name else _LOSSY_CODECS[:1]
        if output.codec in lossy or output.half:
            what = "in 16 bit" if output.half else f"with the lossy codec {output.codec}"
            yield _stopper(
                Subject.OUTPUT,
                "Lossy",
                f"{where} stores Cryptomatte {what}, which destroys the ids; choose 32 bit and ZIP",
                Fix.CODEC,
            )


def _check_animation(setup: RenderSetup, several_frames: bool) -> Iterator[Finding]:
    opens, closes = setup.shutter
    if setup.labelled.jumping and setup.motion_blur and (opens < 0 or closes >= 1):
        way_out = "set its Position to Start on Frame" if opens < 0 else "make its Shutter shorter than a frame"
        yield Finding(
            Status.WRONG,
            Subject.BLUR,
            "Shows jumps",
            f"{setup.labelled.jumping!r} jumps from key to key (Constant interpolation), and Motion Blur shows it "
            f"before and after the jump in one frame; {way_out}, or turn Motion Blur off",
        )
    if setup.fixed_seed and several_frames:
        yield Finding(
            Status.NOTE,
            Subject.SEED,
            "Same each frame",
            "All frames have the same pattern of noise, which networks learn; turn on Use Animated Seed in Render "
            "Properties > Sampling > Advanced",
        )


def _check_compositor(
    setup: RenderSetup, settings: Settings, layer: ViewLayerSetup, from_files: bool
) -> Iterator[Finding]:
    """Whether images show what the labels show, which do not go through the compositor."""
    if not wants_image(settings):
        return
    mismatch, own_picture = setup.compositing.mismatch(layer.name), Pass.COMBINED in layer.passes
    if mismatch and settings.image_from is ImageFrom.COMPOSITE and not settings.all_view_layers:
        yield Finding(
            Status.WRONG,
            Subject.IMAGE,
            "Not like labels",
            f"Images and labels do not match: {mismatch}; set Image From to Automatic or Render Layer",
        )
    elif mismatch and settings.image_from is ImageFrom.AUTO and own_picture:
        yield Finding(
            Status.NOTE,
            Subject.IMAGE,
            "View layer",
            f"Images are from the view layer {layer.name!r} and not from the compositor, since {mismatch}",
        )
    if from_files and setup.compositing.mismatch_in_files:
        yield Finding(
            Status.WRONG,
            Subject.IMAGE,
            "Not like labels",
            f"Images and labels may not match: {setup.compositing.mismatch_in_files}; connect that to the Render "
            "Layers node itself",
        )


def _check_image(setup: RenderSetup, settings: Settings, layer: ViewLayerSetup) -> Iterator[Finding]:
    if setup.has_camera and setup.camera_name:
        yield Finding(
            Status.GOOD, Subject.CAMERA, setup.camera_name, f"Images are seen from the camera {setup.camera_name!r}"
        )
    size = f"{setup.width} x {setup.height} pixels"
    if setup.percentage == 100:
        yield Finding(Status.GOOD, Subject.IMAGE, f"{setup.width} x {setup.height} px", f"Images have {size}")
    else:
        yield Finding(
            Status.NOTE,
            Subject.IMAGE,
            f"{setup.width} x {setup.height} px",
            f"Images have {size}: the resolution is set to {setup.percentage} %",
        )
    if setup.motion_blur and Pass.VECTOR in layer.passes and Pass.VECTOR not in passes_of(settings.maps):
        yield Finding(
            Status.WRONG,
            Subject.BLUR,
            "Vector is empty",
            "Motion Blur is on, and Blender then leaves the Vector pass empty; turn one of them off",
        )


def _written(outputs: Sequence[ExrOutput], pass_: Pass) -> bool:
    return any(output.passes is None or pass_ in output.passes for output in outputs)


def _described(outputs: Sequence[ExrOutput]) -> str:
    if not outputs[0].name:
        return "OpenEXR MultiLayer files"
    names = ", ".join(repr(output.name) for output in outputs)
    return f"the File Output {'node' if len(outputs) == 1 else 'nodes'} {names}"
