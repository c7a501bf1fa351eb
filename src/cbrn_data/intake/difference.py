"""The difference between two states of a source: of a table row by row, by its key; of everything else line by line."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import zip_longest
from pathlib import Path

import pyarrow as pa

from cbrn_data import foreign
from cbrn_data.errors import ReleaseError
from cbrn_data.sources.cells import read_cells
from cbrn_data.sources.document import read_document
from cbrn_data.store import disk
from cbrn_data.store.folder import SUMS, parse_checksums, source_file
from cbrn_data.store.store import Store
from cbrn_data.tabular.blocks import read_blocks, read_header
from cbrn_data.tabular.delta import KEY
from cbrn_data.tabular.differences import differences, joined

READ_AT_MOST = 16 << 20
"""The most bytes of a file that is compared in memory; of a larger one, bulk tables excepted, only the size is compared."""

_LINES_AT_MOST = 20_000
"""The most lines of two files that are aligned, which takes the square of their number."""

Cells = dict[str, str | None]


@dataclass(frozen=True)
class Change:
    """One difference: ``kind`` (added, removed, changed), the place (a key or a line), the field, and the two values."""

    kind: str
    place: str
    field: str
    old: str
    new: str


@dataclass(frozen=True)
class Difference:
    """All changes of a file; ``known_from`` is the file under ``raw/`` or the release with its old bytes, "" if none has."""

    known_from: str = ""
    changes: Iterable[Change] = field(default_factory=list)


def find_difference(present: Path, published: Path, sha256: str, new: Path | bytes, keys: Sequence[str]) -> Difference:
    """Return the difference of ``new`` from the bytes that a sidecar knows, if the ``present`` file or a release has them.

    ``keys`` are the columns that identify a row; empty for a text. A table in a file is read in blocks, in any order.
    """
    try:
        known = _present(present, sha256, new) or _known_file(published, present.name, sha256)
    except ReleaseError:
        known = None  # the commands that read releases report it
    if known is None:
        return Difference()
    known_from, old = known
    if isinstance(new, Path):
        return Difference(known_from, _of_bulk(old, new, keys))
    if max(old.stat().st_size, len(new)) > READ_AT_MOST:
        return Difference(known_from, [_of_sizes(old.stat().st_size, len(new))])
    return Difference(known_from, list(changes_of(disk.read(old), new, keys)))  # before the old file is replaced


def _present(present: Path, sha256: str, new: Path | bytes) -> tuple[str, Path] | None:
    """Return the file under ``raw/``, unless it has other bytes, or is replaced before its rows are compared."""
    if isinstance(new, Path) or not present.is_file() or disk.sha256_of(foreign.read(present)) != sha256:
        return None
    return f"raw/{present.name}", present


def _known_file(published: Path, name: str, sha256: str) -> tuple[str, Path] | None:
    """Return the newest release that has these bytes of a source, and their file. Raises ReleaseError."""
    for release in reversed(Store(published).releases()):
        listed = parse_checksums(release.folder / SUMS, disk.read(release.folder / SUMS))
        if listed.get(f"sources/{name}") == sha256 and f"sources/{name}" not in release.erased:
            return f"release {release.version}", source_file(release.folder, f"sources/{name}")
    return None


def changes_of(old: bytes, new: bytes, keys: Sequence[str]) -> Iterator[Change]:
    """Yield the changes between two states; rows by key, if there is one and it is unique, else lines."""
    before, after = (_rows(data, keys) for data in (old, new))
    if before is not None and after is not None:
        yield from _of_rows(before, after)
    else:
        yield from _of_lines(old, new)


def _rows(data: bytes, keys: Sequence[str]) -> dict[str, Cells] | None:
    """Return the rows by key; None if there is no key, or it is not unique, or a row is malformed."""
    document = read_document("", data)[0] if keys else None
    table = read_cells(document) if document else None
    if table is None or table.findings or not set(keys) <= set(table.header):
        return None
    found = {"/".join(row.text(name) or "" for name in keys): row.values() for row in table.rows}
    return found if len(found) == len(table.rows) else None


def _of_rows(old: dict[str, Cells], new: dict[str, Cells]) -> Iterator[Change]:
    for key, after in new.items():
        yield from _of_row(key, old[key], after) if key in old else [Change("added", key, "*", "", _said(after))]
    yield from (Change("removed", key, "*", _said(before), "") for key, before in old.items() if key not in new)


def _of_row(key: str, before: Cells, after: Cells) -> Iterator[Change]:
    for name in {**after, **before}:
        if before.get(name) != after.get(name):
            yield Change("changed", key, name, before.get(name) or "", after.get(name) or "")


def _said(row: Cells) -> str:
    return ", ".join(f"{name} {value}" for name, value in row.items() if value is not None)


def _of_bulk(old: Path, new: Path, keys: Sequence[str]) -> Iterator[Change]:
    """Yield the changes of a bulk table in the order of its key, or of its size if it has no key."""
    try:
        before, after = _header(old), _header(new)
        if before != after:
            yield Change("changed", "line 1", "", ",".join(before), ",".join(after))
            return
        blocks = [partial(_blocks, path, keys) for path in (old, new)]
        for delta in differences(blocks[0], blocks[1], before, max(path.stat().st_size for path in (old, new))):
            removed, added, was, now = (part.select(before).to_pylist() for part in delta.parts)
            yield from (Change("removed", _place(row, keys), "*", _said(row), "") for row in removed)
            yield from (Change("added", _place(row, keys), "*", "", _said(row)) for row in added)
            for row, other in zip(was, now, strict=True):
                yield from _of_row(_place(row, keys), row, other)
    except (ValueError, KeyError):  # without its key, or with two columns of one name
        yield _of_sizes(old.stat().st_size, new.stat().st_size)


def _place(row: Cells, keys: Sequence[str]) -> str:
    return "/".join(row[name] or "" for name in keys)


def _header(path: Path) -> list[str]:
    with foreign.opened(path, buffering=0) as file:
        return list(read_header(file)[0])


def _blocks(path: Path, keys: Sequence[str]) -> Iterator[pa.Table]:
    with foreign.opened(path, buffering=0) as file:
        for block in read_blocks(file, *read_header(file)):
            yield block.table.append_column(KEY, joined([block.table[name] for name in keys]))


def _of_sizes(old: int, new: int) -> Change:
    return Change("changed", "the whole file", "", f"{old:,} bytes", f"{new:,} bytes")


def _of_lines(old: bytes, new: bytes) -> Iterator[Change]:
    before, after = (data.decode("utf-8", "replace").splitlines() for data in (old, new))
    if max(len(before), len(after)) > _LINES_AT_MOST:
        yield Change("changed", "the whole file", "", f"{len(before):,} lines", f"{len(after):,} lines")
        return
    for kind, first, last, begin, end in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind != "equal":
            for number, (was, now) in enumerate(zip_longest(before[first:last], after[begin:end]), start=begin + 1):
                word = "added" if was is None else "removed" if now is None else "changed"
                yield Change(word, f"line {number}", "", was or "", now or "")
