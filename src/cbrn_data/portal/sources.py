"""The page of each source: its text with marked words, and the values made from them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cbrn_data.catalogue.model import Catalogue
from cbrn_data.catalogue.pages import page_path
from cbrn_data.portal.evidence import Marks, Mention, SourcePage, line_range, tokens
from cbrn_data.portal.links import host_of, outward
from cbrn_data.portal.render import render
from cbrn_data.portal.sheet import released_sheet
from cbrn_data.portal.view import ReleaseView
from cbrn_data.sources.source import PAGES
from cbrn_data.store.history import RELEASES

OPEN = 4
"""Number of rows of one passage that are shown unfolded."""

MADE_AT_MOST = 200
"""Number of rows listed for one passage; a passage that is a whole list is the evidence of many rows."""


def source_pages(view: ReleaseView, site: Catalogue) -> Iterator[tuple[str, bytes]]:
    """Yield path and bytes of every page of every source."""
    sheets = {one: released_sheet(view.release, view.marks, one) for one in view.marks}
    for source_id, marks in view.marks.items():
        sheet = sheets.get(source_id.removesuffix(PAGES)) if source_id.endswith(PAGES) else None
        unused = marks.unused()
        for number, part in enumerate(marks.parts, 1):
            yield (
                part.path,
                render(
                    "source",
                    part.path,
                    site=site,
                    source=marks.source,
                    folder=f"{RELEASES}/{view.release.version}/",
                    address=outward(marks.source["url"]),
                    number=number,
                    parts=marks.parts,
                    lines=tokens(marks, part) if marks.document else None,
                    unused=_ranges([line for line in unused if part.first <= line <= part.last]),
                    cut=marks.cut,
                    text=marks,
                    entries=list(_entries(view, marks, part)),
                    sheet=sheet,
                    erased=view.release.erased.get(marks.source["path"] or ""),
                    on_page=page_path("sources", source_id + PAGES) if sheets[source_id] else None,
                ),
            )


def _ranges(lines: list[int]) -> list[tuple[int, int]]:
    """Return sorted lines as ranges of first and last.

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


def _entries(view: ReleaseView, marks: Marks, part: SourcePage) -> Iterator[dict[str, Any]]:
    for span in marks.spans(part):
        assert marks.document is not None
        mentions = marks.by_span[span]
        rows: dict[tuple[str, str], list[Mention]] = {}
        for mention in mentions:
            rows.setdefault((mention.table, mention.row_id), []).append(mention)
        made = [_made(view, *row, of) for row, of in list(rows.items())[:MADE_AT_MOST]]
        yield {
            "span": span,
            "quote": " ".join(marks.document.quote(span).split()),
            "first": mentions[0].lines[0],
            "lines": line_range(*mentions[0].lines),
            "made": made[:OPEN],
            "folded": made[OPEN:],
            "more": len(rows) - len(made),
        }


def _made(view: ReleaseView, table: str, row_id: str, mentions: list[Mention]) -> dict[str, Any]:
    title = view.package.tables[table].title
    return {"table": title, "label": view.label(table, row_id), "fields": [_value(view, one) for one in mentions]}


def _cell(view: ReleaseView, one: Mention) -> str:
    """Return the place of a value in the CSV file of its table, which never changes (RFC 7111; line 1 has the names)."""
    number = view.numbers[one.table].get(one.row_id)
    if number is None:
        return ""
    column = view.package.tables[one.table].names.index(one.field) + 1 if one.field != "*" else None
    return f"{one.table}.csv#" + (f"cell={number},{column}" if column else f"row={number}")


def _value(view: ReleaseView, one: Mention) -> dict[str, Any]:
    out = outward(one.url)
    return {
        "value": view.by_id[one.table].get(one.row_id, {}).get(one.field),
        "at": _cell(view, one),
        "field": "whole row" if one.field == "*" else view.package.tables[one.table].field(one.field).title,
        "address": view.row_address(one.table, one.row_id, one.field),
        "method": one.method,
        "out": out,
        "host": host_of(one.url) if one.url else "",
        "certainty": one.certainty,
        "archived": outward(one.archived_url),
    }
