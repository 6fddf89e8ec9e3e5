"""The render passes of a frame as a mapping of numpy arrays, straight from its EXR files."""

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..base.errors import NoSuchPass, UsageError
from ..base.phrases import listed, some_of
from ..exr.cryptomatte import read_manifest
from ..exr.passes import Passes
from ..frames.frame_files import FrameFiles, find_frames
from ..frames.frame_messages import frames_in_words
from ..labels.label_image import read_labels
from ..settings.render_pass import CRYPTOMATTES, LABEL_PASSES, Pass
from ..settings.settings import LabelSource

Array = npt.NDArray[Any]
FilePath = str | os.PathLike[str]


class FramePasses(Mapping[str, Array]):
    """The render passes of a frame by their names, as `labelpass.read_passes` gives them.

    All arrays have the size of the image (the display window); where the file has no pixels, they are 0. A pass is
    read when it is first asked for, and then kept.

    - `combined`: (H, W, 4) or (H, W, 3), R, G, B and alpha: scene-linear, alpha premultiplied.
    - `depth`: (H, W), scene units along the camera's z axis (of panoramic and custom cameras from the camera). Where
      nothing is, Cycles writes 1e10.
    - `object_index`, `material_index`: (H, W) uint32, pass indices; 0 = background.
    - `normal`: (H, W, 3), unit vectors in the world.
    - `position`: (H, W, 3), scene units in the world.
    - `vector`: (H, W, 4), pixels, y up: X, Y to where the surface was in the previous frame, and Z, W from where it is
      in the next one. File Output nodes may write three of them only.
    - `uv`: (H, W, 3), u, v and whether there is a value.
    - `crypto_object`, `crypto_material`, `crypto_asset`: (H, W) uint32, the id that covers most of each pixel; 0 =
      background. `names` says what the ids stand for.

    All but the uint32 ones are float32, also where the file holds halves.

    Attributes:
        view_layer, view: which of the file's; "" where it names none.
        height, width: pixels of the image.
    """

    def __init__(self, passes: Passes, cryptomatte: str = "") -> None:
        self._passes = passes
        self._named_by_user = passes.cryptomatte(None, cryptomatte) if cryptomatte else None
        self._read: dict[str, Array] = {}
        self._there = tuple(pass_ for pass_ in Pass if pass_ in passes)
        self.view_layer, self.view = passes.view_layer, passes.view
        self.height, self.width = passes.shape

    def __repr__(self) -> str:
        return f"<FramePasses of {self._passes.where}: {', '.join(self)}>"

    def __iter__(self) -> Iterator[str]:
        return (str(pass_.value) for pass_ in self._there)

    def __len__(self) -> int:
        return len(self._there)

    def __contains__(self, name: object) -> bool:
        return any(name == one for one in self)  # without reading it

    def __getitem__(self, name: str) -> Array:
        """A pass by its name.

        Raises:
            NoSuchPass: the frame has none of that name; it is a KeyError as well.
            PassError: its values are not what such a pass holds.
            ExrError: its pixels are missing or damaged.
        """
        if name not in self._read:
            self._read[name] = self._array(self._named(name))
        return self._read[name]

    def names(self, cryptomatte: str) -> dict[int, str]:
        """What the ids of a Cryptomatte stand for, by its manifest.

        Args:
            cryptomatte: `crypto_object`, `crypto_material` or `crypto_asset`.

        Raises:
            UsageError: it is not the name of a Cryptomatte.
            PassError: the frame has none of that name, or its manifest is damaged.
        """
        pass_ = self._named(cryptomatte)
        if pass_ not in CRYPTOMATTES:
            raise UsageError(f"{cryptomatte!r} is not a Cryptomatte; only those hold names")
        text = self._passes.cryptomatte(pass_, self._cryptomatte(pass_)).manifest.text
        return read_manifest(text) if text else {}

    def _named(self, name: str) -> Pass:
        for pass_ in self._there:
            if pass_.value == name:
                return pass_
        has = f"it has {listed([repr(one) for one in self])}" if self else "it has none that Labelpass knows"
        unknown = self._passes.unknown()
        others = f"; not known as passes are its layers {some_of(unknown)}, see pass_names" if unknown else ""
        raise NoSuchPass(f"{self._passes.where} has no pass {name!r}; {has}{others}")

    def _cryptomatte(self, pass_: Pass) -> str:
        """The name of the Cryptomatte to take for a pass, where the user has given that; else \"\"."""
        named = self._named_by_user
        return named.name if named and named.pass_ is pass_ else ""

    def _array(self, pass_: Pass) -> Array:
        if pass_ in LABEL_PASSES:
            source = LabelSource.of(pass_)
            return _own(read_labels(self._passes, source, cryptomatte=self._cryptomatte(pass_)).labels)
        return _own(self._passes.read(pass_).astype(np.float32, copy=False))


def read_passes(
    files: FilePath | Iterable[FilePath],
    *,
    view_layer: str = "",
    view: str = "",
    cryptomatte: str = "",
    pass_names: Mapping[str, str] | None = None,
) -> FramePasses:
    """The render passes of a frame: `read_passes("frame.exr")["depth"]`.

    The headers are read at once, and the pixels of a pass when it is asked for.

    Args:
        files: an EXR file; several of one frame, or the folder of these, where a File Output node has written a file
            for each pass.
        view_layer: the name of a view layer; "" takes the first with a pass that separates objects.
        view: the name of a stereo view; "" takes the first.
        cryptomatte: the name of a Cryptomatte, where the files of another renderer have several of objects, of
            materials or of assets; "" takes the one that is named like a pass of Blender, or the only one.
        pass_names: name of a layer, part, file or folder -> the pass that it holds, where its own name does not say
            so: {"mask": "object_index"}.

    Raises:
        InputError: a path does not exist or holds no EXR file.
        ExrError: a file is damaged, or the files have different resolutions.
        PassError: there is no such Cryptomatte.
        UsageError: they are several frames, there is no such view layer or view, or `pass_names` names no pass.
    """
    paths = [Path(files)] if isinstance(files, str | os.PathLike) else [Path(file) for file in files]
    meanings = {name: _pass(meaning) for name, meaning in (pass_names or {}).items()}
    frame = _only(find_frames(paths, meanings))
    return FramePasses(Passes(frame.files, view_layer, view, cryptomatte, names=frame.pass_names), cryptomatte)


def _only(frames: list[FrameFiles]) -> FrameFiles:
    if len(frames) != 1:
        found = f"These are {frames_in_words([frame.path for frame in frames])}" if frames else "There is no file"
        raise UsageError(f"{found}; give the files of one frame")
    return frames[0]


def _pass(name: str) -> Pass:
    try:
        return Pass(name)
    except ValueError as error:
        known = listed([repr(pass_.value) for pass_ in Pass])
        raise UsageError(f"{name!r} is not the name of a pass; the passes are {known}") from error


def _own(values: Array) -> Array:
    """An array that may be changed, as those that lie in what was read may not."""
    return values if values.flags.writeable else values.copy()
