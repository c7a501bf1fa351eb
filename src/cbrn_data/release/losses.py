"""What a release loses against the one before, for the release guard.

Each table of data is compared with that of the newest release: rows, keys, nulls by column, and values of enumerations. The
table of sources is compared by rows and keys, and each source by its rows of CSV and its rows of evidence.

Why nulls are counted in the rows of both releases: a new leaflet adds rows that have fewer cells than those of a curated
table, which is no loss. Cost: a column that is empty only in new rows is not found.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from cbrn_data.findings import Finding, shown
from cbrn_data.release.changes import TableChanges, without_common_parts
from cbrn_data.release.guard import WAY_OUT, Guard, setting_of
from cbrn_data.schema.table import Table, Tables, sort_keys, with_fields
from cbrn_data.settings import FILE, GUARD
from cbrn_data.sources.cells import read_cells
from cbrn_data.sources.document import Document
from cbrn_data.sources.source import Source
from cbrn_data.store import disk
from cbrn_data.store.folder import source_file
from cbrn_data.tabular.delta import pairs

NAMED = 2
"""The most removed keys that a message names."""
_UNITS = {"guard-rows-lost": " %", "guard-nulls-gained": " points", "guard-source-lost": " %"}


class Losses:
    """The release before (``folder``, ``old``) and the new tables, made from ``sources``."""

    def __init__(self, guard: Guard, folder: Path, old: Tables, new: Tables, sources: Sequence[Source]) -> None:
        self._guard, self._folder, self._old, self._new, self._sources = guard, folder, old, new, sources

    def findings(self, changes: Sequence[TableChanges]) -> list[Finding]:
        """Return a finding for each loss beyond its bound; ``changes`` are those from the old to the new tables."""
        of_table = {each.table.name: each for each in changes}
        found: list[Finding] = []
        for name, old in self._old.items():
            if old.definition.role == "data" or name == "sources":
                found += self._of_table(old, self._new.get(name), of_table.get(name))
        return sorted([*found, *self._of_sources()])

    def _of_table(self, old: Table, new: Table | None, changes: TableChanges | None) -> Iterator[Finding]:
        is_other = new is None or new.definition.primary_key != old.definition.primary_key
        if not old.count or (changes is None and not is_other):
            return
        count = new.count if new else 0
        yield from self._share("guard-rows-lost", old.name, f"{old.name} has {_many(count, 'row')}", old.count, count)
        removed = old.count if is_other or changes is None else changes.counts["removed"]
        names = [change.row_id for change in changes.of_kind("removed")] if changes and not is_other else []
        what = f"{old.name} loses {_many(removed, 'key')} of {old.count:,}{_named(names, removed)}"
        yield from self._beyond("guard-keys-removed", old.name, removed, f"{removed:,}", what)
        if new is not None and changes is not None and not is_other and count and old.definition.role == "data":
            yield from self._of_columns(old, new, changes)

    def _of_columns(self, old: Table, new: Table, changes: TableChanges) -> Iterator[Finding]:
        names = [name for name in old.definition.content if name in new.definition.names]
        enums = [f.name for f in old.definition.fields if f.name in names and "enum" in f.constraints]
        before, after = Counter[str](), Counter[str]()
        gone: dict[str, set[str]] = {name: set() for name in enums}
        old_rest, new_rest, common = without_common_parts(old, new)
        are_same_keys = bool(old.parts and new.parts) and not changes.counts["added"] + changes.counts["removed"]
        counted = (old.parts, new.parts) if are_same_keys else (common, common)
        both = sum(part.rows for part in counted[0])  # of parts whose keys are there before and after
        for counts, parts in zip((before, after), counted, strict=True):
            for name in names:
                counts[name] = sum(part.nulls.get(name, 0) for part in parts)
        blocks = (with_fields(block, new.definition.names) for block in old_rest.blocks())
        keys = partial(sort_keys, new.definition)
        for was, now in () if are_same_keys else pairs(blocks, new_rest.blocks(), keys):
            both += was.num_rows
            for name in names:
                before[name] += was[name].null_count
                after[name] += now[name].null_count
        for name in names:
            points = 100 * (after[name] - before[name]) / both if both else 0
            shares = f"{_percent(before[name], both)} before and {_percent(after[name], both)} now"
            what = f"{old.name}.{name} is null in {shares} of the {both:,} rows that were there before"
            yield from self._beyond("guard-nulls-gained", old.name, points, f"{points:.1f}", what, name)
        for table, remove in ((old_rest, False), (new_rest, True), (new, True)):
            for block in table.blocks() if (any(gone.values()) if remove else enums) else ():
                for name in enums:
                    values = set(pc.unique(block[name].combine_chunks()).drop_null().to_pylist())
                    gone[name] = gone[name] - values if remove else gone[name] | values
        for name in enums:
            what = f"no row of {old.name} has {name} {' or '.join(sorted(gone[name]))} any longer"
            yield from self._beyond("guard-values-lost", old.name, len(gone[name]), f"{len(gone[name])}", what, name)

    def _of_sources(self) -> Iterator[Finding]:
        old_evidence, new_evidence = _evidence_rows(self._old), _evidence_rows(self._new)
        paths = {row["source_id"]: row["path"] for row in self._old["sources"].rows}
        for source in self._sources:
            if source.source_id not in paths:
                continue
            measures = [("cell", old_evidence[source.source_id], new_evidence[source.source_id])]
            file = source_file(self._folder, paths[source.source_id])
            is_there = disk.mode(file)  # it may have been erased
            if is_there and source.kind != "bulk" and source.name.endswith(".csv") and file.suffix == ".csv":
                text = disk.read(file, below=self._folder).decode()
                before, after = (len(read_cells(each).rows) for each in (Document(source.name, text), source.document))
                measures.insert(0, ("row", before, after))
            for what, before, after in measures:
                said = f"the source {source.source_id} gives {_many(after, what)}"
                found = [*self._share("guard-source-lost", "sources", said, before, after, source.place, source.source_id)]
                yield from found
                if found:
                    break

    def _share(
        self, code: str, table: str, what: str, before: int, after: int, place: str = "", row: str | None = None
    ) -> Iterator[Finding]:
        lost = 100 * (before - after) / before if before else 0
        sentence = f"{what}, {before:,} before ({lost:.1f} % fewer)"
        yield from self._beyond(code, table, lost, f"{lost:.1f} %", sentence, None, place, row)

    def _beyond(
        self,
        code: str,
        table: str,
        lost: float,
        number: str,
        what: str,
        field: str | None = None,
        place: str = "",
        row: str | None = None,
    ) -> Iterator[Finding]:
        bound = self._guard.bound(table, code)
        if lost <= bound:
            return
        allow = f"pass --allow {code}"
        if table in self._new:  # a removed table has no bounds of its own
            allow = f"set {setting_of(code)} = {math.ceil(lost)} under [{GUARD}.{table}] in {FILE}, or {allow}:{table}"
        limit = f"{bound:g}{_UNITS.get(code, '')} ({self._guard.origin(table, code)})"
        message = f"{what}{WAY_OUT}{limit}. Restore what is lost, or {allow} --reason TEXT"
        yield Finding(code, message, place, None, table, row, field, number)


def _many(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _named(names: Sequence[str], total: int) -> str:
    if not names:
        return ""
    more = ", …" if total > min(len(names), NAMED) else ""
    return f" ({', '.join(shown(name, 40) for name in names[:NAMED])}{more})"


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "0 %"


def _evidence_rows(tables: Tables) -> Counter[str]:
    """Return how many cells and rows each source gives: its rows of evidence, and the rows of a bulk table."""
    found: Counter[str] = Counter()
    for block in tables["evidence"].blocks():
        cells = block.filter(pc.not_equal(block["row_id"], "*"))
        for entry in pa.table({"source": cells["source_id"]}).group_by("source").aggregate([([], "count_all")]).to_pylist():
            found[entry["source"]] += entry["count_all"]
        for row in block.filter(pc.equal(block["row_id"], "*")).to_pylist():
            found[row["source_id"]] += tables[row["table_name"]].count if row["table_name"] in tables else 0
    return found
