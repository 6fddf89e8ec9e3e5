"""Dataclasses as JSON and back: the form of each type of field, and what is refused."""

import copy
import dataclasses
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum, IntEnum
from pathlib import Path
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.base.files import canonical_json
from core.base.json_fields import LEFT_OUT, JsonObject, JsonRow, Shared, in_json, value_from_json
from core.base.json_text import json_texts


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Level(IntEnum):
    LOW = 0
    HIGH = 1


class Pair(tuple[int, int]):
    """A class that knows its own form."""

    def as_json(self) -> str:
        return f"{self[0]}:{self[1]}"

    @classmethod
    def from_json(cls, data: Any) -> "Pair":
        one, other = data.split(":")
        return cls((int(one), int(other)))


@dataclass(frozen=True)
class Point(JsonRow):
    x: float
    y: float
    level: Level = Level.LOW
    name: str | None = None


@dataclass(frozen=True)
class Options(JsonObject):
    name: str
    id: int | None = None
    colour: Colour | None = field(default=None, metadata=LEFT_OUT)
    tags: tuple[str, ...] = field(default=(), metadata=LEFT_OUT)
    step: int | None = field(default=None, metadata=LEFT_OUT)
    counts: Mapping[str, int] = field(default_factory=dict, metadata=in_json(only_with="step"))


def in_order(values: tuple[int, ...]) -> tuple[int, ...]:
    if list(values) != sorted(values):
        raise ValueError("not in order")
    return values


@dataclass(frozen=True)
class Inner:
    first: int
    area: int
    text: str


@dataclass(frozen=True)
class Outer(JsonObject):
    labels: Annotated[tuple[int, ...], in_order]
    inner: Inner = field(
        metadata=in_json(
            written_as=("inner.area", "inner.text"),
            made_of=("labels", "area", "text"),
            make=lambda labels, area, text: Inner(labels[0], area, text),
        )
    )
    size: float = field(metadata=in_json(written_as=("size", "doubled")))
    point: Point | None
    path: Path | None
    points: tuple[Point | None, ...]
    matrix: tuple[tuple[float, ...], ...]
    edge: tuple[Point, Point | None, int]
    options: tuple[Options, ...]
    by_name: Mapping[str, Options | None]
    levels: Mapping[str, Level]
    pair: Pair
    is_good: bool
    anything: Mapping[str, Any] | None
    is_last: bool | None = None

    @property
    def doubled(self) -> float:
        return 2 * self.size


@dataclass(frozen=True, kw_only=True)
class Named(JsonObject):
    one: int = 1
    two: str


@dataclass(frozen=True)
class Empty(JsonObject):
    pass


TEXTS = st.text(max_size=5)
INTEGERS = st.integers(-(2**60), 2**60)
FLOATS = st.floats(allow_nan=False, allow_infinity=False, width=32)
POINTS = st.builds(Point, FLOATS, FLOATS, st.sampled_from(Level), st.none() | TEXTS)
OPTIONS = st.one_of(
    st.builds(
        Options, TEXTS, st.none() | INTEGERS, st.none() | st.sampled_from(Colour), st.tuples() | st.tuples(TEXTS)
    ),
    st.builds(Options, TEXTS, step=INTEGERS, counts=st.dictionaries(TEXTS, INTEGERS, max_size=2)),
)


@st.composite
def outers(draw: st.DrawFn) -> Outer:
    labels = tuple(sorted(draw(st.lists(INTEGERS, min_size=1, max_size=3))))
    return Outer(
        labels,
        Inner(labels[0], draw(INTEGERS), draw(TEXTS)),
        draw(FLOATS),
        draw(st.none() | POINTS),
        draw(st.none() | st.sampled_from([Path("/a/b"), Path("c")])),
        tuple(draw(st.lists(st.none() | POINTS, max_size=3))),
        tuple(draw(st.lists(st.lists(FLOATS, max_size=3).map(tuple), max_size=3))),
        (draw(POINTS), draw(st.none() | POINTS), draw(INTEGERS)),
        tuple(draw(st.lists(OPTIONS, max_size=3))),
        draw(st.dictionaries(TEXTS, st.none() | OPTIONS, max_size=3)),
        draw(st.dictionaries(TEXTS, st.sampled_from(Level), max_size=3)),
        Pair((draw(INTEGERS), draw(INTEGERS))),
        draw(st.booleans()),
        draw(st.none() | st.just({"a": [1, 2.5, None, {"b": "c"}]})),
        draw(st.none() | st.booleans()),
    )


OUTER = Outer(
    labels=(3, 5),
    inner=Inner(3, 12, "abc"),
    size=2.5,
    point=Point(1.0, 2.0),
    path=Path("/a"),
    points=(None, Point(0.5, 1.5, Level.HIGH, "p")),
    matrix=((1.0,), ()),
    edge=(Point(0.0, 0.0), None, 7),
    options=(Options("o", 1, Colour.RED, ("t",)), Options("s", step=2)),
    by_name={"n": None},
    levels={"l": Level.HIGH},
    pair=Pair((1, 2)),
    is_good=True,
    anything={"any": [None]},
)


def test_form() -> None:
    assert json.dumps(OUTER.as_json()) == json.dumps(
        {
            "labels": [3, 5],
            "area": 12,
            "text": "abc",
            "size": 2.5,
            "doubled": 5.0,
            "point": [1.0, 2.0, 0, None],
            "path": "/a",
            "points": [None, [0.5, 1.5, 1, "p"]],
            "matrix": [[1.0], []],
            "edge": [[0.0, 0.0, 0, None], None, 7],
            "options": [
                {"name": "o", "id": 1, "colour": "red", "tags": ["t"]},
                {"name": "s", "id": None, "step": 2, "counts": {}},
            ],
            "by_name": {"n": None},
            "levels": {"l": 1},
            "pair": "1:2",
            "is_good": True,
            "anything": {"any": [None]},
            "is_last": None,
        }
    )
    assert json.dumps([Named(two="x").as_json(), Empty().as_json()]) == '[{"one": 1, "two": "x"}, {}]'


@given(outers())
def test_there_and_back(one: Outer) -> None:
    assert Outer.from_json(one.as_json()) == one
    again = Outer.from_json(json.loads(json.dumps(one.as_json())))
    assert again == one
    assert again.as_json() == one.as_json() == json.loads(json.dumps(one.as_json()))
    assert [type(value) for value in vars(again).values()] == [type(value) for value in vars(one).values()]


@given(st.lists(outers(), max_size=4))
def test_texts_of_many_are_those_of_each(several: list[Outer]) -> None:
    assert json_texts(several) == [canonical_json(one.as_json()).decode() for one in several]


@pytest.mark.parametrize("several", [[], [Empty(), Empty()], [Named(two="x")], [OUTER], [OUTER, OUTER]])
def test_texts_of_unusual_classes(several: list[JsonObject]) -> None:
    assert json_texts(several) == [canonical_json(one.as_json()).decode() for one in several]


@pytest.mark.parametrize("number", [math.nan, math.inf])
def test_no_text_of_what_is_no_number(number: float) -> None:
    for wrong in ({"size": number}, {"matrix": ((number,),)}, {"point": Point(number, 1.0)}):
        with pytest.raises(ValueError, match="Out of range float values are not JSON compliant"):
            json_texts([OUTER, dataclasses.replace(OUTER, **wrong)])


def test_all_arguments_by_name_and_none_at_all() -> None:
    assert Named.from_json({"two": "x", "one": 2}) == Named(one=2, two="x")
    assert Empty.from_json({}) == Empty()


def test_whole_numbers_become_floats() -> None:
    point = Point.from_json([1, 2.5, 1, None])

    assert point == Point(1.0, 2.5, Level.HIGH)
    assert type(point.x) is float
    matrix = Outer.from_json({**json.loads(json.dumps(OUTER.as_json())), "matrix": [[1, 2], [0.5, 3]]}).matrix
    assert [[type(value) for value in row] for row in matrix] == [[float, float]] * 2


@pytest.mark.parametrize("data", [[1.0, 2.0], [1.0, 2.0, 0, None, 5], [], {}, "abcd", None, 4])
def test_rows_of_another_length_or_kind(data: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        Point.from_json(data)


@pytest.mark.parametrize("data", [[], ["name"], "name", None, 4, True])
def test_objects_of_another_kind(data: Any) -> None:
    for cls in (Outer, Options, Named, Empty):
        with pytest.raises(TypeError):
            cls.from_json(data)


def test_missing_keys() -> None:
    data = json.loads(json.dumps(OUTER.as_json()))
    for key in data.keys() - {"doubled"}:
        with pytest.raises(KeyError):
            Outer.from_json({name: value for name, value in data.items() if name != key})
    for data in ({"name": "a"}, {"id": 3}, {}):
        with pytest.raises(KeyError):
            Options.from_json(data)


def test_misspelt_keys_where_they_may_be_left_out() -> None:
    with pytest.raises(KeyError):
        Options.from_json({"name": "a", "id": None, "color": "red"})


WRONG = {
    "labels": ["a", [1.0], [True], [None], {"1": 2}, None, [5, 3]],
    "area": [1.0, "1", True, None, []],
    "text": [1, None, ["a"]],
    "size": ["1.5", True, None, [1.0], 10**400],
    "point": [[1.0, "2", 0, None], [1.0, 2.0, 2, None], [1.0, 2.0, 0.0, None], [1.0, 2.0, 0, 5], "abcd", {}],
    "path": [3, ["a"], True],
    "points": [None, {}, [[]], [3], "ab"],
    "matrix": [None, [1.0], [["1"]], [[None]], [[True]], [{}]],
    "edge": [None, [], [[0.0, 0.0, 0, None], None], [None, None, 7], [[0.0, 0.0, 0, None], None, None]],
    "options": [{}, [[]], [{"name": 3, "id": None}], [{"name": "", "id": None, "colour": "green"}]],
    "by_name": [None, [], {"a": 3}, {"a": {"name": "a", "id": "b"}}],
    "levels": [{"a": None}, {"a": "1"}, {"a": True}, []],
    "pair": ["1", "1:b"],
    "is_good": [0, 1, None, "true"],
    "anything": [[], 3, "a"],
    "is_last": [0, "", []],
}


@pytest.mark.parametrize(("key", "value"), [(key, value) for key, values in WRONG.items() for value in values])
def test_values_of_another_type(key: str, value: Any) -> None:
    data = json.loads(json.dumps(OUTER.as_json()))
    Outer.from_json(data)

    with pytest.raises((KeyError, TypeError, ValueError)):
        Outer.from_json({**data, key: value})
    Outer.from_json(data)  # what was refused has left nothing behind


def places(data: Any, *above: Any) -> Iterator[tuple[Any, ...]]:
    """The ways to everything in JSON data."""
    for key, value in data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ():
        yield *above, key
        yield from places(value, *above, key)


@given(outers(), st.data())
def test_a_wrong_value_anywhere_is_refused(one: Outer, data: st.DataObject) -> None:
    whole = json.loads(json.dumps(one.as_json()))
    where = data.draw(st.sampled_from([way for way in places(whole) if way[0] not in ("anything", "doubled", "pair")]))
    damaged = copy.deepcopy(whole)
    *above, last = where
    inside = damaged
    for key in above:
        inside = inside[key]
    inside[last] = object()

    with pytest.raises((KeyError, TypeError, ValueError)):
        Outer.from_json(damaged)


def test_values_of_any_type() -> None:
    assert value_from_json(tuple[Point, ...], [[1, 2, 0, "a"]]) == (Point(1.0, 2.0, Level.LOW, "a"),)
    assert value_from_json(int | None, None) is None
    with pytest.raises(TypeError):
        value_from_json(int, "3")


def test_types_without_a_form() -> None:
    @dataclass(frozen=True)
    class Sets(JsonObject):
        names: frozenset[str]

    with pytest.raises(TypeError, match="has no form in JSON"):
        Sets(frozenset()).as_json()
    with pytest.raises(TypeError):
        Sets.from_json({"names": []})


# --- Values that are shared ---------------------------------------------------------------------------------------


def _not_empty(values: tuple[Any, ...]) -> tuple[Any, ...]:
    if not values:
        raise ValueError("nothing")
    return values


@dataclass(frozen=True)
class Sharing(JsonObject):
    values: Annotated[tuple[Any, ...], Shared(_not_empty)]


def test_equal_values_are_one() -> None:
    first, second, other = (Sharing.from_json({"values": list(values)}) for values in ((1, 2), (1, 2), (2, 1)))
    assert first.values is second.values
    assert (first.values, other.values) == ((1, 2), (2, 1))
    assert first.as_json() == {"values": [1, 2]}


def test_what_python_calls_equal_stays_apart() -> None:
    found = [Sharing.from_json({"values": [value]}).values[0] for value in (1, True, 1.0, 0.0, -0.0)]
    assert list(map(repr, found)) == ["1", "True", "1.0", "0.0", "-0.0"]


def test_shared_values_are_checked_each_time() -> None:
    for _ in range(2):
        with pytest.raises(ValueError, match="nothing"):
            Sharing.from_json({"values": []})
        with pytest.raises(TypeError):
            Sharing.from_json({"values": 3})


def test_few_shared_values_are_kept() -> None:
    first = Sharing.from_json({"values": [0]})
    for number in range(1, 200):
        assert Sharing.from_json({"values": [number]}).values == (number,)
    assert Sharing.from_json({"values": [0]}).values == first.values
