"""Check the parts of a bulk table independently, so that a cluster can share the work.

A release records the bytes of the source from which each part was made. If the record is wrong, or a row has an error, all
rows are read again in one pass, which reports what is wrong.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from cbrn_data import foreign, spread
from cbrn_data.checks.comparing import compared_parts
from cbrn_data.checks.evidence import source_of
from cbrn_data.schema.bulk import BulkReading, Range, read_window, records_of
from cbrn_data.schema.check import KnownKeysOf
from cbrn_data.schema.model import TableDefinition
from cbrn_data.schema.parts import Part
from cbrn_data.schema.ranges import part_ranges
from cbrn_data.schema.repeats import Repeats, repeats_of
from cbrn_data.schema.table import Table, Tables, table_in_parts
from cbrn_data.store import disk
from cbrn_data.tabular.pieces import NotCutError, Window


@dataclass(frozen=True)
class _Source:
    path: Path
    table: TableDefinition
    known: KnownKeysOf
    repeats: Repeats


@dataclass(frozen=True)
class _Group:
    """Consecutive parts, and the range of the source of which they are made."""

    parts: Sequence[Part]
    range: Range


def read_apart(
    folder: Path, table: Table, tables: Tables, known: KnownKeysOf, judged: Collection[str]
) -> BulkReading | None:
    """Compare a source with the parts of its table; return what was read, None if one pass must read all rows.

    Parts that were ``judged`` before, by their first keys, are left out.
    """
    if not any(row["table_name"] == table.name for row in tables["evidence"].rows):
        return None
    path, _ = source_of(folder, table.name, tables)
    if not disk.mode(path) or not all(part.source_sha256 for part in table.parts):
        return None
    with foreign.opened(path, buffering=0) as file:
        _, whole = records_of(file)
        ranges = part_ranges(file, table.parts)
    if ranges[-1].start + ranges[-1].size != whole.start + whole.size:
        return None
    groups = _groups(table.parts, ranges, judged)
    repeats = repeats_of(path, table.definition, whole.start, whole.start + whole.size)
    reading, line = BulkReading(table.definition), whole.line
    try:
        for group, (read, end) in zip(
            groups,
            spread.each(f"Check {table.name}", _read_group, _Source(path, table.definition, known, repeats), groups),
            strict=True,
        ):
            if not judged and group.range.line != line:
                return None
            reading.extend(read)
            line = end
    except NotCutError:
        return None
    return reading


def _groups(parts: Sequence[Part], ranges: Sequence[Range], judged: Collection[str]) -> list[_Group]:
    """Return the parts that were not judged, in groups of about ``spread.PIECE`` bytes of the source."""
    groups: list[_Group] = []
    for part, of_part in zip(parts, ranges, strict=True):
        if part.first in judged:
            continue
        last = groups[-1] if groups else None
        if last and last.range.start + last.range.size == of_part.start and last.range.size < spread.PIECE:
            both = Range(last.range.start, last.range.size + of_part.size, last.range.line)
            groups[-1] = _Group([*last.parts, part], both)
        else:
            groups.append(_Group([part], of_part))
    return groups


def _read_group(source: _Source, group: _Group) -> tuple[BulkReading, int]:
    """Return what was read of a group, and the next line. Raises NotCutError if the parts have other rows."""
    reading = BulkReading(source.table, source.repeats)
    with foreign.opened(source.path, buffering=0) as file:
        header, _ = records_of(file)
        file.seek(group.range.start)
        window = Window(file, group.range.size, group.range.line)
        with compared_parts(table_in_parts(source.table, group.parts)) as (writer, differences):
            for block in read_window(window, header, reading, source.known):
                writer.add(block)
    if differences or window.has_returns:
        raise NotCutError(f"{source.path.name}: its rows are not those of the parts")
    return reading, group.range.line + window.ends
