"""Where each pass is stored: the channels of EXR files, sorted by view layer, view, pass and rank.

Blender 4 interleaves all passes in one part, Blender 5 writes one part a pass, and a File Output node writes one file
a pass. A channel's full name is "View Layer.Pass.Component", and with a view before the component in a stereo file.
The ranks of a Cryptomatte are numbered: "CryptoObject02.r" belongs to the third pair of ranks of CryptoObject.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from ..base.errors import PassError
from ..settings.render_pass import CRYPTOMATTES, Pass
from .exr_file import ExrFile, ExrPart

# The last two digits are the rank pair. A name without them, such as that of a preview image, is not a rank.
_RANKED = re.compile(r"(.+)(\d\d)")
_SPELLED_OUT = {"RED": "R", "GREEN": "G", "BLUE": "B", "ALPHA": "A"}

UNRANKED = -1


@dataclass(frozen=True)
class PassKey:
    """What a stored pass is: the names in the file, and the rank pair of a Cryptomatte (else UNRANKED)."""

    view_layer: str
    view: str
    name: str
    rank: int


@dataclass(frozen=True)
class StoredPass:
    """Where a pass is: component -> full channel name, all in one part."""

    file: ExrFile
    part: ExrPart
    channels: dict[str, str] = field(default_factory=dict)

    def names(self, components: Iterable[str]) -> list[str]:
        """Full channel names of some components; PassError where one is missing."""
        missing = [component for component in components if component not in self.channels]
        if missing:
            raise PassError(
                f"{self.file.path} has the channels {', '.join(self.channels.values())} but not {missing[0]}; write "
                "the pass again with the colour mode RGBA"
            )
        return [self.channels[component] for component in components]

    def names_of(self, pass_: Pass) -> list[str]:
        """Full channel names of the components of a pass, in their order; PassError where one is missing."""
        if len(pass_.components) == 1:
            # File Output nodes call a single value V, or copy it to R, G and B.
            known = [name for name in (pass_.components, "V", "X", "R", "Y") if name in self.channels]
            return self.names(known[:1] or pass_.components)
        if pass_ is Pass.UV and "U" not in self.channels and "X" in self.channels:
            return self.names("XYZ")  # File Output nodes write it as any vector
        # Of colours only alpha may be missing, of motion only the next frame.
        return self.names([name for name in pass_.components if name in self.channels or name not in "AW"])


StoredPasses = Mapping[PassKey, StoredPass]


def sort_channels(files: Iterable[tuple[ExrFile, Pass | None]], declared: Collection[str]) -> StoredPasses:
    """Sort the channels of a frame's files into passes, in the order of the files; of two with one name the first
    counts.

    Args:
        files: each with the pass that it holds where its channels have no pass name.
        declared: names of Cryptomattes in the headers, which may be anything, without their ranks.
    """
    stored: dict[PassKey, StoredPass] = {}
    for file, holds in files:
        for part in file.parts:
            for channel in part.channels:
                view_layer, view, name, component = _parts_of_name(channel, part)
                if not name:
                    # "R" or "V" by itself: the file holds one pass, and only its own name or folder can say which.
                    name = holds.names[0] if holds else _name_of_bare(part, component)
                full_name = f"{view_layer}.{name}" if view_layer else name
                rank = UNRANKED
                ranked = _RANKED.fullmatch(name)
                if ranked and (full_name[:-2] in declared or Pass.named(ranked[1]) in CRYPTOMATTES):
                    name, rank = ranked[1], int(ranked[2])
                entry = stored.setdefault(PassKey(view_layer, view, name, rank), StoredPass(file, part))
                if entry.part is part:
                    entry.channels[_SPELLED_OUT.get(component, component)] = channel
    return dict(_without_false_layers(stored, declared))


def _without_false_layers(stored: StoredPasses, declared: Collection[str]) -> Iterator[tuple[PassKey, StoredPass]]:
    """Dots in the name of a Cryptomatte of another renderer make no view layer: one has other passes as well."""

    def is_free(key: PassKey) -> bool:
        """Whether it is a rank, or the preview, of a Cryptomatte that is not named like one of Blender's."""
        return Pass.named(key.name) is None and (key.rank != UNRANKED or f"{key.view_layer}.{key.name}" in declared)

    true_layers = {key.view_layer for key in stored if not is_free(key)}
    for key, entry in stored.items():
        if key.view_layer in true_layers or not key.view_layer:
            yield key, entry
        else:
            yield PassKey("", key.view, f"{key.view_layer}.{key.name}", key.rank), entry


def _parts_of_name(channel: str, part: ExrPart) -> tuple[str, str, str, str]:
    """View layer, view, pass name and component of a full channel name."""
    *prefix, component = channel.split(".")
    view = part.view
    if prefix and prefix[-1] in part.views:
        view = prefix.pop()
    elif not view and part.views:
        view = part.views[0]  # OpenEXR: channels that name no view belong to the first
    if not prefix and part.name:
        prefix = part.name.removesuffix(f"-{view}").split(".") if view else part.name.split(".")
    name = prefix[-1] if prefix else ""
    return ".".join(prefix[:-1]), view, name, component.upper()


def _name_of_bare(part: ExrPart, component: str) -> str:
    """The pass of a channel without a pass name: that of a plain RGB(A) or RGB(A) and Z file, else unknown."""
    if component == "Z" and "X" not in part.channels:
        return "Depth"
    return "Combined" if {"R", "G", "B"} <= part.channels.keys() else ""
