"""Which files make a frame: whatever a render or a File Output node writes is grouped, and a clash is an error."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.base.errors import InputError, UsageError
from core.frames.frame_files import FrameFiles, find_frames, frame_number, frames_with_numbers, parse_frame_ranges
from core.settings.render_pass import Pass, PassFile

Found = dict[str, dict[str, Pass | None]]


def make(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    return folder


def found(frames: Sequence[FrameFiles], folder: Path) -> Found:
    """Frame path -> its files below a folder and what each of them holds."""
    return {
        frame.path: {file.path.relative_to(folder).as_posix(): file.holds for file in frame.files} for frame in frames
    }


C, D, I, N, V = Pass.COMBINED, Pass.DEPTH, Pass.OBJECT_INDEX, Pass.NORMAL, Pass.VECTOR  # noqa: E741


# --- What Blender writes ----------------------------------------------------------------------------------------------


def test_file_output_with_a_folder_a_pass(data: Path, version: str) -> None:
    folder = data / version / "fileoutput"

    frames = find_frames([folder])

    assert found(frames, folder) == {
        f"000{n}": {f"Depth/Depth000{n}.exr": D, f"Image/Image000{n}.exr": C, f"Index/Index000{n}.exr": I}
        for n in (1, 2)
    }
    assert [(frame.sequence, frame.frame, frame.name) for frame in frames] == [("", 1, "0001"), ("", 2, "0002")]


def test_file_output_with_the_names_that_blender_chooses(data: Path, version: str) -> None:
    folder = data / version / "fileoutput_flat"
    before, index = ("file_name", "Object Index") if version == "5.0" else ("", "IndexOB")

    frames = find_frames([folder])

    names = {"Depth": D, "Image": C, "Normal": N, index: I, "Vector": V}
    assert found(frames, folder) == {
        f"{before}0001": {f"{before}{name}0001.exr": pass_ for name, pass_ in names.items()}
    }


def test_all_renders_of_a_version(data: Path, version: str) -> None:
    """Every file of tests/data is in exactly one frame, and each frame is what it was rendered as."""
    folder = data / version

    frames = find_frames([folder])

    paths = [file.path for frame in frames for file in frame.files]
    assert sorted(paths) == sorted(folder.rglob("*.exr"))
    names = {frame.path for frame in frames}
    assert names == {
        *(["interleaved_0001"] if version == "5.0" else []),
        "border_0001",
        "border_crop_0001",
        "crypto_only_0001",
        "fileoutput/0001",
        "fileoutput/0002",
        f"fileoutput_flat/{'file_name' if version == '5.0' else ''}0001",
        "fileoutput_multi/multi_0001",
        "halfdepth_0001",
        "multilayer_0001",
        "multilayer_0002",
        "noindex_0001",
        "stereo_0001",
        "stereo_individual_0001_L",
        "stereo_individual_0001_R",
        "transparent_0001",
        "viewlayers_0001",
    }
    assert [frame.path for frame in frames if frame.frame != 1] == ["multilayer_0002", "fileoutput/0002"]


def test_stereo_with_a_file_a_view(tmp_path: Path) -> None:
    """Each view is an image of its own, of the same frame."""
    make(tmp_path, "shot_0001_L.exr", "shot_0001_R.exr", "shot_0002_L.exr", "shot_0002_R.exr")

    frames = find_frames([tmp_path])

    assert [(frame.frame, frame.name) for frame in frames] == [
        (1, "shot_0001_L"),
        (1, "shot_0001_R"),
        (2, "shot_0002_L"),
        (2, "shot_0002_R"),
    ]


def test_stereo_with_a_file_a_view_and_pass(tmp_path: Path) -> None:
    make(tmp_path, "Depth/Depth0001_L.exr", "Depth/Depth0001_R.exr", "Index/Index0001_L.exr", "Index/Index0001_R.exr")

    assert found(find_frames([tmp_path]), tmp_path) == {
        f"0001_{view}": {f"Depth/Depth0001_{view}.exr": D, f"Index/Index0001_{view}.exr": I} for view in "LR"
    }


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        # A folder a pass, whatever the files in it are called.
        (["Depth/Image0001.exr", "Index/Image0001.exr"], {"0001": [D, I]}),
        (["Depth/0001.exr", "Index/0001.exr"], {"0001": [D, I]}),
        (["depth/shot_0001.exr", "object_index/shot_0001.exr"], {"shot_0001": [D, I]}),
        (["Depth/Depth0001.exr", "Image/Image0001.exr"], {"0001": [D, C]}),
        (["Z/a0001.exr", "IndexOB/a0001.exr"], {"a0001": [I, D]}),
        # A prefix a pass.
        (["Depth0001.exr", "IndexOB0001.exr"], {"0001": [D, I]}),
        (["shot_Depth_0001.exr", "shot_IndexOB_0001.exr", "shot_Image_0001.exr"], {"shot0001": [D, C, I]}),
        (["file_nameDepth0001.exr", "file_nameObject Index0001.exr"], {"file_name0001": [D, I]}),
        (["a.Depth.0001.exr", "a.Object Index.0001.exr"], {"a0001": [D, I]}),
        (["shot-depth-0001.exr", "shot-index-0001.exr"], {"shot0001": [D, I]}),
        # Both.
        (["x/Depth/shot_Depth0001.exr", "x/Index/shot_Index0001.exr"], {"x/shot0001": [D, I]}),
        # Neither: each file is a frame.
        (["a_0001.exr", "b_0001.exr"], {"a_0001": [None], "b_0001": [None]}),
        (["a.exr", "b.exr"], {"a": [None], "b": [None]}),
        # A multilayer file next to the passes of a File Output node.
        (["render0001.exr", "Depth/Depth0001.exr"], {"Depth0001": [D], "render0001": [None]}),
    ],
)
def test_grouping(tmp_path: Path, names: list[str], expected: dict[str, list[Pass | None]]) -> None:
    make(tmp_path, *names)

    frames = find_frames([tmp_path])

    assert {frame.path: [file.holds for file in frame.files] for frame in frames} == expected


def test_still_of_a_file_output_node(tmp_path: Path) -> None:
    """Blender 5 leaves the frame number out of the names when it renders a still (tests/data/README.md)."""
    make(tmp_path, "file_nameDepth.exr", "file_nameImage.exr", "file_nameObject Index.exr")

    frames = find_frames([tmp_path])

    assert found(frames, tmp_path) == {
        "file_name": {"file_nameDepth.exr": D, "file_nameImage.exr": C, "file_nameObject Index.exr": I}
    }
    assert frames[0].frame == 0


def test_still_with_a_folder_a_pass(tmp_path: Path) -> None:
    make(tmp_path, "Depth/Depth.exr", "Index/Index.exr")

    (frame,) = find_frames([tmp_path])

    assert [file.holds for file in frame.files] == [D, I]
    assert frame.name
    assert frame.sequence == ""


def test_a_lone_file_keeps_its_name(tmp_path: Path) -> None:
    """A frame of one file is called as the file, so that you need not search for the image of Depth0001.exr."""
    make(tmp_path, "shot_Depth_0001.exr", "x/Index0001.exr")

    assert found(find_frames([tmp_path]), tmp_path) == {
        "shot_Depth_0001": {"shot_Depth_0001.exr": D},
        "x/Index0001": {"x/Index0001.exr": I},
    }


@pytest.mark.parametrize("name", ["jazz0001.exr", "quartz_0001.exr", "topaz.0001.exr"])
def test_word_that_ends_like_a_pass(tmp_path: Path, name: str) -> None:
    """A word that happens to end in "z" says nothing about what the file holds, unlike "shot_z" and "shotZ".

    Otherwise the colours of a plain "jazz0001.exr" are taken for depth, and it is one frame with "jaz0001.exr".
    """
    make(tmp_path, name)

    assert found(find_frames([tmp_path]), tmp_path) == {Path(name).stem: {name: None}}


def test_words_that_differ_by_the_letter_of_a_pass_are_two_frames(tmp_path: Path) -> None:
    make(tmp_path, "jaz0001.exr", "jazz0001.exr")

    assert [frame.path for frame in find_frames([tmp_path])] == ["jaz0001", "jazz0001"]


# --- Names of one's own -----------------------------------------------------------------------------------------------


def test_own_names_of_folders_and_prefixes(tmp_path: Path) -> None:
    make(tmp_path, "Masks/m0001.exr", "Depth/m0001.exr", "flat/segm_0001.exr", "flat/Depth_0001.exr")

    frames = find_frames([tmp_path], {"masks": I, "segm": I})

    assert found(frames, tmp_path) == {
        "m0001": {"Depth/m0001.exr": D, "Masks/m0001.exr": I},
        "flat/0001": {"flat/Depth_0001.exr": D, "flat/segm_0001.exr": I},
    }


def test_own_names_take_precedence(tmp_path: Path) -> None:
    make(tmp_path, "Depth0001.exr", "Normal0001.exr")

    (frame,) = find_frames([tmp_path], {"Depth": I, "NORMAL": D})

    assert [file.holds for file in frame.files] == [I, D]


# --- Sequences --------------------------------------------------------------------------------------------------------


def test_folders_are_sequences(tmp_path: Path) -> None:
    make(tmp_path, "0001.exr", "a/0001.exr", "a/b/0002.exr", "a/b/0010.exr", "c d/0001.exr")

    frames = find_frames([tmp_path])

    assert [(frame.sequence, frame.frame, frame.path) for frame in frames] == [
        ("", 1, "0001"),
        ("a", 1, "a/0001"),
        ("a/b", 2, "a/b/0002"),
        ("a/b", 10, "a/b/0010"),
        ("c d", 1, "c d/0001"),
    ]


def test_frames_are_sorted_by_number_not_by_name(tmp_path: Path) -> None:
    make(tmp_path, "f10.exr", "f9.exr", "f1.exr", "e2.exr")

    assert [frame.name for frame in find_frames([tmp_path])] == ["f1", "e2", "f9", "f10"]


def test_files_by_name_have_no_sequence(tmp_path: Path) -> None:
    make(tmp_path, "a/0001.exr", "b/0002.exr")

    frames = find_frames([tmp_path / "b" / "0002.exr", tmp_path / "a" / "0001.exr"])

    assert [(frame.sequence, frame.path) for frame in frames] == [("", "0001"), ("", "0002")]


def test_folder_of_a_pass_given_by_itself(tmp_path: Path) -> None:
    make(tmp_path, "Depth/a0001.exr", "Index/a0001.exr")

    together = find_frames([tmp_path / "Depth", tmp_path / "Index"])
    alone = find_frames([tmp_path / "Depth"])

    assert found(together, tmp_path) == {"a0001": {"Depth/a0001.exr": D, "Index/a0001.exr": I}}
    assert found(alone, tmp_path) == {"a0001": {"Depth/a0001.exr": D}}


def test_name_of_the_sequence(tmp_path: Path) -> None:
    make(tmp_path, "a/0001.exr", "0002.exr")

    assert [frame.path for frame in find_frames([tmp_path], sequence="night")] == ["night/0001", "night/0002"]
    assert [frame.path for frame in find_frames([tmp_path], sequence="")] == ["0001", "0002"]


@pytest.mark.parametrize("sequence", ["..", "../elsewhere", "/elsewhere", "a/../../b"])
def test_name_of_the_sequence_stays_in_the_output_folder(tmp_path: Path, sequence: str) -> None:
    """Records and images are written below the output folder, and into no place that a name leads to."""
    make(tmp_path, "0001.exr")

    with pytest.raises(UsageError):
        find_frames([tmp_path], sequence=sequence)


# --- Clashes ----------------------------------------------------------------------------------------------------------


def test_two_files_for_the_same_pass(tmp_path: Path) -> None:
    make(tmp_path, "a/Depth0001.exr", "b/Depth0001.exr", "a/Index0001.exr")

    with pytest.raises(UsageError) as error:
        find_frames([tmp_path / "a", tmp_path / "b"])

    assert str(error.value) == (
        f"{tmp_path / 'a' / 'Depth0001.exr'} and {tmp_path / 'b' / 'Depth0001.exr'} would both be frame '0001'; "
        "give the folder that holds both of their folders, or annotate them one after the other with --sequence and a "
        "name for each"
    )


def test_two_folders_with_the_same_names(tmp_path: Path) -> None:
    make(tmp_path, "a/0001.exr", "b/0001.exr")

    with pytest.raises(UsageError, match="would both be frame '0001'; give the folder that holds both"):
        find_frames([tmp_path / "a", tmp_path / "b"])
    with pytest.raises(UsageError, match="would both be frame 'x/0001'; annotate them one after the other"):
        find_frames([tmp_path], sequence="x")
    assert [frame.path for frame in find_frames([tmp_path])] == ["a/0001", "b/0001"]


def test_suffix_in_capitals_is_another_file(tmp_path: Path) -> None:
    """Both would write the record of the same name."""
    make(tmp_path, "a0001.exr", "a0001.EXR")

    with pytest.raises(UsageError, match="would both be frame 'a0001'"):
        find_frames([tmp_path])


def test_same_file_twice_is_one(tmp_path: Path) -> None:
    make(tmp_path, "a/0001.exr")

    frames = find_frames([tmp_path, tmp_path / "a", tmp_path / "a" / "0001.exr", tmp_path / "a" / "." / "0001.exr"])

    assert found(frames, tmp_path) == {"a/0001": {"a/0001.exr": None}}


# --- What is not a frame ----------------------------------------------------------------------------------------------


def test_other_files_and_hidden_ones(tmp_path: Path) -> None:
    """ ".0001.exr" is what some programs call a file that they are still writing, "._0001.exr" is from macOS."""
    make(tmp_path, "0001.exr", "0002.EXR", ".0003.exr", "._0001.exr", "0004.png", "0005.exr.tmp", "exr", "x/notes.txt")

    assert [frame.name for frame in find_frames([tmp_path])] == ["0001", "0002"]


def test_hidden_folders(tmp_path: Path) -> None:
    """Such as .Trash-1000 and .snapshot: these are not meant by the folder around them."""
    make(tmp_path, "0001.exr", ".Trash-1000/files/0001.exr", "a/.snapshot/0001.exr")

    assert [frame.path for frame in find_frames([tmp_path])] == ["0001"]


def test_frames_below_a_hidden_folder(tmp_path: Path) -> None:
    make(tmp_path, ".cache/render/0001.exr")

    assert [frame.path for frame in find_frames([tmp_path / ".cache" / "render"])] == ["0001"]


def test_hidden_file_by_its_name(tmp_path: Path) -> None:
    make(tmp_path, ".0003.exr")

    assert [frame.path for frame in find_frames([tmp_path / ".0003.exr"])] == [".0003"]


def test_folder_with_the_name_of_a_file(tmp_path: Path) -> None:
    make(tmp_path, "shot.exr/0001.exr")

    assert [frame.path for frame in find_frames([tmp_path])] == ["shot.exr/0001"]


@pytest.mark.parametrize(
    ("name", "message"),
    [("missing", r"missing does not exist; check the path"), ("empty", r"empty holds no EXR file; render with")],
)
def test_nothing_there(tmp_path: Path, name: str, message: str) -> None:
    make(tmp_path, "empty/x.png", "good/0001.exr")

    with pytest.raises(InputError, match=message):
        find_frames([tmp_path / "good", tmp_path / name])


# --- Numbers ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("0001", 1),
        ("shot_0012", 12),
        ("shot_v2_0012", 12),
        ("shot_0012_L", 12),
        ("shot0012_right", 12),
        ("12_shot", 12),
        ("shot", 0),
        ("", 0),
        ("1000000", 1_000_000),
        ("a1b2", 2),
        ("a1b2c", 0),
    ],
)
def test_frame_number(name: str, number: int) -> None:
    assert frame_number(name) == number


@given(st.text(max_size=10), st.integers(0, 10**9))
def test_number_at_the_end_is_the_frame(prefix: str, number: int) -> None:
    assert frame_number(f"{prefix}_{number:04}") == number


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5", [5]),
        ("1-3", [1, 2, 3]),
        ("1-3,20", [1, 2, 3, 20]),
        ("1-10,20", [*range(1, 11), 20]),
        ("20,1-3", [20, 1, 2, 3]),
        ("-5--1", [-5, -4, -3, -2, -1]),
        ("-2-2", [-2, -1, 0, 1, 2]),
        ("-3", [-3]),
        ("7-7", [7]),
        ("0001-0003", [1, 2, 3]),
        (" 1-2 , 4 ", [1, 2, 4]),
        ("1,1-2", [1, 1, 2]),
    ],
)
def test_frame_ranges(text: str, expected: list[int]) -> None:
    assert [number for numbers in parse_frame_ranges(text) for number in numbers] == expected


@given(st.lists(st.tuples(st.integers(-(10**6), 10**6), st.integers(0, 50)), min_size=1, max_size=5))
def test_ranges_as_they_are_written(pairs: list[tuple[int, int]]) -> None:
    ranges = [range(first, first + more + 1) for first, more in pairs]
    text = ",".join(f"{numbers[0]}-{numbers[-1]}" if len(numbers) > 1 else str(numbers[0]) for numbers in ranges)

    assert parse_frame_ranges(text) == ranges


@pytest.mark.parametrize(
    "text",
    ["", " ", ",", "1,", ",1", "1,,2", "a", "1-", "-", "--1", "1--", "1-2-3", "1..3", "1:3", "1.5", "1 2", "1-a", "#"],
)
def test_what_is_no_range(text: str) -> None:
    with pytest.raises(UsageError, match="is not a frame or a range of frames; write for example 1-10,20"):
        parse_frame_ranges(text)


@pytest.mark.parametrize(("text", "right"), [("3-1", "1-3"), ("1-2,9-5", "5-9"), ("-1--5", "-5--1"), ("1--1", "-1-1")])
def test_range_the_wrong_way_round(text: str, right: str) -> None:
    with pytest.raises(UsageError, match=f"ends before it starts; write {right}$"):
        parse_frame_ranges(text)


# --- On the way to the worker -----------------------------------------------------------------------------------------


def test_frame_as_json() -> None:
    frame = FrameFiles("a/b", 7, "x_0007", (PassFile(Path("/r/x_0007.exr")), PassFile(Path("/r/d.exr"), D)))

    assert FrameFiles.from_json(json.loads(json.dumps(frame.as_json()))) == frame
    assert frame.path == "a/b/x_0007"


@pytest.mark.parametrize(
    "names",
    [
        ["shot_{}.exr"],
        ["cam2_{}_L.exr"],
        ["Image/Image{}.exr", "Depth/Image{}.exr"],
        ["take1/Image{}.exr", "take1/Depth{}.exr", "take1/Index{}.exr"],
    ],
)
def test_files_of_another_frame_are_those_that_a_search_finds(tmp_path: Path, names: list[str]) -> None:
    for number in ("0009", "0010", "12345"):
        make(tmp_path, *(name.format(number) for name in names))
    first, *others = find_frames([tmp_path])
    assert [first.of_frame(frame) for frame in (10, 12345)] == others
    assert first.of_frame(9) == first


@given(
    st.sets(st.integers(-20, 20)),
    st.lists(st.tuples(st.integers(-25, 25), st.integers(1, 12)), min_size=1, max_size=4),
)
def test_frames_that_are_there_and_those_that_are_not(there: set[int], wanted: list[tuple[int, int]]) -> None:
    files = [FrameFiles("", number, f"{number}", ()) for number in sorted(there)]
    ranges = [range(first, first + count) for first, count in wanted]
    asked = {number for some in ranges for number in some}

    frames, missing = frames_with_numbers(files, ranges)

    assert [frame.frame for frame in frames] == sorted(there & asked)
    assert {number for some in missing for number in some} == asked - there


def test_maps_of_a_dataset_are_no_frames(tmp_path: Path) -> None:
    """A dataset inside the folder of the frames, or in that folder itself: only its own files are left out."""
    make(tmp_path, "0001.exr", "out/records/0001.json", "out/maps/depth/0001.exr", "out/exports/bop/depth/1.exr")
    make(tmp_path, "out/render/0002.exr", "maps/0003.exr", "deep/a/records/x.json", "deep/a/images/0004.exr")
    left_out: list[Path] = []
    frames = find_frames([tmp_path], left_out=left_out.append)

    assert [frame.path for frame in frames] == ["0001", "maps/0003", "out/render/0002"]
    assert set(left_out) == {tmp_path / name for name in ("out/maps", "out/exports", "deep/a/images")}
    # Whoever names them wants them.
    assert [frame.path for frame in find_frames([tmp_path / "out/maps/depth"])] == ["0001"]
    with pytest.raises(InputError, match="holds no EXR file"):
        find_frames([tmp_path / "deep"])
