"""A JSON file of each region, country and project: its row, the rows that refer to it, and the evidence of every value.

``release`` says which release it is made of; ``page`` and the ``passage`` of each piece of evidence are addresses of the
portal. Evidence is by column; that of ``*`` holds for the whole row. ``not_here`` are the tables with too many rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import PurePosixPath
from typing import Any

from cbrn_data.catalogue.model import Catalogue
from cbrn_data.catalogue.pages import page_path
from cbrn_data.portal.evidence import Mention
from cbrn_data.portal.links import ENTITIES
from cbrn_data.portal.view import ReleaseView
from cbrn_data.schema.model import TableDefinition
from cbrn_data.schema.table import Row, referred_id
from cbrn_data.schema.written import json_row
from cbrn_data.strict_json import dumped

API = "api"


def api_path(page: str) -> str:
    """Return the path of the JSON file of an entity by the path of its page.

    >>> api_path("countries/KAZ.html")
    'api/countries/KAZ.json'
    """
    return f"{API}/{PurePosixPath(page).with_suffix('.json')}"


def api_files(view: ReleaseView, site: Catalogue) -> Iterator[tuple[str, bytes]]:
    """Yield path and bytes of the JSON file of every region, country and project."""
    release = {
        "package": site.name,
        "version": view.release.version,
        "date": view.release.date,
        "digest": view.release.digest,
        "withdrawn": view.release.withdrawn,
        "licence": dict(site.licence),
        "page": site.base + page_path("history", view.release.version),
    }
    for name in ENTITIES:
        table = view.package.tables[name]
        referring = list(_referring(view, name))
        for row_id, row in view.by_id[name].items():
            page = page_path(name, row_id)
            yield (
                api_path(page),
                dumped(
                    {
                        "release": release,
                        "page": site.base + page,
                        "table": name,
                        "label": view.label(name, row_id),
                        **_entry(view, site, table, row),
                        "referring": {
                            other.name: [_entry(view, site, other, row) for row in found[row_id]]
                            for other, found in referring
                            if row_id in found
                        },
                        "not_here": [other.name for other in view.package.with_role("data") if not _is_whole(view, other)],
                    }
                ),
            )


def _referring(view: ReleaseView, name: str) -> Iterator[tuple[TableDefinition, Mapping[str, list[Row]]]]:
    """Yield each table that refers to a table, with its rows by the id of the row to which they refer."""
    target = view.package.tables[name]
    for other in filter(partial(_is_whole, view), view.package.with_role("data")):
        found: dict[str, list[Row]] = {}
        for row in view.by_id[other.name].values():
            keys = (key for key in other.foreign_keys if key.resource == name)
            for row_id in dict.fromkeys(referred_id(row, key, target) for key in keys):
                if row_id is not None:
                    found.setdefault(row_id, []).append(row)
        if found:
            yield other, found


def _is_whole(view: ReleaseView, table: TableDefinition) -> bool:
    return len(view.rows[table.name]) == view.counts[table.name]


def _entry(view: ReleaseView, site: Catalogue, table: TableDefinition, row: Row) -> dict[str, Any]:
    row_id = table.row_id(row)
    fields = ("*", *(name for name in table.names if row[name] is not None))
    evidence = {
        name: [_passage(view, site, one) for one in found]
        for name in fields
        if (found := view.mentions.get((table.name, row_id, name)))
    }
    return {"id": row_id, "row": json_row(table, row), "evidence": evidence}


def _passage(view: ReleaseView, site: Catalogue, one: Mention) -> dict[str, Any]:
    marks = view.marks[one.source_id]
    assert marks.document is not None
    said = {
        "source": one.source_id,
        "edition": marks.source["edition"],
        "lines": list(one.lines),
        "quote": marks.document.quote(one.span),
        "method": one.method,
        "url": one.url,
        "certainty": one.certainty,
        "archived_url": one.archived_url,
        "passage": site.base + one.anchor,
    }
    return {key: value for key, value in said.items() if value is not None}
