"""Scene records in which any value is replaced by one of another type, or by one that no scene has: one sentence each.

What is read is annotated too, with poses, keypoints and pictures, as far as it can be.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.annotate.annotate import annotate
from core.base.errors import LabelpassError, SceneError
from core.scene.scene_record import SceneRecord
from core.settings.settings import Grouping
from tests.builders import plain_job
from tests.core.forged_json import VALUES, Place, places, replaced
from tests.core.full_scene import HEIGHT, SCENE, WIDTH
from tests.core.helpful_errors import assert_helps

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
