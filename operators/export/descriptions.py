"""A frame of a scene as each sequence of an export shows it."""

from collections.abc import Sequence
from functools import partial

import bpy

from ...core.settings.category_table import CategoryTable
from ...core.settings.settings import Settings
from ..scene.render_graph import NoRenderGraphError, in_render_graph
from ..scene.scene_description import SceneDescription, describe
from .sources import SceneSequence

Descriptions = dict[SceneSequence, SceneDescription]


def describe_layer(
    scene: bpy.types.Scene,
    sequences: Sequence[SceneSequence],
    settings: Settings,
    table: CategoryTable | None,
    depsgraph: bpy.types.Depsgraph,
) -> Descriptions:
    """The frame that a depsgraph is evaluated at, for sequences of one view layer.

    Raises:
        SceneError: as `describe` does.
    """
    layer, view = sequences[0].described_layer, sequences[0].described_view
    first = describe(scene, depsgraph, settings, table, view, every_layer=not layer)
    return {sequence: first.from_view(scene, depsgraph, sequence.described_view) for sequence in sequences}


def describe_as_rendered(
    scene: bpy.types.Scene, sequences: Sequence[SceneSequence], settings: Settings, table: CategoryTable | None
) -> Descriptions:
    """The frame where a scene stands, as a render of it would show it.

    Raises:
        SceneError: as `describe` does.
    """
    found: Descriptions = {}
    for name in dict.fromkeys(sequence.described_layer for sequence in sequences):
        shown = [sequence for sequence in sequences if sequence.described_layer == name]
        layers = scene.view_layers
        layer = layers.get(name) or next((layer for layer in layers if layer.use), layers[0])
        read = partial(describe_layer, scene, shown, settings, table)
        try:
            found |= in_render_graph(scene, layer, read)
        except NoRenderGraphError:
            # The user may look at another scene by now.
            with bpy.context.temp_override(scene=scene, view_layer=layer):
                described = read(bpy.context.evaluated_depsgraph_get())
            found |= {sequence: one.of_viewport() for sequence, one in described.items()}
    return found
