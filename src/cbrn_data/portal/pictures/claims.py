"""The numbers of projects that a leaflet or page claims, total and on-going, and the numbers named, by region and year."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from cbrn_data.checks.across import listings, named_projects
from cbrn_data.portal.pictures.drawing import WIDE, WIDER, Picture, Spec, kinds_of, labels_of, picture
from cbrn_data.portal.view import ReleaseView
from cbrn_data.schema.table import Row

EDITIONS_AT_MOST = 16
BESIDE = 4
"""The number of groups from which on they are in two columns, if the picture is wide."""

_SERIES = ("claimed by the source", "named here", "claimed as ongoing", "listed as ongoing")
_UNDATED = "undated"


def claims(view: ReleaseView) -> Picture | None:
    """Return the bars, None if no source counts projects."""
    keys = _counted(view)
    bars = [bar for year, region in _newest(view, keys) for bar in _bars(view, year, region)]
    if not bars:
        return None
    alt = f"Bars: the numbers of projects {', '.join(_SERIES)}. {_said(bars)}."
    note = "Public pages name fewer projects than the source counts; both are published as they are."
    if len(keys) > EDITIONS_AT_MOST:
        note += f" Only the {EDITIONS_AT_MOST} newest counts are drawn."
    data = ("figures", "project_regions", "projects")
    words, title = (*_SERIES, _UNDATED), "Projects claimed and named, by year"
    return picture("claims", title, alt, note, data, lambda width: _spec(bars, width), words)


def _said(bars: Sequence[dict[str, Any]]) -> str:
    """Return the numbers of each group, a dash for a bar that it does not have."""
    groups: dict[str, dict[str, Any]] = {}
    for bar in bars:
        groups.setdefault(bar["group"], {})[bar["series"]] = bar["value"]
    return "; ".join(
        f"{group}: {', '.join(str(values.get(series, '–')) for series in _SERIES)}" for group, values in groups.items()
    )


def _counted(view: ReleaseView) -> set[tuple[str, str]]:
    """Return the years (empty if not stated) and regions in which a leaflet or a page counts projects."""
    measures = {"projects_total", "projects_ongoing"}
    counts = [row for row in view.rows["figures"] if row["measure"] in measures and row["region_id"]]
    return {(row["as_of_year"] or "", row["region_id"] or "") for row in counts}


def _newest(view: ReleaseView, keys: set[tuple[str, str]]) -> Sequence[tuple[str, str]]:
    """Return the drawn keys: those of the newest years, with the years of a region together."""
    newest = sorted(keys, key=lambda key: (-int(key[0] or 0), key[1]))[:EDITIONS_AT_MOST]
    return sorted(newest, key=lambda key: (view.label("regions", key[1]), -int(key[0] or 0)))


def _bars(view: ReleaseView, year: str, region: str) -> Iterator[dict[str, Any]]:
    """Yield the bars of one region and year."""
    claimed = {
        row["measure"]: row for row in view.rows["figures"] if (row["as_of_year"] or "", row["region_id"]) == (year, region)
    }
    listed = [row for row in listings(view.whole) if (row["as_of_year"], row["region_id"]) == (year, region)]
    counts = (
        _value(claimed.get("projects_total")),
        len(named_projects(view.whole, {"region_id": region, "as_of_year": year or None})),
        _value(claimed.get("projects_ongoing")),
        sum(row["status"] == "ongoing" for row in listed) if listed else None,
    )
    group = f"{view.label('regions', region)}, {year or _UNDATED}"
    for series, count in zip(_SERIES, counts, strict=True):
        if count is not None:
            kind = "claimed" if "claimed" in series else "named"
            yield {"group": group, "series": series, "value": count, "kind": kind}


def _value(row: Row | None) -> int | None:
    return int(row["value"]) if row and row["value"] else None


def _spec(bars: list[dict[str, Any]], width: int) -> Spec:
    groups = list(dict.fromkeys(bar["group"] for bar in bars))
    columns = 2 if width == WIDE and len(groups) >= BESIDE else 1
    across = (width - 160) // columns - 40
    anchor, space = ("start", across / WIDER) if width == WIDE else ("end", width - 40)
    header = {"labelOrient": "top", "labelAnchor": anchor, "labelLimit": space}
    y = {"field": "series", "type": "nominal", "sort": _SERIES, "axis": labels_of(160)}
    x = {"field": "value", "type": "quantitative", "axis": None}
    return {
        "data": {"values": bars},
        "facet": {"field": "group", "type": "nominal", "sort": groups, "title": None, "header": header},
        "columns": columns,
        "resolve": {"scale": {"y": "independent"}},
        "spec": {
            "width": across,
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
