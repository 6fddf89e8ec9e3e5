"""What the tests of core share: rendered frames, a writer of made-up EXR files, and a reader that is not ours.

    write_exr(path, {"R": array})                        an EXR file of made-up pixels, see `ExrWriter`
    read_exr(path)                                       its parts, read by OpenEXR's own File, see `ReadPart`
    data / version, facts                                the files of each Blender version, and their scene.json
    rendered                                             each frame of tests/data that has labels, see `Rendered`
    rendered, label_pass                                 the same with each of the passes that separate objects
    rendered_of(version, fixture)                        some of these
    independent(rendered, pass, component)               one channel of such a frame, found and read without core

They are fixtures, not imports, because pytest's importlib mode has no place from which tests could import them.
"""

import functools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import hypothesis
import numpy as np
import numpy.typing as npt
import OpenEXR
import pytest

from core.settings.render_pass import Pass, PassFile

DATA = Path(__file__).resolve().parents[1] / "data"
# By name, so that a folder that goes missing is an error and not a shorter list.
VERSIONS = ("4.2", "4.5", "5.0")

# The same examples in every run: a red build must be red again on the machine of whoever looks at it.
hypothesis.settings.register_profile("labelpass", derandomize=True, deadline=None, max_examples=100)
hypothesis.settings.load_profile("labelpass")

Array = npt.NDArray[Any]
Corners = tuple[int, int, int, int]


class ExrWriter(Protocol):
    """Writes made-up EXR files.

    Args:
        path: the file; its folder is made.
        pixels: full channel name -> (H, W) float16, float32 or uint32, in which case the file has one part; or a
            list of (part name, such channels, attributes of this part) for a multi-part file.
        data_window, display_window: half-open x0, y0, x1, y1; without them, the size of the arrays from (0, 0). An
            attribute "dataWindow" or "displayWindow" of a part, half-open as well, comes first.
        compression: the part of an OpenEXR constant before "_COMPRESSION".
        tile: edge length of the tiles of a tiled file.
        attributes: further header attributes, such as "multiView": ["left", "right"].

    Returns:
        The path.
    """

    def __call__(
        self,
        path: Path,
        pixels: Mapping[str, Array] | Sequence[tuple[str, Mapping[str, Array], Mapping[str, Any]]],
        *,
        data_window: Corners | None = None,
        display_window: Corners | None = None,
        compression: str = "ZIP",
        tile: int | None = None,
        attributes: Mapping[str, Any] | None = None,
    ) -> Path: ...


@pytest.fixture(scope="session")
def write_exr() -> ExrWriter:
    """Write a made-up EXR file, see `ExrWriter`."""

    def header(own: Mapping[str, Any], common: Mapping[str, Any]) -> dict[str, Any]:
        merged = {**common, **own}
        for name in ("dataWindow", "displayWindow"):
            if name in merged:
                x0, y0, x1, y1 = merged[name]
                merged[name] = np.array([x0, y0], np.int32), np.array([x1 - 1, y1 - 1], np.int32)
        return merged

    def write(
        path: Path,
        pixels: Mapping[str, Array] | Sequence[tuple[str, Mapping[str, Array], Mapping[str, Any]]],
        *,
        data_window: Corners | None = None,
        display_window: Corners | None = None,
        compression: str = "ZIP",
        tile: int | None = None,
        attributes: Mapping[str, Any] | None = None,
    ) -> Path:
        common: dict[str, Any] = {
            "compression": getattr(OpenEXR, f"{compression}_COMPRESSION"),
            "type": OpenEXR.scanlineimage,
            **(attributes or {}),
        }
        if data_window:
            common["dataWindow"] = data_window
        if display_window:
            common["displayWindow"] = display_window
        if tile:
            tiles = OpenEXR.TileDescription()
            tiles.xSize = tiles.ySize = tile
            tiles.mode = OpenEXR.ONE_LEVEL
            common |= {"type": OpenEXR.tiledimage, "tiles": tiles}
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(pixels, Mapping):
            file = OpenEXR.File(header({}, common), _contiguous(pixels))
        else:
            parts = [
                OpenEXR.Part(header({"name": name, **own}, common), _contiguous(channels))
                for name, channels, own in pixels
            ]
            file = OpenEXR.File(parts)
        file.write(str(path))
        return path

    return write


def _contiguous(channels: Mapping[str, Array]) -> dict[str, Array]:
    return {name: np.ascontiguousarray(values) for name, values in channels.items()}


@dataclass(frozen=True)
class ReadPart:
    """A part as OpenEXR's own reader gives it: the header as it is, and full channel name -> (H, W) pixels."""

    name: str
    header: dict[str, Any]
    channels: dict[str, Array]


@pytest.fixture(scope="session")
def read_exr():
    """Read an EXR file with OpenEXR.File: path -> list of ReadPart. Nothing of core is in it."""
    return _read_exr


@functools.cache
def _read_exr(path: Path) -> list[ReadPart]:
    with OpenEXR.File(str(path), separate_channels=True) as file:
        return [
            ReadPart(
                part.header.get("name", ""),
                dict(part.header),
                {name: channel.pixels.copy() for name, channel in part.channels.items()},
            )
            for part in file.parts
        ]


@dataclass(frozen=True)
class Rendered:
    """A frame of tests/data with something to separate objects by, in one view layer and view.

    Attributes:
        version: folder of tests/data.
        fixture: as in scene.json.
        frame: its number.
        files: as core wants them.
        view_layer, view: to be chosen.
        passes: those that it was asked for.
    """

    version: str
    fixture: str
    frame: int
    files: tuple[PassFile, ...]
    view_layer: str
    view: str
    passes: tuple[Pass, ...]

    def __str__(self) -> str:
        return "-".join(filter(None, (self.version, self.fixture, str(self.frame), self.view_layer, self.view)))


# What each fixture was asked for, besides Combined and Depth, which are in all of these.
_ALL_PASSES = (Pass.OBJECT_INDEX, Pass.MATERIAL_INDEX, Pass.CRYPTO_OBJECT, Pass.CRYPTO_MATERIAL, Pass.CRYPTO_ASSET)
_ALL_PASSES += (Pass.POSITION, Pass.NORMAL, Pass.VECTOR)
_PASSES = {
    "multilayer": _ALL_PASSES,
    "interleaved": _ALL_PASSES,
    "crypto_only": (Pass.CRYPTO_OBJECT, Pass.CRYPTO_MATERIAL, Pass.CRYPTO_ASSET),
    "border": (Pass.OBJECT_INDEX, Pass.CRYPTO_OBJECT, Pass.POSITION),
    "border_crop": (Pass.OBJECT_INDEX, Pass.CRYPTO_OBJECT, Pass.POSITION),
    "halfdepth": (Pass.OBJECT_INDEX, Pass.CRYPTO_OBJECT, Pass.VECTOR),
    "Labels": (Pass.OBJECT_INDEX,),
    "Labels.v2": (Pass.OBJECT_INDEX, Pass.CRYPTO_OBJECT),
    "stereo": (Pass.OBJECT_INDEX, Pass.CRYPTO_OBJECT, Pass.POSITION),
    "stereo_individual": (Pass.OBJECT_INDEX,),
    "transparent": (Pass.OBJECT_INDEX, Pass.CRYPTO_OBJECT),
    "fileoutput": (Pass.OBJECT_INDEX,),
    "fileoutput_flat": (Pass.OBJECT_INDEX, Pass.NORMAL, Pass.VECTOR),
    "fileoutput_multi": (Pass.OBJECT_INDEX, Pass.MATERIAL_INDEX, Pass.CRYPTO_OBJECT, Pass.NORMAL, Pass.VECTOR),
}


def _rendered_frames(version: str) -> list[Rendered]:
    """Written out, and not found by core, so that core can be wrong about it."""

    def one_file(fixture: str, name: str, frame: int = 1, layer: str = "ViewLayer", view: str = "") -> Rendered:
        passes = _PASSES[layer if fixture == "viewlayers" else fixture]
        files = (PassFile(DATA / version / name),)
        return Rendered(version, fixture, frame, files, layer, view, (Pass.COMBINED, Pass.DEPTH, *passes))

    def file_a_pass(fixture: str, frame: int, names: Mapping[Pass, str]) -> Rendered:
        files = tuple(PassFile(DATA / version / fixture / name, pass_) for pass_, name in names.items())
        return Rendered(version, fixture, frame, files, "", "", tuple(names))

    prefix, index = ("file_name", "Object Index") if version == "5.0" else ("", "IndexOB")
    return [
        one_file("multilayer", "multilayer_0001.exr"),
        one_file("multilayer", "multilayer_0002.exr", 2),
        *([one_file("interleaved", "interleaved_0001.exr")] if version == "5.0" else []),
        one_file("crypto_only", "crypto_only_0001.exr"),
        one_file("border", "border_0001.exr"),
        one_file("border_crop", "border_crop_0001.exr"),
        one_file("halfdepth", "halfdepth_0001.exr"),
        one_file("viewlayers", "viewlayers_0001.exr", layer="Labels"),
        one_file("viewlayers", "viewlayers_0001.exr", layer="Labels.v2"),
        one_file("stereo", "stereo_0001.exr", view="left"),
        one_file("stereo", "stereo_0001.exr", view="right"),
        one_file("stereo_individual", "stereo_individual_0001_L.exr"),
        one_file("stereo_individual", "stereo_individual_0001_R.exr"),
        one_file("transparent", "transparent_0001.exr"),
        one_file("fileoutput_multi", "fileoutput_multi/multi_0001.exr", layer=""),
        *(
            file_a_pass(
                "fileoutput",
                frame,
                {
                    Pass.COMBINED: f"Image/Image000{frame}.exr",
                    Pass.DEPTH: f"Depth/Depth000{frame}.exr",
                    Pass.OBJECT_INDEX: f"Index/Index000{frame}.exr",
                },
            )
            for frame in (1, 2)
        ),
        file_a_pass(
            "fileoutput_flat",
            1,
            {
                Pass.COMBINED: f"{prefix}Image0001.exr",
                Pass.DEPTH: f"{prefix}Depth0001.exr",
                Pass.OBJECT_INDEX: f"{prefix}{index}0001.exr",
                Pass.NORMAL: f"{prefix}Normal0001.exr",
                Pass.VECTOR: f"{prefix}Vector0001.exr",
            },
        ),
    ]


RENDERED = [frame for version in VERSIONS for frame in _rendered_frames(version)]

_NAMES_UP_TO_4 = {
    Pass.COMBINED: "Combined",
    Pass.DEPTH: "Depth",
    Pass.OBJECT_INDEX: "IndexOB",
    Pass.MATERIAL_INDEX: "IndexMA",
    Pass.NORMAL: "Normal",
    Pass.POSITION: "Position",
    Pass.VECTOR: "Vector",
    Pass.CRYPTO_OBJECT: "CryptoObject",
    Pass.CRYPTO_MATERIAL: "CryptoMaterial",
    Pass.CRYPTO_ASSET: "CryptoAsset",
}
_NAMES_SINCE_5 = _NAMES_UP_TO_4 | {Pass.OBJECT_INDEX: "Object Index", Pass.MATERIAL_INDEX: "Material Index"}
_SINGLE_VALUES = (Pass.DEPTH, Pass.OBJECT_INDEX, Pass.MATERIAL_INDEX)


@pytest.fixture(scope="session")
def independent():
    """Read one channel of a rendered frame without core, by the tables of tests/data/README.md.

    (rendered, pass, component, rank=0) -> (H, W) pixels. The component is a letter of X Y Z W R G B A.
    """

    def read(rendered: Rendered, pass_: Pass, component: str, rank: int = 0) -> Array:
        since_5 = rendered.version == "5.0"
        name = (_NAMES_SINCE_5 if since_5 else _NAMES_UP_TO_4)[pass_]
        if pass_.value.startswith("crypto"):
            name += f"{rank:02}"
            if (rendered.version, rendered.fixture) != ("4.2", "fileoutput_multi"):
                component = component.lower()
        file = rendered.files[0].path
        part_name = None
        if rendered.fixture in ("fileoutput", "fileoutput_flat"):
            file = next(file.path for file in rendered.files if file.holds is pass_)
            if pass_ in _SINGLE_VALUES:
                component = "V" if rendered.version == "4.2" else "R"
            channel = component
        elif rendered.fixture == "fileoutput_multi":
            name = "Image" if pass_ is Pass.COMBINED else name
            channel = f"{name}.{'V' if pass_ in _SINGLE_VALUES else component}"
        elif rendered.view and since_5:
            part_name = f"{rendered.view_layer}.{name}-{rendered.view}"
            channel = f"{rendered.view_layer}.{name}.{component}"
        elif rendered.view:
            channel = f"{rendered.view_layer}.{name}.{rendered.view}.{component}"
        else:
            channel = f"{rendered.view_layer}.{name}.{component}"
        (found,) = [
            part.channels[channel]
            for part in _read_exr(file)
            if channel in part.channels and part_name in (None, part.name)
        ]
        return found

    return read


LABEL_PASSES = frozenset(_ALL_PASSES[:5])


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """`rendered` is every frame; together with `label_pass`, every frame with each of its label passes."""
    if "label_pass" in metafunc.fixturenames:
        pairs = [(frame, pass_) for frame in RENDERED for pass_ in frame.passes if pass_ in LABEL_PASSES]
        metafunc.parametrize(
            ("rendered", "label_pass"), pairs, ids=[f"{frame}-{pass_.value}" for frame, pass_ in pairs]
        )
    elif "rendered" in metafunc.fixturenames:
        metafunc.parametrize("rendered", RENDERED, ids=str)


@pytest.fixture(scope="session")
def data() -> Path:
    """tests/data, with a folder for each of `version`."""
    return DATA


@pytest.fixture(scope="session")
def rendered_of():
    """(version, name of a fixture) -> its frames."""

    def choose(version: str, fixture: str) -> list[Rendered]:
        return [frame for frame in RENDERED if (frame.version, frame.fixture) == (version, fixture)]

    return choose


@pytest.fixture(params=VERSIONS)
def version(request: pytest.FixtureRequest) -> str:
    """Each Blender version of tests/data."""
    return str(request.param)


@pytest.fixture(scope="session")
def facts_of():
    """version -> its scene.json: what is true of the rendered scene."""

    @functools.cache
    def read(version: str) -> dict[str, Any]:
        return json.loads((DATA / version / "scene.json").read_text(encoding="utf-8"))

    return read


@pytest.fixture
def facts(version: str, facts_of) -> dict[str, Any]:
    """The scene.json of the version."""
    return facts_of(version)
