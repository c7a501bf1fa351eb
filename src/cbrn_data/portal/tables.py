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
from cbrn_data.portal.filters import filters
from cbrn_data.portal.links import root_of
from cbrn_data.portal.packed import PackedRows
from cbrn_data.portal.render import render
from cbrn_data.portal.rows import row
from cbrn_data.portal.snippets import snippets
from cbrn_data.portal.view import TABLES, ReleaseView
from cbrn_data.schema.dictionary import type_words
from cbrn_data.schema.model import TableDefinition
from cbrn_data.schema.written import json_row
from cbrn_data.store.history import LATEST

_EXAMPLE_ROWS = 2
_SPARSE = 3
"""A column is narrow if fewer than one of so many rows fill it."""


def table_pages(
    view: ReleaseView, site: Catalogue, files: ReleaseFiles, newest: ReleaseView | None = None
) -> Iterator[tuple[str, bytes]]:
    """Yield path and bytes of every page of every table, and of the script with its rows.

    ``site`` describes the release of ``view``, which is an older one if there is a ``newest``.
    """
    # What search engines read is said only of the newest release.
    described = {dataset.name: script_text(schema_org(site, dataset)) for dataset in site.datasets if not newest}
    for table in view.tables:
        # script_text has already escaped the JSON-LD; HTML escapes would damage it.
        data = Markup(described[table.name]) if table.name in described else None  # noqa: S704
        yield from _pages(view, site, files, table, data, newest)


def _pages(
    view: ReleaseView,
    site: Catalogue,
    files: ReleaseFiles,
    table: TableDefinition,
    described: Markup | None,
    newest: ReleaseView | None,
) -> Iterator[tuple[str, bytes]]:
    chunks, fields = view.chunks[table.name], view.filled(table)
    pages = view.table_pages(table.name)
    script, root = pages[0].removesuffix(".html") + ".js", root_of(pages[0])
    shown = [view.by_id[table.name][row_id] for chunk in chunks for row_id in chunk]
    sparse = {field.name for field in fields if _SPARSE * sum(one[field.name] is not None for one in shown) < len(shown)}
    citable = table.role == "data" and not view.is_older
    csv_files = view.csv_files(table.name) if citable else []
    packed, html = PackedRows(table, fields, view.references[table.name], sparse, csv_files), []
    for one in shown:
        cells = show_row(view, table, one, fields)
        packed.add(one, cells, view.numbers[table.name][cells.row_id])
        html.append(row(cells, root, sparse=sparse))
    common = {
        "site": site,
        "table": table,
        "pages": pages,
        "fields": fields,
        "empty": [field.title for field in table.fields if field not in fields],
        "total": view.counts[table.name],
        "held": len(shown),
        "csv": files.path(f"{table.name}.csv"),
        "parts": len(files.parts(table.name)),
        "citable": citable,
        "older": view.release if newest else None,
        "superseded": newest is not None and view.release.sequence < newest.release.sequence,
        "newer": page_path(TABLES, table.name) if newest and table.name in newest.rows else None,
    }
    start = 0
    for number, (path, chunk) in enumerate(zip(pages, chunks, strict=False), 1):
        rows = html[start : start + len(chunk)]
        start += len(chunk)
        more = _first_page(view, site, files, table, described) if number == 1 else {}
        if number == 1:
            more |= {"script": script, "filters": filters(view, table, fields, shown)}
        near = sorted({1, *range(max(number - 4, 1), min(number + 4, len(pages)) + 1), len(pages)})
        yield path, render("table", path, defines=[table.name], number=number, near=near, rows=rows, **common, **more)
    yield script, packed.script()


def _first_page(
    view: ReleaseView,
    site: Catalogue,
    files: ReleaseFiles,
    table: TableDefinition,
    described: Markup | None,
) -> dict[str, object]:
    """Return what only the first page of a table shows."""
    example = [json_row(table, row) for row in view.rows[table.name][:_EXAMPLE_ROWS]]
    return {
        "described": described,
        "files": files.of_table(table.name),
        "columns": list(_columns(view, table)),
        "snippets": [] if view.is_older else _snippets(table, site, bool(files.parts(table.name))),
        "example": json.dumps(example, indent=2, ensure_ascii=False) if example else "",
    }


def _snippets(table: TableDefinition, site: Catalogue, in_parts: bool) -> list[tuple[str, str, str]]:
    """Return tool, code for this version and code for the newest, for each tool."""
    these, latest = (snippets(table, site.base, version, in_parts) for version in (site.version, LATEST))
    return [(tool, text, dict(latest)[tool]) for tool, text in these]


def _columns(view: ReleaseView, table: TableDefinition) -> Iterator[dict[str, object]]:
    resources = view.package.tables
    keys = [key for key in table.foreign_keys if key.resource in view.rows]
    to = {name: resources[key.resource] for key in keys for name in key.fields}
    for field in table.fields:
        kind, _, allowed = type_words(field).partition(", one of ")
        yield {
            "name": field.name,
            "title": field.title,
            "key": field.name in table.primary_key,
            "type": kind,
            "allowed": allowed,
            "meaning": field.description.strip(),
            "to": to.get(field.name),
            "example": field.example,
        }
