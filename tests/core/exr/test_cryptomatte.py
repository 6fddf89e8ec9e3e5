"""Cryptomatte: hashes, manifests as they are and as they should be, and the strongest id of each pixel."""

import json
import re
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.base.errors import PassError
from core.exr.cryptomatte import hash_name, id_in_pixels, name_of, read_manifest, strongest
from core.exr.passes import Passes
from core.labels.label_image import read_labels
from core.settings.render_pass import Pass, PassFile
from core.settings.settings import LabelSource
from tests.core.mattes import as_ranks

# --- Hashes -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "murmur"),
    [
        # MurmurHash3 x86 32, seed 0, by the package mmh3: every length of the last block, several alphabets.
        ("a", 0x3C2569B2),
        ("ab", 0x9BBFD75F),
        ("abc", 0xB3DD93FA),
        ("abcd", 0x43ED676A),
        ("hello", 0x248BFA47),
        ("Würfel", 0xC959A2B5),
        ("日本語のキューブ", 0x3ED6A4BA),
        ("x" * 61, 0xC7E2C6CB),
        ("Kegel\nzwei\\drei", 0x7C56E570),
    ],
)
def test_hash(name: str, murmur: int) -> None:
    assert hash_name(name) == murmur


@pytest.mark.parametrize(
    ("name", "murmur"),
    [
        ("", 0x00000000),
        ("Cube.181", 0x004A2567),
        ("Cube.335", 0x802D8B03),
        ("Cube.845", 0x00064A7A),
        ("Cube.215", 0x7FC9ADF7),
        ("Cube.623", 0xFF9C6197),
        ("Cube.915", 0xFFD4DEA7),
    ],
)
def test_hash_that_would_be_no_normal_number(name: str, murmur: int) -> None:
    """Murmur by mmh3; the specification flips the lowest bit of the exponent."""
    assert not is_normal(murmur)
    assert hash_name(name) == murmur ^ 0x00800000


@given(st.text())
def test_hash_is_a_normal_number(name: str) -> None:
    assert is_normal(hash_name(name))


def is_normal(id: int) -> bool:
    value = np.array([id], np.uint32).view(np.float32)[0]
    return bool(np.isfinite(value) and abs(value) >= np.finfo(np.float32).tiny)


# --- Manifests --------------------------------------------------------------------------------------------------------


@pytest.fixture
def manifests(read_exr, data: Path):
    """Every manifest of the rendered files of a version, read by OpenEXR itself."""

    def read(version: str) -> set[str]:
        return {
            value
            for path in (data / version).rglob("*.exr")
            for key, value in read_exr(path)[0].header.items()
            if re.fullmatch("cryptomatte/.*/manifest", key)
        }

    return read


def test_rendered_manifests_are_read_whole(version: str, manifests) -> None:
    """No entry is lost, and every name hashes to its id: then both are right."""
    texts = manifests(version)
    assert len(texts) >= 4
    for text in texts:
        names = read_manifest(text)
        assert len(names) == len(re.findall('":"[0-9a-f]{8}"', text)) >= 3
        for id, name in names.items():
            # 4.5 also lists the background as an asset.
            assert hash_name(name) == id or (id, name) == (id_in_pixels(0), "(null)")


def test_rendered_manifests_name_the_scene(version: str, manifests, facts) -> None:
    found = {name for text in manifests(version) for name in read_manifest(text).values()}

    assert {thing["name"] for thing in facts["objects"]} <= found
    assert set(facts["materials"]) <= found
    assert {thing["asset"] for thing in facts["objects"]} <= found


def test_rendered_manifests_are_no_json(version: str, manifests) -> None:
    """Should Blender begin to escape names, the tests below need fixtures of both kinds."""
    (text,) = [text for text in manifests(version) if "Tower.Roof" in text and "Twin.R" in text][:1]
    with pytest.raises(ValueError):
        json.loads(text)


NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
# Close to the punctuation of a manifest, where a name can be misread.
HARD_NAMES = st.text(st.sampled_from(list('"\\,:{} \n\tnu0aü')), max_size=8)


def as_blender_writes(names: list[str]) -> str:
    """Without any escaping."""
    return "{" + ",".join(f'"{name}":"{hash_name(name):08x}"' for name in names) + "}"


@given(st.lists(st.one_of(NAMES, HARD_NAMES), unique=True, max_size=6))
def test_unescaped_names(names: list[str]) -> None:
    assert read_manifest(as_blender_writes(names)) == {hash_name(name): name for name in names}


@given(st.lists(st.one_of(NAMES, HARD_NAMES), unique=True, max_size=6), st.booleans(), st.booleans())
def test_json_escapes(names: list[str], ascii: bool, spaces: bool) -> None:
    """As other renderers write them, and Blender where a name needs no escape."""
    text = json.dumps(
        {name: f"{hash_name(name):08x}" for name in names},
        ensure_ascii=ascii,
        separators=(", ", ": ") if spaces else (",", ":"),
    )

    assert read_manifest(text) == {hash_name(name): name for name in names}


@pytest.mark.parametrize(
    "name",
    [
        'Würfel "A"/b',
        "Kegel\nzwei\\drei",
        'quote at the end"',
        '"quote at the start',
        "backslash at the end\\",
        "backslash and n: \\n",
        "backslash and u: \\u0041",
        "\\",
        '"',
        '","',
        '":"',
        "{}",
        "}",
        "",
        " ",
        "日本語",
        "🙂",
        "a/b.001",
        "lib:Object",
    ],
)
def test_names_that_hurt(name: str) -> None:
    """Alone, first, in the middle and last, as Blender writes them and as JSON wants them."""
    for others in ([], ["Cube"], ["Cube", "Ring"]):
        for place in range(len(others) + 1):
            names = [*others[:place], name, *others[place:]]
            expected = {hash_name(one): one for one in names}
            assert read_manifest(as_blender_writes(names)) == expected
            assert read_manifest(json.dumps({one: f"{hash_name(one):08x}" for one in names})) == expected


def test_ids_of_names_that_were_hashed_otherwise_are_kept() -> None:
    """Some renderers hash a path and write the short name."""
    assert read_manifest('{"Cube":"3f800000","a\\"b":"0100000A"}') == {0x3F800000: "Cube", 0x100000A: 'a"b'}


@pytest.mark.parametrize("text", ["", "{}", " { } \n"])
def test_empty_manifest(text: str) -> None:
    assert read_manifest(text) == {}


@pytest.mark.parametrize("text", ["Cube", "[1, 2]", '{"Cube":17}', '{"Cube":"no number"}', '{"Cube":"3f8', "{", "null"])
def test_damaged_manifest_is_an_error(text: str) -> None:
    with pytest.raises(PassError, match=r"manifest is damaged.*render the frame again"):
        read_manifest(text)


@pytest.mark.parametrize("id", ["{}", '"no number {}"', '["{}"]', '"{}"x'])
@pytest.mark.parametrize("name", ["obj", "obj\\"])
def test_large_damaged_manifest_is_refused_at_once(name: str, id: str) -> None:
    """Twice as many names take twice as long: 20,000 of them are 45 seconds where each is held against all others."""
    text = ", ".join(f'"{name}_{number}": {id.format(number)}' for number in range(20000))
    start = time.process_time()
    with pytest.raises(PassError, match="manifest is damaged"):
        read_manifest(f"{{{text}}}")
    assert time.process_time() - start < 5


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000])
def test_manifest_of_lists_in_lists(text: str) -> None:
    with pytest.raises(PassError, match="manifest is damaged"):
        read_manifest(text)


def test_half_letters_of_a_manifest() -> None:
    """No file can hold them, so that a name with one is kept with another letter in its place."""
    assert read_manifest(r'{"a\ud800b":"1a2b3c4d"}') == {0x1A2B3C4D: "a?b"}
    assert read_manifest(r'{"a\ud83d\ude80b":"1a2b3c4d"}') == {0x1A2B3C4D: "a🚀b"}


def test_cut_off_manifest_keeps_what_is_whole() -> None:
    """Object 1 of many keeps its name, the rest are known by their ids."""
    names = [f"Object {number}" for number in range(5)]
    names_read = read_manifest(as_blender_writes(names)[:-5])

    assert names_read == {hash_name(name): name for name in names[:-1]}


def test_large_manifest_with_one_bad_name() -> None:
    """One quote must not cost the other names."""
    names = [f"Object {number}" for number in range(20_000)]
    names[10_000] = 'the "one"'

    assert read_manifest(as_blender_writes(names)) == {hash_name(name): name for name in names}


def test_name_of_an_id() -> None:
    assert name_of(0x3F800000, {0x3F800000: "Cube"}) == "Cube"
    assert name_of(0x00ABCDEF, {0x3F800000: "Cube"}) == "00abcdef"
    assert name_of(0x00800000, {0x00800000: ""}) == "00800000"


@pytest.mark.parametrize("count", [0, 1])
def test_file_without_manifest(write_exr, read_exr, rendered_of, version: str, tmp_path: Path, count: int) -> None:
    """The same masks, named by their ids; with the attribute there but empty as well."""
    (rendered, *_) = rendered_of(version, "multilayer")
    channels = {
        name: pixels
        for part in read_exr(rendered.files[0].path)
        for name, pixels in part.channels.items()
        if "CryptoObject" in name
    }
    attributes = {"cryptomatte/1/name": "ViewLayer.CryptoObject", "cryptomatte/1/manifest": ""} if count else {}
    path = write_exr(tmp_path / "bare.exr", channels, attributes=attributes)

    named = read_labels(Passes(rendered.files), LabelSource.CRYPTO_OBJECT)
    bare = read_labels(Passes([PassFile(path)]), LabelSource.CRYPTO_OBJECT)

    assert np.array_equal(bare.labels, named.labels)
    assert bare.manifest == {}
    assert bare.name_of(hash_name("Ball.Near")) == f"{hash_name('Ball.Near'):08x}"
    assert named.name_of(hash_name("Ball.Near")) == "Ball.Near"


# --- The strongest id -------------------------------------------------------------------------------------------------

Floats = npt.NDArray[np.float32]
Ranks = list[tuple[Floats, Floats]]


def strongest_slowly(ranks: list[tuple[int, float]]) -> int:
    """One pixel, in the words of the conventions."""
    covered = [(id, coverage) for id, coverage in ranks if id != 0]
    background = 1 - sum(coverage for _, coverage in covered)
    best, best_coverage = 0, 0.0
    for id, coverage in covered:
        if coverage > best_coverage:
            best, best_coverage = id, coverage
    return 0 if background > best_coverage else best


# Sixteenths add up without rounding, so a tie is a tie.
PIXEL = st.lists(
    st.tuples(
        st.one_of(st.sampled_from([0, 1, 0x3F800000, 0x7F7FFFFF, 0x80000001, 0xFFFFFFFF]), st.integers(0, 2**32 - 1)),
        st.integers(0, 16).map(lambda number: number / 16),
    ),
    min_size=3,
    max_size=3,
    unique_by=lambda pair: pair[0] or object(),
)


@given(st.lists(PIXEL, min_size=1, max_size=30))
def test_strongest_id(pixels: list[list[tuple[int, float]]]) -> None:
    shape = (1, len(pixels))
    ranks = [
        (
            np.array([[pixel[rank][0] for pixel in pixels]], np.uint32).view(np.float32),
            np.array([[pixel[rank][1] for pixel in pixels]], np.float32),
        )
        for rank in range(3)
    ]

    found = strongest(as_ranks(ranks), shape).id

    assert found.dtype == np.uint32
    assert found.tolist() == [[strongest_slowly(pixel) for pixel in pixels]]


def one_pixel(*ranks: tuple[int, float]) -> int:
    arrays = [
        (np.array([[id]], np.uint32).view(np.float32), np.array([[coverage]], np.float32)) for id, coverage in ranks
    ]
    return int(strongest(as_ranks(arrays), (1, 1)).id[0, 0])


@pytest.mark.parametrize(
    ("ranks", "expected"),
    [
        ([(7, 1.0)], 7),
        ([(7, 0.5), (8, 0.5)], 7),  # a tie: the earlier rank
        ([(8, 0.25), (7, 0.5)], 7),  # ranks out of order
        ([(7, 0.5)], 7),  # a tie with the background
        ([(7, 0.25), (8, 0.25)], 0),
        ([(7, 0.375), (8, 0.25)], 7),  # background 0.375: a tie again
        ([(7, 0.3125), (8, 0.25)], 0),
        ([(0, 0.75), (7, 0.25)], 0),  # background written as an id of its own
        ([(0, 0.5), (7, 0.5)], 7),
        ([(7, 0.0)], 0),
        ([(7, 0.0), (0, 1.0)], 0),
        ([], 0),
    ],
)
def test_strongest_id_by_hand(ranks: list[tuple[int, float]], expected: int) -> None:
    assert one_pixel(*ranks) == expected


def test_ranks_may_be_views_and_stay_as_they_are() -> None:
    ids = np.arange(24, dtype=np.uint32).reshape(4, 6).view(np.float32)[:, ::2]
    coverages = np.ones((4, 3), np.float32)
    ids.flags.writeable = coverages.flags.writeable = False

    assert np.array_equal(strongest(as_ranks([(ids, coverages)]), (4, 3)).id, np.arange(24).reshape(4, 6)[:, ::2])


@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.integers(1, 7), st.integers(1, 45))
def test_bands_change_nothing(seed: int, height: int, width: int, rows: int) -> None:
    """To the bit, whatever rounding does to sums: coverages of no round numbers, of few ids."""
    random = np.random.default_rng(seed)
    ranks = [
        (
            random.integers(0, 4, (height, width), dtype=np.uint32).view(np.float32),
            (random.random((height, width)) * random.integers(0, 2, (height, width))).astype(np.float32),
        )
        for _ in range(3)
    ]
    whole = strongest(as_ranks(ranks), (height, width), keep_coverages=True)
    banded = strongest(as_ranks(ranks, rows), (height, width), keep_coverages=True)

    assert banded.faint == whole.faint
    assert banded.id.tobytes() == whole.id.tobytes()
    assert banded.coverage.tobytes() == whole.coverage.tobytes()
    for name in ("whole", "pixel", "id", "coverage"):
        assert getattr(banded.coverages, name).tobytes() == getattr(whole.coverages, name).tobytes(), name


# --- Cryptomatte and Object Index -------------------------------------------------------------------------------------

WHOLLY = 0.9999


def test_agrees_with_object_index(version: str, rendered_of, independent, facts) -> None:
    """On every pixel that a single object covers; each file has two accounts of the same thing."""
    fixtures = ["multilayer", "border", "border_crop", "halfdepth", "stereo", "transparent", "fileoutput_multi"]
    fixtures += ["interleaved"] if version == "5.0" else []
    frames = [frame for fixture in fixtures for frame in rendered_of(version, fixture)]
    frames += [frame for frame in rendered_of(version, "viewlayers") if Pass.CRYPTO_OBJECT in frame.passes]
    assert len(frames) == 10 + (version == "5.0")
    index_of = {thing["name"]: thing["pass_index"] for thing in facts["objects"]}
    for rendered in frames:
        passes = Passes(rendered.files, rendered.view_layer, rendered.view)
        by_index = read_labels(passes, LabelSource.OBJECT_INDEX)
        by_crypto = read_labels(passes, LabelSource.CRYPTO_OBJECT)
        coverage = independent(rendered, Pass.CRYPTO_OBJECT, "G")
        pixels = np.argwhere((coverage > WHOLLY) & (by_crypto.labels > 0)).tolist()
        assert len(pixels) > 100
        for row, column in pixels:
            name = by_crypto.name_of(int(by_crypto.labels[row, column]))
            assert index_of[name] == by_index.labels[row, column], (str(rendered), row, column, name)


def test_agrees_with_object_index_of_another_sampling(version: str, rendered_of, independent, facts) -> None:
    """The same frame with outlines that several objects share; what only one covers is the same."""
    (smooth,) = rendered_of(version, "crypto_only")
    (sharp, _) = rendered_of(version, "multilayer")
    labels = read_labels(Passes(smooth.files), LabelSource.CRYPTO_OBJECT)
    index = independent(sharp, Pass.OBJECT_INDEX, "X")
    coverage = independent(smooth, Pass.CRYPTO_OBJECT, "G")
    index_of = {thing["name"]: thing["pass_index"] for thing in facts["objects"]}

    whole = coverage > WHOLLY
    assert 100 < np.count_nonzero(~whole & (coverage > 0)) < np.count_nonzero(whole)
    for row, column in np.argwhere(whole).tolist():
        assert index_of[labels.name_of(int(labels.labels[row, column]))] == index[row, column]


# --- What is faint ----------------------------------------------------------------------------------------------------


def over(opacity: float, shape: tuple[int, int], covers: slice) -> Ranks:
    """The id 2 before the id 1, which is everywhere, in some rows."""
    front = np.zeros(shape, np.float32)
    front[covers] = opacity
    ids = np.where(front > 0.5, 2, 1), np.where(front > 0.5, 1, 2)
    covered = np.maximum(front, 1 - front), np.minimum(front, 1 - front)
    return [
        (np.where(part > 0, id, 0).astype(np.uint32).view(np.float32), part.astype(np.float32))
        for id, part in zip(ids, covered, strict=True)
    ]


@pytest.mark.parametrize("shape", [(40, 50), (400, 500), (1080, 1920)])
@pytest.mark.parametrize(("opacity", "faint"), [(0.2, (2,)), (0.45, (2,)), (0.55, ()), (1.0, ())])
@pytest.mark.parametrize("rows", [7, 1 << 30])
def test_what_is_seen_through_is_faint(
    shape: tuple[int, int], opacity: float, faint: tuple[int, ...], rows: int
) -> None:
    ranks = over(opacity, shape, slice(None, shape[0] // 2))

    assert strongest(as_ranks(ranks, rows), shape).faint == faint


def test_outlines_are_not_faint() -> None:
    """A row of pixels that a thing half covers."""
    assert strongest(as_ranks(over(0.4, (200, 200), slice(10, 11))), (200, 200)).faint == ()
