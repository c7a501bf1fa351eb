"""One release as the pages read it: tables, the rows behind each key, labels, and where each row is shown.

Every file of the release is read once, and every question is answered from an index.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

from cbrn_data.catalogue.pages import page_path
from cbrn_data.checks.rows import released_rows
from cbrn_data.portal.evidence import Marks, Mention, read_marks
from cbrn_data.portal.links import ENTITIES, fragment
from cbrn_data.release.disputed import disputed
from cbrn_data.schema.canonical import Row
from cbrn_data.schema.delta import table_blocks
from cbrn_data.schema.model import CHANGES, Package, Table, read_package
from cbrn_data.store import disk
from cbrn_data.store.folder import Release
from cbrn_data.words.text import natural_order

PAGE_WEIGHT = 100_000
"""About how many bytes of rows a page holds: a page stays below 200 kB."""

ROWS_AT_MOST = 10_000
"""How many rows of a table the pages show; the files hold them all."""

LABELS = ("name", "title", "title_official", "text", "name_in_source", "quote")
"""Columns that say what people call a row, the best first."""


@dataclass(frozen=True)
class Reading:
    """A release with its rows, of large tables the first; ``counts`` are all its rows by table, ``marks`` its sources."""

    release: Release
    package: Package
    rows: Mapping[str, list[Row]]
    counts: Mapping[str, int]
    marks: Mapping[str, Marks]

    @cached_property
    def by_id(self) -> dict[str, dict[str, Row]]:
        """Every row by its table and key, in the order that people expect: P31 before P100."""
        return {
            name: {table.row_id(row): row for row in self._ordered(table)}
            for name, table in self.package.tables.items()
            if name in self.rows
        }

    def _ordered(self, table: Table) -> list[Row]:
        rows = self.rows[table.name]
        return rows if table.by_line else sorted(rows, key=partial(_natural, table))

    @cached_property
    def mentions(self) -> dict[tuple[str, str, str], list[Mention]]:
        """The passages behind each cell, by table, row and field."""
        found: dict[tuple[str, str, str], list[Mention]] = defaultdict(list)
        for marks in self.marks.values():
            for mention in marks.mentions:
                found[mention.table, mention.row_id, mention.field].append(mention)
        return found

    def passages(self, table: str, row_id: str, field: str) -> list[Mention]:
        """Return what a cell came from: its own passages, else those of its whole row."""
        return self.mentions.get((table, row_id, field)) or self.mentions.get((table, row_id, "*")) or []

    @cached_property
    def disputed(self) -> dict[tuple[str, str, str], str]:
        """What the report says of each cell on which pages disagree, by table, row and field."""
        return disputed(self.release)

    @cached_property
    def tables(self) -> list[Table]:
        """The tables that the release publishes, in order."""
        return [self.package.tables[name] for name in self.rows]

    def label(self, table: str, row_id: str) -> str:
        """Return what people call a row."""
        row = self.by_id.get(table, {}).get(row_id, {})
        return next((text for name in LABELS if (text := row.get(name))), row_id)

    @cached_property
    def _page_of_row(self) -> dict[str, dict[str, int]]:
        return {
            table.name: {row_id: number for number, chunk in enumerate(self.chunks(table), 1) for row_id in chunk}
            for table in self.tables
        }

    @cached_property
    def _chunks(self) -> dict[str, list[list[str]]]:
        return {table.name: self._split(table) for table in self.tables}

    def chunks(self, table: Table) -> list[list[str]]:
        """Return the keys of the rows that each page of a table holds; a table without rows has one page."""
        return self._chunks[table.name]

    def _split(self, table: Table) -> list[list[str]]:
        chunks: list[list[str]] = [[]]
        weight = 0
        for row_id, row in list(self.by_id[table.name].items())[:ROWS_AT_MOST]:
            heavy = sum(self._weight(table.name, row_id, name, text) for name, text in row.items() if text is not None)
            if chunks[-1] and weight + heavy > PAGE_WEIGHT:
                chunks.append([])
                weight = 0
            chunks[-1].append(row_id)
            weight += heavy
        return chunks

    def _weight(self, table: str, row_id: str, field: str, text: str) -> int:
        found = self.passages(table, row_id, field)
        return 130 + len(text.encode()) + len(row_id) + 120 * len(found) + sum(60 + len(one.url) for one in found if one.url)

    def row_page(self, table: str, row_id: str) -> str | None:
        """Return the page of a table that holds a row, or None where no page does."""
        number = self._page_of_row.get(table, {}).get(row_id)
        return page_path("tables", table, number) if number else None

    def row_address(self, table: str, row_id: str, field: str | None = None) -> str | None:
        """Return page and fragment of a row, or of one of its cells."""
        page = self.row_page(table, row_id)
        return page + fragment(f"row/{row_id}" + (f":{field}" if field and field != "*" else "")) if page else None

    def entity_page(self, table: str, row_id: str | None) -> str | None:
        """Return the page of a country or a project that the release has."""
        return page_path(table, row_id) if table in ENTITIES and row_id and row_id in self.by_id[table] else None


def _natural(table: Table, row: Row) -> list[list[tuple[int, int, str]]]:
    return [natural_order(row[name] or "") for name in table.primary_key]


def read_release(release: Release) -> Reading:
    """Read a release for its pages. Raises ReleaseError or SchemaError where a file cannot be read."""
    package = read_package(release.folder / "schemas")
    rows = released_rows(release, package)
    for name in (table.name for table in package.tables.values() if table.by_line or table.name == CHANGES):
        rows[name] = _first_rows(release.folder / f"{name}.csv", package.tables[name])
    counts: dict[str, int] = {**release.info["counts"], CHANGES: len(rows[CHANGES])}
    rows = {name: rows[name] for name in package.published(counts)}
    return Reading(release, package, rows, counts, read_marks(release, rows))


def _first_rows(path: Path, table: Table) -> list[Row]:
    """Read as many rows of a table of any size as the pages show."""
    rows: list[Row] = []
    for block in table_blocks(path if disk.mode(path) else None, table.names):
        rows += block.slice(0, ROWS_AT_MOST - len(rows)).to_pylist()
        if len(rows) >= ROWS_AT_MOST:
            break
    return rows
