"""The memory that this process may still take."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_MACHINE, _OWN_GROUPS = Path("/proc/meminfo"), Path("/proc/self/cgroup")


@dataclass(frozen=True)
class _Groups:
    """How a version of control groups says what a farm or a container limits.

    Attributes:
        line: of /proc/self/cgroup, with the name of this process's group.
        folder: of all groups.
        limit, used, stat: files of a group.
        cached: name in the last one, of what the kernel can give away.
    """

    line: str
    folder: Path
    limit: str
    used: str
    stat: str
    cached: str


# Source: the kernel's documentation, "Control Group v2" and "Memory Resource Controller" (version 1).
_VERSIONS = (
    _Groups(r"0::/(.*)", Path("/sys/fs/cgroup"), "memory.max", "memory.current", "memory.stat", "inactive_file"),
    _Groups(
        r"\d+:(?:[\w,]*,)?memory(?:,[\w,]*)?:/(.*)", Path("/sys/fs/cgroup/memory"),
        "memory.limit_in_bytes", "memory.usage_in_bytes", "memory.stat", "total_inactive_file",
    ),
)  # fmt: skip


def available_memory() -> int | None:
    """Bytes that are free or can be freed, on this machine and in the groups around this process.

    None where the system does not say it in this way, as only Linux does.
    """
    try:
        found = dict(re.findall(r"(\w+):\s+(\d+) kB", _MACHINE.read_text("ascii")))
        machine = (int(found["MemAvailable"]) + int(found["SwapFree"])) * 1024
    except (OSError, KeyError, ValueError):
        return None
    return max(0, min([machine, *(left for version in _VERSIONS for left in _left_in(version))]))


def _left_in(version: _Groups) -> Iterator[int]:
    """What each group around this process has left of its limit."""
    try:
        own = re.search(f"(?m)^{version.line}$", _OWN_GROUPS.read_text("utf-8"))
    except (OSError, ValueError):
        return
    folder = version.folder / (own[1] if own else "")
    for group in (folder, *folder.parents):
        if not group.is_relative_to(version.folder):
            return
        try:
            limit, used = (int((group / name).read_text("ascii")) for name in (version.limit, version.used))
            cached = re.search(rf"(?m)^{version.cached} (\d+)$", (group / version.stat).read_text("ascii"))
        except (OSError, ValueError):  # there is no such group in a container; or "max", which is no limit
            continue
        yield limit - used + (int(cached[1]) if cached else 0)
