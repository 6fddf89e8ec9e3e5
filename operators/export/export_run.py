"""An export from Blender, step by step: describe the scene at each frame, let workers annotate it, write the dataset.

The sidebar's operator and the headless script drive the same steps, the one from a timer, the other in a loop.
"""

import contextlib
import dataclasses
from collections import deque
from collections.abc import Callable, Sequence

import bpy

from ...core.base.dataset_folder import DatasetFolder
from ...core.base.errors import Cancelled, LabelpassError, SceneError, WorkerError
from ...core.frames.dataset_plan import DatasetPlan
from ...core.frames.sequences import declare_sequences
from ...core.records.discarding import DiscardedPasses
from ...core.records.frame_job import FrameJob
from ...core.records.origin import Origin
from ...core.records.replacing import check_replaced
from ...core.run.annotation_run import Summary
from ...core.scene.scene_record import scene_path
from ...core.settings.category_table import CategoryTable
from ...core.settings.render_pass import PassFile
from ...core.settings.settings import ImageFormat, Settings
from .. import compat
from ..rendering.display_images import Look, save_render_passes, save_render_result
from ..scene.random_draws import baked_seed
from . import render_watch
from .descriptions import Descriptions, describe_as_rendered
from .export_plan import ExportPlan
from .frame_run import FrameRun
from .own_output import complete_frames
from .sources import PlannedFrame, PlannedVariant, SceneSequence, frame_files
from .still_render import StillRender


class ExportRun:
    """An export on its way. Call step() until it returns True, or stop() to end it early.

    Args:
        plan: what it does.
        still: renders the frames of a plan that renders; None lets Blender write them, and waits for each.

    Attributes:
        plan: what it does.
        summary: what became of the frames so far.
        discarded: what became of the EXR files; None where they are kept.

    Raises:
        OutputError: the output folder cannot be written.
        UsageError: frames in it that were made of another scene or other files would be replaced, or this is not what
            the plan of the dataset says.
    """

    def __init__(self, plan: ExportPlan, still: StillRender | None = None) -> None:
        if dataset_plan := DatasetPlan.read(DatasetFolder(plan.output)):
            dataset_plan.check_settings(plan.settings)
            dataset_plan.check_planned(plan.paths)
            for planned in plan.frames:
                for draws in dataset_plan.draws_of(variant.files.path for variant in planned.variants):
                    draws.check(baked_seed(bpy.data.scenes[planned.scene]))
        self._still = still
        self._rendering: PlannedFrame | None = None
        self._origins = _origins(plan, still is not None)
        if not plan.settings.redo:
            check_replaced(DatasetFolder(plan.output), self._origins, bpy.data.scenes.keys())
        files = [variant.files for planned in plan.frames for variant in planned.variants]
        declare_sequences(DatasetFolder(plan.output), files, plan.other_scenes)
        settings = plan.settings
        made_of = ([file.path for file in one.files] for one in files)
        # A still is in a file of its own only where it is to be kept.
        self.discarded = DiscardedPasses(made_of) if plan.discard_passes and still is None else None
        self._run = FrameRun(
            plan.output,
            settings.worker_count,
            plan.merge,
            hung_after=settings.hung_after,
            when_done=self.discarded.after if self.discarded else lambda _: None,
        )
        self.plan = plan
        self._scenes = {name: bpy.data.scenes[name] for name in {planned.scene for planned in plan.frames}}
        self._frames_before = {
            name: (scene.frame_current, scene.frame_subframe) for name, scene in self._scenes.items()
        }
        self._waiting = deque(plan.frames)
        self._ended = False

    @property
    def summary(self) -> Summary:
        return self._run.summary

    def step(self, timeout: float = 0.0) -> bool:
        """Do the next small thing; returns whether the export has ended.

        Args:
            timeout: seconds to wait for a worker where there is nothing else to do.

        Raises:
            WorkerError: workers cannot be started. The export has ended then.
        """
        if self._ended:
            return True
        if self._run.blocked and self._waiting:
            self._run.leave_out(len(self._waiting))
            self._waiting.clear()
        try:
            busy = self._go_on()
            more = bool(self._waiting or self._rendering)
            done = self._run.step(0.0 if busy else timeout, more)
        except Cancelled:
            self.stop()
            return True
        except BaseException:
            self.stop()
            raise
        if done:
            self._end()
        return done

    def _go_on(self) -> bool:
        """Begin with a frame, or go on with one that is rendered; returns whether there was something to do."""
        if self._rendering is not None:
            assert self._still is not None
            if not self._still.is_done():
                return False
            planned, self._rendering = self._rendering, None
            self._carry_out(planned, lambda scene: self._hand_over(scene, planned, self._take_still(), in_memory=True))
        elif self._waiting and self._run.wants_more:
            self._begin(self._waiting.popleft())
        else:
            return False
        return True

    def stop(self) -> None:
        """End the export now; finished frames stay."""
        if not self._ended:
            self.summary.stopped = True
            self._end()

    def _end(self) -> None:
        self._ended = True
        if self._still is not None:
            self._still.stop()
        self._run.stop()
        for name, scene in self._scenes.items():
            # Where the user has loaded another file meanwhile, the scene is gone.
            with contextlib.suppress(ReferenceError):
                if (scene.frame_current, scene.frame_subframe) != self._frames_before[name]:
                    frame, subframe = self._frames_before[name]
                    scene.frame_set(frame, subframe=subframe)

    def _begin(self, planned: PlannedFrame) -> None:
        """Render a frame if it is to be rendered, and describe the scene at it."""
        if planned.problem:
            self._run.fail(planned.name, planned.problem)
        else:
            self._carry_out(planned, lambda scene: self._render_or_read(scene, planned))

    def _carry_out(self, planned: PlannedFrame, work: Callable[[bpy.types.Scene], None]) -> None:
        """Do something with a frame's scene, and note what is wrong with the frame where that cannot be done."""
        try:
            work(self._scenes[planned.scene])
        except (WorkerError, Cancelled):
            raise
        except LabelpassError as error:
            for variant in planned.variants:
                self._run.fail_with(variant.files.path, error)
        except ReferenceError as error:
            raise SceneError("The scene of the export is gone; start the export again from another one") from error

    def _render_or_read(self, scene: bpy.types.Scene, planned: PlannedFrame) -> None:
        if scene.frame_current != planned.frame or scene.frame_subframe:
            scene.frame_set(planned.frame)
        settings, table = self.plan.settings, self.plan.table
        sequences = [variant.sequence for variant in planned.variants]
        if not self.plan.render:
            self._hand_over(scene, planned, {}, in_memory=not planned.on_disk)
        elif self._is_rendered(scene, planned):
            self._hand_over(scene, planned, {}, in_memory=False)
        elif self._still is None:
            with complete_frames(scene):
                rendered = render_frame(scene, sequences, settings, table)
            self._hand_over(scene, planned, rendered, in_memory=True)
        else:
            self._still.start(scene, sequences, settings, table)
            self._rendering = planned

    def _take_still(self) -> Descriptions:
        assert self._still is not None
        return self._still.take()

    def _hand_over(
        self, scene: bpy.types.Scene, planned: PlannedFrame, rendered: Descriptions, in_memory: bool
    ) -> None:
        """Hand what each sequence has of a frame to a worker.

        Args:
            scene: it stands at the frame, unless that was rendered.
            planned: the frame.
            rendered: what was rendered just now; empty where the frame was rendered before.
            in_memory: whether Blender still has the render.
        """
        variants = planned.variants if planned.on_disk else self._rendered_variants(scene, planned)
        look = Look.of(scene)
        # Blender saves what it has rendered as one picture: that of the whole frame.
        one_picture = in_memory and len(variants) == 1 and not variants[0].sequence.described_view
        one_layer = sum(layer.use for layer in scene.view_layers) == 1
        sequences = [variant.sequence for variant in variants]
        descriptions = rendered or describe_as_rendered(scene, sequences, self.plan.settings, self.plan.table)
        for variant in variants:
            description = descriptions[variant.sequence]
            path = scene_path(DatasetFolder(self.plan.output).scenes, variant.files.path)
            description.write(path)
            origin = self._origins[variant.files.path]
            job = FrameJob(variant.files, self.plan.output, path, variant.settings, origin=origin)
            wants_image = variant.settings.image_format is not ImageFormat.NONE
            composited = job.takes_composite(description.record)
            composite = description.record.compositing
            shown = one_layer or (composite is not None and composite.layers)  # else the picture of any view layer
            if one_picture and wants_image and composited and shown:
                made = save_render_result(scene, job.dataset.file(job.image), job.settings.image_format)
                self._run.add_with_image(dataclasses.replace(job, colour=look.colour, made_image=made))
            else:
                self._run.add(job, look, composited)

    def _is_rendered(self, scene: bpy.types.Scene, planned: PlannedFrame) -> bool:
        """Whether the frame's files are there and the scene says not to overwrite them."""
        return (
            self.plan.render
            and self._still is None
            and not scene.render.use_overwrite
            and compat.writes_multilayer(scene)
            and all(path.is_file() for path in frame_files(scene, planned.frame))
        )

    def _rendered_variants(self, scene: bpy.types.Scene, planned: PlannedFrame) -> Sequence[PlannedVariant]:
        """The variants with the files that were just rendered, or with a temporary one of the render in memory."""
        written = [file.path for variant in planned.variants for file in variant.files.files]
        if (
            self._still is None
            and self.plan.render
            and compat.writes_multilayer(scene)
            and all(path.is_file() for path in written)
        ):
            return planned.variants
        # Messages name this file, so it is numbered as the frame is.
        path = self._run.temporary / f"{list(self._scenes).index(planned.scene)}_{planned.frame:04}.exr"
        if self._still is not None and self.plan.render and not self.plan.discard_passes:
            path = written[0]
        save_render_passes(scene, path)
        variants = []
        for variant in planned.variants:
            files = dataclasses.replace(variant.files, files=(PassFile(path),))
            settings = dataclasses.replace(variant.settings, view=variant.sequence.view)  # this file holds all of them
            variants.append(PlannedVariant(variant.sequence, files, settings))
        return variants


def _origins(plan: ExportPlan, stills: bool) -> dict[str, Origin]:
    """The path of each frame, and what it will be made of; `stills` says that Blender itself writes no files."""
    found = {}
    for planned in plan.frames:
        # Of a render in memory the plan has only the names of files that are not there.
        written = not plan.discard_passes if stills else compat.writes_multilayer(bpy.data.scenes[planned.scene])
        has_files = planned.on_disk or (plan.render and written)
        for variant in planned.variants:
            files = [file.path for file in variant.files.files] if has_files else []
            found[variant.files.path] = Origin.of(plan.output, files, bpy.data.filepath, planned.scene)
    return found


def render_frame(
    scene: bpy.types.Scene, sequences: Sequence[SceneSequence], settings: Settings, table: CategoryTable | None
) -> Descriptions:
    """Render the frame that the scene stands at, as an animation of that frame alone.

    A still would lack the frame number in its file's name, and in Blender 5 in those of File Output nodes too.

    Returns:
        What was rendered, for each of the sequences.

    Raises:
        SceneError: Blender refuses, or what it renders cannot be described.
    """
    if scene.frame_current < 0:
        raise SceneError(
            f"Blender renders no animation at the negative frame {scene.frame_current}; move it to 0 or later"
        )
    before = scene.frame_start, scene.frame_end
    try:
        scene.frame_start, scene.frame_end = scene.frame_current, scene.frame_current
        with render_watch.describing(scene, sequences, settings, table) as watched:
            bpy.ops.render.render(animation=True, scene=scene.name)
    except RuntimeError as error:
        reason = " ".join(str(error).removeprefix("Error: ").split())
        raise SceneError(f"Blender cannot render frame {scene.frame_current} ({reason}); fix the scene") from error
    finally:
        scene.frame_start, scene.frame_end = before
    return watched.of_all(sequences)
