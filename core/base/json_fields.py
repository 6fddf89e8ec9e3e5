"""Frozen dataclasses as JSON and back, by the types of their fields.

    class Camera(JsonObject)     {"name": "Camera", "type": "perspective", ...}, a key for each field in their order
    class Box(JsonRow)           [4, 0, 12, 9], a value for each field

A field may be a str, int, float, bool, Path, Any, an enum (by its value), another such dataclass, or of a class with
as_json() and from_json() of its own; a tuple of these, or a Mapping of them by name; each may be `| None`, or
Annotated[the type, check], where check(value) raises ValueError or gives the value that is kept. Where the JSON has
another form than the field, in_json() says so.

What is read is checked: KeyError where a key is missing, TypeError or ValueError where a value is not one of the type.
A whole number is taken for a float, and nothing else for anything else. Where keys may be left out, those that no field
has are an error too, since a misspelt one would go unnoticed.

How a class is written and read is worked out once. The types of an object's values are compared all at once with those
that were met before, so that only those are looked at again that have another form in Python.
"""

import dataclasses
import functools
import marshal
import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum
from itertools import chain
from operator import attrgetter, itemgetter
from pathlib import Path
from typing import Annotated, Any, Self, Union, get_args, get_origin, get_type_hints

Converter = Callable[[Any], Any]
Field = dataclasses.Field[Any]
Values = Sequence[Any]

_AS_IT_IS = (str, int, float, bool, Any)
_PLAIN = (str, int, float)
_ROWS = {list}
# In the place of the default of what is always written.
_ALWAYS = object()
# Of the format in which values that are read become keys: equal ones are then equal bytes, as a rule.
_WITHOUT_REFERENCES = 2
_MOST_SHARED = 64


class Shared:
    """In the place of the check in Annotated[the type, check], for values that are often the same as before.

    Equal JSON is then read and checked once, and gives one and the same value.

    Args:
        check: as in Annotated; the value that is kept must not be changed by anybody.
    """

    def __init__(self, check: Converter) -> None:
        self._check = check

    def reading(self, read: Converter) -> Converter:
        """What reads such values, given what reads each of them."""
        known: dict[bytes, Any] = {}

        def read_shared(data: Any) -> Any:
            key = marshal.dumps(data, _WITHOUT_REFERENCES)
            if (found := known.get(key)) is None:
                found = self._check(read(data))
                if len(known) >= _MOST_SHARED:
                    known.clear()
                known[key] = found
            return found

        return read_shared


class JsonObject:
    """Base of dataclasses that are objects in JSON."""

    def as_json(self) -> dict[str, Any]:
        """What json.loads() gives of its text: of lists and dictionaries."""
        written: dict[str, Any] = _writer_of(type(self))(self)
        return written

    @classmethod
    def from_json(cls, data: Any) -> Self:
        """Raises KeyError, TypeError or ValueError where the data is not such an object."""
        read: Self = _reader_of(cls)(_checked_kind(data, dict))
        return read


class JsonRow:
    """Base of dataclasses that are lists in JSON."""

    def as_json(self) -> list[Any]:
        """What json.loads() gives of its text: of lists and dictionaries."""
        written: list[Any] = _writer_of(type(self))(self)
        return written

    @classmethod
    def from_json(cls, data: Any) -> Self:
        """Raises KeyError, TypeError or ValueError where the data is not such a list."""
        read: Self = _reader_of(cls)(_checked_kind(data, list, tuple))
        return read


def in_json(
    *,
    left_out: bool = False,
    only_with: str = "",
    written_as: Sequence[str] | None = None,
    made_of: Sequence[str] | None = None,
    make: Callable[..., Any] | None = None,
) -> Mapping[str, Any]:
    """The metadata of a field of a JsonObject that has another form in JSON than its name and value.

    Args:
        left_out: whether it has no key where it is as by default.
        only_with: the name of a field that is left out; this one has no key either then.
        written_as: the attributes that make the keys in its place, such as "area", or "mask.area" for one of another
            attribute's; the key is the last name. None writes the field itself.
        make, made_of: what makes the field, and of which keys: it gets their values as arguments. What else is written
            besides fields is for readers that do not want to work it out.
    """
    given = {
        "left_out": left_out,
        "only_with": only_with,
        "written_as": written_as,
        "made_of": made_of,
        "make": make,
    }
    return {name: value for name, value in given.items() if value is not None}


LEFT_OUT = in_json(left_out=True)


def value_from_json(hint: Any, data: Any) -> Any:
    """A value of any type that a field may have; raises KeyError, TypeError or ValueError where the data is not one."""
    convert = _readers(hint)[type(data)]
    return data if convert is None else convert(data)


# Writing


def _new_writer(cls: Any) -> Converter:
    return _row_writer(cls) if issubclass(cls, JsonRow) else _object_writer(cls)


_writer_of: Callable[[Any], Converter] = functools.cache(_new_writer)


def _row_writer(cls: Any) -> Converter:
    names = [field.name for field in dataclasses.fields(cls)]
    get = all_of(attrgetter, names)
    writers = [(place, write) for place, name in enumerate(names) if (write := _writer(type_of(cls, name)))]

    def write_row(one: Any) -> list[Any]:
        values = list(get(one))
        for place, write in writers:
            if (value := values[place]) is not None:
                values[place] = write(value)
        return values

    return write_row


def _object_writer(cls: Any) -> Converter:
    fields = dataclasses.fields(cls)
    paths = [path for field in fields for path in paths_of(field)]
    keys = [key_of(path) for path in paths]
    get = all_of(attrgetter, paths)
    writers = [(key, write) for key, path in zip(keys, paths, strict=True) if (write := _writer(type_of(cls, path)))]
    followers = [(field.name, other) for field in fields if (other := field.metadata.get("only_with"))]
    is_left_out = {field.name: field.default for field in fields if field.metadata.get("left_out")}
    defaults = [is_left_out.get(key, _ALWAYS) for key in keys]

    def write_object(one: Any) -> dict[str, Any]:
        if is_left_out:
            found = zip(keys, get(one), defaults, strict=True)
            row = {key: value for key, value, default in found if value != default}
        else:
            row = dict(zip(keys, get(one)))  # noqa: B905 (there are as many, and this is where the time goes)
        for key, other in followers:
            if other not in row:
                del row[key]
        for key, write in writers:
            if (value := row.get(key)) is not None:
                row[key] = write(value)
        return row

    return write_object


@functools.cache
def _writer(hint: Any) -> Converter | None:
    """What makes JSON of a value that is not None; None where it is the same."""
    origin, args = get_origin(hint), get_args(hint)
    if hint in _AS_IT_IS:
        return None
    if origin is Annotated:
        return _writer(args[0])
    if (inner := without_none(hint)) is not None:
        return _writer(inner)
    if origin is tuple and args[1:] == (...,):
        return _list_writer(args[0])
    if origin is tuple:
        writers = [item_writer(one) for one in args]
        return _fixed_writer([write or _same for write in writers]) if any(writers) else list
    if origin is Mapping and args[0] is str:
        return _dict_writer(item_writer(args[1]))
    if isinstance(hint, type):
        if issubclass(hint, Enum):
            return attrgetter("_value_")
        if issubclass(hint, Path):
            return str
        if "as_json" in vars(hint):
            return lambda value: value.as_json()
        if issubclass(hint, JsonObject | JsonRow):
            return _writer_of(hint)
    raise TypeError(f"{hint} has no form in JSON")


def item_writer(hint: Any) -> Converter | None:
    """What makes JSON of a value, which may be None if its type says so; None where it is the same."""
    write = _writer(hint)
    if write is None or without_none(hint) is None:
        return write
    return lambda value: None if value is None else write(value)


def _list_writer(hint: Any) -> Converter:
    if isinstance(hint, type) and issubclass(hint, JsonObject | JsonRow):
        # Worked out when there is one of them: a record may have many kinds of things, and most have few.
        return lambda values: list(map(_writer(hint), values)) if values else []  # type: ignore[arg-type]
    write = item_writer(hint)
    return list if write is None else (lambda values: list(map(write, values)))


def _fixed_writer(writers: Sequence[Converter]) -> Converter:
    return lambda values: [write(value) for write, value in zip(writers, values, strict=True)]


def _dict_writer(write: Converter | None) -> Converter:
    return dict if write is None else lambda values: {name: write(value) for name, value in values.items()}


# Reading


class _Readers(dict[type, Converter | None]):
    """How values of a type are read: by the kind of value that JSON has, what makes them of it. None where they are the
    same; TypeError where there are none of that kind."""

    def __init__(self, hint: Any) -> None:
        super().__init__()
        self._hint = hint

    def __missing__(self, kind: type) -> Converter | None:
        self[kind] = found = _reader(self._hint, list if kind is tuple else kind)
        return found


_readers = functools.cache(_Readers)


def _reader(hint: Any, kind: type) -> Converter | None:
    """What makes values of a type of one kind of value that JSON has, see _Readers."""
    origin, args = get_origin(hint), get_args(hint)
    if hint is Any or (hint is kind and kind in _AS_IT_IS):
        return None
    if origin is Annotated:
        read = _reader(args[0], kind) or _same
        return args[1].reading(read) if isinstance(args[1], Shared) else _checking(read, args[1])
    if (inner := without_none(hint)) is not None:
        return None if kind is types.NoneType else _reader(inner, kind)
    if hint is float and kind is int:
        return _float
    if origin is tuple and kind is list:
        return _list_reader(args[0], tuple) if args[1:] == (...,) else _fixed_reader(args, _as_tuple)
    if origin is Mapping and kind is dict:
        return _dict_reader(args[1])
    if isinstance(hint, type):
        if issubclass(hint, Enum):
            return {one.value: one for one in hint if type(one.value) is kind}.__getitem__
        if issubclass(hint, Path) and kind is str:
            return hint
        if "from_json" in vars(hint):
            return vars(hint)["from_json"].__get__(None, hint)  # type: ignore[no-any-return]
        if (issubclass(hint, JsonObject) and kind is dict) or (issubclass(hint, JsonRow) and kind is list):
            return _reader_of(hint)
    raise TypeError(f"not a {hint}: {kind.__name__}")


def _new_reader(cls: Any) -> Converter:
    fields = dataclasses.fields(cls)
    if issubclass(cls, JsonRow):
        return _fixed_reader([type_of(cls, field.name) for field in fields], cls)
    if any(may_be_left_out(field) for field in fields):
        return _sparse_reader(cls, fields)
    return _object_reader(cls, fields)


_reader_of: Callable[[Any], Converter] = functools.cache(_new_reader)


def _sparse_reader(cls: Any, fields: Sequence[Field]) -> Converter:
    """Reads a JsonObject of which keys may be left out."""
    readers = {field.name: _readers(type_of(cls, field.name)) for field in fields}
    needed = {field.name for field in fields if not may_be_left_out(field)}

    def read_sparse(data: dict[str, Any]) -> Any:
        if not needed <= data.keys():
            raise KeyError(*needed - data.keys())
        values = {}
        for key, value in data.items():
            convert = readers[key][type(value)]
            values[key] = value if convert is None else convert(value)
        return cls(**values)

    return read_sparse


def _object_reader(cls: Any, fields: Sequence[Field]) -> Converter:
    """Reads a JsonObject that has all its keys."""
    path_of = {key_of(path): path for field in fields for path in paths_of(field)}
    made = [(place, field.metadata) for place, field in enumerate(fields) if "make" in field.metadata]
    keys = [field.name for field in fields if "make" not in field.metadata]
    count = len(keys)
    keys += {key: None for _, of in made for key in of["made_of"] if key not in keys}
    get = all_of(itemgetter, keys)
    read = _fixed_reader([type_of(cls, path_of[key]) for key in keys], _as_list)
    makers = [(place, of["make"], all_of(itemgetter, [keys.index(key) for key in of["made_of"]])) for place, of in made]
    names = [field.name for field in fields]
    is_named = any(field.kw_only for field in fields)

    def read_object(data: dict[str, Any]) -> Any:
        values = read(get(data))
        if makers:
            parts = [make(*pick(values)) for _, make, pick in makers]
            del values[count:]
            for (place, _, _), part in zip(makers, parts):  # noqa: B905
                values.insert(place, part)
        return cls(**dict(zip(names, values, strict=True))) if is_named else cls(*values)

    return read_object


def _fixed_reader(hints: Sequence[Any], make: Callable[..., Any]) -> Converter:
    """Reads values of which each has a type of its own, and makes something of them as arguments."""
    readers = [_readers(hint) for hint in hints]
    # Kinds of values -> what has to be converted, by its place.
    met: dict[tuple[type, ...], list[tuple[int, Converter]]] = {}

    def read_fixed(values: Values) -> Any:
        kinds = tuple(map(type, values))
        steps = met.get(kinds)
        if steps is None:
            found = [of_kind[kind] for of_kind, kind in zip(readers, kinds, strict=True)]
            steps = met[kinds] = [(place, convert) for place, convert in enumerate(found) if convert is not None]
        if steps:
            values = list(values)
            for place, convert in steps:
                values[place] = convert(values[place])
        return make(*values)

    return read_fixed


def _list_reader(hint: Any, make: Converter) -> Converter:
    """Reads any number of values of one type, and makes something of all of them."""
    readers = _readers(hint)
    plain, length = _plain_row(hint)

    def read_list(values: Iterable[Any]) -> Any:
        kinds = set(map(type, values))
        if kinds == _ROWS and set(map(type, chain.from_iterable(values))) == plain and _are_long(values, length):
            return make(map(tuple, values))  # as the rows of matrices, of which there are many
        if len(kinds) == 1:
            convert = readers[kinds.pop()]
            return make(values if convert is None else map(convert, values))
        return make([value if (convert := readers[type(value)]) is None else convert(value) for value in values])

    return read_list


def _plain_row(hint: Any) -> tuple[set[type] | None, set[int] | None]:
    """Of a tuple whose values all are of one kind that needs no converting: that kind, and its length if that is fixed;
    None for any other type."""
    if (inner := without_none(hint)) is not None:
        hint = inner
    args = get_args(hint)
    if get_origin(hint) is not tuple or args[0] not in _PLAIN:
        return None, None
    if args[1:] == (...,):
        return {args[0]}, None
    return ({args[0]}, {len(args)}) if set(args) == {args[0]} else (None, None)


def _are_long(rows: Iterable[Any], length: set[int] | None) -> bool:
    return length is None or set(map(len, rows)) == length


def _dict_reader(hint: Any) -> Converter:
    read = _list_reader(hint, list)
    return lambda values: dict(zip(values, read(values.values()), strict=True))


def _checking(read: Converter, check: Converter) -> Converter:
    return lambda data: check(read(data))


def _checked_kind(data: Any, *kinds: type) -> Any:
    if type(data) not in kinds:
        raise TypeError(f"{type(data).__name__} instead of {kinds[0].__name__}")
    return data


def _float(value: int) -> float:
    try:
        return float(value)
    except OverflowError as error:
        raise ValueError("a number beyond all floats") from error


# What fields say of themselves


def paths_of(field: Field) -> Sequence[str]:
    """The attributes that make its keys, see in_json()."""
    paths: Sequence[str] = field.metadata.get("written_as", (field.name,))
    return paths


def key_of(path: str) -> str:
    """The key that an attribute makes: the last name of "mask.area"."""
    return path.rpartition(".")[2]


def may_be_left_out(field: Field) -> bool:
    """Whether there are objects without its keys."""
    return bool(field.metadata.get("left_out") or field.metadata.get("only_with"))


@functools.cache
def _hints(thing: Any) -> Mapping[str, Any]:
    return get_type_hints(thing, include_extras=True)


def type_of(cls: Any, path: str) -> Any:
    """The type of a field or property, or of one of that one's: "mask.area"."""
    name, _, rest = path.partition(".")
    found = getattr(cls, name, None)
    hint = _hints(found.fget)["return"] if isinstance(found, property) else _hints(cls)[name]
    return type_of(hint, rest) if rest else hint


def without_none(hint: Any) -> Any:
    """X of X | None; None for any other type."""
    if get_origin(hint) not in (Union, types.UnionType):
        return None
    others = [one for one in get_args(hint) if one is not types.NoneType]
    return others[0] if len(others) == 1 else None


def all_of(getter: Any, names: Sequence[Any]) -> Callable[[Any], tuple[Any, ...]]:
    """attrgetter or itemgetter that gives a tuple also of one name."""
    if len(names) > 1:
        return getter(*names)  # type: ignore[no-any-return]
    single = [getter(name) for name in names]
    return lambda one: tuple(get(one) for get in single)


def _as_tuple(*values: Any) -> tuple[Any, ...]:
    return values


def _as_list(*values: Any) -> list[Any]:
    return list(values)


def _same(value: Any) -> Any:
    return value
