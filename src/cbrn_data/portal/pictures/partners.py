"""The map of partner countries, and of those that the data names otherwise."""

from __future__ import annotations

from cbrn_data.portal.pictures.drawing import LIGHT, WIDE, Picture, Spec, kinds_of, listed, picture
from cbrn_data.portal.pictures.world import View, view
from cbrn_data.portal.reading import Reading

LABELLED_AT_MOST = 15
"""With more countries, names would cover the map; the page lists them."""

_PARTNER, _NAMED = "Partner country", "Named in the data, not a partner"


def partners(reading: Reading) -> Picture | None:
    """Return the map, None where no partner country has an outline."""
    ids = {row["country_id"] for row in reading.rows["memberships"]}
    rows = [row | {"kind": _PARTNER if row["country_id"] in ids else _NAMED} for row in reading.rows["countries"]]
    found = view(rows)
    names, others = (sorted(row["name"] or "" for row in rows if row["kind"] == kind) for kind in (_PARTNER, _NAMED))
    if not names or not found.shown:
        return None
    alt = f"Map: the partner countries {listed(names)}" + (f"; also named: {listed(others)}" if others else "") + "."
    note = "Outlines are schematic and say nothing of the status of any territory or border."
    if found.missing:
        note += f" Too small to be drawn here, or without an outline: {listed(found.missing)}."
    data = ("memberships", "countries")
    return picture("countries", "Partner countries", alt, note, data, lambda width: _spec(found, width))


def _spec(found: View, width: int) -> Spec:
    across, down = width - 10, round(width * (0.52 if width == WIDE else 0.8))
    shapes: Spec = {"data": {"name": "world", "format": {"type": "topojson", "feature": found.feature}}}
    lookup = {"lookup": "id", "from": {"data": {"values": found.shown}, "key": "id", "fields": ["kind"]}}
    colour = kinds_of([kind for kind in (_PARTNER, _NAMED) if any(row["kind"] == kind for row in found.shown)])
    text: Spec = {"type": "text", "fontSize": 13 if width == WIDE else 10, "fontWeight": "bold"}
    names: Spec = {
        "data": {"values": found.shown},
        "encoding": {
            "longitude": {"field": "lon", "type": "quantitative"},
            "latitude": {"field": "lat", "type": "quantitative"},
            "text": {"field": "name" if width == WIDE else "country_id", "type": "nominal"},
        },
    }
    drawn = {
        "transform": [lookup, {"filter": "isValid(datum.kind)"}],
        "mark": {"type": "geoshape", "stroke": LIGHT.land},
        "encoding": {"color": colour},
    }
    halo = {"color": LIGHT.halo, "stroke": LIGHT.halo, "strokeWidth": 3, "strokeJoin": "round"}
    labels = [names | {"mark": text | halo}, names | {"mark": text | {"color": LIGHT.on_strong}}]
    return {
        "datasets": {"world": found.topology},
        "width": across,
        "height": down,
        "projection": found.projection(across, down),
        "layer": [
            shapes | {"mark": {"type": "geoshape", "fill": LIGHT.land, "stroke": LIGHT.line}},
            shapes | drawn,
            *(labels if len(found.shown) <= LABELLED_AT_MOST else ()),
        ],
    }
