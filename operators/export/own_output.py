"""Rendering into the dataset's own folder, whatever the scene's output says, and writing nothing anywhere else."""

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import bpy

from ...core.base.files import cannot_write
from ...core.base.temporary_names import remove, temporary_name
from .. import compat
from .sources import frame_file

# What leads to files besides the frames themselves: of each render layer, and of frames that are still to come.
_SWITCHED_OFF = ("use_render_cache", "use_placeholder")


@contextmanager
def rendering_into(scene: bpy.types.Scene, folder: Path) -> Iterator[list[str]]:
    """Let an animation render of a scene write its passes into a folder for the length of a block, and nothing else.

    The scene has its own output again afterwards. Frames keep their names. The settings of a scene whose output is
    OpenEXR MultiLayer already are left as they are.

    Args:
        scene: the one to render.
        folder: of the frames; it need not exist.

    Yields:
        Names of the File Output nodes that write nothing meanwhile.
    """
    with ExitStack() as undo:
        nodes = compat.writing_nodes(scene)
        for node in nodes:
            _set(undo, node, mute=True)
        off = {name: False for name in _SWITCHED_OFF if hasattr(scene.render, name)}
        path = f"{compat.output_path(folder)}/{frame_name(scene)}"
        if not compat.writes_multilayer(scene):
            options: dict[str, Any] = dict(compat.ALL_PASSES)
            if scene.render.use_multiview:
                options["views_format"] = "MULTIVIEW"
            undo.enter_context(compat.image_settings(scene, "OPEN_EXR_MULTILAYER", **options))
        _set(undo, scene.render, filepath=path, use_file_extension=True, **off)
        yield sorted(node.name for node in nodes)


@contextmanager
def complete_frames(scene: bpy.types.Scene) -> Iterator[None]:
    """Let the files that a scene renders in a block appear in their folder only when all of them are complete.

    Blender writes a file bit by bit, and one that it was stopped over would count as rendered in the next run.

    Raises:
        OutputError: they cannot be put there.
    """
    folder = frame_file(scene, scene.frame_current).parent
    unfinished = folder / temporary_name()
    with ExitStack() as undo:
        undo.callback(remove, unfinished)
        _set(undo, scene.render, filepath=f"{compat.output_path(unfinished)}/{frame_name(scene)}")
        yield
        for path in sorted(unfinished.iterdir()) if unfinished.is_dir() else ():
            try:
                path.replace(folder / path.name)
            except OSError as error:
                raise cannot_write(folder / path.name, error) from error


def frame_name(scene: bpy.types.Scene) -> str:
    """The name of a scene's frames, with "#" where the number goes, whichever system the path of its output is from."""
    name = re.split(r"[\\/]", scene.render.filepath)[-1]
    name = name.removesuffix(scene.render.file_extension)
    return name if "#" in name else f"{name}####"


def _set(undo: ExitStack, owner: bpy.types.bpy_struct, **values: Any) -> None:
    """Set properties, and the values of before again when `undo` is closed."""
    for name, value in values.items():
        undo.callback(setattr, owner, name, getattr(owner, name))
        setattr(owner, name, value)
