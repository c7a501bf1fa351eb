"""The constraints of Table Schema as masks over whole columns: which go with which type, and what each demands.

https://datapackage.org/standard/table-schema/#field-constraints, and ``categories``, which restricts a field like an enum.
A mask is true where a cell holds, where it is null, and where it is malformed, which is the type's finding already.
``unique`` has no mask, for it is judged over all blocks of a table.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from cbrn_data.findings import shown
from cbrn_data.tabular import kind as kinds
from cbrn_data.tabular.kind import Column, Compare, Kernel, Kind, only_true, settled, where
from cbrn_data.tabular.patterns import pattern_kernel
from cbrn_data.tabular.schema import Field

Maker = Callable[[Kind, Any], Kernel]


@dataclass(frozen=True)
class Demand:
    """One constraint of a field: its finding code, its name and its mask."""

    code: str
    constraint: str
    mask: Kernel


def demands(field: Field, kind: Kind, faults: list[str]) -> list[Demand]:
    """Return what the constraints and categories of a field demand; ``faults`` gets each that cannot be judged."""
    found = []
    for name, value in {**field.constraints, **_categories(field, kind, faults)}.items():
        try:
            code, maker = _looked_up(field, name)
            if maker is not None and value is not False:
                found.append(Demand(code, name, maker(kind, value)))
            elif not isinstance(value, bool):
                raise ValueError("must be true or false")
        except ValueError as error:
            faults.append(f"{name}: {error}")
    return found


def _looked_up(field: Field, name: str) -> tuple[str, Maker | None]:
    if name not in _CONSTRAINTS:
        raise ValueError("there is no such constraint")
    code, types, maker = _CONSTRAINTS[name]
    if types is not None and field.type not in types:
        raise ValueError(f"does not go with the type {field.type}")
    return code, maker


def _categories(field: Field, kind: Kind, faults: list[str]) -> dict[str, Any]:
    """Return the values of ``categories`` as a constraint; an enum beside them may only name some of them."""
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
        faults.append("categories: a label stands twice")
    listed = field.constraints.get("enum", [])
    beyond = {repr(kind.meant(value)) for value in listed if isinstance(listed, list)} - {
        repr(kind.meant(value)) for value in values
    }
    if beyond:
        faults.append(f"enum: {', '.join(sorted(beyond))} is not among the categories")
    return {"categories": values}


def _required(kind: Kind, value: Any) -> Kernel:
    if value is not True:
        raise ValueError("must be true or false")
    return lambda column: pc.is_valid(column)


def _enum(kind: Kind, value: Any) -> Kernel:
    if not isinstance(value, list) or not value:
        raise ValueError("must be a list of at least one value")
    meant = [_meant(kind, entry) for entry in value]
    allowed = pa.array([kind.text(entry) for entry in meant if isinstance(entry, str) or not kind.free], pa.string())

    def mask(column: Column) -> Column:
        texts = kind.comparable(column)
        return pc.or_(pc.is_in(texts, value_set=allowed), pc.is_null(texts))

    return mask


def _bound(compare: Compare) -> Maker:
    def make(kind: Kind, value: Any) -> Kernel:
        limit = _meant(kind, value)

        def holds(text: str) -> bool:
            found = kind.read(text)
            return found is None or kind.holds(compare, found, limit)

        return lambda column: settled(column, _compared(kind, column, compare, limit), holds)

    return make


def _compared(kind: Kind, column: Column, compare: Compare, limit: Any) -> Column:
    """Return where a bound holds, null where the fast values of the kind cannot tell."""
    scalar = kind.scalar(limit)
    if scalar is None or kind.values is None:
        return pa.nulls(len(column), pa.bool_())
    values = kind.values(column)
    held = _KERNELS[compare](values, pa.scalar(scalar, values.type))
    return where(pc.not_equal(values, scalar), held) if kind.rounded else held


def _length(compare: Compare) -> Maker:
    def make(kind: Kind, value: Any) -> Kernel:
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise ValueError("must be a whole number from 0")
        if kind.sizes is not None:
            sizes = kind.sizes
            return _unless_malformed(kind, lambda column: _KERNELS[compare](sizes(column), value))

        def holds(text: str) -> bool:
            found = kind.read(text)
            return found is None or compare(kind.size(found), value)

        return lambda column: settled(column, pa.nulls(len(column), pa.bool_()), holds)

    return make


def _pattern(kind: Kind, value: Any) -> Kernel:
    if not isinstance(value, str):
        raise ValueError("must be a text")
    return _unless_malformed(kind, pattern_kernel(value))


def _json_schema(kind: Kind, value: Any) -> Kernel:
    from cbrn_data.tabular.json_schema import json_schema  # slow to import, and few schemas need it

    is_valid = json_schema(value)

    def holds(text: str) -> bool:
        found = kind.read(text)
        return found is None or is_valid(found)

    return lambda column: settled(column, pa.nulls(len(column), pa.bool_()), holds)


def _unless_malformed(kind: Kind, kernel: Kernel) -> Kernel:
    """Return a mask that holds where ``kernel`` does, and where it does not but the cell is malformed."""
    if kind.free:
        return lambda column: pc.fill_null(kernel(column), True)
    return lambda column: settled(column, only_true(kernel(column)), lambda text: kind.read(text) is None)


def _meant(kind: Kind, value: Any) -> Any:
    found = kind.meant(value)
    if found is None:
        raise ValueError(f"{shown(json.dumps(value), 60)} is no value of the type")
    return found


_KERNELS: dict[Compare, Callable[[Column, Any], Column]] = {
    kinds.MORE_OR_EQUAL: pc.greater_equal,
    kinds.LESS_OR_EQUAL: pc.less_equal,
    kinds.MORE: pc.greater,
    kinds.LESS: pc.less,
}
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
"""By constraint: its finding code, the types that can have it (None: all of them), and what makes its mask."""
