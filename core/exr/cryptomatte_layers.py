"""Which Cryptomattes a frame has, whoever rendered it, and what their headers say.

A Cryptomatte has a name, "ViewLayer.CryptoObject" in Blender and anything at all in other renderers; its channels are
that name with the number of the rank pair. Header attributes "cryptomatte/<key>/..." say the name, the manifest or
the file that holds it, and how ids became floats.
Source: Friedman and Jones, "Cryptomatte Specification", version 1.2.0 (2018-05), "Metadata" and "Channels".
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..base.errors import PassError
from ..base.input_files import read_file
from ..frames.sidecar import Sidecar, sidecar_path
from ..settings.render_pass import CRYPTOMATTES, Pass, plain_spelling
from .stored_pass import UNRANKED, StoredPass, StoredPasses

_NAME_ATTRIBUTE = re.compile(r"(cryptomatte/[^/]+/)name")
_CONVERSION = "uint32_to_float32"
# What other renderers call a Cryptomatte of materials, or of assets; anything else is one of objects.
_HINTS = (
    (Pass.CRYPTO_MATERIAL, re.compile(r"material|mtl|shader|(?<![a-z])mat(?![a-z])")),
    (Pass.CRYPTO_ASSET, re.compile(r"asset")),
)
# Of a manifest: some ten million names.
_MOST_BYTES = 1 << 30


@dataclass(frozen=True)
class Header:
    """The text attributes of one part of a file."""

    file: Path
    strings: dict[str, str]


@dataclass(frozen=True)
class CryptomatteLayer:
    """One Cryptomatte of a frame.

    Attributes:
        view_layer: that it belongs to; "" for none.
        name: without the view layer.
        levels: rank pair -> where its channels are.
        meaning: what its ids stand for, where its name or the user says so.
    """

    view_layer: str
    name: str
    levels: dict[int, StoredPass]
    meaning: Pass | None = None

    @property
    def full_name(self) -> str:
        """As in the header."""
        return f"{self.view_layer}.{self.name}" if self.view_layer else self.name

    @property
    def is_plain(self) -> bool:
        """Whether it is known what it stands for, without a guess."""
        return self.meaning in CRYPTOMATTES

    @property
    def pass_(self) -> Pass:
        """What its ids stand for, as the name says; objects if it says nothing."""
        if self.meaning in CRYPTOMATTES:
            return self.meaning
        words = self.name.lower().replace("cryptomatte", "")
        return next((pass_ for pass_, hint in _HINTS if hint.search(words)), Pass.CRYPTO_OBJECT)

    def ordered(self, where: str) -> tuple[StoredPass, ...]:
        """The levels, strongest ranks first; PassError where one is missing."""
        missing = set(range(len(self.levels))) - self.levels.keys()
        if missing:
            raise PassError(
                f"{where} lacks the channels {self.name}{min(missing):02d}, though it has later ones of that "
                "Cryptomatte; render the frame again"
            )
        return tuple(self.levels[rank] for rank in sorted(self.levels))


@dataclass(frozen=True)
class ManifestText:
    """The manifest of a Cryptomatte as it is written.

    Attributes:
        text: "" where there is none.
        sidecar: the file that it is in, or would be in; None where it is in the header.
        note: a sentence on a manifest that is not available; "" where all is well.
    """

    text: str = ""
    sidecar: Sidecar | None = None
    note: str = ""


def declared_names(headers: Iterable[Header]) -> set[str]:
    """The names of the Cryptomattes in headers, with the view layer."""
    return {name for header in headers for _, name in _declarations(header)}


def find_cryptomattes(stored: StoredPasses, view: str) -> list[CryptomatteLayer]:
    """All Cryptomattes of a view, in the order of the files."""
    found: dict[tuple[str, str], dict[int, StoredPass]] = {}
    meanings: dict[tuple[str, str], Pass | None] = {}
    for wanted_view in ("", view):  # what has the view in its name comes last and counts
        for key, entry in stored.items():
            if key.view == wanted_view and (key.rank != UNRANKED or key.pass_ in CRYPTOMATTES):
                found.setdefault((key.view_layer, key.name), {})[key.rank] = entry
                meanings[key.view_layer, key.name] = key.pass_
    layers = []
    for (view_layer, name), levels in found.items():
        # Without a rank it is the preview image, or the only level in a file that a File Output node has written.
        only = levels.pop(UNRANKED, None)
        if levels or only:
            levels = levels or ({0: only} if only else {})
            layers.append(CryptomatteLayer(view_layer, name, levels, meanings[view_layer, name]))
    return layers


def named_cryptomatte(layers: Sequence[CryptomatteLayer], name: str, view_layer: str) -> CryptomatteLayer | None:
    """The Cryptomatte of that name, with or without its view layer, in upper or lower case or in Nuke's spelling; None
    if there is none.
    """
    in_layer = [layer for layer in layers if layer.view_layer == view_layer]
    for candidates in (in_layer, layers):
        for same in (str, str.lower, lambda one: plain_spelling(one).lower()):
            for layer in candidates:
                if same(name) in (same(layer.full_name), same(layer.name)):
                    return layer
    return None


def manifest_of(layer: CryptomatteLayer, headers: Iterable[Header]) -> ManifestText:
    """The manifest of a Cryptomatte, from the header or the file that the header names.

    Raises:
        PassError: its ids became floats in an unknown way, or the manifest's file cannot be read.
    """
    declared = [(header, *declaration) for header in headers for declaration in _declarations(header)]
    for same in (str, plain_spelling):
        for header, prefix, name in declared:
            if same(name) != same(layer.full_name):
                continue
            conversion = header.strings.get(f"{prefix}conversion", _CONVERSION)
            if conversion != _CONVERSION:
                raise PassError(
                    f"{header.file} stores the ids of {name} with the unknown conversion {conversion!r}; "
                    f"render again with {_CONVERSION}"
                )
            if f"{prefix}manifest" in header.strings:
                return ManifestText(header.strings[f"{prefix}manifest"])
            if f"{prefix}manif_file" in header.strings:
                return _from_sidecar(header.file, header.strings[f"{prefix}manif_file"])
    return ManifestText()


def _from_sidecar(exr: Path, name: str) -> ManifestText:
    sidecar, path = Sidecar.of(exr, name), sidecar_path(exr, name)
    unnamed = "so everything that it names is named by its id"
    if path is None:
        note = f"The manifest {name!r} of {exr.name} is outside the folder of that file and is not read, {unnamed}"
        return ManifestText("", sidecar, note)
    if sidecar.size is None:
        return ManifestText("", sidecar, f"The manifest {name!r} next to {exr.name} is missing, {unnamed}")
    try:
        return ManifestText(read_file(path, _MOST_BYTES).decode("utf-8-sig"), sidecar)
    except OSError as error:
        raise PassError(
            f"Cannot read the manifest {path}: {error.strerror}; check that it is a file that you may read"
        ) from error
    except UnicodeDecodeError as error:
        raise PassError(f"The manifest {path} is not UTF-8 text; write it again") from error


def _declarations(header: Header) -> Iterator[tuple[str, str]]:
    """The start of the attributes' names, and the name, of each Cryptomatte in a header."""
    for attribute, value in header.strings.items():
        if match := _NAME_ATTRIBUTE.fullmatch(attribute):
            yield match[1], value
