"""Scene records in which any value is replaced by one of another type, or by one that no scene has: one sentence each.

What is read is annotated too, with poses, keypoints and pictures, as far as it can be.
"""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.annotate.annotate import annotate
from core.base.errors import LabelpassError, SceneError
from core.scene.compositing import Compositing
from core.scene.keypoints import SceneKeypoint
from core.scene.scene_record import Facts, SceneEntry, SceneRecord
from core.scene.unlabelled import Unlabelled, WithoutLabel
from core.settings.category_table import Category
from core.settings.settings import Grouping
from tests.builders import CUBE, entries_of, pinhole, placed_cube, plain_camera, plain_job, plain_scene
from tests.core.helpful_errors import assert_helps

WIDTH, HEIGHT = 32, 24
PLATE = Category("plate", 3, "thing", "#102030", keypoints=("right", "left"), skeleton=((1, 2),))
FACTS = Facts(category="plate", category_id=3, collections=("Coll",), materials=("m",), tags=("t",), instancer="I")
HIDDEN = Facts(unlabelled=Unlabelled.VOLUME, unlabelled_part=True, beyond_shape="displacement")
SCENE = plain_scene(
    width=WIDTH,
    height=HEIGHT,
    unit_scale=0.5,
    camera=plain_camera(k=pinhole(50.0, 16.0, 12.0)),
    objects=entries_of(
        SceneEntry("Plate", 1, "plate", "", "Coll", "12", "property", False, FACTS),
        SceneEntry("Other", 2, "b", "Plate", "Coll", "", "unknown", False, HIDDEN),
        categories=[PLATE, Category("b")],
    ),
    parents=entries_of(SceneEntry("Plate", 0, "plate")),
    table=(PLATE,),
    keypoints=(SceneKeypoint("left", ("Plate",), (-0.5, 0.0, 10.0), 0.1),),
    opaque=(0, 0, WIDTH, HEIGHT),
    placements=(placed_cube("Plate", 0, 0, 10), placed_cube("Other", 1, 0, 5, copies=2, Plate=CUBE)),
    compositing=Compositing(("Transform",), ("ViewLayer", "B"), ("S",), ("Crop",)),
    unlabelled=(WithoutLabel("L", Unlabelled.LIGHT),),
)
VALUES: tuple[Any, ...] = (None, True, -1, 0, 1e308, 10**30, "", "x\x1b[31m", [], {}, [None], {"x": 1}, [1, 2, 3, 4])

Place = tuple[str | int, ...]


def places(data: Any, path: Place = ()) -> Iterator[Place]:
    """Where values are in JSON, the whole first."""
    yield path
    if isinstance(data, dict | list):
        for key, value in data.items() if isinstance(data, dict) else enumerate(data):
            yield from places(value, (*path, key))


def replaced(data: Any, path: Place, value: Any) -> Any:
    if not path:
        return value
    changed = copy.copy(data)
    changed[path[0]] = replaced(data[path[0]], path[1:], value)
    return changed


AS_JSON = json.loads(json.dumps(SCENE.as_json()))


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_every_value_replaced(tmp_path: Path, value: Any) -> None:
    for path in places(AS_JSON):
        (tmp_path / "0001.json").write_text(json.dumps(replaced(AS_JSON, path, value)))
        try:
            SceneRecord.read(tmp_path / "0001.json")
        except SceneError as error:
            assert_helps(error)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("unit_scale",), 1e308),
        (("camera", "k"), [[0.0] * 3] * 3),
        (("camera", "k", 0, 2), 1e308),
        (("camera", "k", 0, 1), 2**31),
        (("camera", "world_to_camera", 2, 0), 2**53),
        (("objects", "entries", 0, 2), "not there"),
        (("table", 0, "id"), 0),
        (("placements", 0, "matrix", 0, 3), 1e308),
        (("placements", 0, "bounds", "Plate", 0), 10**400),
    ],
    ids=str,
)
def test_annotated_or_refused(write_exr, tmp_path: Path, path: Place, value: Any) -> None:
    """Each of these was called a bug of Labelpass, or took minutes."""
    labels, depth = np.zeros((HEIGHT, WIDTH), np.float32), np.full((HEIGHT, WIDTH), 1e10, np.float32)
    labels[7:17, 11:21], depth[7:17, 11:21] = 1, 10
    labels[2:5, 2:5], depth[2:5, 2:5] = 2, 5
    file = write_exr(tmp_path / "0001.exr", {"ViewLayer.IndexOB.X": labels, "ViewLayer.Depth.Z": depth})
    scene = tmp_path / "scenes.json"
    scene.write_text(json.dumps(replaced(AS_JSON, path, value)))
    try:
        record = annotate(plain_job(file, tmp_path / "out", scene, poses=True, grouping=Grouping.PARENT))
    except LabelpassError as error:
        assert_helps(error)
    else:
        assert record.instances
