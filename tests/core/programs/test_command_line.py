"""The command line as its users meet it: a program with arguments, files, messages and an exit code."""

import contextlib
import dataclasses
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from importlib import import_module
from pathlib import Path

import pytest
from pycocotools.coco import COCO

from core.base.dataset_folder import CATEGORIES_FILE
from core.base.version import VERSION
from core.cli.main import main
from core.records.record_files import read_record_file
from core.run.annotation_run import AnnotationRun, Summary
from core.scene.scene_record import SceneEntry
from core.settings.category_table import Category
from core.settings.settings import Settings
from tests.builders import entries_of, plain_scene, record_files
from tests.core import piped_worker
from tests.core.datasets import bytes_in, files_in, write_coco_file
from tests.processes import PATIENCE, children_of, is_running, open_files, wait_until

ROOT = Path(__file__).resolve().parents[3]
PROGRAM = [sys.executable, "-m", "core"]
INSTANCES = "annotations/instances.json"


# Run before the program, and replaced by it; a function for `preexec_fn` would need a copy of the whole test process,
# which other tests may have made too large for that.
SURROUNDINGS = """
import ctypes, os, resource, sys
{}
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""
LITTLE_MEMORY = SURROUNDINGS.format("resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))")
SMALL_FILES = SURROUNDINGS.format("resource.setrlimit(resource.RLIMIT_FSIZE, (1500, 1500))")
# Root writes anywhere; without CAP_DAC_OVERRIDE it is an ordinary user (24 is PR_CAPBSET_DROP, man 7 capabilities).
ORDINARY_USER = SURROUNDINGS.format("assert os.geteuid() != 0 or ctypes.CDLL(None).prctl(24, 1, 0, 0, 0) == 0")


def run(*arguments: object, within: str = "", **options: object) -> subprocess.CompletedProcess[str]:
    """Run the program in this checkout; whatever happens, it has told the user in words."""
    settings = {"cwd": ROOT, "capture_output": True, "text": True, "timeout": PATIENCE, **options}
    program = [PROGRAM[0], "-c", within, *PROGRAM[1:]] if within else PROGRAM
    finished = subprocess.run([*program, *map(str, arguments)], **settings)
    assert "Traceback" not in finished.stderr, finished.stderr
    return finished


def good(*arguments: object, **options: object) -> list[str]:
    """Run the program, which must succeed; returns the lines that it printed."""
    finished = run(*arguments, **options)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return finished.stdout.splitlines()


def complaint(code: int, *arguments: object, **options: object) -> str:
    """Run the program, which must end with this code; returns its one sentence on standard error."""
    finished = run(*arguments, **options)
    assert finished.returncode == code, finished.stdout + finished.stderr
    assert finished.stdout == ""
    (line,) = [line for line in finished.stderr.splitlines() if line.startswith("labelpass: ")]
    return line.removeprefix("labelpass: ")


def frames_in(output: Path) -> set[str]:
    return {read_record_file(path).path for path in record_files(output)}


NAMES = ("shot_0001", "shot_0002", "shot_0010")


@pytest.fixture
def renders(data: Path, tmp_path: Path) -> Path:
    """Three frames of three objects each, as Blender 4.5 names them."""
    folder = tmp_path / "renders"
    folder.mkdir()
    for name in NAMES:
        shutil.copy(data / "4.5" / "transparent_0001.exr", folder / f"{name}.exr")
    return folder


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


@pytest.fixture(scope="module")
def first_run(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`renders` and `out` after `annotate renders --output out`; run once, since it takes most of a second."""
    folder = tmp_path_factory.mktemp("first_run")
    (folder / "renders").mkdir()
    for name in NAMES:
        shutil.copy(data / "4.5" / "transparent_0001.exr", folder / "renders" / f"{name}.exr")
    assert good("annotate", folder / "renders", "--output", folder / "out") == ["3 frames annotated; 9 instances"]
    return folder


@pytest.fixture
def annotated(first_run: Path, renders: Path, out: Path) -> Path:
    """The output of a first run over `renders`, which is as if it had been made here."""
    for path in renders.iterdir():
        shutil.copystat(first_run / "renders" / path.name, path)
    shutil.copytree(first_run / "out", out)
    return out


# --- Without any work -------------------------------------------------------------------------------------------------


def test_version() -> None:
    assert good("--version") == [f"labelpass {VERSION}"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--help"], ["annotate", "merge", "validate", "passes"]),
        (["annotate", "--help"], ["--output", "--frames", "--scene", "--sequence", "--pass", "--workers", "--redo"]),
    ],
)
def test_help(arguments: list[str], words: list[str]) -> None:
    text = "\n".join(good(*arguments))

    assert text.startswith("usage: labelpass")
    for word in words:
        assert word in text


def test_without_arguments() -> None:
    """The commands, each in one line, and no success: whoever calls it so from a script has made a mistake."""
    finished = run()

    assert (finished.returncode, finished.stdout) == (2, "")
    for command in ("passes", "annotate", "merge", "export", "validate"):
        assert len(re.findall(rf"^    {command} +[A-Z].*$", finished.stderr, re.MULTILINE)) == 1
    for code in (0, 1, 2, 130):
        assert re.search(rf"^  {code} +\w", finished.stderr, re.MULTILINE)


def test_every_setting_is_explained() -> None:
    """In the help of the command that has it, with all of its choices, and in no more columns than there are."""
    columns = {**os.environ, "COLUMNS": "80"}
    help_of = {command: good(command, "--help", env=columns) for command in ("annotate", "merge", "export")}

    for field in dataclasses.fields(Settings):
        if field.metadata["needs_blender"]:
            continue
        lines = help_of[field.metadata["stage"].value]
        text = " ".join(" ".join(lines).split())
        option = f"--{field.name.replace('_', '-')}"
        start = text.index(f" {option} ") if f" {option} " in text else text.index(f" {option}, ")
        assert field.metadata["help"] in text[start:]
        kind = field.metadata["several_of"] or (type(field.default) if isinstance(field.default, Enum) else ())
        for choice in kind:
            assert re.search(rf" {choice.value}[:,]", text[start:])
        if field.default not in ("", ()):
            default = ("on" if field.default else "off") if isinstance(field.default, bool) else field.default
            assert f"(default: {default})" in text[start:]
    for lines in help_of.values():
        explained = lines[: lines.index("examples:")]
        assert max(len(line) for line in explained[5:]) <= 80


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["annotate", "a", "--output", "b", "--cameras", "json"], "--cameras is about all frames together; give it to"),
        (["annotate", "a", "--output", "b", "--cameras"], "--cameras is about all frames together; give it to labelp"),
        (
            ["annotate", "a", "--output", "b", "--all-scenes"],
            "--all-scenes is about the scenes of a .blend; give it to",
        ),
        (
            ["merge", "a", "--maps", "depth_png"],
            "--maps is about each frame; give it to labelpass annotate; see labelp",
        ),
        (["merge", "a", "--splits", "train=1"], "--splits is about formats for training; give it to labelpass export"),
        (["export", "a", "--cameras", "json"], "--cameras is about all frames together; give it to labelpass merge"),
        (["merge", "a", "--no-poses"], "--no-poses is about each frame; give it to labelpass annotate; see labelpass"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_options_of_another_command(arguments: list[str], hint: str) -> None:
    assert complaint(2, *arguments).startswith(hint)


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["--nonsense"],
        ["annotate"],
        ["annotate", "frames"],
        ["annotate", "frames", "--output", "out", "--labels", "nonsense"],
        ["annotate", "frames", "--output", "out", "--workers", "many"],
        ["merge"],
    ],
    ids=" ".join,
)
def test_wrong_usage(arguments: list[str], tmp_path: Path) -> None:
    finished = run(*arguments, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)})

    assert finished.returncode == 2
    assert finished.stdout == ""
    assert re.fullmatch(r"labelpass: .*; see labelpass( \w+)? --help\n", finished.stderr)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--frames", "1-"], "'1-' is not a frame or a range of frames; write for example 1-10,20"),
        (["--frames", "3-1"], "The range 3-1 ends before it starts; write 1-3"),
        (
            ["--pass", "mask=x"],
            "--pass mask=x does not name a pass; write for example mask=object_index (passes: combined, depth,",
        ),
        (["--workers", "-1"], "There cannot be -1 workers; use 1 or more, or 0 for automatic"),
        (["--labels", "object_index", "--soft-masks"], "Soft masks come from a Cryptomatte and not from Object Index"),
        (
            ["--maps", "nocs_npy"],
            "NOCS maps are in the axes of poses, and poses are off; turn Poses and 3D Boxes on, or",
        ),
        (["--sequence", "../elsewhere"], "The sequence '../elsewhere' would lie outside the output folder"),
        (["--sequence", "..\\x"], "The sequence '..\\\\x' would lie outside the output folder"),
        (["--sequence", "a/..\\..\\x"], "The sequence 'a/..\\\\..\\\\x' would lie outside the output folder"),
        (["--sequence", "C:\\x"], "The sequence 'C:\\\\x' would lie outside the output folder"),
        (["--sequence", "c:x"], "The sequence 'c:x' would lie outside the output folder"),
        (["--sequence", "\\\\host\\x"], "The sequence '\\\\\\\\host\\\\x' would lie outside the output folder"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_arguments_that_make_no_sense(renders: Path, out: Path, arguments: list[str], message: str) -> None:
    assert complaint(2, "annotate", renders, "--output", out, *arguments).startswith(message)
    assert not out.exists()


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        ("3", "There is no EXR file of frame 3; render it first, or leave it out"),
        ("-5--1", "There is no EXR file of the frames -5--1; render them first, or leave them out"),
        ("20,11-19,30", "There is no EXR file of the frames 11-20, 30; render them first, or leave them out"),
    ],
)
def test_frames_of_which_none_is_there(renders: Path, out: Path, numbers: str, message: str) -> None:
    assert complaint(1, "annotate", renders, "--output", out, f"--frames={numbers}") == message
    assert not out.exists()


def test_immense_range(renders: Path, out: Path) -> None:
    """Missing frames fail and the others are done; a digit too many must not fill the memory."""
    finished = run("annotate", renders, "--output", out, "--frames", "2-1000000000000", within=LITTLE_MEMORY)

    headline, failure = finished.stdout.splitlines()
    assert finished.returncode == 1
    assert headline == "2 frames annotated, 1 failed; 6 instances"
    assert failure.startswith("Failed: the frames 3-9, 11-1000000000000: There is no EXR file of the frames 3-9, 11-10")
    assert frames_in(out) == {"shot_0002", "shot_0010"}


def test_file_that_is_not_there(tmp_path: Path, out: Path) -> None:
    missing = tmp_path / "missing.exr"

    for command in (["annotate", missing, "--output", out], ["passes", missing]):
        assert complaint(1, *command) == f"{missing} does not exist; check the path"
    assert not out.exists()


# --- Annotating and merging -------------------------------------------------------------------------------------------


def test_from_frames_to_coco(renders: Path, out: Path) -> None:
    assert good("annotate", renders, "--output", out) == ["3 frames annotated; 9 instances"]

    assert files_in(out) == {
        file
        for name in NAMES
        for file in (
            f"records/{name}.json",
            f"images/{name}.png",
            f"pictures/boxes/{name}.png",
            f"pictures/depth/{name}.png",
        )
    }
    assert good("merge", out) == [f"{out / INSTANCES}: 3 images, 9 annotations, 3 categories"]
    coco = COCO(str(out / INSTANCES))
    assert [image["frame"] for image in coco.loadImgs(coco.getImgIds())] == [1, 2, 10]
    assert len(coco.getAnnIds()) == 9


def test_all_renders_of_a_version(data: Path, version: str, out: Path) -> None:
    """Everything that Blender wrote in one go; what has no labels fails, and the others are done."""
    finished = run("annotate", data / version, "--output", out, "--no-pictures", "--image-format", "none")

    lines = finished.stdout.splitlines()
    count = 17 if version == "5.0" else 16
    assert finished.returncode == 1
    assert lines[0].startswith(f"{count - 1} frames annotated, 1 failed; ")
    assert [line.split(":")[1].strip() for line in lines if line.startswith("Failed: ")] == ["noindex_0001"]
    assert len(frames_in(out)) == count - 1


def test_second_run_keeps_what_is_valid(renders: Path, annotated: Path) -> None:
    before = {name: (annotated / name).stat().st_mtime_ns for name in files_in(annotated)}

    assert good("annotate", renders, "--output", annotated) == ["0 frames annotated, 3 up to date; 9 instances"]

    assert {name: (annotated / name).stat().st_mtime_ns for name in files_in(annotated)} == before


def test_second_run_does_what_has_changed(renders: Path, annotated: Path) -> None:
    first = bytes_in(annotated)
    (renders / "shot_0002.exr").touch()

    assert good("annotate", renders, "--output", annotated) == ["1 frame annotated, 2 up to date; 9 instances"]

    second = bytes_in(annotated)
    assert {name for name in first if first[name] != second[name]} == {"records/shot_0002.json"}


def test_second_run_with_other_settings(renders: Path, annotated: Path) -> None:
    """Each of these adds to the ones before it, and what is done with all of them is kept."""
    settings: list[str] = []
    for setting, done in (
        ("--workers=2", 0),
        ("--no-pictures", 3),
        ("--image-format=jpeg", 3),
        ("--labels=crypto_object", 3),
        ("--workers=1", 0),
        ("--redo", 3),
    ):
        settings.append(setting)
        (line,) = good("annotate", renders, "--output", annotated, *settings)
        assert line == f"{done} frames annotated{'' if done else ', 3 up to date'}; 9 instances", settings


def test_second_run_restores_what_is_missing(renders: Path, annotated: Path) -> None:
    first = bytes_in(annotated)
    (annotated / "images" / "shot_0001.png").unlink()
    (annotated / "records" / "shot_0002.json").write_bytes(first["records/shot_0002.json"][:100])
    (annotated / "pictures" / "depth" / "shot_0010.png").unlink()

    assert good("annotate", renders, "--output", annotated) == ["3 frames annotated; 9 instances"]

    assert bytes_in(annotated) == first


@pytest.mark.parametrize(("numbers", "expected"), [("2", {2}), ("10,1", {1, 10}), ("1-2,2", {1, 2})])
def test_some_frames(renders: Path, out: Path, numbers: str, expected: set[int]) -> None:
    good("annotate", renders, "--output", out, "--frames", numbers)

    assert frames_in(out) == {f"shot_{number:04}" for number in expected}


def test_shares_of_a_run_make_the_same_dataset(renders: Path, annotated: Path, tmp_path: Path) -> None:
    """As a farm does it: some frames here, some there, in any order, and one merge."""
    for numbers in ("10", "1-2"):
        good("annotate", renders, "--output", tmp_path / "shared", "--frames", numbers)
    write_coco_file(annotated)
    write_coco_file(tmp_path / "shared")

    assert bytes_in(tmp_path / "shared") == bytes_in(annotated)


def test_number_of_workers_changes_nothing(renders: Path, tmp_path: Path, data: Path) -> None:
    for number in range(20, 26):
        shutil.copy(data / "5.0" / "transparent_0001.exr", renders / f"shot_{number:04}.exr")
    outputs = {workers: tmp_path / str(workers) for workers in (1, 4)}
    for workers, output in outputs.items():
        good("annotate", renders, "--output", output, "--workers", workers)
        write_coco_file(output)

    assert len(frames_in(outputs[1])) == 9
    assert bytes_in(outputs[4]) == bytes_in(outputs[1])


def test_name_of_the_sequence(renders: Path, out: Path) -> None:
    good("annotate", renders, "--output", out, "--sequence", "night/take 2", "--frames", "1")
    good("annotate", renders, "--output", out, "--sequence", "day", "--frames", "1")
    write_coco_file(out)

    assert frames_in(out) == {"night/take 2/shot_0001", "day/shot_0001"}
    images = json.loads((out / INSTANCES).read_bytes())["images"]
    assert [(image["sequence"], image["file_name"]) for image in images] == [
        ("day", "images/day/shot_0001.png"),
        ("night/take 2", "images/night/take 2/shot_0001.png"),
    ]


def test_pass_of_ones_own(data: Path, out: Path, tmp_path: Path) -> None:
    renders = tmp_path / "renders"
    shutil.copytree(data / "4.5" / "fileoutput" / "Image", renders / "Image")
    for number in (1, 2):
        (renders / "segm").mkdir(exist_ok=True)
        shutil.copy(
            data / "4.5" / "fileoutput" / "Index" / f"Index000{number}.exr", renders / "segm" / f"000{number}.exr"
        )

    good("annotate", renders, "--output", out, "--pass", "segm=object_index")

    assert frames_in(out) == {"0001", "0002"}
    assert all(read_record_file(path).label_source == "object_index" for path in record_files(out))


def write_scene(path: Path, *names: str) -> None:
    """Names for the pass indices 1, 3 and 4, which these frames show."""
    entries = (SceneEntry(name, index, "thing") for name, index in zip(names, (1, 3, 4), strict=True))
    plain_scene(objects=entries_of(*entries, categories=[Category("thing", 5)])).write(path)


def names_in(output: Path) -> set[str]:
    coco = COCO(str(output / INSTANCES))
    assert coco.loadCats(coco.getCatIds()) == [{"id": 5, "name": "thing", "supercategory": ""}]
    return {row["name"] for row in coco.loadAnns(coco.getAnnIds())}


@pytest.mark.parametrize("folder", ["given", "given/scenes", "out/scenes"])
def test_scene_records(renders: Path, out: Path, tmp_path: Path, folder: str) -> None:
    """From a folder of them, from the folder of an export that holds one, or from the output's own."""
    for number in (1, 2, 10):
        write_scene(tmp_path / folder / f"shot_{number:04}.json", "Würfel", 'Ball "2"', "Cone")
    scene = [] if folder.startswith("out") else ["--scene", tmp_path / "given"]

    assert good("annotate", renders, "--output", out, "--labels", "object_index", *scene) == [
        "3 frames annotated; 9 instances"
    ]

    write_coco_file(out)
    assert names_in(out) == {"Würfel", 'Ball "2"', "Cone"}


def test_changed_scene_record(renders: Path, out: Path) -> None:
    for number in (1, 2, 10):
        write_scene(out / "scenes" / f"shot_{number:04}.json", "a", "b", "c")
    command = ("annotate", renders, "--output", out, "--labels", "object_index")
    good(*command)
    write_scene(out / "scenes" / "shot_0002.json", "a", "b", "d")

    assert good(*command) == ["1 frame annotated, 2 up to date; 9 instances"]

    write_coco_file(out)
    assert names_in(out) == {"a", "b", "c", "d"}


def test_folder_of_scene_records_that_is_none(renders: Path, out: Path, tmp_path: Path) -> None:
    missing = tmp_path / "missing"

    text = complaint(1, "annotate", renders, "--output", out, "--scene", missing)

    assert text == f"{missing} is not a folder; give the folder of the scene records that Blender wrote"
    assert not out.exists()


def test_folder_without_scene_records(renders: Path, out: Path, tmp_path: Path) -> None:
    """A folder next to the right one, or one of other frames: one sentence, and not one for each frame."""
    write_scene(tmp_path / "given" / "scenes" / "other_0001.json", "a", "b", "c")

    text = complaint(1, "annotate", renders, "--output", out, "--scene", tmp_path / "given")

    assert text.startswith(
        f"{tmp_path / 'given'} holds no scene record of these frames; give the folder of their dataset"
    )
    assert not out.exists()
    (out / "scenes").mkdir(parents=True)
    assert "there are none in" in complaint(1, "annotate", renders, "--output", out, "--poses")


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        (["--poses"], "Poses and 3D Boxes is"),
        (["--amodal", "--min-visibility", "0.1"], "Amodal Masks and Minimum Visibility are"),
        (["--maps", "depth_npy,normals_png,points_ply"], "Normals PNG and Point Cloud PLY are"),
    ],
)
def test_wanted_without_scene_records(renders: Path, out: Path, wanted: list[str], names: str) -> None:
    """Told before any frame, and not as a dataset without it."""
    text = complaint(1, "annotate", renders, "--output", out, *wanted)

    assert text == (
        f"{names} not available without scene records, and there are none in {out / 'scenes'}; export with Labelpass "
        "in Blender, or give the folder of its scene records with --scene"
    )
    assert not out.exists()


# --- Frames that fail -------------------------------------------------------------------------------------------------


def test_bad_frame_is_told_and_the_others_are_done(renders: Path, out: Path) -> None:
    bad = renders / "shot_0002.exr"
    bad.write_bytes(bad.read_bytes()[:5000])

    finished = run("annotate", renders, "--output", out)

    headline, failure = finished.stdout.splitlines()
    assert finished.returncode == 1
    assert headline == "2 frames annotated, 1 failed; 6 instances"
    assert failure.startswith(f"Failed: shot_0002: {bad} is cut off or damaged (")
    assert failure.endswith("); render the frame again")
    assert frames_in(out) == {"shot_0001", "shot_0010"}


def test_frame_that_turns_bad_is_no_longer_in_the_dataset(renders: Path, annotated: Path) -> None:
    bad = renders / "shot_0002.exr"
    bad.write_bytes(bad.read_bytes()[:5000])

    assert run("annotate", renders, "--output", annotated).returncode == 1

    assert frames_in(annotated) == {"shot_0001", "shot_0010"}


def test_frame_without_a_scene_record_is_no_longer_in_the_dataset(
    renders: Path, annotated: Path, tmp_path: Path
) -> None:
    """What an earlier run made without the scene must not stand for it, whether a worker finds out or its parent."""
    for number in (1, 10):
        write_scene(tmp_path / "scenes" / f"shot_{number:04}.json", "a", "b", "c")

    finished = run(
        "annotate", renders, "--output", annotated, "--labels", "object_index", "--scene", tmp_path / "scenes"
    )

    headline, failure = finished.stdout.splitlines()
    assert finished.returncode == 1
    assert headline == "2 frames annotated, 1 failed; 6 instances"
    assert frames_in(annotated) == {"shot_0001", "shot_0010"}
    assert failure.startswith("Failed: shot_0002: ")
    assert str(tmp_path / "scenes" / "shot_0002.json") in failure
    assert "export" in failure  # the way out is in Blender, not in the path


def test_messages_are_in_the_order_of_frames() -> None:
    """Whichever worker was faster: the same run says the same."""
    summary = Summary()
    for name in ("b_0002", "a_0003", "a_0001"):
        summary.failed[name] = "broken"
    for name in ("a_0009", "a_0007", "a_0008"):
        summary.notes[name] = ["dark"]

    assert summary.lines()[1:] == [
        "Failed: 3 frames (a_0001, 0003; b_0002): broken",
        "Note: 3 frames (a_0007-0009): dark",
    ]


def test_frames_that_fail_alike_are_told_once(data: Path, renders: Path, out: Path) -> None:
    """Hundreds of frames lack the same pass; each is named, and the sentence stands there once."""
    for number in (*range(20, 31), 40):
        shutil.copy(data / "4.5" / "noindex_0001.exr", renders / f"shot_{number:04}.exr")

    finished = run("annotate", renders, "--output", out)

    headline, failure = finished.stdout.splitlines()
    assert finished.returncode == 1
    assert headline == "3 frames annotated, 12 failed; 9 instances"
    assert failure.startswith(
        f"Failed: 12 frames (shot_0020-0030, 0040): {renders}/shot_####.exr, view layer 'ViewLayer' has no pass that "
    )


def test_nothing_is_seen(data: Path, out: Path, write_exr, tmp_path: Path) -> None:
    """A dataset without a single object is worth a word."""
    import numpy as np

    for number in range(3):
        write_exr(tmp_path / "renders" / f"a_{number:04}.exr", {"L.IndexOB.X": np.zeros((4, 4), np.float32)})

    lines = good("annotate", tmp_path / "renders", "--output", out, "--image-format", "none", "--workers", "1")

    assert lines[0] == "3 frames annotated; 0 instances"
    (note,) = lines[1:]
    assert note.startswith("Note: 3 frames (a_0000-0002): Nothing to detect: Object Index shows no object; ")


def test_unwritable_output(renders: Path, out: Path) -> None:
    out.write_bytes(b"")

    text = complaint(1, "annotate", renders, "--output", out)

    assert text.startswith(f"Cannot write {out}")
    assert text.endswith(": File exists; choose another output folder")
    assert out.read_bytes() == b""


def test_closed_folders(renders: Path, out: Path) -> None:
    """One sentence for the folder; not one for each of a million frames."""
    out.mkdir(mode=0o555)

    text = complaint(1, "annotate", renders, "--output", out, within=ORDINARY_USER)

    assert text == f"Cannot write {out}: Permission denied; choose another output folder"
    assert list(out.iterdir()) == []


def test_output_that_fills_up(renders: Path, out: Path) -> None:
    """A limit on the size of files stands for a full disk: what fits is whole, what does not is told."""

    finished = run("annotate", renders, "--output", out, within=SMALL_FILES)

    lines = finished.stdout.splitlines()
    assert finished.returncode == 1
    assert lines[0] == "0 frames annotated, 3 failed; 0 instances"
    (failure,) = lines[1:]
    assert failure.startswith("Failed: 3 frames (shot_0001-0002, 0010): Cannot write ")
    assert failure.endswith("; free space there or choose another output folder")
    assert frames_in(out) == set()
    assert [name for name in files_in(out) if Path(name).name.startswith(".")] == []


# --- Merging ----------------------------------------------------------------------------------------------------------


def test_merge_without_records(out: Path) -> None:
    finished = run("merge", out)

    assert finished.returncode == 1
    told = finished.stdout + finished.stderr
    assert told == f"labelpass: {out} is not a folder; give the folder of the dataset, which holds its records\n"
    assert not out.exists()

    out.mkdir()
    finished = run("merge", out)
    assert finished.returncode == 1
    assert f"{out} holds no frame records; run 'labelpass annotate' on the frames first" in finished.stdout


def test_merge_with_a_damaged_record(annotated: Path) -> None:
    damaged = annotated / "records" / "shot_0002.json"
    damaged.write_bytes(damaged.read_bytes().replace(b'"area":', b'"aera":'))

    finished = run("merge", annotated)

    assert finished.returncode == 1
    assert finished.stdout.splitlines() == [
        f"{annotated / INSTANCES}: 2 images, 6 annotations, 3 categories",
        f"{damaged} is damaged; annotate the frame again",
    ]


def test_merge_with_many_damaged_records(annotated: Path) -> None:
    for name in NAMES[:2]:
        (annotated / "records" / f"{name}.json").write_bytes(b"")

    finished = run("merge", annotated)

    assert finished.returncode == 1
    assert finished.stdout.splitlines()[1:] == [
        f"2 frames (shot_0001-0002): {annotated}/records/shot_####.json is damaged; annotate the frame again"
    ]


def test_merge_of_categories_that_contradict_each_other(renders: Path, out: Path) -> None:
    for number, id in ((1, 5), (2, 6), (10, 5)):
        objects = entries_of(SceneEntry("a", 1, "thing"), categories=[Category("thing", id)])
        plain_scene(objects=objects).write(out / "scenes" / f"shot_{number:04}.json")
    good("annotate", renders, "--output", out, "--labels", "object_index")

    finished = run("merge", out)

    assert finished.returncode == 1
    told = finished.stdout + finished.stderr
    assert "The category 'thing' differs: id 6 in" in told
    assert "make them the same in Blender and export those frames again" in told
    assert not (out / INSTANCES).exists()


# --- Category tables --------------------------------------------------------------------------------------------------


TABLE = """{"categories": [{"name": "toy", "id": 4, "supercategory": "thing", "colour": "#102030"}, {"name": "cone"}],
"rules": [{"source": "object_name", "pattern": "*l*", "category": "toy"}, {"source": "object_name", "pattern": "Cone*",
"category": "cone"}], "unknown": "background"}"""


def test_relabel_scene_records_by_a_table(renders: Path, out: Path, tmp_path: Path) -> None:
    """The table replaces what Blender decided; the frames are done again, and done again without it."""
    for number in (1, 2, 10):
        write_scene(out / "scenes" / f"shot_{number:04}.json", "Würfel", 'Ball "2"', "Cone")
    table = tmp_path / "table.json"
    table.write_text(TABLE)

    labels = "annotate", renders, "--output", out, "--labels", "object_index"
    assert good(*labels, "--categories", table) == ["3 frames annotated; 9 instances"]
    good("merge", out)
    coco = COCO(str(out / INSTANCES))
    assert coco.dataset["categories"] == [
        {"id": 1, "name": "cone", "supercategory": ""},
        {"id": 4, "name": "toy", "supercategory": "thing", "color": [16, 32, 48]},
    ]
    rows = coco.loadAnns(coco.getAnnIds(imgIds=[1]))
    assert {row["name"]: row["category_id"] for row in rows} == {"Würfel": 4, 'Ball "2"': 4, "Cone": 1}

    assert good(*labels, "--categories", table) == ["0 frames annotated, 3 up to date; 9 instances"]
    assert good(*labels) == ["3 frames annotated; 9 instances"]
    good("merge", out)
    assert names_in(out) == {"Würfel", 'Ball "2"', "Cone"}


def test_the_dataset_hands_on_its_table(renders: Path, out: Path, tmp_path: Path) -> None:
    """`categories.json` of one dataset gives another one the same ids."""
    table = tmp_path / "table.json"
    table.write_text(TABLE)
    good("annotate", renders, "--output", out, "--labels", "crypto_object", "--categories", table)
    good("merge", out)
    other = tmp_path / "other"
    good("annotate", renders, "--output", other, "--labels", "crypto_object", "--categories", out / CATEGORIES_FILE)
    good("merge", other)
    ids = {row["name"]: row["id"] for row in COCO(str(other / INSTANCES)).dataset["categories"]}
    assert (ids["cone"], ids["toy"]) == (1, 4)


@pytest.mark.parametrize(
    ("content", "told"), [(None, "Cannot read"), ("{", "is not a category table"), ("[]", "cannot be")]
)
def test_a_file_that_is_no_table(renders: Path, out: Path, tmp_path: Path, content: str | None, told: str) -> None:
    table = tmp_path / "table.json"
    if content is not None:
        table.write_text(content)

    finished = run("annotate", renders, "--output", out, "--categories", table)

    assert finished.returncode == 1
    assert "table.json" in finished.stderr and told in finished.stderr
    assert len(finished.stderr.splitlines()) == 1
    assert not out.exists()


# --- Listing ----------------------------------------------------------------------------------------------------------


def test_passes_of_a_file(data: Path) -> None:
    lines = good("passes", data / "4.5" / "viewlayers_0001.exr", data / "4.5" / "stereo_0001.exr")

    assert lines[0] == "stereo_0001: 64 x 48"
    assert lines[1].startswith("  ViewLayer / left: ")
    assert "Object Index" in lines[1]
    assert lines[2].startswith("  ViewLayer / right: ")
    assert lines[3] == "viewlayers_0001: 64 x 48"
    assert [line.partition(":")[0] for line in lines[4:]] == ["  Beauty", "  Labels", "  Labels.v2"]


def test_passes_of_a_damaged_file(tmp_path: Path) -> None:
    path = tmp_path / "a.exr"
    path.write_bytes(b"\x76\x2f\x31\x01\x02\x00\x00\x00")

    assert complaint(1, "passes", path) == f"The header of {path} is cut off or damaged; render the frame again"


# --- Where it runs ----------------------------------------------------------------------------------------------------


def test_names_that_the_terminal_cannot_show(renders: Path, out: Path) -> None:
    """Output into a file on Windows has a small alphabet, and a C locale has none: names are shown as they can be."""
    (renders / "shot_0001.exr").rename(renders / "Würfel 🚗_0001.exr")
    (renders / "shot_0002.exr").rename(renders / os.fsdecode(b"caf\xe9_0002.exr"))
    for path in renders.iterdir():
        path.write_bytes(b"")

    environment = {**os.environ, "PYTHONIOENCODING": "cp1252"}
    finished = run("annotate", renders, "--output", out, env=environment, encoding="cp1252")

    assert finished.returncode == 1
    assert finished.stdout.count("Failed: ") == 3
    assert "Würfel \\U0001f697_0001.exr is empty; render the frame again" in finished.stdout


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_output_into_a_closed_pipe(data: Path, unbuffered: str) -> None:
    """labelpass passes ... | head -1"""
    files = [data / "4.5" / f"{name}_0001.exr" for name in ("stereo", "viewlayers", "multilayer")]
    read, write = os.pipe()
    os.close(read)
    try:
        finished = subprocess.run(
            [*PROGRAM, "passes", *files],
            cwd=ROOT,
            env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
            stdout=write,
            stderr=subprocess.PIPE,
            text=True,
        )
    finally:
        os.close(write)

    assert finished.stderr == ""


def test_started_from_a_folder_of_traps(renders: Path, out: Path, tmp_path: Path) -> None:
    """A Python file of a well-known name in the folder is not imported, also not by the workers."""
    traps = tmp_path / "traps"
    (traps / "core").mkdir(parents=True)
    for name in ("numpy.py", "OpenEXR.py", "core/__init__.py"):
        (traps / name).write_text(f"raise SystemExit('the wrong {name}')\n")
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from core.cli.main import main; sys.exit(main())"

    finished = subprocess.run(
        [sys.executable, "-P", "-c", code, "annotate", renders, "--output", out],
        cwd=traps,
        capture_output=True,
        text=True,
    )

    assert (finished.returncode, finished.stdout) == (0, "3 frames annotated; 9 instances\n"), finished.stderr


def test_relative_paths(renders: Path, out: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}

    good("annotate", "renders", "--output", "out", cwd=tmp_path, env=environment)
    good("merge", "out", cwd=tmp_path, env=environment)

    assert frames_in(out) == set(NAMES)
    assert (out / INSTANCES).is_file()


# --- Ctrl-C -----------------------------------------------------------------------------------------------------------


WITH_OTHER_WORKERS = """
import sys
sys.executable = sys.argv.pop(1)
from core.cli.main import main
sys.exit(main())
"""


@dataclass
class Held:
    """A run whose second frame waits for its scene record, which is a FIFO (piped_worker.py); the first one is done."""

    process: subprocess.Popen[str]
    fifo: Path
    end: int

    def let_go(self) -> None:
        """Give the worker what it waits for."""
        ready = self.fifo.with_suffix(".ready")
        write_scene(ready, "a", "b", "c")
        content = ready.read_bytes()
        ready.replace(self.fifo)
        os.write(self.end, content)
        os.close(self.end)
        self.end = -1


@pytest.fixture
def ctrl_c() -> Iterator[None]:
    """Have programs listen to Ctrl-C: what a shell has started in the background ignores it, and so do its children."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def held(renders: Path, out: Path, ctrl_c: None, tmp_path: Path) -> Iterator[Held]:
    for number in (1, 10):
        write_scene(out / "scenes" / f"shot_{number:04}.json", "a", "b", "c")
    fifo = out / "scenes" / "shot_0002.json"
    os.mkfifo(fifo)
    command = ["annotate", renders, "--output", out, "--labels", "object_index", "--workers", "1", "--redo"]
    process = subprocess.Popen(
        [PROGRAM[0], "-c", WITH_OTHER_WORKERS, piped_worker.program(tmp_path), *map(str, command)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    held = Held(process, fifo, -1)

    def is_read() -> bool:
        assert process.poll() is None
        with contextlib.suppress(OSError):
            held.end = os.open(fifo, os.O_WRONLY | os.O_NONBLOCK)
        return held.end >= 0

    try:
        wait_until(is_read, "the scene record is read")
        yield held
    finally:
        if held.end >= 0:
            os.close(held.end)
        process.kill()
        process.communicate()


@pytest.mark.parametrize("patient", [True, False], ids=["worker ends", "worker is killed"])
def test_interrupt(held: Held, renders: Path, out: Path, patient: bool) -> None:
    """The frame in work is given up, what is done stays, and the next run goes on from there.

    A terminal sends Ctrl-C to the worker as well, other programs to the parent alone. The worker ends by itself when
    it can, and is killed when it cannot. Who presses it again meanwhile changes nothing.
    """
    (worker,) = children_of(held.process.pid)
    assert frames_in(out) == {"shot_0001"}

    if patient:
        pipe = str(Path(f"/proc/{worker}/fd/0").readlink())
        os.killpg(held.process.pid, signal.SIGINT)
        wait_until(lambda: pipe not in open_files(held.process.pid), "the input is closed")
        held.let_go()
    else:
        pipe = str(Path(f"/proc/{worker}/fd/0").readlink())
        held.process.send_signal(signal.SIGINT)
        wait_until(lambda: pipe not in open_files(held.process.pid), "the input is closed")
        for _ in range(2):
            held.process.send_signal(signal.SIGINT)
    stdout, stderr = held.process.communicate(timeout=PATIENCE)

    assert held.process.returncode == 130
    assert stdout == "Stopped: 1 frame annotated; 3 instances\n"
    assert "Traceback" not in stderr
    assert not is_running(worker)
    assert frames_in(out) == {"shot_0001"}
    assert [path for path in out.rglob("*") if path.name.startswith(".")] == []

    if not patient:
        held.fifo.unlink()
        write_scene(held.fifo, "a", "b", "c")
    assert good("annotate", renders, "--output", out, "--labels", "object_index") == [
        "2 frames annotated, 1 up to date; 9 instances"
    ]


@pytest.mark.parametrize("place", ["core.cli.parser.make_parser", "core.cli.wanted_frames.find_frames"])
def test_interrupt_before_the_first_frame(
    renders: Path,
    out: Path,
    ctrl_c: None,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    place: str,
) -> None:
    """Three times, of which the first one counts; afterwards Ctrl-C is what it was before."""
    module, _, name = place.rpartition(".")
    real = getattr(import_module(module), name)

    def press(*arguments: object) -> object:
        try:
            signal.raise_signal(signal.SIGINT)
        finally:
            for _ in range(2):
                signal.raise_signal(signal.SIGINT)
        return real(*arguments)

    monkeypatch.setattr(place, press)
    assert main(["annotate", str(renders), "--output", str(out)]) == 130
    assert capsys.readouterr() == ("", "labelpass: Stopped; what was finished stays\n")
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert frames_in(out) == set()


INTERRUPTED_AT_THE_END = """
import atexit, signal, sys
from core.cli.main import main
atexit.register(signal.raise_signal, signal.SIGINT)
sys.exit(main())
"""


def test_interrupt_while_the_interpreter_ends(ctrl_c: None) -> None:
    """All is said and done by then."""
    command = [PROGRAM[0], "-c", INTERRUPTED_AT_THE_END, "--version"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("labelpass ")


def test_interrupt_after_each_frame(
    renders: Path, out: Path, ctrl_c: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Wherever it comes while frames are at work, also several times: the run says what became of them."""

    def press(shown: Summary) -> str:
        for _ in range(3):
            signal.raise_signal(signal.SIGINT)
        return "Stopped, as it says"

    monkeypatch.setattr(Summary, "headline", press)
    monkeypatch.setattr(AnnotationRun, "submit", lambda run, job: signal.raise_signal(signal.SIGINT))
    assert main(["annotate", str(renders), "--output", str(out)]) == 130
    assert capsys.readouterr().out == "Stopped, as it says\n"
