"""Files appear whole or not at all: after errors, on full disks, in folders that cannot be written."""

import contextlib
import errno
import hashlib
import os
import resource
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
import pytest

from core.base.errors import LabelpassError, OutputError
from core.base.files import (
    Content,
    check_writable,
    complete_file,
    files_at_once,
    identity,
    noting_contents,
    replaced_folder,
    writing_into,
)
from core.base.temporary_names import is_temporary, remove_leftovers, remove_old_leftovers, temporary_name
from core.drawing.image_files import write_image
from core.maps.codecs.floats import write_exr, write_npy
from core.maps.codecs.flow import write_flo
from core.maps.codecs.png_files import write_png8, write_png16
from core.maps.codecs.points import PointCloud, PointsPly
from core.settings.settings import ImageFormat
from tests.processes import is_running, wait_until

ROOT = Path(__file__).resolve().parents[3]


def everything_in(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def assert_helps(error: pytest.ExceptionInfo[OutputError], path: Path) -> None:
    text = str(error.value)
    assert str(path) in text
    assert "\n" not in text
    assert text.endswith("choose another output folder")


# --- Whole or not at all ----------------------------------------------------------------------------------------------


def test_file_is_written_into_new_folders(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "file.json"

    with complete_file(path) as file:
        file.write(b"new")

    assert path.read_bytes() == b"new"
    assert everything_in(tmp_path) == ["a", "a/b", "a/b/file.json"]


def test_final_name_appears_when_all_is_written(tmp_path: Path) -> None:
    path = tmp_path / "file.json"

    with complete_file(path) as file:
        file.write(b"half")
        file.flush()
        assert not path.exists()
        (unfinished,) = everything_in(tmp_path)
        assert unfinished.startswith(".")
        assert unfinished.endswith(".tmp")
        file.write(b" and half")

    assert path.read_bytes() == b"half and half"
    assert everything_in(tmp_path) == ["file.json"]


def test_older_file_stays_until_the_new_one_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "file.json"
    path.write_bytes(b"old")

    with complete_file(path) as file:
        file.write(b"new")
        file.flush()
        assert path.read_bytes() == b"old"

    assert path.read_bytes() == b"new"


@pytest.mark.parametrize(
    "problem", [ValueError, KeyboardInterrupt, LabelpassError], ids=lambda problem: problem.__name__
)
@pytest.mark.parametrize("old", [None, b"old"])
def test_error_in_the_block_leaves_nothing(tmp_path: Path, problem: type[BaseException], old: bytes | None) -> None:
    path = tmp_path / "file.json"
    if old is not None:
        path.write_bytes(old)

    with pytest.raises(problem, match="inside"), complete_file(path) as file:
        file.write(b"half")
        raise problem("inside")

    assert everything_in(tmp_path) == ([] if old is None else ["file.json"])
    assert old is None or path.read_bytes() == old


def test_error_of_the_system_in_the_block_is_an_output_error(tmp_path: Path) -> None:
    path = tmp_path / "file.json"

    with pytest.raises(OutputError, match="Input/output error") as error, complete_file(path) as file:
        file.write(b"half")
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    assert_helps(error, path)
    assert everything_in(tmp_path) == []


def test_two_processes_write_the_same_file(tmp_path: Path) -> None:
    """The last one wins, and neither sees the other's half."""
    path = tmp_path / "file.json"
    other = "from core.base.files import complete_file; from pathlib import Path; import sys\n"
    other += "with complete_file(Path(sys.argv[1])) as file: file.write(b'theirs')"

    with complete_file(path) as file:
        file.write(b"ours")
        subprocess.run([sys.executable, "-c", other, path], cwd=ROOT, check=True)
        assert path.read_bytes() == b"theirs"

    assert path.read_bytes() == b"ours"
    assert everything_in(tmp_path) == ["file.json"]


def test_temporary_names() -> None:
    """They are short whatever the file's name, say whose they are, and none comes twice."""
    names = {temporary_name() for _ in range(1000)}
    assert len(names) == 1000
    assert all(is_temporary(name) and f"-{os.getpid()}-" in name and len(name) < 50 for name in names)
    assert not any(map(is_temporary, (".labelpass", "a.tmp", f"x{min(names)}", f"{min(names)}.png")))


def test_the_longest_name_of_a_file_system(tmp_path: Path) -> None:
    path = tmp_path / ("n" * 250 + ".png")
    with complete_file(path) as file:
        file.write(b"all")

    assert path.read_bytes() == b"all"


def test_folder_that_is_not_finished_does_not_appear(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    with replaced_folder(folder) as temporary:
        (temporary / "old").write_text("1")
    with pytest.raises(KeyError), replaced_folder(folder) as temporary:
        (temporary / "new").write_text("2")
        raise KeyError
    assert [path.name for path in folder.iterdir()] == ["old"]
    with replaced_folder(folder) as temporary:
        (temporary / "new").write_text("2")
        assert [path.name for path in folder.iterdir()] == ["old"]
    assert [path.name for path in folder.iterdir()] == ["new"]
    assert [path.name for path in folder.parent.iterdir()] == ["b"]


def test_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a file")
    with pytest.raises(OutputError, match="Cannot write"), replaced_folder(tmp_path / "a" / "b"):
        pass


# --- Places that cannot be written ------------------------------------------------------------------------------------


def test_path_through_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"old")
    path = tmp_path / "file" / "a" / "b.json"

    with pytest.raises(OutputError) as error, complete_file(path):
        pytest.fail("there is no place to write to")

    assert_helps(error, path)
    assert (tmp_path / "file").read_bytes() == b"old"


def test_folder_in_the_place_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "file.json"
    (path / "full").mkdir(parents=True)

    with pytest.raises(OutputError) as error, complete_file(path) as file:
        file.write(b"new")

    assert_helps(error, path)
    assert everything_in(tmp_path) == ["file.json", "file.json/full"]


def test_file_name_that_is_too_long(tmp_path: Path) -> None:
    path = tmp_path / ("x" * 251 + ".json")

    with pytest.raises(OutputError, match="too long"), complete_file(path):
        pytest.fail("there is no such name")

    assert everything_in(tmp_path) == []


# Run before the interpreter that does the work, and replaced by it; a function for `preexec_fn` would need a copy of
# the whole test process, which other tests may have made too large for that.
AS_AN_ORDINARY_USER = """
import ctypes, os, sys
drop, override = 24, 1  # PR_CAPBSET_DROP, CAP_DAC_OVERRIDE: man 2 prctl, man 7 capabilities
if os.geteuid() == 0 and ctypes.CDLL(None).prctl(drop, override, 0, 0, 0) != 0:
    sys.exit("cannot give up the power over permissions")
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""
WITH_SMALL_FILES = """
import os, resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536))
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""


def run_in(surroundings: str, code: str, *arguments: object) -> str:
    """Run code in a process of its own; returns what it printed."""
    command = [sys.executable, "-c", surroundings, "-c", code, *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout


REPORT = """
import sys
from pathlib import Path
from core.base.errors import OutputError
from core.base.files import check_writable, complete_file
try:
    {}
except OutputError as error:
    print(error)
"""


@pytest.fixture
def closed_folder(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "closed"
    folder.mkdir(mode=0o555)
    yield folder
    folder.chmod(0o755)


@pytest.mark.parametrize("name", ["file.json", "new/file.json"])
def test_unwritable_folder(closed_folder: Path, name: str) -> None:
    code = REPORT.format("\n    with complete_file(Path(sys.argv[1])) as file: file.write(b'x')")

    printed = run_in(AS_AN_ORDINARY_USER, code, closed_folder / name)

    assert printed.strip() == (f"Cannot write {closed_folder / name}: Permission denied; choose another output folder")
    assert everything_in(closed_folder) == []


def test_check_before_the_work(closed_folder: Path, tmp_path: Path) -> None:
    code = REPORT.format("check_writable(Path(sys.argv[1]))")

    assert f"Cannot write {closed_folder}" in run_in(AS_AN_ORDINARY_USER, code, closed_folder)
    assert run_in(AS_AN_ORDINARY_USER, code, tmp_path / "new") == ""

    assert everything_in(closed_folder) == []
    assert everything_in(tmp_path / "new") == []


def test_check_makes_the_folder_and_leaves_it_empty(tmp_path: Path) -> None:
    check_writable(tmp_path / "a" / "b")

    assert everything_in(tmp_path) == ["a", "a/b"]


# --- A full disk ------------------------------------------------------------------------------------------------------

DISK = 64 * 1024
WRITE = {
    "in pieces": "[file.write(bytes(1000)) for _ in range(200)]",
    "at once": "file.write(bytes(200_000))",
    "on closing": "file.write(bytes(200_000 - 1)); file.seek(70_000); file.write(b'x')",
}
FILL = """
import sys
from pathlib import Path
from core.base.errors import OutputError
from core.base.files import complete_file
folder = Path(sys.argv[1])
with complete_file(folder / "first.json") as file: file.write(b"first")
try:
    with complete_file(folder / "sub" / "second.json") as file: {}
except OutputError as error:
    print(error)
print(sorted(str(path.relative_to(folder)) for path in folder.rglob("*")))
print((folder / "first.json").read_text())
"""


def on_a_small_disk(code: str, folder: Path) -> str | None:
    """Run code with a disk of 64 KB in place of a folder, in a namespace of its own that ends with the process.

    Returns:
        What it printed; None where this machine does not allow such a thing.
    """
    mount = 'mount -t tmpfs -o size=64k tmpfs "$1" || exit 99; exec "$2" -c "$3" "$1"'
    for unshare in (["unshare", "--mount"], ["unshare", "--mount", "--map-root-user"]):
        with contextlib.suppress(FileNotFoundError):
            run = subprocess.run(
                [*unshare, "sh", "-c", mount, "sh", str(folder), sys.executable, code],
                cwd=ROOT,
                capture_output=True,
                text=True,
            )
            if run.returncode == 0:
                return run.stdout
            assert run.returncode in (1, 99), run.stderr
            assert "Traceback" not in run.stderr, run.stderr
    return None


@pytest.mark.parametrize("write", WRITE.values(), ids=WRITE)
def test_full_disk(tmp_path: Path, write: str) -> None:
    code = FILL.format(write)
    printed = on_a_small_disk(code, tmp_path)
    reason = "No space left on device"
    if printed is None:
        printed, reason = run_in(WITH_SMALL_FILES, code, tmp_path), "File too large"

    assert printed.splitlines() == [
        f"Cannot write {tmp_path / 'sub' / 'second.json'}: {reason}; free space there or choose another output folder",
        "['first.json', 'sub']",
        "first",
    ]


@pytest.mark.parametrize("write", WRITE.values(), ids=WRITE)
def test_largest_file(tmp_path: Path, write: str) -> None:
    printed = run_in(WITH_SMALL_FILES, FILL.format(write), tmp_path)

    assert printed.splitlines() == [
        f"Cannot write {tmp_path / 'sub' / 'second.json'}: File too large; "
        "free space there or choose another output folder",
        "['first.json', 'sub']",
        "first",
    ]


@pytest.mark.parametrize("format", [ImageFormat.PNG, ImageFormat.JPEG, ImageFormat.WEBP], ids=str)
def test_full_disk_under_an_image(tmp_path: Path, format: ImageFormat) -> None:
    """Pillow writes past Python's file object, and has its own words for what goes wrong."""
    path = tmp_path / "image"
    noise = np.random.default_rng(0).integers(0, 256, (400, 400, 3), dtype=np.uint8)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)

    resource.setrlimit(resource.RLIMIT_FSIZE, (DISK, before[1]))
    try:
        with pytest.raises(OutputError) as error:
            write_image(path, noise, format)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)

    assert_helps(error, path)
    assert everything_in(tmp_path) == []
    write_image(path, noise, format)
    assert path.stat().st_size > DISK


# --- What a killed process leaves -------------------------------------------------------------------------------------


def _named(host: str, pid: int, number: int = 0) -> str:
    return f".labelpass-{host}-{pid}-{number:08x}.tmp"


OURS = temporary_name().split("-")[1]
ELSEWHERE = "0123abcd"


def test_leftovers_of_a_process_are_removed_and_nothing_else(tmp_path: Path) -> None:
    gone = [_named(OURS, 4711), f"records/x/{_named(OURS, 4711)}", f"images/{_named(OURS, 4711, 7)}/0001.png"]
    kept = [
        _named(OURS, 47110), _named(OURS, 711), _named(ELSEWHERE, 4711), _named(OURS, 4711)[1:],
        f"{_named(OURS, 4711)}.txt", "a.json", ".hidden",
    ]  # fmt: skip
    _write_empty(tmp_path, gone + kept)

    remove_leftovers(tmp_path, 4711)

    assert [name for name in everything_in(tmp_path) if (tmp_path / name).is_file()] == sorted(kept)


def test_old_leftovers(tmp_path: Path) -> None:
    """What is certainly nobody's: of a process of this machine that has ended, or of another one and a day old. What
    a process of this machine may be writing stays, whatever its clock says."""
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    old, of_dead = [_named(ELSEWHERE, 5), f"maps/{_named(ELSEWHERE, 6)}/a.npy"], [f"x/{_named(OURS, ended.pid)}"]
    ours = _named(OURS, os.getpid())
    kept = [_named(ELSEWHERE, 7), ours, _named(ELSEWHERE, ended.pid), "old.json"]
    _write_empty(tmp_path, old + of_dead + kept)
    for name in (_named(ELSEWHERE, 5), f"maps/{_named(ELSEWHERE, 6)}", ours, "old.json"):
        os.utime(tmp_path / name, (1e9, 1e9))

    assert remove_old_leftovers(tmp_path) == 3
    assert [name for name in everything_in(tmp_path) if (tmp_path / name).is_file()] == sorted(kept)


def test_leftovers_of_a_process_that_nobody_waits_for(tmp_path: Path) -> None:
    """It keeps its number although it has ended, as in a container without an init."""
    ended = subprocess.Popen([sys.executable, "-c", ""])
    wait_until(lambda: not is_running(ended.pid), "it has ended")
    _write_empty(tmp_path, [_named(OURS, ended.pid)])
    try:
        assert remove_old_leftovers(tmp_path) == 1
    finally:
        ended.wait()


def _write_empty(folder: Path, names: Iterable[str]) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")


def test_a_folder_that_is_gone_is_not_made_again(tmp_path: Path) -> None:
    """Those below it are made as long as it is there."""
    whole = tmp_path / "dataset"
    whole.mkdir()
    with writing_into(whole):
        with complete_file(whole / "images/a/0001.txt") as file:
            file.write(b"1")
        whole.rename(tmp_path / "gone")
        for write in (complete_file, replaced_folder):
            with pytest.raises(OutputError, match="is gone, with what was written there"), write(whole / "images/0002"):
                pass
    assert not whole.exists()
    assert (tmp_path / "gone/images/a/0001.txt").read_bytes() == b"1"


@pytest.mark.parametrize("vanishes", ["before", "while it is written", "before the files take their places"])
def test_nothing_is_written_to_the_place_of_a_folder_that_is_gone(tmp_path: Path, vanishes: str) -> None:
    """Such as the folder at which a disk was mounted: what is left of a write is where the folder went."""
    whole, gone = tmp_path / "dataset", tmp_path / "gone"
    whole.mkdir()
    known = identity(whole)

    def vanish(moment: str) -> None:
        if vanishes == moment:
            whole.rename(gone)
            whole.mkdir()

    vanish("before")
    with (
        pytest.raises(OutputError, match="is gone, with what was written there") as error,
        writing_into(whole, known),
        files_at_once(lambda: vanish("before the files take their places")),
        complete_file(whole / "a/1.txt") as file,
    ):
        file.write(b"1")
        vanish("while it is written")
    assert error.value.of_all
    assert not list(whole.iterdir())
    assert not list(gone.rglob("*.txt"))


# --- Several files at once --------------------------------------------------------------------------------------------


def test_files_take_their_places_together(tmp_path: Path) -> None:
    (tmp_path / "old.txt").write_text("old")
    (tmp_path / "masks").mkdir()
    seen = []

    def before() -> None:
        seen.append({path.name for path in tmp_path.iterdir() if not is_temporary(path.name)})
        assert (tmp_path / "old.txt").read_text() == "old"

    with files_at_once(before):
        for text in ("first", "new"):
            with complete_file(tmp_path / "old.txt") as file:
                file.write(text.encode())
        with replaced_folder(tmp_path / "masks") as folder:
            (folder / "1.png").write_text("mask")
        with complete_file(tmp_path / "sub/last.txt") as file:
            file.write(b"last")
        assert seen == []

    assert seen == [{"old.txt", "masks", "sub"}]
    assert everything_in(tmp_path) == ["masks", "masks/1.png", "old.txt", "sub", "sub/last.txt"]
    assert (tmp_path / "old.txt").read_text() == "new"


@pytest.mark.parametrize("problem", [KeyError, OSError, OutputError, KeyboardInterrupt])
def test_files_of_a_block_that_fails(tmp_path: Path, problem: type[BaseException]) -> None:
    (tmp_path / "old.txt").write_text("old")

    with pytest.raises(problem, match="inside"), files_at_once(lambda: pytest.fail("not complete")):
        with complete_file(tmp_path / "old.txt") as file:
            file.write(b"new")
        with replaced_folder(tmp_path / "masks") as folder:
            (folder / "1.png").write_text("mask")
        raise problem("inside")

    assert everything_in(tmp_path) == ["old.txt"]
    assert (tmp_path / "old.txt").read_text() == "old"


def test_leftovers_in_a_folder_that_was_never_made(tmp_path: Path) -> None:
    remove_leftovers(tmp_path / "missing", 4711)

    assert everything_in(tmp_path) == []


def test_what_a_killed_process_leaves_is_found(tmp_path: Path) -> None:
    code = """
import os, signal, sys
from pathlib import Path
from core.base.files import complete_file
with complete_file(Path(sys.argv[1]) / "sub" / "file.json") as file:
    file.write(b"half")
    os.kill(os.getpid(), signal.SIGKILL)
"""
    process = subprocess.Popen([sys.executable, "-c", code, tmp_path], cwd=ROOT)
    assert process.wait() == -9
    assert len(everything_in(tmp_path)) == 2

    remove_leftovers(tmp_path, process.pid)

    assert everything_in(tmp_path) == ["sub"]


# --- What was written -------------------------------------------------------------------------------------------------

RANDOM = np.random.default_rng(5).random((40, 50, 3), dtype=np.float32)
BYTES, NUMBERS = (RANDOM * 255).astype(np.uint8), (RANDOM * 65535).astype(np.uint16)
WRITERS: dict[str, Callable[[Path], object]] = {
    "a.png": lambda path: write_image(path, BYTES, ImageFormat.PNG),
    "a.jpg": lambda path: write_image(path, BYTES, ImageFormat.JPEG),
    "a.webp": lambda path: write_image(path, BYTES, ImageFormat.WEBP),
    "grey.png": lambda path: write_png8(path, BYTES[..., 0]),
    "numbers.png": lambda path: write_png16(path, NUMBERS),
    "a.npy": lambda path: write_npy(path, RANDOM[:, ::2]),
    "a.flo": lambda path: write_flo(path, RANDOM[..., :2]),
    "a.exr": lambda path: write_exr(path, {"Z": RANDOM[..., 0]}),
    "a.ply": lambda path: PointsPly().write(path, PointCloud(RANDOM[0], BYTES[0], NUMBERS[0, :, 0], NUMBERS[0, :, 1])),
}


def content_of(data: bytes) -> Content:
    return Content(len(data), hashlib.blake2b(data, digest_size=16).hexdigest())


@pytest.mark.parametrize("name", WRITERS)
def test_contents_are_noted_as_they_are_written(tmp_path: Path, name: str) -> None:
    """Nothing goes past the digest, whoever writes, and the file is the same as without it."""
    WRITERS[name](tmp_path / "alone" / name)
    with noting_contents() as noted:
        WRITERS[name](tmp_path / "noted" / name)

    data = (tmp_path / "noted" / name).read_bytes()
    assert data == (tmp_path / "alone" / name).read_bytes()
    assert noted == {tmp_path / "noted" / name: content_of(data)}
    assert Content.of_file(tmp_path / "noted" / name) == content_of(data)


def test_only_what_is_complete_is_noted(tmp_path: Path) -> None:
    with noting_contents() as noted:
        with pytest.raises(ValueError, match="inside"), complete_file(tmp_path / "a") as file:
            file.write(b"half")
            raise ValueError("inside")
        with pytest.raises(OutputError), complete_file(tmp_path / "b") as file:
            file.write(b"one")
            file.seek(0)  # what is written over would be in the digest and not in the file
        with complete_file(tmp_path / "c") as file:
            file.write(b"first")
        with complete_file(tmp_path / "c") as file:
            file.write(b"second")
    with complete_file(tmp_path / "d") as file:
        file.write(b"after")

    assert noted == {tmp_path / "c": content_of(b"second")}


def test_contents_of_other_threads_are_theirs(tmp_path: Path) -> None:
    def write() -> None:
        with complete_file(tmp_path / "theirs") as file:
            file.write(b"theirs")

    with noting_contents() as noted:
        thread = threading.Thread(target=write)
        thread.start()
        thread.join()

    assert noted == {}


def test_noted_file_that_python_throws_away(tmp_path: Path) -> None:
    """Python closes it then, and newer ones print what goes wrong, in Blender's console."""
    with noting_contents(), complete_file(tmp_path / "a") as file:
        file.write(b"abc")

    file.close()


@pytest.mark.parametrize(
    ("size", "is_size"), [(3, True), (2, False), (4, False)], ids=["as large", "smaller", "larger"]
)
def test_size_of_a_content(tmp_path: Path, size: int, is_size: bool) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    (tmp_path / "b").mkdir()

    assert Content(size, "").is_size_of(tmp_path / "a") == is_size
    assert not Content(size, "").is_size_of(tmp_path / "missing")
    assert not Content((tmp_path / "b").stat().st_size, "").is_size_of(tmp_path / "b")
