"""A cell as a page shows it: its value, the words behind it, the row it names, and the public page that states it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cbrn_data.portal.evidence import Mention
from cbrn_data.portal.links import host_of, outward
from cbrn_data.portal.reading import Reading
from cbrn_data.schema.canonical import Row
from cbrn_data.schema.model import Field, Table
from cbrn_data.words.text import live


@dataclass(frozen=True)
class Words:
    """A link to words: where, and what it is called for people who hear it."""

    address: str
    name: str


@dataclass(frozen=True)
class Cell:
    """``text`` (None for null, and ``why`` says on what pages disagree) and the ``words`` behind it.

    ``to`` is address and label of what it names, ``out`` the page that states it and ``host`` that page's. ``named`` says
    that the label is the name of what the text stands for.
    """

    field: Field
    text: str | None
    words: tuple[Words, ...] = ()
    to: tuple[str, str] | None = None
    out: str | None = None
    host: str = ""
    named: bool = False
    why: str = ""


@dataclass(frozen=True)
class ShownRow:
    """A row with its key; ``cells`` in the order of the fields that are shown."""

    row_id: str
    cells: tuple[Cell, ...]


def show_row(reading: Reading, table: Table, row: Row, fields: Sequence[Field] = ()) -> ShownRow:
    """Return a row with the links of every cell; ``fields`` are those to show, all without it."""
    row_id = table.row_id(row)
    return ShownRow(row_id, tuple(_cell(reading, table, row_id, row, field) for field in fields or table.fields))


def _cell(reading: Reading, table: Table, row_id: str, row: Row, field: Field) -> Cell:
    text = row[field.name]
    if text is None:
        return Cell(field, None, why=reading.disputed.get((table.name, row_id, field.name), ""))
    if table.role == "data":
        found = reading.passages(table.name, row_id, field.name)
        words = tuple(_words(reading, one) for one in found) or _line(reading, table, row)
        stated = outward(text if field.format == "uri" else next((one.url for one in found if one.url), None))
        is_reference = any(key.fields == (field.name,) for key in table.foreign_keys)
        return Cell(field, text, words, _named(reading, table, field, text), stated, host_of(stated or ""), is_reference)
    return _other_cell(reading, table, row, field, text)


def _words(reading: Reading, one: Mention) -> Words:
    edition = reading.marks[one.source_id].source["edition"]
    lines = f"line {one.lines[0]}" if one.lines[0] == one.lines[1] else f"lines {one.lines[0]} to {one.lines[1]}"
    return Words(one.anchor, f"{one.source_id}, {f'edition {edition}, ' if edition else ''}{lines}")


def _line(reading: Reading, table: Table, row: Row) -> tuple[Words, ...]:
    """Return the line that a row of a table with evidence by line came from: the file has one row of evidence."""
    line = row.get("source_line")
    sources = {one.source_id for one in reading.mentions.get((table.name, "*", "*"), ())}
    if not line or len(sources) != 1:
        return ()
    source_id = sources.pop()
    part = next((part for part in reading.marks[source_id].parts if part.first <= int(line) <= part.last), None)
    return (Words(f"{part.path}#L{line}", f"{source_id}, line {line}"),) if part else ()


def _named(reading: Reading, table: Table, field: Field, text: str) -> tuple[str, str] | None:
    """Return address and label of the row that a key names, but not of the row itself."""
    resource = next((key.resource for key in table.foreign_keys if key.fields == (field.name,)), None)
    if resource is None:
        own = table.primary_key == (field.name,)
        page = reading.entity_page(table.name, text) if own else None
        return (page, f"page of {text}") if page else None
    address = reading.entity_page(resource, text) or reading.row_address(resource, text)
    return (address, reading.label(resource, text)) if address else None


def _other_cell(reading: Reading, table: Table, row: Row, field: Field, text: str) -> Cell:
    """A cell of sources, evidence or a record, which has no evidence itself."""
    if field.format == "uri":
        return Cell(field, text, out=outward(text), host=host_of(text))
    if table.name == "sources" and field.name == "source_id":
        return Cell(field, text, to=(reading.marks[text].parts[0].path, row["title"] or text))
    if table.name == "evidence" and field.name == "quote":
        key = (row["table_name"] or "", row["row_id"] or "", row["field"] or "")
        start, source_id = int(row["char_start"] or 0), row["source_id"]
        found = [one for one in reading.mentions.get(key, ()) if (one.source_id, one.span.start) == (source_id, start)]
        return Cell(field, live(text), tuple(_words(reading, one) for one in found[:1]))
    if table.name == "evidence" and field.name == "row_id":
        address = reading.row_address(row["table_name"] or "", text, row["field"])
        return Cell(field, text, to=(address, "the value") if address else None)
    return Cell(field, text)
