"""Where each pass is stored: the channels of EXR files, sorted by view layer, view, pass and rank.

Blender 4 interleaves all passes in one part, Blender 5 writes one part a pass, and a File Output node writes one file
a pass. A channel's full name is "View Layer.Pass.Component", and with a view before the component in a stereo file.
Nuke makes one name of view layer and pass, "View_Layer_Pass.Component". Any other name means what the user says.
The ranks of a Cryptomatte are numbered: "CryptoObject02.r" belongs to the third pair of ranks of CryptoObject.
"""

import functools
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ..base.errors import PassError
from ..base.phrases import some_of
from ..frames.frame_files import names_in_path
from ..settings.render_pass import CRYPTOMATTES, Pass, PassName, plain_spelling
from .exr_file import ExrFile, ExrPart

# The last two digits are the rank pair. A name without them, such as that of a preview image, is not a rank.
_RANKED = re.compile(r"(.+)(\d\d)")
_SPELLED_OUT = {"RED": "R", "GREEN": "G", "BLUE": "B", "ALPHA": "A"}
# Names of Blender's that are words of any name too: what is in front of them need not be a view layer.
_COMMON_WORDS = ("Image", "Index", "Z")
# What other programs call the rendered image, and a view's part of it.
_PICTURE = re.compile(r"(?:rgba?|beauty)(?:[._-](?:left|right|main))?", re.IGNORECASE)
# Passes of Blender's with R, G, B and A that are not the rendered image.
_NO_PICTURE = ("Freestyle", "Noisy Image", "Shadow Catcher")
# The letters in which a single value may be written several times, whichever of them is read.
_COPIES = {"X": "XYZ", "R": "RGB"}

_UNDERSCORE = re.compile("_")
_LONGEST_NAME = max(len(name) for pass_ in Pass for name in pass_.names)

UNRANKED = -1


@dataclass(frozen=True)
class PassKey:
    """What a stored pass is: the names in the file, and the rank pair of a Cryptomatte (else UNRANKED).

    Attributes:
        pass_: what the names mean; None where they say nothing.
        given: the names by which the user has said so; none where the file's own say it.
    """

    view_layer: str
    view: str
    name: str
    rank: int
    pass_: Pass | None = field(default=None, compare=False)
    given: frozenset[str] = field(default=frozenset(), compare=False)

    @property
    def full_name(self) -> str:
        """With the view layer."""
        return f"{self.view_layer}.{self.name}" if self.view_layer else self.name

    @property
    def title(self) -> str:
        """For a person: Blender's name of the pass, and the file's where that is another."""
        if self.pass_ is None:
            return self.name or "channels without a pass name"
        if Pass.named(self.name) is self.pass_:
            return self.pass_.title
        return f"{self.pass_.title} ({self.name})"

    @property
    def is_guess(self) -> bool:
        """Whether neither a name nor the user says what it is."""
        by_name = Pass.named(self.name) is self.pass_ or _is_picture(self)
        return self.pass_ is not None and not self.given and not by_name


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
                f"{self.file.path} has the channels {some_of(self.channels.values())} but not {missing[0]}; write "
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

    def letters(self, pass_: Pass) -> list[str]:
        """The components that should all hold the value of a pass of one value, the one that is read first.

        File Output nodes write it to R, G and B.
        """
        (name,) = self.names_of(pass_)
        first = next(component for component, channel in self.channels.items() if channel == name)
        copies = [one for one in _COPIES.get(first, "") if one != first and one in self.channels]
        return [first, *copies]


StoredPasses = Mapping[PassKey, StoredPass]


def sort_channels(
    files: Iterable[tuple[ExrFile, Pass | None]], declared: Collection[str], names: Sequence[PassName] = ()
) -> StoredPasses:
    """Sort the channels of a frame's files into passes, in the order of the files; of two with one name the first
    counts.

    Args:
        files: each with the pass that it holds where its channels have no pass name.
        declared: names of Cryptomattes in the headers, which may be anything, without their ranks.
        names: what the user says of the names of layers, parts and files.
    """
    stored: dict[PassKey, StoredPass] = {}
    declared = frozenset(declared)
    said = {plain_spelling(one.name).lower(): one for one in names}
    for file, holds in files:
        for part in file.parts:
            keys: dict[tuple[str, str, str], PassKey] = {}
            for channel in part.channels:
                view_layer, view, name, component = _parts_of_name(channel, part)
                if name:
                    key = keys.get((view_layer, view, name))
                    if key is None:
                        key = _given(view_layer, view, name, part, said) or _known(view_layer, view, name, declared)
                        keys[view_layer, view, name] = key
                else:
                    # "R" or "V" by itself: the file holds one pass, and only its own name or folder can say which.
                    name = holds.names[0] if holds else _name_of_bare(part, component)
                    given = names_in_path(file.path, names) if holds else frozenset()
                    key = PassKey(view_layer, view, name, UNRANKED, holds or Pass.named(name), given)
                entry = stored.setdefault(key, StoredPass(file, part))
                if entry.part is part:
                    entry.channels[_SPELLED_OUT.get(component, component)] = channel
    return dict(_with_picture(dict(_without_false_layers(stored, declared)), declared))


def _known(view_layer: str, view: str, name: str, declared: frozenset[str]) -> PassKey:
    """The key of a layer by its own name."""
    if not view_layer and not {name, name[:-2]} & declared:
        view_layer, name = _in_two(name)
    key = PassKey(view_layer, view, name, UNRANKED, Pass.named(name))
    if ranked := _RANKED.fullmatch(name):
        pass_ = Pass.named(ranked[1])
        if pass_ in CRYPTOMATTES or _is_declared(key.full_name[:-2], declared):
            return PassKey(view_layer, view, ranked[1], int(ranked[2]), pass_)
    return key


def _is_declared(name: str, declared: frozenset[str]) -> bool:
    return name in declared or name in _plainly_spelled(declared)


@functools.lru_cache(1)
def _plainly_spelled(names: frozenset[str]) -> frozenset[str]:
    return frozenset(map(plain_spelling, names))


def _is_picture(key: PassKey) -> bool:
    """Whether it is called as the rendered image often is."""
    return bool(_PICTURE.fullmatch(key.name) or _PICTURE.fullmatch(key.full_name))


def _given(view_layer: str, view: str, name: str, part: ExrPart, said: Mapping[str, PassName]) -> PassKey | None:
    """The key of a layer or part that the user has named, with or without the view layer; else None."""
    if not said:
        return None
    names = [f"{view_layer}.{name}" if view_layer else name, name]
    if part.name and len({channel.rpartition(".")[0] for channel in part.channels}) == 1:
        names.append(part.name)
    ranked = _RANKED.fullmatch(name)
    for one in names:
        if found := said.get(plain_spelling(one).lower()):
            return PassKey(view_layer, view, name, UNRANKED, found.pass_, frozenset([found.name]))
        found = said.get(plain_spelling(one[:-2]).lower())
        if ranked and found and found.pass_ in CRYPTOMATTES:
            return PassKey(view_layer, view, ranked[1], int(ranked[2]), found.pass_, frozenset([found.name]))
    return None


@functools.lru_cache(1024)
def _in_two(name: str) -> tuple[str, str]:
    """View layer and pass of a name like "View_Layer_IndexOB"; "" and the name where it is not made of two."""
    for whole in (name, name[:-2]) if _RANKED.fullmatch(name) else (name,):
        if Pass.named(whole):
            return "", name
        longest = max(0, len(whole) - _LONGEST_NAME - 1)
        for place in (match.start() for match in _UNDERSCORE.finditer(whole, longest)):
            end = whole[place + 1 :].replace("_", " ")
            pass_ = Pass.named(end)
            if not place or pass_ is None or (whole != name and pass_ not in CRYPTOMATTES):
                continue
            # In exactly Blender's spelling: the AOV "world_normal" is not a view layer "world".
            if end in pass_.names and end not in _COMMON_WORDS:
                return whole[:place], name[place + 1 :]
    return "", name


def _with_picture(stored: StoredPasses, declared: frozenset[str]) -> Iterator[tuple[PassKey, StoredPass]]:
    """The passes with Combined, whatever it is called: by a usual name, else the only layer with R, G, B and A."""

    def could_be(key: PassKey, letters: str) -> bool:
        is_layer = key.pass_ is None and key.rank == UNRANKED and not _is_declared(key.full_name, declared)
        return is_layer and set(letters) <= stored[key].channels.keys()

    found: list[PassKey] = []
    if not any(key.pass_ is Pass.COMBINED for key in stored):
        found = [key for key in stored if could_be(key, "RGB") and _is_picture(key)]
        if not found:
            # What looks like a rank is a Cryptomatte that no header declares.
            found = [
                key
                for key in stored
                if could_be(key, "RGBA") and key.name not in _NO_PICTURE and not _RANKED.fullmatch(key.name)
            ]
            if len({key.full_name for key in found}) > 1:
                found = []
    for key, entry in stored.items():
        yield (replace(key, pass_=Pass.COMBINED) if key in found else key), entry


def _without_false_layers(stored: StoredPasses, declared: frozenset[str]) -> Iterator[tuple[PassKey, StoredPass]]:
    """Dots in the name of a Cryptomatte of another renderer make no view layer: one has other passes as well."""

    def is_free(key: PassKey) -> bool:
        """Whether it is a rank, or the preview, of a Cryptomatte that is not named like one of Blender's."""
        return key.pass_ is None and (key.rank != UNRANKED or key.full_name in declared)

    true_layers = {key.view_layer for key in stored if not is_free(key)}
    for key, entry in stored.items():
        if key.view_layer in true_layers or not key.view_layer:
            yield key, entry
        else:
            yield replace(key, view_layer="", name=key.full_name), entry


def _parts_of_name(channel: str, part: ExrPart) -> tuple[str, str, str, str]:
    """View layer, view, pass name and component of a full channel name."""
    *prefix, component = channel.split(".")
    view = part.view
    if prefix and prefix[-1] in part.views:
        view = prefix.pop()
    elif not view and part.views:
        view = part.views[0]  # OpenEXR: channels that name no view belong to the first
    if not prefix and part.name:
        # Blender adds the view to the name of a part with a hyphen, Nuke with a dot.
        own_name = part.name.removesuffix(f"-{view}").removesuffix(f".{view}") if view else part.name
        prefix = own_name.split(".")
    name = prefix[-1] if prefix else ""
    return ".".join(prefix[:-1]), view, name, component.upper()


def _name_of_bare(part: ExrPart, component: str) -> str:
    """The pass of a channel without a pass name: that of a plain RGB(A) or RGB(A) and Z file, else unknown."""
    if component == "Z" and "X" not in part.channels:
        return "Depth"
    return "Combined" if {"R", "G", "B"} <= part.channels.keys() else ""
