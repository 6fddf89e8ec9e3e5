"""What a frame shows: its passes, what stands in each pixel, and which instances these are.

The steps of annotate take such a frame and give it back with instances that are fewer or of which more is known.
"""

import dataclasses
import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np

from ..base.errors import SceneError
from ..base.phrases import GET_SCENE_RECORDS, counted
from ..categories.doubts import doubts_of_scene
from ..categories.rules import categorise
from ..exr.passes import COMPOSITE_LAYER, Passes
from ..frames.sidecar import Sidecar
from ..masks.runs import Runs, find_runs
from ..records.frame_job import FrameJob
from ..records.instance import Instance
from ..scene.scene_geometry import SceneGeometry
from ..scene.scene_record import SceneRecord
from ..scene.unlabelled import sentences_on
from ..settings.category_table import Category
from ..settings.map_table import passes_of
from ..settings.render_pass import LABEL_PASSES, Pass
from ..settings.settings import Grouping, Ignored, ImageFormat, Instancing, LabelSource, Parts, Settings, shows_colours
from .depth import FrameDepth
from .frame_memory import check_memory
from .holdouts import find_holdouts
from .instance_separation import SeparatedLabels, separate_instances
from .label_image import LabelImage, read_labels
from .naming import NamedLabels, name_labels, named_by_scene, table_of
from .torn_masks import find_torn

_OF_MATERIALS = (LabelSource.MATERIAL_INDEX, LabelSource.CRYPTO_MATERIAL)
_GROUPS_BY_SCENE = (Grouping.PARENT, Grouping.TOP_PARENT, Grouping.COLLECTION, Grouping.CATEGORY)


@dataclass(frozen=True)
class LabelledFrame:
    """A frame, what its labels stand for, and what is known of its instances.

    Attributes:
        job: what to do.
        scene: its scene record, read from job.scene.
        passes, depth: of its files.
        image: its labels, as they are in the files.
        separated: how instances that share a label were separated.
        named: what its labels stand for.
        runs: its pixels by the labels of Instance.mask.
        read_geometry: gives that of the scene record, see geometry.
        instances: those that no step has left out, in the order of the record.
        ignored: the regions to ignore.
        categories: all of the scene.
        sidecars: files with names that the frame needed.
        notes: sentences on what the user should know.
        dropped: reason -> how many instances were left out for it, see filters.py.
        part_categories: all that the scene has for parts of instances; none if not asked for.
    """

    job: FrameJob
    scene: SceneRecord | None
    passes: Passes
    depth: FrameDepth
    image: LabelImage
    separated: SeparatedLabels
    named: Sequence[NamedLabels]
    runs: Runs
    read_geometry: Callable[[], SceneGeometry | None]
    instances: Sequence[Instance]
    ignored: Sequence[Instance]
    categories: Sequence[Category]
    sidecars: Sequence[Sidecar]
    notes: Sequence[str]
    dropped: Mapping[str, int] = field(default_factory=dict)
    part_categories: Sequence[Category] = ()

    def with_instances(self, instances: Iterable[Instance], notes: Iterable[str] = ()) -> "LabelledFrame":
        """The same frame with other instances, and sentences after those that it has."""
        return dataclasses.replace(self, instances=tuple(instances), notes=(*self.notes, *notes))

    def without_dropped(self, kept: Iterable[Instance], dropped: Mapping[str, int]) -> "LabelledFrame":
        """The same frame with the instances that a filter has kept, and what that has dropped counted."""
        return dataclasses.replace(self, instances=tuple(kept), dropped={**self.dropped, **dropped})

    @property
    def height(self) -> int:
        return self.passes.shape[0]

    @property
    def width(self) -> int:
        return self.passes.shape[1]

    @cached_property
    def named_of(self) -> Mapping[int, NamedLabels]:
        """Label of an instance's mask -> what it stands for."""
        return {one.in_image[0]: one for one in self.named if not one.ignored}

    @property
    def scene_file(self) -> Path:
        """Where the scene record lies that the frame has."""
        assert self.job.scene is not None  # where there is a scene record, there is its path
        return self.job.scene

    @property
    def geometry(self) -> SceneGeometry | None:
        """That of the scene record, read once; None where it has none. SceneError where it is missing or damaged."""
        return self.read_geometry()

    def surfaces_of(self, named: NamedLabels) -> list[int]:
        """The surfaces of an instance that was separated from others, by their numbers in the geometry; else none."""
        return [number for label in named.in_image for number in self.separated.surfaces.get(label, ())]

    def runs_of_instances(self) -> Runs:
        """The runs of the instances alone."""
        kept = {one.mask.label for one in self.instances}
        return self.runs.united({label: label if label in kept else 0 for label in self.runs.labels()})


def label_frame(job: FrameJob, checkpoint: Callable[[], None]) -> LabelledFrame:
    """Read a frame's labels, separate instances that share one, and name them.

    Raises:
        LabelpassError: something is wrong with the files, or they do not fit the scene record.
    """
    passes, scene, notes = _open(job)
    check_memory(job, passes)
    checkpoint()
    to_read = _passes_to_read(job, keypoints=scene is not None and bool(scene.keypoints))
    passes.preload(to_read, Pass.COMBINED in to_read and may_have_moved(passes, scene))
    image = _read_labels(job, passes, scene)
    notes += image.notes
    stands_in = scene is not None and _stands_in_for_index(job.settings, image, scene, passes)
    if scene and (stands_in or image.source is LabelSource.OBJECT_INDEX):
        notes += _without_index(scene)
    if scene and stands_in:
        scene = _without_index_0(scene)
    notes += _unlabelled(scene, image) if scene else _without_scene(job.settings, image, passes)
    notes += _of_viewport(scene) if scene else []
    notes += _faint(image, scene)
    runs = in_files = find_runs(image.labels)
    separated = SeparatedLabels(image.labels)
    if scene and job.scene and job.settings.instancing is Instancing.AUTO:
        checkpoint()
        separated = separate_instances(image, runs, passes, scene, job.scene, job.settings.grouping)
        runs = find_runs(separated.labels) if separated.instances else runs
        notes += separated.notes
    named, categories, remarks = name_labels(
        runs.labels(), image, scene, job.settings.grouping, job.settings.ignored, job.categories, separated.entries()
    )
    named = [separated.as_in_files(one) for one in named]
    labels = len(runs.labels())
    runs = _under_one_label(runs, named)
    instances, ignored = _instances(runs, named)
    notes += remarks
    if scene:
        notes += doubts_of_scene(scene, "material" if image.source in _OF_MATERIALS else "object")
    if image.is_index:
        notes += _torn(find_torn(image.labels, in_files), named, Pass(image.source.value))
    if job.settings.ignored is Ignored.CROWD:
        holdouts, without_region = find_holdouts(passes, image.labels, scene)
        ignored += [holdouts] if holdouts else []
        notes += [without_region] if without_region else []
    if scene and scene.camera and scene.camera.type == "panoramic":
        notes += _across_the_seam(instances, runs)
    if not instances:
        custom = scene is not None and scene.camera is not None and scene.camera.type == "custom"
        notes.append(_why_nothing(image, labels, scene is not None, custom))
    return LabelledFrame(
        job=job,
        scene=scene,
        passes=passes,
        depth=FrameDepth(passes, scene),
        image=image,
        separated=separated,
        named=named,
        runs=runs,
        read_geometry=functools.cache(functools.partial(_read_geometry, job.scene, scene)),
        instances=tuple(instances),
        ignored=tuple(ignored),
        categories=tuple(categories),
        sidecars=tuple(image.sidecars),
        notes=tuple(notes),
    )


def _read_geometry(scene_file: Path | None, scene: SceneRecord | None) -> SceneGeometry | None:
    if scene_file is None or scene is None or scene.geometry is None:
        return None
    return SceneGeometry.read(scene_file, scene.geometry)


def _without_scene(settings: Settings, image: LabelImage, passes: Passes) -> list[str]:
    """Sentences on what a frame lacks if only its files are known."""
    notes = []
    if settings.labels is LabelSource.AUTO and not image.is_index and Pass.OBJECT_INDEX in passes:
        taken = Pass(image.source.value).title
        if settings.soft_masks or settings.cryptomatte:
            why = "soft masks come from a Cryptomatte" if settings.soft_masks else "it was named"
            notes.append(
                f"{taken} was taken, since {why}; everything in it is an instance, so give --scene if some things are "
                "background"
            )
        else:
            notes.append(
                f"Object Index is 0 everywhere, so {taken} was taken; if other frames have pass indices, choose Object "
                "Index for all frames"
            )
    if settings.grouping in _GROUPS_BY_SCENE:
        notes.append(
            "Without a scene record it is not known which objects belong together, so each is an instance of its own; "
            f"{GET_SCENE_RECORDS}"
        )
    return notes


def _torn(labels: Sequence[int], named: Sequence[NamedLabels], source: Pass) -> list[str]:
    """A sentence on instances whose masks are torn, if there are any."""
    torn = set(labels)
    names = [one.name for one in named if not one.ignored and torn & set(one.labels)]
    if not names:
        return []
    some = repr(names[0]) if len(names) == 1 else f"{names[0]!r} and {len(names) - 1} more"
    return [
        f"The masks of {some} are torn: {source.title} holds one sample of each pixel, and motion blur, depth of field "
        "or shapes thinner than a pixel scatter it; label by Cryptomatte, which knows how much of a pixel each covers"
    ]


def _faint(image: LabelImage, scene: SceneRecord | None) -> list[str]:
    """A sentence on what is seen through nearly everywhere, and so has hardly a label, if there is any."""
    background = (
        {entry.own_name for entry in table_of(image, scene).entries if entry.category is None} if scene else set()
    )
    names = sorted({image.name_of(label) for label in image.faint} - background)
    if not names:
        return []
    some = f"{names[0]!r} covers" if len(names) == 1 else f"{names[0]!r} and {len(names) - 1} more cover"
    return [
        f"{some} much of the image, but nearly everywhere less of a pixel than what is behind, and so hardly a label: "
        "transparent, blurred, behind a volume, or thinner than a pixel; turn on Soft Masks, which hold all of it"
    ]


def _across_the_seam(instances: Sequence[Instance], runs: Runs) -> list[str]:
    """A sentence on instances of a panorama that are on both sides of the image and not in between."""
    names = []
    for one in instances:
        if one.mask.box.x0 == 0 and one.mask.box.x1 == runs.width:
            of_label = slice(*np.searchsorted(runs.label, [one.mask.label, one.mask.label + 1]))
            if np.unique(runs.column[of_label]).size < runs.width:
                names.append(one.name)
    if not names:
        return []
    some = repr(names[0]) if len(names) == 1 else f"{names[0]!r} and {len(names) - 1} more"
    return [
        f"{some} may lie across the seam of the panorama, and then its box spans the image; turn the camera so that "
        "nothing you label is behind it, or use the mask instead of the box"
    ]


def _unlabelled(scene: SceneRecord, image: LabelImage) -> list[str]:
    """Sentences on what the frame may show and the label pass does not."""
    things = [one for one in scene.without_label if image.is_index or not one.kind.by_index_only]
    notes = sentences_on(things, "may be in view without a label")
    if scene.volume and image.is_index:
        notes.append(
            f"Masks have holes where {scene.volume} lies before them, since {Pass(image.source.value).title} holds one "
            "sample of each pixel, and nothing where that ends in a volume; label by Cryptomatte"
        )
    return notes


def _of_viewport(scene: SceneRecord) -> list[str]:
    """A sentence on a scene that was not described as it was rendered."""
    if not scene.of_viewport:
        return []
    return [
        "Copies, poses and amodal masks are those of the viewport, since this Blender does not evaluate the scene as a "
        "render does (its OBJ exporter is missing); if viewport and render differ, use Annotate While Rendering or "
        "--render"
    ]


def _why_nothing(image: LabelImage, labels: int, known: bool, custom: bool) -> str:
    """A sentence on why a frame that shows so many labels has no instance.

    Args:
        image: its labels.
        labels: how many there are.
        known: whether there is a scene record.
        custom: whether the camera is, which without OSL renders nothing.
    """
    shown = Pass(image.source.value).title
    if not labels and custom:
        return (
            f"Nothing to detect: {shown} is empty, like everything that a custom camera renders in a Blender that was "
            "built without OSL; render with another Blender, or with another camera"
        )
    if not labels:
        zero = "; every object has the pass index 0 unless you give it another one" if image.is_index else ""
        return f"Nothing to detect: {shown} shows no object{zero}"
    way_out = "check the rules of the category table and what is ignored"
    if not known and image.is_index:
        way_out = "without a scene record they have names like index_7, so give --scene, or a rule by pass index"
    what = f"everything that {shown} shows ({counted(labels, 'label')})"
    return f"Nothing to detect: {what} is background or ignored; {way_out}"


def _open(job: FrameJob) -> tuple[Passes, SceneRecord | None, list[str]]:
    """The frame's passes, its scene record, and sentences on what the user should know of them."""
    scene = SceneRecord.read(job.scene) if job.scene else None
    if scene and job.categories:
        scene = categorise(scene, job.categories)
    passes = open_passes(job, job.takes_composite(scene))
    missing = _names_not_there(job, passes)
    if scene is None:
        return passes, None, missing
    if passes.shape != (scene.height, scene.width):
        height, width = passes.shape
        raise SceneError(
            f"{passes.where} has {width} x {height} pixels, but the scene renders {scene.width} x {scene.height}; "
            "set the resolution back to that of the render, or render again"
        )
    scene, notes = _of_view(scene, passes.view)
    return passes, scene, missing + notes


def _names_not_there(job: FrameJob, passes: Passes) -> list[str]:
    """A sentence on each label pass that other frames have by a name of the user's, and this one by none of them."""
    found = passes.given_names()
    names: dict[Pass, list[str]] = {}
    for one in job.files.pass_names:
        names.setdefault(one.pass_, []).append(one.name)
    return [
        f"Nothing in this frame is called {' or '.join(map(repr, known))}, which you say is {pass_.title}, so its "
        "labels come from elsewhere; render it like the others, or set Label Pass"
        for pass_, known in names.items()
        if pass_ in LABEL_PASSES and found.isdisjoint(known)
    ]


def _of_view(scene: SceneRecord, view: str) -> tuple[SceneRecord, list[str]]:
    """The scene with the camera that the view was seen by, or without one and a sentence that says why."""
    if view and view != scene.view:
        return dataclasses.replace(scene, camera=None), [
            f"The scene record describes {f'the view {scene.view!r}' if scene.view else 'no stereo view'}, but the "
            f"labels are of {view!r}, so the record has no camera; export this view from Blender"
        ]
    if scene.camera is None and scene.view:
        return scene, [
            "Spherical stereo sees each direction from a different place, so the record has no camera; turn Spherical "
            "Stereo off in the camera's Stereoscopy settings if you need one"
        ]
    return scene, []


def _passes_to_read(job: FrameJob, keypoints: bool) -> list[Pass]:
    """The passes that annotating takes for sure, if the frame has them; not Cryptomatte, which has several levels."""
    settings = job.settings
    wanted = []
    if settings.labels in (LabelSource.AUTO, LabelSource.OBJECT_INDEX):
        wanted.append(Pass.OBJECT_INDEX)
    if settings.labels is LabelSource.MATERIAL_INDEX:
        wanted.append(Pass.MATERIAL_INDEX)
    if job.colour is None and (shows_colours(settings) or settings.image_format is not ImageFormat.NONE):
        wanted.append(Pass.COMBINED)
    if settings.pictures or keypoints:
        wanted.append(Pass.DEPTH)
    return list(dict.fromkeys([*wanted, *passes_of(settings.maps)]))


def _read_labels(job: FrameJob, passes: Passes, scene: SceneRecord | None) -> LabelImage:
    settings = job.settings
    indexed = scene is not None and scene.objects.indexed
    blurred = scene is not None and (bool(scene.volume) or (scene.camera is not None and scene.camera.blurs))
    image = read_labels(
        passes, settings.labels, indexed, settings.cryptomatte, keep_coverages=settings.soft_masks, blurred=blurred
    )
    if settings.parts is Parts.NONE:
        image = dataclasses.replace(image, strength=None)  # only parts need it, and it is as large as the labels
    return named_by_scene(image, scene) if scene else image


def _stands_in_for_index(settings: Settings, image: LabelImage, scene: SceneRecord, passes: Passes) -> bool:
    """Whether a Cryptomatte was taken only since the frame is blurred, and Object Index says which objects count."""
    if settings.labels is not LabelSource.AUTO or settings.cryptomatte or settings.soft_masks:
        return False
    return not image.is_index and scene.objects.indexed and Pass.OBJECT_INDEX in passes


def _without_index_0(scene: SceneRecord) -> SceneRecord:
    """The scene with those objects as background that are background of Object Index."""
    entries = tuple(
        entry if entry.pass_index else dataclasses.replace(entry, category=None) for entry in scene.objects.entries
    )
    return dataclasses.replace(scene, objects=dataclasses.replace(scene.objects, entries=entries))


def _without_index(scene: SceneRecord) -> list[str]:
    """A sentence on objects that only their pass index makes background, if that can hardly be meant."""
    missing = [entry.own_name for entry in scene.objects.left_without_index()]
    if not missing:
        return []
    objects = sum(entry.category is not None and not entry.facts.copy_of for entry in scene.objects.entries)
    some = repr(missing[0]) if len(missing) == 1 else f"{missing[0]!r} and {len(missing) - 1} more"
    return [
        f"{len(missing)} of {counted(objects, 'object')} {'has' if len(missing) == 1 else 'have'} the pass index 0, "
        f"so {some} became background; press Assign Indices and render again, label by Cryptomatte Object, or give "
        "background objects the custom property category_id 0"
    ]


def _under_one_label(runs: Runs, named: Sequence[NamedLabels]) -> Runs:
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


def may_have_moved(passes: Passes, scene: SceneRecord | None) -> bool:
    """Whether the image is the compositor's, and only its pixels can say if it shows what the labels show."""
    return passes.picture_layer == COMPOSITE_LAYER and (scene is None or scene.compositing is None)


def open_passes(job: FrameJob, composited: bool) -> Passes:
    """The passes of a frame, as the settings of the job choose them; `composited` and errors as those of Passes."""
    settings = job.settings
    return Passes(
        job.files.files,
        settings.view_layer,
        settings.view,
        settings.cryptomatte,
        composited,
        job.files.pass_names,
    )
