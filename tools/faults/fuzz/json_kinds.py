"""Every kind of JSON that Labelpass reads, as a file in a small dataset, and all that reads it."""

import dataclasses
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import OpenEXR

from core.annotate.annotate import annotate
from core.base.dataset_folder import DatasetFolder
from core.base.errors import UsageError
from core.base.files import canonical_json, digest
from core.base.input_files import read_json
from core.base.phrases import shown
from core.checks.validate import validate, validate_exports
from core.dataset.combine import combine
from core.dataset.combine_checks import Source
from core.dataset.export import export
from core.dataset.merge import merge
from core.dataset.packing import pack, unpack
from core.dataset.show import show_frame, show_sheet
from core.dataset.splits import Splits
from core.dataset.statistics import find_statistics
from core.dataset.statistics_report import Report
from core.exr.exr_file import encode_exr
from core.frames.dataset_plan import DatasetPlan
from core.frames.frame_list import FrameList
from core.frames.sequences import WantedSequences
from core.reading import dataset as reading
from core.records.record_store import open_records
from core.report.judgement.limits import Limits
from core.report.write_report import write_report
from core.settings.category_files import read_table, write_table
from core.settings.category_table import Category, CategoryTable, Rule
from core.settings.category_table import Source as RuleSource
from core.settings.export_table import ExportFormat
from core.settings.format_table import CAMERA_FORMATS
from core.settings.settings import Grouping, LabelSource, Media, Settings, SplitBy
from tests.builders import NO_IMAGES, plain_job
from tests.core import mattes
from tests.core.full_scene import HEIGHT, SCENE, WIDTH
from tests.core.made_up import write_rich

from ..children import Children
from ..disturbed.cases import MERGE, do_steps

Use = Callable[[Path], object]
_MANIFEST = "manifest.json"
# Data as they are in a file, and the bytes of the file with other data.
Forge = Callable[[Any], bytes]

_EXPORTED = Settings(formats=tuple(ExportFormat), media=Media.NONE, split_by=SplitBy.SEQUENCE, split_seed=1)
_CAMERAS = Settings(cameras=tuple(CAMERA_FORMATS))


@dataclass(frozen=True)
class JsonKind:
    """A kind of JSON.

    Attributes:
        file: where it is below the folder that prepare() has made.
        uses: what reads it, each called with that folder.
        forge: how other data are written, for example with the checksum that they need.
        parse: what data a file holds.
    """

    file: str
    uses: Sequence[Use]
    forge: Forge
    parse: Callable[[bytes], Any] = json.loads


def prepare(folder: Path, children: Children) -> None:
    """Make one file of each kind, and what belongs to it."""
    write_rich(folder / "rich", 2)
    merge(folder / "rich", _CAMERAS)
    WantedSequences({"walk/walk_": ["walk"]}).write(DatasetFolder(folder / "rich"))
    export(folder / "rich", dataclasses.replace(_EXPORTED, formats=(ExportFormat.COCO, ExportFormat.WEBDATASET)))
    do_steps(MERGE.before(folder), children)
    merge(folder / "out", _CAMERAS)
    SCENE.write(folder / "scene.json")
    write_table(folder / "table.json", _TABLE)
    (folder / "table.toml").write_text('[[categories]]\nname = "plate"\n')
    (folder / "limits.json").write_text(json.dumps(Limits().as_json()))
    (folder / "preset.json").write_text(json.dumps(_EXPORTED.as_json()))
    labels, depth = np.zeros((HEIGHT, WIDTH), np.float32), np.full((HEIGHT, WIDTH), 1e10, np.float32)
    labels[7:17, 11:21], depth[7:17, 11:21] = 1, 10
    labels[2:5, 2:5], depth[2:5, 2:5] = 2, 5
    channels = {"ViewLayer.IndexOB.X": labels, "ViewLayer.Depth.Z": depth}
    (folder / "frame_0001.exr").write_bytes(encode_exr(channels))
    write_report(folder / "rich", Splits.of_settings(_EXPORTED))
    write_rich(folder / "planned", 1)
    _plan(folder / "planned")
    write_rich(folder / "packed", 2)
    pack(folder / "packed")
    write_with_sidecar(folder / "sidecar")


def _plan(dataset: Path) -> None:
    """The plan of all frames that are there."""
    frames = FrameList.of(open_records(DatasetFolder(dataset)).frames())
    DatasetPlan(Settings(), _TABLE, (Category("plate", 3),), frames).write(DatasetFolder(dataset))


def write_with_sidecar(folder: Path) -> None:
    """A frame whose Cryptomatte has its manifest in a file of its own."""
    folder.mkdir()
    header = mattes.header("ViewLayer.CryptoObject", manif_file=_MANIFEST)
    channels = mattes.channels_of("ViewLayer.CryptoObject", mattes.coverages())
    OpenEXR.File({"type": OpenEXR.scanlineimage, **header}, channels).write(str(folder / "frame_0001.exr"))
    (folder / _MANIFEST).write_text(mattes.manifest_text(), encoding="utf-8")


_TABLE = CategoryTable(
    (
        Category("plate", 3, "thing", "#102030", keypoints=("right", "left"), skeleton=((1, 2),)),
        Category("sky", 4, stuff=True, grouping=Grouping.CATEGORY),
    ),
    (
        Rule(RuleSource.HOLDOUT, ignore=True),
        Rule(RuleSource.OBJECT_NAME, "Pl*", "plate"),
        Rule(RuleSource.PASS_INDEX, "1-3,9"),
        Rule(RuleSource.PROPERTY),
    ),
)


# --- What reads them --------------------------------------------------------------------------------------------------


def _merge(folder: Path) -> object:
    return merge(folder, _CAMERAS)


def _validate(folder: Path) -> object:
    report = validate(folder)
    validate_exports(folder, None, report)
    return list(report.lines())


def _export(folder: Path) -> object:
    exported = export(folder, _EXPORTED)
    for page in (folder / "exports").rglob("*.md"):
        for line in page.read_text(encoding="utf-8").split("\n"):
            assert shown(line) == line, f"{page.name} has what a page would obey: {line!r}"
    return list(exported.lines())


def _show(folder: Path) -> object:
    records = open_records(DatasetFolder(folder))
    return show_frame(records, "walk/walk_0000", (), 64), show_sheet(records, 2, (), 64)


def _count(folder: Path) -> object:
    splits = Splits.of_settings(_EXPORTED)
    report = Report(find_statistics(open_records(DatasetFolder(folder)), splits.of, images=True), splits)
    return report.as_json(), report.lines()


def _read(folder: Path) -> object:
    for frame in reading.open(folder).frames():
        for region in (*frame.instances, *frame.ignored):
            _ = region.box, region.area, region.mask(), region.polygons()
        for map in frame.maps:
            frame.map(map.map.value)
        _ = frame.image
    return None


def _combine(folder: Path) -> object:
    return combine([Source(DatasetFolder(folder), "a")], folder.parent / "combined")


_OF_DATASET: Sequence[Use] = (_merge, _validate, _export, _show, _count, _read, _combine)


def _pack_again(folder: Path) -> object:
    return pack(folder).problems()


def _unpack(folder: Path) -> object:
    return unpack(folder).problems()


def _replace_report(folder: Path) -> object:
    return write_report(folder, Splits.of_settings(_EXPORTED))


def _plan_again(folder: Path) -> object:
    """What a machine does that makes its share of the frames, and what one does that plans more of them."""
    plan = DatasetPlan.read(DatasetFolder(folder))
    if plan is None:
        return None
    settings = plan.settings_with({})
    plan.check_settings(settings)
    plan.check_table(settings_table := plan.table)
    plan.check_planned(["walk/walk_0000"])
    plan.check_known(["plate"])
    more = DatasetPlan(settings, settings_table, (), FrameList.of(["run/run_0001"]))
    return plan.in_words(DatasetFolder(folder)), more.with_sequences_of(plan).write(DatasetFolder(folder))


def annotate_with_sidecar(folder: Path) -> object:
    """What the manifest in a file of its own is read for; `folder` is as prepare() has made it."""
    job = plain_job(folder / "sidecar/frame_0001.exr", folder / "new", labels=LabelSource.CRYPTO_OBJECT, **NO_IMAGES)
    return annotate(job), merge(folder / "new"), job.finished_record()


def _in(name: str, uses: Sequence[Use]) -> Sequence[Use]:
    return [lambda folder, use=use: use(folder / name) for use in uses]  # type: ignore[misc]


def _annotate_with_scene(folder: Path) -> object:
    scene, wanted = folder / "scene.json", {"poses": True, "grouping": Grouping.PARENT}
    job = plain_job(folder / "frame_0001.exr", folder / "new", scene, **wanted)
    return annotate(job), merge(folder / "new", _CAMERAS)


def _annotate_with_table(folder: Path) -> object:
    table = read_table(folder / "table.json")
    job = plain_job(folder / "frame_0001.exr", folder / "new", folder / "scene.json")
    return annotate(dataclasses.replace(job, categories=table)), merge(folder / "new", _CAMERAS)


# --- How they are written ---------------------------------------------------------------------------------------------


def _plain(data: Any) -> bytes:
    return json.dumps(data).encode()


def _frame_record(data: Any) -> bytes:
    if not isinstance(data, dict) or "record" not in data:
        return _plain(data)
    try:
        return _plain({**data, "checksum": digest(canonical_json(data["record"]))})
    except ValueError:
        return _plain(data)


def _merge_record(data: Any) -> bytes:
    if not isinstance(data, dict) or "maps" not in data:
        return _plain(data)
    try:
        return _plain({**data, "checksum": digest(canonical_json(data["maps"]))})
    except ValueError:
        return _plain(data)


def _parsed_pack(content: bytes) -> Any:
    """What a pack holds, in its four parts."""
    first, *lines = content.decode().splitlines(keepends=True)
    head = json.loads(first)["pack"]
    count = len(head["frames"])
    facts = json.loads(lines[count])
    return {"pack": head, "records": lines[:count], "facts": facts, "texts": "".join(lines[count + 1 :])}


def _pack(data: Any) -> bytes:
    try:
        parts = "".join(data["records"]).encode(), canonical_json(data["facts"]) + b"\n", data["texts"].encode()
        head = {**data["pack"], "records": digest(parts[0])}
        if isinstance(head.get("prepared"), list):
            head["prepared"] = [head["prepared"][0], *([len(part), digest(part)] for part in parts[1:])]
        body = canonical_json(head)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        return _plain(data)
    return b'{"checksum":"%s","pack":%s}\n' % (digest(body).encode(), body) + b"".join(parts)


def _scene_record(data: Any) -> bytes:
    rest = {key: value for key, value in data.items() if key != "checksum"} if isinstance(data, dict) else data
    return _plain(rest)  # those of earlier versions have none


KINDS: Mapping[str, JsonKind] = {
    "frame records": JsonKind("rich/records/walk/walk_0000.json", _in("rich", _OF_DATASET), _frame_record),
    "packs": JsonKind(
        "packed/records/walk/0-999.pack", _in("packed", (*_OF_DATASET, _pack_again, _unpack)), _pack, _parsed_pack
    ),
    "merge records": JsonKind(
        "out/later_maps/shot/left/frame_0001.json", _in("out", (_merge, _validate, _combine)), _merge_record
    ),
    "sidecar manifests": JsonKind(f"sidecar/{_MANIFEST}", (annotate_with_sidecar,), _plain),
    "plan.json": JsonKind("planned/plan.json", _in("planned", (_plan_again, *_OF_DATASET)), _plain),
    "figures of reports": JsonKind("rich/report/figures.json", _in("rich", (_replace_report,)), _plain),
    "limits of reports": JsonKind("limits.json", (lambda folder: Limits.read(folder / "limits.json"),), _plain),
    "scene records": JsonKind("scene.json", (_annotate_with_scene,), _scene_record),
    "category tables": JsonKind("table.json", (_annotate_with_table,), _plain),
    "ids of categories": JsonKind("rich/categories.json", _in("rich", _OF_DATASET), _plain),
    "dataset.json": JsonKind("rich/dataset.json", _in("rich", _OF_DATASET), _plain),
    "sequences.json": JsonKind("rich/sequences.json", _in("rich", _OF_DATASET), _plain),
    "COCO": JsonKind("rich/annotations/instances.json", _in("rich", (_validate, _merge)), _plain),
    "cameras": JsonKind("rich/cameras/walk/cameras.json", _in("rich", (_validate, _merge)), _plain),
    "export.json": JsonKind("rich/exports/coco/export.json", _in("rich", (_validate, _export)), _plain),
    "exported COCO": JsonKind(
        "rich/exports/coco/annotations/instances_train.json", _in("rich", (_validate, _export)), _plain
    ),
    "shards of exports": JsonKind("rich/exports/webdataset/shards.json", _in("rich", (_validate, _export)), _plain),
    "settings": JsonKind("preset.json", (lambda folder: Settings.from_json(_preset(folder)),), _plain),
}


def _preset(folder: Path) -> Any:
    try:
        data = read_json(folder / "preset.json")
    except (OSError, ValueError) as error:
        raise UsageError("no settings; give others") from error
    return data if isinstance(data, dict) else {}
