"""The page of each source: its text with the used words marked, and the values made of each of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cbrn_data.catalogue.model import Catalogue
from cbrn_data.catalogue.pages import page_path
from cbrn_data.portal.evidence import Marks, Mention, Part, lines_told, tokens
from cbrn_data.portal.files import ReleaseFiles
from cbrn_data.portal.links import host_of, outward
from cbrn_data.portal.paper import render
from cbrn_data.portal.reading import Reading
from cbrn_data.portal.sheet import released_sheet
from cbrn_data.sources.source import PAGES
from cbrn_data.words.text import Span

OPEN = 4
"""How many rows made of one passage are seen at once; the others unfold."""

MADE_AT_MOST = 200
"""How many rows the entry of one passage lists; a passage that is a whole list stands behind each row made of it."""


def source_pages(reading: Reading, site: Catalogue, files: ReleaseFiles) -> Iterator[tuple[str, bytes]]:
    """Yield path and bytes of every page of every source."""
    sheets = {one: released_sheet(reading.release, reading.marks, one) for one in reading.marks}
    for source_id, marks in reading.marks.items():
        sheet = sheets.get(source_id.removesuffix(PAGES)) if source_id.endswith(PAGES) else None
        unused = marks.unused() if marks.document and not marks.by_line else []
        for number, part in enumerate(marks.parts, 1):
            yield (
                part.path,
                render(
                    "source",
                    part.path,
                    site=site,
                    source=marks.source,
                    folder=files.folder,
                    address=outward(marks.source["url"]),
                    number=number,
                    parts=marks.parts,
                    lines=tokens(marks, part) if marks.document else None,
                    unused=_ranges([line for line in unused if part.first <= line <= part.last]),
                    cut=marks.cut,
                    by_line=marks.by_line,
                    entries=list(_entries(reading, marks, part)),
                    sheet=sheet,
                    on_page=page_path("sources", source_id + PAGES) if sheets[source_id] else None,
                ),
            )


def _ranges(lines: list[int]) -> list[tuple[int, int]]:
    """Return lines, in order, as first and last of those that follow each other.

    >>> _ranges([1, 3, 4, 5])
    [(1, 1), (3, 5)]
    """
    ranges: list[tuple[int, int]] = []
    for line in lines:
        if ranges and ranges[-1][1] == line - 1:
            ranges[-1] = (ranges[-1][0], line)
        else:
            ranges.append((line, line))
    return ranges


def _entries(reading: Reading, marks: Marks, part: Part) -> Iterator[dict[str, Any]]:
    for span in marks.spans(part):
        mentions = marks.by_span[span]
        rows: dict[tuple[str, str], list[Mention]] = {}
        for mention in mentions:
            rows.setdefault((mention.table, mention.row_id), []).append(mention)
        made = [_made(reading, *row, of) for row, of in list(rows.items())[:MADE_AT_MOST]]
        yield {
            "span": span,
            "quote": _quote(marks, span),
            "first": mentions[0].lines[0],
            "lines": lines_told(*mentions[0].lines),
            "made": made[:OPEN],
            "folded": made[OPEN:],
            "more": len(rows) - len(made),
        }


def _quote(marks: Marks, span: Span) -> str:
    assert marks.document is not None
    return " ".join(marks.document.quote(span).split())


def _made(reading: Reading, table: str, row_id: str, mentions: list[Mention]) -> dict[str, Any]:
    title = reading.package.tables[table].title
    return {"table": title, "label": reading.label(table, row_id), "fields": [_value(reading, one) for one in mentions]}


def _value(reading: Reading, one: Mention) -> dict[str, Any]:
    out = outward(one.url)
    return {
        "field": "whole row" if one.field == "*" else reading.package.tables[one.table].field(one.field).title,
        "address": reading.row_address(one.table, one.row_id, one.field),
        "method": one.method,
        "out": out,
        "host": host_of(one.url) if one.url else "",
        "certainty": one.certainty,
        "archived": outward(one.archived_url),
    }
