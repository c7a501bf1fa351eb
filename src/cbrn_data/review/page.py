"""A review as one HTML file: pictures and style are in it, it asks nothing of any host, and it runs no script."""

from __future__ import annotations

import base64
from importlib.resources import files
from itertools import groupby
from typing import Any

from cbrn_data.findings import Finding, catalogue
from cbrn_data.portal.evidence import Marks, Mention, Part, tokens
from cbrn_data.portal.paper import render
from cbrn_data.portal.sheet import Sheet, sheet_of
from cbrn_data.review.leaflet import Review, verdict
from cbrn_data.tables.claims import Claim
from cbrn_data.words.text import Span

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
"""What the page may do."""

_OF_EVERY_ROW = {"region_id", "first_edition", "last_edition", "position"}
"""Fields that say nothing of their own on a page about one leaflet."""


def review_page(review: Review) -> bytes:
    """Return the page of a review."""
    marks = _marks(review)
    sheet = _sheet(review, marks)
    picture = review.picture
    data = "data:image/png;base64," + base64.b64encode(picture.png).decode() if picture else ""
    whole = sheet or (Sheet(picture.width, picture.height, []) if picture else None)
    return render(
        "review",
        "",
        page_policy=POLICY,
        style=_style(),
        review=review,
        verdict=verdict(review),
        findings=[_told(each, marks) for each in sorted(review.findings)],
        blocks=any(each.blocks for each in review.findings),
        tables=_tables(review),
        sheet=whole if picture else None,
        image=data,
        lines=list(tokens(marks, marks.parts[0])) if marks else None,
        unused=marks.unused() if marks else [],
        ignored=review.ignored,
        first_of=_first_of(review),
    )


def _style() -> Any:
    from markupsafe import Markup

    return Markup(files("cbrn_data.portal").joinpath("assets/site.css").read_text(encoding="utf-8"))  # noqa: S704 - our own


def _marks(review: Review) -> Marks | None:
    document = review.document
    if document is None:
        return None
    mentions = tuple(
        Mention(one.table, one.row_id, one.field, "", one.span, document.lines(one.span), one.method, None, None, "")
        for one in review.claims
        if one.source.name == review.name and one.span.start < one.span.end
    )
    part = Part("", 1, len(document.line_starts), 0, len(document.text))
    return Marks({}, document, mentions, (part,))


def _sheet(review: Review, marks: Marks | None) -> Sheet | None:
    if marks is None or review.kept is None or review.picture is None:
        return None
    return sheet_of(review.kept, marks, {each.line for each in review.findings if each.blocks and each.line})


def _told(finding: Finding, marks: Marks | None) -> dict[str, Any]:
    has_line = marks is not None and finding.line is not None and finding.line <= marks.parts[0].last
    return {"finding": finding, "fix": catalogue()[finding.code].fix, "line": finding.line if has_line else None}


def _tables(review: Review) -> list[dict[str, Any]]:
    """Return the rows of each table, each cell once, in the order of the leaflet."""
    made = []
    for table, of_table in groupby(sorted(review.claims, key=lambda one: _order(review, one)), lambda one: one.table):
        rows: dict[str, dict[tuple[str, str], Claim]] = {}
        for one in of_table:
            cells = rows.setdefault(one.row_id, {})
            if one.field not in _OF_EVERY_ROW or table == "regions":
                cells.setdefault((one.field, one.value), one)
        listed = [{"id": row_id, "cells": [_cell(review, one) for one in cells.values()]} for row_id, cells in rows.items()]
        made.append({"name": table, "rows": listed})
    return made


def _first_of(review: Review) -> dict[Span, tuple[str, str, str, str]]:
    """Return the cell to which the marked words lead: the first one that is made of them and shown."""
    found: dict[Span, tuple[str, str, str, str]] = {}
    for one in review.claims:
        if one.field not in _OF_EVERY_ROW or one.table == "regions":
            found.setdefault(one.span, (one.table, one.row_id, one.field, one.value))
    return found


def _order(review: Review, claim: Claim) -> int:
    tables = list(dict.fromkeys(one.table for one in review.claims))
    return tables.index(claim.table)


def _cell(review: Review, claim: Claim) -> dict[str, Any]:
    here = claim.source.name == review.name and claim.span.start < claim.span.end
    lines = claim.source.document.lines(claim.span)
    return {
        "field": claim.field,
        "value": claim.value,
        "method": claim.method,
        "span": claim.span if here else None,
        "lines": f"line {lines[0]}" if lines[0] == lines[1] else f"lines {lines[0]}–{lines[1]}",
        "first": lines[0],
    }
