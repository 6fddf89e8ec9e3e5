"""The keypoints of a YOLO export, and which of them change places in a mirrored image."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.exports.file_names import file_name
from core.exports.yolo.mirrored_names import mirrored_names
from core.scene.keypoints import ABSENT, Keypoint, Visibility
from core.settings.category_table import Category
from core.settings.export_table import ExportFormat
from tests.core.data_yaml import read_data_yaml
from tests.core.made_up import MadeUpFrame, exported, random_labels, write_made_up, write_rich

POSE = ExportFormat.YOLO_POSE
FACE = ("nose", "eye_l", "eye_r")
TABLE = [
    Category("chair", 2, keypoints=("seat", "back")),
    Category("person", 5, keypoints=FACE),
    Category("rock", 9),
    Category("ape", 12, keypoints=FACE),
]


def some_keypoints(names: tuple[str, ...], seed: int) -> tuple[Keypoint, ...]:
    places = np.random.default_rng(seed).uniform(1, 40, (len(names) - 1, 2)).tolist()
    return *(Keypoint(x, y, Visibility(1 + n % 2), 3.0) for n, (x, y) in enumerate(places)), ABSENT


def test_read_back(tmp_path: Path) -> None:
    """The list that most instances have, of two categories; one with another list and one without are left out."""
    names = {1: "person", 2: "chair", 3: "rock", 4: "ape", 5: "person", 6: "person"}
    keypoints = {category.name: category.keypoints for category in TABLE}
    frames = []
    for place in range(10):
        known: dict[int, dict[str, Any]] = {
            label: {"keypoints": some_keypoints(keypoints[name], 10 * place + label)}
            for label, name in names.items()
            if keypoints[name] and label != 6
        }
        labels = random_labels(place) if place != 4 else np.zeros((48, 64), np.uint32)
        frames.append(MadeUpFrame(labels, f"f_{place:04}", "", place, names, instances=known))
    records = write_made_up(tmp_path, frames, TABLE)
    done = exported(tmp_path, POSE)
    data = read_data_yaml(tmp_path / "exports/yolo_pose/data.yaml")

    assert data["names"] == {0: "person", 1: "ape"}
    assert (data["kpt_shape"], data["flip_idx"]) == ([3, 3], [0, 2, 1])
    assert data["kpt_names"] == {0: list(FACE), 1: list(FACE)}
    others = 0
    for record in records:
        (file,) = (tmp_path / "exports/yolo_pose/labels").glob(f"*/{file_name(record.path)}.txt")
        rows = [line.split() for line in file.read_text("ascii").splitlines()]
        wanted = [one for one in record.instances if one.category in data["names"].values()]
        others += len(record.instances) - len(wanted)
        for row, one in zip(rows, wanted, strict=True):
            assert len(row) == 5 + 3 * 3
            values = np.array(row, float)
            assert data["names"][int(values[0])] == one.category
            centre, size = values[1:3] * (64, 48), values[3:5] * (64, 48)
            box = one.mask.box
            assert np.allclose(
                [*(centre - size / 2), *(centre + size / 2)], [box.x0, box.y0, box.x1, box.y1], atol=1e-5
            )
            found = values[5:].reshape(3, 3) * (64, 48, 1)
            points = one.keypoints or (ABSENT,) * 3
            assert np.allclose(found, [(point.x, point.y, point.visibility) for point in points], atol=1e-5)

    assert others
    losses = done.losses[POSE]
    assert f"{others} instances: its category has other keypoints or none, left out" in losses
    assert not any(line.endswith("yolo_pose have them") for line in losses)
    page = (tmp_path / "exports/yolo_pose/LABELPASS.md").read_text("utf-8")
    assert "| 0 | 5 |\n| 1 | 12 |" in page and "| 1 | eye_l | 2 |" in page


@pytest.mark.parametrize(
    ("names", "flip"),
    [
        (["left_eye", "right_eye", "nose"], [1, 0, 2]),
        (["hand.L", "hand.R"], [1, 0]),
        (["LeftHand", "RightHand", "lefty", "righty"], [1, 0, 3, 2]),
        (["L hand", "R hand", "handL", "handR"], [1, 0, 3, 2]),
        (["l", "r", "ear", "lip", "tail"], [1, 0, 2, 3, 4]),
        (["HAND_LEFT", "HAND_RIGHT"], [1, 0]),
        (["arm_l_2", "arm_r_2", "arm_l_3", "arm_r_3"], [1, 0, 3, 2]),
        (["left front leg", "left back leg", "right front leg", "right back leg"], [2, 3, 0, 1]),
    ],
)
def test_pairs_of_names(names: list[str], flip: list[int]) -> None:
    assert mirrored_names(names) == (flip, [])


def test_a_name_whose_other_side_is_not_there(tmp_path: Path) -> None:
    assert mirrored_names(["left_eye", "nose", "right_ear"]) == ([0, 1, 2], ["left_eye", "right_ear"])
    known = {1: {"keypoints": (ABSENT, ABSENT)}}
    table = [Category("pirate", keypoints=("left_eye", "nose"))]
    write_made_up(tmp_path, [MadeUpFrame(random_labels(3), "a", instances=known)], table)
    (note, *_) = (line for line in exported(tmp_path, POSE).losses[POSE] if "side" in line)

    assert note == (
        "The keypoint left_eye has a side, and none of the others is the same on the other side; train with fliplr=0, "
        "or add it to the category table."
    )


def test_all_that_a_rich_dataset_has(tmp_path: Path) -> None:
    write_rich(tmp_path)
    exported(tmp_path, POSE)
    data = read_data_yaml(tmp_path / "exports/yolo_pose/data.yaml")

    assert (data["names"], data["flip_idx"]) == ({0: "person"}, [0, 2, 1])
