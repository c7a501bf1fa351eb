"""The page of each region, country and project: its data from every table that refers to it.

The foreign keys of the definitions show which tables refer to it. A table of pairs is shown as the rows at the other end.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from cbrn_data.catalogue.model import Catalogue
from cbrn_data.catalogue.pages import page_path
from cbrn_data.portal.api import api_path
from cbrn_data.portal.cells import ShownRow, show_row
from cbrn_data.portal.links import ENTITIES
from cbrn_data.portal.names import names
from cbrn_data.portal.render import render
from cbrn_data.portal.sentences import openings
from cbrn_data.portal.view import LABELS, ReleaseView
from cbrn_data.schema.model import Field, TableDefinition
from cbrn_data.schema.table import Row, referred_id
from cbrn_data.tabular.schema import ForeignKey

LISTED = 60
"""Number of rows of one table on a page."""


@dataclass
class EntitySection:
    """The rows of a table that refer to a row; ``fields`` are the columns with values, except the reference.

    ``references`` are the columns that show names of rows.

    ``relation`` is the title of the referring column, if it has another name than the key.
    """

    table: str
    title: str
    relation: str
    fields: list[Field]
    references: frozenset[str]
    rows: list[ShownRow]
    total: int


def entity_pages(view: ReleaseView, site: Catalogue) -> Iterator[tuple[str, bytes]]:
    """Yield path and bytes of the page of every region, country and project."""
    for name in ENTITIES:
        table = view.package.tables[name]
        naming = [
            (other, key, _grouped(view, other, key))
            for other in view.package.with_role("data")
            for key in other.foreign_keys
            if key.resource == name
        ]
        for row_id, row in view.by_id[name].items():
            path = page_path(name, row_id)
            yield path, _page(view, site, table, row, path, naming)


_Naming = list[tuple[TableDefinition, ForeignKey, dict[str, list[Row]]]]


def _grouped(view: ReleaseView, table: TableDefinition, key: ForeignKey) -> dict[str, list[Row]]:
    """Return the rows of a table by the id of the row that they refer to."""
    found: dict[str, list[Row]] = defaultdict(list)
    for row in view.by_id[table.name].values():
        found[referred_id(row, key, view.package.tables[key.resource]) or ""].append(row)
    return found


def _page(view: ReleaseView, site: Catalogue, table: TableDefinition, row: Row, path: str, naming: _Naming) -> bytes:
    row_id = table.row_id(row)
    fields = [one for one in table.fields if row[one.name] is not None]
    facts = show_row(view, table, row, fields).cells
    sections = [one for other, key, rows in naming for one in _sections(view, other, key, rows.get(row_id, []))]
    return render(
        "entity",
        path,
        defines=[table.name, *(one.table for one in sections)],
        site=site,
        table=table,
        row_id=row_id,
        label=view.label(table.name, row_id),
        opening=openings(view, table.name, row),
        names=names(row.get("iso2")) if table.name == "countries" else [],
        home=f"index.html#{table.name}",
        api=api_path(path),
        in_table=view.row_address(table.name, row_id) or page_path("tables", table.name),
        facts=[cell._replace(to=None) if cell.to and cell.to[0] == path else cell for cell in facts],
        sections=sections,
        silent=[other for other, _, rows in naming if row_id not in rows],
    )


def _sections(view: ReleaseView, table: TableDefinition, key: ForeignKey, rows: list[Row]) -> Iterator[EntitySection]:
    if not rows:
        return
    others = [other for other in table.foreign_keys if other is not key]
    if len(table.fields) == 2 and len(others) == 1:
        target = view.package.tables[others[0].resource]
        there = [view.by_id[target.name].get(referred_id(row, others[0], target) or "") for row in rows]
        if target.name not in ENTITIES:
            yield _section(view, target, target.title, "", [one for one in there if one], hidden=())
        else:
            yield _section(view, table, target.title, "", rows, hidden=key.fields)
        return
    relation = "" if key.fields == key.references else ", ".join(table.field(name).title for name in key.fields)
    yield _section(view, table, table.title, relation, rows, hidden=key.fields)


def _section(
    view: ReleaseView, table: TableDefinition, title: str, relation: str, rows: list[Row], hidden: tuple[str, ...]
) -> EntitySection:
    listed = rows[:LISTED]
    fields = [one for one in table.fields if one.name not in hidden and any(row[one.name] is not None for row in listed)]
    # The name of a row is first, and stands for a key that only programs need.
    fields.sort(key=lambda one: one.name not in LABELS[:4])
    if fields and fields[0].name in LABELS[:4]:
        fields = [one for one in fields if table.primary_key != (one.name,)]
    shown = [show_row(view, table, row, fields) for row in listed]
    return EntitySection(table.name, title, relation, fields, view.references[table.name], shown, len(rows))
