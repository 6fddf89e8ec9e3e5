"""What Set Up Passes changes in a scene, one function for each of the checklist's fixes; each says what it did."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import bpy

from ...core.base.errors import SceneError
from ...core.frames.frame_files import pass_of_file
from ...core.preflight.checklist import check
from ...core.preflight.finding import Fix
from ...core.preflight.needed_passes import label_pass, labelled_layer, needed_passes, part_pass, passes_to_turn_on
from ...core.preflight.render_setup import RenderSetup, ViewLayerSetup
from ...core.settings.render_pass import Pass
from ...core.settings.settings import Settings
from .. import compat
from ..export.sources import frame_pattern
from ..labelling.labelled_objects import read_labelled_objects
from ..scene.pass_switches import PASS_SWITCHES
from .render_setup import read_render_setup

_PASSES_FOLDER = "passes"


@dataclass(frozen=True)
class Wanted:
    """What the fixes work towards.

    Attributes:
        scene: the scene to change.
        setup: what its render is like now.
        settings: what the user wants to export.
        layer: the view layer that is labelled.
        keep_output: leave the output format as it is, and let the compositor write the passes.
    """

    scene: bpy.types.Scene
    setup: RenderSetup
    settings: Settings
    layer: ViewLayerSetup
    keep_output: bool

    @property
    def view_layer(self) -> bpy.types.ViewLayer:
        return self.scene.view_layers[self.layer.name]


def set_up_passes(
    scene: bpy.types.Scene, settings: Settings, needs_files: bool, keep_output: bool = False
) -> Iterator[str]:
    """Do whatever the checklist of a scene can fix.

    Args:
        scene: the scene to change.
        settings: what is to be exported.
        needs_files: whether frames are read from files, so that the output settings matter.
        keep_output: as in Wanted.

    Yields:
        What was changed, as a part of a sentence.

    Raises:
        SceneError: something of the user's stands in the way.
    """
    labelled = read_labelled_objects(scene).facts
    done: set[Fix] = set()
    # One fix may bring up the next: an output that is EXR now has a codec.
    while True:
        setup = read_render_setup(scene, labelled)
        findings = check(setup, settings, needs_files)
        fix = next((finding.fix for finding in findings if finding.fix and finding.fix not in done), None)
        if fix is None:
            return
        yield _carry_out(scene, setup, settings, fix, keep_output)
        done.add(fix)


def _carry_out(scene: bpy.types.Scene, setup: RenderSetup, settings: Settings, fix: Fix, keep_output: bool) -> str:
    """Carry out a fix.

    Returns:
        What was changed, as a part of a sentence.

    Raises:
        SceneError: something of the user's stands in the way.
    """
    layer = labelled_layer(setup, settings)
    assert layer is not None  # else the checklist offers no fix
    return _FIXES[fix](Wanted(scene, setup, settings, layer, keep_output))


def _use_view_layer(wanted: Wanted) -> str:
    wanted.view_layer.use = True
    return f"view layer {wanted.layer.name} is rendered"


def _turn_on(wanted: Wanted, pass_: Pass) -> str:
    setattr(wanted.view_layer, PASS_SWITCHES[pass_], True)
    return f"{pass_.title} pass turned on"


def _turn_on_labels(wanted: Wanted) -> str:
    return _turn_on(wanted, label_pass(wanted.setup, wanted.settings, wanted.layer))


def _turn_on_parts(wanted: Wanted) -> str:
    pass_ = part_pass(wanted.setup, wanted.settings, wanted.layer)
    assert pass_ is not None  # else the checklist does not offer it
    return _turn_on(wanted, pass_)


def _turn_on_for_maps(wanted: Wanted) -> str:
    passes = passes_to_turn_on(wanted.setup, wanted.settings, wanted.layer)
    return "; ".join(_turn_on(wanted, pass_) for pass_ in passes)


def _write_passes(wanted: Wanted) -> str:
    scene, before = wanted.scene, wanted.setup.file_format
    if not wanted.keep_output:
        compat.set_multilayer(scene.render.image_settings)
        scene.render.image_settings.exr_codec = "ZIP"
        return f"output is OpenEXR MultiLayer instead of {before}"
    if compat.has_sleeping_compositor(scene):
        raise SceneError(
            "The compositor has nodes but is off, and turning it on would change the image; turn it on yourself, or "
            "let Set Up Passes change the output format"
        )
    folder, name = frame_pattern(scene)
    needed = set(needed_passes(wanted.setup, wanted.settings, wanted.layer))
    node = compat.add_file_output(
        scene, wanted.layer.name, lambda socket: pass_of_file(socket) in needed, folder + _PASSES_FOLDER, name
    )
    return f"File Output node {node.name} writes passes next to the {before} output"


def _store_bits(wanted: Wanted) -> str:
    if not wanted.setup.outputs[0].name:
        wanted.scene.render.image_settings.exr_codec = "ZIP"
        return "output codec is ZIP"
    for node in compat.file_outputs(wanted.scene):
        node.format.exr_codec, node.format.color_depth = "ZIP", "32"
    return "File Output nodes write 32 bit and ZIP"


def _interleave(wanted: Wanted) -> str:
    compat.set_interleave(wanted.scene)
    return "output is interleaved"


def _without_sequencer(wanted: Wanted) -> str:
    wanted.scene.render.use_sequencer = False
    return "the video sequencer no longer replaces the render"


_FIXES: dict[Fix, Callable[[Wanted], str]] = {
    Fix.USE_VIEW_LAYER: _use_view_layer,
    Fix.LABEL_PASS: _turn_on_labels,
    Fix.PART_PASS: _turn_on_parts,
    Fix.COMBINED: lambda wanted: _turn_on(wanted, Pass.COMBINED),
    Fix.DEPTH: lambda wanted: _turn_on(wanted, Pass.DEPTH),
    Fix.MAP_PASSES: _turn_on_for_maps,
    Fix.OUTPUT: _write_passes,
    Fix.CODEC: _store_bits,
    Fix.INTERLEAVE: _interleave,
    Fix.SEQUENCER: _without_sequencer,
}
