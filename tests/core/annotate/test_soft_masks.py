"""Soft masks: coverages as bytes, against a slow reference and against what cryptomatte-api reads of rendered files."""

import dataclasses
import json
import zipfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import cryptomatte_api
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO

from core.annotate.annotate import annotate
from core.annotate.soft_masks import owners, soft_masks, write_soft_masks
from core.base.box import Box
from core.base.dataset_folder import DatasetFolder
from core.base.errors import PassError, UsageError
from core.checks.checked_frame import CheckedFrame
from core.checks.files.readable_files import check_soft_masks
from core.dataset.packing import pack
from core.drawing.soft_mask_files import read_soft_mask
from core.exr.cryptomatte import WHOLE, Coverages, hash_name, strongest
from core.masks.runs import find_runs
from core.records.frame_job import FrameJob
from core.records.frame_record import FrameRecord
from core.records.instance import Instance, SoftMask
from core.scene.scene_record import SceneEntry, scene_path
from core.settings.render_pass import Pass
from core.settings.settings import Grouping, LabelSource
from tests.builders import (
    NO_IMAGES,
    entries_of,
    plain_frame,
    plain_instance,
    plain_job,
    plain_scene,
    read_record,
    rendered_frame,
)
from tests.core.datasets import bytes_in, checked, files_in, merged, with_former_soft_masks, write_coco_file
from tests.core.mattes import as_ranks

Array = npt.NDArray[Any]

# --- Coverages --------------------------------------------------------------------------------------------------------

IDS = (3, 7, 8, 0xFFFFFFFF)
# 0 stands for background; the last value leaves a pixel whole whatever the other ranks say.
PIXELS = st.lists(
    st.lists(
        st.tuples(st.sampled_from([0, *IDS]), st.sampled_from([0.0, 0.001, 0.25, 0.5, 0.3333, 0.9981, 1.0])),
        min_size=3,
        max_size=3,
    ).filter(lambda ranks: sum(coverage for _, coverage in ranks) <= 1.9),
    min_size=1,
    max_size=24,
)


def ranks_of(pixels: Sequence[Sequence[tuple[int, float]]], width: int) -> list[tuple[Array, Array]]:
    """Three ranks of an image with these pixels, row by row, the last row filled up with the first pixel."""
    padded = [*pixels, *[pixels[0]] * (-len(pixels) % width)]
    table = np.array(padded, dtype=np.float64).reshape(-1, width, 3, 2)
    return [
        (table[..., n, 0].astype(np.uint32).view(np.float32), table[..., n, 1].astype(np.float32)) for n in range(3)
    ]


@given(PIXELS, st.integers(1, 5))
def test_coverages_hold_every_rank(pixels: list[list[tuple[int, float]]], width: int) -> None:
    """Whole pixels are left to the label image; of all others nothing is lost, and what is too much is scaled."""
    ranks = ranks_of(pixels, width)
    shape = ranks[0][0].shape

    kept = strongest(as_ranks(ranks), shape, keep_coverages=True)
    plain = strongest(as_ranks(ranks), shape)

    assert np.array_equal(kept.id, plain.id), "as if coverages were not asked for"
    assert np.array_equal(kept.coverage, plain.coverage)
    assert plain.coverages is None
    found = kept.coverages
    listed: dict[int, list[tuple[int, float]]] = defaultdict(list)
    for pixel, id, coverage in zip(found.pixel.tolist(), found.id.tolist(), found.coverage.tolist(), strict=True):
        listed[pixel].append((id, coverage))
    for pixel, (row, column) in enumerate(np.ndindex(shape)):
        covered = [(int(id.view(np.uint32)[row, column]), float(c[row, column])) for id, c in ranks]
        covered = [(id, c) for id, c in covered if id and c]
        total = sum(c for _, c in covered)
        whole = any(c >= WHOLE for _, c in covered) and total <= 2 - WHOLE
        assert found.whole[row, column] == whole
        scaled = [] if whole else sorted((id, c / max(1, total)) for id, c in covered)
        assert [id for id, _ in sorted(listed[pixel])] == [id for id, _ in scaled]
        assert [c for _, c in sorted(listed[pixel])] == pytest.approx([c for _, c in scaled])


def with_coverages(ranks: Any, shape: tuple[int, int]) -> tuple[Array, Coverages]:
    found = strongest(as_ranks(ranks), shape, keep_coverages=True)
    assert found.coverages is not None
    return found.id, found.coverages


# --- Soft masks -------------------------------------------------------------------------------------------------------


def instances_of(labels: Array, groups: Sequence[tuple[int, ...]]) -> tuple[Any, list[Instance]]:
    """Runs and instances of a label image, each instance of some labels; those that are not seen are left out."""
    runs = find_runs(labels)
    seen = set(runs.labels())
    groups = [kept for group in groups if (kept := tuple(label for label in group if label in seen))]
    first = {label: group[0] for group in groups for label in group}
    runs = runs.united({label: first.get(label, 0) for label in runs.labels()})
    masks = {mask.label: mask for mask in runs.masks()}
    return runs, [plain_instance(str(group), labels=group, mask=masks[group[0]]) for group in groups]


GROUPINGS = [[(3,), (7,), (8,), (0xFFFFFFFF,)], [(3, 8), (7, 0xFFFFFFFF)], [(3, 7, 8)], []]


@given(PIXELS, st.integers(1, 5), st.sampled_from(GROUPINGS))
def test_levels(pixels: list[list[tuple[int, float]]], width: int, groups: list[tuple[int, ...]]) -> None:
    """Less than a level from the coverage, never more than 255 together, the smallest box, nothing twice."""
    ranks = ranks_of(pixels, width)
    shape = ranks[0][0].shape
    labels, coverages = with_coverages(iter(ranks), shape)
    runs, instances = instances_of(labels, groups)

    found = list(soft_masks(coverages, runs, instances))

    assert len(found) == len(instances)
    total = np.zeros(shape, np.int64)
    sums = sum(np.where(id.view(np.uint32) > 0, c.astype(float), 0) for id, c in ranks)
    for instance, (box, level) in zip(instances, found, strict=True):
        assert level.dtype == np.uint8
        assert level.shape == (box.y1 - box.y0, box.x1 - box.x0)
        rows, columns = np.nonzero(level)
        assert (rows.min(), columns.min()) == (0, 0)
        assert (rows.max() + 1, columns.max() + 1) == level.shape
        full = np.zeros(shape, np.int64)
        full[box.y0 : box.y1, box.x0 : box.x1] = level
        total += full
        exact = sum(np.where(np.isin(id.view(np.uint32), instance.labels), c.astype(float), 0) for id, c in ranks)
        # Where a pixel counts as whole, the last half level goes to the strongest.
        assert (np.abs(full - exact / np.maximum(sums, 1) * 255) < 1.6).all()
    assert total.max(initial=0) <= 255


def test_halves_do_not_add_up_to_256() -> None:
    """Each half alone would be rounded up."""
    half = np.full((1, 1), 0.5, np.float32)
    ranks = [(np.full((1, 1), id, np.uint32).view(np.float32), half) for id in (3, 7)]
    labels, coverages = with_coverages(ranks, (1, 1))
    runs, (one,) = instances_of(labels, [(3,)])
    # Nowhere the strongest, so without a mask of its own.
    other = dataclasses.replace(one, labels=(7,), mask=dataclasses.replace(one.mask, label=7))

    found = soft_masks(coverages, runs, [one, other])

    assert [level.tolist() for _, level in found] == [[[128]], [[127]]]


def test_mask_that_reaches_beyond_its_hard_mask() -> None:
    """A row of pixels in which the object gets weaker: the hard mask ends where something else is stronger."""
    covered = np.array([[0, 0.1, 0.4, 0.6, 1, 1, 0.6, 0.4, 0.002, 0.001]], np.float32)
    labels, coverages = with_coverages([(np.full((1, 10), 5, np.uint32).view(np.float32), covered)], (1, 10))
    runs, instances = instances_of(labels, [(5,)])
    assert instances[0].mask.box == Box(3, 0, 7, 1)

    ((box, level),) = soft_masks(coverages, runs, instances)

    assert box == Box(1, 0, 9, 1), "the last pixel rounds to 0"
    assert level.tolist() == [[26, 102, 153, 255, 255, 153, 102, 1]]


def test_instances_that_share_an_id() -> None:
    """Geometry has told two instances of id 5 apart: shares go to the hard mask they are in, or to the nearest."""
    covered = np.array([[0.2, 0.8, 1, 0.9, 1, 0.7, 0.4, 0.1, 0.1]], np.float32)
    ids = np.full((1, 9), 5, np.uint32).view(np.float32)
    _, coverages = with_coverages([(ids, covered)], (1, 9))
    runs = find_runs(np.array([[0, 1, 1, 1, 2, 2, 0, 0, 0]], np.uint32))
    first, second = (plain_instance(f"Stone {mask.label}", labels=(5,), mask=mask) for mask in runs.masks())

    found = list(soft_masks(coverages, runs, [first, second]))

    assert [box for box, _ in found] == [Box(0, 0, 4, 1), Box(4, 0, 8, 1)]
    assert [level.tolist() for _, level in found] == [[[51, 204, 255, 229]], [[255, 178, 102, 26]]]


@given(PIXELS, st.integers(1, 5), st.integers(0, 2**32))
def test_shares_of_a_shared_id_go_to_one_that_carries_it(
    pixels: list[list[tuple[int, float]]], width: int, seed: int
) -> None:
    """At any place: to one of its carriers, in the pixel if there is one, and to the only one wherever it is."""
    ranks = ranks_of(pixels, width)
    shape = ranks[0][0].shape
    _, coverages = with_coverages(ranks, shape)
    numbers = np.random.default_rng(seed).integers(0, 4, shape, dtype=np.uint32)
    instances = [plain_instance(labels=labels) for labels in ((3, 7), (3, IDS[-1]), (8, 3, IDS[-1]))]

    owner = owners(coverages, numbers, instances)

    carriers = {3: {1, 2, 3}, 7: {1}, 8: {3}, IDS[-1]: {2, 3}}
    for number, id, pixel in zip(owner.tolist(), coverages.id.tolist(), coverages.pixel.tolist(), strict=True):
        assert number in carriers[id] | ({0} if len(carriers[id]) > 1 else set())
        here = int(numbers.flat[pixel])
        if here in carriers[id] and len(carriers[id]) > 1:
            assert number == here
        elif number == 0 and id == 3:
            row, column = divmod(pixel, width)
            near = numbers[max(0, row - 2) : row + 3, max(0, column - 2) : column + 3]
            assert not near.any()


# --- From end to end --------------------------------------------------------------------------------------------------


def job_of(rendered, output: Path, **settings: Any) -> FrameJob:
    seen = {"view_layer": rendered.view_layer, "view": rendered.view, "labels": LabelSource.CRYPTO_OBJECT}
    frame = rendered_frame(rendered, "f", sequence="shot")
    return plain_job(frame, output, **NO_IMAGES | seen | {"soft_masks": True} | settings)


def full_masks(output: Path, record: FrameRecord) -> dict[str, Array]:
    """Name -> (H, W) soft mask, put together by numpy from what the record says."""
    found = {}
    for one in record.instances:
        assert one.soft_mask is not None
        box = one.soft_mask.box
        with np.load(output / one.soft_mask.file) as arrays:
            pixels = arrays[one.soft_mask.array]
        assert pixels.dtype == np.uint8
        full = np.zeros((record.height, record.width), np.int64)
        full[box.y0 : box.y1, box.x0 : box.x1] = pixels
        found[one.name] = full
    return found


def test_agrees_with_the_files_and_with_the_hard_masks(rendered, independent, tmp_path: Path) -> None:
    """Every rendered Cryptomatte: levels from the channels that OpenEXR itself reads, hard masks from the argmax."""
    if Pass.CRYPTO_OBJECT not in rendered.passes:
        with pytest.raises(PassError, match="has no pass Cryptomatte Object"):
            annotate(job_of(rendered, tmp_path))
        return
    record = annotate(job_of(rendered, tmp_path))
    assert record.instances
    assert list(check_soft_masks(CheckedFrame(DatasetFolder(tmp_path), record))) == []
    masks = full_masks(tmp_path, record)
    assert sum(masks.values()).max() <= 255

    planes = [[independent(rendered, Pass.CRYPTO_OBJECT, letter, rank) for letter in "RGBA"] for rank in range(3)]
    ids = [plane[n].view(np.uint32) for plane in planes for n in (0, 2)]
    coverages = [plane[n].astype(np.float64) for plane in planes for n in (1, 3)]
    exact = {}
    for one in record.instances:
        (label,) = one.labels
        exact[one.name] = sum(np.where(id == label, coverage, 0) for id, coverage in zip(ids, coverages, strict=True))
        if exact[one.name].shape == masks[one.name].shape:  # a border render has a smaller data window
            assert np.abs(masks[one.name] - exact[one.name] * 255).max() < 1.3, one.name
    whole_scene = sum(np.where(id != 0, coverage, 0) for id, coverage in zip(ids, coverages, strict=True))
    if whole_scene.shape != (record.height, record.width):
        return
    for one in record.instances:
        pixels = decoded(one, record)
        others = [coverage for name, coverage in exact.items() if name != one.name]
        best = np.max([*others, 1 - whole_scene], axis=0)
        assert (exact[one.name][pixels] >= best[pixels] - 1e-6).all(), one.name
        assert not (pixels & (masks[one.name] == 0)).any()


def decoded(one: Instance, record: FrameRecord) -> Array:
    return coco_mask.decode({"size": [record.height, record.width], "counts": one.mask.rle.encode()}).astype(bool)


@pytest.mark.parametrize(
    ("version", "fixture"),
    [("4.2", "crypto_only"), ("4.5", "crypto_only"), ("4.5", "multilayer"), ("5.0", "interleaved")],
)
def test_agrees_with_cryptomatte_api(version: str, fixture: str, rendered_of, tmp_path: Path) -> None:
    """An independent reader of the same files; it does not read one part a level."""
    rendered = rendered_of(version, fixture)[0]
    record = annotate(job_of(rendered, tmp_path))
    masks = full_masks(tmp_path, record)
    mattes = {matte.metadata().name(): matte for matte in cryptomatte_api.Cryptomatte.load(rendered.files[0].path)}
    (matte,) = [matte for name, matte in mattes.items() if name.endswith("CryptoObject")]

    assert len(masks) >= 9
    for name, mask in masks.items():
        theirs = matte.mask(hash_name(name))
        assert theirs.shape == mask.shape
        assert np.abs(mask - theirs.astype(np.float64) * 255).max() < 1.3, name
        assert theirs.max() > 0


def test_coco_says_where_they_are(rendered_of, tmp_path: Path) -> None:
    """What training code does: paste the array at its box."""
    (rendered,) = rendered_of("4.5", "crypto_only")
    record = annotate(job_of(rendered, tmp_path))
    write_coco_file(tmp_path)
    coco = COCO(tmp_path / "annotations/instances.json")

    masks = full_masks(tmp_path, record)
    for annotation in coco.dataset["annotations"]:
        x, y, width, height = annotation["soft_mask"]["bbox"]
        full = np.zeros((record.height, record.width), np.uint8)
        with np.load(tmp_path / annotation["soft_mask"]["file_name"]) as arrays:
            full[y : y + height, x : x + width] = arrays[annotation["soft_mask"]["array"]]
        assert np.array_equal(full, masks[annotation["name"]])


@pytest.mark.parametrize("wanted", [True, False])
def test_dataset_description_says_what_they_are(rendered_of, tmp_path: Path, wanted: bool) -> None:
    (rendered,) = rendered_of("4.5", "crypto_only")
    job = job_of(rendered, tmp_path)
    annotate(dataclasses.replace(job, settings=dataclasses.replace(job.settings, soft_masks=wanted)))
    merged(tmp_path)

    files = json.loads((tmp_path / "dataset.json").read_text(encoding="utf-8"))["files"]

    described = [pattern for pattern, text in files.items() if "255 is a whole pixel" in text]
    assert described == (["soft_masks/**/*.npz"] if wanted else [])
    if wanted:
        assert list(tmp_path.glob(described[0])) == [tmp_path / "soft_masks/shot/f.npz"]


def test_groups_cover_what_their_members_cover(rendered_of, tmp_path: Path) -> None:
    """A car of twelve meshes has one soft mask; where two of them share a pixel it is as full as both together."""
    (rendered,) = rendered_of("4.5", "crypto_only")
    alone = full_masks(tmp_path / "alone", annotate(job_of(rendered, tmp_path / "alone")))
    entries = tuple(SceneEntry(name, 0, "thing", collection="All") for name in alone if name != "Ground")
    everything = entries_of(SceneEntry("All", 0, "all"))
    plain_scene(*entries, SceneEntry("Ground", 0, None), collections=everything).write(scene_path(tmp_path, "s"))
    job = dataclasses.replace(
        job_of(rendered, tmp_path / "group", grouping=Grouping.COLLECTION), scene=scene_path(tmp_path, "s")
    )

    together = full_masks(tmp_path / "group", annotate(job))

    assert list(together) == ["All"]
    summed = sum(mask for name, mask in alone.items() if name != "Ground")
    assert np.abs(together["All"] - summed).max() <= 2  # each of the single ones is rounded
    assert (together["All"] == 255).sum() > 300


def test_dropped_instances_have_none(rendered_of, tmp_path: Path) -> None:
    (rendered,) = rendered_of("4.5", "crypto_only")
    record = annotate(job_of(rendered, tmp_path, min_area=60))

    assert record.dropped["small"] > 0
    with np.load(tmp_path / "soft_masks/shot/f.npz") as arrays:
        assert len(record.instances) == len(arrays.files) > 0


def test_second_run_leaves_nothing_of_the_first(rendered_of, tmp_path: Path) -> None:
    """Fewer instances than before, and no file that no record names; without the setting no field in COCO."""
    (rendered,) = rendered_of("4.5", "crypto_only")
    job = job_of(rendered, tmp_path)
    first = annotate(job)
    assert job.finished_record() == first
    second = annotate(job_of(rendered, tmp_path, min_area=60))

    path = tmp_path / "soft_masks/shot/f.npz"
    with np.load(path) as arrays:
        assert arrays.files == [one.soft_mask.array for one in second.instances]
    assert list(path.parent.iterdir()) == [path]
    path.unlink()
    assert job_of(rendered, tmp_path, min_area=60).finished_record() is None, "the masks are missing"

    plain = annotate(dataclasses.replace(job, settings=dataclasses.replace(job.settings, soft_masks=False)))
    assert all(one.soft_mask is None for one in plain.instances)
    write_coco_file(tmp_path)
    assert "soft_mask" not in json.dumps(COCO(tmp_path / "annotations/instances.json").dataset)


def test_automatic_takes_cryptomatte_for_them(rendered_of, tmp_path: Path) -> None:
    """Object Index has no coverages, so it is not taken, and asking for it is an error."""
    rendered = rendered_of("4.5", "multilayer")[0]
    assert annotate(job_of(rendered, tmp_path, labels=LabelSource.AUTO)).label_source == "crypto_object"
    with pytest.raises(
        UsageError, match=r"not from Object Index; set Label Pass to Cryptomatte Object, or turn Soft Masks"
    ):
        annotate(job_of(rendered, tmp_path, labels=LabelSource.OBJECT_INDEX))
    (index_only, *_) = rendered_of("4.5", "fileoutput")
    with pytest.raises(PassError, match="has no Cryptomatte, which soft masks need; it has"):
        annotate(job_of(index_only, tmp_path, labels=LabelSource.AUTO))


def test_frame_without_anything(write_exr, tmp_path: Path) -> None:
    nothing = {f"CryptoObject00.{letter}": np.zeros((4, 5), np.float32) for letter in "rgba"}
    path = write_exr(tmp_path / "a.exr", nothing)
    job = plain_job(path, tmp_path, soft_masks=True, **NO_IMAGES)

    assert annotate(job).instances == ()
    assert job.finished_record() is not None
    assert not (tmp_path / "soft_masks").exists()


# --- The file ---------------------------------------------------------------------------------------------------------

Made = list[tuple[Box, Array]]
TWO = [[(3, 0.5), (7, 0.25), (0, 0.0)], [(7, 0.9), (0, 0.0), (0, 0.0)]]


def write_made_up(
    output: Path, pixels: Sequence[Sequence[tuple[int, float]]], width: int, name: str = "f"
) -> tuple[list[SoftMask], Made]:
    """Write the soft masks of such ranks; what the record says of them, and what they are."""
    ranks = ranks_of(pixels, width)
    labels, coverages = with_coverages(iter(ranks), ranks[0][0].shape)
    runs, instances = instances_of(labels, GROUPINGS[0])
    job = plain_job(plain_frame(name=name), output, soft_masks=True)
    return write_soft_masks(job, coverages, runs, instances), list(soft_masks(coverages, runs, instances))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(PIXELS, st.integers(1, 5))
def test_what_is_read_is_what_was_made(tmp_path: Path, pixels: list[list[tuple[int, float]]], width: int) -> None:
    """By numpy alone, and by Labelpass; and twice the same bytes."""
    written, made = write_made_up(tmp_path, pixels, width)
    assert [one.box for one in written] == [box for box, _ in made]
    for one, (_, expected) in zip(written, made, strict=True):
        with np.load(tmp_path / one.file) as arrays:
            assert np.array_equal(arrays[one.array], expected) and arrays[one.array].dtype == np.uint8
        assert np.array_equal(read_soft_mask(DatasetFolder(tmp_path), one), expected)
    for file in {one.file for one in written}:
        before = (tmp_path / file).read_bytes()
        write_made_up(tmp_path, pixels, width)
        assert (tmp_path / file).read_bytes() == before


def test_the_same_frame_gives_the_same_bytes(rendered_of, tmp_path: Path) -> None:
    (rendered,) = rendered_of("4.5", "crypto_only")
    outputs = tmp_path / "one", tmp_path / "two"
    records = [annotate(job_of(rendered, output)) for output in outputs]
    first, second = (output / "soft_masks/shot/f.npz" for output in outputs)
    assert first.read_bytes() == second.read_bytes()
    assert records[0].contents == records[1].contents
    assert records[0].files() == ["soft_masks/shot/f.npz"], "named once"


def test_archives_name_neither_time_nor_system(rendered_of, tmp_path: Path) -> None:
    (rendered,) = rendered_of("4.5", "crypto_only")
    annotate(job_of(rendered, tmp_path))
    with zipfile.ZipFile(tmp_path / "soft_masks/shot/f.npz") as archive:
        assert archive.testzip() is None
        members = archive.infolist()
    assert {(one.date_time, one.create_system, one.extra) for one in members} == {((1980, 1, 1, 0, 0, 0), 3, b"")}


def test_ten_thousand_instances(tmp_path: Path) -> None:
    """Of three pixels each: they are one file, and each is found by its number."""
    shape = rows, columns = 200, 150
    ids = np.arange(1, 10001, dtype=np.uint32).reshape(rows, 50).repeat(3, axis=1)
    covered = np.tile(np.array([1, 0.5, 0.25], np.float32), (rows, columns // 3))
    labels, coverages = with_coverages([(ids.view(np.float32), covered)], shape)
    runs, instances = instances_of(labels, [(number,) for number in range(1, 10001)])

    written = write_soft_masks(plain_job(plain_frame(name="f"), tmp_path, soft_masks=True), coverages, runs, instances)

    assert [one.array for one in written] == [f"{number:05}" for number in range(1, 10001)]
    assert files_in(tmp_path) == {"soft_masks/f.npz"}
    with np.load(tmp_path / "soft_masks/f.npz") as arrays:
        assert arrays.files == [one.array for one in written]
        assert arrays["10000"].tolist() == [[255, 128, 64]]
    for one in written:
        assert read_soft_mask(DatasetFolder(tmp_path), one).tolist() == [[255, 128, 64]]


@pytest.mark.parametrize("name", ["f.npz", "a b %s", "ä龍", "-f", "a'b", "x" * 120])
def test_names_of_frames(tmp_path: Path, name: str) -> None:
    """An array is called by its number, whatever its frame and its instance are called."""
    written, made = write_made_up(tmp_path, [[(3, 1.0), (0, 0.0), (0, 0.0)]], 1, name)
    assert [(one.file, one.array) for one in written] == [(f"soft_masks/{name}.npz", "0001")]
    with np.load(tmp_path / written[0].file) as arrays:
        assert np.array_equal(arrays["0001"], made[0][1])


def test_an_error_half_way_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_made_up(tmp_path, TWO, 2)
    before = bytes_in(tmp_path)

    def half_of_them(*_: object) -> Iterator[tuple[Box, Array]]:
        yield Box(0, 0, 1, 1), np.ones((1, 1), np.uint8)
        raise RuntimeError("half-way")

    monkeypatch.setattr("core.annotate.soft_masks.soft_masks", half_of_them)
    with pytest.raises(RuntimeError, match="half-way"):
        write_made_up(tmp_path, TWO, 2)
    assert bytes_in(tmp_path) == before


# --- Files of their own, as in version 5 of records -------------------------------------------------------------------


def test_former_masks_are_as_good_until_their_frame_is_made_again(rendered_of, tmp_path: Path) -> None:
    (rendered,) = rendered_of("4.5", "crypto_only")
    job = job_of(rendered, tmp_path)
    record = annotate(job)
    expected, before = full_masks(tmp_path, record), bytes_in(tmp_path)
    with_former_soft_masks(tmp_path, "shot/f")
    former = read_record(tmp_path, "shot/f")
    assert set(former.files()) == files_in(tmp_path) - {"records/shot/f.json"}
    assert len(former.files()) == len(expected) >= 9
    for one in former.instances:
        assert one.soft_mask is not None
        box = one.soft_mask.box
        pixels = read_soft_mask(DatasetFolder(tmp_path), one.soft_mask)
        assert np.array_equal(pixels, expected[one.name][box.y0 : box.y1, box.x0 : box.x1])
    assert list(check_soft_masks(CheckedFrame(DatasetFolder(tmp_path), former))) == []

    assert job.finished_record() is None
    annotate(job)

    assert job.finished_record() == record
    assert bytes_in(tmp_path) == before
    assert list((tmp_path / "soft_masks/shot").iterdir()) == [tmp_path / "soft_masks/shot/f.npz"]


def test_a_dataset_of_both_forms(rendered_of, tmp_path: Path) -> None:
    """COCO and dataset.json say of each where it is; and the same from a pack."""
    (rendered,) = rendered_of("4.5", "crypto_only")
    for name in ("new", "old"):
        seen = {"view_layer": rendered.view_layer, "view": rendered.view, "labels": LabelSource.CRYPTO_OBJECT}
        annotate(plain_job(rendered_frame(rendered, name), tmp_path, **seen, soft_masks=True))
    with_former_soft_masks(tmp_path, "old")
    assert merged(tmp_path) == []
    described = json.loads((tmp_path / "dataset.json").read_text(encoding="utf-8"))["files"]
    assert [one for one in described if "soft" in one] == ["soft_masks/**/*.npz", "soft_masks/**/*.png"]
    coco = COCO(tmp_path / "annotations/instances.json")
    fields: dict[str, list[Any]] = defaultdict(list)
    for row in coco.dataset["annotations"]:
        fields[coco.imgs[row["image_id"]]["file_name"]].append(row["soft_mask"])
    new, old = fields["images/new.png"], fields["images/old.png"]
    assert [(one["file_name"], one["array"]) for one in new] == [
        ("soft_masks/new.npz", f"{number:04}") for number, _ in enumerate(new, start=1)
    ]
    assert old == [{"file_name": f"soft_masks/old/{one['array']}.png", "bbox": one["bbox"]} for one in new]
    assert checked(tmp_path).problems == {}

    before = bytes_in(tmp_path)
    pack(tmp_path)
    assert merged(tmp_path) == []
    assert {file: content for file, content in bytes_in(tmp_path).items() if "records" not in file} == {
        file: content for file, content in before.items() if "records" not in file
    }
    assert checked(tmp_path).problems == {}
