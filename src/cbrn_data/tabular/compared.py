"""The result of a comparison of two tables, and its remarks for people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from cbrn_data.tabular.arrays import flat
from cbrn_data.tabular.changes import Columns, Counts, row_ids
from cbrn_data.tabular.delta import KEY
from cbrn_data.tabular.report import sentence
from cbrn_data.tabular.verdict import Verdict

NAMED = 20
"""The most repeated keys that are named for a table."""
GUESSED = "file-delimiter"
"""The issue that is no fault."""


@dataclass
class Repeats:
    """The repeated keys of a table: their number, that of their rows, and the first, each with its id."""

    keys: int = 0
    rows: int = 0
    first: list[tuple[str, str]] = field(default_factory=list)

    @property
    def ids(self) -> list[str]:
        """The ids of the first repeated keys, in their order."""
        return [row_id for _, row_id in self.first]

    def add(self, rows: pa.Table, key: Sequence[str]) -> None:
        """Add all rows of some repeated keys."""
        keys = pc.unique(rows[KEY])
        self.keys += len(keys)
        self.rows += rows.num_rows
        firsts = rows.take(pc.index_in(keys, value_set=flat(rows[KEY])))
        found = zip(firsts[KEY].to_pylist(), row_ids(key, firsts).to_pylist(), strict=True)
        self.first = sorted([*self.first, *found])[:NAMED]


@dataclass
class Compared:
    """The result for one table; ``key`` is empty if rows were compared as a whole.

    ``whole`` is "added" or "removed" for a table of one package only, "changed" for a file that is no table. Pairs are
    (old, new). ``problem`` says why nothing was compared; ``verdicts`` have the rows that could not be read as they are.
    """

    name: str
    whole: str = ""
    key: tuple[str, ...] = ()
    columns: Columns = field(default_factory=lambda: Columns((), (), ()))
    counts: Counts = field(default_factory=Counts)
    repeats: tuple[Repeats, Repeats] = field(default_factory=lambda: (Repeats(), Repeats()))
    rows: tuple[int, int] = (0, 0)
    verdicts: list[Verdict] = field(default_factory=list)
    problem: str = ""
    notes: list[str] = field(default_factory=list)

    @property
    def differs(self) -> bool:
        """Whether there is any difference."""
        return any((self.whole, self.columns.added, self.columns.removed, self.counts.rows.total()))

    @property
    def incomplete(self) -> bool:
        """Whether something could not be compared."""
        return bool(self.problem) or any(faults(verdict) for verdict in self.verdicts)


def faults(verdict: Verdict) -> int:
    """Return the number of faults that change how rows are compared; a guessed delimiter is not a fault."""
    return verdict.tally.counts.total() - verdict.tally.counts[GUESSED]


def remarks(result: Compared) -> list[str]:
    """Return further remarks about a table, and about rows that could not be compared as they are."""
    said = [result.problem] if result.problem else []
    for word, names in (("new", result.columns.added), ("removed", result.columns.removed)):
        if names:
            said.append(f"{word} {'column' if len(names) == 1 else 'columns'}: {', '.join(names)}")
    if result.counts.cells:
        said.append(
            "changed cells: " + ", ".join(f"{name} {number:,}" for name, number in result.counts.cells.most_common())
        )
    if result.counts.respelt:
        said.append(f"{result.counts.respelt:,} cells have the same value in another spelling, which is no change")
    for side, repeats in zip(("old", "new"), result.repeats, strict=True):
        if repeats.keys:
            named = ", ".join(repeats.ids[:3]) + (", …" if repeats.keys > 3 else "")
            said.append(
                f"{repeats.keys:,} keys occur more than once in the {side} table ({named}): equal rows are paired, "
                "the others are added or removed"
            )
    if result.columns.all and not result.key and result.counts.rows.total():
        said.append("there is no key, so a changed row is removed and added; --key names the columns of one")
    for side, verdict in zip(("old", "new"), result.verdicts, strict=True) if result.verdicts else ():
        place, listed = verdict.resource.place, verdict.tally.listed
        said += [f"{place}: {issue.message}" for issue in listed if issue.code == GUESSED]
        if number := faults(verdict):
            first = next(issue for issue in listed if issue.code != GUESSED)
            said += [
                f"{number:,} {'fault' if number == 1 else 'faults'} in the {side} table: not all is compared as it is",
                f"the first: {place}:{first.line}: {sentence(first, verdict.resource)}",
            ]
    return said + result.notes
