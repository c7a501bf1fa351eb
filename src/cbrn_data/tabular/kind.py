"""The types of Table Schema for the compiler: one exact reader of a cell, and optional fast kernels.

``read`` is the definition: it returns the value of a cell's text, or None if the text is malformed. It is exact but slow
Python. Arrow kernels process a whole column at once, and return null if they are not certain; ``read`` decides those cells,
once per distinct text. So a kernel can be left out, but cannot change a verdict.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from cbrn_data.tabular.doubt import Doubt, Look, Rows, every_row

Column = Any
"""A pyarrow Array or ChunkedArray; pyarrow has no type annotations."""

Kernel = Callable[[Column], Column]
Compare = Callable[[Any, Any], bool]
MORE_OR_EQUAL, LESS_OR_EQUAL, MORE, LESS = operator.ge, operator.le, operator.gt, operator.lt

KERNELS: dict[Compare, Callable[[Column, Any], Column]] = {
    MORE_OR_EQUAL: pc.greater_equal,
    LESS_OR_EQUAL: pc.less_equal,
    MORE: pc.greater,
    LESS: pc.less,
}


FEW = 64
"""The most cells that are read one by one, which takes less time than the calls of kernels."""


@dataclass(frozen=True)
class Kind:
    """How to read cells of one type, format and set of options.

    Exact, in Python: ``read``; ``text`` writes a value so that equal values have equal text; ``literal`` reads a value of a
    constraint, from JSON or text; ``holds`` compares two values; ``size`` is the number that a length constraint compares.
    ``free``: every text is valid, and is its own value.

    Fast, in Arrow: ``certain`` is true if a cell is certainly well-formed. ``values`` are numbers or times in the order of
    the type, null if uncertain; if they are ``rounded``, equal ones can be different values. ``scalar`` converts the limit
    of a bound for comparison with them, or returns None. ``spelt`` is the text of a value, null if uncertain. ``sizes`` are
    the sizes of well-formed cells.

    Faster, from bytes: ``doubt`` returns the cells that may be malformed, ``beyond`` those that may violate a bound,
    ``respelt`` those whose text may not be canonical.
    """

    read: Callable[[str], Any]
    text: Callable[[Any], str] = str
    literal: Callable[[Any], Any] | None = None
    free: bool = False
    certain: Kernel | None = None
    values: Kernel | None = None
    rounded: bool = False
    spelt: Kernel | None = None
    scalar: Callable[[Any], Any] = lambda limit: None
    doubt: Doubt | None = None
    beyond: Callable[[Compare, Any], Doubt] = lambda compare, limit: every_row
    respelt: Doubt = every_row
    holds: Callable[[Compare, Any, Any], bool] = lambda compare, value, limit: compare(value, limit)
    size: Callable[[Any], int] = len
    sizes: Kernel | None = None

    def meant(self, value: Any) -> Any:
        """Return the value of a constraint as a value of this type, or None if it is not valid."""
        if self.literal is not None:
            return self.literal(value)
        return self.read(value) if isinstance(value, str) else None

    def well_formed(self, column: Column) -> Column:
        """Return whether each cell is null or a value of the type."""
        return decided(column, self._certain, lambda text: self.read(text) is not None)

    def _certain(self, column: Column) -> Column:
        known = self._known(column)
        return pa.nulls(len(column), pa.bool_()) if known is None else only_true(known)

    def maybe_malformed(self, look: Look) -> Rows | None:
        """Return the doubt whether the cells are values of the type."""
        rows = self.doubt(look) if self.doubt is not None else None
        known = self._known(look.column) if rows is None else None
        return rows if known is None else look.rows_without(known)

    def _known(self, column: Column) -> Column | None:
        if self.certain is not None:
            return self.certain(column)
        return None if self.values is None else pc.is_valid(self.values(column))

    def comparable(self, column: Column) -> Column:
        """Return the text of each value, equal for equal values; null if a cell is null or malformed."""
        if self.free and self.spelt is None:
            return column
        sure = self.spelt(column) if self.spelt is not None else pa.nulls(len(column), pa.string())
        rest = pc.unique(column.filter(pc.and_(pc.is_null(sure), pc.is_valid(column))))
        if len(rest) == 0:
            return sure
        found = [self.read(text) for text in rest.to_pylist()]
        texts = pa.array([None if value is None else self.text(value) for value in found], pa.string())
        return pc.coalesce(sure, texts.take(pc.index_in(column, rest)))


def decided(column: Column, kernel: Kernel, holds: Callable[[str], bool]) -> Column:
    """Return ``holds`` of each cell's text, by ``kernel`` as far as it knows; true for null cells."""
    if len(column) <= FEW:
        return pa.array([text is None or holds(text) for text in column.to_pylist()], pa.bool_())
    return resolve_unknown(column, kernel(column), holds)


def resolve_unknown(column: Column, known: Column, holds: Callable[[str], bool]) -> Column:
    """Return ``known``, with its nulls replaced by ``holds`` of the cell's text; true for null cells."""
    unknown = pc.and_(pc.is_null(known), pc.is_valid(column))
    if not pc.any(unknown, min_count=0).as_py():
        return pc.fill_null(known, True)
    rest = pc.unique(column.filter(unknown))
    good = pa.array([text for text in rest.to_pylist() if holds(text)], pa.string())
    return pc.coalesce(known, pc.or_(pc.is_null(column), pc.is_in(column, value_set=good)))


def only_true(mask: Column) -> Column:
    """Return a mask in which false becomes null (unknown)."""
    return pc.if_else(mask, mask, pa.scalar(None, pa.bool_()))


def remembered(kernel: Kernel) -> Kernel:
    """Return a kernel that caches its last result, because several rules of a field use it on the same column."""
    last: tuple[Column, Column] | None = None

    def answer(column: Column) -> Column:
        nonlocal last
        found = last
        if found is None or found[0] is not column:
            last = found = (column, kernel(column))
        return found[1]

    return answer


def matches(pattern: str) -> Kernel:
    """Return a kernel that is true if the whole text matches an RE2 pattern."""
    whole = rf"\A(?:{pattern})\z"
    return lambda column: pc.match_substring_regex(column, whole)


def where(mask: Column, values: Column) -> Column:
    """Return ``values`` if ``mask`` is true, else null."""
    return pc.if_else(mask, values, pa.scalar(None, values.type))
