"""A bulk table in parts: where it is cut, and how its parts are written.

This is content-defined chunking. A part begins at the row whose key has the smallest hash of all rows within ``LEAST`` bytes
before and after it. So only the rows near a cut decide about it: a changed, inserted or deleted row changes the part that
has it, or moves one of its two ends. A part has at least ``LEAST`` bytes, two to three times as many on average, and at most
``MOST``; if no row within ``MOST`` qualifies, the row with the smallest hash among them is taken.

The size of a row is that of its cells, without its line in the source and without quotation marks. Lines in a part are
relative to its first row, which has 1; otherwise an inserted row would change all later parts. The descriptor of the release
has the line of the first row of each part, and ``schema.table`` adds it.

A part is the file ``<table>/from-<first key>.csv``, with the header, so its name does not depend on other parts.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from cbrn_data.schema.days import dated_fields, first_day, last_day
from cbrn_data.schema.model import LINE, TableDefinition
from cbrn_data.store.disk import FileRef
from cbrn_data.tabular.arrays import flat
from cbrn_data.tabular.canonical import csv_header, csv_rows
from cbrn_data.tabular.keys import hashed

LEAST = 2 << 20
"""The least bytes of the cells of a part."""
MOST = 32
"""The most bytes of a part, in multiples of ``LEAST``. A part of less than half of it ends at a regular cut."""
PARTS = "parts"
"""The property of a resource that describes its parts."""
_LONGEST_KEY = 60
_NO_HASH = 1 << 64

_Hashes = npt.NDArray[np.uint64]
_Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Part:
    """Rows of consecutive keys, from ``first`` to ``last``, in a file of their own.

    ``line`` is the line of the first row in the source, ``nulls`` the number of empty cells of each column that has some,
    ``days`` the first and the last day of all dates, if there are any. ``source_bytes`` and ``source_sha256`` are the size
    and digest of the range of the source that gave these rows, which follows that of the part before; both are empty if the
    source cannot be divided.
    """

    first: str
    last: str
    rows: int
    line: int
    nulls: Mapping[str, int]
    days: Sequence[str]
    file: FileRef
    source_bytes: int = 0
    source_sha256: str = ""

    def described(self) -> dict[str, Any]:
        """Return the part as an entry of the descriptor."""
        source = {"bytes": self.source_bytes, "hash": f"sha256:{self.source_sha256}"}
        return {
            **{name: getattr(self, name) for name in ("first", "last", "rows", "line")},
            "nulls": dict(self.nulls),
            "days": list(self.days),
            "bytes": self.file.size,
            "hash": f"sha256:{self.file.sha256}",
            **({"source": source} if self.source_sha256 else {}),
        }


def part_of(entry: Mapping[str, Any], file: FileRef) -> Part:
    """Return a part from its entry in a descriptor. Raises KeyError or TypeError."""
    source = entry.get("source", {})
    rows, line = (int(entry[name]) for name in ("rows", "line"))
    nulls, days = {str(name): int(count) for name, count in entry["nulls"].items()}, [str(day) for day in entry["days"]]
    digest = str(source.get("hash", "")).removeprefix("sha256:")
    first, last = str(entry["first"]), str(entry["last"])
    return Part(first, last, rows, line, nulls, days, file, int(source.get("bytes", 0)), digest)


def part_name(table: str, first: str) -> str:
    """Return the name of a part in a release by its first key; a long key is cut, and its hash is added.

    >>> part_name("trainings", "t-0001")
    'trainings/from-t-0001.csv'
    """
    if len(first) > _LONGEST_KEY:
        first = f"{first[: _LONGEST_KEY - 17]}-{hashlib.sha256(first.encode()).hexdigest()[:16]}"
    return f"{table}/from-{first}.csv"


def parts_digest(parts: Sequence[Part]) -> str:
    """Return the digest of a table in parts: of the digests of its parts, in order, one to a line."""
    return hashlib.sha256("".join(f"{part.file.sha256}\n" for part in parts).encode()).hexdigest()


class Cuts(Protocol):
    """Finds the rows at which parts begin; ``decided`` is the number of rows for which this is known."""

    decided: int

    def add(self, block: pa.Table) -> list[int]:
        """Add rows; return the numbers, from 0, of further rows at which a part begins."""

    def finish(self) -> list[int]:
        """Return the last rows at which a part begins."""


class KnownCuts(Cuts):
    """The cuts of a release, by the first keys of its parts."""

    def __init__(self, table: TableDefinition, parts: Sequence[Part]) -> None:
        self.decided = 0
        self._key, self._first = table.primary_key[0], pa.array([part.first for part in parts], pa.string())

    def add(self, block: pa.Table) -> list[int]:
        cuts = self.decided + np.flatnonzero(pc.is_in(flat(block[self._key]), self._first))
        self.decided += block.num_rows
        return [int(cut) for cut in cuts]

    def finish(self) -> list[int]:
        return []


@dataclass(frozen=True)
class Edges:
    """The rows at the two ends of a range, to decide whether a cut before the range would also exist in the whole table.

    ``size`` is the number of bytes of the rows, ``first`` the hash of the first one; ``after`` is the least hash of the
    others that begin less than ``LEAST`` bytes after it, ``before`` of those that begin less than ``LEAST`` before the end.
    """

    size: int
    first: int
    after: int
    before: int

    @classmethod
    def unchanged(cls, first: int) -> Edges:
        """Return the edges of unchanged rows next to changed ones, at an existing cut."""
        return cls(LEAST, first, _NO_HASH, _NO_HASH)

    def follow(self, others: Edges) -> bool:
        """Return whether these rows begin a part if they follow ``others``, which begin one or are the first."""
        is_least = self.first < others.before and self.first <= self.after
        return is_least and min(self.size, others.size) >= LEAST


class Cutter(Cuts):
    """Finds cuts by the rule of this module; without ``is_forcing``, only at smallest hashes."""

    def __init__(self, table: TableDefinition, is_forcing: bool = True) -> None:
        self._table, self._is_forcing = table, is_forcing
        self.decided = self.size = 0
        self._first, self._after = _NO_HASH, _NO_HASH
        self._before = 0  # rows that are not kept any more
        self._hashes, self._starts = np.zeros(0, np.uint64), np.zeros(0, np.int64)
        self._part = 0

    @property
    def edges(self) -> Edges:
        """The edges of all rows that were added."""
        last = self._hashes[self._starts > self.size - LEAST]
        return Edges(self.size, self._first, self._after, int(last.min()) if len(last) else _NO_HASH)

    def add(self, block: pa.Table) -> list[int]:
        lengths = [pc.fill_null(pc.binary_length(flat(block[name])), 0).to_numpy() for name in self._table.content]
        sizes = np.asarray(np.sum(lengths, axis=0) + len(lengths), np.int64)
        return self.add_rows(_spread(hashed([flat(block[name]) for name in self._table.primary_key])), sizes)

    def add_rows(self, hashes: _Hashes, sizes: _Ints) -> list[int]:
        """Add rows by the hashes of their keys and their sizes, as ``add``."""
        starts = self.size + np.cumsum(sizes) - sizes
        near = hashes[: int(np.searchsorted(starts, LEAST, "left"))]
        if not self.size and len(near):
            self._first, near = int(near[0]), near[1:]
        self._after = min(self._after, int(near.min())) if len(near) else self._after
        self.size += int(sizes.sum())
        self._hashes, self._starts = np.concatenate([self._hashes, hashes]), np.concatenate([self._starts, starts])
        return self._decide(self.size - LEAST)

    def finish(self) -> list[int]:
        cuts = self._decide(self.size)
        self.decided = self._before + len(self._starts)
        return cuts

    def _decide(self, end: int) -> list[int]:
        """Decide about the rows that begin before ``end``; all rows near enough to them must be known."""
        cuts: list[int] = []
        begin, stop = self.decided - self._before, int(np.searchsorted(self._starts, end, "left"))
        for row in [*self._least(begin, stop), None]:
            place = end if row is None else int(self._starts[row])
            while self._is_forcing and place - self._part >= MOST * LEAST and (forced := self._forced()) is not None:
                cuts.append(forced)
                self._part = int(self._starts[forced])
            if row is not None:
                cuts.append(row)
                self._part = place
        self.decided, cuts = max(self.decided, self._before + stop), [self._before + row for row in cuts]
        keep = int(np.searchsorted(self._starts, min(self._part, end - LEAST), "left"))
        self._before, self._hashes, self._starts = self._before + keep, self._hashes[keep:], self._starts[keep:]
        return cuts

    def _least(self, begin: int, stop: int) -> list[int]:
        """Return the kept rows from ``begin`` to ``stop`` with the smallest hash of all rows near them."""
        if begin >= stop:
            return []
        starts = self._starts
        cells = starts[begin:stop] // LEAST
        first = np.concatenate([[0], np.flatnonzero(np.diff(cells)) + 1]) + begin
        found = []
        for one, next_one in zip(first, [*first[1:], stop], strict=True):
            row = int(one) + int(np.argmin(self._hashes[one:next_one]))
            near = (
                np.searchsorted(starts, starts[row] - LEAST, "right"),
                np.searchsorted(starts, starts[row] + LEAST, "left"),
            )
            is_least = int(near[0]) + int(np.argmin(self._hashes[slice(*near)])) == row
            if is_least and LEAST <= starts[row] <= self.size - LEAST:
                found.append(row)
        return found

    def _forced(self) -> int | None:
        """Return the row with the smallest hash in a part that is too large."""
        bounds = np.searchsorted(self._starts, [self._part + LEAST, self._part + (MOST - 1) * LEAST], "left")
        if bounds[0] == bounds[1]:
            return None
        return int(bounds[0]) + int(np.argmin(self._hashes[slice(*bounds)]))


def hash_of_key(key: str) -> int:
    """Return the hash by which a row with this key is compared."""
    return int(_spread(hashed([pa.array([key])]))[0])


def _spread(hashes: _Hashes) -> _Hashes:
    """Return hashes in which each bit depends on all bits (finaliser of splitmix64), because they are compared by size."""
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        hashes = (hashes ^ (hashes >> np.uint64(shift))) * np.uint64(factor)
    return hashes ^ (hashes >> np.uint64(31))


class PartSink(Protocol):
    """Receives the bytes of a part, piece by piece; ``close`` returns its file."""

    def write(self, data: bytes | memoryview, /) -> object:
        """Receive the next bytes."""

    def close(self) -> FileRef:
        """Return the whole file."""


class PartsWriter:
    """Writes the rows of a table, block by block, as parts; ``opened`` gives the receiver of a part by its name,
    ``cutter`` the cuts.

    After ``close``, ``parts`` has all of them.
    """

    def __init__(self, table: TableDefinition, opened: Callable[[str], PartSink], cutter: Cuts | None = None) -> None:
        self.parts: list[Part] = []
        self._table, self._opened = table, opened
        self._cutter = cutter or Cutter(table)
        self._cuts: deque[int] = deque([0])
        self._blocks: deque[pa.Table] = deque()
        self._row = 0
        self._open: _OpenPart | None = None

    def add(self, block: pa.Table) -> None:
        """Write rows of text, whose columns are those of the table, maybe with ``WRITTEN``."""
        if block.num_rows:
            self._cuts += (row for row in self._cutter.add(block) if row)
            self._blocks.append(block)
            self._write()

    def close(self) -> None:
        """Write the rest."""
        self._cuts += self._cutter.finish()
        self._write()
        self._end()

    def _write(self) -> None:
        while self._blocks and self._row < self._cutter.decided:
            block = self._blocks.popleft()
            if self._cuts and self._cuts[0] == self._row:
                self._cuts.popleft()
                self._end()
                self._open = _OpenPart(self._table, block, self._opened)
            stop = min(self._cutter.decided, self._cuts[0] if self._cuts else self._cutter.decided) - self._row
            assert self._open
            self._open.add(block.slice(0, stop))
            self._row += min(stop, block.num_rows)
            if stop < block.num_rows:
                self._blocks.appendleft(block.slice(stop))

    def _end(self) -> None:
        if self._open:
            self.parts.append(self._open.close())
        self._open = None


class _OpenPart:
    """A part that is being written."""

    def __init__(self, table: TableDefinition, block: pa.Table, opened: Callable[[str], PartSink]) -> None:
        self._key = table.primary_key[0]
        self._first = self._last = str(block[self._key][0])
        self._line, self._rows = int(str(block[LINE][0])), 0
        self._nulls = dict.fromkeys(table.content, 0)
        self._dated, self._days = dated_fields(table), list[str]()
        self._sink = opened(part_name(table.name, self._first))
        self._sink.write(csv_header(table.names))

    def add(self, block: pa.Table) -> None:
        self._rows += block.num_rows
        for name in self._nulls:
            self._nulls[name] += block[name].null_count
        dates = {text for name in self._dated for text in pc.unique(flat(block[name])).to_pylist() if text}
        first, last = set(map(first_day, dates)), set(map(last_day, dates))
        self._days = [min({*self._days[:1], *first}), max({*self._days[1:], *last})] if dates else self._days
        self._last = str(block[self._key][block.num_rows - 1])
        self._sink.write(csv_rows(moved_lines(block, 1 - self._line)))

    def close(self) -> Part:
        nulls = {name: count for name, count in self._nulls.items() if count}
        return Part(self._first, self._last, self._rows, self._line, nulls, self._days, self._sink.close())


def moved_lines(block: pa.Table, by: int) -> pa.Table:
    """Return rows with ``by`` added to their lines in the source."""
    place = block.column_names.index(LINE)
    lines = pc.add(flat(block[LINE]).cast(pa.int64()), by).cast(pa.string())
    return block.set_column(place, LINE, lines)


def with_sources(parts: Sequence[Part], ranges: Sequence[tuple[int, str]]) -> list[Part]:
    """Return parts with the sizes and digests of their ranges of the source."""
    return [
        replace(part, source_bytes=size, source_sha256=sha256) for part, (size, sha256) in zip(parts, ranges, strict=True)
    ]
