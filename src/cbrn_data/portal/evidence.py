"""Sources with marked words: from evidence to places in a text, and from a place back to the values.

A source is shown in full; a long one is split into pages between lines. Spans can nest or cross. A crossing span is split
at the end of the outer one, so that marked words are properly nested elements. Each source is read once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from cbrn_data.catalogue.pages import page_path
from cbrn_data.normalise.text import Span
from cbrn_data.schema.table import Row
from cbrn_data.sources.addresses import OF_A_ROW
from cbrn_data.sources.document import Document
from cbrn_data.store import disk
from cbrn_data.store.folder import Release, source_file

PAGE_WEIGHT = 140_000
"""Approximate bytes of a page of a source, words and values together."""


TEXT_AT_MOST = 1_000_000
"""Number of characters of a source that the pages show, unless used words follow further down."""


@dataclass(frozen=True)
class Mention:
    """One row of evidence: the words at ``span`` of a source give a field of a row."""

    table: str
    row_id: str
    field: str
    source_id: str
    span: Span
    lines: tuple[int, int]
    method: str
    url: str | None
    certainty: str | None
    archived_url: str | None
    page: str

    @property
    def anchor(self) -> str:
        """The address of the words: a path in the site, with a fragment."""
        return f"{self.page}#w{self.span.start}-{self.span.end}"


def line_range(first: int, last: int) -> str:
    """Return a range of lines for people.

    >>> line_range(3, 3), line_range(3, 5)
    ('line 3', 'lines 3–5')
    """
    return f"line {first}" if first == last else f"lines {first}–{last}"


@dataclass(frozen=True)
class SourcePage:
    """A page of a source: lines ``first`` to ``last`` (from 1), characters ``start`` to ``end``."""

    path: str
    first: int
    last: int
    start: int
    end: int


@dataclass(frozen=True)
class Marks:
    """A source, its text (None where it is not text), the mentions in it, and its pages; ``cut`` if not all is shown."""

    source: Row
    document: Document | None
    mentions: tuple[Mention, ...]
    parts: tuple[SourcePage, ...]
    cut: bool = False

    @property
    def row_table(self) -> str | None:
        """The table that has a row for each line of this source, None where single words are used."""
        return next((one.table for one in self.mentions if one.row_id == "*"), None)

    @cached_property
    def by_span(self) -> dict[Span, list[Mention]]:
        """Mentions by their words, in the order of the text, longer words first."""
        found: dict[Span, list[Mention]] = defaultdict(list)
        for mention in sorted(self.mentions, key=lambda one: (one.span.start, -one.span.end)):
            found[mention.span].append(mention)
        return found

    def spans(self, part: SourcePage) -> list[Span]:
        """Return the marked words that begin on a page."""
        return [span for span in self.by_span if part.start <= span.start < part.end]

    def unused(self) -> list[int]:
        """Return the lines that have words but no value; if each line is a row, there are none."""
        if self.document is None or self.row_table:
            return []
        used: set[int] = set()
        for span in self.by_span:
            first, last = self.document.lines(span)
            used.update(range(first, last + 1))
        lines = range(1, len(self.document.line_starts) + 1)
        return [line for line in lines if line not in used and self.document.text_of(line).strip()]


def read_marks(release: Release, rows: Mapping[str, list[Row]]) -> dict[str, Marks]:
    """Read every source of a release once and find the places of all evidence in it."""
    evidence: dict[str | None, list[Row]] = defaultdict(list)
    for row in rows["evidence"]:
        evidence[row["source_id"]].append(row)
    return {source["source_id"] or "": _marks(release, source, evidence[source["source_id"]]) for source in rows["sources"]}


def _marks(release: Release, source: Row, evidence: list[Row]) -> Marks:
    source_id, place = source["source_id"] or "", source["path"] or ""
    if not (source["media_type"] or "").startswith("text/") or place in release.erased:
        return Marks(source, None, (), (SourcePage(page_path("sources", source_id), 1, 1, 0, 0),))
    path = source_file(release.folder, place)
    text = _beginning(path) if source["kind"] in ("bulk", "records") else disk.read(path).decode("utf-8")
    # The shown part ends with the text, or with a line after the limit and after all used words.
    used = max((_span(row).end for row in evidence), default=0)
    end = text.find("\n", max(used, TEXT_AT_MOST)) + 1 or len(text)
    document = Document(place, text[:end])
    parts = tuple(_parts(document, source_id, evidence))
    return Marks(source, document, tuple(_mentions(evidence, parts)), parts, cut=end < len(text))


def _beginning(path: Path) -> str:
    """Return the first lines of a text of any size, slightly more than is shown."""
    with disk.opened(path) as file:
        data = file.read(2 * TEXT_AT_MOST)
        return (data if not file.read(1) else data[: data.rfind(b"\n") + 1]).decode("utf-8", "replace")


def _span(row: Row) -> Span:
    return Span(int(row["char_start"] or 0), int(row["char_end"] or 0))


def _parts(document: Document, source_id: str, evidence: list[Row]) -> Iterator[SourcePage]:
    """Split a text into pages of about equal weight, between lines and outside marked words."""
    starts = document.line_starts
    weights, ends = [0] * (len(starts) + 1), [0] * (len(starts) + 1)
    for row in evidence:
        line = document.line(_span(row).start)
        weights[line] += 300 + 2 * len(row["row_id"] or "") + 4 * len(row["field"] or "")
        weights[line] += sum(320 + len(address) for name in OF_A_ROW if (address := row.get(name)))
        ends[line] = max(ends[line], _span(row).end)
    first, weight, open_until, number = 1, 0, 0, 1
    for line, start in enumerate(starts, 1):
        if line > first and weight > PAGE_WEIGHT and open_until <= start:
            yield SourcePage(page_path("sources", source_id, number), first, line - 1, starts[first - 1], start)
            first, weight, number = line, 0, number + 1
        end = starts[line] if line < len(starts) else len(document.text)
        weight += weights[line] + 2 * (end - start) + 40
        open_until = max(open_until, ends[line])
    yield SourcePage(page_path("sources", source_id, number), first, len(starts), starts[first - 1], len(document.text))


def _mentions(evidence: list[Row], parts: tuple[SourcePage, ...]) -> Iterator[Mention]:
    place = 0
    for row in sorted(evidence, key=lambda row: _span(row)):
        span = _span(row)
        while place + 1 < len(parts) and span.start >= parts[place].end:
            place += 1
        yield Mention(
            table=row["table_name"] or "",
            row_id=row["row_id"] or "",
            field=row["field"] or "",
            source_id=row["source_id"] or "",
            span=span,
            lines=(int(row["line_start"] or 0), int(row["line_end"] or 0)),
            method=row["method"] or "",
            url=row["url"],
            certainty=row["certainty"],
            archived_url=row.get("archived_url"),
            page=parts[place].path,
        )


@dataclass(frozen=True)
class Token:
    """A step of a marked text: ``open`` and ``close`` of words, a new ``line`` (with its number), or ``text``."""

    kind: str
    text: str = ""
    span: Span | None = None
    first: bool = True


def tokens(marks: Marks, part: SourcePage) -> Iterator[Token]:
    """Yield a page of a source as properly nested steps; text within words names the innermost span."""
    assert marks.document is not None
    text, starts = marks.document.text, marks.document.line_starts
    opening: dict[int, list[Span]] = defaultdict(list)
    for span in marks.spans(part):
        opening[span.start].append(span)
    ends = {span.end for spans in opening.values() for span in spans}
    lines = {starts[number - 1]: number for number in range(part.first, part.last + 1)}
    places = sorted({*opening, *ends, *lines, part.end})
    stack: list[Span] = []
    for place, after in zip(places, [*places[1:], part.end], strict=True):
        yield from _closed(stack, place)
        if place in lines and place < max(part.end, 1):
            yield Token("line", str(lines[place]))
        for span in opening.get(place, ()):
            stack.append(span)
            yield Token("open", span=span)
        if place < after:
            yield Token("text", text[place:after], stack[-1] if stack else None)
    yield from (Token("close") for _ in stack)


def _closed(stack: list[Span], place: int) -> Iterator[Token]:
    """Close every element that ends here; an inner element that continues is opened again."""
    deepest = next((level for level, span in enumerate(stack) if span.end <= place), None)
    if deepest is None:
        return
    going_on = [span for span in stack[deepest:] if span.end > place]
    yield from (Token("close") for _ in stack[deepest:])
    stack[deepest:] = going_on
    yield from (Token("open", span=span, first=False) for span in going_on)
