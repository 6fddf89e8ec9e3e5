"""Splits: what they are a function of, and what they refuse."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.base.errors import UsageError
from core.dataset.splits import Splits
from core.records.origin import Origin
from core.scene.random_draw import RandomDraw
from core.settings.settings import Settings, SplitBy
from tests.builders import plain_record

NAMES = st.text(min_size=1, max_size=20)


def test_what_a_user_writes() -> None:
    splits = Splits.parse(" train = 80, val=10,test=10.5 ", SplitBy.SEQUENCE, 3)

    assert splits == Splits((("train", 80), ("val", 10), ("test", 10.5)), SplitBy.SEQUENCE, 3)
    assert splits.names == ("train", "val", "test")
    assert Splits.of_settings(Settings(splits="a=1", split_by=SplitBy.SCENE, split_seed=7)) == Splits(
        (("a", 1),), SplitBy.SCENE, 7
    )


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "'' is not a split with its share"),
        ("train", "'train' is not a split with its share"),
        ("train=80,", "'' is not a split"),
        ("../up=1", "'../up=1' is not a split"),
        ("images=1", "'images=1' is not a split"),
        ("train=1,TRAIN=2", "The split 'TRAIN' is there twice"),
        ("train=0", "The share of the split 'train' cannot be '0'"),
        ("train=-1", "cannot be '-1'"),
        ("train=nan", "cannot be 'nan'"),
        ("train=inf", "cannot be 'inf'"),
        ("train=many", "cannot be 'many'"),
    ],
)
def test_what_is_not_a_split(text: str, complaint: str) -> None:
    with pytest.raises(UsageError) as error:
        Splits.parse(text)

    assert complaint in str(error.value)


def test_shares_are_kept_in_the_long_run() -> None:
    splits = Splits.parse("train=80,val=15,test=5")
    found = [splits.of_key(f"frame_{number:05}") for number in range(20000)]

    for name, share in splits.shares:
        # Five standard deviations of a binomial distribution.
        deviation = (20000 * share / 100 * (1 - share / 100)) ** 0.5
        assert abs(found.count(name) - 20000 * share / 100) < 5 * deviation


@given(NAMES, st.integers(0, 100))
def test_a_frame_moves_only_with_its_name_and_the_seed(name: str, seed: int) -> None:
    """Shares that are written in another way, or are of another sum, divide alike."""
    assert Splits.parse("a=3,b=1", seed=seed).of_key(name) == Splits.parse("a=75,b=25", seed=seed).of_key(name)


def test_a_seed_divides_otherwise() -> None:
    names = [f"frame_{number}" for number in range(100)]
    one, other = (list(map(Splits.parse("a=1,b=1", seed=seed).of_key, names)) for seed in (0, 1))

    assert 20 < sum(a != b for a, b in zip(one, other, strict=True)) < 80


@given(st.lists(st.tuples(NAMES, NAMES), min_size=1, max_size=20))
def test_a_larger_share_only_takes(names: list[tuple[str, str]]) -> None:
    """A frame of the first split stays in it when its share grows."""
    small, large = Splits.parse("train=50,val=50"), Splits.parse("train=80,val=20")
    for sequence, name in names:
        if small.of_key(f"{sequence}/{name}") == "train":
            assert large.of_key(f"{sequence}/{name}") == "train"


def _record(sequence: str, number: int, **known: Any) -> Any:
    return plain_record(sequence=sequence, frame=number, **known)


def test_what_stays_together() -> None:
    by_frame, by_sequence, by_scene = (Splits.parse("a=1,b=1", by) for by in SplitBy)
    records = [
        _record(f"s{sequence}", frame, origin=Origin(blend=f"../{sequence % 4}.blend", scene="Scene"))
        for sequence in range(20)
        for frame in range(10)
    ]

    def groups(splits: Splits, key: Any) -> list[set[str]]:
        found: dict[Any, set[str]] = {}
        for record in records:
            found.setdefault(key(record), set()).add(splits.of(record))
        return list(found.values())

    assert any(len(group) == 2 for group in groups(by_frame, lambda record: record.sequence))
    assert all(len(group) == 1 for group in groups(by_sequence, lambda record: record.sequence))
    assert any(len(group) == 2 for group in groups(by_sequence, lambda record: record.origin.blend))
    assert all(len(group) == 1 for group in groups(by_scene, lambda record: record.origin.blend))
    # What no .blend is known of is divided by its sequence.
    bare = [_record(f"s{number % 7}", number) for number in range(70)]
    assert all(by_scene.of(record) == by_sequence.of(record) for record in bare)


def test_random_frames_of_a_seed_stay_together() -> None:
    """Each seed of a scene on one side, different ones on both; by frame the seed does not count."""
    by_scene = Splits.parse("train=50,val=50", SplitBy.SCENE)
    origin = Origin(blend="fruit.blend", scene="Scene")
    records = [
        plain_record(frame=frame, origin=origin, random=RandomDraw(seed, 0))
        for seed in range(20)
        for frame in range(1, 30)
    ]
    sides = [{by_scene.of(record) for record in records if record.random.seed == seed} for seed in range(20)]
    assert all(len(side) == 1 for side in sides)
    assert set().union(*sides) == {"train", "val"}
    by_frame = Splits.parse("train=50,val=50")
    assert len({by_frame.of(record) for record in records[:29]}) == 2


def test_empty_splits_are_named() -> None:
    splits = Splits.parse("train=8,val=1,test=1", SplitBy.SEQUENCE)

    assert splits.empty_split([3, 1, 1]) == ""
    assert splits.empty_split([3, 0, 1]) == (
        "The split val is empty: 4 frames were divided by sequence; add sequences, or split by frame"
    )
    assert splits.empty_split([3, 0, 0]).startswith("The splits val and test are empty: 3 frames")
