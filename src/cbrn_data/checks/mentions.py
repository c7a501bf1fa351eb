"""Words of leaflets that no value covers, and the countries and projects that they name.

Offsets show which words have no evidence. ``normalise`` reads these words, but the reader of leaflets does not take part, so
this check also finds a country or a project that the reader missed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from cbrn_data.checks.left_out import LeftOut
from cbrn_data.normalise.countries import countries_in
from cbrn_data.normalise.projects import references
from cbrn_data.normalise.readings import FOLLOWING
from cbrn_data.normalise.text import Span
from cbrn_data.sources.document import LEAFLETS, Document

if TYPE_CHECKING:
    from cbrn_data.checks.complete import Arrival

AROUND_VALUES = "around-values"
_READERS: Mapping[str, Callable[[str], set[str]]] = {
    "country_id": lambda text: {each.country_id for each in countries_in(text)},
    "project_id": lambda text: {f"P{each.number}" for each in references(text)},
}
"""How the words of a mention are read, by the field that holds it."""
_TEXT = "text"
"""The field whose words are a whole statement, so that a mention in it is a row of its own."""


def nameless(reason: str) -> bool:
    """Return whether words that are left out for this reason may name no country and no project."""
    return reason in ("", "heading", "no-value", AROUND_VALUES)


def named(arrival: Arrival, left: LeftOut) -> list[str]:
    """Return the countries and projects that words without a value name, sorted."""
    document = arrival.documents.get(left.source_id)
    words = left.words or (document.text_of(left.line) if document else "")
    return sorted({name for read in _READERS.values() for name in read(words)})


def unmentioned(arrival: Arrival) -> Iterator[LeftOut]:
    """Yield the countries and projects that the text of a statement names, but that are not in its table of pairs."""
    leaflets = {row["source_id"] for row in arrival.tables["sources"].rows if row["kind"] in LEAFLETS}
    texts = [row for row in arrival.tables["evidence"].rows if row["field"] == _TEXT and row["source_id"] in leaflets]
    for statement, pairs in _pairs(arrival):
        there: dict[str | None, set[str | None]] = defaultdict(set)
        key, other = arrival.package.tables[pairs].primary_key
        for row in arrival.tables[pairs].rows:
            there[row[key]].add(row[other])
        for row in texts:
            document = arrival.documents.get(row["source_id"] or "")
            if document and row["table_name"] == statement and row["method"] not in FOLLOWING:
                words = document.words(Span(int(row["char_start"] or 0), int(row["char_end"] or 0)))
                for name in sorted(_READERS[other](words) - there[row["row_id"]]):
                    yield LeftOut(row["source_id"] or "", int(row["line_start"] or 0), words=name)


def _pairs(arrival: Arrival) -> Iterator[tuple[str, str]]:
    """Yield each table of statements with the tables of what its texts name."""
    for table in arrival.package.with_role("data"):
        if len(table.primary_key) == 2 and table.primary_key[1] in _READERS:
            of = [each.resource for each in table.foreign_keys if tuple(each.fields) == (table.primary_key[0],)]
            yield from ((name, table.name) for name in of if _TEXT in arrival.package.tables[name].names)


def bare_words(source_id: str, document: Document, spans: Iterable[Span]) -> list[LeftOut]:
    """Return the lines with words of which none is in a span, and the words of other lines that are in none."""
    found: dict[LeftOut, None] = {}
    bounds, place = [*document.line_starts, len(document.text)], 0
    for first, last in [
        *sorted((span.start, span.end) for span in spans if span.start < span.end),
        (bounds[-1], bounds[-1]),
    ]:
        for line in range(document.line(place), document.line(first - 1) + 1) if first > place else ():
            start, end = bounds[line - 1], bounds[line]
            words = document.text[max(start, place) : min(end, first)]
            if any(map(str.isalnum, words)):
                is_whole = place <= start and end <= first
                found[LeftOut(source_id, line) if is_whole else LeftOut(source_id, line, words=words.strip())] = None
        place = max(place, last)
    return list(found)
