"""`labelpass show`: what is drawn is what the record and the maps say, and no file of anybody is lost."""

import dataclasses
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pycocotools import mask as coco_masks

from core.base.dataset_folder import DatasetFolder
from core.base.errors import InputError, RecordError, UsageError
from core.categories.palette import category_colours
from core.cli.main import main
from core.dataset.frame_pictures import FramePictures
from core.dataset.packing import pack
from core.dataset.show import evenly_taken, find_frame, picture_path, show_frame, show_sheet, write_picture
from core.drawing.flow_wheel import draw_flow, flow_rim
from core.maps.codecs.flow import read_flo
from core.masks.runs import find_masks
from core.records.instance import Amodal
from core.records.record_store import RecordStore, open_records
from core.scene.keypoints import Keypoint, Visibility
from core.settings.category_table import Category
from core.settings.map_table import DenseMap, MapKind
from core.settings.shown_pictures import MAP_KINDS, OF_INSTANCES, SHOWN
from tests.builders import plain_camera, plain_instance, plain_pose, plain_record, read_record, write_record
from tests.core.datasets import annotate_rendered, bytes_in, merged
from tests.core.made_up import write_rich

SMALL = "frame_0001"
# Those that the fixtures can have.
MAPS = (
    DenseMap.DEPTH_PNG,
    DenseMap.RAY_DEPTH_NPY,
    DenseMap.NORMALS_PNG,
    DenseMap.FLOW_FORWARD_FLO,
    DenseMap.FLOW_BACKWARD_PNG,
    DenseMap.OCCLUSION_FORWARD_PNG,
    DenseMap.POSITION_NPY,
    DenseMap.POINTS_PLY,
    DenseMap.INSTANCES_PNG,
    DenseMap.CATEGORIES_PNG,
)


@pytest.fixture(scope="module")
def made(rendered_of: Any, facts_of: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("show")
    output = annotate_rendered(folder, rendered_of("4.5", "multilayer"), facts_of("4.5"), maps=MAPS, pictures=False)
    assert merged(output) == []
    return output


@pytest.fixture
def dataset(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made, tmp_path / "dataset")
    return tmp_path / "dataset"


def records_of(dataset: Path) -> RecordStore:
    return open_records(DatasetFolder(dataset))


def pictures_of(dataset: Path, frame: str = SMALL, size: int = 192) -> FramePictures:
    return FramePictures(DatasetFolder(dataset), read_record(dataset, frame), size)


def pixels_of(pictures: FramePictures, name: str) -> Any:
    tile = pictures.tile(name)
    assert tile is not None
    return tile.pixels


def enlarged(values: Any, times: int = 3) -> Any:
    return values.repeat(times, axis=0).repeat(times, axis=1)


def test_what_there_is_is_drawn(dataset: Path) -> None:
    pictures = pictures_of(dataset)
    kinds = {map.kind.value for map in MAPS} - {MapKind.POINTS.value}
    assert pictures.there == [name for name in SHOWN if name in {"image", "boxes", "masks", *kinds}]
    for name in pictures.there:
        height, width, channels = pixels_of(pictures, name).shape
        assert (height, channels) == (160 if width > 192 and name != "depth" else height, 3)
        assert height >= 144 and width >= 192
    assert pictures.problems == []


def test_small_frames_are_enlarged_by_whole_numbers(dataset: Path) -> None:
    image = np.asarray(Image.open(dataset / "images/frame_0001.png").convert("RGB"))
    for size, times in ((64, 1), (127, 1), (128, 2), (200, 3)):
        assert np.array_equal(pixels_of(pictures_of(dataset, size=size), "image"), enlarged(image, times))
    assert pixels_of(pictures_of(dataset, size=16), "image").shape == (12, 16, 3)


def test_masks_lie_on_their_pixels(dataset: Path) -> None:
    """As pycocotools decodes them."""
    record = read_record(dataset, SMALL)
    image = enlarged(np.asarray(Image.open(dataset / record.image).convert("RGB"))).astype(int)
    picture = pixels_of(pictures_of(dataset), "masks")[:144, :192].astype(int)
    colours = category_colours([category.name for category in record.categories])
    size = [record.height, record.width]
    inside = np.zeros((144, 192), bool)
    for one in record.instances:
        mask = enlarged(coco_masks.decode({"size": size, "counts": one.mask.rle.encode()}).astype(bool))
        colour = np.array(colours[one.category])
        tinted = (np.abs(picture - (image + colour) // 2).max(axis=-1) == 0) | (picture == colour).all(axis=-1)
        assert tinted[mask].all()
        inside |= mask
    assert (picture[~inside] == image[~inside]).all()


def test_boxes_lie_around_their_pixels(dataset: Path) -> None:
    record = read_record(dataset, SMALL)
    picture = pixels_of(pictures_of(dataset, size=640), "boxes")
    colours = category_colours([category.name for category in record.categories])
    smallest = min(record.instances, key=lambda one: one.mask.area)
    box = smallest.mask.box
    assert (picture[box.y1 * 10 - 1, box.x0 * 10 : box.x1 * 10] == colours[smallest.category]).all()
    assert (picture[box.y0 * 10 + 2 : box.y1 * 10, box.x1 * 10 - 1] == colours[smallest.category]).all()


def test_maps_are_in_their_colours(dataset: Path) -> None:
    pictures = pictures_of(dataset)
    flow = read_flo(dataset / DenseMap.FLOW_FORWARD_FLO.path(SMALL))
    valid = (np.abs(flow) < 1e9).all(axis=-1)
    expected = draw_flow(flow, valid, flow_rim(flow, valid))
    assert np.array_equal(pixels_of(pictures, "flow_forward")[:144, :192], enlarged(expected))

    hidden = enlarged(np.asarray(Image.open(dataset / DenseMap.OCCLUSION_FORWARD_PNG.path(SMALL))))
    picture = pixels_of(pictures, "occlusion_forward")[:144, :192]
    assert (picture[hidden == 255] == 0).all() and (picture[hidden == 0] == 255).all()

    numbers = enlarged(np.asarray(Image.open(dataset / DenseMap.INSTANCES_PNG.path(SMALL))))
    picture = pixels_of(pictures, "instances").astype(int)
    codes = picture @ (1, 256, 65536)
    for number in np.unique(numbers):
        assert len(np.unique(codes[numbers == number])) == 1
    assert len(np.unique(codes)) == len(np.unique(numbers))

    # What faces the camera most is blue most.
    normals = enlarged(np.asarray(Image.open(dataset / DenseMap.NORMALS_PNG.path(SMALL)).convert("RGB")))
    assert normals.shape == (144, 192, 3)
    assert (pixels_of(pictures, "normals")[:144, :192][..., 2] >= 100).mean() > 0.5


def test_poses_keypoints_and_amodal_masks(tmp_path: Path) -> None:
    labels = np.zeros((48, 64), np.uint32)
    labels[10:20, 4:14] = 1
    (whole,) = find_masks(labels)
    (seen,) = find_masks(labels * (np.arange(64) < 9))
    amodal = Amodal(whole.rle, whole.box, 100, 100, 50)
    point = Keypoint(32.5, 24.5, Visibility.VISIBLE, 1.0)
    one = plain_instance("a", "person", mask=seen, pose=plain_pose(8.0), keypoints=(point,), amodal=amodal)
    category = Category("person", keypoints=("nose",))
    record = plain_record(categories=(category,), instances=(one,), camera=plain_camera(), unit_scale=1.0)
    pictures = FramePictures(DatasetFolder(tmp_path), record, 640)
    assert pictures.there == ["boxes", "masks", "keypoints", "boxes3d", "amodal"]
    person = category_colours(["person"])["person"]
    assert tuple(pixels_of(pictures, "keypoints")[245, 325]) == person
    tinted = pixels_of(pictures, "amodal")[115:185, 95:125]
    assert (tinted == (np.array(person) + 64) // 2).all()  # hidden, over grey
    assert (pixels_of(pictures, "amodal")[115:185, 55:85] == 64).all()  # seen
    # The cube of two units from 7 to 9 units away: its near face is 100 / 7 pixels to each side of the middle.
    picture = (pixels_of(pictures, "boxes3d") == person).all(axis=-1)
    rows, columns = np.nonzero(picture)
    assert abs(columns.min() - 10 * (32 - 100 / 7)) <= 2 and abs(columns.max() - 10 * (32 + 100 / 7)) <= 2
    assert abs(rows.min() - 10 * (24 - 100 / 7)) <= 2 and abs(rows.max() - 10 * (24 + 100 / 7)) <= 2


@pytest.mark.parametrize(
    "spoil",
    [
        lambda dataset: (dataset / "images/frame_0001.png").unlink(),
        lambda dataset: (dataset / "images/frame_0001.png").write_bytes(b"no image"),
        lambda dataset: Image.new("RGB", (10, 10)).save(dataset / "images/frame_0001.png"),
        lambda dataset: (dataset / DenseMap.NORMALS_PNG.path(SMALL)).write_bytes(b"no map"),
        lambda dataset: (dataset / "later_maps/frame_0001.json").write_bytes(b"no record"),
    ],
    ids=["no image", "damaged image", "other size", "damaged map", "damaged merge record"],
)
def test_the_rest_of_a_damaged_frame_is_drawn(spoil: Callable[[Path], None], dataset: Path) -> None:
    spoil(dataset)
    shown = show_frame(records_of(dataset), SMALL, [], 64)
    assert len(shown.problems) == 1
    assert shown.pixels.size > 0


def test_a_mask_that_is_damaged(dataset: Path) -> None:
    record = read_record(dataset, SMALL)
    first, *others = record.instances
    first = dataclasses.replace(first, mask=dataclasses.replace(first.mask, rle="zz"))
    write_record(dataset, dataclasses.replace(record, instances=(first, *others)))
    assert [
        "The masks in the record of frame_0001 are damaged" in one
        for one in show_frame(records_of(dataset), SMALL, [], 64).problems
    ] == [True]


def test_an_amodal_mask_that_is_damaged(tmp_path: Path) -> None:
    (record, *_) = write_rich(tmp_path, 2)
    first, *others = record.instances
    assert first.amodal is not None
    first = dataclasses.replace(first, amodal=dataclasses.replace(first.amodal, rle="-Infinity"))
    write_record(tmp_path, dataclasses.replace(record, instances=(first, *others)))
    shown = show_frame(records_of(tmp_path), record.path, [], 64)
    assert shown.problems == [
        f"The masks in the record of {record.path} are damaged (no run lengths); annotate the frame again"
    ]


def test_what_a_frame_does_not_have(dataset: Path) -> None:
    with pytest.raises(InputError, match="The frame frame_0001 has no disparity; it has image, boxes, masks, depth"):
        show_frame(records_of(dataset), SMALL, ["depth", "disparity"], 64)


# --- Which frame ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["a/b/shot_0007", "7", "007", "images/a/b/shot_0007.png", "records/a/b/shot_0007.json"]
)
def test_a_frame_is_found(text: str, tmp_path: Path) -> None:
    for frame in (7, 17):
        write_record(tmp_path, plain_record(sequence="a/b", frame=frame))
    assert find_frame(records_of(tmp_path), text) == "a/b/shot_0007"


def test_frames_that_cannot_be_meant(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no frame records"):
        find_frame(records_of(tmp_path), "7")
    for sequence in ("a", "b"):
        for frame in range(1, 4):
            write_record(tmp_path, plain_record(sequence=sequence, frame=frame))
    with pytest.raises(UsageError, match="Several frames have the number 2; give one of a/shot_0002, b/shot_0002"):
        find_frame(records_of(tmp_path), "2")
    with pytest.raises(InputError, match="has no frame '9'; it has a/shot_0001-0003; b/shot_0001-0003"):
        find_frame(records_of(tmp_path), "9")


@pytest.mark.parametrize(("count", "total"), [(1, 1), (1, 9), (24, 7), (3, 9), (24, 1000)])
def test_frames_are_evenly_taken(count: int, total: int) -> None:
    places = evenly_taken(count, total)
    assert len(places) == len(set(places)) == min(count, total)
    assert places == sorted(places) and places[0] == 0
    if len(places) > 1:
        assert places[-1] == total - 1
        assert np.ptp(np.diff(places)) <= 1


def test_a_sheet(dataset: Path) -> None:
    counted: list[tuple[int, int]] = []
    one = show_sheet(records_of(dataset), 1, [], 128, lambda done, total: counted.append((done, total)))
    both = show_sheet(records_of(dataset), 24, ["image", "depth"], 128)
    assert counted == [(0, 1)]
    assert both.pixels.size > 2 * one.pixels.size
    assert both.problems == []
    for count in (0, 201, -1):
        with pytest.raises(UsageError, match="take 1 to 200"):
            show_sheet(records_of(dataset), count, [], 128)
    with pytest.raises(RecordError, match="holds no frame records"):
        show_sheet(records_of(dataset / "images"), 3, [], 128)


# --- Packed records ---------------------------------------------------------------------------------------------------


@pytest.fixture
def packed(dataset: Path, tmp_path: Path) -> Path:
    """The same dataset with its records in a pack, and none in a file of its own."""
    output = Path(shutil.copytree(dataset, tmp_path / "packed"))
    assert pack(output).records == 2
    assert [path.name for path in (output / "records").rglob("*.json")] == []
    return output


@pytest.mark.parametrize("text", [SMALL, "1", "0001", f"images/{SMALL}.png", f"records/{SMALL}.json"])
def test_a_frame_of_a_pack_is_found_and_drawn_alike(text: str, dataset: Path, packed: Path) -> None:
    records = records_of(packed)
    assert find_frame(records, text) == SMALL
    ours, theirs = (show_frame(records_of(one), SMALL, [], 192) for one in (packed, dataset))
    assert np.array_equal(ours.pixels, theirs.pixels)
    assert ours.problems == theirs.problems == []


def test_a_sheet_of_packed_frames(dataset: Path, packed: Path, tmp_path: Path, capsys: Any) -> None:
    pictures = []
    for output in (dataset, packed):
        # Under one name, since the heading says the folder.
        output.rename(tmp_path / "shown")
        pictures.append(show_sheet(records_of(tmp_path / "shown"), 2, ["boxes", "depth"], 128).pixels)
        (tmp_path / "shown").rename(output)
    assert np.array_equal(*pictures)
    assert main(["show", str(packed), "--sheet", "2", "--output", str(tmp_path / "sheet.png")]) == 0


def test_a_frame_that_was_annotated_after_packing(packed: Path) -> None:
    """Its record is in a file, and counts instead of the packed one."""
    records = records_of(packed)
    before = show_frame(records, SMALL, ["boxes"], 192).pixels
    record = records.read(SMALL)
    write_record(packed, dataclasses.replace(record, instances=record.instances[:1]))
    fewer = show_frame(records, SMALL, ["boxes"], 192).pixels
    assert not np.array_equal(fewer, before)
    assert np.array_equal(show_frame(records_of(packed), SMALL, ["boxes"], 192).pixels, fewer)


@pytest.mark.parametrize("arguments", [[SMALL], ["1"], ["7"], [f"images/{SMALL}.png"], ["--sheet", "2"]], ids=str)
def test_a_pack_that_is_damaged(packed: Path, tmp_path: Path, arguments: list[str], capsys: Any) -> None:
    (path,) = (packed / "records").rglob("*.pack")
    path.write_bytes(path.read_bytes()[9:])
    assert main(["show", str(packed), *arguments, "--output", str(tmp_path / "a.png")]) == 1
    assert capsys.readouterr().err == f"labelpass: {path} is damaged; remove it, and annotate its frames again\n"


# --- Where it goes ----------------------------------------------------------------------------------------------------


def test_places_of_pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = DatasetFolder(tmp_path / "dataset")
    dataset.path.mkdir()
    monkeypatch.chdir(tmp_path)
    assert picture_path(dataset, None, "a/b/shot_0001", False) == Path("a_b_shot_0001-show.png")
    (tmp_path / "there.png").write_bytes(b"theirs")
    with pytest.raises(UsageError, match="is there already; give another --output, or --overwrite"):
        picture_path(dataset, Path("there.png"), "x", False)
    assert picture_path(dataset, Path("there.png"), "x", True) == Path("there.png")
    with pytest.raises(UsageError, match=r"is no name of a picture; end it with \.png, \.jpg"):
        picture_path(dataset, Path("x.exr"), "x", False)
    with pytest.raises(UsageError, match="would lie in the dataset"):
        picture_path(dataset, dataset.path / "images/x.png", "x", True)
    monkeypatch.chdir(dataset.path)
    with pytest.raises(UsageError, match="would lie in the dataset"):
        picture_path(DatasetFolder(Path()), None, "x", False)


@pytest.mark.parametrize("name", ["x.png", "x.JPG", "x.jpeg"])
def test_formats(name: str, tmp_path: Path) -> None:
    write_picture(tmp_path / name, np.full((20, 30, 3), 80, np.uint8))
    with Image.open(tmp_path / name) as image:
        assert (image.format, image.size) == ("PNG" if name == "x.png" else "JPEG", (30, 20))


def test_command(dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.chdir(tmp_path)
    before = bytes_in(dataset)
    assert main(["show", "dataset", "1", "--size", "64"]) == 0
    with Image.open("frame_0001-show.png") as image:
        assert capsys.readouterr().out == f"frame_0001-show.png: {image.width} x {image.height}\n"
    assert main(["show", "dataset", "1"]) == 2
    assert main(["show", "dataset", "1", "--overwrite", "--pictures", "boxes,depth"]) == 0
    assert main(["show", "dataset", "--sheet", "2", "--output", "sheet.jpg"]) == 0
    capsys.readouterr()
    for wrong, says in (
        (["show", "dataset"], "Give either a frame to show or --sheet N"),
        (["show", "dataset", "1", "--sheet", "2"], "Give either a frame to show or --sheet N"),
        (["show", "dataset", "1", "--size", "3", "--output", "y.png"], "The size cannot be 3 pixels; take 16 to 16384"),
    ):
        assert main(wrong) == 2
        assert says in capsys.readouterr().err
    assert main(["show", "dataset", "9"]) == 1
    (dataset / "images/frame_0001.png").write_bytes(b"")
    assert main(["show", "dataset", "1", "--output", "z.png"]) == 1
    assert "images/frame_0001.png cannot be read" in capsys.readouterr().err
    assert {path.name for path in tmp_path.iterdir()} == {"dataset", "frame_0001-show.png", "sheet.jpg", "z.png"}
    assert {**bytes_in(dataset), "images/frame_0001.png": b""} == {**before, "images/frame_0001.png": b""}


def test_every_kind_of_map_has_a_name() -> None:
    assert set(MAP_KINDS) == {kind.value for kind in MapKind} - {"points"}
    assert not set(MAP_KINDS) & set(OF_INSTANCES)
