"""Verdicts in frictionless's own report format, so that what reads its reports reads ours.

Rows are numbered as frictionless does, the header being row 1. Only as many errors stand in a report as were listed;
how many there are of each kind is in ``stats``, and a warning of the task says what was left out. A row of another width
is one fault, and in the report an error for each cell that is missing or too many, of the first ``WIDEST``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from cbrn_data.findings import shown
from cbrn_data.tabular.alike import remark
from cbrn_data.tabular.faults import Fault
from cbrn_data.tabular.header import columns
from cbrn_data.tabular.resource import Resource
from cbrn_data.tabular.schema import Field, ForeignKey, TableSchema
from cbrn_data.tabular.validate import Verdict

TYPES = {
    "cell-type": "type-error",
    "cell-format": "type-error",
    "cell-missing": "constraint-error",
    "cell-enum": "constraint-error",
    "cell-category": "constraint-error",
    "cell-pattern": "constraint-error",
    "cell-range": "constraint-error",
    "cell-length": "constraint-error",
    "cell-json": "constraint-error",
    "cell-unique": "unique-error",
    "key-repeated": "primary-key",
    "reference-missing": "foreign-key",
    "csv-quote": "row-error",
    "csv-encoding": "row-error",
    "row-blank": "blank-row",
    "file-unreadable": "scheme-error",
    "file-hash": "hash-count",
    "file-size": "byte-count",
}
"""The error type of frictionless for each code; that of a label or a row of another width depends on the fault."""

WIDEST = 100


def report(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """Return the report of all verdicts."""
    tasks = [_task(verdict) for verdict in verdicts]
    seconds = round(sum(verdict.seconds for verdict in verdicts), 3)
    errors = sum(task["stats"]["errors"] for task in tasks)
    stats = {
        "tasks": len(tasks),
        "errors": errors,
        "warnings": sum(len(task["warnings"]) for task in tasks),
        "seconds": seconds,
    }
    return {"valid": all(task["valid"] for task in tasks), "stats": stats, "warnings": [], "errors": [], "tasks": tasks}


def _task(verdict: Verdict) -> dict[str, Any]:
    schema, tally = verdict.resource.schema, verdict.tally
    errors = [error for fault in tally.listed for error in _errors(fault, verdict)]
    warnings = [f"{tally.unlisted} more errors are counted and not listed"] if tally.unlisted else []
    stats: dict[str, Any] = {"errors": len(errors) + tally.unlisted, "warnings": len(warnings)}
    stats["seconds"] = round(verdict.seconds, 3)
    if verdict.sha256:
        stats |= {"sha256": verdict.sha256, "bytes": verdict.size}
    if schema:
        stats |= {"fields": len(schema.fields), "rows": verdict.rows, "counts": dict(sorted(tally.counts.items()))}
    return {
        "name": verdict.resource.name,
        "type": "table" if schema else "file",
        "valid": verdict.valid,
        "place": verdict.resource.place,
        "labels": verdict.labels,
        "stats": stats,
        "warnings": warnings,
        "errors": errors,
    }


def sentence(fault: Fault, resource: Resource) -> str:
    """Return in words what is wrong: the message of a fault, or what its field asks for."""
    if fault.twin[0]:
        row, line = fault.twin
        where = f"row {row + resource.has_header}" if resource.form == "json" else f"line {line}"
        return f"{_key(fault)} is the same as in {where}"
    if fault.message:
        return fault.message
    if fault.code == "row-blank":
        return "the row has no value"
    if fault.code == "cell-missing":
        return "is empty and must not be"
    return f"'{shown(fault.value or '', 80)}' {_rule(fault, resource.schema)}{_seen(fault, resource.schema)}"


def _key(fault: Fault) -> str:
    """Return the fields of a key with their values."""
    return f"{' + '.join(fault.fields)} {', '.join(repr(shown(value, 80)) for value in fault.values)}"


def _seen(fault: Fault, schema: TableSchema | None) -> str:
    """Name the characters of a cell that a person would take for others."""
    return remark(fault.value or "", _allowed(schema.field(fault.field)) if schema and fault.field in schema.names else ())


def _allowed(field: Field) -> list[str]:
    """Return the values that a field lists as allowed, as text."""
    listed = field.constraints.get("enum") or field.descriptor.get("categories") or ()
    return [str(one.get("value") if isinstance(one, dict) else one) for one in listed]


def _rule(fault: Fault, schema: TableSchema | None) -> str:
    if schema is None or fault.field not in schema.names:
        return f"breaks the rule {fault.constraint!r}"
    field = schema.field(fault.field)
    if not fault.constraint:
        return f"is no {field.type}" + (f" ({shown(field.format, 40)})" if field.format != "default" else "")
    asked = json.dumps(field.constraints.get(fault.constraint), ensure_ascii=False)
    return f"breaks the rule {fault.constraint}" + (f" {shown(asked, 100)}" if asked != "null" else "")


def _errors(fault: Fault, verdict: Verdict) -> Iterator[dict[str, Any]]:
    schema = verdict.resource.schema
    names = schema.names if schema else ()
    if fault.code == "csv-row-width" and schema:
        there = columns(verdict.labels, schema)
        first, last = sorted((len(there), fault.number))
        for place in range(first, min(last, first + WIDEST)):
            type_ = "missing-cell" if place < len(there) else "extra-cell"
            yield _error(type_, fault, verdict, there[place] if place < len(there) else "", place + 1)
    elif fault.code == "header-wrong":
        yield _error(fault.constraint, fault, verdict, fault.field, fault.number)
    else:
        number = names.index(fault.field) + 1 if fault.field in names else 0
        yield _error(TYPES[fault.code], fault, verdict, fault.field, number)


def _error(type_: str, fault: Fault, verdict: Verdict, field: str, number: int) -> dict[str, Any]:
    import frictionless.errors as kinds

    row, said = fault.row + verdict.resource.has_header, sentence(fault, verdict.resource)
    kind = next(cls for cls in vars(kinds).values() if getattr(cls, "type", None) == type_)
    entry: dict[str, Any] = {
        "type": type_,
        "title": kind.title,
        "description": kind.description,
        "message": f"{_place(fault, field, row)}{said}",
        "tags": list(kind.tags),
        "note": said,
    }
    if "#row" in kind.tags:
        entry |= {"cells": [fault.value or ""], "rowNumber": row}
    if type_ == "foreign-key":
        entry |= {"fieldNames": list(fault.fields), "fieldCells": list(fault.values)}
        there = fault.lost or ForeignKey((), "", ())
        entry |= {"referenceName": there.resource, "referenceFieldNames": list(there.references)}
    if "#cell" in kind.tags:
        entry |= {"cell": fault.value or "", "fieldName": field, "fieldNumber": number}
    if "#header" in kind.tags:
        entry |= {"labels": verdict.labels, "rowNumbers": [1]}
    if "#label" in kind.tags:
        entry |= {"label": fault.value or "", "fieldName": field, "fieldNumber": number}
    return entry


def _place(fault: Fault, field: str, row: int) -> str:
    return f"row {row}{f', field {field}' if field else ''}, line {fault.line}: " if fault.row else ""
