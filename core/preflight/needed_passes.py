"""Which view layer of a render an export labels, and which passes it needs of that."""

from ..settings.map_table import DenseMap, passes_of
from ..settings.render_pass import CRYPTOMATTES, LABEL_PASSES, Pass
from ..settings.settings import Ignored, ImageFormat, Instancing, LabelSource, Settings
from .render_setup import RenderSetup, ViewLayerSetup


def labelled_layer(setup: RenderSetup, settings: Settings) -> ViewLayerSetup | None:
    """The view layer that an export takes, or would take once it has passes; None where the wanted one is missing."""
    if settings.view_layer:
        return next((layer for layer in setup.view_layers if layer.name == settings.view_layer), None)
    rendered = [layer for layer in setup.view_layers if layer.used] or list(setup.view_layers)
    return next((layer for layer in rendered if layer.passes & set(LABEL_PASSES)), rendered[0])


def label_pass(setup: RenderSetup, settings: Settings, layer: ViewLayerSetup) -> Pass:
    """The pass that separates objects in a render of this scene, whether it is turned on or not."""
    if settings.labels is not LabelSource.AUTO:
        return settings.labels.pass_
    objects = setup.labelled
    # Where nothing is turned on yet, a stray index is not to make background of all the others.
    chosen = Pass.OBJECT_INDEX in layer.passes or (not layer.passes & set(CRYPTOMATTES) and not objects.unindexed)
    by_index = objects.indexed and chosen
    if by_index and not settings.soft_masks and not setup.blur:
        wanted = Pass.OBJECT_INDEX
    else:
        wanted = next((pass_ for pass_ in CRYPTOMATTES if pass_ in layer.passes), Pass.CRYPTO_OBJECT)
    return wanted if setup.can_render(wanted) else Pass.CRYPTO_OBJECT


def index_0_is_background(setup: RenderSetup, settings: Settings, layer: ViewLayerSetup) -> bool:
    """Whether what has the pass index 0 is background of a render of this scene: also where a Cryptomatte stands in for
    an Object Index that blur would tear."""
    if label_pass(setup, settings, layer) is Pass.OBJECT_INDEX:
        return True
    by_choice = settings.labels is not LabelSource.AUTO or settings.soft_masks or settings.cryptomatte
    has_index = Pass.OBJECT_INDEX in layer.passes and setup.can_render(Pass.OBJECT_INDEX)
    return not by_choice and has_index and setup.labelled.indexed


def part_pass(setup: RenderSetup, settings: Settings, layer: ViewLayerSetup) -> Pass | None:
    """The pass that separates the parts of instances, whether it is turned on or not; None where none is wanted."""
    candidates = settings.parts.passes
    labels = label_pass(setup, settings, layer)
    if not candidates or labels in candidates:
        return labels if candidates else None
    return next((pass_ for pass_ in candidates if pass_ in layer.passes), candidates[0])


def needed_passes(setup: RenderSetup, settings: Settings, layer: ViewLayerSetup) -> list[Pass]:
    """All that an export with these settings reads, and no more."""
    needed = [Pass.COMBINED] if wants_image(settings) or wants_holdouts(setup, settings) else []
    needed += [Pass.DEPTH] if settings.pictures or setup.labelled.keypoints else []
    shared = shared_copies(setup, settings, layer) or namesakes(setup, settings, layer)
    needed += [pass_for_copies(layer)] if shared else []
    parts = part_pass(setup, settings, layer)
    needed += [*passes_of(settings.maps), label_pass(setup, settings, layer), *([parts] if parts else [])]
    return list(dict.fromkeys(needed))


def shared_copies(setup: RenderSetup, settings: Settings, layer: ViewLayerSetup) -> str:
    """Name of an object whose copies share a label and are to be separated; "" where there is none."""
    if settings.instancing is not Instancing.AUTO:
        return ""
    labels = label_pass(setup, settings, layer)
    return {Pass.OBJECT_INDEX: setup.labelled.indexed_copies, Pass.CRYPTO_OBJECT: setup.labelled.copies}.get(labels, "")


def namesakes(setup: RenderSetup, settings: Settings, layer: ViewLayerSetup) -> str:
    """As in LabelFacts, where the labels are made of names."""
    return setup.labelled.namesakes if label_pass(setup, settings, layer) is Pass.CRYPTO_OBJECT else ""


def pass_for_copies(layer: ViewLayerSetup) -> Pass:
    """The pass that separates copies: Depth, unless it is off and Position is there."""
    return Pass.POSITION if Pass.POSITION in layer.passes and Pass.DEPTH not in layer.passes else Pass.DEPTH


def wants_image(settings: Settings) -> bool:
    shown = settings.pictures or settings.image_format is not ImageFormat.NONE
    return shown or DenseMap.POINTS_PLY in settings.maps


def wants_holdouts(setup: RenderSetup, settings: Settings) -> bool:
    """Whether the holes that holdouts leave in the image are wanted as regions to ignore."""
    return setup.labelled.holdouts and settings.ignored is Ignored.CROWD


def passes_to_turn_on(setup: RenderSetup, settings: Settings, layer: ViewLayerSetup) -> list[Pass]:
    """The passes that the maps need, that are off and that the engine can make."""
    return [pass_ for pass_ in passes_of(settings.maps) if pass_ not in layer.passes and setup.can_render(pass_)]
