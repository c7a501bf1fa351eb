"""The issues of a table: all are counted, and listed up to a limit."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from cbrn_data.findings import shown
from cbrn_data.tabular.alike import remark
from cbrn_data.tabular.schema import ForeignKey

LISTED = 1000
"""The most issues of a code that are listed for a table; the others are only counted."""

NO_TWIN = (0, 0, "")
"""The twin of a row that repeats no other."""


@dataclass(frozen=True, order=True)
class Issue:
    """One issue: ``row`` counts rows from 1 after the header (0: the whole table), ``line`` lines of the file from 1.

    ``constraint`` names the broken rule of Table Schema, "" for the type; ``value`` is the text of the cell. ``number`` is
    the position of a label in the header, or the number of cells of a ragged row. A duplicate key and a reference that is
    not found have the ``values`` of their ``fields``; ``twin`` is (row, line, part) of the first row with the same key,
    ``lost`` the reference. ``cells`` are all cells of the row if they are at hand, or the first line of a skipped record.
    ``part`` is the file of a table in several.
    """

    row: int
    line: int
    field: str
    code: str
    constraint: str = ""
    value: str | None = None
    message: str = ""
    number: int = 0
    fields: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    twin: tuple[int, int, str] = NO_TWIN
    lost: ForeignKey | None = dataclasses.field(default=None, compare=False)
    cells: tuple[str, ...] = dataclasses.field(default=(), compare=False, repr=False)
    part: str = dataclasses.field(default="", compare=False)


def row_width(row: int, line: int, cells: Sequence[str], width: int) -> Issue:
    """Return the issue of a ragged row."""
    message = f"the row has {len(cells)} cells, the header has {width}"
    return Issue(row, line, "", "csv-row-width", message=message, number=len(cells), cells=tuple(cells))


def lost(key: ForeignKey, values: Sequence[str], alike: str = "") -> str:
    """Return the message for a reference that is not found; ``alike`` describes a key that looks like it."""
    key_values = ", ".join(repr(shown(value, 80)) for value in values)
    there = shown(key.resource, 80) or "this table"
    there += "" if key.fields == key.references else f" ({', '.join(key.references)})"
    odd = f"; it {alike}" if alike else next(filter(None, map(remark, values)), "")
    return f"{' + '.join(key.fields)} {key_values} is not in {there}{odd}"


@dataclass
class Tally:
    """The issues of one table: the number of each code, and the first ``cap`` of each."""

    cap: int = LISTED
    counts: Counter[str] = field(default_factory=Counter)
    _listed: dict[str, list[Issue]] = field(default_factory=dict)

    def room(self, code: str) -> int:
        """Return how many more issues of a code can be listed."""
        return max(0, self.cap - len(self._listed.get(code, ())))

    def add(self, issue: Issue) -> None:
        """Count an issue, and list it if the cap is not reached."""
        self.count(issue.code, 1)
        if self.room(issue.code):
            self._listed.setdefault(issue.code, []).append(issue)

    def keep(self, issue: Issue) -> None:
        """List an issue that was counted."""
        self._listed.setdefault(issue.code, []).append(issue)

    def count(self, code: str, number: int) -> None:
        """Count issues without listing them."""
        self.counts[code] += number

    def extend(self, after: Tally, rows: int, lines: int = 0, part: str = "") -> None:
        """Add the issues of a later part of the table, which begins after ``rows`` rows and ``lines`` lines of a file.

        ``part`` is the file of the part, if it is another one.
        """
        self.counts.update(after.counts)
        for code, issues in after._listed.items():
            for issue in issues[: self.room(code)]:
                row = issue.row + rows if issue.row else 0
                self.keep(replace(issue, row=row, line=issue.line + lines, part=issue.part or part))

    def complete(self, cells: Mapping[int, tuple[str, ...]]) -> None:
        """Give the listed issues that have no cells those of their rows."""
        for code, issues in self._listed.items():
            self._listed[code] = [
                issue if issue.cells else replace(issue, cells=cells.get(issue.row, ())) for issue in issues
            ]

    @property
    def listed(self) -> list[Issue]:
        """The listed issues, by row."""
        return sorted(issue for issues in self._listed.values() for issue in issues)

    def groups(self) -> list[list[Issue]]:
        """Return the listed issues by field and rule, those of one by row, in the order of the first of each."""
        kept: dict[tuple[str, str, str], list[Issue]] = {}
        for issue in self.listed:
            kept.setdefault((issue.code, issue.field, issue.constraint), []).append(issue)
        return list(kept.values())

    @property
    def unlisted(self) -> int:
        """The number of issues that are not listed."""
        return self.counts.total() - sum(map(len, self._listed.values()))
