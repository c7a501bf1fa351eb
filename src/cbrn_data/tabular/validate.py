"""Validate tables with their schemas: one file, or a Data Package with the references between its tables."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, nullcontext, suppress
from graphlib import CycleError, TopologicalSorter

import numpy as np
import pyarrow.compute as pc

from cbrn_data.deadline import Clock, OverError
from cbrn_data.isolated import UnreadableError
from cbrn_data.refusals import meaning
from cbrn_data.tabular.arrays import only
from cbrn_data.tabular.blocks import Block, ahead
from cbrn_data.tabular.compile import CompiledSchema, compile_schema
from cbrn_data.tabular.issues import LISTED, Issue, Tally
from cbrn_data.tabular.keys import KnownKeys
from cbrn_data.tabular.reading import collecting, read
from cbrn_data.tabular.resource import Resource
from cbrn_data.tabular.schema import ForeignKey, UnsupportedSchema
from cbrn_data.tabular.stream import Comparables, TableCheck
from cbrn_data.tabular.verdict import Verdict, digest_file

OVER = "the time of --deadline is over before its end"

__all__ = ["Verdict", "validate"]


def validate(
    resources: Sequence[Resource],
    cap: int = LISTED,
    progress: Callable[[int], object] = lambda rows: None,
    clock: Clock | None = None,
    with_cells: bool = False,
) -> list[Verdict]:
    """Validate every resource, referenced tables first; return verdicts in the given order.

    ``with_cells``: a table with repeated keys is read once more, so that these faults have all cells of their rows too.

    A resource that cannot be judged has an issue that says why; the others are judged. ``progress`` is called with the
    number of rows of each block that was validated. When the time of ``clock`` is over, what is not read has an issue.
    """
    verdicts = {resource.name: Verdict(resource, tally=Tally(cap)) for resource in resources}
    for verdict in verdicts.values():
        for message in verdict.resource.wrong:
            verdict.tally.add(Issue(0, 0, "", "resource-wrong", message=message))
    tables = {name: verdict.resource for name, verdict in verdicts.items() if _is_usable(verdict)}
    compiled = {name: schema for name in list(tables) if (schema := _compiled(verdicts[name]))}
    tables = {name: tables[name] for name in compiled}
    wanted = _wanted(tables, verdicts)
    known = {name: {fields: KnownKeys() for fields in keys} for name, keys in wanted.items()}
    done: set[str] = set()
    for name in _order(tables):
        targets = {key: _target(name, key) for key in tables[name].fields.foreign_keys if _leads(name, key, tables)}
        for target in sorted({target for target, _ in targets.values()} - done):
            _collect(tables[target], compiled[target], known[target], clock)
            done.add(target)
        keys = {key: known[target][fields] for key, (target, fields) in targets.items()}
        _judge(verdicts[name], compiled[name], keys, {} if name in done else known.get(name, {}), progress, clock)
        if with_cells:
            _complete(verdicts[name], clock)
        done.add(name)
    for name, verdict in verdicts.items():
        if name not in tables and not verdict.resource.problem and not verdict.resource.is_table:
            _judge_file(verdict, clock)
    return [verdicts[resource.name] for resource in resources]


def _is_usable(verdict: Verdict) -> bool:
    """Return whether a resource is a table that can be judged; one that cannot gets an issue."""
    resource = verdict.resource
    if resource.problem:
        verdict.tally.add(Issue(0, 0, "", "resource-unsupported", message=resource.problem))
    return resource.is_table and not resource.problem


def _compiled(verdict: Verdict) -> CompiledSchema | None:
    try:
        return compile_schema(verdict.resource.fields)
    except UnsupportedSchema as error:
        verdict.tally.add(Issue(0, 0, "", "resource-unsupported", message=str(error)))
        return None


def _target(name: str, key: ForeignKey) -> tuple[str, tuple[str, ...]]:
    return key.resource or name, key.references


def _leads(name: str, key: ForeignKey, tables: dict[str, Resource]) -> bool:
    """Return whether a foreign key refers to fields of a table that can be judged."""
    target, fields = _target(name, key)
    return target in tables and all(tables[target].fields.has(field) for field in fields)


def _wanted(tables: dict[str, Resource], verdicts: dict[str, Verdict]) -> dict[str, set[tuple[str, ...]]]:
    """Return the keys of each table that others refer to; a foreign key that leads nowhere is an issue."""
    wanted: dict[str, set[tuple[str, ...]]] = {}
    for name, resource in tables.items():
        for key in resource.fields.foreign_keys:
            target, fields = _target(name, key)
            if _leads(name, key, tables):
                wanted.setdefault(target, set()).add(fields)
                continue
            lacks = [field for field in fields if target in tables and not tables[target].fields.has(field)]
            what = f"{target}.{lacks[0]}, which is not a field" if lacks else f"{target!r}, which is not in the package"
            if target in verdicts and not lacks:
                what = f"{target!r}, which cannot be read"
            message = f"a foreign key refers to {what}"
            verdicts[name].tally.add(Issue(0, 0, "", "resource-unsupported", message=message))
    return wanted


def _order(tables: dict[str, Resource]) -> list[str]:
    """Return the tables, each after those it refers to; in the given order if references are circular."""
    graph = {
        name: {_target(name, key)[0] for key in resource.fields.foreign_keys if _leads(name, key, tables)} - {name}
        for name, resource in tables.items()
    }
    try:
        return list(TopologicalSorter(graph).static_order())
    except CycleError:
        return list(tables)


def _judge(
    verdict: Verdict,
    compiled: CompiledSchema,
    known: dict[ForeignKey, KnownKeys],
    referred: dict[tuple[str, ...], KnownKeys],
    progress: Callable[[int], object],
    clock: Clock | None,
) -> None:
    start = time.perf_counter()
    check = TableCheck(compiled, verdict.tally, known, referred, as_frictionless=True)
    try:
        with _alarm(clock):
            for block in _in_time(ahead(read(verdict)), clock):
                check.add(block)
                progress(block.table.num_rows)
            check.finish(lambda: _in_time(collecting(verdict)(), clock))
            _check_digest(verdict)
    except (OSError, UnreadableError) as error:
        unreadable(verdict, error)
    verdict.rows = check.rows
    verdict.seconds = time.perf_counter() - start


def _complete(verdict: Verdict, clock: Clock | None) -> None:
    """Add the cells of the rows that repeat a key, which are known only after their blocks were freed."""
    wanted = np.array([issue.row for issue in verdict.tally.listed if issue.twin[0]], dtype=np.int64)
    if not len(wanted):
        return
    cells: dict[int, tuple[str, ...]] = {}
    with suppress(OSError, UnreadableError), _alarm(clock):
        for block in _in_time(collecting(verdict)(), clock):
            rows = block.rows(np.arange(block.table.num_rows))
            places = np.flatnonzero(np.isin(rows, wanted))
            texts = (pc.fill_null(column, "").to_pylist() for column in only(block.table, places).columns)
            cells |= dict(zip(rows[places].tolist(), zip(*texts, strict=True), strict=True))
            if len(rows) and rows[-1] >= wanted.max():
                break
    verdict.tally.complete(cells)


@contextmanager
def _alarm(clock: Clock | None) -> Iterator[None]:
    """Raise OSError when the time is over, also within a block."""
    try:
        with clock.alarm() if clock else nullcontext():
            yield
    except OverError as error:
        raise OSError(0, OVER) from error


def _in_time(blocks: Iterator[Block], clock: Clock | None) -> Iterator[Block]:
    """Yield the blocks. Raises OSError when the time is over."""
    with closing(blocks):  # type: ignore[type-var]  # a generator, whose thread must end
        while not (clock and clock.is_over):
            if (block := next(blocks, None)) is None:
                return
            yield block
    raise OSError(0, OVER)


def _collect(
    resource: Resource, compiled: CompiledSchema, referred: dict[tuple[str, ...], KnownKeys], clock: Clock | None
) -> None:
    """Collect the keys of a table that is validated later, or that refers to itself; a missing file has none."""
    with suppress(OSError, UnreadableError), _alarm(clock):
        for block in _in_time(ahead(read(Verdict(resource, is_hashed=False))), clock):
            parts = Comparables(compiled, compiled.nulled(block.table, block.has_nulls))
            for fields, keys in referred.items():
                keys.add(parts.of(fields))


def _judge_file(verdict: Verdict, clock: Clock | None) -> None:
    """Check the digest and size of a resource that is not a table."""
    start = time.perf_counter()
    try:
        with _alarm(clock):
            for path in verdict.resource.paths:
                digest_file(verdict, path)
            _check_digest(verdict)
    except OSError as error:
        unreadable(verdict, error)
    verdict.seconds = time.perf_counter() - start


def unreadable(verdict: Verdict, error: OSError | UnreadableError) -> None:
    """Add the issue of a file that cannot be read."""
    if isinstance(error, UnreadableError):
        verdict.tally.add(Issue(0, 0, "", "file-kind", message=f"the file {error}", part=verdict.part))
        return
    resource = verdict.resource
    named = f"{error.filename}: " if len(resource.paths) > 1 and error.filename else ""
    verdict.tally.add(Issue(0, 0, "", "file-unreadable", message=f"{named}the file cannot be read ({meaning(error)})"))


def _check_digest(verdict: Verdict) -> None:
    resource = verdict.resource
    algorithm, expected = resource.digest or ("sha256", "")
    there = verdict.digests.get(algorithm, "")
    if expected and there and expected != there:
        message = f"the {algorithm} is {there[:16]}…, expected {expected[:16]}…"
        verdict.tally.add(Issue(0, 0, "", "file-hash", message=message))
    if resource.size is not None and resource.paths and resource.size != verdict.size:
        verdict.tally.add(
            Issue(0, 0, "", "file-size", message=f"the size is {verdict.size} bytes, expected {resource.size}")
        )
