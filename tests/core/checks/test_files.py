"""`labelpass validate` on the files that records name: each damaged in one way, in a dataset that agrees."""

import dataclasses
import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image
from pycocotools import mask as coco_mask

from core.base.box import Box
from core.base.dataset_folder import DatasetFolder
from core.base.files import Content
from core.base.temporary_names import temporary_name
from core.checks.checked_frame import CheckedFrame
from core.checks.files.readable_files import check_soft_masks
from core.drawing.image_files import write_image
from core.maps.codecs.floats import write_exr, write_npy
from core.maps.codecs.png_files import read_png16, write_png8, write_png16
from core.maps.codecs.points import PointCloud, PointsPly
from core.maps.codecs.surfaces import SurfaceMap, SurfacesNpz
from core.masks.runs import find_masks
from core.records.frame_record import FrameRecord
from core.records.instance import SoftMask
from core.records.record_files import read_record_file
from core.settings.map_table import DenseMap, MapKind, WrittenMap
from core.settings.settings import ImageFormat, LabelSource
from tests.builders import plain_instance, plain_record, read_record, record_path, write_record
from tests.core.checks.made_up_frame import CAMERA, HEIGHT, WIDTH, frame_of
from tests.core.datasets import annotate_rendered, checked, merged, with_former_soft_masks

# Without what needs geometry, UV or poses, and without Position, which would find much of it by itself.
LEFT_OUT = (MapKind.UV, MapKind.NOCS, MapKind.SURFACES, MapKind.FLOW_STEP, MapKind.OCCLUSION_STEP, MapKind.DISPARITY)
MAPS = tuple(map for map in DenseMap if map.kind not in (*LEFT_OUT, MapKind.POSITION))
FRAME = "frame_0001"
PNG = f"soft_masks/{FRAME}/0002.png"
Spoil = Callable[[Path], None]


def make(folder: Path, frames, facts: dict[str, Any], maps: tuple[DenseMap, ...], **settings: Any) -> Path:
    chosen = {"labels": LabelSource.CRYPTO_OBJECT, "soft_masks": True, "maps": maps} | settings
    output = annotate_rendered(folder, frames, facts, **chosen)
    merged(output)
    return output


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, rendered_of, facts_of) -> Path:
    return make(tmp_path_factory.mktemp("files"), rendered_of("4.5", "multilayer"), facts_of("4.5"), MAPS)


@pytest.fixture
def dataset(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "out"))


def test_a_dataset_that_agrees(dataset: Path) -> None:
    report = checked(dataset)
    assert report.problems == {}
    assert {name: count for name, count in report.checks.items() if "flow" not in name} == {
        "derived values": 2,
        "training images": 2,
        "pictures": 2,
        "maps can be read": 2,
        "masks, boxes and areas": 2,
        "soft masks": 2,
        "instance map": 2,
        "category map": 2,
        "normals": 2,
        "formats of one map": 2,
        "depth and ray depth": 2,
        "point cloud": 2,
        "two-frame maps can be read": 2,
        "two-frame maps are up to date": 2,
        "forward occlusion": 1,
        "backward occlusion": 1,
        "files as they were written": 2,
        "COCO file": 2,
        "dataset.json": 1,
    }
    assert report.lines()[1:] == [
        "Read, but compared with nothing else: Pictures (2)",
        "Everything agrees",
    ]


def cut(path: str) -> Spoil:
    def spoil(output: Path) -> None:
        data = (output / path).read_bytes()
        (output / path).write_bytes(data[: len(data) * 2 // 3])

    return spoil


def replaced(path: str, data: bytes) -> Spoil:
    return lambda output: (output / path).write_bytes(data) and None


def removed(path: str) -> Spoil:
    return lambda output: (output / path).unlink()


def png8(map: DenseMap, change: Callable[[Any], Any]) -> Spoil:
    def spoil(output: Path) -> None:
        path = output / map.path(FRAME)
        write_png8(path, change(np.asarray(Image.open(path))))

    return spoil


def npy(map: DenseMap, change: Callable[[Any], Any]) -> Spoil:
    def spoil(output: Path) -> None:
        path = output / map.path(FRAME)
        np.save(path, change(np.load(path)))

    return spoil


def png16(map: DenseMap, change: Callable[[Any], Any]) -> Spoil:
    def spoil(output: Path) -> None:
        path = output / map.path(FRAME)
        write_png16(path, change(read_png16(path).astype(np.int64)).clip(0, 65535).astype(np.uint16))

    return spoil


def flo(change: Callable[[Any], Any]) -> Spoil:
    def spoil(output: Path) -> None:
        path = output / DenseMap.FLOW_FORWARD_FLO.path(FRAME)
        cv2.writeOpticalFlow(str(path), change(cv2.readOpticalFlow(str(path))).astype(np.float32))

    return spoil


def ply(change: Callable[[Any], Any]) -> Spoil:
    def spoil(output: Path) -> None:
        path = output / DenseMap.POINTS_PLY.path(FRAME)
        PointsPly().write(path, change(PointsPly().read(path, HEIGHT, WIDTH)))

    return spoil


def without_five(points: PointCloud) -> PointCloud:
    return PointCloud(points.places[:-5], points.colours[:-5], points.instances[:-5], points.categories[:-5])


def field(name: str, change: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def changed(points: PointCloud) -> PointCloud:
        return dataclasses.replace(points, **{name: change(getattr(points, name))})

    return changed


def depth_exr(output: Path) -> None:
    depth = np.load(output / DenseMap.DEPTH_NPY.path(FRAME))
    write_exr(output / DenseMap.DEPTH_EXR.path(FRAME), {"Z": depth + np.float32(0.01)})


def _described(data: Any, map: str) -> Any:
    (entry,) = (one for one in data["maps"] if one["name"] == map)
    return entry


def description(change: Callable[[Any], Any]) -> Spoil:
    def spoil(output: Path) -> None:
        data = json.loads((output / "dataset.json").read_text())
        change(data)
        (output / "dataset.json").write_text(json.dumps(data))

    return spoil


SOFT_MASKS = f"soft_masks/{FRAME}.npz"


def change_arrays(output: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Change the soft masks of a frame, by their names."""
    with np.load(output / SOFT_MASKS) as archive:
        arrays = dict(archive)
    change(arrays)
    np.savez_compressed(output / SOFT_MASKS, **arrays)


def soft_mask(change: Callable[[Any], Any]) -> Spoil:
    """Change the soft mask of the largest instance."""

    def spoil(output: Path) -> None:
        record = read_record(output, FRAME)
        one = max(record.instances, key=lambda one: one.mask.area)
        change_arrays(output, lambda arrays: arrays.update({one.soft_mask.array: change(arrays[one.soft_mask.array])}))

    return spoil


def swap_soft_masks(output: Path) -> None:
    change_arrays(output, lambda arrays: arrays.update({"0002": arrays["0003"], "0003": arrays["0002"]}))


def former(spoil: Spoil) -> Spoil:
    """The same where soft masks are images."""

    def spoil_images(output: Path) -> None:
        with_former_soft_masks(output, FRAME)
        spoil(output)

    return spoil_images


def swap_images(output: Path) -> None:
    first, second = (output / f"images/frame_000{number}.png" for number in (1, 2))
    data = first.read_bytes()
    shutil.copy(second, first)
    second.write_bytes(data)


def flip(path: str, place: int) -> Spoil:
    """One bit, counted from the end."""

    def spoil(output: Path) -> None:
        data = bytearray((output / path).read_bytes())
        data[-place] ^= 1
        (output / path).write_bytes(data)

    return spoil


def longer(path: str) -> Spoil:
    """What readers of images do not mind."""
    return lambda output: (output / path).write_bytes((output / path).read_bytes() + b"and more") and None


def copy_over(source: str, target: str) -> Spoil:
    return lambda output: shutil.copy(output / source, output / target) and None


def flip_soft_mask(output: Path) -> None:
    """A bit in the middle of what an array is compressed to."""
    with zipfile.ZipFile(output / SOFT_MASKS) as archive:
        second, third = archive.getinfo("0002.npy"), archive.getinfo("0003.npy")
    flip(SOFT_MASKS, (output / SOFT_MASKS).stat().st_size - (second.header_offset + third.header_offset) // 2)(output)


def to_colours(output: Path) -> None:
    with Image.open(output / PNG) as image:
        coloured = image.convert("RGB")
    coloured.save(output / PNG)


def wider(pixels: Any) -> Any:
    return np.pad(pixels, ((0, 0), (0, 1)))


WRONG: list[tuple[str, Spoil, str]] = [
    ("image cut off", cut(f"images/{FRAME}.png"), f"images/{FRAME}.png cannot be read"),
    ("images swapped", swap_images, "points of the cloud do not have the colours of images/frame_0001.png"),
    ("picture cut off", cut(f"pictures/boxes/{FRAME}.png"), f"pictures/boxes/{FRAME}.png cannot be read"),
    *[
        (f"{map.value} cut off", cut(map.path(FRAME)), f"{map.path(FRAME)} cannot be read")
        for map in MAPS
        if not map.made_of
    ],
    *[
        (f"{map.value} is something else", replaced(map.path(FRAME), b"random bytes" * 99), "cannot be read")
        for map in MAPS
        if not map.made_of
    ],
    ("two-frame map is missing", removed(DenseMap.OCCLUSION_FORWARD_PNG.path(FRAME)), "png is missing; merge again"),
    (
        "two-frame map has other pixels",
        png8(DenseMap.OCCLUSION_FORWARD_PNG, lambda pixels: pixels * 0),
        "pixels with a value, but the merge counted",
    ),
    ("what a merge made is damaged", cut(f"later_maps/{FRAME}.json"), f"later_maps/{FRAME}.json is damaged; merge"),
    (
        "nothing is known of a two-frame map",
        removed(f"later_maps/{FRAME}.json"),
        "is not from the latest merge; merge",
    ),
    (
        "two-frame map of a frame that is gone",
        removed("records/frame_0002.json"),
        "was made from a frame that is not there",
    ),
    ("two-frame map cut off", cut(DenseMap.OCCLUSION_FORWARD_PNG.path(FRAME)), "remove it and merge again"),
    ("depth is farther", npy(DenseMap.DEPTH_NPY, lambda depth: depth + np.float32(1)), "Ray depth does not match"),
    (
        "depth lacks pixels",
        npy(DenseMap.DEPTH_NPY, lambda depth: np.where(depth > np.nanmedian(depth), np.nan, depth)),
        "pixels with a v",
    ),
    (
        "depth has another shape",
        npy(DenseMap.DEPTH_NPY, lambda depth: depth[..., None]),
        "it has the shape (48, 64, 1)",
    ),
    ("ray depth twice", npy(DenseMap.RAY_DEPTH_NPY, lambda depth: depth * 2), "Ray depth does not match depth"),
    ("depth EXR", depth_exr, "Depth EXR does not match Depth NPY in"),
    (
        "depth PNG",
        png16(DenseMap.DEPTH_PNG, lambda steps: steps + 2 * (steps > 0)),
        "Depth PNG does not match Depth NPY in",
    ),
    (
        "ray depth PNG",
        png16(DenseMap.RAY_DEPTH_PNG, lambda steps: steps + 2 * (steps > 0)),
        "Ray Depth PNG does not match",
    ),
    (
        "normals PNG",
        png16(DenseMap.NORMALS_PNG, lambda steps: steps[..., [0, 2, 1]]),
        "Normals PNG does not match Normals NPY",
    ),
    (
        "flow PNG",
        png16(DenseMap.FLOW_FORWARD_PNG, lambda steps: steps + np.array((64, 0, 0))),
        "Forward Flow PNG does not match",
    ),
    ("flo", flo(lambda flow: flow[..., ::-1]), "Forward Flow FLO does not match Forward Flow NPY"),
    ("points moved", ply(field("places", lambda place: place + np.float32((0, 0, 0.1)))), "points of the cloud"),
    ("points missing", ply(without_five), "points, but the record says"),
    (
        "points of others",
        ply(field("instances", lambda one: np.roll(one, 9))),
        "a different instance from their pixels",
    ),
    (
        "points of other kinds",
        ply(field("categories", lambda one: one + 1)),
        "have a different category from their pixels",
    ),
    ("points in other colours", ply(field("colours", lambda one: one[:, ::-1])), "do not have the colours of images/"),
    ("soft masks random", replaced(SOFT_MASKS, b"random bytes" * 9), f"{SOFT_MASKS} cannot be read (it is cut off or"),
    ("soft masks empty", replaced(SOFT_MASKS, b""), f"{SOFT_MASKS} cannot be read (it is cut off or"),
    ("soft masks cut off", cut(SOFT_MASKS), f"{SOFT_MASKS} cannot be read (it is cut off or"),
    ("soft mask flipped", flip_soft_mask, f"{SOFT_MASKS} cannot be read (it is cut off or"),
    ("soft mask missing", lambda output: change_arrays(output, lambda arrays: arrays.pop("0002")), "no array 0002"),
    ("soft masks swapped", swap_soft_masks, f"{SOFT_MASKS} cannot be read (its array 0002 has"),
    ("soft mask too wide", soft_mask(wider), ", but its box has"),
    ("soft mask of wide numbers", soft_mask(lambda pixels: pixels.astype(np.uint16)), "is not one of rows of 8-bit"),
    ("soft mask in pickle", soft_mask(lambda pixels: pixels.astype(object)), "is not one of rows of 8-bit"),
    ("soft mask of 0", soft_mask(lambda pixels: pixels * 0), "are not covered by its soft mask"),
    ("soft mask of 255", soft_mask(lambda pixels: pixels | 255), "cover"),
    ("soft mask in colour", soft_mask(lambda pixels: np.dstack([pixels] * 3)), "is not one of rows of 8-bit"),
    ("former soft mask random", former(replaced(PNG, b"random bytes" * 9)), f"{PNG} cannot be read"),
    ("former soft mask empty", former(replaced(PNG, b"")), f"{PNG} cannot be read"),
    (
        "former soft masks swapped",
        former(copy_over(f"soft_masks/{FRAME}/0003.png", PNG)),
        f"{PNG} cannot be read (it has",
    ),
    ("former soft mask in colour", former(to_colours), "it is not an 8-bit grey PNG"),
]


@pytest.mark.parametrize(("spoil", "says"), [one[1:] for one in WRONG], ids=[one[0] for one in WRONG])
def test_each_damage_is_named(dataset: Path, spoil: Spoil, says: str) -> None:
    spoil(dataset)
    problems = checked(dataset).problems
    assert FRAME in problems
    assert any(says in problem for problem in problems[FRAME]), problems


OTHER_FRAME = "frame_0002"
WAY_OUT = "; put the right one there, or remove it and annotate the frame again"


def test_a_two_frame_map_that_is_another_one(dataset: Path) -> None:
    file, other = DenseMap.OCCLUSION_FORWARD_PNG.path(FRAME), DenseMap.OCCLUSION_BACKWARD_PNG.path(OTHER_FRAME)
    copy_over(other, file)(dataset)
    (problem,) = (one for one in checked(dataset).problems[FRAME] if "is not the file" in one)
    assert problem == (
        f"{file} is not the file that was made (it is {other} of frame {OTHER_FRAME}); put the right one there, or "
        "remove it and merge again"
    )


def test_two_frame_maps_of_a_frame_that_was_annotated_again(dataset: Path) -> None:
    """Of other depth: what was made of it is to be made again."""
    path = record_path(dataset, OTHER_FRAME)
    record = read_record_file(path)
    file = DenseMap.DEPTH_NPY.path(OTHER_FRAME)
    np.save(dataset / file, np.load(dataset / file) * 2)
    write_record(
        dataset, dataclasses.replace(record, contents={**record.contents, file: Content.of_file(dataset / file)})
    )
    says = f"was made from other files than its frame and {OTHER_FRAME} have now; merge again"
    assert f"{DenseMap.OCCLUSION_FORWARD_PNG.path(FRAME)} {says}" in checked(dataset).problems[FRAME]


@pytest.mark.parametrize(
    ("spoil", "file", "says"),
    [
        (
            swap_images,
            f"images/{FRAME}.png",
            f"it is images/{OTHER_FRAME}.png of frame {OTHER_FRAME}",
        ),
        (
            copy_over(f"pictures/depth/{OTHER_FRAME}.png", f"pictures/depth/{FRAME}.png"),
            f"pictures/depth/{FRAME}.png",
            f"it is pictures/depth/{OTHER_FRAME}.png of frame {OTHER_FRAME}",
        ),
        (
            copy_over(f"pictures/boxes/{FRAME}.png", f"pictures/depth/{FRAME}.png"),
            f"pictures/depth/{FRAME}.png",
            f"it is pictures/boxes/{FRAME}.png",
        ),
        (
            flip(DenseMap.DEPTH_EXR.path(FRAME), 9),
            DenseMap.DEPTH_EXR.path(FRAME),
            "it has the right size, but other content than the record says",
        ),
        (
            flip(f"pictures/boxes/{FRAME}.png", 1),  # the checksum of the PNG's last chunk, at which no reader looks
            f"pictures/boxes/{FRAME}.png",
            "it has the right size, but other content than the record says",
        ),
        (longer(f"pictures/boxes/{FRAME}.png"), f"pictures/boxes/{FRAME}.png", "bytes, but the record says"),
        (longer(SOFT_MASKS), SOFT_MASKS, "bytes, but the record says"),
    ],
    ids=["swapped", "of another frame", "of the same frame", "a bit of a map", "a bit", "longer", "soft masks longer"],
)
def test_a_file_that_is_another_one(dataset: Path, spoil: Spoil, file: str, says: str) -> None:
    spoil(dataset)
    (problem,) = (one for one in checked(dataset).problems[FRAME] if "is not the file" in one)
    assert problem.startswith(f"{file} is not the file that was annotated (") and problem.endswith(f"){WAY_OUT}")
    assert says in problem


def test_files_that_changed_places_are_both_named(dataset: Path) -> None:
    swap_images(dataset)
    problems = checked(dataset).problems
    assert any(f"it is images/{FRAME}.png of frame {FRAME})" in one for one in problems[OTHER_FRAME])
    assert any(f"it is images/{OTHER_FRAME}.png of frame {OTHER_FRAME})" in one for one in problems[FRAME])


def test_a_picture_has_nothing_but_its_digest(dataset: Path) -> None:
    """No other check knows what is in it."""
    with Image.open(dataset / f"pictures/boxes/{FRAME}.png") as picture:
        pixels = np.asarray(picture) ^ 1
    write_image(dataset / f"pictures/boxes/{FRAME}.png", pixels, ImageFormat.PNG)
    ((frame, (problem,)),) = checked(dataset).problems.items()
    assert frame == FRAME and problem.startswith(f"pictures/boxes/{FRAME}.png is not the file that was annotated")


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (replaced("dataset.json", b"{"), "dataset.json cannot be read"),
        (replaced("dataset.json", b"[]"), "dataset.json cannot be read"),
        (lambda output: (output / "dataset.json").unlink(), "dataset.json cannot be read"),
        (description(lambda data: data.update(frames=3)), "dataset.json says frames 3, but the records say 2"),
        (description(lambda data: data["maps"].pop(0)), "dataset.json lacks the map depth_png"),
        (
            description(lambda data: _described(data, "occlusion_forward_png").update(frames=2)),
            "says frames 2 of occlusion_forward_png, but the records say 1",
        ),
        (
            description(lambda data: data["maps"][0].update(scale=0.01)),
            "says scale 0.01 of depth_png, but the records say 0.001",
        ),
        (description(lambda data: data.update(metres_per_scene_unit=5)), "says metres_per_scene_unit 5"),
    ],
)
def test_dataset_json(dataset: Path, spoil: Spoil, says: str) -> None:
    spoil(dataset)
    problems = checked(dataset).problems
    assert list(problems) == [""]
    (problem,) = problems[""]
    assert says in problem


def test_what_is_compared_with_nothing_is_named(rendered_of, facts_of, tmp_path: Path) -> None:
    maps = (DenseMap.DEPTH_NPY, DenseMap.FLOW_FORWARD_PNG, DenseMap.INSTANCES_PNG)
    output = make(tmp_path, rendered_of("4.5", "multilayer"), facts_of("4.5"), maps, pictures=False)
    assert checked(output).lines()[1:] == [
        "Read, but compared with nothing else: Depth NPY (2), Forward Flow PNG (2), Training Images (2)",
        "Everything agrees",
    ]


def test_files_that_are_not_finished(dataset: Path) -> None:
    """They are counted, with what becomes of them, and are nothing that is wrong."""
    for folder in ("records", "images"):
        (dataset / folder / temporary_name()).write_bytes(b"")
    report = checked(dataset)
    assert report.problems == {}
    assert report.lines()[2:-1] == [
        "2 unfinished files of runs that were killed, or that still go on; a run removes what is certainly nobody's, "
        "and what is of other machines after a day"
    ]


def test_files_that_no_record_names(dataset: Path) -> None:
    for file in ("images/mine.png", "maps/nocs/a/frame_0001.npy", "maps/nocs/frame_0002.npy", "soft_masks/x/0001.png"):
        (dataset / file).parent.mkdir(parents=True, exist_ok=True)
        (dataset / file).write_bytes(b"")
    report = checked(dataset)
    assert report.problems == {}
    assert report.lines()[2:-1] == [
        "1 file in images that no record names",
        "2 files in maps/nocs that no record names",
        "1 file in soft_masks that no record names",
    ]
    record_path(dataset, "frame_0002").write_bytes(b"damaged, so what it names is not known")
    assert not any("no record names" in line for line in checked(dataset).lines())


def test_a_jpeg_is_not_compared_with_the_points(rendered_of, facts_of, tmp_path: Path) -> None:
    """It has lost something since."""
    output = make(
        tmp_path,
        rendered_of("4.5", "multilayer"),
        facts_of("4.5"),
        (DenseMap.POINTS_PLY,),
        image_format=ImageFormat.JPEG,
    )
    report = checked(output)
    assert report.problems == {}
    assert "Training Images" in report.only_read
    cut(f"images/{FRAME}.jpg")(output)
    assert "cannot be read" in checked(output).problems[FRAME][0]


@pytest.mark.parametrize(
    ("labels", "says"), [((1, 2), []), ((1,), ["covers most of 1 pixels that are not in the mask"])]
)
def test_a_group_may_cover_most_of_a_pixel_of_something_else(tmp_path: Path, labels, says: list[str]) -> None:
    """Two members with 30 % each are weaker than something with 40 %, one object with 60 % is not."""
    image = np.array([[1, 2]], np.uint32)
    pixels = {"A": np.array([[255, 153]], np.uint8), "B": np.array([[102]], np.uint8)}
    instances = []
    for name, mask in zip("AB", find_masks(image), strict=True):
        path = tmp_path / f"{name}.png"
        Image.fromarray(pixels[name]).save(path)
        box = Box(0, 0, 2, 1) if name == "A" else mask.box
        soft_mask = SoftMask(path.name, box)
        carried = labels if name == "A" else (3,)
        instances.append(plain_instance(name, labels=carried, mask=mask, soft_mask=soft_mask))
    record = plain_record(frame=1, width=2, height=1, instances=tuple(instances))
    problems = list(check_soft_masks(CheckedFrame(DatasetFolder(tmp_path), record)))
    assert len(problems) == len(says)
    assert all(text in problem for text, problem in zip(says, problems, strict=True))


# --- NOCS and boxes, by poses ---


def nocs_of(record: FrameRecord, depth: np.ndarray) -> np.ndarray:
    """Pixel by pixel."""
    nocs = np.full((HEIGHT, WIDTH, 3), np.nan, np.float32)
    ((fx, _, cx), (_, fy, cy), _) = CAMERA.k
    owner = np.full((HEIGHT, WIDTH), -1)
    for number, one in enumerate(record.instances):
        mask = coco_mask.decode({"size": [HEIGHT, WIDTH], "counts": one.mask.rle.encode()})
        owner[mask.astype(bool)] = number
    for row, column in np.argwhere(owner >= 0):
        pose = record.instances[owner[row, column]].pose
        z = float(depth[row, column])
        point = np.array(((column + 0.5 - cx) / fx * z, (row + 0.5 - cy) / fy * z, z))
        local = np.array(pose.rotation).T @ (point - pose.translation)
        middle = (np.array(pose.low) + pose.high) / 2
        nocs[row, column] = (local - middle) / np.linalg.norm(np.subtract(pose.high, pose.low)) + 0.5
    return nocs


@pytest.fixture(params=["npy", "png"])
def posed(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A frame with poses, depth, and NOCS in one format."""
    record, depth = frame_of(1)
    write_npy(tmp_path / DenseMap.DEPTH_NPY.path(record.path), depth)
    nocs, has = nocs_of(record, depth), ~np.isnan(depth)
    map = DenseMap.NOCS_NPY if request.param == "npy" else DenseMap.NOCS_PNG
    write_nocs(tmp_path, map, nocs)
    valid = int(np.count_nonzero(has))
    maps = (
        WrittenMap(DenseMap.DEPTH_NPY, DenseMap.DEPTH_NPY.path(record.path), "m", None, valid, 0),
        WrittenMap(map, map.path(record.path), "1", None, valid, 0),
    )
    write_record(tmp_path, dataclasses.replace(record, maps=maps))
    return tmp_path


def write_nocs(output: Path, map: DenseMap, nocs: np.ndarray) -> None:
    path = output / map.path("f_0001")
    if map is DenseMap.NOCS_NPY:
        write_npy(path, nocs)
    else:
        write_png16(path, np.rint(np.nan_to_num(nocs.clip(0, 1)) * 65535).astype(np.uint16))


def only_nocs(output: Path) -> DenseMap:
    (map,) = (one.map for one in read_record(output, "f_0001").maps if one.map.kind is MapKind.NOCS)
    return map


def test_nocs_that_agrees(posed: Path) -> None:
    report = checked(posed)
    assert report.problems == {}
    assert (report.checks["depth and NOCS"], report.checks["depth and 3D boxes"]) == (1, 1)
    assert report.only_read == {}


@pytest.mark.parametrize(
    "change",
    [lambda nocs: nocs * 0 + 0.3, lambda nocs: nocs[..., ::-1], lambda nocs: 1 - nocs, lambda nocs: nocs + 0.001],
    ids=["all 0.3", "axes", "mirrored", "shifted"],
)
def test_nocs_that_does_not(posed: Path, change: Callable[[Any], Any]) -> None:
    write_nocs(posed, only_nocs(posed), change(nocs_of(*frame_of(1))).astype(np.float32))
    (problem,) = checked(posed).problems["f_0001"]
    assert problem.startswith("NOCS does not match depth and poses in")


def test_depth_alone_against_3d_boxes(tmp_path: Path) -> None:
    record, depth = frame_of(1)
    path = tmp_path / DenseMap.DEPTH_NPY.path(record.path)
    write_npy(path, depth)
    valid = int(np.count_nonzero(~np.isnan(depth)))
    maps = (WrittenMap(DenseMap.DEPTH_NPY, DenseMap.DEPTH_NPY.path(record.path), "m", None, valid, 0),)
    write_record(
        tmp_path,
        dataclasses.replace(
            record, maps=maps, instances=tuple(dataclasses.replace(one, keypoints=None) for one in record.instances)
        ),
    )
    assert checked(tmp_path).problems == {}
    write_npy(path, depth + np.float32(2))
    problems = checked(tmp_path).problems["f_0001"]
    assert problems and all(
        " m, but its 3D box reaches from" in problem and problem.startswith("The median depth of")
        for problem in problems
    )


# --- Maps that the rendered frames have not ---


def write_uv(path: Path) -> int:
    values = np.full((HEIGHT, WIDTH, 2), np.nan, np.float32)
    values[:9] = 0.25
    write_npy(path, values)
    return 9 * WIDTH


def write_surfaces(path: Path) -> int:
    number = np.full((HEIGHT, WIDTH), -1, np.int32)
    number[5:8] = 0
    return SurfacesNpz().write(path, SurfaceMap(number, np.eye(4)[None], (("A", "A", "", (), 0),), ("",)))


def nothing(path: Path) -> None:
    write_npy(path, np.load(path) * np.float32(np.nan))


def cut_off(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-60])


def no_surface(path: Path) -> None:
    one = SurfacesNpz().read(path, HEIGHT, WIDTH)
    SurfacesNpz().write(path, dataclasses.replace(one, number=np.full_like(one.number, -1)))


@pytest.mark.parametrize(
    ("map", "make_one", "spoil", "says"),
    [
        (DenseMap.UV_NPY, write_uv, nothing, "has 0 pixels with a value, but the record says 576"),
        (DenseMap.UV_NPY, write_uv, cut_off, "cannot be read"),
        (DenseMap.SURFACES_NPZ, write_surfaces, no_surface, "has 0 pixels with a value, but the record says 192"),
        (DenseMap.SURFACES_NPZ, write_surfaces, cut_off, "cannot be read"),
    ],
)
def test_other_maps(tmp_path: Path, map: DenseMap, make_one, spoil, says: str) -> None:
    record, _ = frame_of(1)
    path = tmp_path / map.path(record.path)
    written = WrittenMap(map, map.path(record.path), map.kind.unit, None, make_one(path), 0)
    write_record(tmp_path, dataclasses.replace(record, maps=(written,)))
    report = checked(tmp_path)
    assert report.problems == {}
    assert report.only_read == {map.label: 1}
    spoil(path)
    (problem,) = checked(tmp_path).problems["f_0001"]
    assert problem.startswith(written.file) and says in problem
