"""What the open scene will render, as core's checklist wants to know it."""

from pathlib import Path

import bpy

from ...core.frames.frame_files import pass_of_file
from ...core.preflight.label_facts import LabelFacts
from ...core.preflight.render_setup import ExrOutput, Region, RenderSetup, ViewLayerSetup
from ...core.settings.render_pass import Pass
from .. import compat
from ..export.sources import frame_file
from ..rendering.last_render import problem_of_slot
from ..scene.compositor import read_compositing
from ..scene.pass_switches import PASS_SWITCHES
from ..scene.scene_reader import has_depth_of_field, image_size, rendered_type, type_of_camera

_EEVEE = frozenset(Pass) - {Pass.OBJECT_INDEX, Pass.MATERIAL_INDEX, Pass.UV}
# Engines of others are believed to make every pass.
_ENGINE_PASSES = {
    "BLENDER_EEVEE": _EEVEE,
    "BLENDER_EEVEE_NEXT": _EEVEE,
    "BLENDER_WORKBENCH": frozenset({Pass.COMBINED, Pass.DEPTH}),
}
_ENGINE_NAMES = {"BLENDER_EEVEE": "EEVEE", "BLENDER_EEVEE_NEXT": "EEVEE", "BLENDER_WORKBENCH": "Workbench"}
# Blender's own default on each system.
_DEFAULT_FOLDERS = {"/tmp", "/tmp/", "\\tmp", "\\tmp\\", "/tmp\\", "C:\\tmp\\", ""}


def read_render_setup(scene: bpy.types.Scene, labelled: LabelFacts) -> RenderSetup:
    """
    Args:
        scene: the original scene.
        labelled: what is known of its objects; they take longer to go through than all the rest.
    """
    render = scene.render
    folder = _folder(scene)
    width, height = image_size(scene)
    return RenderSetup(
        engine=_ENGINE_NAMES.get(render.engine, render.engine.title()),
        engine_passes=_ENGINE_PASSES.get(render.engine),
        view_layers=tuple(ViewLayerSetup(layer.name, layer.use, _passes_of(layer)) for layer in scene.view_layers),
        labelled=labelled,
        outputs=_outputs(scene),
        file_format=_name_of_format(render.image_settings),
        width=width,
        height=height,
        percentage=render.resolution_percentage,
        can_store=compat.can_store_passes(scene),
        folder=str(folder) if folder.is_absolute() else "",
        folder_is_default=_chosen_folder(scene) is None and render.filepath in _DEFAULT_FOLDERS,
        has_camera=scene.camera is not None,
        motion_blur=render.use_motion_blur,
        sequencer=compat.sequencer_replaces_render(scene),
        preview=scene.labelpass.preview != "NONE",
        camera_type=rendered_type(scene, scene.camera) if scene.camera else "",
        transparent=render.film_transparent,
        depth_of_field=has_depth_of_field(scene.camera) if scene.camera else False,
        drawn_as_perspective=_drawn_as_perspective(scene),
        fixed_seed=_has_fixed_seed(scene),
        shutter=_shutter(render),
        compositing=read_compositing(scene),
        random_frames=scene.labelpass.random_frames.baked > 1,
        camera_name=scene.camera.name if scene.camera else "",
        region=_region(render),
        linked=scene.library is not None,
        slot=problem_of_slot(scene),
        is_saved=bool(bpy.data.filepath),
    )


def _chosen_folder(scene: bpy.types.Scene) -> Path | None:
    """Where the user wants frames to come from, or the dataset to go; None where that is the scene's own output."""
    settings = scene.labelpass
    chosen: Path | None = settings.chosen_folder("frames_folder" if settings.needs_files else "output")
    return chosen


def _folder(scene: bpy.types.Scene) -> Path:
    return _chosen_folder(scene) or frame_file(scene, scene.frame_start).parent


def _region(render: bpy.types.RenderSettings) -> Region:
    if not render.use_border:
        return Region.NONE
    return Region.CROPPED if render.use_crop_to_border else Region.BLACK_OUTSIDE


def _drawn_as_perspective(scene: bpy.types.Scene) -> str:
    wanted = type_of_camera(scene.camera) if scene.camera else ""
    return wanted if wanted and rendered_type(scene, scene.camera) != wanted else ""


def _has_fixed_seed(scene: bpy.types.Scene) -> bool:
    if scene.render.engine != "CYCLES" or scene.cycles.use_animated_seed:
        return False
    if scene.animation_data:
        curves = [*compat.curves_of(scene.animation_data), *scene.animation_data.drivers]
        if any(curve.data_path == "cycles.seed" for curve in curves):
            return False
    return bool(scene.frame_end >= scene.frame_start + scene.frame_step)


def _shutter(render: bpy.types.RenderSettings) -> tuple[float, float]:
    time = render.motion_blur_shutter
    opens = {"START": 0.0, "CENTER": -time / 2, "END": -time}[render.motion_blur_position]
    return opens, opens + time


def _passes_of(layer: bpy.types.ViewLayer) -> frozenset[Pass]:
    return frozenset(pass_ for pass_, switch in PASS_SWITCHES.items() if getattr(layer, switch))


def _outputs(scene: bpy.types.Scene) -> tuple[ExrOutput, ...]:
    if compat.writes_multilayer(scene):
        # Only Combined is stored in 16 bit there.
        return (ExrOutput("", None, scene.render.image_settings.exr_codec, half=False),)
    return tuple(
        ExrOutput(
            node.name,
            frozenset(pass_ for name in compat.file_output_names(node) if (pass_ := pass_of_file(name))),
            node.format.exr_codec,
            half=compat.NODES_STORE_CRYPTOMATTE_IN_HALF and node.format.color_depth == "16",
        )
        for node in compat.file_outputs(scene)
    )


def _name_of_format(settings: bpy.types.ImageFormatSettings) -> str:
    name = settings.bl_rna.properties["file_format"].enum_items[settings.file_format].name
    return str(name).partition(" (")[0]
