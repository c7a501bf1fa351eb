"""Check a release in its folder: its tables from their bytes, the texts of sources, and other validators' verdicts."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import accumulate
from pathlib import Path
from typing import Any

import pyarrow as pa

from cbrn_data import beside, spread
from cbrn_data.checks.apart import read_apart
from cbrn_data.checks.comparing import compared_parts, comparison
from cbrn_data.checks.complete import Arrival
from cbrn_data.checks.evidence import of_evidence, rows_by_evidence
from cbrn_data.checks.run import check_tables
from cbrn_data.checks.second import FRICTIONLESS_ROWS, Sample, Verdict, frictionless_verdict
from cbrn_data.errors import ReleaseError
from cbrn_data.findings import Finding, errors_of
from cbrn_data.schema.check import KnownKeysOf
from cbrn_data.schema.model import Package, read_package
from cbrn_data.schema.nested import nested
from cbrn_data.schema.parts import Part, part_name
from cbrn_data.schema.table import Table, Tables, cell_count, references_hold, released_tables
from cbrn_data.sources.document import Document, read_document
from cbrn_data.sources.sidecar import SIDECAR_LIMIT
from cbrn_data.store import disk
from cbrn_data.store.folder import DESCRIPTOR, NESTED, SUMS, parse_checksums, source_file
from cbrn_data.strict_json import dumped
from cbrn_data.strict_yaml import load_yaml

DOCUMENTS_LIMIT = 64 << 20
"""The most characters of all texts of sources, except bulk sources, and the most bytes of each file."""
CELLS_LIMIT = 1_000_000
"""The most commas and line ends of these texts: a cell or a line takes hundreds of bytes in memory."""


@dataclass
class Released:
    """The tables of a release, with their numbers of rows and of cells with data."""

    package: Package
    tables: dict[str, Table]
    counts: dict[str, int] = field(default_factory=dict)
    cells: dict[str, int] = field(default_factory=dict)
    sampled: dict[str, list[str]] = field(default_factory=dict)
    """Of each table in parts, the first parts that frictionless did not validate in the release before."""
    documents: Mapping[str, Document] = field(default_factory=dict)
    """The texts of the sources, as ``read_documents`` reads them."""

    @property
    def published(self) -> list[str]:
        """The published tables, in order."""
        return self.package.published(self.counts)

    @property
    def files(self) -> list[str]:
        """The names of the files of published tables."""
        return [name for table in self.published for name in file_names(self.tables[table])]


def file_names(table: Table) -> list[str]:
    """Return the names of the files that a table has in a release."""
    return list(table.written) if table.parts else [f"{table.name}.{form}" for form in ("csv", "json")]


@dataclass
class Good:
    """The tables (with their numbers of rows and cells) and the evidence that passed, by all inputs of their check."""

    tables: dict[tuple[Any, ...], tuple[int, int]] = field(default_factory=dict)
    evidence: set[tuple[Any, ...]] = field(default_factory=set)


def check_release(
    folder: Path,
    package: Package,
    before: Path | None = None,
    good: Good | None = None,
    begin: Callable[[Released], None] = lambda released: None,
) -> tuple[Released, list[Finding]]:
    """Read every table from its bytes, once, and check it.

    Non-canonical bytes, and differences from JSON or from the source, are findings. ``before`` is the folder of a release
    that passed these checks; parts of tables that it has too are not checked again. ``good`` remembers tables and
    evidence from one release to the next; the files of both must have the digests that are listed. ``begin`` gets the tables
    before their rows are read, when it is known which parts frictionless reads.
    """
    tables = released_tables(folder, package)
    released = Released(package, tables, documents=read_documents(folder, tables))
    same = _same_parts(folder, before, released) if before else {}
    then = released_tables(before, read_package(before / "schemas")) if before and same else {}
    for name, table in released.tables.items():
        judged = same.get(name, frozenset()) & {part.first for part in _first_parts(then[name])} if name in then else ()
        released.sampled |= {name: [part.first for part in _first_parts(table) if part.first not in judged]}
    begin(released)

    def rows(table: Table, known: KnownKeysOf) -> Iterator[Finding]:
        is_whole = good is not None and len(known) == len(table.definition.foreign_keys)
        made_of = _made_of(table, known) if is_whole else None
        if good and made_of in good.tables:
            released.counts[table.name], cells = good.tables[made_of]
            released.cells |= {table.name: cells} if table.definition.role == "data" else {}
            return
        findings = list(_as_written(folder, table, known, released, same.get(table.name, frozenset())))
        if good is not None and made_of and not findings:
            good.tables[made_of] = released.counts[table.name], released.cells.get(table.name, 0)
        yield from findings

    findings = check_tables(released.tables, package, released.documents, rows, good.evidence if good else None)
    if not errors_of(findings) and dumped(nested(released.tables, package)) != disk.read(folder / NESTED):
        findings.append(Finding("release-json-differs", "the rows differ from the tables", NESTED))
    return released, findings


def _made_of(table: Table, known: KnownKeysOf) -> tuple[Any, ...] | None:
    """Return all inputs of the check of a table; None if it is not in two files, or is a bulk table."""
    if table.definition.by_line or len(table.files) != 2:
        return None
    keys = (known[key].digest() for key in table.definition.foreign_keys)
    return table.definition, *(file.sha256 for file in table.files.values()), *keys


def _same_parts(folder: Path, before: Path, released: Released) -> dict[str, frozenset[str]]:
    """Return the first keys of the parts that a release has with the same rows, made from the same bytes of a source.

    The definition of the table must be the same too, and the rows to which it refers must be there.
    """
    now, then = (parse_checksums(each / SUMS, disk.read(each / SUMS)) for each in (folder, before))
    tables, found = released_tables(before, read_package(before / "schemas")), {}
    for name, table in released.tables.items():
        rules = f"schemas/{name}.yaml"
        is_same = table.parts and now[rules] == then.get(rules)
        if is_same and references_hold(table.definition, tables, released.tables):
            there = {_without_line(part): part.first for part in tables[name].parts if part.source_sha256}
            found[name] = frozenset(first for part in table.parts if (first := there.get(_without_line(part))))
    return found


def _first_parts(table: Table) -> Sequence[Part]:
    """Return the parts that have the first rows of a table, as many as frictionless validates."""
    rows = accumulate((part.rows for part in table.parts), initial=0)
    return [part for part, before in zip(table.parts, rows, strict=False) if before < FRICTIONLESS_ROWS]


def _without_line(part: Part) -> str:
    return json.dumps({**part.described(), "line": 0}, sort_keys=True)


def _as_written(
    folder: Path, table: Table, known: KnownKeysOf, released: Released, judged: frozenset[str] = frozenset()
) -> Iterator[Finding]:
    """Check the rows of a table, write them again, and compare the bytes with the files of the release.

    Parts that were ``judged`` before, by their first keys, are only counted.
    """
    definition, name = table.definition, table.name
    released.counts[name] = 0
    if definition.role == "log" and not disk.mode(folder / f"{name}.csv"):
        return
    released.cells |= {name: 0} if definition.role == "data" else {}
    read = read_apart(folder, table, released.tables, known, judged) if spread.is_open() and table.parts else None
    judged = frozenset(part.first for part in table.parts) if read else judged
    for part in (part for part in table.parts if part.first in judged):
        released.counts[name] += part.rows
        released.cells[name] += part.rows * len(definition.names) - sum(part.nulls.values())
    compared = compared_parts(table, judged) if table.parts else comparison(folder, definition)
    with compared as (writer, differences):

        def write(block: pa.Table) -> None:
            writer.add(block)
            released.counts[name] += block.num_rows
            if definition.role == "data":
                released.cells[name] += cell_count(block)

        yield from rows_by_evidence(folder, table, released.tables, known, write, judged, read)
    yield from (of_evidence(table, difference) for difference in differences)


def read_documents(folder: Path, tables: Tables) -> dict[str, Document]:
    """Return the texts of the sources, from the copies in the release, except bulk sources.

    A source that cannot be read is left out: then all its quotes are findings, and ``verify`` reports its file. Raises
    ReleaseError if the texts are too large.
    """
    documents, size, cells = {}, 0, 0
    for row in tables["sources"].rows:
        if row["media_type"] != "application/pdf" and row["kind"] not in ("bulk", "records"):
            path, document = row["path"] or "", None
            with suppress(ReleaseError):
                data = disk.read(source_file(folder, path), DOCUMENTS_LIMIT, folder)
                document, _ = read_document(path.replace("sources/", "raw/", 1), data, row["kind"] or "")
            if document:
                documents[row["source_id"] or ""] = document
                size, cells = size + len(document.text), cells + sum(map(document.text.count, ",\n\r"))
        if size > DOCUMENTS_LIMIT or cells > CELLS_LIMIT:
            raise ReleaseError(
                f"sources: the texts have more than {DOCUMENTS_LIMIT:,} characters, or more than {CELLS_LIMIT:,} commas and "
                "line ends; make a bulk table of so large a source"
            )
    return documents


def arrival(folder: Path, released: Released) -> Arrival:
    """Return the inputs of ``checks.complete``, with the sidecars in the release. Raises ReleaseError, YamlError."""
    rows = released.tables["sources"].rows
    sidecars = {row["source_id"] or "": read_sidecar(folder, row["path"] or "") for row in rows}
    return Arrival(released.tables, released.package, released.documents, sidecars)


def read_sidecar(folder: Path, path: str) -> Mapping[str, Any]:
    """Return the content of the sidecar of a source in a release. Raises ReleaseError, YamlError."""
    return _sidecar(disk.read(source_file(folder, f"{path}.yaml"), SIDECAR_LIMIT, folder))


@lru_cache(64)
def _sidecar(data: bytes) -> Mapping[str, Any]:
    """Parse a sidecar. The result is cached across releases, so callers must not change it."""
    content: Mapping[str, Any] = load_yaml(data.decode())
    return content


def verdict_of_worker(folder: Path, released: Released) -> Callable[[], Verdict]:
    """Let a worker of the cluster run frictionless; return the function that waits for its verdict."""
    verdicts = spread.each("Validate with frictionless", frictionless_verdict, folder, [_sample(released)])
    return lambda: next(verdicts)


def _sample(released: Released) -> Sample:
    """Return what frictionless reads; before rows are read, only tables in parts can be known to be long."""
    in_parts = {name: table for name, table in released.tables.items() if table.parts}
    counts = {name: table.count for name, table in in_parts.items()} | released.counts
    parts = {name: [part_name(name, first) for first in released.sampled[name]] for name in in_parts}
    return max(counts.values(), default=0) > FRICTIONLESS_ROWS, parts


def by_frictionless(
    folder: Path, released: Released, known: Verdict | None = None, before: Path | None = None
) -> list[Finding]:
    """Return the findings of frictionless; every table must be described.

    ``known`` is its verdict, if that is known; else ``before`` is as for ``frictionless_verdict``.
    """
    sample = _sample(released)
    verdict = known if known and known[0] == sample else beside.begin(frictionless_verdict, folder, sample, before)()
    _, described, findings = verdict
    if described is not None and described != sorted(released.files):
        message = "the resources are not the tables of the release, each as CSV and JSON"
        return [Finding("frictionless", message, DESCRIPTOR)]
    return findings


def covered(released: Released) -> dict[str, Any]:
    """Return the numbers for ``report.json``; a row that is quarantined for two reasons counts once."""
    methods = Counter(row["method"] or "" for row in released.tables["evidence"].rows)
    return {
        "tables": {name: {"rows": released.counts[name]} for name in released.published},
        "quarantined": len({(row["source_id"], row["line"]) for row in released.tables["quarantine"].rows}),
        "coverage": {"cells": sum(released.cells.values()), "evidence": dict(sorted(methods.items()))},
    }
