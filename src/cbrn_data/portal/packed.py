"""The rows of a table as the script beside its page: all that the page shows, so that it can be filtered as one.

A page from disk may load a script, but no other file. The script sets ``cbrnRows``:

- ``header``: the columns of the CSV; ``key``: their positions in the key of a row.
- ``columns``: the columns that are shown: ``name``, ``title``, ``at`` (position in the header), ``number`` (true if its
  values are numbers), ``named`` (true if its values are sorted by the name of the row that they refer to), ``sparse`` (if
  few rows fill it), ``ours`` (true if its values are words of the definition), ``own`` (true if the names of its links
  are words of ours).
- ``links``: [address, name] of the pages that the rows link to.
- ``rows``: the cells of each row: null, a text, or [text, passages, link to a row, link to a public page, text in the CSV],
  without zeros at the end. A passage is [link, fragment, first line, last line]. Of a disputed null it is [null, reason].
- for citations, if values can be cited: ``quotes``, the words of each passage by link and fragment; ``files``, [name, number
  of rows] of each CSV file in order; ``numbers``, the number of each row in them, as if they were one.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from cbrn_data.catalogue.schema_org import script_text
from cbrn_data.pages import inert
from cbrn_data.portal.cells import Cell, ShownRow
from cbrn_data.portal.filters import NUMBERS
from cbrn_data.portal.rows import LABEL, cut, is_ours
from cbrn_data.schema.model import Field, TableDefinition
from cbrn_data.schema.table import Row

QUOTED = 400
"""Characters of the words of a passage, for a citation."""


class PackedRows:
    """The script of a table; rows are added in the order of the page. Values can be cited if its CSV ``files`` are given."""

    def __init__(
        self,
        table: TableDefinition,
        fields: Sequence[Field],
        references: frozenset[str],
        sparse: Collection[str],
        files: Sequence[tuple[str, int]] = (),
    ) -> None:
        self._table, self._fields, self._references, self._sparse, self._files = table, fields, references, sparse, files
        self._links: dict[tuple[str, str], int] = {}
        self._rows: list[list[Any]] = []
        self._numbers: list[int] = []
        self._quotes: dict[str, str] = {}
        self._own: set[str] = set()

    def add(self, row: Row, shown: ShownRow, number: int) -> None:
        """Add a row, as in the table and as shown, with its number in the CSV."""
        self._rows.append([_cell(cell, row, self._links) for cell in shown.cells])
        self._numbers.append(number)
        for cell in shown.cells:
            if cell.to and not cell.named:
                self._own.add(cell.field.name)
            for one in cell.words:
                if one.quote and self._files:
                    self._quotes[f"{_link(self._links, one.page, one.source)}#{one.anchor}"] = inert(cut(one.quote, QUOTED))

    def script(self) -> bytes:
        """Return the script."""
        names = [field.name for field in self._table.fields]
        columns = [
            {
                "name": field.name,
                "title": field.title,
                "at": names.index(field.name),
                "number": field.type in NUMBERS,
                "named": field.name in self._references,
                **({"ours": True} if is_ours(field) else {}),
                **({"own": True} if field.name in self._own else {}),
                "sparse": field.name in self._sparse,
            }
            for field in self._fields
        ]
        key = [names.index(name) for name in self._table.primary_key]
        rows = {"header": names, "key": key, "columns": columns, "links": list(self._links), "rows": self._rows}
        if self._files:
            rows |= {"quotes": self._quotes, "files": self._files, "numbers": self._numbers}
        return f"window.cbrnRows = {script_text(rows)};\n".encode()


def _cell(cell: Cell, row: Row, links: dict[tuple[str, str], int]) -> Any:
    if cell.text is None:
        return [None, cell.why] if cell.why else None
    text, raw = inert(cell.text), row[cell.field.name]
    if text == raw and not (cell.words or cell.to or cell.out):
        return text
    passages = [[_link(links, one.page, one.source), one.anchor, *dict.fromkeys(one.lines)] for one in cell.words]
    to = _link(links, cell.to[0], inert(cut(cell.to[1], LABEL))) + 1 if cell.to else 0
    out = _link(links, cell.out, cell.host) + 1 if cell.out else 0
    more = [passages, to, out, 0 if raw == text else raw]
    while not more[-1]:
        more.pop()
    return [text, *more]


def _link(links: dict[tuple[str, str], int], address: str, name: str) -> int:
    return links.setdefault((address, name), len(links))
