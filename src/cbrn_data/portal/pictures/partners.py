"""The map of partner countries and of other countries in the data.

It follows the practice of the EU: areas of unsettled status are hatched and belong to no country. Kosovo and Palestine, if
visible or named, have the notes that the EU institutions add to these names.
"""

from __future__ import annotations

from cbrn_data.portal.pictures.drawing import LIGHT, NARROW, WIDE, Picture, Spec, listed, picture
from cbrn_data.portal.pictures.world import FEATURE, Frame, View, map_of
from cbrn_data.portal.view import ReleaseView

LABELLED_AT_MOST = 15
"""The most countries with names on the map; with more, only the page lists them."""

_MARKED, _NAME_OUTSIDE = 10, 18
"""Pixels: smaller countries have a mark, and their names are next to them."""

_PARTNER, _NAMED, _OPEN = "Partner country", "Named in the data, not a partner", "Status not settled"
_COLOURS = {_PARTNER: LIGHT.strong, _NAMED: LIGHT.second, _OPEN: LIGHT.hatched}

_LEGEND = {"symbolType": "square", "symbolSize": 180, "symbolStrokeWidth": 0}

_KOSOVO, _PALESTINE = "XKX", "PSE"
_NOTES = {
    _KOSOVO: "* Kosovo (its border is dashed): this designation is without prejudice to positions on status, and is in line "
    "with UNSCR 1244/1999 and the ICJ Opinion on the Kosovo declaration of independence.",
    _PALESTINE: "* Palestine: this designation shall not be construed as recognition of a State of Palestine and is without "
    "prejudice to the individual positions of the Member States on this issue.",
}


def partners(view: ReleaseView) -> Picture | None:
    """Return the map, None if no partner country has an outline."""
    ids = {row["country_id"] for row in view.rows["memberships"] if row.get("status", "partner") == "partner"}
    rows = [row | {"kind": _PARTNER if row["country_id"] in ids else _NAMED} for row in view.rows["countries"]]
    found = map_of(rows)
    names, others = (sorted(row["name"] or "" for row in rows if row["kind"] == kind) for kind in (_PARTNER, _NAMED))
    if not names or not found.shown:
        return None
    alt = f"Map: the partner countries {listed(names)}" + (f"; also named: {listed(others)}" if others else "") + "."
    data = ("memberships", "countries")
    frames = {width: found.frame(*_size(width)) for width in (WIDE, NARROW)}
    note = _note(found, frames[WIDE])
    return picture("countries", "Partner countries", alt, note, data, lambda width: _spec(found, frames[width], width))


def _note(found: View, frame: Frame) -> str:
    notes = ["Outlines are schematic; they imply no opinion on the status of any territory or on any border."]
    if frame.areas:
        notes.append(f"Hatched, because the status is not settled: {listed(frame.areas)}.")
    if found.missing:
        notes.append(f"Without an outline here: {listed(found.missing)}.")
    named = {row["country_id"] for row in found.shown}
    notes += [_NOTES[code] for code, shown in ((_KOSOVO, frame.countries), (_PALESTINE, named)) if code in shown]
    return " ".join(notes)


def _size(width: int) -> tuple[int, int]:
    return width - 10, round(width * (0.52 if width == WIDE else 0.8))


def _spec(found: View, frame: Frame, width: int) -> Spec:
    across, down = _size(width)
    return {
        "datasets": {"world": frame.topology},
        "width": across,
        "height": down,
        "projection": frame.projection,
        "layer": [*_shapes(found, frame), *(_labels(found, frame, width) if len(found.shown) <= LABELLED_AT_MOST else ())],
    }


def _shapes(found: View, frame: Frame) -> list[Spec]:
    """Return the land, the countries of the data, hatched areas, a dashed border, and a mark for each small country."""
    kinds = [kind for kind in (_PARTNER, _NAMED) if any(row["kind"] == kind for row in found.shown)]
    kinds += [_OPEN] if frame.areas else []
    scale = {"domain": kinds, "range": [_COLOURS[kind] for kind in kinds]}
    colour = {"color": {"field": "kind", "type": "nominal", "scale": scale, "legend": _LEGEND}}
    world: Spec = {"data": {"name": "world", "format": {"type": "topojson", "feature": FEATURE}}}
    lookup = {"from": {"data": {"values": found.shown}, "key": "country_id", "fields": ["kind"]}, "lookup": "id"}
    dashed = {"type": "geoshape", "stroke": LIGHT.soft, "strokeDash": [3, 2], "strokeWidth": 0.8}
    small = [row for row in found.shown if frame.extents[row["country_id"]] < _MARKED]
    return [
        world
        | {
            "transform": [lookup, {"filter": "!isValid(datum.kind)"}],
            "mark": {"type": "geoshape", "fill": LIGHT.land, "stroke": LIGHT.line},
        },
        world
        | {
            "transform": [lookup, {"filter": "isValid(datum.kind)"}],
            "mark": {"type": "geoshape", "stroke": LIGHT.land},
            "encoding": colour,
        },
        world
        | {
            "transform": [{"filter": "!isValid(datum.id)"}, {"calculate": f"'{_OPEN}'", "as": "kind"}],
            "mark": dashed,
            "encoding": colour,
        },
        world | {"transform": [{"filter": f"datum.id == '{_KOSOVO}'"}], "mark": dashed | {"fill": None}},
        _at(small, {"type": "circle", "size": 50, "opacity": 1, "stroke": LIGHT.land}, colour),
    ]


def _labels(found: View, frame: Frame, width: int) -> list[Spec]:
    """Return names with a halo, next to small countries."""
    text: Spec = {"type": "text", "fontSize": 13 if width == WIDE else 10, "fontWeight": "bold"}
    halo = {"color": LIGHT.halo, "stroke": LIGHT.halo, "strokeWidth": 3, "strokeJoin": "round"}
    named = [row | {"label": row["name"] if width == WIDE else row["country_id"]} for row in found.shown]
    named = [row | {"label": row["label"] + "*"} if row["country_id"] in _NOTES else row for row in named]
    sides: dict[str, list[Spec]] = {"center": [], "left": [], "right": []}
    for row in named:
        end = frame.places[row["country_id"]][0] + text["fontSize"] * len(row["label"])
        hidden = frame.extents[row["country_id"]] < _NAME_OUTSIDE
        side = "center" if not hidden else "left" if end < _size(width)[0] else "right"
        sides[side].append(row)
    shift = {"center": 0, "left": 11, "right": -11}
    encoding = {"text": {"field": "label", "type": "nominal"}}
    return [
        _at(rows, text | {"align": side, "dx": shift[side]} | look, encoding)
        for side, rows in sides.items()
        for look in (halo, {"color": LIGHT.on_strong})
        if rows
    ]


def _at(rows: list[Spec], mark: Spec, encoding: Spec) -> Spec:
    """Return a layer of marks at the places of rows."""
    places = {name: {"field": field, "type": "quantitative"} for name, field in (("longitude", "lon"), ("latitude", "lat"))}
    return {"data": {"values": rows}, "mark": mark, "encoding": places | encoding}
