"""read_passes: the passes of rendered frames as an independent reader gives them, by name, each read when asked for."""

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.base.errors import ExrError, InputError, NoSuchPass, PassError, UsageError
from core.reading.passes import FramePasses, read_passes
from core.settings.render_pass import LABEL_PASSES, Pass

SINGLE = (Pass.DEPTH, Pass.OBJECT_INDEX, Pass.MATERIAL_INDEX)


def passes_of(rendered: Any) -> FramePasses:
    files = [file.path for file in rendered.files]
    return read_passes(files, view_layer=rendered.view_layer, view=rendered.view)


def test_every_pass_of_every_version(rendered: Any, independent: Any) -> None:
    passes = passes_of(rendered)
    assert (passes.view_layer, passes.height, passes.width) == (rendered.view_layer, *passes["depth"].shape)
    for pass_ in rendered.passes:
        values = passes[pass_.value]
        assert values.shape[:2] == (passes.height, passes.width)
        assert values.flags.writeable
        assert values.dtype == (np.uint32 if pass_ in LABEL_PASSES else np.float32)
        assert passes[pass_.value] is values
        if pass_.value.startswith("crypto"):
            continue
        if pass_ in SINGLE:
            assert np.array_equal(values, independent(rendered, pass_, "X" if pass_ is not Pass.DEPTH else "Z"))
            continue
        assert values.ndim == 3
        for place, component in enumerate(pass_.components[: values.shape[2]]):
            assert np.array_equal(values[..., place], independent(rendered, pass_, component), equal_nan=True)


def test_pixels_lie_in_their_place_of_the_image(write_exr: Any, tmp_path: Path) -> None:
    """The image is the display window; around the data window it is 0."""
    pixels = np.arange(1, 7, dtype=np.float32).reshape(2, 3)
    channels = {"V.Depth.Z": pixels, "V.IndexOB.X": pixels}
    path = write_exr(tmp_path / "a.exr", channels, data_window=(2, 1, 5, 3), display_window=(0, 0, 6, 4))
    passes = read_passes(path)
    expected = np.pad(pixels, ((1, 1), (2, 1)))
    assert (passes.height, passes.width) == (4, 6)
    assert np.array_equal(passes["depth"], expected)
    assert np.array_equal(passes["object_index"], expected)


def test_names_of_a_cryptomatte(data: Path, version: str, facts: Any) -> None:
    """The pixels of a name are those of the object's pass index."""
    passes = read_passes(data / version / "multilayer_0001.exr")
    names, ids, indices = passes.names("crypto_object"), passes["crypto_object"], passes["object_index"]
    compared = 0
    for thing in facts["objects"]:
        index = thing["pass_index"]
        if index and sum(one["pass_index"] == index for one in facts["objects"]) == 1:
            (id,) = [id for id, name in names.items() if name == thing["name"]]
            seen, expected = ids == id, indices == index
            assert np.count_nonzero(seen & expected) >= 0.9 * np.count_nonzero(seen | expected)
            compared += bool(expected.any())
    assert compared > 2
    assert read_passes(data / version / "crypto_only_0001.exr").names("crypto_material")


def test_names_only_what_is_there(data: Path) -> None:
    passes = read_passes(data / "4.5/crypto_only_0001.exr")
    assert "object_index" not in passes
    assert "nothing" not in passes
    assert passes.get("object_index") is None
    assert len(passes) == len(list(passes)) == len(set(passes))
    for name in ("object_index", "Depth", "nothing"):
        with pytest.raises(KeyError) as error:
            passes[name]
        assert type(error.value) is NoSuchPass
        assert isinstance(error.value, PassError)
        assert f"has no pass {name!r}; it has 'combined', 'depth'" in str(error.value)
        assert "crypto_only_0001.exr" in str(error.value)
    with pytest.raises(UsageError, match="'depth' is not a Cryptomatte"):
        passes.names("depth")
    assert "crypto_object" in repr(passes)


def test_cryptomattes_of_other_renderers(write_exr: Any, tmp_path: Path) -> None:
    """Of several objects the name chooses; a pass of another kind is not touched by it."""
    layers = {"crypto_one": 1.5, "crypto_two": 2.5, "crypto_material": 3.5}
    channels: dict[str, Any] = {}
    attributes: dict[str, str] = {}
    for number, (name, value) in enumerate(layers.items()):
        pixels = np.zeros((2, 2), np.float32)
        channels |= {f"{name}00.{letter}": pixels for letter in "BA"}
        channels |= {f"{name}00.R": pixels + np.float32(value), f"{name}00.G": pixels + 1}
        id = int(np.float32(value).view(np.uint32))
        manifest = {"name": name, "manifest": f'{{"of {name}":"{id:08x}"}}', "conversion": "uint32_to_float32"}
        attributes |= {f"cryptomatte/{number:07x}/{key}": text for key, text in manifest.items()}
    path = write_exr(tmp_path / "a.exr", channels, attributes=attributes)

    with pytest.raises(PassError, match="choose one with the setting Cryptomatte"):
        read_passes(path)["crypto_object"]
    for name in ("crypto_one", "crypto_two"):
        passes = read_passes(path, cryptomatte=name)
        for pass_, expected in (("crypto_object", name), ("crypto_material", "crypto_material")):
            (id,) = np.unique(passes[pass_]).tolist()
            assert passes.names(pass_) == {id: f"of {expected}"}
    with pytest.raises(PassError, match="has no Cryptomatte 'crypto_three'"):
        read_passes(path, cryptomatte="crypto_three")


def test_says_what_the_file_has_besides(write_exr: Any, tmp_path: Path) -> None:
    pixels = np.ones((4, 6), np.float32)
    path = write_exr(tmp_path / "a.exr", {"ViewLayer.mask.X": pixels, "ViewLayer.Depth.Z": pixels})
    with pytest.raises(NoSuchPass, match=r"it has 'depth'; not known as passes are its layers ViewLayer\.mask, see"):
        read_passes(path)["object_index"]
    passes = read_passes(str(path), pass_names={"mask": "object_index"})
    assert passes["object_index"].tolist() == [[1] * 6] * 4
    with pytest.raises(UsageError, match="'index' is not the name of a pass; the passes are 'combined', 'depth'"):
        read_passes(path, pass_names={"mask": "index"})
    nameless = write_exr(tmp_path / "b.exr", {"foo.X": pixels})
    with pytest.raises(NoSuchPass, match="it has none that Labelpass knows"):
        read_passes(nameless)["depth"]


def test_a_pass_is_read_when_it_is_asked_for(write_exr: Any, tmp_path: Path) -> None:
    """What cannot be read does not keep from what can."""
    depth, index = np.full((4, 6), 2.5, np.float16), np.full((4, 6), 0.4, np.float32)
    passes = read_passes(write_exr(tmp_path / "a.exr", {"V.Depth.Z": depth, "V.IndexOB.X": index}))
    assert passes["depth"].dtype == np.float32
    assert passes["depth"].tolist() == depth.tolist()
    passes["depth"][passes["depth"] > 1] = np.nan  # what is asked for is the reader's own
    assert np.isnan(passes["depth"]).all()
    with pytest.raises(PassError, match="do not hold a whole number"):
        passes["object_index"]


def test_files_of_one_frame(data: Path, version: str, tmp_path: Path, write_exr: Any) -> None:
    """A folder with a file for each pass is a frame; one with several frames is not."""
    folder = data / version / "fileoutput_flat"
    assert {"combined", "depth", "object_index", "normal", "vector"} <= set(read_passes(folder))
    several = data / version / "fileoutput"
    with pytest.raises(UsageError, match=r"These are 2 frames \(0001-0002\); give the files of one frame"):
        read_passes(several)
    with pytest.raises(UsageError, match="give the files of one frame"):
        read_passes([])
    with pytest.raises(InputError, match=r"nothing\.exr does not exist"):
        read_passes(tmp_path / "nothing.exr")
    bad = tmp_path / "bad.exr"
    bad.write_bytes(b"no pixels")
    with pytest.raises(ExrError, match="not an EXR file"):
        read_passes(bad)
    small = np.ones((2, 2), np.float32)
    write_exr(tmp_path / "two/Depth0001.exr", {"V": small})
    write_exr(tmp_path / "two/IndexOB0001.exr", {"V": np.ones((3, 2), np.float32)})
    with pytest.raises(ExrError, match="of the same frame has"):
        read_passes(tmp_path / "two")


def test_view_layers_and_views(data: Path, version: str) -> None:
    with pytest.raises(UsageError, match="has no view layer 'Nothing'"):
        read_passes(data / version / "viewlayers_0001.exr", view_layer="Nothing")
    left, right = (read_passes(data / version / "stereo_0001.exr", view=view) for view in ("left", "right"))
    assert (left.view, right.view) == ("left", "right")
    assert not np.array_equal(left["object_index"], right["object_index"])


def test_errors_can_be_sent_to_another_process() -> None:
    """As a DataLoader does."""
    error = pickle.loads(pickle.dumps(NoSuchPass("a has no pass 'b'")))
    assert str(error) == "a has no pass 'b'"
