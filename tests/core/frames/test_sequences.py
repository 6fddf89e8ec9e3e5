"""Names of sequences on any file system, and which of them a dataset is made of."""

import dataclasses
import json
import unicodedata
from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.base.dataset_folder import SEQUENCES_FILE, DatasetFolder
from core.base.errors import OutputError, RecordError
from core.frames.frame_files import FrameFiles
from core.frames.sequences import WantedSequences, declare_sequences, folder_names, shot_of
from core.settings.render_pass import PassFile

# --- Folders ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("ViewLayer", "ViewLayer"),
        ("Straße 7", "Straße 7"),
        ("a/b", "a%2Fb"),
        ("..", "%2E%2E"),
        (".hidden", "%2Ehidden"),
        ("ends.", "ends%2E"),
        ("ends ", "ends%20"),
        ("100 %", "100 %25"),
        ('<:>"|?*\\', "%3C%3A%3E%22%7C%3F%2A%5C"),
        ("line\nbreak", "line%0Abreak"),
        ("CON", "%43ON"),
        ("com1.old", "%63om1.old"),
        ("Console", "Console"),
    ],
)
def test_folder_of_a_name(name: str, folder: str) -> None:
    assert folder_names([name]) == {name: folder}


def test_names_that_differ_in_capitals_only() -> None:
    assert folder_names(["cam", "Cam", "CAM", "Cam~2"]) == {
        "CAM": "CAM",
        "Cam": "Cam~2",
        "Cam~2": "Cam~2~2",
        "cam": "cam~3",
    }


@given(st.sets(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12), max_size=8))
def test_folders_are_plain_and_apart(names: set[str]) -> None:
    folders = folder_names(names)

    assert folders.keys() == names
    as_a_mac_sees_them = {unicodedata.normalize("NFC", folder).casefold() for folder in folders.values()}
    assert len(as_a_mac_sees_them) == len(names)
    for folder in folders.values():
        for path in (PurePosixPath("a") / folder, PureWindowsPath("a") / folder):
            assert len(path.parts) == 2
            assert path.name == folder
        assert folder not in (".", "..")
        assert not PureWindowsPath(folder).is_reserved()
        assert not folder.startswith(".")  # records in hidden folders would not be looked for
        assert not folder.endswith((".", " "))
    assert folder_names(sorted(names, reverse=True)) == folders


# --- Shots ------------------------------------------------------------------------------------------------------------


def frame(name: str, sequence: str = "", variant: str = "") -> FrameFiles:
    return FrameFiles(sequence, 1, name, (PassFile(Path(f"/r/{name}.exr")),)).of_variant(variant)


@pytest.mark.parametrize(
    ("sequence", "variant", "name", "shot"),
    [
        ("", "", "shot_0001", "shot_"),
        ("Front/left", "Front/left", "shot_0002", "shot_"),
        ("a/b/Front", "Front", "shot_0002", "a/b/shot_"),
        ("a/b", "", "0002", "a/b"),
        ("left", "left", "shot_0001_L", "shot_"),
        ("", "", "still", "still"),
    ],
)
def test_shot(sequence: str, variant: str, name: str, shot: str) -> None:
    assert shot_of(sequence, variant, name) == shot


def test_parts_of_a_frame_share_the_shot_and_not_the_path() -> None:
    whole = frame("shot_0001", "a")
    parts = [whole.of_variant(variant) for variant in ("", "Front", "Front/left")]
    assert [part.path for part in parts] == ["a/shot_0001", "a/Front/shot_0001", "a/Front/left/shot_0001"]
    assert {shot_of(part.sequence, part.variant, part.name) for part in parts} == {"a/shot_"}
    assert [FrameFiles.from_json(json.loads(json.dumps(part.as_json()))) for part in parts] == parts


# --- Which are wanted -------------------------------------------------------------------------------------------------


def test_everything_is_wanted_by_default(tmp_path: Path) -> None:
    wanted = WantedSequences.read(DatasetFolder(tmp_path))
    assert wanted.wants(frame("shot_0001"))
    assert wanted.wants(frame("shot_0001", variant="Front"))


def test_a_plain_export_needs_no_file(tmp_path: Path) -> None:
    declare_sequences(DatasetFolder(tmp_path), [frame("shot_0001"), frame("0001", "a")])
    assert list(tmp_path.iterdir()) == []


def test_the_latest_export_of_a_shot_decides(tmp_path: Path) -> None:
    layers = [frame(f"shot_{number:04}", variant=layer) for number in (1, 2) for layer in ("Back", "Front")]
    declare_sequences(DatasetFolder(tmp_path), layers)
    wanted = WantedSequences.read(DatasetFolder(tmp_path))
    assert all(map(wanted.wants, layers))
    assert wanted.wants(frame("shot_0099", variant="Front")), "a frame of another time is of the same shot"
    assert not wanted.wants(frame("shot_0001")), "what was exported before the view layers were"
    assert not wanted.wants(frame("shot_0001", variant="Gone"))
    assert wanted.wants(frame("other_0001")), "other frames in the same dataset"
    assert wanted.wants(frame("shot_0001", "a")), "another folder"

    declare_sequences(DatasetFolder(tmp_path), [frame("shot_0001")])
    wanted = WantedSequences.read(DatasetFolder(tmp_path))
    assert wanted.wants(frame("shot_0002"))
    assert not any(map(wanted.wants, layers))


def test_scenes_that_are_no_longer_exported(tmp_path: Path) -> None:
    declare_sequences(
        DatasetFolder(tmp_path),
        [frame("a_0001", variant="A/Front"), frame("b_0001", variant="B"), frame("c_0001", variant="C")],
    )
    declare_sequences(DatasetFolder(tmp_path), [frame("a_0001")], {"b_": "B", "c_": "D"})
    wanted = WantedSequences.read(DatasetFolder(tmp_path))
    assert wanted.wants(frame("a_0001"))
    assert not wanted.wants(frame("a_0001", variant="A/Front"))
    assert not wanted.wants(frame("b_0001", variant="B"))
    assert wanted.wants(frame("c_0001", variant="C")), "of another file, which has no scene D"


def test_scenes_that_are_no_longer_exported_below_a_name(tmp_path: Path) -> None:
    dataset = DatasetFolder(tmp_path)
    scenes = [frame("b_0001", "night", "B/Front"), frame("b_0001", "night", "Bee"), frame("b_0001", "", "B")]
    declare_sequences(dataset, scenes)
    declare_sequences(dataset, [frame("a_0001", "night")], {"night/b_": "night/B"})
    wanted = WantedSequences.read(dataset)
    assert [wanted.wants(one) for one in scenes] == [False, True, True]


def test_the_file_is_the_same_from_every_machine(tmp_path: Path) -> None:
    frames = [frame("shot_0001", variant=layer) for layer in ("Back", "Front")] + [frame("a_0001", variant="Front")]
    declare_sequences(DatasetFolder(tmp_path / "one"), frames)
    declare_sequences(DatasetFolder(tmp_path / "two"), reversed(frames))
    written = (tmp_path / "one" / SEQUENCES_FILE).read_bytes()
    assert written == (tmp_path / "two" / SEQUENCES_FILE).read_bytes()
    assert json.loads(written) == {"shots": {"a_": ["Front"], "shot_": ["Back", "Front"]}}
    before = (tmp_path / "one" / SEQUENCES_FILE).stat()
    declare_sequences(DatasetFolder(tmp_path / "one"), frames)
    assert (tmp_path / "one" / SEQUENCES_FILE).stat().st_ino == before.st_ino, "not written again"


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b'{"shots":[]}', b'{"shots":{"a":1}}', b"\xff"])
def test_damaged(tmp_path: Path, content: bytes) -> None:
    (tmp_path / SEQUENCES_FILE).write_bytes(content)
    with pytest.raises(RecordError, match=r"sequences\.json is damaged; remove it and export again"):
        WantedSequences.read(DatasetFolder(tmp_path))
    declare_sequences(DatasetFolder(tmp_path), [frame("shot_0001", variant="Front")])
    assert WantedSequences.read(DatasetFolder(tmp_path)).of_shot == {"shot_": ["Front"]}


def test_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError, match="choose another output folder"):
        declare_sequences(DatasetFolder(tmp_path / "file"), [frame("shot_0001", variant="Front")])


def test_of_frame_keeps_the_variant() -> None:
    assert frame("shot_0001", variant="Front").of_frame(7) == dataclasses.replace(
        frame("shot_0007", variant="Front"), frame=7
    )
