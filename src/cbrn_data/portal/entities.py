"""The page of each country and of each project: all that the data says of it, from every table that names it.

What names it follows from the foreign keys of the definitions. A table of pairs leads on to the row at its other end.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from cbrn_data.catalogue.model import Catalogue
from cbrn_data.catalogue.pages import page_path
from cbrn_data.portal.cells import ShownRow, show_row
from cbrn_data.portal.links import ENTITIES
from cbrn_data.portal.names import names
from cbrn_data.portal.paper import render
from cbrn_data.portal.reading import LABELS, Reading
from cbrn_data.schema.canonical import Row
from cbrn_data.schema.model import Field, Table
from cbrn_data.tabular.schema import ForeignKey

LISTED = 60
"""How many rows of one table a page shows."""


@dataclass
class Section:
    """The rows of a table that name something; the ``fields`` that say anything beyond the name.

    ``relation`` is the title of the column that names it, where that says more than what it names.
    """

    table: str
    title: str
    relation: str
    fields: list[Field]
    rows: list[ShownRow]
    total: int
    more: int = field(init=False)

    def __post_init__(self) -> None:
        self.more = self.total - len(self.rows)


def entity_pages(reading: Reading, site: Catalogue) -> Iterator[tuple[str, bytes]]:
    """Yield path and bytes of the page of every country and project."""
    for name in ENTITIES:
        table = reading.package.tables[name]
        naming = [
            (other, key, _grouped(reading, other, key.fields[0]))
            for other in reading.package.with_role("data")
            for key in other.foreign_keys
            if key.resource == name and len(key.fields) == 1
        ]
        for row_id, row in reading.by_id[name].items():
            path = page_path(name, row_id)
            yield path, _page(reading, site, table, row, path, naming)


_Naming = list[tuple[Table, ForeignKey, dict[str, list[Row]]]]


def _grouped(reading: Reading, table: Table, name: str) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in reading.by_id[table.name].values():
        found[row[name] or ""].append(row)
    return found


def _page(reading: Reading, site: Catalogue, table: Table, row: Row, path: str, naming: _Naming) -> bytes:
    row_id = table.row_id(row)
    fields = [one for one in table.fields if row[one.name] is not None]
    facts = show_row(reading, table, row, fields).cells
    return render(
        "entity",
        path,
        site=site,
        table=table,
        row_id=row_id,
        label=reading.label(table.name, row_id),
        names=names(row.get("iso2")) if table.name == "countries" else [],
        home=f"index.html#{table.name}",
        in_table=reading.row_address(table.name, row_id) or page_path("tables", table.name),
        facts=[replace(cell, to=None) if cell.to and cell.to[0] == path else cell for cell in facts],
        sections=[one for other, key, rows in naming for one in _sections(reading, other, key, rows.get(row_id, []))],
        silent=[other for other, _, rows in naming if row_id not in rows],
    )


def _sections(reading: Reading, table: Table, key: ForeignKey, rows: list[Row]) -> Iterator[Section]:
    if not rows:
        return
    others = [other for other in table.foreign_keys if other is not key and len(other.fields) == 1]
    if len(table.fields) == 2 and len(others) == 1:
        target = reading.package.tables[others[0].resource]
        there = [reading.by_id[target.name].get(row[others[0].fields[0]] or "") for row in rows]
        if target.name not in ENTITIES:
            yield _section(reading, target, target.title, "", [one for one in there if one], hidden=())
        else:
            yield _section(reading, table, target.title, "", rows, hidden=key.fields)
        return
    relation = "" if key.fields == key.references else table.field(key.fields[0]).title
    yield _section(reading, table, table.title, relation, rows, hidden=key.fields)


def _section(reading: Reading, table: Table, title: str, relation: str, rows: list[Row], hidden: tuple[str, ...]) -> Section:
    listed = rows[:LISTED]
    fields = [one for one in table.fields if one.name not in hidden and any(row[one.name] is not None for row in listed)]
    fields.sort(key=lambda field: _rank(table, field))
    shown = [show_row(reading, table, row, fields) for row in listed]
    return Section(table.name, title, relation, fields, shown, len(rows))


def _rank(table: Table, field: Field) -> int:
    """Put what people call a row first, and a key that only programs need last."""
    return -1 if field.name in LABELS[:4] else 1 if table.primary_key == (field.name,) else 0
