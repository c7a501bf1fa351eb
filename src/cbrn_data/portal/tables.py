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
from cbrn_data.portal.links import root_of
from cbrn_data.portal.names import allowed
from cbrn_data.portal.render import render
from cbrn_data.portal.rows import row
from cbrn_data.portal.search import searched_tables
from cbrn_data.portal.snippets import snippets
from cbrn_data.portal.view import ReleaseView
from cbrn_data.schema.dictionary import type_words
from cbrn_data.schema.model import TableDefinition
from cbrn_data.schema.written import json_row
from cbrn_data.store.history import LATEST

_EXAMPLE_ROWS = 2


def table_pages(view: ReleaseView, site: Catalogue, files: ReleaseFiles) -> Iterator[tuple[str, bytes]]:
    """Yield path and bytes of every page of every table."""
    described = {dataset.name: script_text(schema_org(site, dataset)) for dataset in site.datasets}
    for table in view.tables:
        pages = [page_path("tables", table.name, number) for number, _ in enumerate(view.chunks[table.name], 1)]
        for number, path in enumerate(pages, 1):
            # script_text has already escaped the JSON-LD; HTML escapes would damage it.
            data = Markup(described[table.name]) if number == 1 and table.name in described else None  # noqa: S704
            yield path, _page(view, site, files, table, number, pages, data)


def _page(
    view: ReleaseView,
    site: Catalogue,
    files: ReleaseFiles,
    table: TableDefinition,
    number: int,
    pages: list[str],
    described: Markup | None,
) -> bytes:
    path = pages[number - 1]
    rows = view.by_id[table.name]
    shown = sum(map(len, view.chunks[table.name]))
    example = [json_row(table, row) for row in view.rows[table.name][:_EXAMPLE_ROWS]]
    return render(
        "table",
        path,
        site=site,
        table=table,
        number=number,
        pages=pages,
        searched=[other.title[:1].lower() + other.title[1:] for other in searched_tables(view)],
        described=described,
        total=view.counts[table.name],
        withheld=view.counts[table.name] - shown,
        evident=table.role == "data",
        rows=[row(show_row(view, table, rows[row_id]), root_of(path)) for row_id in view.chunks[table.name][number - 1]],
        files=files.of_table(table.name) if number == 1 else [],
        columns=list(_columns(view, table)),
        snippets=_snippets(table, site) if number == 1 else [],
        example=json.dumps(example, indent=2, ensure_ascii=False) if example else "",
    )


def _snippets(table: TableDefinition, site: Catalogue) -> list[tuple[str, str, str]]:
    """Return tool, code for this version and code for the newest, for each tool."""
    these, latest = (snippets(table, site.base, version) for version in (site.version, LATEST))
    return [(tool, text, dict(latest)[tool]) for tool, text in these]


def _columns(view: ReleaseView, table: TableDefinition) -> Iterator[dict[str, object]]:
    resources = view.package.tables
    keys = [key for key in table.foreign_keys if key.resource in view.rows]
    to = {name: resources[key.resource] for key in keys for name in key.fields}
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
