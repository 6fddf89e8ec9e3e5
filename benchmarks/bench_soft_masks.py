"""Soft masks and parts of all instances of a frame: `core.annotate.soft_masks`, `core.annotate.parts`."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cryptomatte_api
import numpy as np
import numpy.typing as npt
from PIL import Image
from pycocotools import mask as coco_mask

from core.annotate.annotate import annotate
from core.annotate.parts import find_parts
from core.annotate.soft_masks import soft_masks, write_soft_masks
from core.exr.cryptomatte import Coverages, strongest
from core.labels.label_image import LabelImage
from core.masks.runs import Runs, find_runs
from core.records.instance import Instance, SoftMask
from core.settings.settings import LabelSource
from tests.builders import NO_IMAGES, instances_in, plain_job
from tests.core.mattes import as_ranks

from .render_files import write_single_part
from .report import Row, Section, duration, faster
from .scenes import FULL_HD, RenderedFrame, render
from .timing import compare, one_core

# Objects, and how many times faster than object by object soft masks and parts should be, and writing them in one file
# than in one for each.
_FRAMES = ((100, 15, 10, 2), (1000, 100, 40, 3))

Floats = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.uint8]
Ranks = list[tuple[Floats, Floats]]


@dataclass(frozen=True)
class _Frame:
    """What the tasks of this module start from."""

    ranks: Ranks
    image: LabelImage
    materials: LabelImage
    runs: Runs
    instances: list[Instance]


def measure(folder: Path) -> Section:
    """The ranks are in memory, except where a row says that a file is read."""
    rows = []
    for objects, *targets in _FRAMES:
        rows += _rows(render(FULL_HD, objects), objects, folder, *targets)
    text = (
        f"A {FULL_HD} frame with a Cryptomatte of six ranks. *Object by object* goes through all ranks once for each "
        "object, as a Cryptomatte node does. For parts, pycocotools encodes each pair of object and material."
    )
    return Section("Soft masks and parts", text, rows)


def _rows(
    rendered: RenderedFrame, objects: int, folder: Path, soft_target: float, parts_target: float, file_target: float
) -> list[Row]:
    frame = _prepare(rendered)
    file, images = folder / f"{objects}.exr", folder / f"{objects}"
    write_single_part(rendered, file)
    job = plain_job(file, folder, labels=LabelSource.CRYPTO_OBJECT, soft_masks=True, **NO_IMAGES)
    coverages = _coverages(frame)
    _check(frame, coverages)
    written = write_soft_masks(job, coverages, frame.runs, frame.instances)
    _write_images(images, coverages, frame)
    _check_files(_read(folder, written), _read_images(images))
    with one_core():
        timings = compare(
            {
                "plain": lambda: strongest(as_ranks(frame.ranks), frame.image.labels.shape),
                "kept": lambda: strongest(as_ranks(frame.ranks), frame.image.labels.shape, keep_coverages=True),
                "soft": lambda: list(_ours(frame)),
                "written": partial(write_soft_masks, job, coverages, frame.runs, frame.instances),
                "written as images": partial(_write_images, images, coverages, frame),
                "read": partial(_read, folder, written),
                "read images": partial(_read_images, images),
                "object by object": lambda: [_by_object(frame.ranks, one.labels[0]) for one in frame.instances],
                "file": partial(annotate, job),
                "api": lambda: _masks_by_cryptomatte_api(file),
                "parts": lambda: find_parts(frame.runs, frame.image, frame.materials, None),
                "parts by pycocotools": partial(_parts_by_pycocotools, frame.image.labels, frame.materials.labels),
            },
            most_runs=10,
        )
    cpu = {name: timing.cpu for name, timing in timings.items()}
    title = f"{objects} objects"
    return [
        faster(
            f"{title}: ranks to all soft masks", cpu["soft"], "object by object", cpu["object by object"], soft_target
        ),
        faster(
            f"{title}: coverages to a file of soft masks",
            cpu["written"],
            "a PNG file for each",
            cpu["written as images"],
            file_target,
        ),
        faster(f"{title}: reading them all with numpy", cpu["read"], "Pillow, the PNG files", cpu["read images"]),
        Row(f"{title}: cost of keeping coverages in the label image", duration(cpu["kept"] - cpu["plain"])),
        faster(
            f"{title}: single-part file to record with soft masks", cpu["file"], "cryptomatte-api, masks", cpu["api"]
        ),
        faster(f"{title}: parts by material", cpu["parts"], "pycocotools", cpu["parts by pycocotools"], parts_target),
    ]


def _prepare(rendered: RenderedFrame) -> _Frame:
    ranks = _ranks(rendered, "CryptoObject")
    shape = ranks[0][0].shape
    found = strongest(as_ranks(ranks), shape)
    material = strongest(as_ranks(_ranks(rendered, "CryptoMaterial")), shape)
    runs = find_runs(found.id)
    names = {id: name for name, id in rendered.manifests["CryptoMaterial"].items()}
    return _Frame(
        ranks,
        LabelImage(found.id, LabelSource.CRYPTO_OBJECT, {}, strength=found.coverage),
        LabelImage(material.id, LabelSource.CRYPTO_MATERIAL, names, strength=material.coverage),
        runs,
        list(instances_in(found.id, ["thing"])),
    )


def _ranks(rendered: RenderedFrame, name: str) -> Ranks:
    levels = [rendered.passes[f"{name}{level:02}"] for level in range(3)]
    return [(level[id], level[coverage]) for level in levels for id, coverage in ("rg", "ba")]


def _coverages(frame: _Frame) -> Coverages:
    found = strongest(as_ranks(frame.ranks), frame.image.labels.shape, keep_coverages=True).coverages
    assert found is not None
    return found


def _ours(frame: _Frame) -> Iterator[Bytes]:
    coverages = _coverages(frame)
    for _, pixels in soft_masks(coverages, frame.runs, frame.instances):
        yield pixels


def _write_images(folder: Path, coverages: Coverages, frame: _Frame) -> None:
    """Each in a file of its own, as Pillow writes PNG the fastest, and on the disk, as Labelpass' file is."""
    folder.mkdir(exist_ok=True)
    for number, (_, pixels) in enumerate(soft_masks(coverages, frame.runs, frame.instances), start=1):
        with (folder / f"{number:04}.png").open("wb") as file:
            Image.fromarray(pixels).save(file, "PNG", compress_level=1)
            file.flush()
            os.fsync(file.fileno())


def _read(folder: Path, written: Sequence[SoftMask]) -> list[Bytes]:
    with np.load(folder / written[0].file) as arrays:
        return [arrays[one.array] for one in written]


def _read_images(folder: Path) -> list[Bytes]:
    return [np.asarray(Image.open(path)) for path in sorted(folder.iterdir())]


def _check_files(arrays: Sequence[Bytes], images: Sequence[Bytes]) -> None:
    """And only if both ways say the same."""
    if len(arrays) != len(images) or not all(map(np.array_equal, arrays, images)):
        raise SystemExit("the two ways to write soft masks disagree, so there is nothing to compare")


def _by_object(ranks: Ranks, label: int) -> Bytes:
    """One soft mask as Cryptomatte nodes make it, and cropped."""
    wanted = np.array([label], np.uint32).view(np.float32)[0]
    total = np.zeros(ranks[0][0].shape, np.float32)
    for id, coverage in ranks:
        total += np.where(id == wanted, coverage, np.float32(0))
    rows, columns = np.flatnonzero(total.any(axis=1)), np.flatnonzero(total.any(axis=0))
    cropped = total[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return np.rint(cropped * np.float32(255)).astype(np.uint8)


def _masks_by_cryptomatte_api(file: Path) -> list[Floats]:
    """All masks of the Cryptomatte of objects, by another library."""
    mattes = cryptomatte_api.Cryptomatte.load(file)
    (matte,) = [matte for matte in mattes if matte.metadata().name().endswith("CryptoObject")]
    return list(matte.masks().values())


def _parts_by_pycocotools(labels: npt.NDArray[np.uint32], materials: npt.NDArray[np.uint32]) -> list[object]:
    found = []
    for label in np.unique(labels[labels > 0]):
        mask = labels == label
        for material in np.unique(materials[mask]):
            if material:
                found.append(coco_mask.encode(np.asfortranarray(mask & (materials == material)).view(np.uint8)))
    return found


def _check(frame: _Frame, coverages: Coverages) -> None:
    """Speed counts only if the masks are the same; a few dozen of them tell."""
    found = soft_masks(coverages, frame.runs, frame.instances)
    for number, (instance, (_, pixels)) in enumerate(zip(frame.instances, found, strict=True)):
        if number % max(1, len(frame.instances) // 40) == 0:
            theirs = _by_object(frame.ranks, instance.labels[0])
            if theirs.shape != pixels.shape or np.abs(theirs.astype(int) - pixels).max() > 1:
                raise SystemExit(f"the soft masks of {instance.name} disagree, so there is nothing to compare")
