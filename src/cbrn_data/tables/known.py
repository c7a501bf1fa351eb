"""Rows that curated tables may refer to, while they are still being read: by any fields, of a key, of a part of it, or none.

A reference is judged only where every row of the table it leads to is known with all the fields it names. What cannot be
judged here is judged when all tables are put together (``checks.across``).
"""

from __future__ import annotations

from collections.abc import Mapping

from cbrn_data.tabular.schema import ForeignKey

Values = Mapping[str, str | None]


class KnownRows:
    """The rows of each table as far as they are known, by table and key; a row is told in any number of pieces."""

    def __init__(self) -> None:
        self._rows: dict[str, dict[tuple[str | None, ...], dict[str, str | None]]] = {}
        self._there: dict[tuple[str, tuple[str, ...]], set[tuple[str | None, ...]] | None] = {}

    def begin(self, table: str) -> None:
        """Say that all rows of a table will be told; of one that never began nothing is known."""
        self._rows.setdefault(table, {})

    def add(self, table: str, key: Values, values: Values) -> None:
        """Add what is known of a row of a table that was begun."""
        if table in self._rows:
            self._rows[table].setdefault(tuple(key.values()), dict(key)).update(values)
            self._there.clear()

    def forget(self, table: str) -> None:
        """Forget the rows of a table that could not be read: whoever refers to them would be blamed for that."""
        self._rows.pop(table, None)
        self._there.clear()

    def is_lost(self, key: ForeignKey, values: tuple[str | None, ...]) -> bool:
        """Tell whether a reference is known to lead nowhere; one with a null leads nowhere and need not."""
        there = self._of(key)
        return there is not None and None not in values and values not in there

    def _of(self, key: ForeignKey) -> set[tuple[str | None, ...]] | None:
        place = key.resource, key.references
        if place not in self._there:
            rows = self._rows.get(key.resource)
            self._there[place] = None
            if rows is not None and all(name in row for row in rows.values() for name in key.references):
                self._there[place] = {tuple(row[name] for name in key.references) for row in rows.values()}
        return self._there[place]
