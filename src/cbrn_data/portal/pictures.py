"""Pictures where people would rather look: a map, a timeline, and projects by year, each declared in Vega-Lite.

They are drawn when the site is made, by vl-convert, from data that stands in the specification: nothing is fetched. Each
is drawn for a light and a dark page and for a wide and a narrow one. Dates are instants in UTC, so that no time zone moves
a bar. Nothing is guessed: what has no stated date is counted in words beside the picture.
"""

from __future__ import annotations

import calendar
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import astuple, dataclass
from datetime import date
from functools import cache
from typing import Any

from cbrn_data.portal.links import ENTITIES
from cbrn_data.portal.reading import Reading
from cbrn_data.portal.world import view
from cbrn_data.schema.canonical import Row

Spec = dict[str, Any]

WIDE, NARROW = 900, 340
SHORT = 31
"""Up to how many days a bar would be too short to be seen."""

ROWS_DRAWN = 40
"""How many rows a timeline has at most."""

_SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"


@dataclass(frozen=True)
class Colours:
    """What a picture is drawn with."""

    ink: str
    soft: str
    line: str
    land: str
    strong: str
    second: str
    on_strong: str
    halo: str


LIGHT = Colours("#1b1f24", "#56606b", "#d6dbe1", "#e8ebee", "#0b5c80", "#b8690b", "#ffffff", "#123447")
DARK = Colours("#e6e9ec", "#a7b0ba", "#3a424b", "#2a3138", "#7cc4e4", "#f2b134", "#10161c", "#d9eefa")

_CONFIG: Spec = {
    "background": None,
    "font": "Liberation Sans, Arial, Helvetica, sans-serif",
    "view": {"stroke": None},
    "axis": {
        "labelColor": LIGHT.soft,
        "titleColor": LIGHT.soft,
        "gridColor": LIGHT.line,
        "domain": False,
        "ticks": False,
        "labelFontSize": 13,
    },
    "legend": {"labelColor": LIGHT.ink, "labelFontSize": 13, "labelLimit": 0, "orient": "top", "title": None},
    "header": {"labelColor": LIGHT.ink, "labelFontSize": 13, "labelFontWeight": "bold"},
    "text": {"color": LIGHT.ink, "fontSize": 13},
}


@dataclass(frozen=True)
class Picture:
    """A drawing: ``alt`` says in words what it shows, ``data`` names the tables behind it, ``files`` its variants."""

    name: str
    title: str
    alt: str
    note: str
    data: tuple[str, ...]
    size: tuple[int, int]
    files: dict[str, bytes]


def draw(reading: Reading) -> list[Picture]:
    """Return the pictures of a release, leaving out those for which it has no data."""
    return [picture for make in (_map, _timeline, _claims) if (picture := make(reading))]


def _picture(name: str, title: str, alt: str, note: str, data: tuple[str, ...], spec: Callable[[int], Spec]) -> Picture:
    files: dict[str, bytes] = {}
    for variant, width in (("", WIDE), ("-narrow", NARROW)):
        drawn = _drawn(json.dumps({"$schema": _SCHEMA, "config": _CONFIG, "padding": 4} | spec(width)))
        files[f"pictures/{name}{variant}.svg"] = drawn.encode()
        files[f"pictures/{name}{variant}-dark.svg"] = _dark(drawn).encode()
    return Picture(name, title, alt, note, data, _size(files[f"pictures/{name}.svg"]), files)


@cache
def _drawn(spec: str) -> str:
    """Draw once per process and specification: publishing derives its files more than once."""
    from vl_convert import vegalite_to_svg

    svg: str = vegalite_to_svg(spec, vl_version="6.4", allowed_base_urls=[])
    return svg + "\n"


def _dark(svg: str) -> str:
    """Return a drawing with the colours of a dark page: drawing it again would take as long as the first time."""
    pairs = dict(zip(astuple(LIGHT), astuple(DARK), strict=True))
    return re.sub("|".join(pairs), lambda match: pairs[match[0]], svg)


def _size(svg: bytes) -> tuple[int, int]:
    head = svg[:300].decode()
    width, height = (float(head.split(f'{name}="', 1)[1].split('"', 1)[0]) for name in ("width", "height"))
    return round(width), round(height)


def _listed(names: Sequence[str]) -> str:
    """Return names as a person lists them.

    >>> _listed(["A", "B", "C"])
    'A, B and C'
    """
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _map(reading: Reading) -> Picture | None:
    partners = {row["country_id"] for row in reading.rows["memberships"]}
    kinds = {True: "Partner country", False: "Named in the data, no partner"}
    rows = [row | {"kind": kinds[row["country_id"] in partners]} for row in reading.rows["countries"]]
    found = view(rows)
    names = sorted(row["name"] or "" for row in rows if row["country_id"] in partners)
    if not found.shown or not names:
        return None
    others = sorted(row["name"] or "" for row in rows if row["country_id"] not in partners)
    alt = f"Map: the partner countries {_listed(names)}" + (f"; also named: {_listed(others)}" if others else "") + "."
    note = "Outlines are schematic and say nothing of the status of any territory or border."
    if found.missing:
        note += f" Too small to be drawn here, or without an outline: {_listed(found.missing)}."
    used = [kind for kind in kinds.values() if any(row["kind"] == kind for row in found.shown)]

    def spec(width: int) -> Spec:
        height = round(width * (0.52 if width == WIDE else 0.8))
        shapes: Spec = {"data": {"values": found.topology, "format": {"type": "topojson", "feature": found.feature}}}
        named = [{"transform": [{"lookup": "id", "from": {"data": {"values": found.shown}, "key": "id", "fields": ["name", "kind"]}},
                                {"filter": "isValid(datum.kind)"}]}]
        colour = {"field": "kind", "type": "nominal", "scale": {"domain": used, "range": [LIGHT.strong, LIGHT.second]}}
        text = {"type": "text", "fontSize": 13 if width == WIDE else 10, "fontWeight": "bold"}
        labels: Spec = {
            "data": {"values": found.shown},
            "encoding": {
                "longitude": {"field": "lon", "type": "quantitative"},
                "latitude": {"field": "lat", "type": "quantitative"},
                "text": {"field": "name" if width == WIDE else "country_id", "type": "nominal"},
            },
        }
        return {
            "width": width - 10,
            "height": height,
            "projection": found.projection(width - 10, height),
            "layer": [
                shapes | {"mark": {"type": "geoshape", "fill": LIGHT.land, "stroke": LIGHT.line}},
                shapes | named[0] | {"mark": {"type": "geoshape", "stroke": LIGHT.land}, "encoding": {"color": colour}},
                labels | {"mark": text | {"color": LIGHT.halo, "stroke": LIGHT.halo, "strokeWidth": 3, "strokeJoin": "round"}},
                labels | {"mark": text | {"color": LIGHT.on_strong}},
            ],
        }

    return _picture("countries", "Partner countries", alt, note, ("memberships", "countries"), spec)


def _day(text: str, last: bool) -> str:
    """Return the first or last day that a partial date can mean, as an instant."""
    year, month, day = (*(int(part) for part in text.split("-")), 0, 0)[:3]
    month = month or (12 if last else 1)
    day = day or (calendar.monthrange(year, month)[1] if last else 1)
    return f"{year:04}-{month:02}-{day:02}T00:00:00Z"


def _days(start: str, end: str) -> int:
    first, last = (date.fromisoformat(text[:10]) for text in (_day(start, last=False), _day(end, last=True)))
    return (last - first).days


def _bars(reading: Reading, table: str) -> Iterator[dict[str, Any]]:
    for row in reading.rows[table]:
        if start := row["date_start"]:
            row_id = reading.package.tables[table].row_id(row)
            label = reading.label(table, row_id)
            end = row["date_end"]
            yield {
                "kind": table.capitalize(),
                "label": f"{row_id} {label}" if table in ENTITIES else label,
                "short": row_id if table in ENTITIES else start,
                "start": _day(start, last=False),
                "end": _day(end, last=True) if end else None,
                "shape": "bar" if end and _days(start, end) > SHORT else "dot" if end else "open",
            }


def _timeline(reading: Reading) -> Picture | None:
    drawn = [bar for table in ("projects", "achievements") for bar in sorted(_bars(reading, table), key=lambda bar: str(bar["start"]))]
    if not drawn:
        return None
    counts = Counter(bar["kind"] for bar in drawn)
    kinds = list(counts)
    alt = "Timeline: " + _listed([f"{counts[kind]} {kind.lower()}" for kind in kinds]) + f", from {min(bar['start'] for bar in drawn)[:4]} on."
    without = [f"{len(reading.rows[name]) - counts[name.capitalize()]} {name}" for name in ("projects", "achievements")
               if len(reading.rows[name]) > counts[name.capitalize()]]
    note = "A bar goes from the first to the last day that is stated; a dot stands for at most a month, a triangle for a beginning without a stated end."
    if without:
        note += f" No date is stated for {_listed(without)}."
    if len(drawn) > ROWS_DRAWN:
        note += f" Only {ROWS_DRAWN} are drawn: those that began last."
        drawn = sorted(sorted(drawn, key=lambda bar: str(bar["start"]))[-ROWS_DRAWN:], key=lambda bar: (bar["kind"] != "Projects", bar["start"]))
    values = [bar | {"place": f"{number:04}", "label": _cut(bar["label"])} for number, bar in enumerate(drawn)]

    def spec(width: int) -> Spec:
        name = "label" if width == WIDE else "short"
        labels = {"expr": f"{_literal({bar['place']: bar[name] for bar in values})}[datum.value]"}
        y = {"field": "place", "type": "nominal", "axis": {"title": None, "labelExpr": labels["expr"], "labelLimit": 420, "labelPadding": 8}}
        colour = {"field": "kind", "type": "nominal", "scale": {"domain": kinds, "range": [LIGHT.strong, LIGHT.second]}}
        x = {"field": "start", "type": "temporal", "scale": {"type": "utc", "nice": "year"}, "axis": {"title": None, "format": "%Y", "tickCount": "year"}}
        return {
            "width": width - (420 if width == WIDE else 120),
            "height": {"step": 24},
            "data": {"values": values},
            "encoding": {"y": y, "color": colour},
            "layer": [
                {
                    "transform": [{"filter": "datum.shape == 'bar'"}],
                    "mark": {"type": "bar", "height": 12, "cornerRadius": 2},
                    "encoding": {"x": x, "x2": {"field": "end"}},
                },
                *(
                    {
                        "transform": [{"filter": f"datum.shape == '{shape}'"}],
                        "mark": {"type": "point", "shape": drawn_as, "filled": True, "size": 130, "opacity": 1},
                        "encoding": {"x": x},
                    }
                    for shape, drawn_as in (("dot", "circle"), ("open", "triangle-right"))
                ),
            ],
        }

    return _picture("timeline", "Projects and achievements over time", alt, note, ("projects", "achievements"), spec)


def _cut(text: str) -> str:
    return text if len(text) <= 52 else text[:51].rpartition(" ")[0] + "…"


def _literal(value: object) -> str:
    """Return a value as a literal of a Vega expression; text of data stays text in it."""
    return json.dumps(value)


_SERIES = {
    "claimed": "claimed by the leaflet",
    "named": "named here",
    "claimed-ongoing": "claimed as ongoing",
    "named-ongoing": "listed as ongoing",
}


def _claims(reading: Reading) -> Picture | None:
    values = [bar for bars in _by_edition(reading) for bar in bars]
    if not values:
        return None
    groups = list(dict.fromkeys(bar["group"] for bar in values))
    alt = "Bars: " + "; ".join(f"{bar['group']}, {bar['series']}: {bar['value']}" for bar in values) + " projects."

    def spec(width: int) -> Spec:
        y = {"field": "series", "type": "nominal", "sort": list(_SERIES.values()), "axis": {"title": None, "labelLimit": 220, "labelPadding": 8}}
        x = {"field": "value", "type": "quantitative", "axis": None}
        return {
            "data": {"values": values},
            "facet": {"row": {"field": "group", "type": "nominal", "sort": groups, "title": None,
                              "header": {"labelOrient": "top", "labelAnchor": "start"}}},
            "spec": {
                "width": width - (260 if width == WIDE else 190),
                "height": {"step": 26},
                "encoding": {"y": y, "x": x},
                "layer": [
                    {"mark": {"type": "bar", "height": 16, "cornerRadiusEnd": 2},
                     "encoding": {"color": {"field": "claimed", "type": "nominal", "legend": None,
                                            "scale": {"domain": [True, False], "range": [LIGHT.second, LIGHT.strong]}}}},
                    {"mark": {"type": "text", "align": "left", "dx": 5}, "encoding": {"text": {"field": "value", "type": "quantitative"}}},
                ],
            },
        }

    note = "Public pages name fewer projects than a leaflet counts; both are published as they are."
    return _picture("claims", "Projects claimed and named, by year", alt, note, ("figures", "project_regions"), spec)


def _by_edition(reading: Reading) -> Iterator[list[dict[str, Any]]]:
    """Yield the bars of each region and year that a leaflet counts projects for, the newest years first."""
    claimed = {(row["region_id"], row["as_of_year"], row["measure"]): row for row in reading.rows["figures"]}
    keys = sorted({key[:2] for key in claimed if key[2] in {"projects_total", "projects_ongoing"}}, key=lambda key: (key[1] or "", key[0] or ""))
    for region, year in list(reversed(keys))[:12]:
        listed = [row for row in reading.rows["project_regions"] if (row["region_id"], row["as_of_year"]) == (region, year)]
        counts: dict[str, int | str | None] = {
            "claimed": _value(claimed.get((region, year, "projects_total"))),
            "named": len(listed),
            "claimed-ongoing": _value(claimed.get((region, year, "projects_ongoing"))),
            "named-ongoing": sum(row["status"] == "ongoing" for row in listed),
        }
        group = f"{reading.label('regions', region or '')}, {year}"
        yield [
            {"group": group, "series": _SERIES[name], "value": count, "claimed": name.startswith("claimed")}
            for name, count in counts.items() if count is not None
        ]


def _value(row: Row | None) -> int | None:
    return int(row["value"]) if row and row["value"] else None
