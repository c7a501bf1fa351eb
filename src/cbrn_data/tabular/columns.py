"""Profile a column: the forms that all its cells have, empty cells, values, repetitions.

A ``Form`` is chosen only if every cell has it. ``unless`` names ambiguous forms: 01/02/2024 is a day in two ways.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from cbrn_data.tabular.compile import kind_of
from cbrn_data.tabular.keys import Uniqueness
from cbrn_data.tabular.kind import Column as Cells
from cbrn_data.tabular.kind import matches
from cbrn_data.tabular.schema import Field

NO_VALUES = ("NA", "N/A", "n/a", "#N/A", "null", "NULL", "None", "-", "–", "—", "..", "...")
"""Texts that mean no value in a column whose other cells are numbers, dates, times or booleans."""
_FEW, _SHORT, _TIMES = 12, 60, 4
"""An enumeration has at most so many values of at most so many characters, each so many times on average."""


@dataclass(frozen=True)
class Form:
    """A form of cells: ``holds`` returns whether each of some texts has it; ``descriptor`` has its type and options.

    ``said`` is the reason for it, "" if its name says it.
    """

    holds: Callable[[Cells], bool]
    descriptor: Mapping[str, Any] = field(default_factory=lambda: {"type": "string"})
    unless: tuple[str, ...] = ()
    said: str = ""

    @property
    def is_text(self) -> bool:
        """Whether the type is text, in which a missing value cannot be distinguished from a text."""
        return bool(self.descriptor["type"] == "string")


def by_text(holds: Callable[[str], object], said: str = "", **descriptor: Any) -> Form:
    """Return the form of the texts for which ``holds`` is true."""
    return Form(lambda cells: all(holds(text) for text in cells.to_pylist()), descriptor or {"type": "string"}, said=said)


def by_pattern(pattern: str, *unless: str, **descriptor: Any) -> Form:
    """Return the form of the texts that match an RE2 pattern and are valid for the type of ``descriptor``."""
    fits = matches(pattern)
    options = {key: value for key, value in descriptor.items() if key not in ("type", "format")}
    form = descriptor.get("format", "default")
    kind = kind_of(Field("", descriptor["type"], form, {}, ("",), options))

    def holds(cells: Cells) -> bool:
        return _all(fits(cells)) and _all(kind.well_formed(cells))

    return Form(holds, descriptor, unless)


def _all(mask: Cells) -> bool:
    return bool(pc.all(mask, min_count=0).as_py())


INTEGER = by_pattern("0|-?[1-9][0-9]{0,17}", type="integer")
DATE = by_pattern("[0-9]{4}-[0-9]{2}-[0-9]{2}", type="date")


@dataclass
class Column:
    """The cells of a column. ``forms`` are those that all values have; ``values`` is None if there are too many.

    ``missing`` are the texts among ``no_values`` that were left out for forms that are no text.
    """

    name: str
    forms: dict[str, Form]
    no_values: tuple[str, ...] = ()
    rows: int = 0
    empty: int = 0
    first: str | None = None
    values: set[str] | None = field(default_factory=set)
    missing: set[str] = field(default_factory=set)
    _unique: Uniqueness | None = field(default_factory=Uniqueness)
    _has_values: bool = False

    @property
    def form(self) -> str:
        """The first form that all cells have and that is beyond doubt; "text" if there is none."""
        if self.first is None:
            return "text"
        open_forms = ((name, form) for name, form in self.forms.items() if form.is_text or self._has_values)
        return next((name for name, form in open_forms if not set(form.unless) & set(self.forms)), "text")

    @property
    def enumeration(self) -> list[str]:
        """The values, sorted, if they are few, short, and mostly repeated; else empty."""
        values = sorted(self.values or ())
        is_one = len(values) >= 2 and len(values) * _TIMES <= self.rows - self.empty
        return values if is_one and self.form == "text" else []

    @property
    def reason(self) -> str:
        """Why the column has its form."""
        full = self.rows - self.empty
        if not full:
            return "all cells are empty, so this is not known"
        form = self.form
        said = self.forms[form].said if form in self.forms else "values are text"
        parts = [said or f"each value is {'an' if form[0] in 'aeio' else 'a'} {form}"]
        doubt = [name for name, each in self.forms.items() if each.unless]
        parts += [f"they can be read as {' and as '.join(doubt)}"] if doubt and form == "text" and self._has_values else []
        parts += [f"{len(self.enumeration)} different values in {full:,} cells"] if self.enumeration else []
        parts += [f"{self.empty:,} of {self.rows:,} cells are empty"] if self.empty else []
        return "; ".join(parts)

    def is_unique(self) -> bool:
        """Return whether the texts of all cells are known to differ. Call it once, after the last ``add``."""
        return self._unique is not None and self.rows > self.empty and not len(self._unique.suspects()[0])

    def add(self, cells: pa.ChunkedArray, lines: Sequence[int]) -> None:
        """Add the cells of a block, which begin on ``lines``."""
        new = pc.unique(cells.drop_null())
        self.rows, self.empty = self.rows + len(cells), self.empty + cells.null_count
        self.first = new[0].as_py() if self.first is None and len(new) else self.first
        is_missing = pc.is_in(new, value_set=pa.array(self.no_values, pa.string()))
        self.missing.update(new.filter(is_missing).to_pylist())
        meant = new.filter(pc.invert(is_missing))
        self._has_values |= bool(len(meant))
        self.forms = {name: form for name, form in self.forms.items() if form.holds(new if form.is_text else meant)}
        if self._unique is not None and len(new) == len(cells) - cells.null_count:
            self._unique.add([pc.cast(cells.drop_null(), pa.string()).combine_chunks()], is_whole=False)
        else:
            self._unique = None
        if self.values is not None:
            self.values = self.values.union(new[: _FEW + 1].to_pylist())
            if len(self.values) > _FEW or any(len(text) > _SHORT for text in self.values):
                self.values = None
