"""Whether the names that the user gives to passes are those of layers, parts, files or folders that are there."""

from collections.abc import Iterable

from ..base.errors import LabelpassError, UsageError
from ..base.phrases import some_of
from ..frames.frame_files import FrameFiles
from .passes import Passes


def check_names(frames: Iterable[FrameFiles]) -> None:
    """Look for every name in the headers of frames, in no more of them than it takes to find all names.

    Raises:
        UsageError: none of the frames that can be read has something of that name.
    """
    unread: dict[str, None] = {}
    there: dict[str, None] = {}
    for frame in frames:
        unread = unread or dict.fromkeys(one.name for one in frame.pass_names)
        try:
            passes = Passes(frame.files, names=frame.pass_names)
        except LabelpassError:
            continue  # it will fail again where failures are reported
        for name in passes.given_names():
            unread.pop(name, None)
        if not unread:
            return
        there |= dict.fromkeys(passes.layers_and_parts())
    if unread and there:
        names = " and ".join(repr(name) for name in unread)
        has = some_of([repr(name) for name in there])
        raise UsageError(
            f"--pass finds nothing that is called {names}; the files have the layers and parts {has}, so give one of "
            "these, or the name of a folder or file whose channels have no names of their own"
        )
