"""Tables held against their schemas: one file, or a whole Data Package with the references between its tables."""

from __future__ import annotations

import hashlib
import io
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from graphlib import CycleError, TopologicalSorter
from typing import Any, BinaryIO

from cbrn_data.tabular.blocks import Block, ahead, read_blocks, read_header
from cbrn_data.tabular.compile import CompiledSchema, compile_schema
from cbrn_data.tabular.faults import LISTED, Fault, Tally
from cbrn_data.tabular.header import columns, header_faults, matched
from cbrn_data.tabular.keys import KnownKeys
from cbrn_data.tabular.native import read_json_rows
from cbrn_data.tabular.resource import Resource, UnsupportedResource
from cbrn_data.tabular.schema import ForeignKey, TableSchema
from cbrn_data.tabular.stream import Comparables, TableCheck


@dataclass
class Verdict:
    """What was found of one resource; ``seconds`` is wall time, ``size`` the bytes that were read."""

    resource: Resource
    labels: list[str] = field(default_factory=list)
    rows: int = 0
    size: int = 0
    sha256: str = ""
    seconds: float = 0.0
    tally: Tally = field(default_factory=Tally)

    @property
    def valid(self) -> bool:
        """Whether nothing is wrong."""
        return not self.tally.counts


class _Hashing(io.RawIOBase):
    """A file that is hashed while it is read: what was read in another thread, until the next read."""

    def __init__(self, file: BinaryIO, thread: Executor) -> None:
        self._file, self._thread, self._digest = file, thread, hashlib.sha256()
        self._hashed: Future[None] | None = None
        self.size = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._wait()
        count: int = self._file.readinto(buffer)  # type: ignore[attr-defined]
        self._hashed = self._thread.submit(self._digest.update, memoryview(buffer)[:count])
        self.size += count
        return count

    @property
    def sha256(self) -> str:
        """The digest in hex of all that was read."""
        self._wait()
        return self._digest.hexdigest()

    def _wait(self) -> None:
        if self._hashed is not None:
            self._hashed.result()


def validate(resources: Sequence[Resource], cap: int = LISTED) -> list[Verdict]:
    """Judge every resource, in the order in which the tables refer to one another; verdicts come in the given order.

    Raises UnsupportedResource for a foreign key that leads to no table of ``resources``.
    """
    tables = {resource.name: resource for resource in resources if resource.schema}
    compiled = {name: compile_schema(_of(resource)) for name, resource in tables.items()}
    wanted = _wanted(tables)
    known = {name: {fields: KnownKeys() for fields in keys} for name, keys in wanted.items()}
    done: set[str] = set()
    verdicts = {resource.name: Verdict(resource, tally=Tally(cap)) for resource in resources}
    for name in _order(tables):
        leads_to = {key: _target(name, key) for key in _of(tables[name]).foreign_keys}
        for target in sorted({target for target, _ in leads_to.values()} - done):
            _collect(tables[target], compiled[target], known[target])
            done.add(target)
        keys = {key: known[target][fields] for key, (target, fields) in leads_to.items()}
        _judge(verdicts[name], compiled[name], keys, {} if name in done else known.get(name, {}))
        done.add(name)
    for resource in resources:
        if resource.schema is None:
            _judge_file(verdicts[resource.name])
    return [verdicts[resource.name] for resource in resources]


def _of(resource: Resource) -> TableSchema:
    assert resource.schema
    return resource.schema


def _target(name: str, key: ForeignKey) -> tuple[str, tuple[str, ...]]:
    return key.resource or name, key.references


def _wanted(tables: dict[str, Resource]) -> dict[str, set[tuple[str, ...]]]:
    """Return which keys of each table others refer to."""
    wanted: dict[str, set[tuple[str, ...]]] = {}
    for name, resource in tables.items():
        for key in _of(resource).foreign_keys:
            target, fields = _target(name, key)
            if target not in tables:
                raise UnsupportedResource(f"{name}: a foreign key leads to {target!r}, which is no table of the package")
            for field_name in fields:
                if field_name not in _of(tables[target]).names:
                    raise UnsupportedResource(f"{name}: a foreign key leads to {target}.{field_name}, which is no field")
            wanted.setdefault(target, set()).add(fields)
    return wanted


def _order(tables: dict[str, Resource]) -> list[str]:
    """Return the tables so that each comes after those it refers to, as far as that can be."""
    graph = {name: {_target(name, key)[0] for key in _of(tables[name]).foreign_keys} - {name} for name in tables}
    try:
        return list(TopologicalSorter(graph).static_order())
    except CycleError:
        return list(tables)


def _judge(
    verdict: Verdict,
    compiled: CompiledSchema,
    known: dict[ForeignKey, KnownKeys],
    referred: dict[tuple[str, ...], KnownKeys],
) -> None:
    start = time.perf_counter()
    check = TableCheck(compiled, verdict.tally, known, referred, as_frictionless=True)
    try:
        for block in ahead(_blocks(verdict)):
            check.add(block)
        check.finish(partial(_blocks, Verdict(verdict.resource)))
        _hold_against(verdict)
    except OSError as error:
        _unreadable(verdict, error)
    verdict.rows = check.rows
    verdict.seconds = time.perf_counter() - start


def _collect(resource: Resource, compiled: CompiledSchema, referred: dict[tuple[str, ...], KnownKeys]) -> None:
    """Gather the keys of a table that is judged later, or that refers to itself; a file that is not there has none."""
    with suppress(OSError):
        for block in ahead(_blocks(Verdict(resource))):
            parts = Comparables(compiled, compiled.nulled(block.table))
            for fields, keys in referred.items():
                keys.add(parts.of(fields))


def _blocks(verdict: Verdict) -> Iterator[Block]:
    """Yield the blocks of a table whose columns are those of its schema; what stands in the way is told."""
    resource, schema = verdict.resource, _of(verdict.resource)
    if resource.rows is not None or resource.form == "json":
        _digest(verdict)
        yield from read_json_rows(resource, schema, verdict.tally, verdict.labels)
        return
    with resource.opened(buffering=0) as raw, ThreadPoolExecutor(1) as thread:
        file: Any = _Hashing(raw, thread)
        if resource.has_header:
            labels, begun, line = read_header(file, resource.dialect)
            verdict.labels = [label.strip() for label in labels]
        else:
            verdict.labels, begun, line = list(schema.names), b"", 1
        for fault in header_faults(verdict.labels, schema):
            verdict.tally.add(fault)
        if names := columns(verdict.labels, schema):
            for block in read_blocks(file, names, begun, line, resource.dialect):
                yield matched(block, schema)
        while file.read(1 << 20):
            pass
        verdict.sha256, verdict.size = file.sha256, file.size


def _judge_file(verdict: Verdict) -> None:
    """Hold a resource that is no table against its digest and size."""
    start = time.perf_counter()
    try:
        _digest(verdict)
        _hold_against(verdict)
    except OSError as error:
        _unreadable(verdict, error)
    verdict.seconds = time.perf_counter() - start


def _unreadable(verdict: Verdict, error: OSError) -> None:
    verdict.tally.add(Fault(0, 0, "", "file-unreadable", message=f"the file cannot be read ({error.strerror})"))


def _digest(verdict: Verdict) -> None:
    if verdict.resource.path:
        with verdict.resource.opened() as file:
            verdict.sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            verdict.size = file.tell()


def _hold_against(verdict: Verdict) -> None:
    resource = verdict.resource
    if resource.sha256 and verdict.sha256 and resource.sha256 != verdict.sha256:
        message = f"expected is {resource.sha256[:16]}…, actual is {verdict.sha256[:16]}…"
        verdict.tally.add(Fault(0, 0, "", "file-hash", message=message))
    if resource.size is not None and verdict.sha256 and resource.size != verdict.size:
        verdict.tally.add(Fault(0, 0, "", "file-size", message=f"expected are {resource.size} bytes, actual {verdict.size}"))
