"""Whole datasets for tests: annotated from frames of tests/data, merged and validated without a progress bar."""

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from core.annotate.annotate import annotate
from core.base.dataset_folder import DatasetFolder, former_soft_masks_folder
from core.base.files import Content, canonical_json
from core.checks.report import Report
from core.checks.validate import validate
from core.dataset.merge import Merged, merge, write_formats
from core.formats.coco import CocoWriter
from core.records.instance import SoftMask
from core.records.record_files import stored
from core.records.record_store import open_records
from core.scene.camera import Camera
from core.settings.map_table import DenseMap
from core.settings.settings import Settings
from tests.builders import plain_job, read_record, record_path, rendered_camera, rendered_frame, rendered_scene

DISPARITY = (DenseMap.DISPARITY_NPY, DenseMap.DISPARITY_PNG)
ChangeCamera = Callable[[Camera], Camera]


def write_coco_file(output: Path, progress: Callable[[int, int], None] = lambda done, total: None) -> Merged:
    """Write the COCO file and nothing else, and say what a merge says of it."""
    writer, dataset = CocoWriter(), DatasetFolder(output)
    written = write_formats(open_records(dataset), [writer], progress)
    return Merged(**vars(written), path=dataset.instances, instances=writer.annotations)


def merged(output: Path, settings: Settings | None = None) -> list[str]:
    """Write all that is made of records; the problems."""
    return list(merge(output, settings or Settings()).problems)


def checked(output: Path) -> Report:
    """Validate a dataset."""
    return validate(output, lambda done, total: None)


def files_in(folder: Path) -> set[str]:
    """Every file below a folder, as a path below it."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def bytes_in(folder: Path) -> dict[str, bytes]:
    """The same with what is in each."""
    return {file: (folder / file).read_bytes() for file in files_in(folder)}


def annotate_rendered(
    folder: Path, frames: Iterable[Any], facts: Mapping[str, Any], change: ChangeCamera | None = None, **settings: Any
) -> Path:
    """Frames of tests/data with their scene records, whose cameras may be changed; the dataset is in `out`."""
    for rendered in frames:
        frame = rendered_frame(rendered)
        camera = rendered_camera(facts, rendered.frame)
        scene = rendered_scene(facts, rendered.frame, unit_scale=0.1, camera=change(camera) if change else camera)
        path = folder / f"{frame.name}.json"
        scene.write(path)
        annotate(plain_job(frame, folder / "out", path, **settings))
    return folder / "out"


def with_former_soft_masks(output: Path, frame: str) -> None:
    """Let a frame have its soft masks as records of version 5 had them: in a folder of its own, a PNG for each."""
    record, folder = read_record(output, frame), former_soft_masks_folder(frame)
    (output / folder).mkdir(exist_ok=True)
    instances, contents = [], dict(record.contents)
    for one in record.instances:
        assert one.soft_mask is not None
        file = f"{folder}/{one.soft_mask.array}.png"
        with np.load(output / one.soft_mask.file) as arrays:
            Image.fromarray(arrays[one.soft_mask.array]).save(output / file, compress_level=1)
        contents.pop(one.soft_mask.file, None)
        contents[file] = Content.of_file(output / file)
        instances.append(dataclasses.replace(one, soft_mask=SoftMask(file, one.soft_mask.box)))
    for file in record.contents.keys() - contents.keys():
        (output / file).unlink()
    former = dataclasses.replace(record, instances=tuple(instances), contents=contents)
    record_path(output, frame).write_bytes(stored(canonical_json({**former.as_json(), "record_version": 5})))


def stereo_pair(rendered_of, facts, version: str, folder: Path, change: ChangeCamera | None = None) -> Path:
    """Both views of the stereo fixture, each as a sequence; the right one with a camera that may be changed."""
    for rendered in rendered_of(version, "stereo"):
        camera = rendered_camera(facts, 1, rendered.view)
        if change and rendered.view == "right":
            camera = change(camera)
        path = folder / f"scenes/{rendered.view}.json"
        rendered_scene(facts, 1, unit_scale=0.1, camera=camera, view=rendered.view).write(path)
        frame = rendered_frame(rendered, sequence=f"shot/{rendered.view}")
        annotate(plain_job(frame, folder / "out", path, maps=DISPARITY, pictures=False, view=rendered.view))
    return folder / "out"
