"""Summaries of frames: the COCO file that a merge makes of them, from packs and from record files, against the rows of
the records themselves."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.base.box import Box
from core.base.dataset_folder import DatasetFolder
from core.base.errors import RecordError
from core.base.files import canonical_json
from core.categories.ids import DatasetCategories
from core.dataset.merge import merge
from core.dataset.packing import pack
from core.formats import frame_summary
from core.formats.coco import CocoRows
from core.formats.frame_summary import FrameSummary, PackedSummaries
from core.formats.writer import Survey
from core.records import record_files
from core.records.frame_record import FrameRecord
from core.records.instance import Amodal, Instance, Part, SoftMask
from core.records.packs.prepared import PreparedFrame, PreparedPack
from core.scene.keypoints import Keypoint, Visibility
from core.scene.random_draw import RandomDraw
from core.settings.category_table import Category
from core.settings.map_table import DenseMap, WrittenMap
from tests.builders import plain_camera, plain_mask, plain_pose, plain_record, record_path, write_record
from tests.core.datasets import bytes_in
from tests.core.forged_json import VALUES, places, replaced
from tests.core.made_up import several_frames, write_made_up

# Names that would end a text, a row or a part of a row, if they were not escaped.
NAMES = st.sampled_from(["A", "B", '"part_category_id":"x"', "\t", "\n", "%d", "é東\udc80", "\\", '"', "}"])
CATEGORIES = tuple(Category(name) for name in ("ball", "c\t", '"part_category_id":'))
PARTS = tuple(Category(name) for name in ("rubber", "\t", '","part_category_id":"'))
BOX = Box(1, 2, 30, 40)
MASK = plain_mask(BOX, rle="Qh03c1000O1N")


@st.composite
def instances(draw: st.DrawFn) -> Instance:
    def maybe(value: Any) -> Any:
        return draw(st.none() | st.just(value))

    parts = st.builds(Part, NAMES, st.sampled_from([one.name for one in PARTS]), st.just((1,)), st.just(MASK))
    return Instance(
        draw(NAMES),
        draw(st.sampled_from([one.name for one in CATEGORIES])),
        (1,),
        MASK,
        at_border=draw(st.none() | st.booleans()),
        parts=draw(st.none() | st.lists(parts, max_size=3).map(tuple)),
        soft_mask=maybe(SoftMask("soft_masks/a/0001.png", BOX)) or maybe(SoftMask("soft_masks/a.npz", BOX, "0001")),
        pose=maybe(plain_pose(3.0)),
        keypoints=maybe((Keypoint(1.5, 2.5, Visibility.VISIBLE, 3.0),)),
        amodal=maybe(Amodal("Qh03c1000O1N", Box(-3, 0, 64, 48), 4000, 3072, 5)),
        track_id=draw(st.none() | st.integers(0, 3)),
        resolved=draw(st.none() | st.just("geometry")),
    )


@st.composite
def records(draw: st.DrawFn, number: int) -> FrameRecord:
    map = WrittenMap(DenseMap.DEPTH_NPY, DenseMap.DEPTH_NPY.path("a"), "m", None, 7, 1)
    return plain_record(
        frame=number,
        sequence=draw(st.sampled_from(["", "a", "a/b"])),
        width=draw(st.sampled_from([64, 32])),
        unit_scale=draw(st.sampled_from([None, 0.1])),
        camera=plain_camera(),
        categories=CATEGORIES,
        part_categories=PARTS,
        instances=tuple(draw(st.lists(instances(), max_size=3))),
        ignored=tuple(draw(st.lists(instances(), max_size=2))),
        maps=draw(st.sampled_from([(), (map,)])),
        random=draw(st.none() | st.just(RandomDraw(1, 2, {'"\t': [1.5]}))),
    )


def expected_lines(output: Path, records: list[FrameRecord]) -> tuple[list[bytes], list[bytes]]:
    """Rows of images and annotations as dictionaries give them."""
    rows, found = CocoRows(), DatasetCategories()
    records = sorted(records, key=lambda record: (record.sequence, record.frame, record.name))
    for record in records:
        rows.survey(record)
    found.add(CATEGORIES, "")
    parts = DatasetCategories()
    parts.add(PARTS, "")
    rows.begin(Survey(DatasetFolder(output), len(records), found.numbered({}), parts.numbered({})))
    images, annotations = [], []
    for number, record in enumerate(records, start=1):
        images.append(canonical_json(rows.image(number, record)))
        annotations += map(canonical_json, rows.annotations_of(number, record))
    return images, annotations


def tables(file: Path) -> tuple[list[bytes], list[bytes]]:
    images, _, rest = file.read_bytes().partition(b'"images":[')[2].partition(b'\n],\n"annotations":[')
    annotations = rest.partition(b'\n],\n"categories":[')[0]
    return [line for line in images.strip().split(b",\n") if line], [
        line for line in annotations.strip().split(b",\n") if line
    ]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_rows_are_those_of_records(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    output = tmp_path_factory.mktemp("dataset")
    given_records = [
        data.draw(records(number))
        for number in data.draw(st.lists(st.integers(0, 2000), max_size=4, min_size=1, unique=True))
    ]
    for record in given_records:
        write_record(output, record)
    merge(output)
    loose = {file: content for file, content in bytes_in(output).items() if not file.startswith("records")}
    assert tables(output / "annotations/instances.json") == expected_lines(output, given_records)

    packed = data.draw(st.sampled_from(["all", "some"]))
    pack(output)
    if packed == "some":
        write_record(output, given_records[0])
    merge(output)
    assert {file: content for file, content in bytes_in(output).items() if not file.startswith("records")} == loose


def packed(*frames: PreparedFrame) -> PreparedPack:
    """What a pack holds of frames."""
    shared = list(dict.fromkeys(frame.shared for frame in frames))
    rows = [[shared.index(frame.shared), len(frame.texts()), *frame.facts] for frame in frames]
    return PreparedPack(shared, rows, lambda: [text for frame in frames for text in frame.texts()])


def summary_of(name: str, frame: PreparedFrame) -> FrameSummary | None:
    return PackedSummaries(packed(frame)).of(name, 0)


def test_summaries_come_back_from_json() -> None:
    record = plain_record(
        instances=(Instance("A", "ball", (1,), MASK, track_id=3, resolved="geometry"),), categories=CATEGORIES
    )
    summary = FrameSummary.of(record)
    prepared = summary.prepared()
    again = summary_of(record.name, replace(prepared, facts=json.loads(canonical_json(prepared.facts))))
    assert again is not None
    assert (again.path, again.variant, again.shown, again.texts()) == (
        record.path,
        "",
        [("ball", 3, "A")],
        summary.texts(),
    )
    assert again.shared == summary.shared


@pytest.mark.parametrize("value", [*VALUES, "éx"], ids=repr)
def test_forged_facts_are_refused_or_fit(value: Any) -> None:
    """With each value replaced by each of these: what comes of it has the types that a merge counts on."""
    record = plain_record(
        instances=(Instance("A", "ball", (1,), MASK, track_id=3, resolved="geometry"),),
        ignored=(Instance("B", "ball", (2,), MASK),),
        categories=CATEGORIES,
    )
    prepared = FrameSummary.of(record).prepared()
    for place in filter(None, places(prepared.facts)):
        facts = replaced(prepared.facts, place, value)
        try:
            summary = summary_of(record.name, replace(prepared, facts=facts))
            if summary is None:
                continue
            summary.texts()
        except RecordError:
            continue
        known = {category.name for category in CATEGORIES}
        assert {type(one) for one in (summary.frame, summary.width, summary.height)} == {int}
        assert all(category in known and isinstance(name, str) for category, _, name in summary.shown)
        assert all(track is None or isinstance(track, str | int) for _, track, _ in summary.shown)
        assert set(summary.ignored) <= {*known, ""}
        assert len(summary.texts()) == 1 + len(summary.shown) + len(summary.ignored)


@pytest.mark.parametrize("value", [*VALUES, "éx"], ids=repr)
def test_forged_facts_of_a_frame_change_nothing_of_others_in_the_pack(value: Any) -> None:
    shown = (
        Instance("A", "ball", (1,), MASK, track_id=3, resolved="geometry"),
        Instance("B", CATEGORIES[1].name, (2,), MASK),
    )
    good = FrameSummary.of(plain_record(instances=shown, categories=CATEGORIES)).prepared()
    of_others = FrameSummary.of(
        plain_record(instances=shown[:1], ignored=(Instance("C", "ball", (3,), MASK),), categories=CATEGORIES[:1])
    ).prepared()
    expected = facts_of(summary_of("good", good))
    assert expected is not None
    for place in filter(None, places(of_others.facts)):
        forged = replace(of_others, facts=replaced(of_others.facts, place, value))
        summaries = PackedSummaries(packed(good, forged, good))
        assert facts_of(summaries.of("good", 0)) == facts_of(summaries.of("good", 2)) == expected
        assert facts_of(summaries.of("forged", 1)) == facts_of(summary_of("forged", forged))


def test_a_category_of_another_frame_is_none_of_this_one() -> None:
    shown = Instance("A", "ball", (1,), MASK), Instance("B", CATEGORIES[1].name, (2,), MASK)
    both = FrameSummary.of(plain_record(instances=shown, categories=CATEGORIES)).prepared()
    one = FrameSummary.of(plain_record(instances=shown[:1], categories=CATEGORIES[:1])).prepared()
    summaries = PackedSummaries(packed(both, replace(both, shared=one.shared)))
    assert summaries.of("both", 0) is not None
    assert summaries.of("one", 1) is None


def facts_of(summary: FrameSummary | None) -> Any:
    return summary and summary._replace(texts=list)


def test_a_merge_of_packs_reads_no_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_made_up(tmp_path, several_frames(8))
    merge(tmp_path)
    before = bytes_in(tmp_path)
    pack(tmp_path)
    monkeypatch.setattr(record_files, "parse_json", lambda text: pytest.fail("a record is read"))
    assert merge(tmp_path).problems == ()
    after = bytes_in(tmp_path)
    assert {file: after[file] for file in after if "records" not in file} == {
        file: before[file] for file in before if "records" not in file
    }


def test_what_another_release_has_prepared_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_made_up(tmp_path, several_frames(8))
    with monkeypatch.context() as patch:
        patch.setattr("core.dataset.packing.SUMMARY_VERSION", "0/0")
        patch.setattr(frame_summary, "_image_text", lambda record: b"other")
        pack(tmp_path)
    merge(tmp_path)
    assert b"other" not in (tmp_path / "annotations/instances.json").read_bytes()
    assert pack(tmp_path).packs == 2  # anew
    assert b"other" not in b"".join(path.read_bytes() for path in tmp_path.rglob("*.pack"))


def test_a_damaged_record_in_a_pack_is_left_out_as_one_in_a_file(tmp_path: Path) -> None:
    good, bad = plain_record(frame=1), plain_record(frame=2)
    for record in (good, bad):
        write_record(tmp_path, record)
    line = record_path(tmp_path, bad.path).read_bytes()
    pack(tmp_path)
    (path,) = tmp_path.rglob("*.pack")
    path.write_bytes(path.read_bytes().replace(line, line.replace(b'"width":64', b'"width":65')))
    merged = merge(tmp_path)
    assert merged.frames == 1
    assert (
        len(merged.problems) == 1
        and "0-999.pack (shot_0002) is damaged; annotate the frame again" in merged.problems[0]
    )
