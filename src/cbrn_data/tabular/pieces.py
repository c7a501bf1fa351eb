"""Cut a large CSV file into pieces that other processes or machines can read independently.

A piece ends at a line break before which the number of quotation marks is even, and has the number of its first line. If
all marks are well placed, records end there. A misplaced mark can make a piece end within a cell: its reader then finds an
unclosed mark (``csv-quote``), and the file must be read as a whole. If no reader of a piece finds one, all pieces begin and
end with records, and their blocks are those of the whole file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cbrn_data import foreign
from cbrn_data.tabular.blocks import read_header
from cbrn_data.tabular.grammar import breaks


@dataclass(frozen=True)
class Piece:
    """Whole records of a file: ``size`` bytes from the byte ``start``, which begin on ``line`` (from 1)."""

    start: int
    size: int
    line: int


class NotCutError(ValueError):
    """The file cannot be cut into pieces."""


def cut_file(path: Path, size: int) -> Iterator[Piece]:
    """Yield the records after the header as pieces of at most ``size`` bytes. Raises NotCutError."""
    with foreign.opened(path) as file:
        _, begun, line = read_header(file)
        start = file.tell() - len(begun)
        file.seek(start)
        rest = b""
        while True:
            data = file.read(size - len(rest))
            rest += data
            if not rest:
                return
            cut = _end(rest) if data else len(rest)
            if not cut:
                raise NotCutError(f"{path.name}: no cut is possible after line {line}")
            yield Piece(start, cut, line)
            start, line, rest = start + cut, line + breaks(rest[:cut]), rest[cut:]


def _end(data: bytes) -> int:
    """Return the last end of a line before which the number of marks is even, or 0."""
    end = data.rfind(b"\n") + 1
    marks = data.count(b'"', 0, end)
    while end and marks % 2:
        before = data.rfind(b"\n", 0, end - 1) + 1
        marks, end = marks - data.count(b'"', before, end), before
    return end
