"""The definitions under ``schemas/`` as objects.

``package.yaml`` describes the whole and lists the tables in order. ``<table>.yaml`` holds ``name``, ``title``,
``description``, ``role`` (``data``: every cell has evidence; ``provenance``: sources and evidence; ``record``: what
became of rows), ``evidence: by-line`` (a data table made row for row of one source, see ``records``), ``primaryKey``,
``foreignKeys`` (``fields``, ``resource``, ``references``), ``checks`` beyond Table Schema (``check``, ``fields``), and
``fields``: ``name``, ``type``, ``format``, ``title``, ``description``, ``unit``, ``example``, ``constraints`` as in
Table Schema (Data Package 2.0).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from pathlib import Path
from typing import Any

from cbrn_data.errors import SchemaError
from cbrn_data.findings import Finding, shown
from cbrn_data.schema.definition import package_faults, table_faults
from cbrn_data.sources.document import refused_character
from cbrn_data.sources.source import read_bytes
from cbrn_data.strict_yaml import MOST_BYTES, YamlError, load_yaml
from cbrn_data.tabular.schema import ForeignKey

CHANGES = "changes"
"""The table that says what changed since the release before."""


@dataclass(frozen=True)
class Field:
    """One column; ``line`` is where its definition begins in its file."""

    name: str
    type: str
    title: str
    description: str
    example: str
    format: str
    unit: str | None
    constraints: dict[str, Any]
    line: int = dataclass_field(default=1, compare=False)

    @property
    def required(self) -> bool:
        """Whether a cell may not be null."""
        return bool(self.constraints.get("required"))


@dataclass(frozen=True)
class NamedCheck:
    """A check beyond Table Schema, by its name in ``cbrn_data.checks``, and the fields it looks at."""

    name: str
    fields: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """One table: ``primary_key`` orders and names its rows."""

    name: str
    title: str
    description: str
    role: str
    primary_key: tuple[str, ...]
    foreign_keys: tuple[ForeignKey, ...]
    checks: tuple[NamedCheck, ...]
    fields: tuple[Field, ...]
    by_line: bool = False

    @property
    def names(self) -> list[str]:
        """The columns in order."""
        return [field.name for field in self.fields]

    def row_id(self, row: Mapping[str, str | None]) -> str:
        """Return the parts of a row's key, joined with ``/``."""
        return "/".join(row[name] or "" for name in self.primary_key)

    def order(self, row: Mapping[str, str | None]) -> tuple[tuple[int, str], ...]:
        """Return what rows are sorted by: the key's parts, numbers by size and text by code point."""
        return tuple(_rank(self.field(name), row[name] or "") for name in self.primary_key)

    def field(self, name: str) -> Field:
        """Return a column by its name."""
        return next(field for field in self.fields if field.name == name)


def _rank(field: Field, text: str) -> tuple[int, str]:
    return (int(text) if field.type == "integer" and text.isascii() and text.isdigit() else 0, text)


@dataclass(frozen=True)
class Package:
    """All tables in order, what ``package.yaml`` says of the whole, and the bytes of every definition."""

    about: dict[str, Any]
    tables: dict[str, Table]
    files: dict[str, bytes]

    def published(self, counts: Mapping[str, int]) -> list[str]:
        """Return the tables of a release with so many rows: records of what became of rows only where there are any."""
        return [table.name for table in self.tables.values() if table.role != "record" or counts.get(table.name)]

    def with_role(self, *roles: str) -> list[Table]:
        """Return the tables of the given roles, in order."""
        return [table for table in self.tables.values() if table.role in roles]


DESCRIBED_AT_MOST = 5000
"""Characters of the description of a dataset (https://developers.google.com/search/docs/appearance/structured-data/dataset)."""


def read_package(folder: Path) -> Package:
    """Read ``package.yaml`` and every table it lists.

    Raises SchemaError with a finding for each definition that cannot be used.
    """
    files: dict[str, bytes] = {}
    findings: list[Finding] = []
    about = _load(folder, "package", files, findings)
    if about is not None:
        findings += [_wrong("package", message) for message in package_faults(about)]
    tables: dict[str, Table] = {}
    for name in about["tables"] if about is not None and not findings else []:
        entry = _load(folder, name, files, findings)
        if entry is None:
            continue
        text = files[f"{name}.yaml"].decode("utf-8")
        lines = _field_lines(text)
        faults = [_wrong(name, message, lines.get(where, 1)) for where, message in table_faults(name, entry)]
        findings += faults
        if not faults:
            tables[name] = _table(name, entry, lines)
    if about is not None and not findings:
        findings += [finding for table in tables.values() for finding in _inconsistencies(table, tables)]
        findings += [_wrong("package", message) for message in _uncovered(about.get("coverage"), tables)]
    if findings or about is None:
        raise SchemaError("the definitions under schemas/ cannot be used", findings)
    return Package(about, tables, files)


def check_descriptions(package: Package) -> None:
    """Refuse descriptions that a dataset cannot have: that of a table with that of the whole behind it.

    Google Dataset Search takes 5,000 characters at most. Raises SchemaError; releases that were made are not judged.
    """
    whole = len(package.about["description"].strip())
    long = {table.name: len(table.description.strip()) + 1 + whole for table in package.with_role("data")}
    findings = [
        _wrong(name, f"the description has {length:,} characters with that of package.yaml, more than {DESCRIBED_AT_MOST:,}")
        for name, length in long.items()
        if length > DESCRIBED_AT_MOST
    ]
    if findings:
        raise SchemaError("the definitions under schemas/ cannot be used", findings)


def _wrong(name: str, message: str, line: int = 1) -> Finding:
    return Finding("schema-invalid", message, f"schemas/{name}.yaml", line)


_FIELD_BEGINS = re.compile(r"\s*-\s*\{?\s*name:\s*(\w+)")


def _field_lines(text: str) -> dict[str, int]:
    """Return by field the line on which its definition begins."""
    found = [(number, _FIELD_BEGINS.match(line)) for number, line in enumerate(text.splitlines(), start=1)]
    return {match[1]: number for number, match in reversed(found) if match}


def _load(folder: Path, name: str, files: dict[str, bytes], findings: list[Finding]) -> dict[str, Any] | None:
    place = f"schemas/{name}.yaml"
    data, unreadable = read_bytes(folder / f"{name}.yaml", place, MOST_BYTES)
    findings += [Finding("schema-invalid", finding.message, place) for finding in unreadable]
    if data is None:
        return None
    files[f"{name}.yaml"] = data
    try:
        loaded = load_yaml(data.decode("utf-8"), refused_character)
    except (YamlError, UnicodeDecodeError) as error:
        findings.append(_wrong(name, f"is not strict YAML: {shown(str(error))}", getattr(error, "line", 1)))
        return None
    if not isinstance(loaded, dict):
        findings.append(_wrong(name, "is not a list of keys and values"))
        return None
    return loaded


def _table(name: str, entry: dict[str, Any], lines: Mapping[str, int]) -> Table:
    return Table(
        name=name,
        title=entry["title"],
        description=entry["description"],
        role=entry["role"],
        primary_key=tuple(entry["primaryKey"]),
        foreign_keys=tuple(
            ForeignKey(tuple(key["fields"]), key["resource"], tuple(key["references"]))
            for key in entry.get("foreignKeys") or []
        ),
        checks=tuple(NamedCheck(check["check"], tuple(check["fields"])) for check in entry.get("checks") or []),
        fields=tuple(_field(field, lines.get(field["name"], 1)) for field in entry["fields"]),
        by_line=entry.get("evidence") == "by-line",
    )


def _field(entry: dict[str, Any], line: int) -> Field:
    return Field(
        name=entry["name"],
        type=entry["type"],
        title=entry["title"],
        description=entry["description"],
        example=str(entry["example"]),
        format=entry.get("format") or "default",
        unit=entry.get("unit"),
        constraints=dict(entry.get("constraints") or {}),
        line=line,
    )


def _inconsistencies(table: Table, tables: dict[str, Table]) -> list[Finding]:
    used = [("primaryKey", table.primary_key)]
    used += [("foreignKeys", key.fields) for key in table.foreign_keys]
    used += [("checks", check.fields) for check in table.checks]
    messages = [
        f"{where} names the field {name!r}, which is not there"
        for where, names in used
        for name in names
        if name not in table.names
    ]
    for key in table.foreign_keys:
        there = tables.get(key.resource)
        if there is None or not set(key.references) <= set(there.names):
            messages.append(f"foreignKeys leads to {key.resource}.{'+'.join(key.references)}, which is not there")
        elif there.by_line:
            messages.append(f"foreignKeys leads to {key.resource}, whose evidence is by line; refer to a smaller table")
    return [_wrong(table.name, message) for message in [*messages, *_unfit_for_lines(table)]]


def _uncovered(declared: Mapping[str, Any] | None, tables: dict[str, Table]) -> Iterator[str]:
    if declared is None:
        return
    for name in [declared["spatial"], *declared["temporal"]]:
        if name not in tables:
            yield f"coverage names the table {name!r}, which is not there"
    spatial = tables.get(declared["spatial"])
    if spatial and (spatial.by_line or not {"country_id", "name"} <= set(spatial.names)):
        yield f"coverage takes countries from {spatial.name}, which has no country_id and name for each"


def _unfit_for_lines(table: Table) -> Iterator[str]:
    if not table.by_line:
        return
    key, line = table.primary_key[0], [field for field in table.fields if field.name == "source_line"]
    if len(table.primary_key) != 1 or key not in table.names or table.field(key).type != "string":
        yield "a table with evidence by line has one field of text as its key"
    if table.role != "data" or not line or line[0].type != "integer" or not line[0].required:
        yield "a table with evidence by line has the role data, and a required whole number 'source_line'"
