"""The tables of docs/reliability.md: which faults were tried, how often and for how long, and what was wrong."""

from collections.abc import Sequence
from dataclasses import dataclass

from .children import ROOT

PAGE = ROOT / "docs/reliability.md"


@dataclass(frozen=True)
class Row:
    """A fault.

    Attributes:
        name: of it.
        count, noun: how many of what were tried.
        seconds: how long that took.
        wrong: sentences.
    """

    name: str
    count: int
    noun: str
    seconds: float
    wrong: tuple[str, ...]

    def line(self) -> str:
        """For a terminal."""
        return f"{self.seconds:6.0f} s  {len(self.wrong)} wrong  {self._tried}: {self.name}"

    @property
    def _tried(self) -> str:
        return f"{self.count} {self.noun.removesuffix('s') if self.count == 1 else self.noun}"

    def as_markdown(self) -> str:
        return f"| {self.name} | {self._tried} | {self.seconds / 60:.1f} | {len(self.wrong) or 'nothing'} |"


def write_table(rows: Sequence[Row], faults: Sequence[str]) -> None:
    """Put rows into the table of faults on the page: each in place of that of the same fault, if there is one.

    Args:
        rows: the new ones.
        faults: the names of all, in their order; what has another name is no fault any more.
    """
    lines = {line.split(" | ")[0]: line for line in _table("faults")[2:]}
    lines |= {line.split(" | ")[0]: line for line in (row.as_markdown() for row in rows)}
    there = [lines[name] for name in (f"| {fault}" for fault in faults) if name in lines]
    write_rows("faults", "| fault | tried | minutes | wrong |", there)


def write_rows(name: str, head: str, rows: Sequence[str]) -> None:
    """Put a table into its place on the page."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(f"<!-- {name} -->")
    _, _, after = rest.partition(f"<!-- /{name} -->")
    rule = "| --- " * (head.count("|") - 1) + "|"
    text = "\n".join([f"<!-- {name} -->", head, rule, *rows, f"<!-- /{name} -->"])
    PAGE.write_text(f"{before}{text}{after}", encoding="utf-8")


def _table(name: str) -> list[str]:
    """The lines of a table on the page."""
    _, _, rest = PAGE.read_text(encoding="utf-8").partition(f"<!-- {name} -->")
    return rest.partition(f"<!-- /{name} -->")[0].strip().splitlines()
