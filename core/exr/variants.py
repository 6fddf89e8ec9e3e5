"""The sequences that the files of a frame hold, for those who have nothing but the files.

Blender knows them without opening a file, see operators/export/export_plan.py; both ways come to the same names.
"""

import dataclasses

from ..frames.frame_files import FrameFiles, joined_path, view_of_name
from ..frames.sequences import folder_names
from ..settings.settings import Settings
from .passes import Passes


def variants_of(frame: FrameFiles, settings: Settings) -> list[tuple[FrameFiles, Settings]]:
    """A frame for each view layer and each stereo view that the settings want as a sequence of its own.

    Raises:
        ExrError, UsageError: as Passes does.
    """
    passes = Passes(
        frame.files,
        "" if settings.all_view_layers else settings.view_layer,
        "" if settings.all_views else settings.view,
        names=frame.pass_names,
    )
    # A view layer without a name is all that a plain EXR file or that of a File Output node has.
    layers = passes.label_layers() if settings.all_view_layers else [settings.view_layer]
    views = passes.views() if settings.all_views else [settings.view]
    layer_folders = folder_names(layers) if settings.all_view_layers else {}
    view_folders = folder_names(views) if settings.all_views else {}
    if settings.all_views and not views:
        # With one file a view, only its name says which it is.
        view_of_file = view_of_name(frame.name)
        views, view_folders = [""], {"": folder_names([view_of_file])[view_of_file]}
    found = []
    for layer in layers:
        for view in views:
            variant = joined_path(layer_folders.get(layer, ""), view_folders.get(view, ""))
            found.append((frame.of_variant(variant), dataclasses.replace(settings, view_layer=layer, view=view)))
    return found
