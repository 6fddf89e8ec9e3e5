"""What a child process can do, each step as a function of plain data; what it returns is said."""

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from core.annotate.annotate import annotate
from core.base.temporary_names import remove_old_leftovers
from core.dataset.combine import combine
from core.dataset.combine_checks import Source
from core.dataset.export import export
from core.dataset.merge import merge
from core.dataset.packing import pack, unpack
from core.records.frame_job import FrameJob
from core.settings.settings import Settings

Data = Mapping[str, Any]


def _annotate(data: Data) -> str:
    """What a run does for one of its frames: nothing where it is up to date."""
    job = FrameJob.from_json(data["job"])
    if data.get("redo") or job.finished_record() is None:
        annotate(job)
    return ""


def _clean(data: Data) -> str:
    """What a run does before its frames."""
    return str(remove_old_leftovers(Path(data["folder"])))


def _merge(data: Data) -> str:
    return "\n".join(merge(Path(data["folder"]), Settings.from_json(data["settings"])).problems)


def _export(data: Data) -> str:
    output = Path(data["output"]) if "output" in data else None
    return "\n".join(export(Path(data["folder"]), Settings.from_json(data["settings"]), output).problems)


def _combine(data: Data) -> str:
    sources = [Source.of(text) for text in data["sources"]]
    return "\n".join(combine(sources, Path(data["folder"])).problems)


def _pack(data: Data) -> str:
    return "\n".join(pack(Path(data["folder"])).problems())


def _unpack(data: Data) -> str:
    return "\n".join(unpack(Path(data["folder"])).problems())


def _fuzz(data: Data) -> str:
    """A round of one of the fuzzers, which are imported here, since the other steps need nothing of them."""
    from .fuzz import exr, extreme_files, json_files, odd_files, protocol

    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # OpenEXR says there what it thinks of each damaged file
    folder, number, seconds = Path(data["folder"]), data["number"], data["seconds"]
    match data["what"]:
        case "exr":
            found = exr.fuzz(folder, number, seconds)
        case "manifests":
            found = exr.fuzz(folder, number, seconds, only_manifests=True)
        case "protocol":
            found = protocol.fuzz(folder, number, seconds)
        case "extreme files":
            found = extreme_files.use_extreme_files(folder, data["every"])
        case "odd files":
            found = odd_files.use_odd_files(folder, data["every"])
        case kind:
            found = json_files.fuzz(kind, folder, number, seconds)
    return json.dumps(found)


STEPS: Mapping[str, Callable[[Data], str]] = {
    "annotate": _annotate,
    "clean": _clean,
    "merge": _merge,
    "export": _export,
    "combine": _combine,
    "pack": _pack,
    "unpack": _unpack,
    "fuzz": _fuzz,
}
