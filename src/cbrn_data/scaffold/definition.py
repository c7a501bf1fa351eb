"""The definition of a table, proposed from the columns of a CSV file, with the reasons for what was guessed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cbrn_data.errors import CbrnDataError
from cbrn_data.scaffold.columns import SourceColumn as Column
from cbrn_data.schema.model import LINE
from cbrn_data.sources.addresses import OF_A_ROW

STATED = (*OF_A_ROW, "certainty", "read_on")
"""Columns of a curated file that are about the row, and are no fields of the table."""
_DECIMAL = r"-?(0|[1-9][0-9]*)(\.[0-9]+)?"


@dataclass(frozen=True)
class Proposal:
    """A proposed table: its kind of source, its key, and ``guesses``: for each column what was proposed, and why."""

    name: str
    kind: str
    key: tuple[str, ...]
    columns: list[Column]
    origin: str

    @property
    def guesses(self) -> list[tuple[str, str, str]]:
        """Column, what it is taken as, and the reason."""
        return [(column.name, _said(column, self), column.reason) for column in self.columns]

    def yaml(self) -> str:
        """Return ``schemas/<name>.yaml``."""
        fields = [line for column in self.columns for line in _field(column, self)]
        checks = [column.name for column in self.columns if column.form == "partial date"]
        head = [
            f"name: {self.name}",
            f"title: {_label(self.name)}",
            f"description: One row per row of {self.origin}.",
            "role: data",
            *(["evidence: by-line"] if self.kind == "bulk" else []),
            f"primaryKey: [{', '.join(self.key)}]",
        ]
        named = ["checks:", *(f"  - {{check: partial-date, fields: [{name}]}}" for name in checks)] if checks else []
        tail = _LINE_FIELD if self.kind == "bulk" else []
        return "\n".join([*head, *named, "fields:", *fields, *tail]) + "\n"


_LINE_FIELD = [
    f"  - name: {LINE}",
    "    type: integer",
    "    title: Line",
    "    description: Line of the row in the source.",
    "    example: 2",
    "    constraints: {required: true, minimum: 1}",
]


def propose(name: str, path: Path, columns: Sequence[Column], key: Sequence[str] = ()) -> Proposal:
    """Propose the table ``name`` for a file; ``key`` names its key fields, the default is guessed.

    A file with the columns ``url`` and ``certainty`` is curated, any other is a bulk source. Raises CbrnDataError if there
    is no key, with the way out.
    """
    names = [column.name for column in columns]
    kind = "curated" if {"url", "certainty"} <= set(names) else "bulk"
    fields = [column for column in columns if kind == "bulk" or column.name not in STATED]
    if kind == "bulk" and LINE in names:
        raise CbrnDataError(f"{path}:1: the column {LINE!r} has a meaning of its own; rename it")
    if missing := [each for each in key if each not in [column.name for column in fields]]:
        raise CbrnDataError(f"--key names {missing[0]!r}, which is not a column of the table; choose of {', '.join(names)}")
    found = _bulk_key(path, fields, key) if kind == "bulk" else tuple(key) or _curated_key(path, fields)
    ordered = [column for each in found for column in fields if column.name == each]
    return Proposal(name, kind, found, [*ordered, *(column for column in fields if column not in ordered)], path.name)


def _curated_key(path: Path, fields: Sequence[Column]) -> tuple[str, ...]:
    """Return the first column without empty cells, one that is named as an identifier before others."""
    whole = [column.name for column in fields if not column.empty]
    named = [name for name in whole if name == "id" or name.endswith("_id")]
    if not whole:
        raise CbrnDataError(f"{path}: each column has empty cells, so none can be the key; fill one, and name it with --key")
    return ((named or whole)[0],)


def _bulk_key(path: Path, fields: Sequence[Column], key: Sequence[str]) -> tuple[str, ...]:
    """Return the column by which the rows are sorted."""
    asked = [column for column in fields if not key or column.name == key[0]]
    if len(key) > 1:
        raise CbrnDataError("--key must name one column; only a curated file (with url and certainty) can have more")
    found = next((column.name for column in asked if column.unsorted is None), None)
    if found:
        return (found,)
    first = next((column for column in asked if column.name == "id" or column.name.endswith("_id")), asked[0])
    place = [column.name for column in fields].index(first.name) + 1
    raise CbrnDataError(
        f"{path}:{first.unsorted}: the rows must be sorted by a key without repetitions, of small letters, digits and "
        f"hyphens, but {first.name} is not such a key here. Sort the file below its header "
        f"(`LC_ALL=C sort -t, -k{place},{place}`), name another key with --key, or add the columns url and certainty to "
        "make it a curated table"
    )


def _label(name: str) -> str:
    label = name.replace("_", " ")
    return json.dumps(f"{label[0].upper()}{label[1:]}".removesuffix(" id") + (" ID" if label.endswith(" id") else ""))


def _type(column: Column, proposal: Proposal) -> tuple[str, str]:
    """Return the type and the format of a column; a key of a bulk table is text."""
    if proposal.kind == "bulk" and column.name in proposal.key:
        return "string", "default"
    if column.form == "integer" and "year" in column.name and _are_years(column):
        return "year", "default"
    found = column.forms[column.form].descriptor if column.form in column.forms else {}
    return found.get("type", "string"), found.get("format", "default")


def _are_years(column: Column) -> bool:
    return "partial date" in column.forms


def _field(column: Column, proposal: Proposal) -> Iterator[str]:
    """Yield the lines of the definition of a field."""
    kind, form = _type(column, proposal)
    constraints: dict[str, object] = {}
    if not column.empty or column.name in proposal.key:
        constraints["required"] = True
    if column.form == "decimal" and kind == "string" and column.name not in proposal.key:
        constraints["pattern"] = _DECIMAL
    if column.name not in proposal.key and column.enumeration:
        constraints["enum"] = column.enumeration
    yield f"  - name: {column.name}"
    yield f"    type: {kind}"
    if form != "default":
        yield f"    format: {form}"
    yield f"    title: {_label(column.name)}"
    yield f"    description: The column {column.name} of {proposal.origin}."
    yield f"    example: {json.dumps(column.first or 'unknown', ensure_ascii=False)}"
    if constraints:
        yield f"    constraints: {json.dumps(constraints, ensure_ascii=False)}"


def _said(column: Column, proposal: Proposal) -> str:
    kind, form = _type(column, proposal)
    parts = [kind if form == "default" else f"{kind} ({form})"]
    parts += ["key"] if column.name in proposal.key else []
    parts += ["required"] if not column.empty else []
    parts += ["enumeration"] if column.name not in proposal.key and column.enumeration else []
    return ", ".join(parts)
