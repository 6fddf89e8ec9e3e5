"""Tracks and videos in the COCO file, as code for the TAO family of datasets wants them."""

import json
import random
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pycocotools.coco import COCO

from core.base.dataset_folder import INSTANCES_FILE, DatasetFolder
from core.records.frame_record import FrameRecord
from core.records.instance import Instance
from core.scene.scene_record import Category
from tests.builders import plain_instance, plain_mask, plain_record, write_record
from tests.core.datasets import write_coco_file

MASK = plain_mask(rle="01o5")
CATEGORIES = (Category("ball", 7), Category("cube"), Category("unseen", 3))


def instance(name: str, category: str = "ball", track_id: int | None = None) -> Instance:
    resolved = None if track_id is None else "geometry"
    return plain_instance(name, category, mask=MASK, track_id=track_id, resolved=resolved)


def record(
    sequence: str, frame: int, *instances: Instance, variant: str = "", ignored: tuple[Instance, ...] = ()
) -> FrameRecord:
    return plain_record(
        sequence=sequence,
        variant=variant,
        frame=frame,
        width=16,
        height=12,
        categories=CATEGORIES,
        instances=instances,
        ignored=ignored,
    )


def written(output: Path, *records: FrameRecord) -> dict[str, Any]:
    for one in records:
        write_record(output, one)
    write_coco_file(output)
    return json.loads((output / INSTANCES_FILE).read_bytes())


def judge(coco: dict[str, Any]) -> None:
    """What the toolkit of TAO and its like take for granted of a file.

    Sources: tao/toolkit/tao/tao.py in https://github.com/TAO-Dataset/tao (ids, video_id of images, annotations and
    tracks, one category a track), trackeval/datasets/tao.py in https://github.com/JonathonLuiten/TrackEval (frame_index
    as the time step of a video, neg_category_ids and not_exhaustive_category_ids).
    """
    tables = {name: {row["id"]: row for row in coco[name]} for name in coco if name != "info"}
    for name, rows in tables.items():
        assert len(rows) == len(coco[name]), f"ids of {name} are unique"
        assert all(type(id) is int and 0 < id < 2**53 for id in rows)
    images, videos, tracks = tables["images"], tables["videos"], tables["tracks"]

    frames_of = defaultdict(list)
    for image in images.values():
        frames_of[image["video_id"]].append(image)
    assert frames_of.keys() == videos.keys()
    for id, frames in frames_of.items():
        assert [frame["frame_index"] for frame in frames] == list(range(len(frames)))
        assert frames == sorted(frames, key=lambda frame: frame["frame"])
        assert (videos[id]["width"], videos[id]["height"]) == (frames[0]["width"], frames[0]["height"])

    shown = defaultdict(set)
    seen = set()
    ignored = defaultdict(set)
    for row in coco["annotations"]:
        assert row["video_id"] == images[row["image_id"]]["video_id"]
        if row["iscrowd"]:  # any number of objects, so it is not a track
            assert "track_id" not in row
            ignored[row["video_id"]].add(row["category_id"])
            continue
        if "track_id" not in row:  # it is not known which of several it is
            shown[row["video_id"]].add(row["category_id"])
            continue
        track = tracks[row["track_id"]]
        assert row["video_id"] == track["video_id"]
        assert row["category_id"] == track["category_id"]
        assert (row["image_id"], row["track_id"]) not in seen, "an object is in a frame once"
        seen.add((row["image_id"], row["track_id"]))
        shown[row["video_id"]].add(row["category_id"])
    with_track = {row["track_id"] for row in coco["annotations"] if "track_id" in row}
    assert with_track == tracks.keys(), "no track without an annotation"
    for id, video in videos.items():
        assert set(video["not_exhaustive_category_ids"]) == ignored[id]
        assert set(video["neg_category_ids"]) == tables["categories"].keys() - shown[id] - ignored[id]


def tracks_by_frame(coco: dict[str, Any]) -> dict[tuple[str, int], dict[str, int]]:
    """(sequence, frame) -> name of the instance -> track id."""
    found: dict[tuple[str, int], dict[str, int]] = defaultdict(dict)
    images = {image["id"]: image for image in coco["images"]}
    for row in coco["annotations"]:
        image = images[row["image_id"]]
        found[image["sequence"], image["frame"]][row["name"]] = row["track_id"]
    return found


def test_an_object_keeps_its_track_through_its_sequence(tmp_path: Path) -> None:
    coco = written(
        tmp_path,
        record("a", 1, instance("Ball"), instance("Cube", "cube")),
        record("a", 2, instance("Cube", "cube")),
        record("a", 3, instance("Another"), instance("Ball")),
        record("b", 1, instance("Ball")),
    )
    judge(coco)
    # In the order of sequence, category id (cube 1, ball 7) and name; whoever comes first into view has no say.
    assert tracks_by_frame(coco) == {
        ("a", 1): {"Ball": 3, "Cube": 1},
        ("a", 2): {"Cube": 1},
        ("a", 3): {"Another": 2, "Ball": 3},
        ("b", 1): {"Ball": 4},
    }


def test_instances_that_share_a_name_have_keys(tmp_path: Path) -> None:
    """What geometry separates: the name may be made up for each frame, what Blender knows it by stays."""
    coco = written(
        tmp_path,
        record("", 1, instance("Rock 1", track_id=10), instance("Rock 2", track_id=9)),
        record("", 2, instance("Rock 1", track_id=9), instance("Rocks")),
    )
    judge(coco)
    assert tracks_by_frame(coco) == {
        ("", 1): {"Rock 1": 3, "Rock 2": 2},
        ("", 2): {"Rock 1": 2, "Rocks": 1},
    }
    assert [track["name"] for track in coco["tracks"]] == ["Rocks", "Rock 1", "Rock 1"]


def test_an_object_of_another_category_is_another_track(tmp_path: Path) -> None:
    coco = written(tmp_path, record("", 1, instance("Thing", "ball")), record("", 2, instance("Thing", "cube")))
    judge(coco)
    assert tracks_by_frame(coco) == {("", 1): {"Thing": 2}, ("", 2): {"Thing": 1}}


def test_a_sequence_without_instances_is_a_video(tmp_path: Path) -> None:
    coco = written(tmp_path, record("empty", 1), record("full", 1, instance("Ball")))
    judge(coco)
    assert [video["neg_category_ids"] for video in coco["videos"]] == [[1, 3, 7], [1, 3]]


@pytest.mark.parametrize(("category", "ids"), [("cube", [1]), ("", [1, 3, 7])])
def test_regions_to_ignore_are_no_tracks(tmp_path: Path, category: str, ids: list[int]) -> None:
    crowd = (instance("Crowd", category),)
    coco = written(tmp_path, record("a", 1, instance("Ball"), ignored=crowd), record("b", 1, instance("Ball")))
    judge(coco)
    assert [video["not_exhaustive_category_ids"] for video in coco["videos"]] == [ids, []]
    assert [track["name"] for track in coco["tracks"]] == ["Ball", "Ball"]


keys = st.none() | st.integers(0, 300)


@given(
    st.dictionaries(
        st.tuples(st.sampled_from(["", "a", "a/b", "B"]), st.integers(-2, 4)),
        st.dictionaries(
            st.tuples(st.sampled_from(["ball", "cube"]), keys, st.sampled_from("xyz")), st.none(), max_size=4
        ),
        min_size=1,
        max_size=8,
    ),
    st.randoms(use_true_random=False),
)
def test_any_records_in_any_order(
    tmp_path_factory: pytest.TempPathFactory, frames: dict[Any, Any], shuffled: random.Random
) -> None:
    made = []
    for (sequence, frame), found in frames.items():
        unique = {(category, name if key is None else key): name for category, key, name in found}
        things = [
            instance(name, category, key if isinstance(key, int) else None) for (category, key), name in unique.items()
        ]
        made.append(record(sequence, frame, *things))
    first = written(tmp_path_factory.mktemp("one"), *made)
    judge(first)
    shuffled.shuffle(made)
    assert written(tmp_path_factory.mktemp("two"), *made) == first


def test_pycocotools_still_reads_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written(tmp_path, record("a", 1, instance("Ball")), record("b", 1, instance("Cube", "cube")))
    coco = COCO(str(tmp_path / INSTANCES_FILE))
    rows = coco.loadAnns(coco.getAnnIds(catIds=coco.getCatIds(catNms=["cube"])))
    assert [row["track_id"] for row in rows] == [2]
    assert coco.annToMask(rows[0]).sum() == 1


def test_records_of_unwanted_sequences_are_left_out(tmp_path: Path) -> None:
    from core.frames.sequences import WantedSequences

    old, new = record("Front", 1, instance("Ball"), variant="Front"), record("", 1, instance("Cube", "cube"))
    write_record(tmp_path, old)
    write_record(tmp_path, new)
    WantedSequences({"shot_": [""]}).write(DatasetFolder(tmp_path))
    merged = write_coco_file(tmp_path)
    assert (merged.frames, merged.left_out, merged.problems) == (1, {"Front": 1}, ())
    coco = json.loads((tmp_path / INSTANCES_FILE).read_bytes())
    judge(coco)
    assert [row["name"] for row in coco["annotations"]] == ["Cube"]

    from core.base.errors import RecordError

    WantedSequences({"shot_": ["Back"]}).write(DatasetFolder(tmp_path))
    with pytest.raises(RecordError, match="holds records of other sequences only; export again"):
        write_coco_file(tmp_path)
