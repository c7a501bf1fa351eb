"""One release for the pages: tables, rows by key, labels, and the page of each row.

Every file of the release is read once; all lookups use an index.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate, islice

from cbrn_data.catalogue.pages import page_path
from cbrn_data.normalise.text import natural_order
from cbrn_data.portal.changes import EVIDENCE
from cbrn_data.portal.evidence import Marks, Mention, read_marks
from cbrn_data.portal.links import ENTITIES, fragment
from cbrn_data.release.trace import disputed
from cbrn_data.schema.model import CHANGES, Field, Package, TableDefinition, read_package
from cbrn_data.schema.parts import part_name
from cbrn_data.schema.table import Row, Tables, referred_id, released_tables
from cbrn_data.store.folder import Release

PAGE_WEIGHT = 70_000
"""Approximate bytes of rows on a page, so that a page stays below 200 kB."""

ROWS_AT_MOST = 20_000
"""Number of rows of a table that its page filters, sorts and counts as one."""

ROWS_OF_LARGER = 1_000
"""Number of rows of a larger table on its pages, which say so; the files have all."""

TABLES = "tables"
"""The folder of the pages of tables of the newest release."""

LABELS = ("name", "title", "title_official", "text", "name_in_source", "quote")
"""Columns with the name of a row, best first."""


@dataclass(frozen=True)
class ReleaseView:
    """A release with its rows, of large tables the first; ``counts`` are all its rows by table, ``marks`` its sources.

    ``whole`` are the tables with all their rows. ``folder`` has the pages of the tables: an older release has neither
    pages of its entities nor of its sources, so its cells have no words.
    """

    release: Release
    package: Package
    rows: Mapping[str, list[Row]]
    counts: Mapping[str, int]
    marks: Mapping[str, Marks]
    whole: Tables
    folder: str = TABLES

    @property
    def is_older(self) -> bool:
        """Whether this is the view of an older release."""
        return self.folder != TABLES

    @cached_property
    def by_id(self) -> dict[str, dict[str, Row]]:
        """Every row by table and key, in natural order: P31 before P100."""

        def natural(row: Row) -> list[list[tuple[int, int, str]]]:
            return [natural_order(row[name] or "") for name in table.primary_key]

        found = {}
        for table in self.tables:
            found[table.name] = {table.row_id(row): row for row in sorted(self.rows[table.name], key=natural)}
        return found

    @cached_property
    def numbers(self) -> dict[str, dict[str, int]]:
        """The number of every row in the CSV of its table, by table and key; the names of the columns are row 1."""
        return {
            table.name: {table.row_id(row): number for number, row in enumerate(self.rows[table.name], 2)}
            for table in self.tables
        }

    def csv_files(self, table: str) -> list[tuple[str, int]]:
        """Return the CSV files of the rows that the pages of a table show, in order, with the number of rows of each."""
        parts = self.whole[table].parts
        starts = accumulate((part.rows for part in parts), initial=0)
        shown = [part for part, start in zip(parts, starts, strict=False) if start < self.held(table)]
        return [(part_name(table, part.first), part.rows) for part in shown] or [(f"{table}.csv", self.counts[table])]

    @cached_property
    def mentions(self) -> dict[tuple[str, str, str], list[Mention]]:
        """The passages of each cell, by table, row and field."""
        found: dict[tuple[str, str, str], list[Mention]] = defaultdict(list)
        for marks in self.marks.values():
            for mention in marks.mentions:
                found[mention.table, mention.row_id, mention.field].append(mention)
        return found

    def passages(self, table: str, row_id: str, field: str) -> list[Mention]:
        """Return the passages of a cell, else those of its whole row."""
        return self.mentions.get((table, row_id, field)) or self.mentions.get((table, row_id, "*")) or []

    @cached_property
    def disputed(self) -> dict[tuple[str, str, str], str]:
        """The finding for each cell on which pages disagree, by table, row and field."""
        return disputed(self.release)

    @cached_property
    def newest_editions(self) -> dict[str, str]:
        """The newest edition that lists countries, by region; "" for a region without a leaflet."""
        newest: dict[str, str] = {}
        for row in self.rows.get("memberships", ()):
            region = row["region_id"] or ""
            newest[region] = max(newest.get(region, ""), row["last_edition"] or "")
        return newest

    def partners(self) -> list[Row]:
        """Return the memberships of present partner countries: those that the newest edition of their region lists."""
        return [
            row
            for row in self.rows.get("memberships", ())
            if row.get("status", "partner") == "partner"
            and (row["last_edition"] or "") == self.newest_editions[row["region_id"] or ""]
        ]

    @cached_property
    def tables(self) -> list[TableDefinition]:
        """The tables that the release publishes, in order."""
        return [self.package.tables[name] for name in self.rows]

    def label(self, table: str, row_id: str) -> str:
        """Return the name of a row."""
        row = self.by_id.get(table, {}).get(row_id, {})
        return next((text for name in LABELS if (text := row.get(name))), row_id)

    def held(self, table: str) -> int:
        """Return the number of rows of a table that its pages show."""
        return _held(self.counts[table])

    def filled(self, table: TableDefinition) -> list[Field]:
        """Return the columns of a table that have something to show in a row; all, if there are no rows."""
        rows = list(islice(self.by_id[table.name].values(), self.held(table.name)))
        disputed = {name for other, _, name in self.disputed if other == table.name}
        return [
            field
            for field in table.fields
            if not rows or field.name in disputed or any(row[field.name] is not None for row in rows)
        ]

    @cached_property
    def _page_of_row(self) -> dict[str, dict[str, int]]:
        return {
            name: {row_id: number for number, chunk in enumerate(chunks, 1) for row_id in chunk}
            for name, chunks in self.chunks.items()
        }

    @cached_property
    def chunks(self) -> dict[str, list[list[str]]]:
        """The keys of the rows that each page of a table holds; a table without rows has one page."""
        return {table.name: self._split(table) for table in self.tables}

    def _split(self, table: TableDefinition) -> list[list[str]]:
        chunks: list[list[str]] = [[]]
        weight, names = 0, [field.name for field in self.filled(table)]
        for row_id, row in islice(self.by_id[table.name].items(), self.held(table.name)):
            heavy = len(names) * (110 + len(row_id))
            for name in names:
                if (text := row[name]) is not None:
                    found = self.passages(table.name, row_id, name)
                    heavy += 40 + len(text.encode()) + 130 * len(found) + (120 if len(found) > 1 else 0)
                    heavy += 120 + len(found[0].url) if found and found[0].url else 0
            if chunks[-1] and weight + heavy > PAGE_WEIGHT:
                chunks.append([])
                weight = 0
            chunks[-1].append(row_id)
            weight += heavy
        return chunks

    @cached_property
    def references(self) -> dict[str, frozenset[str]]:
        """The columns of each table that refer to a row."""
        return {table.name: frozenset(name for key in table.foreign_keys for name in key.fields) for table in self.tables}

    def referred(self, table: TableDefinition, row: Row, field: str) -> tuple[str, str] | None:
        """Return table and id of the row to which a reference with the field refers, or None."""
        keys = [key for key in table.foreign_keys if field in key.fields and key.resource in self.package.tables]
        found = ((key.resource, referred_id(row, key, self.package.tables[key.resource])) for key in keys)
        return next(((name, row_id) for name, row_id in found if row_id is not None), None)

    def row_address(self, table: str, row_id: str, field: str | None = None) -> str | None:
        """Return page and fragment of a row or of one of its cells, or None if no page shows it."""
        number = self._page_of_row.get(table, {}).get(row_id)
        place = fragment(f"row/{row_id}" + (f":{field}" if field and field != "*" else ""))
        pages = self.table_pages(table) if number else []
        return pages[min(number, len(pages)) - 1] + place if number else None

    def table_pages(self, table: str) -> list[str]:
        """Return the pages of a table; of an older release the first, whose script has all rows."""
        numbers = range(1, 2 if self.is_older else len(self.chunks[table]) + 1)
        return [page_path(self.folder, table, number) for number in numbers]

    def entity_page(self, table: str, row_id: str | None) -> str | None:
        """Return the page of a region, a country or a project."""
        has_page = not self.is_older and table in ENTITIES and row_id and row_id in self.by_id[table]
        return page_path(table, row_id or "") if has_page else None


def _held(count: int) -> int:
    return count if count <= ROWS_AT_MOST else ROWS_OF_LARGER


def read_release(release: Release) -> ReleaseView:
    """Read the newest release for its pages. Raises ReleaseError or SchemaError if a file cannot be read."""
    view = _read(release)
    return replace(view, marks=read_marks(release, view.rows))


def read_older(release: Release) -> ReleaseView:
    """Read the data and the sources of an older release for the pages of its tables. Raises as ``read_release``."""
    return _read(release, f"history/{release.version}", lambda table: table.role != "log" and table.name != EVIDENCE)


def _read(
    release: Release, folder: str = TABLES, has_page: Callable[[TableDefinition], bool] = lambda table: True
) -> ReleaseView:
    package = read_package(release.folder / "schemas")
    tables = released_tables(release.folder, package)
    counts: dict[str, int] = {**release.info["counts"], CHANGES: tables[CHANGES].count}
    # All evidence is needed: the words of every value that is shown are marked.
    rows = {
        name: tables[name].rows if package.tables[name].role == "provenance" else tables[name].first(_held(counts[name]))
        for name in package.published(counts)
        if has_page(package.tables[name])
    }
    return ReleaseView(release, package, rows, counts, {}, tables, folder)
