"""A review as one HTML file with its pictures and style, without requests and scripts."""

from __future__ import annotations

import base64
from typing import Any

from cbrn_data.findings import Finding, catalogue
from cbrn_data.normalise.text import Span
from cbrn_data.pages import ALONE_POLICY, inline_style
from cbrn_data.portal.evidence import Marks, Mention, SourcePage, line_range, tokens
from cbrn_data.portal.render import render
from cbrn_data.portal.sheet import Sheet, sheet_of
from cbrn_data.review.leaflet import Review, verdict
from cbrn_data.tables.claims import Claim

_OF_EVERY_ROW = {"region_id", "first_edition", "last_edition", "position"}
"""Fields that are the same in every row on a page about one leaflet."""


def review_page(review: Review) -> bytes:
    """Return the page of a review."""
    shown = _shown(review)
    marks = _marks(review, shown)
    sheet = _sheet(review, marks)
    picture = review.picture
    data = "data:image/png;base64," + base64.b64encode(picture.png).decode() if picture else ""
    return render(
        "review",
        "",
        page_policy=ALONE_POLICY,
        style=inline_style(),
        review=review,
        verdict=verdict(review),
        findings=[_with_fix(each, marks) for each in sorted(review.findings)],
        blocks=any(each.is_error for each in review.findings),
        tables=_tables(shown, review.name),
        sheet=sheet or (Sheet(picture.pages, []) if picture else None),
        image=data,
        on_page={box.line for box in sheet.boxes} if sheet else set(),
        lines=list(tokens(marks, marks.parts[0])) if marks else None,
        unused=marks.unused() if marks else [],
        ignored=review.ignored,
    )


def _marks(review: Review, shown: list[Claim]) -> Marks | None:
    document = review.document
    if document is None:
        return None
    mentions = tuple(
        Mention(one.table, one.row_id, one.field, "", one.span, document.lines(one.span), one.method, None, None, None, "")
        for one in shown
        if one.source.name == review.name and one.span.start < one.span.end
    )
    part = SourcePage("", 1, len(document.line_starts), 0, len(document.text))
    return Marks({}, document, mentions, (part,))


def _sheet(review: Review, marks: Marks | None) -> Sheet | None:
    if marks is None or review.kept is None or review.picture is None:
        return None
    return sheet_of(review.kept, marks, {each.line for each in review.findings if each.is_error and each.line})


def _with_fix(finding: Finding, marks: Marks | None) -> dict[str, Any]:
    has_line = marks is not None and finding.line is not None and finding.line <= marks.parts[0].last
    return {"finding": finding, "fix": catalogue()[finding.code].fix, "line": finding.line if has_line else None}


def _shown(review: Review) -> list[Claim]:
    """Return the shown claims: those that are the same in every row only if their words have no other claim."""
    specific = [one for one in review.claims if one.field not in _OF_EVERY_ROW or one.table == "regions"]
    spans = {one.span for one in specific}
    return specific + [one for one in review.claims if one.span not in spans]


def _tables(shown: list[Claim], name: str) -> list[dict[str, Any]]:
    """Return the rows of each table, each cell once with all its places, in the order of the leaflet."""
    tables: dict[str, dict[str, dict[tuple[str, str], dict[str, Any]]]] = {}
    anchored: set[Span] = set()
    for one in shown:
        row = tables.setdefault(one.table, {}).setdefault(one.row_id, {})
        cell = row.setdefault(
            (one.field, one.value), {"field": one.field, "value": one.value, "method": one.method, "places": []}
        )
        if one.source.name == name and one.span.start < one.span.end:
            first, last = one.source.document.lines(one.span)
            if one.span not in [each["span"] for each in cell["places"]]:
                is_first = one.span not in anchored
                cell["places"].append(
                    {"span": one.span, "first": first, "lines": line_range(first, last), "is_first": is_first}
                )
            anchored.add(one.span)
    return [
        {"name": table, "rows": [{"id": row_id, "cells": list(row.values())} for row_id, row in rows.items()]}
        for table, rows in tables.items()
    ]
