"""Profile the columns of a source from its CSV file, which is read once, in blocks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cbrn_data import foreign
from cbrn_data.errors import CbrnDataError
from cbrn_data.findings import shown
from cbrn_data.normalise.text import ACTIVE, slug
from cbrn_data.schema.rules import is_partial_date
from cbrn_data.sources.addresses import PUBLIC_PAGE
from cbrn_data.sources.document import REFUSED
from cbrn_data.tabular.blocks import Block, read_blocks, read_header
from cbrn_data.tabular.columns import DATE, INTEGER, Column, by_text
from cbrn_data.tabular.magic import HEAD, likely_delimiter

BULK_KEY = re.compile("[a-z0-9][a-z0-9-]*")
"""The form of the key of a bulk table."""
_NEGATIVE = r"^-[0-9]+(?:\.[0-9]+)?$"
_REFUSED = (
    (dict(REFUSED)["source-control-character"], "a control character"),
    (dict(REFUSED)["source-invisible-character"], "an invisible character"),
    (f"^(?:{ACTIVE})", "what a spreadsheet would run as a formula"),
)


def _is_datetime(text: str) -> bool:
    try:
        return bool(re.fullmatch(r"[0-9-]{10}T[0-9:]{8}Z", text) and datetime.fromisoformat(text))
    except ValueError:
        return False


FORMS = {
    "integer": INTEGER,
    "date": DATE,
    "datetime": by_text(_is_datetime, type="datetime"),
    "partial date": by_text(is_partial_date),
    "decimal": by_text(
        re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?").fullmatch, "decimal numbers stay text, digit by digit"
    ),
    "address": by_text(PUBLIC_PAGE.fullmatch, type="string", format="uri"),
}
"""The forms of a column in the order of preference."""


@dataclass
class SourceColumn(Column):
    """A column of a source.

    ``unsorted`` is the first line whose value is empty, not of the form of a bulk key, or not above the value before.
    """

    unsorted: int | None = None
    _last: bytes = b""

    def add(self, cells: pa.ChunkedArray, lines: Sequence[int]) -> None:
        """Add the cells of a block, which begin on ``lines``."""
        super().add(cells, lines)
        if self.unsorted is None:
            self._follow(cells, lines)

    def _follow(self, cells: pa.ChunkedArray, lines: Sequence[int]) -> None:
        for text, line in zip(cells.to_pylist(), lines, strict=True):
            if text is None or not BULK_KEY.fullmatch(text) or text.encode() <= self._last:
                self.unsorted = line
                return
            self._last = text.encode()


def read_columns(path: Path) -> list[SourceColumn]:
    """Return the columns of a CSV file with a header. Raises CbrnDataError, with the line, for a malformed one."""
    with foreign.opened(path, buffering=0) as file:
        _check_delimiter(path, file.read(HEAD))
        file.seek(0)
        header, begun, line = read_header(file)
        _check_header(path, header)
        columns = [SourceColumn(name, FORMS) for name in header]
        for block in read_blocks(file, header, begun, line):
            if block.issues:
                raise CbrnDataError(f"{path}:{block.issues[0].line}: {shown(block.issues[0].message, 200)}")
            _check_text(path, block)
            lines = block.lines(np.arange(block.table.num_rows)).tolist()
            for column in columns:
                column.add(block.table[column.name], lines)
    if not columns[0].rows:
        raise CbrnDataError(f"{path}: has no rows, so nothing can be proposed")
    return columns


def _check_delimiter(path: Path, head: bytes) -> None:
    if other := likely_delimiter(head):
        raise CbrnDataError(f"{path}:1: its cells are separated by {other!r}, not by commas; save it with commas")


def _check_text(path: Path, block: Block) -> None:
    """Refuse invisible characters, and text that a spreadsheet would run. Raises CbrnDataError with the line."""
    for name in block.table.column_names:
        cells = block.table[name]
        for pattern, what in _REFUSED:
            wrong = pc.and_not(pc.match_substring_regex(cells, pattern), pc.match_substring_regex(cells, _NEGATIVE))
            places = np.flatnonzero(pc.fill_null(wrong, False).to_numpy())
            if places.size:
                line, value = block.lines(places[:1]).tolist()[0], cells[int(places[0])].as_py()
                raise CbrnDataError(f"{path}:{line}: {name} has {what}: {shown(value, 80)!r}; correct the file")


def _check_header(path: Path, header: list[str]) -> None:
    """Refuse a header that cannot have the names of fields. Raises CbrnDataError."""
    if not header:
        raise CbrnDataError(f"{path}:1: is empty")
    wrong = [name for name in header if not re.fullmatch("[a-z][a-z0-9_]{0,62}", name)]
    if wrong:
        renamed = ", ".join(f"{shown(name, 40)!r} to {field_name(name)!r}" for name in wrong[:5])
        raise CbrnDataError(f"{path}:1: names of columns are small letters, digits and _; rename {renamed}")
    if twice := next((name for name in header if header.count(name) > 1), None):
        raise CbrnDataError(f"{path}:1: the column {twice!r} is repeated; rename one of the two")


def field_name(text: str) -> str:
    """Return a valid name of a field, or of a table, for a label.

    >>> field_name("People (total)"), field_name("2025")
    ('people_total', 'column_2025')
    """
    name = slug(text).replace("-", "_")[:50]
    return name if name[:1].isalpha() else f"column_{name}".rstrip("_")
