"""The render passes of a frame, by name, however this Blender version spells and stores them.

Blender 4 interleaves all passes in one part, Blender 5 writes one part a pass, and a File Output node writes one file
a pass. A channel's full name is "View Layer.Pass.Component", and with a view before the component in a stereo file.
"""

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from .errors import ExrError, PassError, UsageError
from .exr import ExrFile, Part, Pixels
from .render_pass import LABEL_PASSES, Pass, PassFile

# The layer in which Blender stores what its compositor made.
_COMPOSITE_LAYER = "Composite"

# "CryptoObject02" is rank pair 2 of the pass CryptoObject.
_RANKED = re.compile(r"(Crypto[A-Za-z]+)(\d\d)")


@dataclass(frozen=True)
class _Stored:
    """Where a pass is: component -> full channel name, all in one part."""

    file: ExrFile
    part: Part
    channels: dict[str, str] = field(default_factory=dict)

    def names(self, components: Iterable[str]) -> list[str]:
        """Full channel names of some components; PassError where one is missing."""
        missing = [component for component in components if component not in self.channels]
        if missing:
            raise PassError(
                f"{self.file.path} has the channels {', '.join(self.channels.values())} and lacks {missing[0]} "
                "beside them; write the pass again with the colour mode RGBA"
            )
        return [self.channels[component] for component in components]

    def names_of(self, pass_: Pass) -> list[str]:
        """Full channel names of the components of a pass, in their order; PassError where one is missing."""
        if len(pass_.components) == 1:
            # File Output nodes call a single value V, or copy it to R, G and B.
            known = [name for name in (pass_.components, "V", "X", "R", "Y") if name in self.channels]
            return self.names(known[:1] or pass_.components)
        # Of colours only alpha may be missing, of motion only the next frame.
        return self.names([name for name in pass_.components if name in self.channels or name not in "AW"])


_Key = tuple[str, str, str, int]  # view layer, view, pass name, rank of a Cryptomatte


@dataclass(frozen=True)
class Cryptomatte:
    """One Cryptomatte of a frame: its manifest, "" where the file has none, and its ranks."""

    manifest: str
    _levels: tuple[_Stored, ...]
    _passes: "Passes"

    def ranks(self) -> Iterator[tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]]:
        """Pairs of (H, W) float32 arrays, id and coverage, strongest rank first.

        Levels in parts of their own are read when they are asked for; those in one part all at once, since it is
        decompressed as a whole each time.
        """
        for _, levels in itertools.groupby(self._levels, key=lambda stored: id(stored.part)):
            together = list(levels)
            stored = together[0]
            names = [name for level in together for name in level.names("RGBA")]
            if not all(stored.part.keeps_bits(name) for name in names):
                raise PassError(
                    f"{stored.file.path} stores Cryptomatte with a lossy codec, which destroys the ids; "
                    "write the EXR with the codec ZIP"
                )
            pixels = iter(self._passes.pixels(stored, names))
            for ids, coverage in zip(pixels, pixels, strict=True):
                if ids.dtype != np.float32:
                    raise PassError(
                        f"{stored.file.path} stores Cryptomatte with {ids.dtype}, which destroys the ids; "
                        "write the EXR with 32 bit (Full) colour depth"
                    )
                if not np.isfinite(coverage).all():
                    raise PassError(
                        f"{stored.file.path} holds Cryptomatte coverages that are no numbers; render the frame again"
                    )
                yield ids, coverage


class Passes:
    """The passes of one frame in one view layer and one view. Opening reads headers; pixels are read when asked for.

    Attributes:
        shape: (H, W) of the image, which is the display window.
        view_layer, view: those chosen; "" where the files name none.
        where: the files and the view layer, for messages.
    """

    def __init__(
        self, files: Sequence[PassFile], view_layer: str = "", view: str = "", composited: bool = True
    ) -> None:
        """
        Args:
            files: all files of the frame.
            view_layer: its name; "" takes the first with a pass that tells objects apart, else the first.
            view: name of a stereo view; "" takes the first.
            composited: whether Combined is what the compositor made of all view layers, where the files hold that;
                else it is the view layer's own.

        Raises:
            ExrError: a file is missing or damaged, or the files have different resolutions.
            UsageError: there is no such view layer or view.
        """
        opened = [(ExrFile(file.path), file.holds) for file in files]
        window = opened[0][0].parts[0].display_window
        for file, _ in opened:
            for part in file.parts:
                if (part.display_window.width, part.display_window.height) != (window.width, window.height):
                    raise ExrError(
                        f"{file.path} has {part.display_window.width} x {part.display_window.height} pixels and "
                        f"{opened[0][0].path} has {window.width} x {window.height}, but they are one frame; "
                        "render it again"
                    )
        self.shape = (window.height, window.width)
        self._composited = composited
        self._stored: dict[_Key, _Stored] = {}
        for file, holds in opened:
            _collect(file, holds, self._stored)
        self._preloaded: dict[tuple[int, str], Pixels] = {}
        self._texts = [text for file, _ in opened for text in (part.strings for part in file.parts)]
        self._views_in_order = [view for file, _ in opened for part in file.parts for view in part.views]
        self._names = ", ".join(str(file.path) for file, _ in opened)
        self.view = self._choose_view(view)
        self.view_layer = self._choose_layer(view_layer)
        self.where = f"{self._names}, view layer {self.view_layer!r}" if self.view_layer else self._names

    def __contains__(self, pass_: Pass) -> bool:
        return self._find(pass_) is not None

    def listing(self) -> str:
        """The passes of this view layer and view, for a person."""
        return ", ".join(
            dict.fromkeys(
                _title(name)
                for layer, view, name, _ in self._stored
                if layer == self.view_layer and view in (self.view, "")
            )
        )

    def overview(self) -> list[tuple[str, str, list[str]]]:
        """View layer, view and the names of the passes in them, for all view layers and views."""
        found: dict[tuple[str, str], dict[str, None]] = {}
        for layer, view, name, _ in self._stored:
            found.setdefault((layer, view), {})[_title(name)] = None
        return [(layer, view, list(names)) for (layer, view), names in found.items()]

    def read(self, pass_: Pass) -> Pixels:
        """The pixels of a pass, placed into the image; outside of the data window they are 0.

        Returns:
            (H, W) for a pass of one component, else (H, W, C), with the dtype of the file: float16, float32 or uint32.

        Raises:
            PassError: the frame has no such pass.
            ExrError: its pixels are missing or damaged.
        """
        stored = self._find(pass_)
        if stored is None:
            raise PassError(
                f"{self.where} has no pass {pass_.title}; it has {self.listing()}. "
                "Choose another one, or turn it on in Blender under View Layer Properties > Passes and render again"
            )
        if len(pass_.components) == 1:
            return self.pixels(stored, stored.names_of(pass_))[0]
        return np.stack(self.pixels(stored, stored.names_of(pass_)), axis=-1)

    def preload(self, passes: Iterable[Pass]) -> None:
        """Decode the passes that share a part at once, to be read later: a part is decompressed as a whole each time.

        Those that the frame lacks are left out. What is preloaded is kept until it is read, and read once.

        Raises:
            PassError, ExrError: as read().
        """
        found = [(stored, stored.names_of(pass_)) for pass_ in passes if (stored := self._find(pass_))]
        found.sort(key=lambda item: id(item[0].part))
        for _, group in itertools.groupby(found, key=lambda item: id(item[0].part)):
            together = list(group)
            if len(together) > 1:
                names = [name for _, names in together for name in names]
                stored = together[0][0]
                self._preloaded.update(
                    ((id(stored.part), name), values)
                    for name, values in zip(names, self.pixels(stored, names), strict=True)
                )

    def pixels(self, stored: _Stored, names: Sequence[str]) -> list[Pixels]:
        """Some channels of a stored pass, (H, W) each, placed into the image."""
        keys = [(id(stored.part), name) for name in names]
        if all(key in self._preloaded for key in keys):
            return [self._preloaded.pop(key) for key in keys]
        pixels = stored.file.read(stored.part, names)
        data, display = stored.part.data_window, stored.part.display_window
        if data == display:
            return pixels
        # The part of the image that has pixels, in the coordinates of the image and of the data window.
        x0, x1 = max(data.x0, display.x0), min(data.x1, display.x1)
        y0, y1 = max(data.y0, display.y0), min(data.y1, display.y1)
        placed = []
        for values in pixels:
            image = np.zeros(self.shape, dtype=values.dtype)
            if x0 < x1 and y0 < y1:
                image[y0 - display.y0 : y1 - display.y0, x0 - display.x0 : x1 - display.x0] = values[
                    y0 - data.y0 : y1 - data.y0, x0 - data.x0 : x1 - data.x0
                ]
            placed.append(image)
        return placed

    def cryptomatte(self, pass_: Pass) -> Cryptomatte:
        """One of render_pass.CRYPTOMATTES.

        Raises:
            PassError: the frame has no such pass.
        """
        levels = {
            rank: stored
            for wanted_view in ("", self.view)  # what has the view in its name comes last and counts
            for (layer, view, name, rank), stored in self._stored.items()
            if layer == self.view_layer and view == wanted_view and Pass.named(name) is pass_
        }
        if not levels:
            raise PassError(
                f"{self.where} has no pass {pass_.title}; it has {self.listing()}. "
                "Turn it on in Blender under View Layer Properties > Passes > Cryptomatte and render again"
            )
        missing = set(range(len(levels))) - levels.keys()
        if missing:
            raise PassError(
                f"{self.where} lacks the channels {pass_.names[0]}{min(missing):02d} between the others of that "
                "Cryptomatte; render the frame again"
            )
        full_name = f"{self.view_layer}.{pass_.names[0]}" if self.view_layer else pass_.names[0]
        return Cryptomatte(self._manifest(full_name), tuple(levels[rank] for rank in sorted(levels)), self)

    def _manifest(self, full_name: str) -> str:
        """The manifest of the Cryptomatte with this layer name; "" where no file has it."""
        for strings in self._texts:
            for attribute, value in strings.items():
                if attribute.startswith("cryptomatte/") and attribute.endswith("/name") and value == full_name:
                    manifest = strings.get(attribute.removesuffix("name") + "manifest")
                    if manifest is not None:
                        return manifest
        return ""

    def _find(self, pass_: Pass) -> _Stored | None:
        layers = [self.view_layer]
        if pass_ is Pass.COMBINED:
            # What the user sees is the compositor's result; and the labels' own layer may have no picture.
            order = [_COMPOSITE_LAYER, self.view_layer] if self._composited else [self.view_layer, _COMPOSITE_LAYER]
            layers = list(dict.fromkeys([*order, *self._layers()]))
        for wanted_layer, wanted_view in itertools.product(layers, (self.view, "")):
            for (layer, view, name, _), stored in self._stored.items():
                if layer == wanted_layer and view == wanted_view and Pass.named(name) is pass_:
                    return stored
        return None

    def label_layers(self) -> list[str]:
        """The view layers with a pass that tells objects apart; all of them where none has one."""
        found = [layer for layer, _, name, _ in self._stored if Pass.named(name) in LABEL_PASSES]
        return list(dict.fromkeys(found)) or self._layers()

    def views(self) -> list[str]:
        """The stereo views in their order; none where it is not a stereo render."""
        present = [view for _, view, _, _ in self._stored if view]
        in_order = [view for view in self._views_in_order if view in present]
        return list(dict.fromkeys([*in_order, *present]))

    def _layers(self) -> list[str]:
        return list(dict.fromkeys(layer for layer, _, _, _ in self._stored))

    def _choose_layer(self, wanted: str) -> str:
        layers = self._layers()
        if wanted:
            if wanted not in layers:
                raise UsageError(f"{self._names} has no view layer {wanted!r}; it has {_quoted(layers)}")
            return wanted
        return next(iter(self.label_layers()), "")

    def _choose_view(self, wanted: str) -> str:
        views = self.views()
        if wanted and wanted not in views:
            has = f"it has {_quoted(views)}" if views else "it is not a stereo render"
            raise UsageError(f"{self._names} has no view {wanted!r}; {has}")
        return wanted or (views[0] if views else "")


def _title(name: str) -> str:
    pass_ = Pass.named(name)
    return pass_.title if pass_ else name or "channels without a pass name"


def _collect(file: ExrFile, holds: Pass | None, stored: dict[_Key, _Stored]) -> None:
    """Sort the channels of a file into passes."""
    for part in file.parts:
        for channel in part.channels:
            layer, view, name, component = _split(channel, part)
            if not name:
                # "R" or "V" by itself: the file holds one pass, and only its own name or folder can say which.
                name = holds.names[0] if holds else _name_of_bare(part, component)
            ranked = _RANKED.fullmatch(name)
            rank = 0
            if ranked:
                name, rank = ranked[1], int(ranked[2])
            key = layer, view, name, rank
            entry = stored.setdefault(key, _Stored(file, part))
            if entry.part is part:
                entry.channels[component] = channel


def _split(channel: str, part: Part) -> tuple[str, str, str, str]:
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


def _name_of_bare(part: Part, component: str) -> str:
    """The pass of a channel without a pass name: that of a plain RGB(A) or RGB(A) and Z file, else unknown."""
    if component == "Z" and "X" not in part.channels:
        return "Depth"
    return "Combined" if {"R", "G", "B"} <= part.channels.keys() else ""


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(repr(name) for name in names)
