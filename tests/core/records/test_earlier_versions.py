"""Records of earlier versions: those of versions 4 and 5 stay what they are, older ones are named."""

import json
import shutil
from pathlib import Path

import pytest

from core.base.box import Box
from core.base.dataset_folder import DatasetFolder
from core.base.errors import RecordError
from core.base.files import canonical_json, digest
from core.cli.main import main
from core.drawing.overlay import make_overlay
from core.records.record_files import read_record_file
from core.records.record_search import FoundRecord, find_records
from core.records.record_store import open_records
from core.settings.category_table import Category
from tests.builders import plain_instance, plain_mask, plain_record, record_files, record_path, write_record
from tests.core.datasets import checked, merged

# What Labelpass wrote when records were of version 4.
WRITTEN = (
    b'{"checksum":"6183d4c737ea52cbdedc49e31c8cace0b8b7c4c12d9c11b9a06a378ffe5d5546","record":{"record_version":4,'
    b'"key":"0123","sequence":"shot/Front/left","split":"Front/left","frame":12,"name":"shot_0012","width":3,"height":2'
    b',"image":"images/shot/Front/left/shot_0012.png","colour":null,"pictures":[],"label_source":"object_index",'
    b'"view_layer":"Front","view":"left","unit_scale":null,"camera":null,"categories":[{"name":"car","id":3,'
    b'"supercategory":""}],"instances":[{"name":"Car","category":"car","labels":[7],"box":[1,0,3,1],"area":2,'
    b'"rle":"21100","at_border":null,"parts":null,"soft_mask":null,"pose":null,"keypoints":null,"amodal":null,'
    b'"track_id":null,"resolved":null}],"ignored":[],"dropped":{"small":1},"notes":["A note"],"cryptomatte":"",'
    b'"sidecars":[],"part_categories":[],"maps":[],"later_maps":[],"flow_step":1,"contents":{}}}\n'
)
RECORD = plain_record(
    key="0123",
    sequence="shot/Front/left",
    variant="Front/left",
    frame=12,
    width=3,
    height=2,
    view_layer="Front",
    view="left",
    categories=(Category("car", 3),),
    instances=(plain_instance("Car", "car", (7,), plain_mask(Box(1, 0, 3, 1), label=7, rle="21100")),),
    dropped={"small": 1},
    notes=("A note",),
)


def as_version(version: int, path: Path) -> None:
    """Write a record again as another version did: 4 called the variant a split, and left out the origin and more."""
    record = json.loads(path.read_bytes())["record"]
    renamed = record
    if version == 4:
        renamed = {"split" if name == "variant" else name: value for name, value in record.items()}
        del renamed["origin"], renamed["beyond_shape"], renamed["random"]
    body = canonical_json({**renamed, "record_version": version})
    path.write_bytes(b'{"checksum":"%s","record":%s}\n' % (digest(body).encode(), body))


@pytest.fixture
def renders(data: Path, tmp_path: Path) -> Path:
    """A frame of two view layers that separate objects, and one of a stereo render."""
    folder = tmp_path / "renders"
    folder.mkdir()
    for name in ("viewlayers_0001", "stereo_0001"):
        shutil.copy(data / "4.5" / f"{name}.exr", folder)
    return folder


def run(renders: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """Annotate all view layers and views; what is printed."""
    arguments = ["annotate", str(renders), "--output", str(renders.parent / "out"), "--all-view-layers", "--all-views"]
    assert main([*arguments, "--workers", "1"]) == 0
    return capsys.readouterr().out


def files_in(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_what_version_4_wrote(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    path.write_bytes(WRITTEN)

    assert read_record_file(path) == RECORD

    as_version(4, write_record(tmp_path, RECORD))
    assert record_path(tmp_path, RECORD.path).read_bytes() == WRITTEN


def test_a_record_of_version_4_needs_its_split(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    body = canonical_json({name: value for name, value in json.loads(WRITTEN)["record"].items() if name != "split"})
    path.write_bytes(b'{"checksum":"%s","record":%s}\n' % (digest(body).encode(), body))

    with pytest.raises(RecordError, match=r"record\.json is damaged; annotate the frame again"):
        read_record_file(path)


@pytest.mark.parametrize("version", [4, 5])
def test_a_dataset_of_an_earlier_version_is_as_good(
    renders: Path, capsys: pytest.CaptureFixture[str], version: int
) -> None:
    out = renders.parent / "out"
    assert run(renders, capsys).startswith("4 frames annotated; ")
    assert merged(out) == []
    first = files_in(out)
    for path in record_files(out):
        as_version(version, path)
    before = files_in(out)
    assert {name for name in first if first[name] != before[name]} == {name for name in first if "records/" in name}

    assert run(renders, capsys).startswith("0 frames annotated, 4 up to date; ")
    (out / "annotations/instances.json").unlink()
    assert merged(out) == []

    assert files_in(out) == before
    report = checked(out)
    assert (report.frames, report.problems) == (4, {})


def test_overlays_of_version_4(renders: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = renders.parent / "out"
    run(renders, capsys)
    names = [make_overlay(read_record_file(path)).names for path in sorted(record_files(out))]
    for path in record_files(out):
        as_version(4, path)

    records = open_records(DatasetFolder(out))
    found = find_records(renders / "stereo_0001.exr", [out])

    variants = ("ViewLayer/left", "ViewLayer/right")
    assert found == [FoundRecord(records, f"{variant}/stereo_0001", variant) for variant in variants]
    assert [one.records.read(one.frame).variant for one in found] == list(variants)
    assert [make_overlay(read_record_file(path)).names for path in sorted(record_files(out))] == names


@pytest.mark.parametrize("version", [3, 7])
def test_other_versions_are_named(renders: Path, capsys: pytest.CaptureFixture[str], version: int) -> None:
    out = renders.parent / "out"
    run(renders, capsys)
    path = record_path(out, "ViewLayer/left/stereo_0001")
    as_version(version, path)
    sentence = f"{path} was written by another version of Labelpass; annotate the frame again"

    with pytest.raises(RecordError) as error:
        read_record_file(path)
    assert str(error.value) == sentence
    assert merged(out) == [sentence]
    assert [sentence] in checked(out).problems.values()

    assert run(renders, capsys).startswith("1 frame annotated, 3 up to date; ")
