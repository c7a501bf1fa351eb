"""The definitions under ``schemas/`` as pydantic models, which define the allowed keys of a file.

``package.yaml`` describes the package and lists the tables in order (``Metadata``); ``<table>.yaml`` is a ``Table``. The
descriptor, the compiled schema and the dictionary are derived from them. ``check`` checks whether types, constraints and
checks are supported.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import pydantic
from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationInfo, model_validator
from pydantic.dataclasses import dataclass

from cbrn_data.errors import SchemaError
from cbrn_data.findings import Finding
from cbrn_data.schema.vocabulary import FREQUENCIES, LANGUAGES, LICENCES, THEMES
from cbrn_data.shape import UNREPEATED, Place, Text, match, must, one_of, read_shape
from cbrn_data.sources.document import refused_character
from cbrn_data.sources.source import read_bytes
from cbrn_data.strict_yaml import MOST_BYTES
from cbrn_data.tabular.schema import ForeignKey

LINE = "source_line"
"""The field of a bulk table with the line of a row in its source."""

FIRSTS, LASTS = ("first_edition", "first_stated"), ("last_edition", "last_stated")
"""Fields for which the smallest, or the largest, claimed value is published."""

CHANGES = "changes"
"""The table of changes since the release before."""

T = TypeVar("T")
Name = Annotated[str, match("[a-z][a-z0-9_]{0,62}", "be a name in small letters")]
Names = Annotated[tuple[Name, ...], pydantic.Field(min_length=1)]

_OF_A_FILE = ConfigDict(extra="forbid", validate_by_name=True, validate_by_alias=True)


def _null_is(default: object) -> BeforeValidator:
    """Read null like a missing key."""
    return BeforeValidator(lambda value: default if value is None else value)


@dataclass(frozen=True, config=_OF_A_FILE)
class Field:
    """One column, with ``type``, ``format`` and ``constraints`` as in Table Schema (Data Package 2.0).

    ``line`` is the line of its definition in the file.
    """

    name: Name
    type: Text
    title: Text
    description: Text
    example: Annotated[str, pydantic.Field(coerce_numbers_to_str=True), must("not be blank", str.strip)]
    format: Annotated[Text, _null_is("default")] = "default"
    unit: Text | None = None
    constraints: Annotated[dict[str, Any], _null_is({})] = dataclasses.field(default_factory=dict)
    line: Annotated[int, pydantic.Field(validation_alias="\0")] = dataclasses.field(default=1, compare=False)

    @model_validator(mode="after")
    def _placed(self, info: ValidationInfo) -> Field:
        if info.context:
            object.__setattr__(self, "line", info.context.get(("fields", self.name), 1))
        return self

    @property
    def required(self) -> bool:
        """Whether a cell may not be null."""
        return bool(self.constraints.get("required"))


@dataclass(frozen=True, config=_OF_A_FILE)
class NamedCheck:
    """A check beyond Table Schema, by its name in ``rules.RULES``, and its fields."""

    name: Annotated[Text, pydantic.Field(validation_alias="check")]
    fields: Names


Reference = Annotated[
    ForeignKey,
    must("have as many fields as references, at least one", lambda key: 0 < len(key.fields) == len(key.references)),
]


@dataclass(frozen=True, eq=False, config=_OF_A_FILE)
class TableDefinition:
    """One table; ``primary_key`` orders and identifies its rows.

    ``role`` is ``data`` (every cell has evidence), ``provenance`` (sources and evidence) or ``log`` (changes and quarantine;
    ``record`` in older files). A table with ``evidence: by-line`` is a bulk table, see ``bulk``.
    """

    name: Name
    title: Text
    description: Text
    role: Annotated[Literal["data", "provenance", "log"], BeforeValidator(lambda role: "log" if role == "record" else role)]
    primary_key: Annotated[Names, pydantic.Field(validation_alias="primaryKey")]
    foreign_keys: Annotated[tuple[Reference, ...], _null_is(()), pydantic.Field(default=(), validation_alias="foreignKeys")]
    checks: Annotated[tuple[NamedCheck, ...], _null_is(()), pydantic.Field(default=())]
    fields: Annotated[tuple[Field, ...], pydantic.Field(min_length=1)]
    evidence: Literal["by-line"] | None = None

    @property
    def by_line(self) -> bool:
        """Whether the evidence of a row is one line of its source, instead of passages for each cell."""
        return self.evidence == "by-line"

    @property
    def names(self) -> list[str]:
        """The columns in order."""
        return [field.name for field in self.fields]

    @property
    def content(self) -> list[str]:
        """The columns of content, without the line of a row in its source, which is evidence."""
        return [name for name in self.names if name != LINE]

    def row_id(self, row: Mapping[str, str | None]) -> str:
        """Return the parts of a row's key, joined with ``/``."""
        return "/".join(row[name] or "" for name in self.primary_key)

    def order(self, row: Mapping[str, str | None]) -> tuple[tuple[int, str], ...]:
        """Return the sort key of a row: the parts of its key, numbers by size and text by code point."""
        cells = ((self.field(name).type, row[name] or "") for name in self.primary_key)
        return tuple((int(t) if kind == "integer" and t.isascii() and t.isdigit() else 0, t) for kind, t in cells)

    def field(self, name: str) -> Field:
        """Return a column by its name."""
        return next(field for field in self.fields if field.name == name)


class _Agent(BaseModel, extra="allow"):
    """Publisher or contact, with an email address, which the catalogue needs for ``mailto:``."""

    name: Text
    email: Annotated[str, match(r"[A-Za-z0-9._+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", "be an email address")]


class _Licence(BaseModel, extra="allow"):
    name: Annotated[str, one_of(LICENCES)]
    title: Text
    path: Annotated[str, match(r"https?://[A-Za-z0-9.-]+/[!#-;=?-\[\]_a-z~]*", "be the address of its text")]


class _Coverage(BaseModel, extra="forbid"):
    spatial: Name
    temporal: Names


class Metadata(BaseModel, extra="allow"):
    """``package.yaml``, which may have other keys too."""

    name: Text
    title: Text
    description: Text
    short_title: Text | None = None
    publisher: _Agent
    contact: _Agent | None = None
    licence: _Licence
    licence_note: Text | None = None
    keywords: Annotated[list[Text], pydantic.Field(min_length=1)]
    themes: Annotated[list[Annotated[str, one_of(THEMES)]], pydantic.Field(min_length=1), UNREPEATED] | None = None
    language: Annotated[str, one_of(LANGUAGES)] | None = None
    frequency: Annotated[str, one_of(FREQUENCIES)] | None = None
    homepage: Annotated[str, match("https?://[!-~]+", "be the address of a page")] | None = None
    coverage: _Coverage | None = None
    base_url: Text | None = None
    tables: Annotated[Names, UNREPEATED]


@dataclasses.dataclass(frozen=True)
class Package:
    """All tables in order, the content of ``package.yaml``, and the bytes of every definition."""

    metadata: dict[str, Any]
    tables: dict[str, TableDefinition]
    files: dict[str, bytes]
    parted: frozenset[str] = frozenset()
    """The names of the bulk tables that are published in parts."""

    def published(self, counts: Mapping[str, int]) -> list[str]:
        """Return the tables of a release, from the numbers of rows; empty logs are not published."""
        return [table.name for table in self.tables.values() if table.role != "log" or counts.get(table.name)]

    def with_role(self, *roles: str) -> list[TableDefinition]:
        """Return the tables of the given roles, in order."""
        return [table for table in self.tables.values() if table.role in roles]


DESCRIBED_AT_MOST = 5000
"""Characters of the description of a dataset (https://developers.google.com/search/docs/appearance/structured-data/dataset)."""


def read_package(folder: Path) -> Package:
    """Read ``package.yaml`` and every table it lists.

    Raises SchemaError with a finding for each invalid definition.
    """
    files: dict[str, bytes] = {}
    findings: list[Finding] = []
    metadata = _read(folder, "package", Metadata, files, findings)
    names = metadata.tables if metadata else ()
    tables = {name: table for name in names if (table := _read(folder, name, TableDefinition, files, findings))}
    if metadata and not findings:
        for name, table in tables.items():
            findings += [wrong_definition(name, *fault) for fault in _inconsistencies(name, table, tables)]
        if metadata.coverage:
            findings += [wrong_definition("package", message) for message in _uncovered(metadata.coverage, tables)]
    if findings or metadata is None:
        raise SchemaError("the definitions under schemas/ cannot be used", findings)
    return Package(metadata.model_dump(mode="json", exclude_unset=True), tables, files)


def check_descriptions(package: Package) -> None:
    """Refuse descriptions that are too long for a dataset: that of a table together with that of the package.

    Google Dataset Search accepts at most 5,000 characters. Existing releases are not checked. Raises SchemaError.
    """
    whole = len(package.metadata["description"].strip())
    long = {table.name: len(table.description.strip()) + 1 + whole for table in package.with_role("data")}
    findings = [
        wrong_definition(
            name, f"the description and that of package.yaml have {length:,} characters, more than {DESCRIBED_AT_MOST:,}"
        )
        for name, length in long.items()
        if length > DESCRIBED_AT_MOST
    ]
    if findings:
        raise SchemaError("the definitions under schemas/ cannot be used", findings)


def wrong_definition(name: str, message: str, line: int = 1) -> Finding:
    """Return the finding about a definition that cannot be used."""
    return Finding("schema-invalid", message, f"schemas/{name}.yaml", line)


_FIELD_BEGINS = re.compile(r"^\s*-\s*\{?\s*name:\s*(\w+)")


def _field_lines(text: str) -> dict[Place, int]:
    """Return the line of the definition of each field."""
    found = [(number, _FIELD_BEGINS.match(line)) for number, line in enumerate(text.splitlines(), start=1)]
    return {("fields", match[1]): number for number, match in reversed(found) if match}


def _read(folder: Path, name: str, kind: type[T], files: dict[str, bytes], findings: list[Finding]) -> T | None:
    data, unreadable = read_bytes(folder / f"{name}.yaml", place := f"schemas/{name}.yaml", MOST_BYTES)
    findings += [Finding("schema-invalid", finding.message, place) for finding in unreadable]
    if data is None:
        return None
    files[f"{name}.yaml"] = data
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        findings.append(wrong_definition(name, f"is not strict YAML: {error}"))
        return None
    found, faults = _shape(kind, text)  # type: ignore[arg-type]
    findings += [wrong_definition(name, *fault) for fault in faults]
    return found


@lru_cache(256)
def _shape(kind: type[T], text: str) -> tuple[T | None, list[tuple[str, int]]]:
    """Read a definition; equal texts give the same object, so that each schema is compiled once in a run."""
    return read_shape(kind, text, _field_lines(text), refused_character)


def _inconsistencies(name: str, table: TableDefinition, tables: dict[str, TableDefinition]) -> Iterator[tuple[str, int]]:
    if table.name != name:
        yield f"name is {table.name!r}, which is not the name of the file", 1
    for place, field in enumerate(table.fields):
        if field.name in table.names[:place]:
            yield f"the field {field.name!r} is repeated", table.field(field.name).line
    used = [("primaryKey", table.primary_key)]
    used += [("foreignKeys", key.fields) for key in table.foreign_keys]
    used += [("checks", check.fields) for check in table.checks]
    for where, names in used:
        for missing in (name for name in names if name not in table.names):
            yield f"{where} names the field {missing!r}, which does not exist", 1
    for key in table.foreign_keys:
        there = tables.get(key.resource)
        if there is None or not set(key.references) <= set(there.names):
            yield f"foreignKeys refers to {key.resource}.{'+'.join(key.references)}, which does not exist", 1
        elif there.by_line:
            yield f"foreignKeys refers to {key.resource}, which is a bulk table; refer to a smaller table", 1
    if table.by_line:
        yield from ((message, 1) for message in _unfit_for_lines(table))


def _uncovered(declared: _Coverage, tables: dict[str, TableDefinition]) -> Iterator[str]:
    for name in [declared.spatial, *declared.temporal]:
        if name not in tables:
            yield f"coverage names the table {name!r}, which does not exist"
    spatial = tables.get(declared.spatial)
    if spatial and not {"country_id", "name"} <= set(spatial.names):
        yield f"coverage names the table {spatial.name} for countries, which must have country_id and name"


def _unfit_for_lines(table: TableDefinition) -> Iterator[str]:
    key, line = table.primary_key[0], [field for field in table.fields if field.name == "source_line"]
    if len(table.primary_key) != 1 or key not in table.names or table.field(key).type != "string":
        yield "a table with evidence by line must have one field of text as its key"
    if table.role != "data" or not line or line[0].type != "integer" or not line[0].required:
        yield "a table with evidence by line must have the role data, and a required integer 'source_line'"
