"""Files that a scene needs and that are not there, in words."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..base.phrases import counted, listed

_MOST_NAMED = 3


@dataclass(frozen=True)
class MissingFiles:
    """Files that are not there.

    Attributes:
        libraries: paths of .blend files that the scene links from.
        images: paths of the images that its materials and lights show.
    """

    libraries: tuple[str, ...] = ()
    images: tuple[str, ...] = ()

    def about_libraries(self) -> Iterator[str]:
        """A sentence on the libraries, if any are missing."""
        if self.libraries:
            yield (
                f"{_missing(self.libraries, 'linked library')}, so renders lack what comes from there; relocate it in "
                "the Outliner (Blender File), or use File > External Data > Find Missing Files"
            )

    def about_images(self) -> Iterator[str]:
        """A sentence on the images, if any are missing."""
        if self.images:
            yield (
                f"{_missing(self.images, 'image file')}, so materials render magenta; use File > External Data > Find "
                "Missing Files"
            )


def _missing(paths: Sequence[str], what: str) -> str:
    """How many are missing, and which the first are."""
    named = list(paths[:_MOST_NAMED])
    if len(paths) > _MOST_NAMED:
        named.append(f"{len(paths) - _MOST_NAMED} more")
    return f"{counted(len(paths), what)} {'is' if len(paths) == 1 else 'are'} missing ({listed(named)})"
