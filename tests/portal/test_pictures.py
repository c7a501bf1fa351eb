"""Pictures: what they show, in words too, and that nothing is fetched for them or by them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import cast
from xml.etree import ElementTree

import numpy as np
import pytest

from cbrn_data.kept import keeping
from cbrn_data.portal.languages import messages
from cbrn_data.portal.pictures import draw, labels, world
from cbrn_data.portal.pictures.drawing import DARK, LIGHT, Picture, _drawn
from cbrn_data.portal.pictures.partners import _note, partners
from cbrn_data.portal.pictures.preview import SIZE, preview
from cbrn_data.portal.pictures.world import View, map_of
from cbrn_data.portal.view import ReleaseView, read_release
from cbrn_data.schema.table import Row
from cbrn_data.store.store import Store
from tests.portal.conftest import Portal


def texts(svg: bytes) -> set[str]:
    return {"".join(node.itertext()) for node in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")}


def test_each_picture_shows_what_its_words_say(portal: Portal) -> None:
    countries, timeline, claims = draw(read_release(Store(portal.published).releases()[-1]))
    names = {"Kazakhstan", "Kyrgyzstan", "Mongolia", "Pakistan", "Tajikistan", "Turkmenistan", "Uzbekistan"}
    assert names | {"Afghanistan"} <= texts(countries.files["pictures/countries.svg"])
    assert all(name in countries.alt for name in names) and "also named: Afghanistan" in countries.alt
    assert timeline.alt == "Timeline: 7 projects and 6 achievements, from 2012 on."
    assert "No date is stated for 4 projects and 1 achievement." in timeline.note
    assert {"P101", "P87", "2024-03"} <= texts(timeline.files["pictures/timeline-narrow.svg"])
    assert "Central Asia, 2026: 19, 11, 4, 4; Central Asia, 2025: 18, " in claims.alt
    assert {"18", "19"} <= texts(claims.files["pictures/claims.svg"])


def test_a_dark_picture_is_the_light_one_in_other_colours(portal: Portal) -> None:
    light, dark = (portal.files[f"pictures/countries{variant}.svg"].decode() for variant in ("", "-dark"))
    assert LIGHT.strong in light and DARK.strong in dark and LIGHT.strong not in dark
    assert texts(light.encode()) == texts(dark.encode())


def test_a_russian_picture_has_no_english_words_of_ours(portal: Portal) -> None:
    for name in ("claims", "claims-narrow-dark", "timeline", "timeline-narrow"):
        english, russian = (texts(portal.files[f"pictures/{name}{language}.svg"]) for language in ("", "-ru"))
        said = english & messages().keys()
        assert said and russian == english - said | {messages()[word] for word in said}, name


def test_a_picture_refers_to_nothing(portal: Portal) -> None:
    for name, data in portal.files.items():
        if name.endswith(".svg"):
            for node in ElementTree.fromstring(data).iter():
                assert node.tag.rpartition("}")[2] not in {"script", "image", "use", "foreignObject", "a", "style"}, name
                assert not any(
                    "href" in attribute or value.startswith("url(http") for attribute, value in node.attrib.items()
                )


def test_a_drawing_is_the_same_whatever_was_drawn_before() -> None:
    mark = {"mark": {"type": "bar", "clip": True}, "encoding": {"y": {"field": "a", "type": "quantitative"}}}
    spec = json.dumps({"data": {"values": [{"a": 1}]}, **mark})
    first = _drawn(spec)
    _drawn.cache_clear()
    assert "clip1" in first and _drawn(spec) == first


def test_data_at_an_address_is_not_fetched() -> None:
    spec = {
        "data": {"url": "http://127.0.0.1:1/data.json"},
        "mark": "point",
        "encoding": {"x": {"field": "a", "type": "nominal"}},
    }
    with pytest.raises(ValueError, match="not allowed"):
        _drawn(json.dumps(spec))


def row(code: str) -> Row:
    return {"country_id": code, "name": code.title(), "kind": "x"}


def test_a_country_without_an_outline_is_named() -> None:
    found = map_of([row("KAZ"), row("XKX"), row("QQQ")])
    assert [one["country_id"] for one in found.shown] == ["KAZ", "XKX"] and found.missing == ["Qqq"]


def test_the_projection_depends_on_how_far_countries_are_from_each_other() -> None:
    assert map_of([row("KAZ"), row("XKX")]).frame(800, 400).projection["type"] == "azimuthalEqualArea"
    assert map_of([row("BRA"), row("KAZ"), row("AUS")]).frame(800, 400).projection["type"] == "equalEarth"


def test_a_country_too_small_to_be_seen_has_a_mark() -> None:
    made = drawn(*PARTNERS.split())
    frame = map_of([row(code) for code in PARTNERS.split()]).frame(890, 468)
    small = {code for code in PARTNERS.split() if labels.is_marked(frame, code)}
    assert {"SGP", "SYC", "BHR"} <= small and not {"KAZ", "TJK"} & small
    assert max(map_of([row("SGP")]).frame(890, 468).extent("SGP")) > 300
    svg = ElementTree.fromstring(made.files["pictures/countries.svg"])
    circles = [node for node in svg.iter() if "A" in node.get("d", "")]
    assert len(circles) == len(small)


def test_a_drawing_is_not_finer_than_its_pixels_and_no_ring_turns() -> None:
    found = map_of([row(code) for code in PARTNERS.split()])
    wide, narrow = (found.frame(width, width // 2).topology for width in (890, 330))
    assert len(json.dumps(narrow)) < len(json.dumps(wide)) < len(json.dumps(world._world())) * 0.6
    for topology in (wide, narrow, world._world()):
        for shape in topology["objects"][world.FEATURE]["geometries"]:
            for outer, *holes in shape["arcs"]:
                assert (
                    world._area(world._ring(topology, outer))
                    < 0
                    < min((world._area(world._ring(topology, hole)) for hole in holes), default=1)
                ), shape


PARTNERS = """BEN CMR CIV GAB LBR MRT MAR SEN SLE TGO UZB KGZ TJK PAK MNG KAZ TKM AFG BDI COD ETH GHA KEN MWI RWA SYC TZA
    UGA ZMB ARE QAT SAU BHR KWT OMN IRQ JOR LBN EGY DZA BFA LBY NER TUN MLI BRN KHM IDN LAO MYS MMR PHL SGP THA VNM
    ALB ARM AZE BIH GEO MDA MNE MKD SRB UKR"""
"""Countries of the programme's regions, with neighbours that its pages name."""

OTHERS = "XKX PSE ISR SYR CYP TUR TWN CHN IND RUS SOM SSD MLT COM MUS CPV STP MDV HKG".split()


def whose(lon: float, lat: float) -> list[str]:
    """Say in which outlines a place is."""

    def inside(ring: world.Points) -> bool:
        crossed = False
        for (x1, y1), (x2, y2) in zip(ring, np.roll(ring, -1, axis=0), strict=True):
            if (y1 > lat) != (y2 > lat) and lon < (x2 - x1) * (lat - y1) / (y2 - y1) + x1:
                crossed = not crossed
        return crossed

    return [name for name, rings in (world._outlines() | world._areas()).items() if any(map(inside, rings))]


def test_the_outlines_have_a_country_for_every_code_and_areas_that_are_no_country_s() -> None:
    assert {*PARTNERS.split(), *OTHERS} <= set(world._outlines())
    assert set(world._areas()) == {
        "Abyei", "Aksai Chin", "Arunachal Pradesh", "Ilemi triangle", "Jammu and Kashmir", "Western Sahara"
    }  # fmt: skip
    user_assigned = {code for code in world._outlines() if code[0] == "X"}
    assert user_assigned == {"XKX"} and "ESH" not in world._outlines() and "ATA" not in world._outlines()


@pytest.mark.parametrize(
    ("place", "lon", "lat", "owner"),
    [
        ("Simferopol", 34.1, 44.95, "UKR"),
        ("Sevastopol", 33.6, 44.6, "UKR"),
        ("Majdal Shams", 35.77, 33.2, "SYR"),
        ("Katzrin", 35.7, 32.98, "SYR"),
        ("Nazareth", 35.3, 32.7, "ISR"),
        ("Ramallah", 35.2, 31.9, "PSE"),
        ("Khan Yunis", 34.33, 31.35, "PSE"),
        ("Kyrenia", 33.3, 35.3, "CYP"),
        ("Hargeisa", 44.07, 9.56, "SOM"),
        ("Sukhumi", 41.1, 43.0, "GEO"),
        ("Tskhinvali", 43.97, 42.23, "GEO"),
        ("Tiraspol", 29.6, 46.85, "MDA"),
        ("Stepanakert", 46.75, 39.82, "AZE"),
        ("Pristina", 21.16, 42.66, "XKX"),
        ("Nis", 21.9, 43.32, "SRB"),
        ("Taichung", 120.7, 24.15, "TWN"),
        ("Baikonur", 63.3, 45.9, "KAZ"),
        ("Agadir", -9.4, 30.4, "MAR"),
        ("Dakhla and its land", -15.0, 23.7, "Western Sahara"),
        ("Laayoune", -13.0, 27.1, "Western Sahara"),
        ("Tifariti", -10.6, 26.2, "Western Sahara"),
        ("Srinagar", 74.8, 34.1, "Jammu and Kashmir"),
        ("Leh", 77.6, 34.16, "Jammu and Kashmir"),
        ("Gilgit", 74.3, 35.9, "Jammu and Kashmir"),
        ("Siachen", 77.0, 35.4, "Jammu and Kashmir"),
        ("Shaksgam", 76.6, 36.1, "Jammu and Kashmir"),
        ("Lahore", 74.2, 31.55, "PAK"),
        ("Tianshuihai", 79.4, 35.3, "Aksai Chin"),
        ("Itanagar and beyond", 93.7, 27.6, "Arunachal Pradesh"),
        ("Abyei", 28.4, 9.8, "Abyei"),
        ("Ilemi", 35.2, 4.8, "Ilemi triangle"),
    ],
)
def test_a_place_is_where_the_note_on_outlines_says(place: str, lon: float, lat: float, owner: str) -> None:
    assert whose(lon, lat) == [owner], place


def drawn(*codes: str, there: Sequence[str] = ()) -> Picture:
    """Return the map of these partner countries of one region, and of another ``there``."""
    rows = {
        "regions": [{"region_id": "here", "name": "Here"}, {"region_id": "there", "name": "There"}],
        "countries": [row(code) for code in dict.fromkeys([*codes, *there])],
        "memberships": [
            {"region_id": region, "country_id": code} for region, ids in (("here", codes), ("there", there)) for code in ids
        ],
    }
    made = partners(cast(ReleaseView, SimpleNamespace(rows=rows)))
    assert made is not None
    return made


def note(*codes: str) -> str:
    """Return what a map of these countries says below it."""
    found = map_of([row(code) for code in codes])
    return _note(found, found.frame(890, 468))


def test_what_is_not_settled_is_hatched_where_it_is_in_sight() -> None:
    made = drawn("MAR", "MRT")
    assert "Hatched, because the status is not settled: Western Sahara." in made.note
    for name, svg in made.files.items():
        assert svg.count(b'fill="url(#hatches)"') == 1 and b'<pattern id="hatches"' in svg, name
    assert [key.hatched for key in made.keys if key.label == "Status not settled"] == [True]
    assert DARK.hatched.encode() in made.files["pictures/countries-dark.svg"]
    assert "Hatched" not in note("THA", "VNM", "KHM")


def test_kosovo_and_palestine_have_the_notes_of_the_institutions_where_they_are_shown() -> None:
    made = drawn("XKX", "PSE", "SGP")
    assert {"XKX*", "PSE*", "SGP"} <= texts(made.files["pictures/countries-narrow.svg"])
    assert all(b"stroke-dasharray" in svg for svg in made.files.values())
    for text, kosovo, palestine in (
        (made.note, True, True),
        (note("SRB", "MKD"), True, False),  # the dashed border is in sight
        (note("JOR", "LBN"), False, False),  # an outline without a name
    ):
        assert ("UNSCR 1244/1999" in text) is kosovo
        assert ("shall not be construed as recognition of a State of Palestine" in text) is palestine


def test_one_region_has_one_colour_and_several_have_their_own() -> None:
    one = drawn("KAZ", "TJK")
    assert [(key.label, key.page) for key in one.keys if key.page] == [("Partner country of Here", "regions/here.html")]
    many = drawn("KAZ", "TJK", there=["MNG", "TJK"])
    assert [(key.label, key.page) for key in many.keys if key.page] == [
        ("Here", "regions/here.html"),
        ("There", "regions/there.html"),
    ]
    assert len({colour for key in many.keys for colour in (key.light, key.dark)}) == 2 * len(many.keys)
    assert "Here: Kaz, Tjk; There: Mng" in many.alt
    assert "Tjk is a partner country of several regions (Here; There); its colour is that of Here." in many.note
    assert LIGHT.second.encode() in many.files["pictures/countries.svg"]
    assert DARK.second.encode() in many.files["pictures/countries-narrow-dark.svg"]


def test_a_map_is_made_again_only_for_other_countries_and_is_the_one_that_would_be_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = [drawn("KAZ", "TJK"), drawn("KAZ", "TJK", there=["MNG", "TJK"])]
    with keeping(tmp_path, "code"):
        assert [drawn("KAZ", "TJK"), drawn("KAZ", "TJK", there=["MNG", "TJK"])] == made
    monkeypatch.setattr(View, "frame", None)
    with keeping(tmp_path, "code"):
        assert [drawn("KAZ", "TJK"), drawn("KAZ", "TJK", there=["MNG", "TJK"])] == made
        with pytest.raises(TypeError):
            drawn("KAZ", "UZB")


def test_every_country_that_is_shown_has_a_link_with_its_name() -> None:
    made = drawn(*PARTNERS.split())
    for over in made.overlays:
        assert {link.page for link in over.links} == {f"countries/{code}.html" for code in PARTNERS.split()}
        assert sum(len(link.path) for link in over.links) < 20_000
    wide = {link.page: link for link in made.overlays[0].links}
    assert wide["countries/KAZ.html"].name == "Kaz: partner country, Here"
    assert wide["countries/KAZ.html"].path and not wide["countries/SGP.html"].path


def test_labels_never_lie_on_each_other_and_stay_inside() -> None:
    frame = map_of([row(code) for code in PARTNERS.split()]).frame(890, 468)
    names = {code: [f"{code} with a long name", code] for code in PARTNERS.split()}
    found = labels.placed(frame, names, 10, beside=True)
    assert found == labels.placed(frame, dict(reversed(names.items())), 10, beside=True)
    boxes = [labels.box_of(label, 10) for label in found]
    assert len(found) > 40 and all(min(box) >= 0 and box[2] <= 890 and box[3] <= 468 for box in boxes)
    assert not [1 for at, one in enumerate(boxes) for other in boxes[:at] if labels.overlap(one, other)]


def test_the_preview_is_the_map_without_words_else_the_icon(portal: Portal) -> None:
    data = portal.files["pictures/preview.png"]
    assert data.startswith(b"\x89PNG") and data[16:24] == b"".join(number.to_bytes(4) for number in SIZE)
    assert data != preview([]) and preview([]) == preview([])
    said = f'<meta property="og:image" content="{portal.address}pictures/preview.png">'
    assert [name for name in portal.pages() if name != "404.html" and said not in portal.files[name].decode()] == []
