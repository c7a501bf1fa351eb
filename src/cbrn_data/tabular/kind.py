"""What a type of Table Schema is to the compiler: one exact reader of a cell, and fast ways to do without it.

``read`` is the definition: the value of a cell's text, or None when the text is malformed. It is Python, exact and slow.
Beside it stand Arrow kernels that answer for a whole column at once, and only where they are certain; whatever they leave
open is settled by ``read``, once per distinct text. So a fast way can be left out, but never change a verdict.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

Column = Any
"""A pyarrow Array or ChunkedArray; pyarrow ships no types that say so."""

Kernel = Callable[[Column], Column]
Compare = Callable[[Any, Any], bool]
MORE_OR_EQUAL, LESS_OR_EQUAL, MORE, LESS = operator.ge, operator.le, operator.gt, operator.lt


def _ordered(compare: Compare, value: Any, limit: Any) -> bool:
    return compare(value, limit)


def _unordered(value: Any) -> Any:
    return None


@dataclass(frozen=True)
class Kind:
    """How cells of one type, format and set of options are read.

    Exact, in Python: ``read``; ``text`` spells a value so that equal values have equal text; ``literal`` reads a value that
    stands in a constraint, as JSON or as text; ``holds`` compares two values; ``size`` is what a length counts.
    ``free``: every text is a value, of itself.

    Fast, in Arrow: ``certain`` is true where a cell is surely well-formed. ``values`` are numbers or times in the order of
    the type, null where unsure; when they are ``rounded``, two equal ones may stand for different values. ``scalar`` brings
    the limit of a bound among them, None where it does not fit. ``spelt`` is the text of a value, null where unsure.
    ``sizes`` are the sizes of well-formed cells.
    """

    read: Callable[[str], Any]
    text: Callable[[Any], str] = str
    literal: Callable[[Any], Any] | None = None
    free: bool = False
    certain: Kernel | None = None
    values: Kernel | None = None
    rounded: bool = False
    spelt: Kernel | None = None
    scalar: Callable[[Any], Any] = _unordered
    holds: Callable[[Compare, Any, Any], bool] = _ordered
    size: Callable[[Any], int] = len
    sizes: Kernel | None = None

    def meant(self, value: Any) -> Any:
        """Return what a value in a constraint means to this type, or None when it is no value of it."""
        if self.literal is not None:
            return self.literal(value)
        return self.read(value) if isinstance(value, str) else None

    def well_formed(self, column: Column) -> Column:
        """Return true where a cell is null or a value of the type."""
        return settled(column, self._known(column), lambda text: self.read(text) is not None)

    def _known(self, column: Column) -> Column:
        if self.certain is not None:
            return only_true(self.certain(column))
        return only_true(pc.is_valid(self.values(column))) if self.values is not None else pa.nulls(len(column), pa.bool_())

    def comparable(self, column: Column) -> Column:
        """Return the text of each value, alike for equal values, null where a cell is null or malformed."""
        if self.free and self.spelt is None:
            return column
        sure = self.spelt(column) if self.spelt is not None else pa.nulls(len(column), pa.string())
        rest = pc.unique(column.filter(pc.and_(pc.is_null(sure), pc.is_valid(column))))
        if len(rest) == 0:
            return sure
        found = [self.read(text) for text in rest.to_pylist()]
        texts = pa.array([None if value is None else self.text(value) for value in found], pa.string())
        return pc.coalesce(sure, texts.take(pc.index_in(column, rest)))


def settled(column: Column, known: Column, holds: Callable[[str], bool]) -> Column:
    """Return what is ``known`` of each cell, and where that is null what ``holds`` says of its text; null cells hold."""
    unknown = pc.and_(pc.is_null(known), pc.is_valid(column))
    if not pc.any(unknown, min_count=0).as_py():
        return pc.fill_null(known, True)
    rest = pc.unique(column.filter(unknown))
    good = pa.array([text for text in rest.to_pylist() if holds(text)], pa.string())
    return pc.coalesce(known, pc.or_(pc.is_null(column), pc.is_in(column, value_set=good)))


def only_true(mask: Column) -> Column:
    """Return a mask that is null, which is to say unknown, wherever it is not true."""
    return pc.if_else(mask, mask, pa.scalar(None, pa.bool_()))


def remembered(kernel: Kernel) -> Kernel:
    """Return a kernel that keeps its last answer: several rules of one field ask the same of the same column."""
    last: tuple[Column, Column] | None = None

    def answer(column: Column) -> Column:
        nonlocal last
        found = last
        if found is None or found[0] is not column:
            last = found = (column, kernel(column))
        return found[1]

    return answer


def matches(pattern: str) -> Kernel:
    """Return a kernel that is true where the whole text matches an RE2 pattern."""
    whole = rf"\A(?:{pattern})\z"
    return lambda column: pc.match_substring_regex(column, whole)


def where(mask: Column, values: Column) -> Column:
    """Return ``values`` where ``mask`` is true, null elsewhere."""
    return pc.if_else(mask, values, pa.scalar(None, values.type))
