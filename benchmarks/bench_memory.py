"""The most memory that one large frame takes when only its object index is needed."""

from pathlib import Path

from core.settings.settings import LabelSource

from .fresh_process import Outcome, annotate_labels, in_fresh_process, nothing, read_all
from .render_files import write_multi_part, write_single_part
from .report import Row, Section, megabytes, smaller
from .scenes import ULTRA_HD, render

_OBJECTS = 1000
_LIMIT = 300_000_000


def measure(folder: Path) -> Section:
    """The peak of a process that annotates the frame, minus that of one that only imports the same modules."""
    multi, single, output = folder / "multi.exr", folder / "single.exr", folder / "output"
    frame = render(ULTRA_HD, _OBJECTS)
    write_multi_part(frame, multi)
    write_single_part(frame, single)
    del frame
    rows = []
    imports = in_fresh_process(nothing)
    for title, file in (("multi-part", multi), ("single-part", single)):
        everything = above(imports, in_fresh_process(read_all, file))
        for source in (LabelSource.OBJECT_INDEX, LabelSource.CRYPTO_OBJECT):
            ours = above(imports, in_fresh_process(annotate_labels, file, output, source))
            what = f"{title}, {source.label} to record"
            if ours is None or everything is None:
                rows.append(Row(what, "not measured on this system"))
            elif source is LabelSource.OBJECT_INDEX:
                rows.append(smaller(what, ours, "`OpenEXR.File`", everything, _LIMIT))
            else:
                rows.append(Row(what, megabytes(ours)))
    text = (
        f"One {ULTRA_HD} frame of {_OBJECTS} objects with all passes, in a process of its own: peak resident memory, "
        "minus that of a process that only imports the same modules."
    )
    return Section("Peak memory", text, rows)


def above(imports: Outcome, task: Outcome) -> int | None:
    """How many bytes a task needs on top of its imports; None where the system does not tell."""
    return None if imports.peak is None or task.peak is None else task.peak - imports.peak
