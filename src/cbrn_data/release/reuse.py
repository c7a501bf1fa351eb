"""Reuse the parts of a table from the newest release; only parts whose rows changed are made.

The newest release has its source, and records the range of each part in it. Both sources are compared range by range. Where
they differ, the rows are read, checked and cut again. A neighbouring part is reused if the cut between the two does not
move. The changed rows show this, because ``schema.parts`` cuts by the rows near a cut. A reused part only gets new line
numbers of the source. The result is the same as without a release. Everything is made anew if that is not certain: if this
code or the definition changed, if a row that others may refer to is gone, or if any row has a finding.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path

from cbrn_data.errors import CbrnDataError
from cbrn_data.progress import step
from cbrn_data.release.code import is_of_this_code
from cbrn_data.schema import parts as rule
from cbrn_data.schema.bulk import BulkReading, begin
from cbrn_data.schema.check import KnownKeysOf, known_keys
from cbrn_data.schema.model import Package, TableDefinition, read_package
from cbrn_data.schema.parts import Edges, Part, hash_of_key
from cbrn_data.schema.ranges import Changed, Kept, NotAlikeError, compare_sources
from cbrn_data.schema.table import Tables, references_hold, released_tables
from cbrn_data.sources.source import Source
from cbrn_data.store import disk
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
    """Return the parts of a table in the newest release. Raises NotAlikeError if this code would make them differently."""
    try:
        newest = read_history(published)[-1]
        old_package = read_package(newest.folder / "schemas")
        old = released_tables(newest.folder, old_package)
        quarantined = old["quarantine"].rows
    except (CbrnDataError, IndexError, KeyError) as error:
        raise NotAlikeError from error
    name, file = definition.name, f"{definition.name}.yaml"
    parts = old[definition.name].parts if definition.name in old else ()
    same_rules = is_of_this_code(newest.info) and package.files[file] == old_package.files.get(file)
    if (
        not (parts and same_rules and references_hold(definition, old, tables))
        or any(row["table_name"] == name for row in quarantined)
        or any(not part.source_sha256 or part.file.size > rule.LEAST * rule.MOST // 2 for part in parts)
        or not disk.mode(newest.folder / "sources" / source.name)
    ):
        raise NotAlikeError
    return _Before(
        [replace(part, file=replace(part.file, is_final=True)) for part in parts],
        newest.folder / "sources" / source.name,
    )


@dataclass(frozen=True)
class _Made:
    """The parts that were made of a changed range."""

    of: Changed
    parts: Sequence[Part]
    edges: Edges


@dataclass
class _Making:
    """Makes the parts of changed ranges of a source, by the cuts of the parts ``before``; ``reading`` is the last one."""

    path: Path
    folder: Path
    before: Sequence[Part]
    reading: BulkReading
    known: KnownKeysOf
    made: list[Kept | Changed | _Made] = field(default_factory=list)

    def all(self, ranges: Sequence[Kept | Changed]) -> Sequence[Kept | Changed | _Made]:
        """Return the ranges, and the parts of those that changed, with neighbours if a cut beside them is elsewhere now."""
        self.made, place = list(ranges), 0
        while place < len(self.made):
            each = self.made[place]
            if isinstance(each, Changed):
                made = self._make(each)
                first = place - (place > 0 and not self._begins_there(made))
                stop = place + 1 + (place + 1 < len(self.made) and not self._ends_there(made))
                if stop - first > 1:
                    self.made[first:stop] = [_joined(self.made[first:stop])]
                    place = first
                    continue
                self.made[place] = made
            place += 1
        return self.made

    def _make(self, changed: Changed) -> _Made:
        if changed.range.size > _LARGEST:
            raise NotAlikeError
        made = write_range(self.path, changed.range, self.reading, self.known, self.folder)
        if self.reading.tally.counts or not all(part.source_sha256 for part in made.parts):
            raise NotAlikeError
        return _Made(changed, made.parts, made.edges)

    def _begins_there(self, made: _Made) -> bool:
        """Return whether a part still begins at the beginning of a changed range; the rows before it are unchanged."""
        is_same = (
            bool(made.parts) and made.of.first < len(self.before) and made.parts[0].first == self.before[made.of.first].first
        )
        return is_same and made.edges.follow(Edges.unchanged(0))

    def _ends_there(self, made: _Made) -> bool:
        """Return whether the part after a changed range still begins there; its rows are unchanged."""
        return Edges.unchanged(hash_of_key(self.before[made.of.stop].first)).follow(made.edges)


def _joined(ranges: Sequence[Kept | Changed | _Made]) -> Changed:
    """Return consecutive ranges as one that changed."""
    changed = [
        Changed(each.number, each.number + 1, each.range)
        if isinstance(each, Kept)
        else each.of
        if isinstance(each, _Made)
        else each
        for each in ranges
    ]
    size = sum(each.range.size for each in changed)
    return Changed(changed[0].first, changed[-1].stop, replace(changed[0].range, size=size))


def _written(source: Source, package: Package, tables: Tables, folder: Path, before: _Before) -> BulkTable:
    path = source.path
    assert path
    definition = package.tables[str(source.metadata["table"])]
    ranges, reading = list(compare_sources(before.source, path, before.parts)), BulkReading(definition)
    if begin(path, reading) is None or reading.repeats.found:
        raise NotAlikeError
    making = _Making(path, folder, before.parts, reading, known_keys(definition, tables))
    there, parts = {part.file.sha256: part.file for part in before.parts}, list[Part]()
    with step(f"Build {definition.name} from the parts of the release before"):
        for each in making.all(ranges):
            if isinstance(each, Kept):
                part = before.parts[each.number]
                parts.append(replace(part, line=each.range.line if each.number else part.line))
            elif isinstance(each, _Made):
                parts += [replace(part, file=there.get(part.file.sha256, part.file)) for part in each.parts]
    if not parts or any(not one.last < other.first for one, other in pairwise(parts)):
        raise NotAlikeError
    return parted_table(source, reading, parts)
