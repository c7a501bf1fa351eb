"""The constraints of Table Schema as masks over whole columns, and the types to which each applies.

https://datapackage.org/standard/table-schema/#field-constraints, and ``categories``, which restricts a field like an enum.
A mask is true if a cell satisfies the constraint, is null, or is malformed, which the rule of the type reports. ``unique``
has no mask, because it is checked over all blocks of a table.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from cbrn_data.findings import shown
from cbrn_data.tabular import kind as kinds
from cbrn_data.tabular.doubt import Doubt, Look, Rows, every_row
from cbrn_data.tabular.kind import Column, Compare, Kernel, Kind, decided, only_true, resolve_unknown, where
from cbrn_data.tabular.patterns import pattern_doubt, pattern_kernel
from cbrn_data.tabular.schema import Field
from cbrn_data.tabular.texts import characters

Maker = Callable[[Kind, Any], tuple[Kernel, Doubt]]


@dataclass(frozen=True)
class Demand:
    """One constraint of a field: its finding code, its name, its mask, and the doubt that limits the rows to check."""

    code: str
    constraint: str
    mask: Kernel
    doubt: Doubt


def demands(field: Field, kind: Kind, faults: list[str]) -> list[Demand]:
    """Return the constraints and categories of a field; append unsupported ones to ``faults``."""
    found = []
    for name, value in {**field.constraints, **_categories(field, kind, faults)}.items():
        try:
            code, maker = _looked_up(field, name)
            if maker is not None and value is not False:
                found.append(Demand(code, name, *maker(kind, value)))
            elif not isinstance(value, bool):
                raise ValueError("must be true or false")
        except ValueError as error:
            faults.append(f"{name}: {error}")
    return found


def _looked_up(field: Field, name: str) -> tuple[str, Maker | None]:
    if name not in _CONSTRAINTS:
        raise ValueError("unknown constraint")
    code, types, maker = _CONSTRAINTS[name]
    if types is not None and field.type not in types:
        raise ValueError(f"does not apply to the type {field.type}")
    return code, maker


def _categories(field: Field, kind: Kind, faults: list[str]) -> dict[str, Any]:
    """Return the values of ``categories`` as a constraint; an enum may only list some of them."""
    entries = field.descriptor.get("categories")
    if entries is None:
        return {}
    values = (
        [entry.get("value") if isinstance(entry, dict) else entry for entry in entries] if isinstance(entries, list) else []
    )
    labels = [entry["label"] for entry in entries if isinstance(entry, dict) and "label" in entry] if values else []
    if not isinstance(field.descriptor.get("categoriesOrdered", False), bool):
        faults.append("categoriesOrdered: must be true or false")
    if len(set(map(str, labels))) < len(labels):
        faults.append("categories: duplicate label")
    listed = field.constraints.get("enum", [])
    beyond = {repr(kind.meant(value)) for value in listed if isinstance(listed, list)} - {
        repr(kind.meant(value)) for value in values
    }
    if beyond:
        faults.append(f"enum: {', '.join(sorted(beyond))} is not among the categories")
    return {"categories": values}


def _required(kind: Kind, value: Any) -> tuple[Kernel, Doubt]:
    if value is not True:
        raise ValueError("must be true or false")
    return pc.is_valid, lambda look: look.nulls


def _enum(kind: Kind, value: Any) -> tuple[Kernel, Doubt]:
    if not isinstance(value, list) or not value:
        raise ValueError("must be a list of at least one value")
    if len({json.dumps(entry, sort_keys=True) for entry in value}) < len(value):
        raise ValueError("has a value twice")
    meant = [_meant(kind, entry) for entry in value]
    allowed = pa.array([kind.text(entry) for entry in meant if isinstance(entry, str) or not kind.free], pa.string())

    def mask(column: Column) -> Column:
        texts = kind.comparable(column)
        return pc.or_(pc.is_in(texts, value_set=allowed), pc.is_null(texts))

    def doubt(look: Look) -> Rows | None:
        return look.rows_without(pc.is_in(look.column, value_set=allowed)) if kind.free else None

    return mask, doubt


def _bound(compare: Compare) -> Maker:
    def make(kind: Kind, value: Any) -> tuple[Kernel, Doubt]:
        limit = _meant(kind, value)
        known = partial(_compared, kind, compare=compare, limit=limit)
        beyond = kind.beyond(compare, limit)

        def doubt(look: Look) -> Rows | None:
            rows = beyond(look)
            return look.rows_without(known(look.column)) if rows is None else rows

        return _by_value(kind, lambda found: kind.holds(compare, found, limit), known), doubt

    return make


def _compared(kind: Kind, column: Column, compare: Compare, limit: Any) -> Column:
    """Return whether a bound holds for each cell, null if the fast values of the kind do not decide it."""
    scalar = kind.scalar(limit)
    if scalar is None or kind.values is None:
        return _unknown(column)
    values = kind.values(column)
    held = kinds.KERNELS[compare](values, pa.scalar(scalar, values.type))
    return where(pc.not_equal(values, scalar), held) if kind.rounded else held


def _length(compare: Compare) -> Maker:
    def make(kind: Kind, value: Any) -> tuple[Kernel, Doubt]:
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise ValueError("must be a non-negative integer")
        if kind.sizes is None:
            return _by_value(kind, lambda found: compare(kind.size(found), value)), every_row
        sizes = kind.sizes
        mask = _unless_malformed(kind, lambda column: kinds.KERNELS[compare](sizes(column), value))
        return mask, _misfits(compare, value) if sizes is characters else every_row

    return make


def _misfits(compare: Compare, value: int) -> Doubt:
    """Return the doubt of a length in characters, of one to four bytes each."""
    if compare is kinds.LESS_OR_EQUAL:
        return lambda look: look.rows(look.lengths > value)
    return lambda look: look.rows(look.lengths < 4 * value)


def _pattern(kind: Kind, value: Any) -> tuple[Kernel, Doubt]:
    if not isinstance(value, str):
        raise ValueError("must be a text")
    return _unless_malformed(kind, pattern_kernel(value)), pattern_doubt(value)


def _json_schema(kind: Kind, value: Any) -> tuple[Kernel, Doubt]:
    from cbrn_data.tabular.json_schema import json_schema  # slow to import, and few schemas use it

    return _by_value(kind, json_schema(value)), every_row


def _unknown(column: Column) -> Column:
    return pa.nulls(len(column), pa.bool_())


def _by_value(kind: Kind, holds: Callable[[Any], bool], known: Kernel = _unknown) -> Kernel:
    """Return a mask that is true if ``holds`` is true for the value of a cell, or the cell is malformed."""

    def of_text(text: str) -> bool:
        found = kind.read(text)
        return found is None or holds(found)

    return lambda column: decided(column, known, of_text)


def _unless_malformed(kind: Kind, kernel: Kernel) -> Kernel:
    """Return a mask that is true if ``kernel`` is true or the cell is malformed."""
    if kind.free:
        return lambda column: pc.fill_null(kernel(column), True)
    return lambda column: resolve_unknown(column, only_true(kernel(column)), lambda text: kind.read(text) is None)


def _meant(kind: Kind, value: Any) -> Any:
    found = kind.meant(value)
    if found is None:
        raise ValueError(f"{shown(json.dumps(value), 60)} is not a value of the type")
    return found


_RANGED = frozenset("integer number date time datetime duration year yearmonth".split())
_SIZED = frozenset("string array object list geojson".split())
_CONSTRAINTS: dict[str, tuple[str, frozenset[str] | None, Maker | None]] = {
    "required": ("cell-missing", None, _required),
    "unique": ("", None, None),
    "enum": ("cell-enum", None, _enum),
    "categories": ("cell-category", frozenset({"string", "integer"}), _enum),
    "pattern": ("cell-pattern", frozenset({"string"}), _pattern),
    "minimum": ("cell-range", _RANGED, _bound(kinds.MORE_OR_EQUAL)),
    "maximum": ("cell-range", _RANGED, _bound(kinds.LESS_OR_EQUAL)),
    "exclusiveMinimum": ("cell-range", _RANGED, _bound(kinds.MORE)),
    "exclusiveMaximum": ("cell-range", _RANGED, _bound(kinds.LESS)),
    "minLength": ("cell-length", _SIZED, _length(kinds.MORE_OR_EQUAL)),
    "maxLength": ("cell-length", _SIZED, _length(kinds.LESS_OR_EQUAL)),
    "jsonSchema": ("cell-json", frozenset({"array", "object"}), _json_schema),
}
"""By constraint: its finding code, the types to which it applies (None: all), and the function that makes its mask."""
