"""Rendering a frame for an export while Blender stays usable: a still, as F12 renders it, which stays in memory.

Nothing of the scene is changed for it, so that nothing has to be put back: neither by an undo nor in a file that is
saved meanwhile.
"""

from collections.abc import Sequence
from contextlib import ExitStack

import bpy

from ...core.base.errors import Cancelled, SceneError
from ...core.settings.category_table import CategoryTable
from ...core.settings.settings import Settings
from . import render_watch
from .descriptions import Descriptions
from .sources import SceneSequence


class StillRender:
    """Renders frames one after the other; start() each, wait until is_done(), and take what it shows.

    Args:
        wait: whether start() comes back only when the frame is rendered, for scripts and background processes.
    """

    def __init__(self, wait: bool) -> None:
        self._wait = wait
        self._opens_window = True
        self._watching = ExitStack()
        self._watched: render_watch.AskedFrame | None = None
        self._sequences: Sequence[SceneSequence] = ()

    def start(
        self,
        scene: bpy.types.Scene,
        sequences: Sequence[SceneSequence],
        settings: Settings,
        table: CategoryTable | None,
    ) -> None:
        """Begin to render the frame at which a scene stands.

        Args:
            scene: the original one.
            sequences: what to describe of it.
            settings: the user's choices.
            table: of categories; None takes the scene's own.

        Raises:
            SceneError: Blender refuses.
        """
        self.stop()
        self._sequences = sequences
        self._watched = self._watching.enter_context(render_watch.describing(scene, sequences, settings, table))
        try:
            # Blender renders the frame at which the scene of the context stands, whichever scene it renders.
            with bpy.context.temp_override(scene=scene), self._display():
                if self._wait:
                    bpy.ops.render.render(scene=scene.name)
                    return
                started = bpy.ops.render.render("INVOKE_DEFAULT", scene=scene.name)
        except RuntimeError as error:
            self.stop()
            reason = " ".join(str(error).removeprefix("Error: ").split())
            raise SceneError(f"Blender cannot render frame {scene.frame_current} ({reason})") from error
        if "CANCELLED" in started:
            self.stop()
            raise SceneError("Blender is rendering something else; wait for it, and export again")

    def _display(self) -> ExitStack:
        """Let the first frame open the render where the user wants to see it, and the others leave things as they are:
        a window that was closed stays closed."""
        undo = ExitStack()
        view = bpy.context.preferences.view
        if not self._opens_window:
            undo.callback(setattr, view, "render_display_type", view.render_display_type)
            view.render_display_type = "NONE"
        self._opens_window = False
        return undo

    def is_done(self) -> bool:
        """Whether the frame is rendered, or will never be."""
        return not bpy.app.is_job_running("RENDER")

    def take(self) -> Descriptions:
        """What was rendered, for each of the sequences.

        Raises:
            Cancelled: the user has cancelled it.
            SceneError: it cannot be described.
        """
        watched = self._watched
        self.stop()
        assert watched is not None
        if watched.cancelled:
            raise Cancelled("The render was cancelled")
        return watched.of_all(self._sequences)

    def stop(self) -> None:
        """Look no longer at what is rendered; a render that goes on is the user's to cancel."""
        self._watched = None
        self._watching.close()
