"""What changed between two releases, cell by cell, in a form that can be applied: ``apply(delta, old) == new``.

A change is a row of the table ``changes``: ``table_name, row_id, field, change, old, new``. An added or removed row has
one for each of its cells that is not null (its key is among them), a changed row one for each cell that differs; null is
nothing. Text that a spreadsheet would run stands as JSON, as in ``evidence.quote``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cbrn_data.schema.canonical import Row
from cbrn_data.schema.model import Package, Table
from cbrn_data.words.text import inert, live

Rows = Mapping[str, list[Row]]


def delta(old: Rows, new: Rows, package: Package) -> list[Row]:
    """Return the changes that make the tables of ``old`` those of ``new``, in the order of tables and keys.

    ``package`` is the definition of the new tables; a table or field that only ``old`` has is not
    in the changes: that it went stands among the reasons of the version.
    """
    return [
        change
        for table in package.tables.values()
        if table.name != "changes"
        for change in _changes(table, old.get(table.name, []), new.get(table.name, []))
    ]


def _changes(table: Table, old: list[Row], new: list[Row]) -> Iterator[Row]:
    before, after = keyed(table, old), keyed(table, new)
    for row_id in sorted(before.keys() | after.keys()):
        was, now = before.get(row_id), after.get(row_id)
        change = "added" if was is None else "removed" if now is None else "changed"
        for name in table.names:
            old_value, new_value = (was or {}).get(name), (now or {}).get(name)
            if old_value != new_value:
                yield _change(table.name, row_id, name, change, old_value, new_value)


def keyed(table: Table, rows: list[Row]) -> dict[str, Row]:
    """Return rows by their key, with the fields of ``table``: one that a row does not have yet is null."""
    whole: list[Row] = [{name: row.get(name) for name in table.names} for row in rows]
    return {table.row_id(row): row for row in whole}


def _change(table: str, row_id: str, field: str, change: str, old: str | None, new: str | None) -> Row:
    cells = {"old": None if old is None else inert(old), "new": None if new is None else inert(new)}
    return {"table_name": table, "row_id": inert(row_id), "field": field, "change": change, **cells}


def applied(changes: list[Row], old: Rows, package: Package) -> dict[str, list[Row]]:
    """Return the tables that ``changes`` make of ``old``, sorted by key.

    Raises ValueError where a change does not fit what is there.
    """
    tables = {table.name: keyed(table, old.get(table.name, [])) for table in package.tables.values()}
    for change in changes:
        rows_by_id, row_id = tables[change["table_name"] or ""], live(change["row_id"] or "")
        row = rows_by_id.setdefault(row_id, dict.fromkeys(package.tables[change["table_name"] or ""].names))
        field = change["field"] or ""
        expected, value = (None if change[side] is None else live(change[side] or "") for side in ("old", "new"))
        if row[field] != expected:
            raise ValueError(f"{change['table_name']}/{row_id}/{field} is not {expected!r}")
        row[field] = value
    return {
        name: sorted((row for row in rows_by_id.values() if any(row.values())), key=package.tables[name].order)
        for name, rows_by_id in tables.items()
    }
