"""Random frames in a plan: written, read, kept with their sequence, and held against."""

import json
from pathlib import Path

import pytest

from core.base.dataset_folder import DatasetFolder
from core.base.errors import InputError, UsageError
from core.dataset.planning import plan_dataset
from core.frames.dataset_plan import DatasetPlan
from core.frames.planned_draws import PlannedDraws
from core.settings.settings import Settings

ONE, OTHER = PlannedDraws("one", 3, 20), PlannedDraws("other", 4, 2)


def plan(folder: Path, sequence: str, *draws: PlannedDraws) -> DatasetPlan:
    frames = [f"{sequence}/shot_{number:04}" for number in (1, 2)]
    return plan_dataset(DatasetFolder(folder), Settings(), None, (), frames, draws=draws)


def test_each_sequence_keeps_its_draws_until_it_is_planned_again(tmp_path: Path) -> None:
    dataset = DatasetFolder(tmp_path)
    assert plan(tmp_path, "one", ONE).draws == (ONE,)
    assert plan(tmp_path, "other", OTHER).draws == (ONE, OTHER)
    found = DatasetPlan.read(dataset)
    assert found is not None and found.draws == (ONE, OTHER)
    assert found.draws_of(["other/shot_0001", "other/shot_0002"]) == [OTHER]
    assert found.draws_of(["third/shot_0001"]) == []
    assert "random frames with seed 3 and 4" in found.in_words(dataset)
    assert plan(tmp_path, "one").draws == (OTHER,), "planned again without random frames"


@pytest.mark.parametrize(
    ("seed", "count", "sentence"),
    [
        (None, None, r"20 random frames of the sequence 'one' are planned, with seed 3, and none are baked"),
        (5, None, r"are planned with seed 3, and these have seed 5; take that seed, or plan again"),
        (3, 30, r"20 random frames of the sequence 'one' are planned, and not 30"),
    ],
)
def test_other_draws_are_an_error(seed: int | None, count: int | None, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        ONE.check(seed, count)
    ONE.check(3, 20)
    ONE.check(3)


@pytest.mark.parametrize("draws", [None, {}, [{"sequence": "one", "seed": -1, "count": 2}], [{"seed": 1}], [3]])
def test_a_damaged_plan_says_so(tmp_path: Path, draws: object) -> None:
    plan(tmp_path, "one", ONE)
    path = tmp_path / "plan.json"
    path.write_text(json.dumps({**json.loads(path.read_bytes()), "random_frames": draws}))
    with pytest.raises(InputError, match="is damaged"):
        DatasetPlan.read(DatasetFolder(tmp_path))
