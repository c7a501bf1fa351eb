"""How many projects a leaflet claims, in all and on-going, beside how many are named here, by region and year."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cbrn_data.portal.pictures.drawing import WIDE, Picture, Spec, kinds_of, picture
from cbrn_data.portal.reading import Reading
from cbrn_data.schema.canonical import Row

EDITIONS_AT_MOST = 12

_SERIES = ("claimed by the leaflet", "named here", "claimed as ongoing", "listed as ongoing")


def claims(reading: Reading) -> Picture | None:
    """Return the bars, None where no leaflet counts projects."""
    bars = list(_bars(reading))
    if not bars:
        return None
    alt = "Bars: " + "; ".join(f"{bar['group']}, {bar['series']}: {bar['value']}" for bar in bars) + " projects."
    note = "Public pages name fewer projects than a leaflet counts; both are published as they are."
    data = ("figures", "project_regions")
    return picture("claims", "Projects claimed and named, by year", alt, note, data, lambda width: _spec(bars, width))


def _bars(reading: Reading) -> Iterator[dict[str, Any]]:
    """Yield the bars of each region and year in which a leaflet counts projects, the newest years first."""
    claimed = {
        (row["as_of_year"] or "", row["region_id"] or "", row["measure"] or ""): row for row in reading.rows["figures"]
    }
    keys = {key[:2] for key in claimed if key[2] in {"projects_total", "projects_ongoing"}}
    for year, region in sorted(keys, reverse=True)[:EDITIONS_AT_MOST]:
        named = [row for row in reading.rows["project_regions"] if (row["as_of_year"], row["region_id"]) == (year, region)]
        counts = (
            _value(claimed.get((year, region, "projects_total"))),
            len(named),
            _value(claimed.get((year, region, "projects_ongoing"))),
            sum(row["status"] == "ongoing" for row in named),
        )
        group = f"{reading.label('regions', region)}, {year}"
        for series, count in zip(_SERIES, counts, strict=True):
            if count is not None:
                yield {
                    "group": group,
                    "series": series,
                    "value": count,
                    "kind": "claimed" if "claimed" in series else "named",
                }


def _value(row: Row | None) -> int | None:
    return int(row["value"]) if row and row["value"] else None


def _spec(bars: list[dict[str, Any]], width: int) -> Spec:
    groups = list(dict.fromkeys(bar["group"] for bar in bars))
    header = {"labelOrient": "top", "labelAnchor": "start"}
    y = {"field": "series", "type": "nominal", "sort": _SERIES, "axis": {"labelLimit": 220, "labelPadding": 8}}
    x = {"field": "value", "type": "quantitative", "axis": None}
    return {
        "data": {"values": bars},
        "facet": {"row": {"field": "group", "type": "nominal", "sort": groups, "title": None, "header": header}},
        "spec": {
            "width": width - (260 if width == WIDE else 190),
            "height": {"step": 26},
            "encoding": {"y": y, "x": x},
            "layer": [
                {
                    "mark": {"type": "bar", "height": 16, "cornerRadiusEnd": 2},
                    "encoding": {"color": kinds_of(["named", "claimed"]) | {"legend": None}},
                },
                {
                    "mark": {"type": "text", "align": "left", "dx": 5},
                    "encoding": {"text": {"field": "value", "type": "quantitative"}},
                },
            ],
        },
    }
