"""A large CSV file cut into pieces that can be read apart from each other, by other processes or machines.

A piece ends at a line break before which the quotation marks are even in number, and knows on which line it begins. Where
marks stand only where they belong, records end there. Where one does not, a piece may end within a cell: its reader
then finds a mark that is not closed (``csv-quote``), and the file must be read as a whole. As long as no reader of a piece
finds one, each piece began where the one before truly ended, and its blocks are those of the whole file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cbrn_data import foreign
from cbrn_data.tabular.blocks import breaks, read_header


@dataclass(frozen=True)
class Piece:
    """Whole records of a file: from the byte ``start``, ``size`` bytes, the first on ``line`` (from 1)."""

    start: int
    size: int
    line: int


class NotCutError(ValueError):
    """The file can only be read as a whole."""


def cut_file(path: Path, size: int) -> Iterator[Piece]:
    """Yield the records after the header as pieces of at most ``size`` bytes. Raises NotCutError."""
    with foreign.opened(path, buffering=0) as file:
        _, begun, line = read_header(file)
        start = file.tell() - len(begun)
        file.seek(start)
        rest = b""
        while True:
            data = _read(file, size - len(rest))
            rest += data
            if not rest:
                return
            cut = _end(rest) if data else len(rest)
            if not cut:
                raise NotCutError(f"{path.name}: line {line} and those after it")
            yield Piece(start, cut, line)
            start, line, rest = start + cut, line + breaks(rest[:cut]), rest[cut:]


def _end(data: bytes) -> int:
    """Return where the last line ends before which the marks are even in number, 0 if none does."""
    end = data.rfind(b"\n") + 1
    marks = data.count(b'"', 0, end)
    while end and marks % 2:
        before = data.rfind(b"\n", 0, end - 1) + 1
        marks, end = marks - data.count(b'"', before, end), before
    return end


def _read(file: object, size: int) -> bytes:
    """Read ``size`` bytes, fewer only at the end; one read of the system gives at most 2 GB."""
    pieces = []
    while size and (data := file.read(size)):  # type: ignore[attr-defined]
        pieces.append(data)
        size -= len(data)
    return b"".join(pieces)
