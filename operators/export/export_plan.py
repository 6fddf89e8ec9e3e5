"""What an export does: which sequences it makes of which scenes, and where the frames of each come from.

The names of sequences are those that core/exr/variants.py finds in the files without Blender.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

import bpy

from ...core.base.dataset_folder import DatasetFolder
from ...core.base.errors import InputError, LabelpassError, UsageError
from ...core.frames.dataset_plan import DatasetPlan
from ...core.frames.frame_files import joined_path, sequence_name
from ...core.frames.sequences import folder_names, shot_of
from ...core.frames.shard import Shard
from ...core.settings.category_table import CategoryTable
from ...core.settings.conflicts import check_together
from ...core.settings.render_pass import LABEL_PASSES
from ...core.settings.settings import Settings
from .. import compat
from ..scene.identity import by_name
from ..scene.pass_switches import PASS_SWITCHES
from ..scene.stereo import views_of
from .sources import (
    PlannedFrame,
    SceneSequence,
    file_output_places,
    frame_file,
    output_folder,
    plan_files,
    plan_render,
    scene_frames,
)


class Way(Enum):
    """Where the frames of an export come from."""

    LAST_RENDER = "the render in Blender's memory"
    FILES = "files on disk"
    RENDER = "rendered first"


@dataclass(frozen=True)
class ExportPlan:
    """What an export does.

    Attributes:
        frames: in the order in which they are exported.
        output: the dataset's folder.
        settings: the user's choices.
        render: whether each frame is rendered first.
        merge: whether the dataset file is written at the end.
        discard_passes: whether the EXR file of a frame is removed as soon as all that is made of it is there.
        table: of categories; None takes each scene's own.
        other_scenes: shot -> folder of each scene that an export of all scenes would include and this one does not.
    """

    frames: Sequence[PlannedFrame]
    output: Path
    settings: Settings = field(default_factory=Settings)
    render: bool = False
    merge: bool = True
    table: CategoryTable | None = None
    other_scenes: Mapping[str, str] = field(default_factory=dict)
    discard_passes: bool = False

    @property
    def paths(self) -> list[str]:
        """The path of each frame in the dataset, one for each of its sequences."""
        return [variant.files.path for planned in self.frames for variant in planned.variants]

    @property
    def total(self) -> int:
        """How many records it makes, or says why it cannot."""
        return sum(max(1, len(planned.variants)) for planned in self.frames)


def plan_export(
    scene: bpy.types.Scene,
    settings: Settings,
    way: Way,
    frames: Sequence[int] | None = None,
    folder: Path | None = None,
    output: Path | None = None,
    merge: bool = True,
    table: CategoryTable | None = None,
    sequence: str = "",
    shard: Shard | None = None,
) -> ExportPlan:
    """
    Args:
        scene: the one that the user looks at.
        settings: the user's choices.
        way: where the frames come from.
        frames: their numbers; None takes the frame range of each scene.
        folder: the EXR files; None takes those that each scene writes.
        output: the dataset's folder; None takes that of the scene's own settings, else the one next to the frames.
        merge: whether the dataset file is written at the end.
        table: of categories; None takes each scene's own.
        sequence: name of the sequence of all frames; "" takes the folders of their files.
        shard: which share of the frames of each scene; None takes all.

    Raises:
        LabelpassError: that cannot be done, or is not what the plan of the dataset says.
    """
    check_together(settings)
    sequence = sequence_name(sequence)
    scenes = scenes_of(scene, settings) if way is not Way.LAST_RENDER else [scene]
    if settings.all_scenes and way is not Way.LAST_RENDER:
        if folder is not None and len(scenes) > 1:
            raise UsageError(
                f"The frames in {folder} can belong to one scene only; leave the folder of the frames empty, so that "
                "each scene takes those of its own output, or turn All Scenes off"
            )
        _check_places(scenes)
    for one in scenes:
        _check_name(one)
    planned: list[PlannedFrame] = []
    problems: list[LabelpassError] = []
    for one in scenes:
        numbers = scene_frames(one) if frames is None else frames
        sequences = sequences_of(one, settings, folder)
        try:
            if not numbers:
                raise UsageError(f"The frame range of the scene {one.name!r} is empty; set it, or give the frames")
            numbers = shard.share(numbers) if shard else numbers
            if not numbers:
                continue  # there are more shards than frames
            if way is Way.FILES:
                planned += plan_files(one, numbers, folder, sequences, settings, sequence)
            else:
                planned += plan_render(one, numbers, sequences, settings, sequence)
        except InputError as error:
            problems.append(error)
            planned.append(PlannedFrame(one.name, 0, (), f"scene {one.name}", str(error)))
    if len(problems) == len(scenes):
        raise problems[0]
    output = output or output_folder(scene, planned, folder)
    return ExportPlan(
        planned,
        output,
        settings,
        way is Way.RENDER,
        merge,
        _table_for(output, table),
        {} if settings.all_scenes else _other_scenes(scene, sequence),
    )


def _table_for(output: Path, given: CategoryTable | None) -> CategoryTable | None:
    """The category table of an export: that of the dataset's plan, if it has one; UsageError where another is given."""
    plan = DatasetPlan.read(DatasetFolder(output))
    if plan is None:
        return given
    plan.check_table(given)
    return plan.table


def scenes_of(scene: bpy.types.Scene, settings: Settings) -> list[bpy.types.Scene]:
    """The scenes that an export from one scene includes, unless it takes the render in memory."""
    return (scenes_with_camera() or [scene]) if settings.all_scenes else [scene]


def renders_folder(output: Path, scene: bpy.types.Scene, settings: Settings, sequence: str) -> Path:
    """Where the frames go that are rendered for a dataset: those of each sequence into a folder of their own.

    Args:
        output: the dataset's folder.
        scene: that is rendered.
        settings: the user's choices.
        sequence: as in plan_export(); raises UsageError likewise.
    """
    scene_folder = _scene_folders()[scene.name] if settings.all_scenes else ""
    return DatasetFolder(output).renders / joined_path(sequence_name(sequence), scene_folder)


def scenes_with_camera() -> list[bpy.types.Scene]:
    """The scenes of the file that can be rendered, in the order of names."""
    return sorted((scene for scene in bpy.data.scenes if scene.camera), key=by_name)


def sequences_of(scene: bpy.types.Scene, settings: Settings, folder: Path | None = None) -> list[SceneSequence]:
    """The sequences that an export makes of a render of a scene with these settings.

    Args:
        scene: the original scene.
        settings: the user's choices.
        folder: where the files are, if not where the scene writes them.
    """
    scene_folder = _scene_folders()[scene.name] if settings.all_scenes else ""
    labelled = _label_layers(scene)
    # Files of File Output nodes do not say which view layer a pass belongs to.
    named = folder is not None or compat.writes_multilayer(scene) or not compat.file_outputs(scene)
    if settings.all_view_layers and named:
        layers = labelled
    elif not settings.view_layer and len(labelled) > 1 and named and folder is None:
        layers = labelled[:1]  # the files alone may not have the order of the scene
    else:
        layers = [settings.view_layer]
    layer_folders = folder_names(labelled) if settings.all_view_layers and named else {}

    views = views_of(scene)
    every_view = bool(settings.all_views and views)
    described = views if every_view else [settings.view if settings.view in views else next(iter(views), "")]
    view_folders = folder_names(views) if every_view else {}
    return [
        SceneSequence(
            view_layer=layer,
            described_layer=layer if layer in scene.view_layers else labelled[0] if len(labelled) == 1 else "",
            view=view if every_view else settings.view,
            described_view=view,
            variant=joined_path(scene_folder, layer_folders.get(layer, ""), view_folders.get(view, "")),
        )
        for layer in layers
        for view in described
    ]


def _label_layers(scene: bpy.types.Scene) -> list[str]:
    """The view layers that are rendered and have a label pass; if none has one, all that are rendered."""
    rendered = [layer for layer in scene.view_layers if layer.use] or list(scene.view_layers)
    switches = [PASS_SWITCHES[pass_] for pass_ in LABEL_PASSES]
    found = [layer for layer in rendered if any(getattr(layer, switch) for switch in switches)]
    return [layer.name for layer in found or rendered]


def _scene_folders() -> dict[str, str]:
    return folder_names(scene.name for scene in bpy.data.scenes)


def _other_scenes(scene: bpy.types.Scene, sequence: str) -> dict[str, str]:
    """Shot -> folder of the other scenes, as an export of all scenes would call them."""
    folders = _scene_folders()
    return {
        shot_of(sequence, "", frame_file(other, other.frame_start).stem): joined_path(sequence, folders[other.name])
        for other in scenes_with_camera()
        if other != scene
    }


def _check_name(scene: bpy.types.Scene) -> None:
    """Raises UsageError where Blender, which renders scenes by name, would take another scene for this one."""
    if bpy.data.scenes[scene.name] != scene:
        raise UsageError(
            f"The scene {scene.name_full!r} is linked and has the name of another scene, which would be rendered "
            "instead; give one of them another name"
        )


def _check_places(scenes: Sequence[bpy.types.Scene]) -> None:
    """Raises UsageError where two scenes write into the same files."""
    owners: dict[str, str] = {}
    for scene in scenes:
        places = [str(frame_file(scene, 1))]
        if not compat.writes_multilayer(scene):
            places += file_output_places(scene)
        for place in dict.fromkeys(places):
            other = owners.setdefault(place, scene.name)
            if other != scene.name:
                raise UsageError(
                    f"The scenes {other!r} and {scene.name!r} both render into {place}; give them different output "
                    "paths in the output properties"
                )
