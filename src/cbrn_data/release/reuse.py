"""Make a table in parts from those of the newest release: only the parts whose rows changed, and their neighbours, are made.

The newest release names the range of the source of each of its parts. So the new source is read once, and its ranges are
compared by digest. Where they differ, the rows are read, checked and cut again, from the part before to the part after,
because a change can move the ends of the part that has it (see ``schema.parts``). The other parts are those of the newest
release, with new lines in the source. The result is the same as without a release; where that is not certain, everything is
made: if this code, the definition or the rows that are referred to are others, or if any row has a finding.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

from cbrn_data.errors import CbrnDataError
from cbrn_data.progress import step
from cbrn_data.release.code import is_of_this_code
from cbrn_data.schema import parts as rule
from cbrn_data.schema.bulk import BulkReading, Range, header_words
from cbrn_data.schema.check import known_keys
from cbrn_data.schema.model import Package, TableDefinition, read_package
from cbrn_data.schema.parts import Part
from cbrn_data.schema.ranges import Kept, NotAlikeError, compare_sources
from cbrn_data.schema.table import Tables, released_tables
from cbrn_data.schema.written import table_digest
from cbrn_data.sources.source import Source
from cbrn_data.store import disk
from cbrn_data.store.folder import SUMS, parse_checksums
from cbrn_data.store.history import read_history
from cbrn_data.tables.bulk import BulkTable, Write, parted_table
from cbrn_data.tables.parts import write_range

_LARGEST = 1 << 30
"""The most bytes of a source that are read again at once."""


def reusing(write: Write, published: Path) -> Write:
    """Return a function that takes unchanged parts from the newest release in ``published``, or else calls ``write``."""

    def written(source: Source, package: Package, tables: Tables, folder: Path) -> BulkTable:
        definition = package.tables[str(source.metadata["table"])]
        if definition.name in package.parted:
            with suppress(NotAlikeError):
                return _written(source, package, tables, folder, _before(published, source, definition, package, tables))
        return write(source, package, tables, folder)

    return written


@dataclass(frozen=True)
class _Before:
    """The parts of a table in the newest release, and its source there."""

    parts: Sequence[Part]
    source: Path


def _before(published: Path, source: Source, definition: TableDefinition, package: Package, tables: Tables) -> _Before:
    """Return the parts that the newest release has of a table. Raises NotAlikeError if they would be made otherwise."""
    try:
        newest = read_history(published)[-1]
        old_package = read_package(newest.folder / "schemas")
        listed = parse_checksums(newest.folder / SUMS, disk.read(newest.folder / SUMS))
        old = released_tables(newest.folder, old_package)
        quarantined = old["quarantine"].rows
    except (CbrnDataError, IndexError, KeyError) as error:
        raise NotAlikeError from error
    name, file = definition.name, f"{definition.name}.yaml"
    parts = old[definition.name].parts if definition.name in old else ()
    same_rules = is_of_this_code(newest.info) and package.files[file] == old_package.files.get(file)
    same_references = all(
        listed.get(f"{key.resource}.csv") == table_digest(tables[key.resource]) for key in definition.foreign_keys
    )
    if (
        not (parts and same_rules and same_references)
        or any(row["table_name"] == name for row in quarantined)
        or any(not part.source_sha256 or part.file.size > rule.LEAST * rule.MOST // 2 for part in parts)
        or not disk.mode(newest.folder / "sources" / source.name)
    ):
        raise NotAlikeError
    return _Before(
        [replace(part, file=replace(part.file, is_final=True)) for part in parts],
        newest.folder / "sources" / source.name,
    )


def _written(source: Source, package: Package, tables: Tables, folder: Path, before: _Before) -> BulkTable:
    path = source.path
    assert path
    definition = package.tables[str(source.metadata["table"])]
    reading = BulkReading(definition)
    reading.header, reading.header_start = header_words(path)
    known, parts = known_keys(definition, tables), list[Part]()
    there = {part.file.sha256: part.file for part in before.parts}
    with step(f"Build {definition.name} from the parts of the release before"):
        for each in _extended(list(compare_sources(before.source, path, before.parts))):
            if isinstance(each, Kept):
                part = before.parts[each.number]
                parts.append(replace(part, line=each.range.line if each.number else part.line))
                continue
            made = write_range(path, each, reading, known, folder).parts
            if reading.tally.counts or not made or not made[0].source_sha256:
                raise NotAlikeError
            parts += [replace(part, file=there.get(part.file.sha256, part.file)) for part in made]
    if any(not one.last < other.first for one, other in pairwise(parts)):
        raise NotAlikeError
    return parted_table(source, reading, parts)


def _extended(ranges: Sequence[Kept | Range]) -> list[Kept | Range]:
    """Return ranges in which each one that changed has its unchanged neighbours too. Raises NotAlikeError."""
    changed = {place for place, each in enumerate(ranges) if isinstance(each, Range)}
    made = changed | {place + by for place in changed for by in (-1, 1)}
    found: list[Kept | Range] = []
    for place, each in enumerate(ranges):
        if place not in made:
            found.append(each)
            continue
        one = each.range if isinstance(each, Kept) else each
        if found and isinstance(last := found[-1], Range):
            found[-1] = replace(last, size=last.size + one.size)
        else:
            found.append(one)
    if any(isinstance(each, Range) and each.size > _LARGEST for each in found):
        raise NotAlikeError
    return found
