"""What the tests of readers share: programs of others that read what `labelpass export` writes.

    reads_back("COCO", "pycocotools", "boxes, masks")      a row of the table in docs/exports.md, see `ReadsBack`

They run by `nox -s readers`, in an environment that has these programs and no Blender; `make test` leaves them out.
The table in docs/exports.md is made by them: `nox -s readers -- --write-table` writes it, and a run of all of them
fails where the page says something else.
"""

import importlib.metadata
import os
import sys
import tempfile
from pathlib import Path
from typing import Protocol

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
PAGE = CHECKOUT / "docs/exports.md"
BEGIN, END = "<!-- readers: written by nox -s readers -- --write-table -->\n", "<!-- end of readers -->\n"
HEAD = "| format | read by | what it reads back |\n| --- | --- | --- |\n"

sys.path.insert(0, str(Path(__file__).parent / "stand_ins"))
# None of them may look for models, data sets or news in a network.
os.environ |= {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "YOLO_OFFLINE": "true", "WANDB_MODE": "disabled"}
_HOMES = "YOLO_CONFIG_DIR", "HF_HOME", "MPLCONFIGDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"
# They keep settings and caches in a folder of this run, and look for it when they are imported.
_home = tempfile.TemporaryDirectory(prefix="labelpass-readers-")
os.environ |= dict.fromkeys(_HOMES, _home.name)

_rows: set[tuple[str, str, str]] = set()


class ReadsBack(Protocol):
    """Notes that a reader gives back what the records say. Call it at the end of a test that has shown it.

    Args:
        format: value of the format.
        reader: name of its package, which is installed.
        what: it reads back, as people say it: "boxes and masks, exactly".
    """

    def __call__(self, format: str, reader: str, what: str) -> None: ...


@pytest.fixture(scope="session")
def reads_back() -> ReadsBack:
    def note(format: str, reader: str, what: str) -> None:
        _rows.add((format, f"{reader} {importlib.metadata.version(reader)}", what))

    return note


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--write-table", action="store_true", help="write the table of readers into docs/exports.md")


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Write or compare the table, if all tests of readers have run and passed."""
    _home.cleanup()
    some = session.config.getoption("-k") or session.config.getoption("-m") or session.testsfailed
    files = {item.path for item in session.items}
    if some or files != set(Path(__file__).parent.glob("test_*.py")):
        return
    table = HEAD + "".join(f"| {' | '.join(row)} |\n" for row in sorted(_rows))
    page = PAGE.read_text("utf-8")
    before, rest = page.split(BEGIN)
    written, after = rest.split(END)
    if session.config.getoption("--write-table"):
        PAGE.write_text(f"{before}{BEGIN}{table}{END}{after}", "utf-8")
    elif written != table:
        print(f"\ndocs/exports.md does not say what the readers have read:\n{table}")
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
