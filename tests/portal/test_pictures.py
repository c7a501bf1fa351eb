"""Pictures: what they show, in words too, and that nothing is fetched for them or by them."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest

from cbrn_data.portal.pictures import draw
from cbrn_data.portal.pictures.drawing import DARK, LIGHT, _drawn
from cbrn_data.portal.pictures.world import view
from cbrn_data.portal.reading import read_release
from cbrn_data.schema.canonical import Row
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
    assert "Central Asia, 2025, claimed by the leaflet: 18" in claims.alt and "Central Asia, 2026" in claims.alt
    assert {"18", "19"} <= texts(claims.files["pictures/claims.svg"])


def test_a_dark_picture_is_the_light_one_in_other_colours(portal: Portal) -> None:
    light, dark = (portal.files[f"pictures/countries{variant}.svg"].decode() for variant in ("", "-dark"))
    assert LIGHT.strong in light and DARK.strong in dark and LIGHT.strong not in dark
    assert texts(light.encode()) == texts(dark.encode())


def test_a_picture_refers_to_nothing(portal: Portal) -> None:
    for name, data in portal.files.items():
        if name.endswith(".svg"):
            for node in ElementTree.fromstring(data).iter():
                assert node.tag.rpartition("}")[2] not in {"script", "image", "use", "foreignObject", "a", "style"}, name
                assert not any(
                    "href" in attribute or value.startswith("url(http") for attribute, value in node.attrib.items()
                )


def test_data_at_an_address_is_not_fetched() -> None:
    spec = {
        "data": {"url": "http://127.0.0.1:1/data.json"},
        "mark": "point",
        "encoding": {"x": {"field": "a", "type": "nominal"}},
    }
    with pytest.raises(ValueError, match="not allowed"):
        _drawn(json.dumps(spec))


def test_every_country_that_can_be_drawn_is_and_the_others_are_named() -> None:
    rows: list[Row] = [
        {"country_id": "KAZ", "m49": "398", "name": "Kazakhstan", "kind": "x"},
        {"country_id": "XKX", "m49": None, "name": "Kosovo", "kind": "x"},
        {"country_id": "SGP", "m49": "702", "name": "Singapore", "kind": "x"},
    ]
    found = view(rows)
    assert [row["country_id"] for row in found.shown] == ["KAZ", "XKX"] and found.missing == ["Singapore"]
    assert found.projection(800, 400)["type"] == "azimuthalEqualArea"
    spread = view([{"country_id": "X", "m49": number, "name": "", "kind": "x"} for number in ("076", "398", "036")])
    assert spread.projection(800, 400)["type"] == "equalEarth"
