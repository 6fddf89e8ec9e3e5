"""Shards of a run."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.base.errors import UsageError
from core.frames.shard import Shard


@given(st.integers(0, 200), st.integers(1, 60))
def test_all_shards_together_are_the_whole(items: int, of: int) -> None:
    whole = range(items)
    shares = [Shard(number, of).share(whole) for number in range(1, of + 1)]
    assert [item for share in shares for item in share] == list(whole)
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


def test_a_shard_is_written_as_a_fraction() -> None:
    assert Shard.parse(" 3/10 ") == Shard(3, 10)
    assert str(Shard(3, 10)) == "3/10"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("3", "'3' is not a shard; write for example 3/10 for the third of ten"),
        ("-1/4", "'-1/4' is not a shard; write for example 3/10 for the third of ten"),
        ("0/4", "There is no shard 0/4; the shards of 4 are 1/4 to 4/4"),
        ("5/4", "There is no shard 5/4; the shards of 4 are 1/4 to 4/4"),
        ("1/0", "There is no shard 1/0; give how many shards there are, such as 1/4"),
    ],
)
def test_what_is_no_shard_is_said(text: str, sentence: str) -> None:
    with pytest.raises(UsageError) as error:
        Shard.parse(text)
    assert str(error.value) == sentence
