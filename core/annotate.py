"""One frame from its files to its record. Reads like the way of the data; the only module that knows its order."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from .categories import Category
from .category_ids import ids_in_dataset
from .category_rules import categorise
from .dense_maps import DenseMaps
from .details import SeenFrame, add_details
from .errors import SceneError
from .filters import filter_instances
from .holdouts import find_holdouts
from .images import SRGB, Bytes, read_image, to_srgb, write_image
from .instances import Instance, Runs, find_runs
from .instancing import SplitLabels, split_instances
from .job import FrameJob
from .labels import read_labels
from .maps import DenseMap, later_maps, maps_to_write, passes_of
from .naming import NamedLabels, name_labels, named_by_scene
from .parts import find_parts, read_part_labels
from .passes import Passes, open_passes
from .picture_files import write_pictures
from .record import FrameRecord
from .render_pass import Pass
from .scene import SceneRecord
from .settings import Ignored, ImageFormat, Instancing, LabelSource, Parts, Settings
from .soft_masks import write_soft_masks
from .surfaces import Surfaces


def annotate(job: FrameJob, checkpoint: Callable[[], None] = lambda: None) -> FrameRecord:
    """Annotate one frame: write its image, its pictures and, when all of that is complete, its record.

    Args:
        job: what to do.
        checkpoint: called between the steps; raises Cancelled to stop there.

    Raises:
        LabelpassError: something is wrong with the files or the output folder; nothing half-done is left.
    """
    key = job.key()
    scene = SceneRecord.read(job.scene) if job.scene else None
    if scene and job.categories:
        scene = categorise(scene, job.categories)
    passes = open_passes(job)
    if scene and passes.shape != (scene.height, scene.width):
        height, width = passes.shape
        raise SceneError(
            f"{passes.where} has {width} x {height} pixels and the scene renders {scene.width} x {scene.height}; "
            "set the resolution back to that of the render, or render again"
        )
    notes: list[str] = []
    if scene:
        scene = _of_view(scene, passes.view, notes)
    surfaces = Surfaces(passes, scene)

    checkpoint()
    passes.preload(_passes_to_read(job, keypoints=scene is not None and bool(scene.keypoints)))
    indexed = scene is not None and scene.objects.indexed
    image = read_labels(
        passes, job.settings.labels, indexed, job.settings.cryptomatte, keep_coverages=job.settings.soft_masks
    )
    if scene:
        image = named_by_scene(image, scene)
    notes += image.notes
    if scene is None and job.settings.labels is LabelSource.AUTO and not image.is_index and Pass.OBJECT_INDEX in passes:
        notes.append(
            f"Object Index is 0 everywhere, so {Pass(image.source.value).title} was taken; where other frames have "
            "indices, choose Object Index for all"
        )
    runs = find_runs(image.labels)
    split = SplitLabels(image.labels)
    if scene and job.scene and job.settings.instancing is Instancing.AUTO:
        checkpoint()
        split = split_instances(image, runs, passes, scene, job.scene, job.settings.grouping)
        runs = find_runs(split.labels) if split.instances else runs
        notes += split.notes
    named, categories, remarks = name_labels(
        runs.labels(), image, scene, job.settings.grouping, job.settings.ignored, job.categories, split.entries()
    )
    named = [split.as_in_files(one) for one in named]
    runs = _of_instances(runs, named)
    seen, regions = _instances(runs, named)
    instances, dropped = filter_instances(seen, *passes.shape, job.settings)
    notes += remarks
    if job.settings.ignored is Ignored.CROWD:
        holdouts, without_region = find_holdouts(passes, image.labels, scene)
        regions += [holdouts] if holdouts else []
        notes += [without_region] if without_region else []
    if not seen:
        notes.append(
            f"Nothing to detect: {Pass(image.source.value).title} shows no object"
            + ("; every object has the pass index 0 unless you give it another one" if image.is_index else "")
        )

    checkpoint()
    frame = SeenFrame(job, scene, passes, surfaces, named, split, runs, categories)
    instances, remarks = add_details(frame, instances)
    notes += remarks

    part_categories: list[Category] = []
    sidecars = list(image.sidecars)
    if job.settings.parts is not Parts.NONE:
        checkpoint()
        part_image = read_part_labels(passes, job.settings.parts, image)
        parts_of, part_categories, remarks = find_parts(_only(runs, instances), image, part_image, scene)
        instances = [dataclasses.replace(one, parts=parts_of[one.mask.label]) for one in instances]
        if part_image is not image:
            notes += part_image.notes
            sidecars += part_image.sidecars
            notes += remarks
    if image.coverages:
        checkpoint()
        soft_masks = write_soft_masks(job, image.coverages, runs, instances)
        instances = [dataclasses.replace(one, soft_mask=mask) for one, mask in zip(instances, soft_masks, strict=True)]

    checkpoint()
    colours, colour = _training_image(job, passes, notes)
    checkpoint()
    pictures: Sequence[str] = ()
    if job.settings.pictures:
        canvas = colours if colours is not None else np.full((*passes.shape, 3), 64, np.uint8)
        camera = scene.camera if scene else None
        has_depth = Pass.DEPTH in passes
        pictures = write_pictures(job, canvas, instances, categories, camera, surfaces, has_depth, checkpoint)

    maps = []
    if job.settings.maps:
        ids = ids_in_dataset(job.output, categories)
        dense = DenseMaps(passes, surfaces, scene, instances, ids, job.settings.depth_scale, colours)
        dense.check(job.settings.maps)
        for map in maps_to_write(job.settings.maps):
            checkpoint()
            maps.append(dense.write(map, job.output, job.files.path))

    checkpoint()
    record = FrameRecord(
        key=key,
        sequence=job.files.sequence,
        split=job.files.split,
        frame=job.files.frame,
        name=job.files.name,
        width=passes.shape[1],
        height=passes.shape[0],
        image=job.image,
        colour=colour,
        pictures=tuple(pictures),
        label_source=image.source.value,
        view_layer=passes.view_layer,
        view=passes.view or (scene.view if scene else ""),
        unit_scale=scene.unit_scale if scene else None,
        camera=scene.camera if scene else None,
        categories=tuple(categories),
        instances=tuple(instances),
        ignored=tuple(regions),
        dropped=dropped,
        notes=tuple(notes),
        cryptomatte=image.cryptomatte,
        sidecars=tuple(sidecars),
        part_categories=tuple(part_categories),
        maps=tuple(maps),
        later_maps=later_maps(job.settings.maps),
    )
    record.write(job.output)
    return record


def _of_view(scene: SceneRecord, view: str, notes: list[str]) -> SceneRecord:
    """The scene with the camera that the view was seen by, or without one."""
    if view and view != scene.view:
        notes.append(
            f"The scene record describes {f'the view {scene.view!r}' if scene.view else 'no stereo view'} and the "
            f"labels are of {view!r}, so the record has no camera; export this view from Blender"
        )
        return dataclasses.replace(scene, camera=None)
    if scene.camera is None and scene.view:
        notes.append(
            "Spherical stereo sees each direction from another place, so the record has no camera; turn Spherical "
            "Stereo off in the camera's Stereoscopy settings if you need one"
        )
    return scene


def _of_instances(runs: Runs, named: Sequence[NamedLabels]) -> Runs:
    """The runs under the first label of each instance and ignored region; the labels of neither are background."""
    stands_for = {label: one.in_image[0] for one in named for label in one.in_image}
    return runs.united({label: stands_for.get(label, 0) for label in runs.labels()})


def _instances(runs: Runs, named: Sequence[NamedLabels]) -> tuple[list[Instance], list[Instance]]:
    """Instances, and regions to ignore, with their masks, in the same order."""
    mask_of = {mask.label: mask for mask in runs.masks()}
    found: tuple[list[Instance], list[Instance]] = [], []
    for one in named:
        mask = mask_of[one.in_image[0]]
        instance = Instance(one.name, one.category, one.labels, mask, track_id=one.track_id, resolved=one.resolved)
        found[one.ignored].append(instance)
    return found


def _only(runs: Runs, instances: Sequence[Instance]) -> Runs:
    """The runs of these instances."""
    kept = {one.mask.label for one in instances}
    return runs.united({label: label if label in kept else 0 for label in runs.labels()})


def _passes_to_read(job: FrameJob, keypoints: bool) -> list[Pass]:
    """The passes that annotating takes for sure, if the frame has them; Cryptomatte has several levels and is apart."""
    settings = job.settings
    wanted = []
    if settings.labels in (LabelSource.AUTO, LabelSource.OBJECT_INDEX):
        wanted.append(Pass.OBJECT_INDEX)
    if settings.labels is LabelSource.MATERIAL_INDEX:
        wanted.append(Pass.MATERIAL_INDEX)
    if job.colour is None and (_shows_colours(settings) or settings.image_format is not ImageFormat.NONE):
        wanted.append(Pass.COMBINED)
    if settings.pictures or keypoints:
        wanted.append(Pass.DEPTH)
    return list(dict.fromkeys([*wanted, *passes_of(settings.maps)]))


def _shows_colours(settings: Settings) -> bool:
    """Whether the frame's colours are needed for more than the training image."""
    return settings.pictures or DenseMap.POINTS_PLY in settings.maps


def _training_image(job: FrameJob, passes: Passes, notes: list[str]) -> tuple[Bytes | None, Mapping[str, Any] | None]:
    """The frame's 8-bit colours, if they can be had, and how the image that now exists was made, if one exists."""
    wanted = job.settings.image_format is not ImageFormat.NONE
    if job.colour is not None:
        return (read_image(job.output / job.image) if _shows_colours(job.settings) else None), job.colour
    if not wanted and not _shows_colours(job.settings):
        return None, None
    if Pass.COMBINED not in passes:
        if wanted:
            notes.append("There is no Combined pass, so no training image was written")
        return None, None
    combined = passes.read(Pass.COMBINED)
    colours = to_srgb(combined)
    broken = np.count_nonzero(np.isnan(combined[..., :3]).any(axis=-1))
    if broken:
        notes.append(
            f"{broken} pixels of the Combined pass are no numbers and came out black; look for a broken material"
        )
    if wanted:
        write_image(job.output / job.image, colours, job.settings.image_format)
    return colours, SRGB if wanted else None
