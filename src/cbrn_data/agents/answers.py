"""The content of the answers: every answer names its release, and every value its words, with file and line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel, Field

from cbrn_data.agents.opened import Opened
from cbrn_data.client import Published
from cbrn_data.errors import CbrnDataError
from cbrn_data.findings import shown
from cbrn_data.normalise.text import folded
from cbrn_data.portal.view import LABELS
from cbrn_data.release.trace import Passage, Traced
from cbrn_data.schema.model import TableDefinition
from cbrn_data.schema.table import Row, Table, referred_id

ROWS_AT_MOST = 100
CHARACTERS_AT_MOST = 40_000
"""The most characters of rows in an answer."""
PASSAGES_AT_MOST = 20
WORDS_AT_MOST = 2_000
SEARCHED_AT_MOST = 100_000
"""The most rows in which ``text`` is looked for."""

_IfAny = Field(default=None, exclude_if=lambda value: not value)
"""For a field that is left out where there is nothing to say."""

Where = Mapping[str, str | int | list[str] | None]
"""What cells must be, by field: a value, one of several, or null."""


class ReleaseInfo(BaseModel):
    """A release of the data."""

    version: str
    date: str
    digest: Annotated[str, Field(description="sha256 of its SHA256SUMS, which has the digest of each of its files")]
    withdrawn: Annotated[str | None, Field(description="why nobody should use this release any more; null: it is valid")]


class Answer(BaseModel):
    """What every answer says: the release from which it is."""

    release: ReleaseInfo


class ListedRelease(ReleaseInfo):
    """A release with what changed in it."""

    summary: str
    rows: dict[str, int]


class Releases(Answer):
    """All releases, newest first; ``release`` is the one that answers by default."""

    store: str
    releases: list[ListedRelease]


class TableInfo(BaseModel):
    """A table."""

    name: str
    title: str
    description: str
    rows: int
    primary_key: list[str]
    has_evidence: Annotated[bool, Field(description="whether each value has the words from which it was made")]


class Tables(Answer):
    """The tables of a release, and what the whole is."""

    title: str
    description: str
    licence: str
    tables: list[TableInfo]


class Column(BaseModel):
    """A column of a table; all values are given as text, as in its CSV file."""

    name: str
    title: str
    description: str
    type: str
    unit: Annotated[str | None, _IfAny]
    required: bool
    allowed: Annotated[list[str] | None, _IfAny]
    example: str
    refers_to: Annotated[str | None, _IfAny, Field(description="the table and column to whose rows the values refer")]


class Described(Answer):
    """A table with its columns."""

    table: TableInfo
    columns: list[Column]


class Evidence(BaseModel):
    """Words of a source from which a value was made, and their place; what does not apply is left out."""

    words: str
    before: Annotated[str | None, _IfAny]
    after: Annotated[str | None, _IfAny]
    file: Annotated[str, Field(description="the file in the folder of the release")]
    first_line: int
    last_line: int
    page: Annotated[str | None, _IfAny, Field(description="the page of a printed leaflet")]
    source_id: str
    source: str
    publisher: Annotated[str | None, _IfAny]
    edition: Annotated[str | None, _IfAny]
    method: Annotated[str, Field(description="how the value was made of the words")]
    url: Annotated[str | None, _IfAny, Field(description="the public page that states it")]
    archived_url: Annotated[str | None, _IfAny]
    certainty: Annotated[str | None, _IfAny]
    reading: Annotated[
        list[str] | None, _IfAny, Field(description="what a person decided about these lines, with the reason")
    ]


class Value(BaseModel):
    """A value with its words; ``value`` is null if no source says it, or for the reason ``why``."""

    field: str
    value: str | None
    why: Annotated[str | None, _IfAny]
    passages: Annotated[int, Field(description="how many passages say so; `trace` gives more than the first")]
    evidence: list[Evidence]


class RowAnswer(BaseModel):
    """A row; ``refers_to`` has the names of the rows of other tables to which it refers, by field."""

    row: Annotated[str, Field(description="the key of the row, as `trace` takes it")]
    name: Annotated[str | None, _IfAny]
    refers_to: Annotated[dict[str, str] | None, _IfAny]
    values: list[Value]


class Queried(Answer):
    """Rows of a table; if there are more, ``next_offset`` is where they begin."""

    table: str
    total: Annotated[int, Field(description="how many rows match")]
    next_offset: int | None
    rows: list[RowAnswer]


class TracedRow(Answer):
    """Values of a row, each with all its passages (20 at most)."""

    table: str
    row: str
    values: list[Value]


def release_info(entry: Published) -> ReleaseInfo:
    """Return which release an answer is from."""
    return ReleaseInfo(version=entry.version, date=entry.date, digest=entry.digest, withdrawn=entry.withdrawn)


def listed_release(entry: Published) -> ListedRelease:
    """Return a release of the index."""
    return ListedRelease(**dict(release_info(entry)), summary=entry.summary, rows=entry.rows)


def tables(opened: Opened) -> Tables:
    """Return the tables of a release."""
    about, package = opened.tracer.package.metadata, opened.tracer.package
    return Tables(
        release=release_info(opened.entry),
        title=about["title"],
        description=about["description"].strip(),
        licence=about["licence"]["path"],
        tables=[_table_info(opened, package.tables[name]) for name in package.published(opened.entry.rows)],
    )


def described(opened: Opened, name: str) -> Described:
    """Return a table with its columns. Raises CbrnDataError."""
    table = _table(opened, name).definition
    refers = {
        here: f"{key.resource}.{there}"
        for key in table.foreign_keys
        for here, there in zip(key.fields, key.references, strict=True)
    }
    columns = [
        Column(
            name=one.name,
            title=one.title,
            description=one.description.strip(),
            type=one.type,
            unit=one.unit,
            required=one.required,
            allowed=[str(word) for word in one.constraints.get("enum", ())],
            example=one.example,
            refers_to=refers.get(one.name),
        )
        for one in table.fields
    ]
    return Described(release=release_info(opened.entry), table=_table_info(opened, table), columns=columns)


def queried(opened: Opened, name: str, where: Where, text: str, fields: list[str], offset: int, limit: int) -> Queried:
    """Return rows of a table with the first passage of each value. Raises CbrnDataError."""
    table = _table(opened, name)
    _check_held(opened, name)
    for field in (*where, *fields):
        _check_field(table.definition, field)
    total, rows = _matching(opened, table, where, text, offset, limit)
    answers: list[RowAnswer] = []
    room = CHARACTERS_AT_MOST
    for row in rows:
        answer = _row(opened, table.definition, row, fields or table.definition.content)
        room -= len(answer.model_dump_json())
        if room < 0 and not answers:
            raise CbrnDataError(f"the row {answer.row!r} is too large for an answer; ask for fewer `fields`")
        if room < 0:
            break
        answers.append(answer)
    end = offset + len(answers)
    info = release_info(opened.entry)
    return Queried(release=info, table=name, total=total, next_offset=end if end < total else None, rows=answers)


def traced(opened: Opened, table: str, row: str, field: str | None) -> TracedRow:
    """Return the values of a row, or one of them, with their passages. Raises CbrnDataError."""
    _check_held(opened, table)
    tracer = opened.tracer
    found = [tracer.cell(table, row, field)] if field else tracer.row(table, row)
    values = [_value(one, PASSAGES_AT_MOST) for one in found]
    answer = TracedRow(release=release_info(opened.entry), table=table, row=row, values=values)
    if len(answer.model_dump_json()) > CHARACTERS_AT_MOST and not field:
        names = ", ".join(value.field for value in values)
        raise CbrnDataError(f"the row is too large for one answer; ask for one `field` of {names}")
    return answer


def _table(opened: Opened, name: str) -> Table:
    package = opened.tracer.package
    names = package.published(opened.entry.rows)
    if name not in names:
        raise CbrnDataError(f"release {opened.entry.version} has no table {shown(name, 80)!r}; it has {', '.join(names)}")
    return opened.tracer.tables[name]


def _check_held(opened: Opened, name: str) -> None:
    if name in opened.left_out:
        raise CbrnDataError(f"{name} is too large to be searched here; download its CSV, and read it with another program")


def _table_info(opened: Opened, table: TableDefinition) -> TableInfo:
    return TableInfo(
        name=table.name,
        title=table.title,
        description=table.description.strip(),
        rows=opened.entry.rows.get(table.name, 0),
        primary_key=list(table.primary_key),
        has_evidence=table.role == "data",
    )


def _check_field(table: TableDefinition, field: str) -> None:
    if field not in table.names:
        raise CbrnDataError(f"{table.name} has no field {shown(field, 80)!r}; it has {', '.join(table.names)}")


def _matching(opened: Opened, table: Table, where: Where, text: str, offset: int, limit: int) -> tuple[int, list[Row]]:
    """Return how many rows match, and those from ``offset`` on."""
    words = folded(text).casefold().split()
    total, rows = 0, list[Row]()
    for block in table.blocks():
        for name, wanted in where.items():
            block = block.filter(_mask(block[name], wanted))
        if words and total + block.num_rows > SEARCHED_AT_MOST:
            raise CbrnDataError(f"{table.name}: too many rows to look for `text` in; choose rows with `where` first")
        if words:
            block = pa.Table.from_pylist(
                [row for row in block.to_pylist() if _has(opened, table.definition, row, words)], block.schema
            )
        first = max(0, offset - total)
        rows += block.slice(first, max(0, limit - len(rows))).to_pylist()
        total += block.num_rows
    return total, rows


def _mask(cells: pa.ChunkedArray, wanted: str | int | list[str] | None) -> pa.ChunkedArray:
    if wanted is None:
        return pc.is_null(cells)
    values = wanted if isinstance(wanted, list) else [str(wanted)]
    return pc.is_in(cells, pa.array(values, pa.string()))


def _has(opened: Opened, table: TableDefinition, row: Row, words: list[str]) -> bool:
    """Return whether each word is in a cell of the row, or in the name of a row to which it refers."""
    cells = [*(row[name] for name in table.content), *(name for _, name in _referred(opened, table, row))]
    text = folded(" ".join(filter(None, cells))).casefold()
    return all(word in text for word in words)


def _referred(opened: Opened, table: TableDefinition, row: Row) -> Iterator[tuple[str, str]]:
    """Yield the name of each row to which a row refers, with the field."""
    for key in table.foreign_keys:
        target = opened.tracer.tables[key.resource].definition
        other = opened.tracer.by_key(target).get(referred_id(row, key, target) or "")
        if other and (name := _name(other)):
            yield key.fields[-1], name


def _name(row: Row) -> str | None:
    return next((row[field] for field in LABELS if row.get(field)), None)


def _row(opened: Opened, table: TableDefinition, row: Row, fields: list[str]) -> RowAnswer:
    if table.role == "data":
        found = [opened.tracer.cell_of(table, row, field) for field in fields]
    else:
        found = [Traced(field, row[field] or "", []) for field in fields]
    return RowAnswer(
        row=table.row_id(row),
        name=_name(row),
        refers_to=dict(_referred(opened, table, row)),
        values=[_value(one, 1) for one in found],
    )


def _value(one: Traced, passages: int) -> Value:
    return Value(
        field=one.field,
        value=one.value or None,
        why=one.why or None,
        passages=len(one.passages),
        evidence=[_evidence(passage, with_context=passages > 1) for passage in one.passages[:passages]],
    )


def _evidence(passage: Passage, with_context: bool) -> Evidence:
    return Evidence(
        words=shown(passage.words, WORDS_AT_MOST),
        before=passage.before if with_context else None,
        after=passage.after if with_context else None,
        file=passage.file,
        first_line=passage.lines[0],
        last_line=passage.lines[1],
        page=passage.page,
        source_id=passage.source["source_id"] or "",
        source=passage.source["title"] or "",
        publisher=passage.source["publisher"],
        edition=passage.source["edition"],
        method=f"{passage.method}: {passage.how}",
        url=passage.url,
        archived_url=passage.archived_url,
        certainty=passage.certainty,
        reading=passage.reading,
    )
