"""The page of each table: description, downloads, rows, the data dictionary, and code to load it."""

from __future__ import annotations

import json
from collections.abc import Iterator

from markupsafe import Markup

from cbrn_data.catalogue.model import Catalogue
from cbrn_data.catalogue.pages import page_path
from cbrn_data.catalogue.schema_org import schema_org, script_text
from cbrn_data.portal.cells import show_row
from cbrn_data.portal.files import ReleaseFiles
from cbrn_data.portal.labels import allowed
from cbrn_data.portal.links import root_of
from cbrn_data.portal.paper import macro, render
from cbrn_data.portal.reading import Reading
from cbrn_data.portal.search import searched_tables
from cbrn_data.portal.snippets import snippets
from cbrn_data.schema.canonical import json_row
from cbrn_data.schema.dictionary import type_words
from cbrn_data.schema.model import Table

_EXAMPLE_ROWS = 2


def table_pages(reading: Reading, site: Catalogue, files: ReleaseFiles) -> Iterator[tuple[str, bytes]]:
    """Yield path and bytes of every page of every table."""
    described = {dataset.name: script_text(schema_org(site, dataset)) for dataset in site.datasets}
    for table in reading.tables:
        pages = [page_path("tables", table.name, number) for number, _ in enumerate(reading.chunks(table), 1)]
        for number, path in enumerate(pages, 1):
            # JSON-LD is a data block whose marks script_text has escaped: HTML escapes would spoil it.
            data = Markup(described[table.name]) if number == 1 and table.name in described else None  # noqa: S704
            yield path, _page(reading, site, files, table, number, pages, data)


def _page(
    reading: Reading,
    site: Catalogue,
    files: ReleaseFiles,
    table: Table,
    number: int,
    pages: list[str],
    described: Markup | None,
) -> bytes:
    path = pages[number - 1]
    rows = reading.by_id[table.name]
    shown = sum(map(len, reading.chunks(table)))
    as_row = macro("cells", "row")
    return render(
        "table",
        path,
        site=site,
        table=table,
        number=number,
        pages=pages,
        searched=[other.title[:1].lower() + other.title[1:] for other in searched_tables(reading)],
        described=described,
        total=reading.counts[table.name],
        withheld=reading.counts[table.name] - shown,
        evident=table.role == "data",
        rows=[as_row(show_row(reading, table, rows[row_id]), root_of(path)) for row_id in reading.chunks(table)[number - 1]],
        files=files.of_table(table.name) if number == 1 else [],
        columns=list(_columns(reading, table)),
        snippets=snippets(table, site.base, files),
        example=_example(reading, table),
    )


def _columns(reading: Reading, table: Table) -> Iterator[dict[str, object]]:
    resources = reading.package.tables
    to = {key.fields[0]: resources[key.resource] for key in table.foreign_keys if key.resource in reading.rows}
    for field in table.fields:
        yield {
            "name": field.name,
            "title": field.title,
            "key": field.name in table.primary_key,
            "type": type_words(field),
            "allowed": allowed(field),
            "meaning": field.description.strip(),
            "to": to.get(field.name),
            "example": field.example,
        }


def _example(reading: Reading, table: Table) -> str:
    rows = [json_row(table, row) for row in reading.rows[table.name][:_EXAMPLE_ROWS]]
    return json.dumps(rows, indent=2, ensure_ascii=False) if rows else ""
