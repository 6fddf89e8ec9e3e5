"""The table of docs/reliability.md: which faults were tried, how often and for how long, and what was wrong."""

from collections.abc import Sequence
from dataclasses import dataclass

from .children import ROOT

PAGE = ROOT / "docs/reliability.md"
_BEGIN, _END = "<!-- faults -->", "<!-- /faults -->"


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


def write_table(rows: Sequence[Row]) -> None:
    """Put rows into the table on the page: each in place of that of the same fault, if there is one."""
    page = PAGE.read_text(encoding="utf-8")
    before, _, rest = page.partition(_BEGIN)
    table, _, after = rest.partition(_END)
    lines = {line.split(" | ")[0]: line for line in table.strip().splitlines()[2:]}
    lines |= {line.split(" | ")[0]: line for line in (row.as_markdown() for row in rows)}
    head = "| fault | tried | minutes | wrong |\n| --- | --- | --- | --- |"
    text = "\n".join([head, *lines.values()])
    PAGE.write_text(f"{before}{_BEGIN}\n{text}\n{_END}{after}", encoding="utf-8")
