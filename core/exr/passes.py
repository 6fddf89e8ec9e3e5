"""The render passes of a frame, by name, however this Blender version spells and stores them."""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ..base.box import Box, Pixels
from ..base.errors import ExrError, PassError, UsageError
from ..base.phrases import some_of
from ..settings.render_pass import CRYPTOMATTES, INDEX_PASSES, LABEL_PASSES, Pass, PassFile, PassName, plain_spelling
from .cryptomatte import RankBand
from .cryptomatte_layers import (
    CryptomatteLayer,
    Header,
    ManifestText,
    declared_names,
    find_cryptomattes,
    manifest_of,
    named_cryptomatte,
)
from .exr_file import ROWS_OF_ANY_CHUNK, ExrFile
from .stored_pass import UNRANKED, PassKey, StoredPass, sort_channels

# The layer in which Blender stores what its compositor made.
COMPOSITE_LAYER = "Composite"
# How far the copies of a single value may be apart: a lossy codec changes those of a distance, never an index.
_TOLERANCE, _TOLERANCE_OF_DISTANCES = 1e-3, 0.05
# What has more pixels is read in bands of about so many.
_MOST_PIXELS_AT_ONCE, _PIXELS_OF_BANDS = 1 << 24, 1 << 22
# Bytes.
_MOST_PRELOADED = 1 << 29


@dataclass(frozen=True)
class Cryptomatte:
    """One Cryptomatte of a frame: what its ids stand for, its name in the files, its manifest and its ranks."""

    pass_: Pass
    name: str
    manifest: ManifestText
    _levels: tuple[StoredPass, ...]
    _passes: "Passes"

    def ranks(self) -> Iterator[RankBand]:
        """All ranks, strongest first in each pixel: of a frame of ordinary size each at once, of a large one in bands,
        so that no more than a band of them is in memory. What lies outside of the data window is in none.

        Levels in parts of their own are read when they are asked for; those in one part together, since it is
        decompressed as a whole each time.
        """
        rank = 0
        for _, levels in itertools.groupby(self._levels, key=lambda stored: id(stored.part)):
            together = list(levels)
            names = [name for level in together for name in level.names("RGBA")]
            _check_codec(together[0], names)
            for top, band in self._passes.bands(together[0], names):
                pixels = iter(band)
                for place, (ids, coverage) in enumerate(zip(pixels, pixels, strict=True)):
                    _check_coverage(together[0], ids, coverage)
                    yield RankBand(rank + place, top, ids, coverage)
            rank += len(names) // 2


def _check_codec(stored: StoredPass, names: Sequence[str]) -> None:
    if not all(stored.part.keeps_bits(name) for name in names):
        raise PassError(
            f"{stored.file.path} stores Cryptomatte with a lossy codec, which destroys the ids; "
            "write the EXR with the codec ZIP"
        )


def _check_coverage(stored: StoredPass, ids: Pixels, coverage: Pixels) -> None:
    if ids.dtype != np.float32:
        raise PassError(
            f"{stored.file.path} stores Cryptomatte with {ids.dtype}, which destroys the ids; "
            "write the EXR with 32 bit (Full) colour depth"
        )
    if not np.isfinite(coverage).all():
        raise PassError(f"{stored.file.path} holds Cryptomatte coverages that are not numbers; render the frame again")


class Passes:
    """The passes of one frame in one view layer and one view. Opening reads headers; pixels are read when asked for.

    Attributes:
        shape: (H, W) of the image, which is the display window.
        view_layer, view: those chosen; "" where the files name none.
        where: the files and the view layer, for messages.
    """

    def __init__(
        self,
        files: Sequence[PassFile],
        view_layer: str = "",
        view: str = "",
        cryptomatte: str = "",
        composited: bool = True,
        names: Sequence[PassName] = (),
    ) -> None:
        """
        Args:
            files: all files of the frame.
            view_layer: its name; "" takes that of the Cryptomatte, else the first with a pass that separates objects,
                else the first.
            view: name of a stereo view; "" takes the first.
            cryptomatte: name of the Cryptomatte that the labels will come from, where that decides; "" if none.
            composited: whether Combined is what the compositor made of all view layers, where the files hold that;
                else it is the view layer's own.
            names: what the user says of the names of layers, parts and files.

        Raises:
            ExrError: a file is missing or damaged, or the files have different resolutions.
            UsageError: the files have no such view layer or view.
        """
        opened = [(ExrFile(file.path), file.holds) for file in files]
        window = opened[0][0].parts[0].display_window
        for file, _ in opened:
            for part in file.parts:
                if (part.display_window.width, part.display_window.height) != (window.width, window.height):
                    raise ExrError(
                        f"{file.path} has {part.display_window.width} x {part.display_window.height} pixels and "
                        f"{opened[0][0].path} of the same frame has {window.width} x {window.height}; "
                        "render the frame again"
                    )
        self.shape = (window.height, window.width)
        self._composited = composited
        self._headers = [Header(file.path, part.strings) for file, _ in opened for part in file.parts]
        self._stored = sort_channels(opened, declared_names(self._headers), names)
        self._preloaded: dict[tuple[int, str], Pixels] = {}
        self._part_names = [part.name for file, _ in opened for part in file.parts if part.name]
        self._views_in_order = [view for file, _ in opened for part in file.parts for view in part.views]
        self._names = some_of([str(file.path) for file, _ in opened])
        self.view = self._choose_view(view)
        self._cryptomattes = find_cryptomattes(self._stored, self.view)
        self.view_layer = self._choose_layer(view_layer, cryptomatte)
        self.where = f"{self._names}, view layer {self.view_layer!r}" if self.view_layer else self._names

    def __contains__(self, pass_: Pass) -> bool:
        if pass_ in CRYPTOMATTES:
            return pass_ in self.cryptomatte_passes()
        return self._find(pass_) is not None

    def bytes_of_pixel(self, pass_: Pass) -> int:
        """How many bytes a pixel of a pass has when it is read; 0 where there is no such pass."""
        stored = self._find(pass_)
        if stored is None:
            return 0
        return sum(stored.part.channels[name].dtype.itemsize for name in _channels_to_read(stored, pass_))

    def may_be_of_4_2(self, pass_: Pass) -> bool:
        """Whether Blender 4.2 may have written the file of a pass, as far as that says; False where there is no such
        pass."""
        stored = self._find(pass_)
        return stored is not None and all(part.may_be_of_4_2 for part in stored.file.parts)

    def listing(self) -> str:
        """The passes of this view layer and view, for a person."""
        return some_of(
            dict.fromkeys(
                key.title for key in self._stored if key.view_layer == self.view_layer and key.view in (self.view, "")
            )
        )

    def overview(self) -> list[tuple[str, str, list[str]]]:
        """View layer, view and the names of the passes in them, for all view layers and views."""
        found: dict[tuple[str, str], dict[str, None]] = {}
        for key in self._stored:
            found.setdefault((key.view_layer, key.view), {})[key.title] = None
        return [(layer, view, list(names)) for (layer, view), names in found.items()]

    def unknown(self) -> list[str]:
        """The layers whose names say nothing, with the view layer; what is a Cryptomatte by its header is not one."""
        names = (key.full_name for key in self._stored if key.pass_ is None and key.rank == UNRANKED)
        return list(dict.fromkeys(name for name in names if name))

    def layers_and_parts(self) -> list[str]:
        """Every name of a layer or part that the user can give a meaning, with the view layer."""
        return list(dict.fromkeys([*(key.full_name for key in self._stored if key.name), *self._part_names]))

    def given_names(self) -> set[str]:
        """Those names that the user gave a meaning and that are in these files."""
        return {name for key in self._stored for name in key.given}

    def read(self, pass_: Pass) -> Pixels:
        """The pixels of a pass, placed into the image; outside the data window they are 0.

        Returns:
            (H, W) for a pass of one component, else (H, W, C), with the dtype of the file: float16, float32 or uint32.

        Raises:
            PassError: the frame has no such pass.
            ExrError: its pixels are missing or damaged.
        """
        if len(pass_.components) > 1:
            return np.stack(self.read_planes(pass_), axis=-1)
        stored = self._stored_pass(pass_)
        values, *copies = self.pixels(stored, _channels_to_read(stored, pass_))
        if any(_differ(pass_, values, copy) for copy in copies):
            holds = "colours and not pass indices" if pass_ in INDEX_PASSES else "colours and not one value"
            raise PassError(
                f"{self.where}, pass {pass_.title}: its channels {', '.join(stored.letters(pass_))} differ, so it "
                f"holds {holds}; write the pass itself, without a node that colours it"
            )
        return values

    def read_planes(self, pass_: Pass) -> list[Pixels]:
        """The components of a pass as (H, W) each, in their order: what read() copies into one array. Errors likewise.

        Of colours alpha may be missing, of motion the next frame.
        """
        stored = self._stored_pass(pass_)
        return self.pixels(stored, stored.names_of(pass_))

    def _stored_pass(self, pass_: Pass) -> StoredPass:
        stored = self._find(pass_)
        if stored is None:
            raise PassError(
                f"{self.where} has no pass {pass_.title}; it has {self.listing()}; "
                "choose another one, or turn it on in Blender under View Layer Properties > Passes and render again"
                + self.hint(pass_)
            )
        return stored

    def hint(self, pass_: Pass) -> str:
        """The end of a sentence on a pass that is missing, where a layer of another name could be it; else ""."""
        if not self.unknown():
            return ""
        return f"; or give the name that it has here on the command line, with --pass NAME={pass_.value}"

    def read_own_picture(self) -> list[Pixels] | None:
        """The Combined pass of the view layer itself, as read_planes() gives it; None where it has none."""
        stored = self._own_picture()
        if stored is None:
            return None
        return self.pixels(stored, _channels_to_read(stored, Pass.COMBINED))

    def preload(self, passes: Iterable[Pass], own_picture: bool = False) -> None:
        """Decode the passes that share a part at once, to be read later: a part is decompressed as a whole each time.

        Those that the frame lacks are left out. What is preloaded is kept until it is read, and read once; where it
        would fill the memory it is left for later, each at its time.

        Args:
            passes: those to read.
            own_picture: whether read_own_picture() is going to be called too.

        Raises:
            PassError, ExrError: as read().
        """
        found = [(stored, _channels_to_read(stored, pass_)) for pass_ in passes if (stored := self._find(pass_))]
        if own_picture and (stored := self._own_picture()):
            found.append((stored, _channels_to_read(stored, Pass.COMBINED)))
        found.sort(key=lambda item: id(item[0].part))
        for _, group in itertools.groupby(found, key=lambda item: id(item[0].part)):
            together = list(group)
            names = [name for _, names in together for name in names]
            stored = together[0][0]
            size = sum(stored.part.channels[name].dtype.itemsize for name in names)
            if len(together) > 1 and size * self.shape[0] * self.shape[1] <= _MOST_PRELOADED:
                self._preloaded.update(
                    ((id(stored.part), name), values)
                    for name, values in zip(names, self.pixels(stored, names), strict=True)
                )

    def pixels(self, stored: StoredPass, names: Sequence[str]) -> list[Pixels]:
        """Some channels of a stored pass, (H, W) each, placed into the image."""
        keys = [(id(stored.part), name) for name in names]
        if all(key in self._preloaded for key in keys):
            return [self._preloaded.pop(key) for key in keys]
        pixels = stored.file.read(stored.part, names)
        data, display = stored.part.data_window, stored.part.display_window
        if data == display:
            return pixels
        placed = []
        for values in pixels:
            image = np.zeros(self.shape, dtype=values.dtype)
            top, inside = _inside(values, data, display)
            image[top : top + len(inside)] = inside
            placed.append(image)
        return placed

    def bands(self, stored: StoredPass, names: Sequence[str]) -> Iterator[tuple[int, list[Pixels]]]:
        """The same in bands: the first row in the image, and (rows, W) of each channel. A frame of ordinary size is
        one; rows outside of the data window are in none.
        """
        data, display = stored.part.data_window, stored.part.display_window
        rows = _rows_of_bands(data)
        for number, pixels in enumerate(stored.file.read_bands(stored.part, names, rows)):
            top = data.y0 + number * rows
            band = Box(data.x0, top, data.x1, top + len(pixels[0]))
            placed = [_inside(values, band, display) for values in pixels]
            if len(placed[0][1]):
                yield placed[0][0], [values for _, values in placed]

    def cryptomatte_passes(self) -> list[Pass]:
        """What the Cryptomattes of this view layer stand for: by name, then by what names of other renderers suggest;
        each in the order of render_pass.CRYPTOMATTES.
        """
        layers = [layer for layer in self._cryptomattes if layer.view_layer == self.view_layer]
        by_name = {layer.pass_ for layer in layers if layer.is_plain}
        by_hint = {layer.pass_ for layer in layers} - by_name
        return [pass_ for kinds in (by_name, by_hint) for pass_ in CRYPTOMATTES if pass_ in kinds]

    def cryptomatte(self, pass_: Pass | None, name: str = "") -> Cryptomatte:
        """A Cryptomatte of this frame.

        Args:
            pass_: one of render_pass.CRYPTOMATTES; None lets the name say what it stands for.
            name: of the Cryptomatte in the files, with or without its view layer; "" takes the one that is named like
                the pass, else the only one that could be it.

        Raises:
            PassError: the Cryptomatte is missing, or several could be meant.
        """
        layer = self._named(name) if name else self._only(pass_)
        return Cryptomatte(
            pass_ or layer.pass_, layer.full_name, manifest_of(layer, self._headers), layer.ordered(self.where), self
        )

    def _named(self, name: str) -> CryptomatteLayer:
        layer = named_cryptomatte(self._cryptomattes, name, self.view_layer)
        if layer is None:
            has = _quoted([layer.full_name for layer in self._cryptomattes])
            raise PassError(
                f"{self._names} has no Cryptomatte {name!r}; it has {has or 'none'}; choose another name, or leave it "
                "empty"
            )
        return layer

    def _only(self, pass_: Pass | None) -> CryptomatteLayer:
        layers = [
            layer
            for layer in self._cryptomattes
            if layer.view_layer == self.view_layer and (pass_ is None or layer.pass_ is pass_)
        ]
        layers = [layer for layer in layers if layer.is_plain][:1] or layers
        if not layers:
            title = pass_.title if pass_ else "Cryptomatte"
            raise PassError(
                f"{self.where} has no pass {title}; it has {self.listing()}; "
                "turn it on in Blender under View Layer Properties > Passes > Cryptomatte and render again"
                + self.hint(pass_ or Pass.CRYPTO_OBJECT)
            )
        if len(layers) > 1:
            raise PassError(
                f"{self.where} has the Cryptomattes {_quoted([layer.full_name for layer in layers])}, and none is "
                "named like a pass of Blender; choose one with the setting Cryptomatte (--cryptomatte NAME)"
            )
        return layers[0]

    def guess(self, pass_: Pass) -> str:
        """The name of the layer that is taken for a pass though nothing says so; "" where something does."""
        key = self._key(pass_)
        return key.full_name if key and key.is_guess else ""

    @property
    def has_composite(self) -> bool:
        """Whether the files hold what the compositor made."""
        return any(key.view_layer == COMPOSITE_LAYER and key.pass_ is Pass.COMBINED for key in self._stored)

    @property
    def picture_layer(self) -> str | None:
        """The layer that Combined is read from, COMPOSITE_LAYER for the compositor's; None where there is none, or the
        user has named it."""
        key = self._key(Pass.COMBINED)
        return None if key is None or key.given else key.view_layer

    def _own_picture(self) -> StoredPass | None:
        own = [key for key in self._stored if key.pass_ is Pass.COMBINED and key.view_layer == self.view_layer]
        key = next((key for view in (self.view, "") for key in own if key.view == view), None)
        return self._stored[key] if key else None

    def _find(self, pass_: Pass) -> StoredPass | None:
        key = self._key(pass_)
        return self._stored[key] if key else None

    def _key(self, pass_: Pass) -> PassKey | None:
        layers = [self.view_layer]
        if pass_ is Pass.COMBINED:
            # What the user sees is the compositor's result; and the labels' own layer may have no picture.
            order = [COMPOSITE_LAYER, self.view_layer] if self._composited else [self.view_layer, COMPOSITE_LAYER]
            layers = list(dict.fromkeys([*order, *self._layers()]))
        fitting = [key for key in self._stored if key.pass_ is pass_]
        # What the user has named counts first, and belongs to every view layer where it names none.
        given = [key for key in fitting if key.given]
        for keys, wanted_layers in ((given, [*layers, ""]), (fitting, layers)):
            for wanted_layer, wanted_view in itertools.product(wanted_layers, (self.view, "")):
                for key in keys:
                    if (key.view_layer, key.view) == (wanted_layer, wanted_view):
                        return key
        return None

    def label_layers(self) -> list[str]:
        """The view layers with a pass that separates objects; all of them where none has one."""
        found = [key.view_layer for key in self._stored if _separates_objects(key)]
        return list(dict.fromkeys(found)) or self._layers()

    def views(self) -> list[str]:
        """The stereo views in their order; none where it is not a stereo render."""
        present = [key.view for key in self._stored if key.view]
        in_order = [view for view in self._views_in_order if view in present]
        return list(dict.fromkeys([*in_order, *present]))

    def _layers(self) -> list[str]:
        return list(dict.fromkeys(key.view_layer for key in self._stored))

    def _choose_layer(self, wanted: str, cryptomatte: str) -> str:
        layers = self._layers()
        if wanted:
            if wanted not in layers:
                spelled = plain_spelling(wanted)
                if found := [layer for layer in layers if plain_spelling(layer) == spelled]:
                    return found[0]
                raise UsageError(
                    f"{self._names} has no view layer {wanted!r}; it has {_quoted(layers)}, so choose one of them"
                )
            return wanted
        if cryptomatte and (chosen := named_cryptomatte(self._cryptomattes, cryptomatte, "")):
            return chosen.view_layer
        for key in self._stored:
            if key.given and _separates_objects(key):
                return key.view_layer
        return next(iter(self.label_layers()), "")

    def _choose_view(self, wanted: str) -> str:
        views = self.views()
        if wanted and wanted not in views:
            has = (
                f"it has {_quoted(views)}, so choose one of them"
                if views
                else "it is not a stereo render, so leave View empty"
            )
            raise UsageError(f"{self._names} has no view {wanted!r}; {has}")
        return wanted or (views[0] if views else "")


def _rows_of_bands(window: Box) -> int:
    if window.width * window.height <= _MOST_PIXELS_AT_ONCE:
        return window.height
    return max(1, _PIXELS_OF_BANDS // window.width // ROWS_OF_ANY_CHUNK) * ROWS_OF_ANY_CHUNK


def _inside(values: Pixels, window: Box, display: Box) -> tuple[int, Pixels]:
    """What of a window lies in the image, as wide as that is: its first row there, and the pixels; 0 besides them."""
    x0, x1 = max(window.x0, display.x0), min(window.x1, display.x1)
    y0, y1 = max(window.y0, display.y0), min(window.y1, display.y1)
    if x0 >= x1 or y0 >= y1:
        return 0, np.zeros((0, display.width), dtype=values.dtype)
    seen = values[y0 - window.y0 : y1 - window.y0, x0 - window.x0 : x1 - window.x0]
    if x1 - x0 == display.width:
        return y0 - display.y0, seen
    image = np.zeros((y1 - y0, display.width), dtype=values.dtype)
    image[:, x0 - display.x0 : x1 - display.x0] = seen
    return y0 - display.y0, image


def _separates_objects(key: PassKey) -> bool:
    return key.pass_ in LABEL_PASSES or key.rank != UNRANKED


def _channels_to_read(stored: StoredPass, pass_: Pass) -> list[str]:
    """Full channel names of a pass, and behind that of a single value those of its copies."""
    return stored.names(stored.letters(pass_)) if len(pass_.components) == 1 else stored.names_of(pass_)


def _differ(pass_: Pass, values: Pixels, copy: Pixels) -> bool:
    """Whether what should be twice the same value is not."""
    if np.array_equal(values, copy):
        return False
    tolerance = 0 if pass_ in INDEX_PASSES else _TOLERANCE_OF_DISTANCES
    with np.errstate(invalid="ignore"):
        return not np.allclose(values, copy, rtol=tolerance, atol=_TOLERANCE, equal_nan=True)


def _quoted(names: Sequence[str]) -> str:
    return some_of([repr(name) for name in names])
