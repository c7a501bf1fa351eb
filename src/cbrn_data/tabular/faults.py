"""What is wrong with a table: faults that are all counted, and listed up to a cap."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from cbrn_data.findings import shown
from cbrn_data.tabular.alike import remark
from cbrn_data.tabular.schema import ForeignKey

LISTED = 1000
"""So many faults of a kind are listed for a table; of the others it is said how many there are."""


@dataclass(frozen=True, order=True)
class Fault:
    """One thing that is wrong: ``row`` counts rows from 1 after the header (0: the table as a whole), ``line`` lines.

    ``constraint`` names the rule of Table Schema that is broken, "" for the type; ``value`` is the text of the cell.
    ``number`` is the place of a label in the header, and of a row of another width how many cells it has.
    A key that repeats or leads nowhere has the ``values`` of its ``fields``; ``twin`` is (row, line) of the row that has the
    same key, ``lost`` the reference that leads nowhere.
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
    twin: tuple[int, int] = (0, 0)
    lost: ForeignKey | None = dataclasses.field(default=None, compare=False)


def lost(key: ForeignKey, values: Sequence[str], alike: str = "") -> str:
    """Say which fields of a row lead nowhere, with their values, and where they should lead; ``alike`` may add a twin."""
    said = ", ".join(repr(shown(value, 80)) for value in values)
    there = shown(key.resource, 80) or "this table"
    there += "" if key.fields == key.references else f" ({', '.join(key.references)})"
    odd = f"; it {alike}" if alike else next(filter(None, map(remark, values)), "")
    return f"{' + '.join(key.fields)} {said} is not in {there}{odd}"


@dataclass
class Tally:
    """Faults of one table: how many of each code, and the first ``cap`` of each."""

    cap: int = LISTED
    counts: Counter[str] = field(default_factory=Counter)
    _listed: dict[str, list[Fault]] = field(default_factory=dict)

    def room(self, code: str) -> int:
        """Return how many more faults of a code would be listed."""
        return max(0, self.cap - len(self._listed.get(code, ())))

    def add(self, fault: Fault) -> None:
        """Count a fault, and list it while there is room."""
        self.count(fault.code, 1)
        if self.room(fault.code):
            self._listed.setdefault(fault.code, []).append(fault)

    def keep(self, fault: Fault) -> None:
        """List a fault that was counted."""
        self._listed.setdefault(fault.code, []).append(fault)

    def count(self, code: str, number: int) -> None:
        """Count faults without listing them."""
        self.counts[code] += number

    def extend(self, after: Tally, rows: int) -> None:
        """Add the faults of what follows ``rows`` rows."""
        self.counts.update(after.counts)
        for code, faults in after._listed.items():
            for fault in faults[: self.room(code)]:
                self.keep(replace(fault, row=fault.row + rows))

    @property
    def listed(self) -> list[Fault]:
        """The faults that are listed, by row."""
        return sorted(fault for faults in self._listed.values() for fault in faults)

    @property
    def unlisted(self) -> int:
        """How many faults there are beyond those listed."""
        return self.counts.total() - sum(map(len, self._listed.values()))
