"""Reading files that others wrote: pipes and devices are not opened, and every damaged JSON fails in one way."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.base.input_files import _DOUBTFUL, _may_be_doubtful, open_file, parse_json, read_file, read_json

LINKS_AND_PIPES = pytest.mark.skipif(os.name == "nt", reason="Windows has no pipes and devices among its files")


def test_file_and_link(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b'{"a": 1}')
    (tmp_path / "b.json").write_bytes((tmp_path / "a.json").read_bytes())
    assert read_file(tmp_path / "a.json") == b'{"a": 1}'
    assert read_json(tmp_path / "b.json") == {"a": 1}


@LINKS_AND_PIPES
def test_link_to_a_file(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"1")
    (tmp_path / "link").symlink_to(tmp_path / "a")
    assert read_json(tmp_path / "link") == 1


@LINKS_AND_PIPES
def test_pipe_does_not_wait(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(tmp_path / "pipe")
    for name in ("pipe", "link"):
        with pytest.raises(OSError, match="Not a regular file"):
            open_file(tmp_path / name)


@LINKS_AND_PIPES
def test_device_that_never_ends(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/dev/zero")
    with pytest.raises(OSError, match="Not a regular file"):
        read_file(tmp_path / "link")


def test_missing_file_and_folder(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_file(tmp_path / "missing")
    with pytest.raises(OSError, match="Not a regular file"):
        read_file(tmp_path)


def test_letters_and_halves_of_them() -> None:
    assert parse_json(rb'["\ud83d\ude80", "\udcff", "\\ud800"]') == ["🚀", "\udcff", "\\ud800"]
    assert parse_json(b'\xef\xbb\xbf["\xc3\xa4"]') == ["ä"]
    for half in (rb'["\ud800"]', rb'{"\uDFFF": 1}', rb'["\ude80\ud83d"]', b'["\xed\xa0\x80"]'):
        with pytest.raises(ValueError, match=r"can't (en|de)code"):
            parse_json(half)


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        '{"a":' * 100_000,
        "",
        "\x00",
        "{",
        b"\xff\xfe\xff",
        "1" * 10_000,
        "NaN",
        "[-Infinity]",
        "1e309",
        "-1E+0309",
        "9" * 400 + ".0",
    ],
)
def test_no_json(text: str | bytes) -> None:
    with pytest.raises(ValueError):
        parse_json(text)


@given(st.text(st.sampled_from('\\udD8Cc0139eE+-.,:[]"e '), max_size=40))
def test_nothing_doubtful_is_missed(text: str) -> None:
    """The quick look lets through whatever the exact one would find."""
    assert _may_be_doubtful(text) or not _DOUBTFUL.search(text)


def test_the_quick_look_is_right_about_records() -> None:
    for doubtful in ('{"a":1e309}', "[1E+400]", "[-1.5e0309]", '["\\ud800"]', "1" * 300):
        assert _may_be_doubtful(doubtful)
    assert not _may_be_doubtful('{"rle":":e3000[e1234"}')
    assert not _may_be_doubtful('{"rle":"e3o2e12b","x":[1e-05,2.5e+20,12345678901234567890]}')
