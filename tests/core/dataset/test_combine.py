"""Several datasets as one: what comes out is what one run would have made, and nothing is lost, mixed or changed."""

import dataclasses
import errno
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pycocotools.coco import COCO

from core.base.dataset_folder import DatasetFolder
from core.base.errors import CategoryError, InputError, LabelpassError, RecordError, UsageError
from core.cli.main import main
from core.dataset.combine import Combined, combine
from core.dataset.combine_checks import Source
from core.dataset.splits import Splits
from core.frames.sequences import WantedSequences
from core.masks.rle import decode_columns
from core.records.frame_record import FrameRecord
from core.records.origin import Origin
from core.records.record_store import open_records
from core.scene.scene_geometry import write_geometry
from core.settings.category_table import Category
from core.settings.map_table import DenseMap, WrittenMap
from core.settings.settings import SplitBy
from tests.builders import PLATE, plain_instance, plain_record, read_record, record_files, write_record
from tests.core.datasets import annotate_rendered, bytes_in, checked, files_in, merged

MAPS = (DenseMap.DEPTH_PNG, DenseMap.CATEGORIES_PNG, DenseMap.OCCLUSION_FORWARD_PNG, DenseMap.FLOW_FORWARD_FLO)
MERGED = ("annotations/instances.json", "categories.json", "dataset.json")


def combined(output: Path, *datasets: Path | str, **options: Any) -> Combined:
    return combine([Source.of(str(one)) for one in datasets], output, **options)


def problems_of(output: Path) -> dict[str, list[str]]:
    return checked(output).problems


@pytest.fixture
def annotated(rendered_of: Any, facts_of: Any, tmp_path: Path) -> Callable[..., Path]:
    """Annotate some of the two frames of a fixture into a dataset in the folder of a name, and merge it."""

    def make(name: str, *numbers: int, **settings: Any) -> Path:
        (tmp_path / name).mkdir(exist_ok=True)
        frames = [frame for frame in rendered_of("4.5", "multilayer") if frame.frame in numbers]
        output = annotate_rendered(tmp_path / name, frames, facts_of("4.5"), **{"maps": MAPS, **settings})
        assert merged(output) == []
        return output

    return make


def test_frames_of_two_machines_are_one_sequence(annotated: Callable[..., Path], tmp_path: Path) -> None:
    """The same bytes as one machine makes, those of two-frame maps included, which neither of the two could make."""
    whole = annotated("whole", 1, 2, soft_masks=True)
    one, two = annotated("one", 1, soft_masks=True), annotated("two", 2, soft_masks=True)
    before = bytes_in(one), bytes_in(two)

    result = combined(tmp_path / "all", one, two)
    assert merged(tmp_path / "all") == []

    assert (result.added, result.updated, result.kept, result.problems) == (2, 0, 0, ())
    files, expected = bytes_in(tmp_path / "all"), bytes_in(whole)
    assert files.keys() == expected.keys()
    assert any(name.startswith("maps/occlusion_forward/") for name in files)
    for name in files:
        if not name.startswith("records/"):  # which say when their files were annotated
            assert files[name] == expected[name], name
    assert problems_of(tmp_path / "all") == {}
    assert (bytes_in(one), bytes_in(two)) == before
    assert (one / "images/frame_0001.png").samefile(tmp_path / "all/images/frame_0001.png")


def test_without_hard_links(annotated: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_link(*arguments: Any, **options: Any) -> None:
        raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))

    monkeypatch.setattr(os, "link", no_link)
    one = annotated("one", 1)
    combined(tmp_path / "all", one)
    assert merged(tmp_path / "all") == []

    image = tmp_path / "all/images/frame_0001.png"
    assert not image.samefile(one / "images/frame_0001.png")
    assert problems_of(tmp_path / "all") == {}
    assert not [name for name in files_in(tmp_path / "all") if name.endswith(".tmp")]


def test_frames_of_one_name(annotated: Callable[..., Path], tmp_path: Path) -> None:
    day, night = annotated("day", 1, 2, soft_masks=True), annotated("night", 1, 2, soft_masks=True, min_area=40)
    output = tmp_path / "all"
    with pytest.raises(RecordError) as caught:
        combined(output, day, night)
    assert str(caught.value) == (
        f"{day} and {night} both have 2 frames (frame_0001-0002), which are not the same; name one of them, as in "
        f"night={night}, and its frames go into the sequence night"
    )
    assert not output.exists()

    result = combined(output, day, f"at/night={night}")
    assert merged(output) == []

    assert result.added == 4
    assert problems_of(output) == {}
    assert checked(output).remarks == []
    coco = COCO(str(output / "annotations/instances.json"))
    images = coco.loadImgs(coco.getImgIds())
    assert [(image["sequence"], image["frame"], image["id"]) for image in images] == [
        ("", 1, 1),
        ("", 2, 2),
        ("at/night", 1, 3),
        ("at/night", 2, 4),
    ]
    rows = coco.loadAnns(coco.getAnnIds())
    assert len({row["id"] for row in rows}) == len(rows)
    for source, sequence in ((day, ""), (night, "at/night")):
        for number in (1, 2):
            record = read_record(source, f"frame_{number:04}")
            (image,) = [one for one in images if (one["sequence"], one["frame"]) == (sequence, number)]
            assert (output / image["file_name"]).read_bytes() == (source / record.image).read_bytes()
            own = coco.loadAnns(coco.getAnnIds(image["id"]))
            for row, instance in zip(own, record.instances, strict=True):
                mask = decode_columns(instance.mask.rle, record.height, 0, record.width)
                np.testing.assert_array_equal(coco.annToMask(row), mask)
                assert (output / row["soft_mask"]["file_name"]).is_file()
    # The same object is another track in another sequence.
    tracks = {row["video_id"]: set() for row in rows}
    for row in rows:
        tracks[row["video_id"]].add(row["track_id"])
    assert len(tracks) == 2
    assert not set.intersection(*tracks.values())


def test_again(annotated: Callable[..., Path], tmp_path: Path) -> None:
    output = tmp_path / "all"
    one = annotated("one", 1, pictures=True)
    combined(output, one)
    merged(output)
    before = {name: (output / name).stat().st_mtime_ns for name in files_in(output) if name not in MERGED}

    two = annotated("two", 2)
    result = combined(output, one, two)
    assert (result.added, result.updated, result.kept) == (1, 0, 1)
    assert result.headline() == f"{output}: 1 frame added, 1 there already"
    assert before.items() <= {name: (output / name).stat().st_mtime_ns for name in files_in(output)}.items()

    annotated("one", 1, pictures=False, min_area=300)
    with pytest.raises(RecordError, match="both have frame_0001, which are not the same"):
        combined(output, one)  # nothing says what its frames were made of


def test_a_frame_that_was_annotated_again(tmp_path: Path) -> None:
    """What the record of a frame says that it was made of makes it the same frame."""
    source, output = tmp_path / "one", tmp_path / "folder/all"
    origin = Origin(("../renders/0001.exr",), "../street.blend", "Street")
    write_record(source, plain_record(origin=origin))
    combined(output, source)
    assert read_record(output, "shot_0001").origin == Origin(
        ("../../renders/0001.exr",), "../../street.blend", "Street"
    )

    write_record(source, plain_record(key="other", origin=origin, notes=("new",)))
    result = combined(output, source)

    assert (result.added, result.updated, result.kept) == (0, 1, 0)
    assert read_record(output, "shot_0001").notes == ("new",)
    (record_file,) = record_files(output)
    record_file.write_text("damaged")
    assert combined(output, source).updated == 1
    assert read_record(output, "shot_0001").notes == ("new",)


def test_files_that_are_no_longer_named_are_removed(annotated: Callable[..., Path], tmp_path: Path) -> None:
    output, one = tmp_path / "all", annotated("one", 1, pictures=True)
    combined(output, one)
    record = read_record(one, "frame_0001")
    contents = {file: content for file, content in record.contents.items() if file not in record.pictures}
    write_record(one, dataclasses.replace(record, pictures=(), contents=contents))

    assert combined(output, one).updated == 1
    assert not [name for name in files_in(output) if name.startswith("pictures/")]


def test_a_frame_that_two_datasets_share(annotated: Callable[..., Path], tmp_path: Path) -> None:
    one, both = annotated("one", 1), annotated("both", 1, 2)
    result = combined(tmp_path / "all", one, both)
    assert (result.added, result.kept) == (2, 1)
    merged(tmp_path / "all")
    assert problems_of(tmp_path / "all") == {}


# --- What contradicts each other --------------------------------------------------------------------------------------


def dataset_of(folder: Path, *names: str | Category, frame: int = 1, **known: Any) -> Path:
    """A merged dataset of one frame with an instance of each category."""
    categories = tuple(name if isinstance(name, Category) else Category(name) for name in names)
    masks = [plain_instance(f"Thing {one.name}", one.name) for one in categories[:1]]
    write_record(folder, plain_record(frame=frame, categories=categories, instances=tuple(masks), **known))
    assert merged(folder) == []
    return folder


def ids_in(output: Path) -> dict[str, int]:
    rows = json.loads((output / "annotations/instances.json").read_bytes())["categories"]
    assert {row["name"]: row["id"] for row in json.loads((output / "categories.json").read_bytes())["categories"]} == {
        row["name"]: row["id"] for row in rows
    }
    return {row["name"]: row["id"] for row in rows}


def test_ids_that_both_have_stay(tmp_path: Path) -> None:
    """By their names alone, bus would come before car."""
    one, two = dataset_of(tmp_path / "one", "car"), dataset_of(tmp_path / "two", "car", frame=2)
    write_record(two, plain_record(frame=3, categories=(Category("bus"),)))
    merged(two)

    combined(tmp_path / "all", one, two)
    merged(tmp_path / "all")

    assert ids_in(tmp_path / "all") == {"car": 1, "bus": 2}


def test_ids_that_differ(tmp_path: Path) -> None:
    one, two = dataset_of(tmp_path / "one", "car"), dataset_of(tmp_path / "two", "bus", "car", frame=2)
    output = tmp_path / "all"
    with pytest.raises(CategoryError) as caught:
        combined(output, one, two)
    assert str(caught.value) == (
        f"{one} has the id 1 for 'car', but {two} for 'bus'; annotate one of them again with the category table of the "
        "other (--categories), or let the output have ids of its own (--new-ids)"
    )
    with pytest.raises(CategoryError, match=f"{two} gives 'car' the id 2, but {one} gives it 1; annotate one"):
        combined(output, two, one)
    assert not output.exists()

    combined(output, one, two, new_ids=True)
    merged(output)
    assert ids_in(output) == {"bus": 1, "car": 2}

    # They stay when more is added, whatever ids that has, and it is said if they are not the same.
    three = dataset_of(tmp_path / "three", "ape", "car", frame=3)
    with pytest.raises(CategoryError, match=f"{output} has the id 1 for 'bus', but {three} for 'ape'"):
        combined(output, three)
    combined(output, three, new_ids=True)
    merged(output)
    assert ids_in(output) == {"bus": 1, "car": 2, "ape": 3}


def test_ids_that_are_fixed(tmp_path: Path) -> None:
    one, two = (
        dataset_of(tmp_path / "one", Category("car", 1)),
        dataset_of(tmp_path / "two", Category("car", 2), frame=2),
    )
    with pytest.raises(RecordError) as caught:
        combined(tmp_path / "all", one, two, new_ids=True)
    assert str(caught.value) == (
        f"The category 'car' differs: id 2 in the record of shot_0002 in {two}, but id 1 in the record of shot_0001 in "
        f"{one}; make them the same in Blender and export those frames again"
    )
    assert not (tmp_path / "all").exists()


def test_maps_with_other_ids(tmp_path: Path) -> None:
    """New ids would make the numbers in the maps wrong."""
    map = WrittenMap(DenseMap.CATEGORIES_PNG, "maps/categories/shot_0001.png", "id", None, 1, 0, ids={"car": 1})
    one = dataset_of(tmp_path / "one", "car", maps=(map,))
    two = dataset_of(tmp_path / "two", "bus", "car", frame=2)
    with pytest.raises(RecordError, match="The category maps, first that of shot_0001, give 'car' the id 1"):
        combined(tmp_path / "all", one, two, new_ids=True)


def test_maps_of_other_steps(annotated: Callable[..., Path], tmp_path: Path) -> None:
    one, two = annotated("one", 1), annotated("two", 2, depth_scale=0.002)
    with pytest.raises(RecordError, match=f"{two}: Depth PNG of frame_0002 has the scale 0.002"):
        combined(tmp_path / "all", one, two)


def test_other_scenes_without_sequences(tmp_path: Path) -> None:
    """Objects of the same name would become one track, though their frames have different numbers."""
    one = dataset_of(tmp_path / "one", "car", origin=Origin((), "../a/street_v01.blend", "Scene"))
    two = dataset_of(tmp_path / "two", "car", frame=2, origin=Origin((), "../b/yard.blend", "Scene"))
    three = dataset_of(tmp_path / "three", "car", frame=3, origin=Origin((), "/mnt/street_v02.blend", "Scene"))
    with pytest.raises(RecordError) as caught:
        combined(tmp_path / "all", one, two)
    assert str(caught.value) == (
        f"{one} and {two} both have no sequences, but show street.blend, Scene and yard.blend, Scene; name one of "
        f"them, as in night={two}, and its frames go into the sequence night"
    )
    assert combined(tmp_path / "all", one, three).added == 2  # of two machines
    with pytest.raises(RecordError, match=f"{tmp_path / 'all'} and {two} both have no sequences|but show yard"):
        combined(tmp_path / "all", two)
    assert combined(tmp_path / "all", f"yard={two}").added == 1


def test_a_scene_of_two_machines_stays_in_one_split(tmp_path: Path) -> None:
    """Though each had the .blend somewhere else, and one a later version of it."""
    places = ("../work/street.blend", "/mnt/farm/street_v02.blend")
    for number, place in enumerate(places):
        for frame in range(10):
            record = plain_record(
                sequence=f"s{frame}", frame=10 * number + frame, origin=Origin((), place, f"Scene {frame}")
            )
            write_record(tmp_path / f"machine{number}", record)
    combined(tmp_path / "all", tmp_path / "machine0", tmp_path / "machine1")

    splits = Splits.parse("train=1,val=1", SplitBy.SCENE)
    records = open_records(DatasetFolder(tmp_path / "all"))
    found: dict[str, set[str]] = {}
    for path in records.frames():
        record = records.read(path)
        assert record.origin is not None
        found.setdefault(record.origin.scene, set()).add(splits.of(record))
    assert len(found) == 10
    assert all(len(names) == 1 for names in found.values())
    assert len(set.union(*found.values())) == 2


def test_annotating_again_leaves_the_combined_dataset_alone(annotated: Callable[..., Path], tmp_path: Path) -> None:
    """Though both name the same files on the disk."""
    one, output = annotated("one", 1, pictures=True), tmp_path / "all"
    combined(output, one)
    before = bytes_in(output)
    annotated("one", 1, pictures=True, min_area=40, depth_scale=0.002)
    assert bytes_in(one)["maps/depth/frame_0001.png"] != before["maps/depth/frame_0001.png"]
    assert bytes_in(output) == before


@pytest.mark.parametrize(
    ("sources", "output", "error", "says"),
    [
        (["a"], "a", UsageError, "is one of the datasets"),
        (["a"], "a/inside/c", UsageError, "which is to be left as it is"),
        (["outer/b"], "outer", UsageError, "choose another output folder"),
        (["a", "link"], "c", UsageError, "are the same dataset; give it once"),
        (["a", "n=a"], "c", UsageError, "are the same dataset; give it once"),
        (["missing"], "c", InputError, "is not a folder; give the folder of a dataset, or NAME=FOLDER"),
        (["n=missing"], "c", InputError, "is not a folder"),
        (["../x=a"], "c", UsageError, "would lie outside the output folder"),
        (["empty"], "c", RecordError, "holds no frame records; run 'labelpass annotate'"),
    ],
    ids=lambda value: str(value) if isinstance(value, list) else None,
)
def test_folders(
    sources: list[str],
    output: str,
    error: type[LabelpassError],
    says: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    dataset_of(tmp_path / "a", "car")
    dataset_of(tmp_path / "outer/b", "car")
    (tmp_path / "link").symlink_to(tmp_path / "a")
    (tmp_path / "empty").mkdir()
    before = bytes_in(tmp_path)
    with pytest.raises(error, match=says):
        combined(Path(output), *sources)
    assert bytes_in(tmp_path) == before


def test_a_folder_with_an_equals_sign(tmp_path: Path) -> None:
    one = dataset_of(tmp_path / "a=b", "car")
    assert combined(tmp_path / "all", one).added == 1
    assert combined(tmp_path / "all2", f"c={one}").added == 1
    assert read_record(tmp_path / "all2", "c/shot_0001").sequence == "c"


# --- What is damaged or left out --------------------------------------------------------------------------------------


def test_damaged_frames_are_named(annotated: Callable[..., Path], tmp_path: Path, capsys: Any) -> None:
    both = annotated("both", 1, 2)
    dataset_of(tmp_path / "more", frame=7)
    (record_file,) = record_files(tmp_path / "more")
    (both / "records/bad_0007.json").write_bytes(record_file.read_bytes()[:-30])
    (both / "images/frame_0001.png").unlink()
    (both / "maps/depth/frame_0002.png").write_bytes(b"short")

    assert main(["combine", str(both), "--output", str(tmp_path / "all")]) == 1
    said = capsys.readouterr()
    assert f"{tmp_path / 'all'}: 0 frames added" in said.out
    assert f"{both / 'images/frame_0001.png'} is missing or not as large as its record says" in said.out
    assert "bad_0007.json is damaged; annotate the frame again" in said.out
    assert not (tmp_path / "all/records").exists()


def test_images_that_somebody_else_has_made(tmp_path: Path) -> None:
    one = dataset_of(tmp_path / "one", "car")
    (one / "images").mkdir()
    (one / "images/shot_0001.png").write_bytes(b"theirs")
    combined(tmp_path / "all", f"n={one}")
    assert (tmp_path / "all/images/n/shot_0001.png").read_bytes() == b"theirs"


def test_scene_records_with_their_geometry(tmp_path: Path) -> None:
    one = dataset_of(tmp_path / "one", "car")
    scene = one / "scenes/shot_0001.json"
    scene.parent.mkdir()
    scene.write_bytes(b"scene")
    write_geometry(scene, b"geometry", {"abc": PLATE})
    combined(tmp_path / "all", f"n={one}")
    scenes = {name for name in files_in(tmp_path / "all") if name.startswith("scenes/")}
    assert scenes == {"scenes/n/shot_0001.json", "scenes/n/shot_0001.npz", "scenes/n/meshes/abc.npz"}
    for name in scenes:
        assert (tmp_path / "all" / name).read_bytes() == (one / name.replace("/n/", "/")).read_bytes()


def test_sequences_that_a_dataset_leaves_out(tmp_path: Path) -> None:
    def record(view: str, frame: int = 1) -> FrameRecord:
        return plain_record(sequence=view, variant=view, frame=frame, key=view)

    one = tmp_path / "one"
    for view in ("left", "right"):
        write_record(one, record(view))
    WantedSequences({"shot_": ["left"]}).write(DatasetFolder(one))
    output = tmp_path / "all"

    result = combined(output, one)

    assert (result.added, result.left_out) == (1, 1)
    assert "1 left out, of sequences that the latest export" in result.headline()
    assert sorted(WantedSequences.read(DatasetFolder(output)).of_shot) == []

    # Those that the output itself leaves out are wanted when they are added.
    shutil.copyfile(one / "sequences.json", output / "sequences.json")
    two = tmp_path / "two"
    write_record(two, record("right", frame=2))
    combined(output, two)
    assert WantedSequences.read(DatasetFolder(output)).of_shot == {"shot_": ["left", "right"]}


# --- On the command line ----------------------------------------------------------------------------------------------


def test_command(annotated: Callable[..., Path], tmp_path: Path, capsys: Any) -> None:
    one, two, output = annotated("one", 1), annotated("two", 2), tmp_path / "all"
    arguments = ["combine", str(one), f"night={two}", "--output", str(output)]
    assert main([*arguments, "--cameras", "json"]) == 0
    assert capsys.readouterr().out.splitlines()[0] == f"{output}: 2 frames added"
    assert (output / "cameras/night/cameras.json").is_file()

    assert main(arguments) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first == f"{output}: 0 frames added, 2 there already"
    assert second.startswith(f"{output / 'annotations/instances.json'}: 2 images")

    assert main(["combine", str(one), "--output", str(one)]) == 2
    assert "to add to it, give only those that it should get" in capsys.readouterr().err
    assert main(["validate", str(output)]) == 0
