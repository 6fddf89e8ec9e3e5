"""An export from Blender, step by step: describe the scene at each frame, let workers annotate it, write the dataset.

The sidebar's operator and the headless script drive the same steps, the one from a timer, the other in a loop.
"""

import contextlib
import dataclasses
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import bpy

from ..core.categories import CategoryTable
from ..core.errors import LabelpassError, SceneError, WorkerError
from ..core.frames import FrameFiles
from ..core.job import FrameJob
from ..core.render_pass import PassFile
from ..core.run import Summary
from ..core.scene import SCENES_FOLDER, scene_path
from ..core.settings import ImageFormat, Settings
from . import compat, render_watch
from .display_images import Look, save_render_passes, save_render_result
from .frame_run import FrameRun
from .scene_description import describe
from .sources import PlannedFrame, frame_file


@dataclass(frozen=True)
class ExportPlan:
    """What an export does.

    Attributes:
        frames: in the order in which they are exported.
        output: the dataset's folder.
        settings: the user's choices.
        render: whether each frame is rendered first.
        merge: whether the dataset file is written at the end.
        table: of categories; None takes the scene's own.
    """

    frames: Sequence[PlannedFrame]
    output: Path
    settings: Settings = field(default_factory=Settings)
    render: bool = False
    merge: bool = True
    table: CategoryTable | None = None


class ExportRun:
    """An export on its way. Call step() until it returns True, or stop() to end it early.

    Attributes:
        plan: what it does.
        summary: what became of the frames so far.

    Raises:
        OutputError: the output folder cannot be written.
    """

    def __init__(self, scene: bpy.types.Scene, plan: ExportPlan) -> None:
        self._run = FrameRun(plan.output, plan.settings.worker_count, plan.merge)
        self.plan = plan
        self._scene = scene
        self._frame_before = scene.frame_current, scene.frame_subframe
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
        try:
            busy = bool(self._waiting) and self._run.wants_more
            if busy:
                self._begin(self._waiting.popleft())
            done = self._run.step(0.0 if busy else timeout, more=bool(self._waiting))
        except BaseException:
            self.stop()
            raise
        if done:
            self._end()
        return done

    def stop(self) -> None:
        """End the export now; finished frames stay."""
        if not self._ended:
            self.summary.stopped = True
            self._end()

    def _end(self) -> None:
        self._ended = True
        self._run.stop()
        frame, subframe = self._frame_before
        # Where the user has loaded another file meanwhile, the scene is gone.
        with contextlib.suppress(ReferenceError):
            if (self._scene.frame_current, self._scene.frame_subframe) != self._frame_before:
                self._scene.frame_set(frame, subframe=subframe)

    def _begin(self, planned: PlannedFrame) -> None:
        """Describe the scene at a frame, and hand the frame to a worker."""
        if planned.problem:
            self._run.fail(planned.name, planned.problem)
            return
        try:
            if self._scene.frame_current != planned.frame or self._scene.frame_subframe:
                self._scene.frame_set(planned.frame)
            in_memory = planned.files is None and not self._is_rendered(planned)
            if self.plan.render and in_memory:
                render_frame(self._scene)
            files = planned.files or self._files_of_render(planned)
            job = FrameJob(files, self.plan.output, self._describe(files), self.plan.settings)
            look = Look.of(self._scene)
            if in_memory and job.settings.image_format is not ImageFormat.NONE:
                job = dataclasses.replace(job, colour=look.colour)
                save_render_result(self._scene, job.output / job.image, job.settings.image_format)
                self._run.add_with_image(job)
            else:
                self._run.add(job, look)
        except WorkerError:
            raise
        except LabelpassError as error:
            self._run.fail_and_forget(planned.name, str(error))
        except ReferenceError as error:
            raise SceneError("The scene of the export is gone; start the export again from another one") from error

    def _is_rendered(self, planned: PlannedFrame) -> bool:
        """Whether the frame's file is there and the scene says not to overwrite it."""
        return (
            self.plan.render
            and not self._scene.render.use_overwrite
            and compat.writes_multilayer(self._scene)
            and frame_file(self._scene, planned.frame).is_file()
        )

    def _describe(self, files: FrameFiles) -> Path:
        """Write the scene record of the frame; returns its path."""
        path = scene_path(self.plan.output / SCENES_FOLDER, files.path)
        layers = self._scene.view_layers
        rendered = next((layer for layer in layers if layer.use), layers[0])
        # The user may look at another scene by now.
        with bpy.context.temp_override(scene=self._scene, view_layer=rendered):
            depsgraph = bpy.context.evaluated_depsgraph_get()
            describe(self._scene, depsgraph, self.plan.settings, self.plan.table).write(path)
        return path

    def _files_of_render(self, planned: PlannedFrame) -> FrameFiles:
        """The file that was just rendered, or all passes of the render in memory as a temporary one."""
        path = frame_file(self._scene, planned.frame)
        if not (self.plan.render and compat.writes_multilayer(self._scene) and path.is_file()):
            path = self._run.temporary / f"{planned.name}.exr"
            save_render_passes(self._scene, path)
        return FrameFiles("", planned.frame, planned.name, (PassFile(path),))


def render_frame(scene: bpy.types.Scene) -> None:
    """Render the frame that the scene stands at, as an animation of that frame alone.

    A still would lack the frame number in its file's name, and in Blender 5 in those of File Output nodes too.

    Raises:
        SceneError: Blender refuses.
    """
    if scene.frame_current < 0:
        raise SceneError(
            f"Blender renders no animation at the negative frame {scene.frame_current}; move it to 0 or later"
        )
    before = scene.frame_start, scene.frame_end
    try:
        scene.frame_start, scene.frame_end = scene.frame_current, scene.frame_current
        with render_watch.paused():
            bpy.ops.render.render(animation=True, scene=scene.name)
    except RuntimeError as error:
        reason = " ".join(str(error).removeprefix("Error: ").split())
        raise SceneError(f"Blender cannot render frame {scene.frame_current} ({reason}); mend the scene") from error
    finally:
        scene.frame_start, scene.frame_end = before
