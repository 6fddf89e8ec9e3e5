"""What a render of the scene will and will not give to label: the checklist of the panel, and what can be set up.

Blender's side (operators/preflight/render_setup.py) reads a RenderSetup from the scene and carries out the fixes.
"""

from collections.abc import Iterator

from ..settings.conflicts import contradictions
from ..settings.map_table import passes_of
from ..settings.render_pass import Pass
from ..settings.settings import ImageFrom, Settings
from .depth_checks import check_copies, check_depth
from .finding import Finding, Fix, Mend, Status, Subject, stopper
from .label_checks import check_categories, check_indices, check_labels, check_parts, check_unlabelled
from .map_checks import check_maps
from .needed_passes import (
    labelled_layer,
    wants_holdouts,
    wants_image,
)
from .output_checks import check_folder, check_outputs
from .render_setup import Region, RenderSetup, ViewLayerSetup


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
            stopper(
                Subject.VIEW_LAYER,
                "Not there",
                f"There is no view layer {settings.view_layer!r}; choose one of {names}",
            )
        ]
    clashes = [stopper(Subject.SETTINGS, "Contradict", sentence) for sentence in contradictions(settings)]
    findings = [*_check_scene(setup, layer), *(clashes or [check_labels(setup, settings, layer)])]
    findings += [
        *check_categories(setup),
        *(
            Finding(Status.WRONG, Subject.MISSING, "Linked library", sentence)
            for sentence in setup.labelled.missing.about_libraries()
        ),
        *(
            Finding(Status.WRONG, Subject.MISSING, "Image file", sentence)
            for sentence in setup.labelled.missing.about_images()
        ),
        *(Finding(Status.NOTE, Subject.CATEGORIES, "Look at names", sentence) for sentence in setup.labelled.doubts),
        *check_unlabelled(setup, settings, layer),
        *check_indices(setup, settings, layer),
        *check_parts(setup, settings, layer),
    ]
    findings += _check_other_passes(setup, settings, layer)
    findings += _check_animation(setup, from_files or animation)
    if from_files:
        findings += check_outputs(setup, settings, layer)
    elif setup.slot and not animation:
        findings.append(Finding(Status.NOTE, Subject.SLOT, "Not this render", setup.slot))
    findings += check_folder(setup)
    findings += [*_check_compositor(setup, settings, layer, from_files), *_check_image(setup, settings, layer)]
    return findings


def _check_scene(setup: RenderSetup, layer: ViewLayerSetup) -> Iterator[Finding]:
    if not setup.has_camera:
        yield stopper(
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
        yield stopper(
            Subject.VIEW_LAYER,
            "Not rendered",
            f"The view layer {layer.name!r} is not rendered; turn on its Use for Rendering",
            Fix.USE_VIEW_LAYER,
        )
    if setup.sequencer:
        yield stopper(
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
    yield from check_copies(setup, settings, layer)
    if setup.labelled.keypoints:
        yield check_depth(
            setup,
            layer,
            Subject.KEYPOINTS,
            "Depth says which keypoints are hidden",
            "Keypoints count as visible if their instance is seen there",
        )
    if settings.pictures:
        yield check_depth(setup, layer, Subject.DEPTH, "Depth gives the depth pictures", "No depth pictures")
    yield from check_maps(setup, settings, layer)


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
    if refusal := settings.image_format.refusal(setup.width, setup.height):
        yield stopper(Subject.IMAGE, "Too large", refusal)
    elif setup.percentage == 100:
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
