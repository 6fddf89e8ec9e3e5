"""Lines of the checklist on what is labelled and by which pass: objects, categories, indices, parts."""

from collections.abc import Iterator

from ..base.phrases import counted
from ..scene.unlabelled import sentences_on
from ..settings.render_pass import CRYPTOMATTES, INDEX_PASSES, Pass
from ..settings.settings import LabelSource, Settings
from .finding import Finding, Fix, Mend, Status, Subject, stopper
from .needed_passes import (
    index_0_is_background,
    label_pass,
    part_pass,
)
from .pass_indices import LARGEST_INDEX
from .render_setup import RenderSetup, ViewLayerSetup


def check_categories(setup: RenderSetup) -> Iterator[Finding]:
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


def check_unlabelled(setup: RenderSetup, settings: Settings, layer: ViewLayerSetup) -> Iterator[Finding]:
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


def check_labels(setup: RenderSetup, settings: Settings, layer: ViewLayerSetup) -> Finding:
    objects = setup.labelled
    wanted = label_pass(setup, settings, layer)
    if not setup.can_render(wanted):
        return stopper(
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
        return stopper(Subject.CATEGORIES, "Contradict", objects.problem)
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
        return stopper(
            Subject.CATEGORIES, "Nothing to label", "The scene has nothing to label; objects must be visible in renders"
        )
    if wanted is Pass.OBJECT_INDEX and not objects.indexed:
        return stopper(
            Subject.INDICES,
            "All are 0",
            "All objects have the pass index 0, which is background; press Assign Indices, or set Label Pass to "
            "Automatic",
            other_mend=Mend.ASSIGN_INDICES,
        )
    if wanted is Pass.OBJECT_INDEX and objects.clash:
        return stopper(
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


def check_indices(setup: RenderSetup, settings: Settings, layer: ViewLayerSetup) -> Iterator[Finding]:
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


def check_parts(setup: RenderSetup, settings: Settings, layer: ViewLayerSetup) -> Iterator[Finding]:
    wanted = part_pass(setup, settings, layer)
    if wanted is None or wanted is label_pass(setup, settings, layer):
        return
    if wanted in layer.passes:
        yield Finding(Status.GOOD, Subject.PARTS, wanted.title, f"{wanted.title} separates parts")
    elif setup.can_render(wanted):
        yield stopper(
            Subject.PARTS,
            "No pass",
            f"No pass separates parts: {wanted.title} is off in the view layer {layer.name!r}",
            Fix.PART_PASS,
        )
    else:
        yield stopper(
            Subject.PARTS, f"Not in {setup.engine}", f"{setup.engine} has no {wanted.title} pass; set Parts to None"
        )
