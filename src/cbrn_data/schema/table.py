"""A table of any size: its definition, and its rows as blocks of Arrow text that can be read again.

Cells are text, or null if empty; rows are in the order of the key. A table is in memory or in a canonical CSV file, with the
same interface.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from io import SEEK_END, BytesIO
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.compute as pc

from cbrn_data.errors import ReleaseError
from cbrn_data.progress import advance_bytes
from cbrn_data.schema.model import LINE, Package, TableDefinition
from cbrn_data.schema.parts import PARTS, Part, moved_lines, part_name, part_of
from cbrn_data.store import disk
from cbrn_data.store.folder import DESCRIPTOR, SUMS, parse_checksums
from cbrn_data.store.names import inside
from cbrn_data.strict_json import parse_object
from cbrn_data.tabular.arrays import flat
from cbrn_data.tabular.blocks import Block, read_blocks, read_header
from cbrn_data.tabular.keys import KnownKeys
from cbrn_data.tabular.schema import ForeignKey
from cbrn_data.tabular.verbatim import WRITTEN

Row = dict[str, str | None]
"""The cells of a row by field; an empty cell is null."""

ROWS_LIMIT = 512 << 20
"""The most bytes that the rows of all tables of a release take as objects: untrusted tables can have any size."""
_ROW, _CELL = 200, 48
"""About the bytes of a row as an object, and of each cell in addition to its text."""
MALFORMED_AT_MOST = 10_000
"""The most malformed records of a table in a file; to report each of millions would take hours."""
WIDEST = 1000
"""The most columns of a table in a file that its definition does not have."""

SMALL = 2 << 20
"""The most bytes of a file whose rows stay in memory after it was read."""

_DIGITS = 20
"""Characters to which integers in keys are padded, so that they sort as text."""


class Room:
    """A memory budget that the tables of a release share: the bytes that their rows may still take."""

    def __init__(self, left: int = ROWS_LIMIT) -> None:
        self._left = left

    def take(self, name: str, block: pa.Table) -> None:
        """Count the rows of a block. Raises ReleaseError if they are too many."""
        self._left -= block.nbytes + block.num_rows * (_ROW + _CELL * block.num_columns)
        if self._left < 0:
            raise ReleaseError(f"{name}.csv: has too many rows to hold in memory ({ROWS_LIMIT >> 20:,} MB for all tables)")


@dataclass(frozen=True)
class Table:
    """The rows of a table as blocks; ``files`` are its CSV and JSON by extension, if they are written.

    A table in ``parts`` has no others. ``counted`` is the number of rows, if it is known without reading them, and ``room``
    limits those in memory.
    """

    definition: TableDefinition
    read: Callable[[], Iterable[Block]]
    files: Mapping[str, disk.FileRef] = field(default_factory=dict)
    counted: int | None = None
    room: Room = field(default_factory=Room, compare=False, repr=False)
    parts: Sequence[Part] = ()

    @property
    def written(self) -> dict[str, disk.FileRef]:
        """The files by their names in a release; empty if they are not written."""
        whole = {f"{self.name}.{form}": file for form, file in self.files.items()}
        return {part_name(self.name, part.first): part.file for part in self.parts} or whole

    @property
    def name(self) -> str:
        """The name of the table."""
        return self.definition.name

    def blocks(self) -> Iterator[pa.Table]:
        """Yield the rows by block, with the fields of the definition; a missing field is null."""
        for block in self.read():
            yield with_fields(block.table, self.definition.names)

    @property
    def size(self) -> int:
        """The number of bytes as CSV, 0 if it is not written."""
        return sum(file.size for name, file in self.written.items() if name.endswith(".csv"))

    @cached_property
    def rows(self) -> list[Row]:
        """All rows; for a table that may be large use ``blocks`` or ``first``. Raises ReleaseError for one too large."""
        rows: list[Row] = []
        for block in self.blocks():
            self.room.take(self.name, block)
            rows += block.to_pylist()
        return rows

    def first(self, count: int) -> list[Row]:
        """Return the first rows, at most ``count``."""
        rows: list[Row] = []
        for block in self.blocks():
            rows += block.slice(0, count - len(rows)).to_pylist()
            if len(rows) >= count:
                break
        return rows

    @cached_property
    def _keys(self) -> dict[tuple[str, ...], KnownKeys]:
        return {}

    def keys(self, names: tuple[str, ...]) -> KnownKeys:
        """Return the values of some fields, to which references can refer; they are read once."""
        if names not in self._keys:
            self._keys[names] = KnownKeys()
            for block in self.blocks():
                self._keys[names].add([flat(block[name]) for name in names])
        return self._keys[names]

    @cached_property
    def count(self) -> int:
        """The number of rows."""
        return self.counted if self.counted is not None else sum(block.num_rows for block in self.blocks())


Tables = Mapping[str, Table]
"""The tables of a release by name, in the order of its package."""


def table_of_rows(definition: TableDefinition, rows: Sequence[Mapping[str, str | None]]) -> Table:
    """Return a table of rows in memory."""
    block = block_of(text_table(definition.names, rows))
    return Table(definition, lambda: [block], counted=len(rows))


def table_in_file(
    definition: TableDefinition,
    path: Path,
    files: Mapping[str, disk.FileRef] | None = None,
    counted: int | None = None,
    room: Room | None = None,
) -> Table:
    """Return the table in a canonical CSV file, which is read block by block; without ``files`` it may be missing.

    Reading it raises ReleaseError for a file that cannot be read, or is far from canonical.
    """

    def read() -> Iterator[Block]:
        if files or disk.mode(path):
            is_small, most = disk.size(path) <= SMALL, len(definition.names) + WIDEST
            with BytesIO(disk.read(path)) if is_small else disk.opened(path) as file:
                columns, blocks = _parsed(file.getvalue(), most) if isinstance(file, BytesIO) else _blocks(file, most)
                if columns > most:
                    raise ReleaseError(f"{path.name}: has {columns:,} columns, but its definition {len(definition.names)}")
                if is_small:
                    file.seek(0, SEEK_END)  # how far it is read: its blocks come all at once
                before = malformed = 0
                for block in blocks:
                    malformed += len(block.issues)
                    if malformed > MALFORMED_AT_MOST:
                        raise ReleaseError(f"{path.name}: has more than {MALFORMED_AT_MOST:,} malformed records")
                    yield block
                    advance_bytes(-before + (before := file.tell()))

    return Table(definition, read, files or {}, counted, room or Room())


def _blocks(file: BinaryIO, most: int) -> tuple[int, Iterable[Block]]:
    """Return the number of columns of a file, and its blocks unless it has more than ``most``."""
    header, begun, line = read_header(file)
    return len(header), read_blocks(file, header, begun, line) if len(header) <= most else ()


@lru_cache(maxsize=48)
def _parsed(data: bytes, most: int) -> tuple[int, Sequence[Block]]:
    """Return ``_blocks`` of a small file, cached, because several checks and the next release read the same file."""
    columns, blocks = _blocks(BytesIO(data), most)
    return columns, list(blocks)


def table_in_parts(definition: TableDefinition, parts: Sequence[Part], room: Room | None = None) -> Table:
    """Return the table in the files of its parts; reading it raises ReleaseError for a file that cannot be read."""

    def read() -> Iterator[Block]:
        rows = 0
        for part in parts:
            for block in table_in_file(definition, part.file.path, {"csv": part.file}, room=room).read():
                table = moved_lines(block.table, part.line - 1) if LINE in block.table.column_names else block.table
                yield replace(block, table=table, first_row=rows + block.first_row)
            rows += part.rows

    return Table(definition, read, {}, sum(part.rows for part in parts), room or Room(), parts)


def _released_parts(folder: Path, package: Package) -> dict[str, list[Part]]:
    """Return the parts of each table of a release that is in parts, as its descriptor describes them.

    Raises ReleaseError if it does not.
    """
    names = {name for name, table in package.tables.items() if table.by_line and disk.mode(folder / name)}
    if not names:
        return {}
    found = {}
    try:
        for resource in parse_object(folder / DESCRIPTOR, disk.read(folder / DESCRIPTOR))["resources"]:
            if resource["name"] in names and PARTS in resource:
                paths = [inside(folder, part_name(resource["name"], entry["first"])) for entry in resource[PARTS]]
                found[resource["name"]] = [
                    part_of(entry, disk.FileRef(path, entry["hash"].removeprefix("sha256:"), int(entry["bytes"])))
                    for path, entry in zip(paths, resource[PARTS], strict=True)
                ]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ReleaseError(f"{folder / DESCRIPTOR}: the parts of a table are not described; restore the file") from error
    return found


def released_tables(folder: Path, package: Package) -> dict[str, Table]:
    """Return the tables in the folder of a release, with its listed digests; a missing table is empty."""
    listed = parse_checksums(folder / SUMS, disk.read(folder / SUMS)) if disk.mode(folder / SUMS) else {}
    room = Room()

    def files(name: str) -> dict[str, disk.FileRef]:
        paths = {form: folder / f"{name}.{form}" for form in ("csv", "json")}
        there = {form: path for form, path in paths.items() if path.name in listed and disk.mode(path)}
        return {form: disk.FileRef(path, listed[path.name], disk.size(path)) for form, path in there.items()}

    parts = _released_parts(folder, package)
    return {
        name: table_in_parts(table, parts[name], room)
        if name in parts
        else table_in_file(table, folder / f"{name}.csv", files(name), room=room)
        for name, table in package.tables.items()
    }


def cell_count(block: pa.Table) -> int:
    """Return the number of cells that have a value."""
    return sum(len(block) - block[name].null_count for name in block.column_names if name != WRITTEN)


def block_of(data: pa.Table) -> Block:
    """Return rows of text as a single block, with one line for each row."""
    return Block(data, 1, 1, data.num_rows, data.num_rows)


def text_table(names: Sequence[str], rows: Iterable[Mapping[str, str | None]]) -> pa.Table:
    """Return rows as columns of text, in the order of ``names``."""
    rows = list(rows)
    return pa.table({name: pa.array([row.get(name) for row in rows], pa.string()) for name in names})


def with_fields(data: pa.Table, names: Sequence[str]) -> pa.Table:
    """Return the columns ``names`` of a table; a missing column is null."""
    if data.column_names == list(names):
        return data
    nothing = pa.nulls(data.num_rows, pa.string())
    return pa.table([data[name] if name in data.column_names else nothing for name in names], names=list(names))


def sort_keys(definition: TableDefinition, data: pa.Table) -> pa.Array:
    """Return a sortable text of the key of each row: integers by size, text by code point."""
    parts = []
    for name in definition.primary_key:
        text = pc.fill_null(flat(data[name]), "")
        if definition.field(name).type == "integer":
            text = pc.utf8_lpad(text, _DIGITS, "0")
        parts.append(text)
    return parts[0] if len(parts) == 1 else pc.binary_join_element_wise(*parts, "\x00")


def row_ids(definition: TableDefinition, data: pa.Table) -> pa.Array:
    """Return the id of each row: the parts of its key, joined with ``/``."""
    parts = [pc.fill_null(flat(data[name]), "") for name in definition.primary_key]
    return parts[0] if len(parts) == 1 else pc.binary_join_element_wise(*parts, "/")


def referred_id(row: Mapping[str, str | None], key: ForeignKey, target: TableDefinition) -> str | None:
    """Return the id of the row of ``target`` to which ``row`` refers; None if the reference is null, or not to its key."""
    values = {there: row[here] for here, there in zip(key.fields, key.references, strict=True)}
    is_key = set(key.references) == set(target.primary_key) and None not in values.values()
    return target.row_id(values) if is_key else None


def references_hold(table: TableDefinition, old: Tables, new: Tables) -> bool:
    """Return whether every row of the old tables to which a table could refer is in the new ones."""
    for key in table.foreign_keys:
        if key.resource == table.name or key.resource not in old:
            return False
        known = new[key.resource].keys(key.references)
        for block in old[key.resource].blocks():
            if not known.lead([flat(block[name]) for name in key.references]).all():
                return False
    return True
