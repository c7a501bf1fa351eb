"""Check that every source arrived: each cell of a curated row, each correction and rename, and each line of a leaflet.

Evidence leads from a table to its sources; this check goes the other way. Words of a source that no evidence covers are
*left out*, and the report of the release names the reason:

- of a cell of a curated row, the reason follows from the sources and the tables: ``not-referenced`` (a country to which no
  table refers), ``corrected``, ``other-value`` (an earlier first, or a later last, is published), ``pages-disagree`` and
  ``curated-overruled``; of a rename, ``not-referenced`` (no achievement has its new id);
- of a line of a leaflet, the reader gives it: ``heading``, the rule that ignores the line, a finding, or ``other-value``;
- of words in a line of a leaflet of which other words are a value, it is a finding, or ``around-values``, such as a label.

Words that are left out must not name a country or a project, unless a finding or a rule of the reader is the reason
(``mentions``).

A row of ``quarantine.csv`` is not left out, if it is word for word the row of its source and breaks a rule. Bulk tables are
compared with their sources as a whole (see ``evidence``). Only a rebuild repeats the reading of documents.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import PurePath
from typing import Any

from cbrn_data.checks.across import Row
from cbrn_data.checks.left_out import LeftOut
from cbrn_data.checks.mentions import AROUND_VALUES, bare_words, named, nameless, unmentioned
from cbrn_data.findings import Finding
from cbrn_data.normalise.readings import FOLLOWING
from cbrn_data.normalise.text import Span
from cbrn_data.schema.check import known_keys
from cbrn_data.schema.curated import wrong_rows
from cbrn_data.schema.model import FIRSTS, LASTS, Package, TableDefinition
from cbrn_data.schema.table import Tables
from cbrn_data.sources.addresses import OF_A_ROW
from cbrn_data.sources.cells import CsvRow, CsvTable, read_cells
from cbrn_data.sources.document import LEAFLETS, Document
from cbrn_data.sources.sidecar import KINDS
from cbrn_data.sources.source import LINES

_BESIDE_CELLS = frozenset({*OF_A_ROW, "certainty", "read_on"})
_TEXTS = frozenset({".csv", ".json", ".tsv", ".txt"})


_Key = tuple[str | None, ...]
Values = Mapping[str, str]
"""The values of a row of a curated source, by column."""
Reasons = Mapping[tuple[str, int], str]
"""The reader's reasons why lines of leaflets give no value, by source and line."""


@dataclass(frozen=True)
class Arrival:
    """The tables of a release, the texts of their sources, and the content of the sources' sidecars, both by id."""

    tables: Tables
    package: Package
    documents: Mapping[str, Document]
    sidecars: Mapping[str, Mapping[str, Any]]

    def cells(self) -> Iterator[LeftOut]:
        """Yield what is left out of sources other than leaflets."""
        read = {str(each["text_of"]) for each in self.sidecars.values() if each.get("text_of")}
        read |= {f"{source_id}{LINES}" for source_id, each in self.sidecars.items() if each.get("text_of")}
        for row in self.tables["sources"].rows:
            source_id, kind, ending = row["source_id"] or "", row["kind"] or "", PurePath(row["path"] or "").suffix
            document = self.documents.get(source_id)
            if document and kind == "curated":
                yield from self._curated(source_id, document)
            elif document and kind in ("corrections", "renames"):
                yield from self._decisions(source_id, kind)
            elif ending not in KINDS[kind][0] or not (
                kind in LEAFLETS
                or (kind == "reading" and document)
                or (kind in ("bulk", "records") and self._places[source_id])
                or (kind == "document" and (ending not in _TEXTS or source_id in read))
            ):
                yield LeftOut(source_id, 1)

    def lines(self) -> Iterator[LeftOut]:
        """Yield the lines of leaflets with words and without evidence, and such words in a line with evidence.

        The caller knows their reasons.
        """
        for row in self.tables["sources"].rows:
            source_id = row["source_id"] or ""
            if row["kind"] in LEAFLETS:
                document = self.documents.get(source_id)
                yield from bare_words(source_id, document, self._spans[source_id]) if document else [LeftOut(source_id, 1)]

    @cached_property
    def _spans(self) -> dict[str, set[Span]]:
        """The words of values, by leaflet."""
        found: dict[str, set[Span]] = defaultdict(set)
        leaflets = {row["source_id"] for row in self.tables["sources"].rows if row["kind"] in LEAFLETS}
        for row in self.tables["evidence"].rows:
            if row["source_id"] in leaflets and row["method"] not in FOLLOWING:
                found[row["source_id"] or ""].add(Span(int(row["char_start"] or 0), int(row["char_end"] or 0)))
        return found

    @cached_property
    def _places(self) -> dict[str, set[tuple[str | None, ...]]]:
        """The evidence by source: table, row, field and the offset at which the quote begins."""
        found: dict[str, set[tuple[str | None, ...]]] = defaultdict(set)
        for row in self.tables["evidence"].rows:
            found[row["source_id"] or ""].add((row["table_name"], row["row_id"], row["field"], row["char_start"]))
        return found

    @cached_property
    def _kinds(self) -> dict[tuple[str | None, ...], set[str]]:
        """The kinds of the sources of each cell."""
        kinds = {row["source_id"]: row["kind"] or "" for row in self.tables["sources"].rows}
        found: dict[tuple[str | None, ...], set[str]] = defaultdict(set)
        for row in self.tables["evidence"].rows:
            found[row["table_name"], row["row_id"], row["field"]].add(kinds.get(row["source_id"], ""))
        return found

    @cached_property
    def _published(self) -> dict[str, dict[str, Row]]:
        """The rows of the tables of curated sources, by id."""
        tables = [table for table in self.package.with_role("data") if not table.by_line]
        return {table.name: {table.row_id(row): row for row in self.tables[table.name].rows} for table in tables}

    @cached_property
    def _referenced(self) -> set[str]:
        """The countries to which a table of leaflets or curated rows refers."""
        found: set[str] = set()
        for name, rows in self._published.items():
            keys = self.package.tables[name].foreign_keys if name != "countries" else ()
            fields = [key.fields[0] for key in keys if key.resource == "countries"]
            found |= {row[each] or "" for row in rows.values() for each in fields}
        return found

    @cached_property
    def _cells(self) -> dict[str, CsvTable]:
        """The sources that are read by row."""
        kinds = {source_id: sidecar.get("kind") for source_id, sidecar in self.sidecars.items()}
        by_row = ("curated", "corrections", "renames")
        return {name: read_cells(document) for name, document in self.documents.items() if kinds.get(name) in by_row}

    @cached_property
    def _by_key(self) -> dict[tuple[str, _Key], list[tuple[CsvRow, Values]]]:
        """The rows of curated sources, except those set aside, with their values, by table and key."""
        found: dict[tuple[str, _Key], list[tuple[CsvRow, Values]]] = defaultdict(list)
        for source_id in self._cells:
            if table := self._table(source_id):
                aside = self._set_aside(source_id)
                for row, key, values in _keyed(self.documents[source_id], table):
                    if row.line not in aside:
                        found[table.name, key].append((row, values))
        return found

    def _table(self, source_id: str) -> TableDefinition | None:
        sidecar = self.sidecars.get(source_id, {})
        name = str(sidecar.get("table"))
        return self.package.tables[name] if sidecar.get("kind") == "curated" and name in self._published else None

    def _curated(self, source_id: str, document: Document) -> Iterator[LeftOut]:
        table, cells = self._table(source_id), self._cells[source_id]
        if table is None or {*cells.header} - {*table.names} - _BESIDE_CELLS:
            yield LeftOut(source_id, 1)
            return
        aside = self._set_aside(source_id)
        yield from (LeftOut(source_id, each.line or 1) for each in cells.findings if each.code != "csv-row-width")
        rows: dict[int, Any] = {row.line: row.values() for row in cells.rows if row.line in aside} | cells.misfits
        broken = wrong_rows(document.place, table, cells, known_keys(table, self.tables)) if aside else {}
        wrong = {line for line in aside if aside[line] != {json.dumps(rows.get(line), ensure_ascii=False)}}
        sound = aside.keys() - broken.keys() - cells.misfits.keys()
        yield from (LeftOut(source_id, line) for line in sorted({*cells.misfits} - {*aside} | wrong | sound))
        keys = [name for name in table.primary_key if name in cells.header]
        ids: dict[_Key, list[str]] = defaultdict(list)
        for row_id, published in self._published[table.name].items():
            ids[tuple(published[name] if name in keys else None for name in table.primary_key)].append(row_id)
        for row, key, values in _keyed(document, table):
            if row.line not in aside:
                yield from self._row(source_id, table, row, key, values, ids.get(key, []))

    def _set_aside(self, source_id: str) -> dict[int, set[str]]:
        """Return the words of each quarantined row; a source that does not quarantine has none."""
        found: dict[int, set[str]] = defaultdict(set)
        if self.sidecars[source_id].get("on_error") == "quarantine":
            for row in self.tables["quarantine"].rows:
                if row["source_id"] == source_id:
                    found[int(row["line"] or 0)].add(row["row"] or "")
        return found

    def _row(
        self, source_id: str, table: TableDefinition, row: CsvRow, key: _Key, values: Values, row_ids: list[str]
    ) -> Iterator[LeftOut]:
        """Yield what is left out of a row; ``row_ids`` are its published rows, several if a leaflet completes its key."""
        places = self._places[source_id]
        if not row_ids:
            is_unused = table.name == "countries" and None not in key and not self._referenced & {*key}
            yield LeftOut(source_id, row.line, reason="not-referenced" if is_unused else "")
            return
        for name, value in values.items():
            start = str(row.cells[name].span.start)
            if not any((table.name, row_id, name, start) in places for row_id in row_ids):
                yield LeftOut(source_id, row.line, name, self._why((table.name, row_ids[0], name), value, key))

    def _why(self, cell: tuple[str, str, str], value: str, key: _Key) -> str:
        """Return the reason why the value of a curated cell is not the published one, or "" if there is none."""
        table, row_id, name = cell
        published, kinds = self._published[table][row_id][name], self._kinds[cell]
        if "corrections" in kinds:
            return "corrected"
        if published is None:
            stated = [(row.text("url"), values[name]) for row, values in self._by_key[table, key] if name in values]
            return "pages-disagree" if all(len({*several}) > 1 for several in zip(*stated, strict=True)) else ""
        if (name in FIRSTS and published < value) or (name in LASTS and published > value):
            return "other-value"
        return "curated-overruled" if kinds & {*LEAFLETS} and value != published else ""

    def _decisions(self, source_id: str, kind: str) -> Iterator[LeftOut]:
        """Yield the corrections and renames that are not evidence."""
        cells = self._cells[source_id]
        yield from (LeftOut(source_id, each.line or 1) for each in cells.findings)
        starts = {start for *_, start in self._places[source_id]}
        for row in cells.rows:
            if kind == "corrections" and "value" in row.cells:
                cell = (row.text("table_name"), row.text("row_id"), row.text("field"))
                if (*cell, str(row.cells["value"].span.start)) not in self._places[source_id]:
                    yield LeftOut(source_id, row.line, reason="corrected" if "corrections" in self._kinds[cell] else "")
            elif kind == "renames" and "achievement_id" in row.cells:
                if str(row.cells["achievement_id"].span.start) not in starts:
                    is_unused = row.text("new_id") not in {None, *self._published.get("achievements", ())}
                    yield LeftOut(source_id, row.line, reason="not-referenced" if is_unused else "")
            else:
                yield LeftOut(source_id, row.line)


@lru_cache(32)
def _keyed(document: Document, table: TableDefinition) -> list[tuple[CsvRow, _Key, Values]]:
    """Return the rows of a curated source, each with its key, of which a part without a column is None, and its values.

    The result is cached across releases, so callers must not change it.
    """
    names = table.names

    def values(row: CsvRow) -> Values:
        return {name: cell.value for name in names if (cell := row.cells.get(name)) and cell.value is not None}

    return [(row, tuple(map(row.text, table.primary_key)), values(row)) for row in read_cells(document).rows]


def reasoned(arrival: Arrival, reasons: Reasons, findings: Iterable[Finding]) -> list[LeftOut]:
    """Return everything that is left out, with its reason; that of a line of a leaflet may be a finding about it."""
    codes = {(finding.source, finding.line): finding.code for finding in findings}
    found = [*arrival.cells()]
    for each in arrival.lines():
        document = arrival.documents.get(each.source_id)
        why = document and codes.get((document.place, each.line))
        if each.words:
            rest = why or AROUND_VALUES
        else:
            rest = reasons.get((each.source_id, each.line)) or why or ("no-value" if document else "")
        found.append(replace(each, reason="" if nameless(rest) and named(arrival, each) else rest))
    return sorted([*found, *unmentioned(arrival)])
