"""A cell as a page shows it: its value, its words, the row to which it refers, and the public page that states it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from cbrn_data.normalise.text import unescape_formula
from cbrn_data.portal.evidence import Mention, line_range
from cbrn_data.portal.links import host_of, outward
from cbrn_data.portal.view import ReleaseView
from cbrn_data.schema.model import LINE, Field, TableDefinition
from cbrn_data.schema.table import Row


class Words(NamedTuple):
    """A passage: its page in the site and the fragment there, the name of its source, its lines, and its words."""

    page: str
    anchor: str
    source: str
    lines: tuple[int, int]
    quote: str = ""

    @property
    def address(self) -> str:
        """The address of the passage in the site."""
        return f"{self.page}#{self.anchor}"

    @property
    def name(self) -> str:
        """The source and the lines, for people."""
        return f"{self.source}, {line_range(*self.lines)}"


class Cell(NamedTuple):
    """``text`` (None for null, a value of an enumeration in words) and its ``words``.

    ``why`` of a null gives the values on which pages disagree.

    ``to`` is address and label of the row to which the cell refers, ``out`` the page that states the value, ``host`` the
    host of this page. ``named``: the label is the name for the code in the text; otherwise it is our own word, such as "the
    value".
    """

    field: Field
    text: str | None
    words: tuple[Words, ...] = ()
    to: tuple[str, str] | None = None
    out: str | None = None
    host: str = ""
    named: bool = False
    why: str = ""


class ShownRow(NamedTuple):
    """A row with its key; ``cells`` are in the order of the shown fields."""

    row_id: str
    cells: tuple[Cell, ...]


def show_row(view: ReleaseView, table: TableDefinition, row: Row, fields: Sequence[Field] = ()) -> ShownRow:
    """Return a row with the links of every cell; ``fields`` are the shown ones, by default all."""
    row_id, line = table.row_id(row), _line(view, table, row)
    return ShownRow(row_id, tuple(_cell(view, table, row_id, row, field, line) for field in fields or table.fields))


def _cell(view: ReleaseView, table: TableDefinition, row_id: str, row: Row, field: Field, line: tuple[Words, ...]) -> Cell:
    text = row[field.name]
    if text is None:
        return Cell(field, None, why=view.disputed.get((table.name, row_id, field.name), ""))
    if table.role == "data":
        found = view.passages(table.name, row_id, field.name)
        words = tuple(_words(view, one) for one in found) or line
        stated = outward(text if field.format == "uri" else next((one.url for one in found if one.url), None))
        is_reference = field.name in view.references[table.name]
        to = _named(view, table, field, row) if is_reference or table.primary_key == (field.name,) else None
        shown = text.replace("_", " ") if "enum" in field.constraints else text
        return Cell(field, shown, words, to, stated, host_of(stated or ""), is_reference)
    return _other_cell(view, table, row, field, text)


def _words(view: ReleaseView, one: Mention) -> Words:
    edition = view.marks[one.source_id].source["edition"]
    name = f"{one.source_id}, edition {edition}" if edition else one.source_id
    document = view.marks[one.source_id].document
    quote = " ".join(document.quote(one.span).split()) if document else ""
    return Words(one.page, f"w{one.span.start}-{one.span.end}", name, one.lines, quote)


def _line(view: ReleaseView, table: TableDefinition, row: Row) -> tuple[Words, ...]:
    """Return the line of its source on which a row is written, if that is its evidence."""
    line = row.get(LINE)
    sources = {one.source_id for one in view.mentions.get((table.name, "*", "*"), ())} if line else set()
    if not line or len(sources) != 1:
        return ()
    (source_id,) = sources
    pages = (part.path for part in view.marks[source_id].parts if part.first <= int(line) <= part.last)
    return tuple(Words(page, f"L{line}", source_id, (int(line), int(line))) for page in pages)


def _named(view: ReleaseView, table: TableDefinition, field: Field, row: Row) -> tuple[str, str] | None:
    """Return address and label of the row that a key names, but not of the row itself."""
    referred, text = view.referred(table, row, field.name), row[field.name]
    if referred is None:
        own = table.primary_key == (field.name,)
        page = view.entity_page(table.name, text) if own else None
        return (page, f"page of {text}") if page else None
    address = view.entity_page(*referred) or view.row_address(*referred)
    return (address, view.label(*referred)) if address else None


def _other_cell(view: ReleaseView, table: TableDefinition, row: Row, field: Field, text: str) -> Cell:
    """A cell of sources, evidence or a log, which has no evidence itself."""
    if field.format == "uri":
        return Cell(field, text, out=outward(text), host=host_of(text))
    match table.name, field.name:
        case "sources", "source_id" if text in view.marks:
            return Cell(field, text, to=(view.marks[text].parts[0].path, row["title"] or text), named=True)
        case "evidence", "quote":
            key = (row["table_name"] or "", row["row_id"] or "", row["field"] or "")
            start, source_id = int(row["char_start"] or 0), row["source_id"]
            found = [one for one in view.mentions.get(key, ()) if (one.source_id, one.span.start) == (source_id, start)]
            return Cell(field, unescape_formula(text), tuple(_words(view, one) for one in found[:1]))
        case "evidence", "row_id":
            address = view.row_address(row["table_name"] or "", text, row["field"])
            return Cell(field, text, to=(address, "the value") if address else None)
    return Cell(field, text)
