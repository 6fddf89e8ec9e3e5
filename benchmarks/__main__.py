"""All benchmarks in one run, printed as Markdown."""

import argparse
import dataclasses
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from . import (
    bench_amodal,
    bench_exports,
    bench_frames,
    bench_image_formats,
    bench_instances,
    bench_memory,
    bench_merge,
    bench_occlusion,
    bench_overlay,
    bench_polygons,
    bench_scatter,
    bench_since,
    bench_soft_masks,
    bench_straight_lines,
)
from .report import Section, as_markdown, describe_load, describe_machine, write_section

PAGE = Path(__file__).resolve().parent.parent / "docs" / "benchmarks.md"

_SECTIONS: Mapping[str, Callable[[Path], Section]] = {
    "instances": bench_instances.measure,
    "frames": bench_frames.measure,
    "command_line": bench_frames.measure_command_line,
    "image_formats": bench_image_formats.measure,
    "since": bench_since.measure,
    "validate": bench_since.measure_validate,
    "straight_lines": bench_straight_lines.measure,
    "memory": bench_memory.measure,
    "merge": bench_merge.measure,
    "exports": bench_exports.measure,
    "amodal": bench_amodal.measure,
    "occlusion": bench_occlusion.measure,
    "overlay": bench_overlay.measure,
    "scatter": bench_scatter.measure,
    "soft_masks": bench_soft_masks.measure,
    "polygons": bench_polygons.measure,
    "noise": bench_instances.measure_noise,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="benchmarks/run.py", description="Measure Labelpass against the usual ways")
    parser.add_argument(
        "--write", action="store_true", help=f"put each section into docs/{PAGE.name} when it is measured"
    )
    parser.add_argument("--only", choices=_SECTIONS, nargs="+", help="measure these sections")
    options = parser.parse_args()
    machine = describe_machine()
    sections = []
    for name in options.only or _SECTIONS:
        print(f"Measuring: {name}", file=sys.stderr, flush=True)
        load = describe_load()  # before this makes it busy
        with tempfile.TemporaryDirectory(prefix="labelpass-benchmarks-", ignore_cleanup_errors=True) as folder:
            section = _SECTIONS[name](Path(folder))
        section = dataclasses.replace(section, text=f"{section.text} {load}".strip())
        sections.append(section)
        if options.write:
            write_section(PAGE, machine, section)
    print(as_markdown(machine, sections))
    missed = [row for section in sections for row in section.rows if row.met is False]
    print(f"{len(missed)} targets missed" if missed else "All targets met", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
