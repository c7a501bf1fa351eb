"""Verdicts in frictionless's own report format, so that what reads its reports reads ours.

Rows are numbered as frictionless does, the header being row 1. Only as many errors stand in a report as were listed;
how many there are of each kind is in ``stats``, and a warning of the task says what was left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from cbrn_data.tabular.faults import Fault
from cbrn_data.tabular.schema import TableSchema
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
    "key-missing": "primary-key",
    "reference-missing": "foreign-key",
    "csv-row-width": "extra-cell",
    "csv-quote": "row-error",
    "csv-encoding": "row-error",
    "row-blank": "blank-row",
    "file-hash": "hash-count",
    "file-size": "byte-count",
}
"""The error type of frictionless for each code; that of a label or a row of another width depends on the fault."""


def report(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """Return the report of all verdicts."""
    tasks = [_task(verdict) for verdict in verdicts]
    seconds = round(sum(verdict.seconds for verdict in verdicts), 3)
    errors = sum(verdict.tally.counts.total() for verdict in verdicts)
    stats = {
        "tasks": len(tasks),
        "errors": errors,
        "warnings": sum(len(task["warnings"]) for task in tasks),
        "seconds": seconds,
    }
    return {"valid": all(task["valid"] for task in tasks), "stats": stats, "warnings": [], "errors": [], "tasks": tasks}


def _task(verdict: Verdict) -> dict[str, Any]:
    schema, tally = verdict.resource.schema, verdict.tally
    errors = [error for fault in tally.listed for error in _errors(fault, schema)]
    warnings = [f"{tally.unlisted} more errors are counted and not listed"] if tally.unlisted else []
    stats: dict[str, Any] = {"errors": tally.counts.total(), "warnings": len(warnings), "seconds": round(verdict.seconds, 3)}
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


def sentence(fault: Fault) -> str:
    """Return in words what is wrong: the message of a fault, or the rule that its cell breaks."""
    rule = f"breaks the rule {fault.constraint!r}" if fault.constraint else "is not of the type of its field"
    if fault.message:
        return fault.message
    if fault.code == "cell-missing":
        return "is empty and must not be"
    if fault.code == "reference-missing":
        rule = "leads to no row of the table it refers to"
    return f"{(fault.value or '')[:80]!r} {rule}"


def _errors(fault: Fault, schema: TableSchema | None) -> Iterator[dict[str, Any]]:
    import frictionless.errors as kinds

    type_ = fault.constraint if fault.code == "header-wrong" else TYPES[fault.code]
    kind = next(cls for cls in vars(kinds).values() if getattr(cls, "type", None) == type_)
    entry: dict[str, Any] = {
        "type": type_,
        "title": kind.title,
        "description": kind.description,
        "message": f"{_place(fault)}{sentence(fault)}",
        "tags": list(kind.tags),
        "note": sentence(fault),
    }
    if fault.row and "#row" in kind.tags:
        entry |= {"cells": [fault.value or ""], "rowNumber": fault.row + 1}
    if fault.row and "#cell" in kind.tags:
        entry |= {"cell": fault.value or "", "fieldName": fault.field, "fieldNumber": _number(fault.field, schema)}
    if "#label" in kind.tags:
        entry |= {"labels": [], "rowNumbers": [1], "label": fault.field, "fieldName": fault.field}
        entry["fieldNumber"] = _number(fault.field, schema)
    elif "#header" in kind.tags:
        entry |= {"labels": [], "rowNumbers": [1]}
    yield entry


def _place(fault: Fault) -> str:
    if not fault.row:
        return ""
    return f"row {fault.row + 1}{f', field {fault.field}' if fault.field else ''}, line {fault.line}: "


def _number(name: str, schema: TableSchema | None) -> int:
    return schema.names.index(name) + 1 if schema and name in schema.names else 0
