"""A frame that is too large for the memory is refused before it is read; what is there is known of groups too."""

from pathlib import Path
from typing import Any

import pytest

from core.annotate.annotate import annotate
from core.base import memory
from core.base.errors import MemoryShortage
from core.exr.exr_file import ExrFile
from core.labels import frame_memory
from core.labels.labelled_frame import open_passes
from core.settings.settings import ImageFormat, LabelSource
from tests.builders import NO_IMAGES, plain_job

GB = 10**9


def test_a_frame_that_does_not_fit(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of its pixels is read, and nothing is written."""
    job = plain_job(data / "4.5/multilayer_0001.exr", tmp_path / "out")
    monkeypatch.setattr(frame_memory, "_LARGE", 0)
    monkeypatch.setattr(frame_memory, "_BESIDES", 9 * GB)
    monkeypatch.setattr(frame_memory, "available_memory", lambda: 4 * GB)
    with monkeypatch.context() as unread:
        unread.delattr(ExrFile, "read_bands")
        with pytest.raises(
            MemoryShortage,
            match=r"multilayer_0001\.exr.* has 64 x 48 pixels, which with these settings take about 9\.0 GB of memory, "
            r"and 4\.0 GB are free; close other programs, or render it smaller",
        ):
            annotate(job)
    assert not (tmp_path / "out").exists()
    for free in (10 * GB, None):
        monkeypatch.setattr(frame_memory, "available_memory", lambda free=free: free)
        annotate(job)


def test_nobody_asks_for_the_memory_of_ordinary_frames(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frame_memory, "available_memory", lambda: 0)
    annotate(plain_job(data / "4.5/multilayer_0001.exr", tmp_path / "out"))


@pytest.mark.parametrize(
    ("less", "more"),
    [
        ({"labels": LabelSource.OBJECT_INDEX}, {"labels": LabelSource.CRYPTO_OBJECT}),
        ({"labels": LabelSource.AUTO}, {"labels": LabelSource.CRYPTO_OBJECT}),
        ({"labels": LabelSource.CRYPTO_OBJECT}, {"soft_masks": True}),
        ({"labels": LabelSource.OBJECT_INDEX}, {"image_format": ImageFormat.PNG}),
        ({"labels": LabelSource.OBJECT_INDEX}, {"pictures": True}),
    ],
)
def test_what_takes_more(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, less: dict[str, Any], more: dict[str, Any]
) -> None:
    def needed(wanted: dict[str, Any]) -> int:
        job = plain_job(data / "4.5/multilayer_0001.exr", tmp_path, **{**NO_IMAGES, **wanted})
        return frame_memory.needed_memory(job, open_passes(job, composited=True))

    assert needed(less) < needed({**less, **more})


# --- What is there ----------------------------------------------------------------------------------------------------


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with 6 GB, and without groups."""
    (tmp_path / "meminfo").write_text("MemTotal: 9000000 kB\nMemAvailable: 5000000 kB\nSwapFree: 1000000 kB\n")
    monkeypatch.setattr(memory, "_MACHINE", tmp_path / "meminfo")
    monkeypatch.setattr(memory, "_OWN_GROUPS", tmp_path / "cgroup")
    two, one = (
        type(version)(version.line, tmp_path / name, version.limit, version.used, version.stat, version.cached)
        for version, name in zip(memory._VERSIONS, ("v2", "v1"), strict=True)
    )
    monkeypatch.setattr(memory, "_VERSIONS", (two, one))
    return tmp_path


def group(folder: Path, **files: object) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / f"memory.{name}").write_text(f"{content}\n")


def test_a_machine_by_itself(machine: Path) -> None:
    assert memory.available_memory() == 6_000_000 * 1024
    (machine / "meminfo").write_text("MemTotal: 9000000 kB\n")
    assert memory.available_memory() is None
    (machine / "meminfo").unlink()
    assert memory.available_memory() is None


def test_groups_of_version_2(machine: Path) -> None:
    """The least of all groups around the process counts, and what the kernel keeps of files is not lost."""
    (machine / "cgroup").write_text("0::/job.slice/step\n")
    group(machine / "v2/job.slice/step", max="max", current=1, stat="inactive_file 0")
    group(machine / "v2/job.slice", max=4 * GB, current=3 * GB, stat="anon 7\ninactive_file 500\nfile 3")
    assert memory.available_memory() == GB + 500
    group(machine / "v2", max=GB, current=2 * GB, stat="anon 7")
    assert memory.available_memory() == 0


def test_groups_of_version_1(machine: Path) -> None:
    """Also in a container, to which its own group is the root."""
    (machine / "cgroup").write_text("5:cpu,cpuacct:/x\n4:memory:/docker/0123\n0::/\n")
    group(machine / "v1", limit_in_bytes=2 * GB, usage_in_bytes=GB, stat="cache 5\ntotal_inactive_file 9")
    assert memory.available_memory() == GB + 9
