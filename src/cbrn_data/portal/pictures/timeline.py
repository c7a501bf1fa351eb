"""The timeline of projects and achievements. Dates are not guessed: the caption counts rows without a stated date.

Days are positions on a scale of years, so that no time zone moves a bar.
"""

from __future__ import annotations

import calendar
import json
from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import Any

from cbrn_data.portal.languages import ENGLISH
from cbrn_data.portal.links import ENTITIES
from cbrn_data.portal.pictures.drawing import WIDE, Picture, Spec, kinds_of, labels_of, picture
from cbrn_data.portal.view import ReleaseView
from cbrn_data.release.notes import counted
from cbrn_data.schema.days import first_day, last_day

TABLES = ("projects", "achievements")
DRAWN_AT_MOST = 16
"""Number of rows of each table in the picture."""
SHORT = 31 / 365
"""The most years at which a bar is too short to be visible."""

_LABEL = 50


def timeline(view: ReleaseView) -> Picture | None:
    """Return the timeline, None if no row has a date."""
    bars = [bar for table in TABLES for bar in _bars(view, table)]
    if not bars:
        return None
    counts = Counter(bar["kind"] for bar in bars)
    first = int(min(bar["start"] for bar in bars))
    alt = f"Timeline: {ENGLISH.listed([counted(number, kind) for kind, number in counts.items()])}, from {first} on."
    data = ("projects", "achievements")
    drawn = _drawn(bars)
    return picture(
        "timeline", "Projects and achievements over time", alt, _note(view, counts), data, lambda w: _spec(drawn, w), TABLES
    )


def _note(view: ReleaseView, counts: Counter[str]) -> str:
    said = "A bar shows the first to the last stated day, a dot at most a month, and a triangle a "
    said += "start without a stated end."
    without = {table: len(view.rows[table]) - counts[table] for table in TABLES}
    if any(without.values()):
        undated = [counted(number, table) for table, number in without.items() if number]
        said += f" No date is stated for {ENGLISH.listed(undated)}."
    if cut := [table for table in TABLES if counts[table] > DRAWN_AT_MOST]:
        said += f" Only the {DRAWN_AT_MOST} {ENGLISH.listed(cut)} that began last are drawn."
    return said


def _bars(view: ReleaseView, table: str) -> Iterator[dict[str, Any]]:
    for row_id, row in view.by_id[table].items():
        if not row["date_start"]:
            continue
        start, end = _place(row["date_start"], last=False), _place(row["date_end"], last=True) if row["date_end"] else None
        name = view.label(table, row_id)
        label = f"{row_id} {name}" if table in ENTITIES and name != row_id else name
        yield {
            "kind": table,
            "label": label if len(label) <= _LABEL else label[: _LABEL - 1].rpartition(" ")[0] + "…",
            "short": row_id if table in ENTITIES else row["date_start"],
            "start": start,
            "end": end,
            "shape": "open" if end is None else "bar" if end - start > SHORT else "dot",
        }


def _drawn(bars: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the bars that are drawn, in the order of tables and beginnings, each with its ``place``."""
    ordered = sorted(bars, key=lambda bar: (bar["start"], bar["label"]))
    drawn = [bar for table in TABLES for bar in [bar for bar in ordered if bar["kind"] == table][-DRAWN_AT_MOST:]]
    return [bar | {"place": number} for number, bar in enumerate(drawn)]


def _place(text: str, last: bool) -> float:
    """Return the first or last day that a partial date can mean, as a place on a scale of years.

    >>> _place("2024", last=False), _place("2024", last=True), _place("2024-07", last=False)
    (2024.0, 2025.0, 2024.4973)
    """
    day = date.fromisoformat(last_day(text) if last else first_day(text))
    gone = (day - date(day.year, 1, 1)).days + last
    return round(day.year + gone / (366 if calendar.isleap(day.year) else 365), 4)


def _spec(bars: list[dict[str, Any]], width: int) -> Spec:
    labels = [bar["label" if width == WIDE else "short"] for bar in bars]
    point = {"type": "point", "filled": True, "size": 130, "opacity": 1}
    first, last = int(min(bar["start"] for bar in bars)), int(max(bar["end"] or bar["start"] for bar in bars)) + 1
    years = {"format": "d", "tickMinStep": 1, "tickCount": 12 if width == WIDE else 5}
    x = {"field": "start", "type": "quantitative", "scale": {"domain": [first, last]}, "axis": years}
    # The labels are data within an expression: JSON is a literal there.
    space = 430 if width == WIDE else 95
    axis = {"labelExpr": f"{json.dumps(labels)}[datum.value]"} | labels_of(space)
    layers = [("bar", {"type": "bar", "height": 12, "cornerRadius": 2}, {"x": x, "x2": {"field": "end"}})]
    layers += [(shape, point | {"shape": as_}, {"x": x}) for shape, as_ in (("dot", "circle"), ("open", "triangle-right"))]
    return {
        "width": width - space - 20,
        "height": {"step": 24},
        "data": {"values": bars},
        "encoding": {
            "y": {"field": "place", "type": "ordinal", "axis": axis},
            "color": kinds_of([table for table in TABLES if any(bar["kind"] == table for bar in bars)]),
        },
        "layer": [
            {"transform": [{"filter": f"datum.shape == '{shape}'"}], "mark": mark, "encoding": encoding}
            for shape, mark, encoding in layers
        ],
    }
