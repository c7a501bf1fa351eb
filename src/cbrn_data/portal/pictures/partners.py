"""The map of partner countries and of other countries in the data.

It follows the practice of the EU: areas of unsettled status are hatched and belong to no country. Kosovo and Palestine, if
visible or named, have the notes that the EU institutions add to these names. Every country leads to its page.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from cbrn_data.catalogue.pages import page_path
from cbrn_data.portal.pictures.drawing import DARK, LIGHT, NARROW, WIDE, Colours, Key, Picture, Spec, kept_picture, picture
from cbrn_data.portal.pictures.labels import is_marked, placed
from cbrn_data.portal.pictures.overlay import overlay
from cbrn_data.portal.pictures.world import FEATURE, Frame, View, map_of
from cbrn_data.portal.view import ReleaseView
from cbrn_data.schema.table import Row

_ROOMY = 15
"""With more countries, names are smaller, and a narrow map leaves out those of small countries."""

_PARTNER, _NAMED, _OPEN = "Partner country", "Named in the data, not a partner", "Status not settled"

_KOSOVO, _PALESTINE = "XKX", "PSE"
_NOTES = {
    _KOSOVO: "* Kosovo (its border is dashed): this designation is without prejudice to positions on status, and is in line "
    "with UNSCR 1244/1999 and the ICJ Opinion on the Kosovo declaration of independence.",
    _PALESTINE: "* Palestine: this designation shall not be construed as recognition of a State of Palestine and is without "
    "prejudice to the individual positions of the Member States on this issue.",
}


def partners(view: ReleaseView) -> Picture | None:
    """Return the map, None if no partner country has an outline. With several regions, each has a colour of its own."""
    rows = [view.rows[name] for name in ("regions", "memberships", "countries")]
    return kept_picture(json.dumps(["countries", *rows]), lambda: _map(*rows))


def _map(of_regions: Sequence[Row], memberships: Sequence[Row], countries: Sequence[Row]) -> Picture | None:
    regions = {row["region_id"] or "": row["name"] or row["region_id"] or "" for row in of_regions}
    of: dict[str, list[str]] = defaultdict(list)
    for row in memberships:
        if row.get("status", "partner") == "partner":
            of[row["country_id"] or ""].append(row["region_id"] or "")
    used = [region for region in regions if any(region in ids for ids in of.values())]
    is_of_many = len(used) > 1

    def kind(code: str) -> str:
        return _NAMED if code not in of else regions[of[code][0]] if is_of_many else _PARTNER

    rows = [row | {"kind": kind(row["country_id"] or "")} for row in countries]
    found = map_of(rows)
    if not found.shown or not of:
        return None
    groups = {regions[region] if is_of_many else _PARTNER: page_path("regions", region) for region in used}
    order = [*groups, _NAMED]
    found.shown.sort(key=lambda row: (order.index(row["kind"]), row["name"]))
    by_kind = {kind: sorted(row["name"] or "" for row in rows if row["kind"] == kind) for kind in order}
    named = [(row["country_id"], _page(row["country_id"]), _said(row, of, regions)) for row in found.shown]
    frames = {width: found.frame(*_size(width)) for width in (WIDE, NARROW)}
    made = picture(
        "countries",
        "Partner countries",
        _alt(by_kind, is_of_many),
        _note(found, frames[WIDE], _shared(found, of, regions) if is_of_many else ""),
        ("memberships", "countries"),
        lambda width: _spec(found, frames[width], width, _colours(list(groups))),
    )
    colours = _colours(list(groups)), _colours(list(groups), DARK)
    called = {_PARTNER: f"{_PARTNER} of {regions[used[0]]}"} if used else {}
    keys = [
        Key(called.get(kind, kind), colours[0][kind], colours[1][kind], page, is_ours=kind in called)
        for kind, page in groups.items()
    ]
    keys += [Key(_NAMED, colours[0][_NAMED], colours[1][_NAMED])] if by_kind[_NAMED] else []
    keys += [Key(_OPEN, LIGHT.soft, DARK.soft, hatched=True)] if frames[WIDE].areas else []
    over = [overlay(frames[width], variant, named) for width, variant in ((WIDE, "wide"), (NARROW, "narrow"))]
    return replace(made, keys=keys, overlays=over)


def _page(code: str) -> str:
    return page_path("countries", code)


def _colours(groups: list[str], colours: Colours = LIGHT) -> dict[str, str]:
    """Return the colour of each kind; with more than eight regions, colours repeat."""
    several = colours.several
    of_groups = {group: several[number % len(several)] for number, group in enumerate(groups)}
    return of_groups | {_NAMED: colours.second if len(groups) == 1 else colours.other, _OPEN: colours.hatched}


def _said(row: Spec, of: Mapping[str, list[str]], regions: Mapping[str, str]) -> str:
    """Return the label of a link: the country and its kind."""
    ids = of.get(row["country_id"])
    return f"{row['name']}: " + (
        f"partner country, {'; '.join(regions[one] for one in ids)}" if ids else "not a partner country"
    )


def _alt(by_kind: Mapping[str, list[str]], is_of_many: bool) -> str:
    groups = [(kind, names) for kind, names in by_kind.items() if names and kind != _NAMED]
    others = f"; also named: {', '.join(by_kind[_NAMED])}" if by_kind[_NAMED] else ""
    if not is_of_many:
        return f"Map: the partner countries {', '.join(groups[0][1])}{others}."
    listed = "; ".join(f"{kind}: {', '.join(names)}" for kind, names in groups)
    return f"Map: the partner countries by region. {listed}{others}."


def _shared(found: View, of: Mapping[str, list[str]], regions: Mapping[str, str]) -> str:
    """Return a sentence about each country of several regions, which has the colour of the first."""
    return " ".join(
        f"{row['name']} is a partner country of several regions "
        f"({'; '.join(regions[one] for one in of[row['country_id']])}); its colour is that of {row['kind']}."
        for row in found.shown
        if len(of.get(row["country_id"], ())) > 1
    )


def _note(found: View, frame: Frame, shared: str = "") -> str:
    notes = ["Every country leads to its page.", *filter(None, [shared])]
    notes += ["Outlines are schematic; they imply no opinion on the status of any territory or on any border."]
    if frame.areas:
        notes.append(f"Hatched, because the status is not settled: {', '.join(frame.areas)}.")
    if found.missing:
        notes.append(f"Without an outline here: {', '.join(found.missing)}.")
    named = {row["country_id"] for row in found.shown}
    notes += [_NOTES[code] for code, shown in ((_KOSOVO, frame.countries), (_PALESTINE, named)) if code in shown]
    return " ".join(notes)


def _size(width: int) -> tuple[int, int]:
    return width - 10, round(width * (0.52 if width == WIDE else 0.8))


def _spec(found: View, frame: Frame, width: int, colours: Mapping[str, str]) -> Spec:
    return {
        "datasets": {"world": frame.topology},
        "width": frame.width,
        "height": frame.height,
        "projection": frame.projection,
        "layer": [*_shapes(found, frame, colours), *_labels(found, frame, width)],
    }


def _shapes(found: View, frame: Frame, colours: Mapping[str, str]) -> list[Spec]:
    """Return the land, the countries of the data, hatched areas, a dashed border, and a mark for each small country."""
    scale = {"domain": list(colours), "range": list(colours.values())}
    colour = {"color": {"field": "kind", "type": "nominal", "scale": scale, "legend": None}}
    world: Spec = {"data": {"name": "world", "format": {"type": "topojson", "feature": FEATURE}}}
    lookup = {"from": {"data": {"values": found.shown}, "key": "country_id", "fields": ["kind"]}, "lookup": "id"}
    dashed = {"type": "geoshape", "stroke": LIGHT.soft, "strokeDash": [3, 2], "strokeWidth": 0.8}
    small = [row for row in found.shown if is_marked(frame, row["country_id"])]
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
    """Return names with a halo; on a narrow map, and where a name has no room, codes."""
    roomy = len(found.shown) <= _ROOMY
    size = {(True, WIDE): 13, (False, WIDE): 10, (True, NARROW): 10, (False, NARROW): 8}[roomy, width]
    names: dict[str, list[str]] = {}
    for row in found.shown:
        code = row["country_id"]
        words = [row["name"], code] if width == WIDE else [code]
        names[code] = [f"{word}*" if code in _NOTES else word for word in words]
    labels = placed(frame, names, size, roomy or width == WIDE, 2 if roomy else 1.15)
    if not labels:
        return []
    values = [{"label": label.text, "across": label.across, "down": label.down} for label in labels]
    pixel = {"type": "quantitative", "scale": None, "axis": None}
    encoding = {
        "x": pixel | {"field": "across"},
        "y": pixel | {"field": "down"},
        "text": {"field": "label", "type": "nominal"},
    }
    text: Spec = {"type": "text", "fontSize": size, "fontWeight": "bold", "color": LIGHT.on_strong}
    halo = {"stroke": LIGHT.halo, "strokeWidth": 3, "strokeJoin": "round"}
    return [{"data": {"values": values}, "mark": text | halo, "encoding": encoding}]


def _at(rows: list[Spec], mark: Spec, encoding: Spec) -> Spec:
    """Return a layer of marks at the places of rows."""
    places = {name: {"field": field, "type": "quantitative"} for name, field in (("longitude", "lon"), ("latitude", "lat"))}
    return {"data": {"values": rows}, "mark": mark, "encoding": places | encoding}
