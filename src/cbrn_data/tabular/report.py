"""Verdicts in the report format of frictionless, so that its tools can read our reports.

Rows are numbered as in frictionless: the header is row 1. A report contains only the listed errors; ``stats`` has the number
of each code, and a warning of the task gives the number of unlisted errors. A ragged row is one issue, and in the report one
error for each missing or extra cell, at most ``WIDEST``, without the cells beyond. frictionless makes the messages anew when
it reads a report, and keeps ``note``, ``lineNumber`` and ``place``, the last two of which are ours.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from cbrn_data.findings import shown
from cbrn_data.tabular.alike import remark
from cbrn_data.tabular.forms import expected_form
from cbrn_data.tabular.header import columns
from cbrn_data.tabular.issues import Issue
from cbrn_data.tabular.resource import Resource
from cbrn_data.tabular.schema import Field, ForeignKey
from cbrn_data.tabular.verdict import Verdict

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
    "file-kind": "source-error",
    "file-delimiter": "dialect-error",
    "resource-wrong": "resource-error",
    "resource-unsupported": "resource-error",
    "file-hash": "hash-count",
    "file-size": "byte-count",
}
"""The error type of frictionless for each code; labels and ragged rows have one of several types."""

WIDEST = 100
MOST_LABELS = 1000
"""The most labels in each error of a header; the task has all of them."""
MOST_COMPARED = 2000
"""The most values of an enumeration that are compared with each wrong cell."""
_SHOWN = 100
"""The most values of an enumeration in a message, which is then cut."""
_NO_NAME = re.compile(r"[^-a-z0-9._/]")
"""What the name of a task in frictionless's reports must not have; such a name becomes the title."""

_BY_LINE = ("csv", "tsv", "jsonl")


def report(verdicts: Sequence[Verdict], wrong: Sequence[tuple[str, str]] = ()) -> dict[str, Any]:
    """Return the report of all verdicts; ``wrong`` are the errors of descriptors: their place, and a message."""
    tasks = [_task(verdict) for verdict in verdicts]
    seconds = round(sum(verdict.seconds for verdict in verdicts), 3)
    of_packages = [_package_error(place, message) for place, message in wrong]
    errors = sum(task["stats"]["errors"] for task in tasks) + len(of_packages)
    stats = {
        "tasks": len(tasks),
        "errors": errors,
        "warnings": sum(len(task["warnings"]) for task in tasks),
        "seconds": seconds,
    }
    is_valid = all(task["valid"] for task in tasks) and not of_packages
    return {"valid": is_valid, "stats": stats, "warnings": [], "errors": of_packages, "tasks": tasks}


def _package_error(place: str, message: str) -> dict[str, Any]:
    from frictionless.errors import PackageError

    said = f"{place}: {message}"
    return {
        "type": PackageError.type,
        "title": PackageError.title,
        "description": PackageError.description,
        "message": said,
        "tags": list(PackageError.tags),
        "note": said,
    }


def _task(verdict: Verdict) -> dict[str, Any]:
    schema, tally = verdict.resource.schema, verdict.tally
    errors = [error for issue in tally.listed for error in _errors(issue, verdict)]
    warnings = [f"{tally.unlisted} more errors are counted and not listed"] if tally.unlisted else []
    stats: dict[str, Any] = {"errors": len(errors) + tally.unlisted, "warnings": len(warnings)}
    stats["seconds"] = round(verdict.seconds, 3)
    if verdict.sha256:
        stats |= {"sha256": verdict.sha256, "bytes": verdict.size}
    if schema:
        stats |= {"fields": len(schema.fields), "rows": verdict.rows, "counts": dict(sorted(tally.counts.items()))}
    name = _NO_NAME.sub("-", verdict.resource.name.lower()) or "-"
    return {
        "name": name,
        **({"title": verdict.resource.name} if name != verdict.resource.name else {}),
        "type": "table" if verdict.resource.is_table else "file",
        "valid": verdict.valid,
        "place": verdict.resource.place,
        "labels": verdict.labels,
        "stats": stats,
        "warnings": warnings,
        "errors": errors,
    }


def place_of(issue: Issue, resource: Resource) -> str:
    """Return the place of an issue as a path to open, with its line; for a file without lines, with its row."""
    file = issue.part or resource.place
    if resource.form in _BY_LINE or not issue.row:
        return f"{file}:{issue.line}" if issue.line else file
    return f"{file} row {issue.row + resource.has_header}"


def sentence(issue: Issue, resource: Resource) -> str:
    """Return the message of an issue, or a message made from the rule of its field."""
    if issue.twin[0]:
        row, line, part = issue.twin
        by_line = resource.form in _BY_LINE
        where = f"line {line}" if by_line and not part else f"row {row + resource.has_header}"
        where += f" ({part}{f':{line}' if by_line else ''})" if part else ""
        values = ", ".join(repr(shown(value, 80)) for value in issue.values)
        return f"{' + '.join(issue.fields)} {values} repeats the key of {where}"
    if issue.message:
        return issue.message
    if issue.code == "row-blank":
        return "the row is empty"
    if issue.code == "cell-missing":
        return "must not be empty"
    cell = shown(issue.value or "", 80)
    if resource.schema is None or issue.field not in resource.schema.names:
        return f"'{cell}' breaks the rule {issue.constraint!r}{remark(issue.value or '')}"
    field = resource.schema.field(issue.field)
    listed = field.constraints.get("enum") or field.descriptor.get("categories") or ()
    if field.type == "boolean":
        listed = [*field.descriptor.get("trueValues", ()), *field.descriptor.get("falseValues", ())]
    listed = listed if len(listed) <= MOST_COMPARED else ()
    allowed = (str(one.get("value") if isinstance(one, dict) else one) for one in listed)
    return f"'{cell}' {_rule(issue, field)}{remark(issue.value or '', allowed)}"


def _rule(issue: Issue, field: Field) -> str:
    if not issue.constraint:
        return f"is not of type {field.type}{expected_form(field)}"
    value = field.constraints.get(issue.constraint)
    asked = json.dumps(value[:_SHOWN] if isinstance(value, list) else value, ensure_ascii=False)
    return f"breaks the rule {issue.constraint}" + (f" {shown(asked, 100)}" if asked != "null" else "")


def _errors(issue: Issue, verdict: Verdict) -> Iterator[dict[str, Any]]:
    schema = verdict.resource.schema
    names = schema.names if schema else ()
    if issue.code == "csv-row-width":
        there = columns(verdict.labels, verdict.resource.fields)
        first, last = sorted((len(there), issue.number))
        for place in range(first, min(last, first + WIDEST)):
            type_ = "missing-cell" if place < len(there) else "extra-cell"
            yield _error(type_, issue, verdict, there[place] if place < len(there) else "", place + 1)
    elif issue.code == "header-wrong":
        yield _error(issue.constraint, issue, verdict, issue.field, issue.number)
    else:
        number = names.index(issue.field) + 1 if issue.field in names else 0
        yield _error(TYPES[issue.code], issue, verdict, issue.field, number)


def _error(type_: str, issue: Issue, verdict: Verdict, field: str, number: int) -> dict[str, Any]:
    import frictionless.errors as kinds

    row, message = issue.row + verdict.resource.has_header, sentence(issue, verdict.resource)
    kind = next(cls for cls in vars(kinds).values() if getattr(cls, "type", None) == type_)
    entry: dict[str, Any] = {
        "type": type_,
        "title": kind.title,
        "description": kind.description,
        "message": f"{_place(issue, field, row)}{message}",
        "tags": list(kind.tags),
        "note": message,
    }
    entry |= {"lineNumber": issue.line} if issue.line else {}
    entry |= {"place": issue.part} if issue.part else {}
    if "#row" in kind.tags:
        cells = list(issue.cells or issue.values)[: len(verdict.labels) + WIDEST]
        entry |= {"cells": cells or [issue.value or ""], "rowNumber": row}
    if type_ == "foreign-key":
        entry |= {"fieldNames": list(issue.fields), "fieldCells": list(issue.values)}
        there = issue.lost or ForeignKey((), "", ())
        entry |= {"referenceName": there.resource, "referenceFieldNames": list(there.references)}
    if "#cell" in kind.tags:
        entry |= {"cell": issue.value or "", "fieldName": field, "fieldNumber": number}
    if "#header" in kind.tags:
        entry |= {"labels": verdict.labels[:MOST_LABELS], "rowNumbers": [1]}
    if "#label" in kind.tags:
        entry |= {"label": issue.value or "", "fieldName": field, "fieldNumber": number}
    return entry


def _place(issue: Issue, field: str, row: int) -> str:
    part = f" of {issue.part}" if issue.part else ""
    if not issue.row:
        return f"line {issue.line}{part}: " if issue.code == "csv-encoding" else ""
    return f"row {row}{f', field {field}' if field else ''}, line {issue.line}{part}: "
