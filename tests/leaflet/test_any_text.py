"""No text whatever makes the reader raise, and every statement of any leaflet is reproduced by the words at its span."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from cbrn_data.leaflet.read import read_leaflet
from cbrn_data.leaflet.statements import Item, Leaflet
from cbrn_data.normalise.countries import country_name, read_country
from cbrn_data.normalise.counts import read_number
from cbrn_data.normalise.dates import read_dates
from cbrn_data.normalise.inexact import read_qualifier
from cbrn_data.normalise.projects import read_project_number
from cbrn_data.normalise.text import Extracted, clean, region_name
from cbrn_data.sources.document import read_document

settings.register_profile("words", derandomize=True, database=None, deadline=None, max_examples=200)

REAL = (Path(__file__).parent.parent / "leaflets" / "central-asia-2025.txt").read_text(encoding="utf-8")
WORDS = """
In March 2024|On 21–22 May 2024,|Since 2019|31 June 2024|between 3 and 5|Projects 84 and 099|Project 87|P81|P81:
six countries|over 1,000 specialists|twelve experts|some 60|1.000 nurses|half a dozen trainers
2.5 million people|a hundred|Kosovo*|Kenya|Côte d’Ivoire|Guinea-Bissau|and|,|.|;|:|(|)|[|]|](x)|[a](b)|**|*|"|“
”|–|-|•|1.|#|§|\u00a0|\u202f|\t|\f|É|ß|İ|ﬁ|Structure|Partner Countries|Projects|PROJECTS|Regional Priorities
oﬃ|communi-|cation|on-|\u00ad|![](a)|![a](b)|[]|\ue000|&amp;|🇰🇿|\\|---|| a | b |
Methodology|Recent Achievements|Established:|Overall goal:|Funded by the EU|and implemented by X
Middle East Regional Secretariat|Amman, Jordan|project|projects|4 are on-going in 2025|18 projects
"""
FRAGMENTS = WORDS.strip().replace("\n", "|").split("|")
SPACES = (" ", "", "\n", "\n\n", "\r\n", "\n \n")

anything = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=200)
fragments = st.sampled_from(FRAGMENTS) | anything.map(lambda text: text[:8])
pieces = st.lists(st.tuples(fragments, st.sampled_from(SPACES)), max_size=60)
jumbles = pieces.map(lambda parts: "".join(words + space for words, space in parts))
inserted = st.tuples(jumbles, st.integers(0, len(REAL))).map(lambda pair: REAL[: pair[1]] + pair[0] + REAL[pair[1] :])


def read(text: str) -> Leaflet | None:
    document, findings = read_document("a.txt", text.encode(), "leaflet")
    assert (document is None) == any(finding.is_error for finding in findings)
    return read_leaflet(document)[0] if document else None


def reproduced(leaflet: Leaflet) -> Iterator[tuple[Extracted[Any], object]]:
    """Yield every statement with what its quote says."""

    def quote(said: Extracted[Any]) -> str:
        return leaflet.document.words(said.span)

    def read_item(item: Item, **readers: Any) -> Iterator[tuple[Extracted[Any], object]]:
        assert item.values.keys() <= readers.keys()
        yield from ((said, readers[name](quote(said))) for name, said in item.values.items())

    def year(words: str) -> int:
        return int(clean(words))

    names = {"region": region_name, "secretariat_city": region_name, "secretariat_country": country_name}
    for name in "region secretariat_city secretariat_country goal funder implementing_partner".split():
        if said := getattr(leaflet, name):
            yield said, names.get(name, clean)(quote(said))
    if leaflet.established:
        dates = read_dates(quote(leaflet.established))
        yield leaflet.established, dates and dates.start
    for item in leaflet.countries:
        yield from read_item(item, name_in_source=clean, country_id=read_country)
    counts = {"total": read_number, "since": year, "ongoing": read_number, "year": year}
    yield from read_item(leaflet.project_counts, text=clean, **counts)
    for item in leaflet.projects:
        yield from read_item(item, number=read_project_number, title=clean)
    for priority in leaflet.priorities:
        yield priority, clean(quote(priority))
    for item in [*leaflet.methodology, leaflet.country_count]:
        yield from read_item(item, text=clean, value=read_number)
    people = {"people_count": read_number, "people_count_qualifier": read_qualifier, "people_group": clean}
    dates_read = {name: partial(part_of_dates, name) for name in ("date_start", "date_end", "date_precision")}
    for item in leaflet.achievements:
        yield from read_item(item, text=clean, country_count=read_number, **people, **dates_read)
        yield from ((said, read_project_number(quote(said))) for said in item.projects)
        yield from ((said, read_country(quote(said))) for said in item.countries)


def part_of_dates(name: str, words: str) -> str | None:
    found = read_dates(words)
    assert found is not None, words
    return {"date_start": found.start, "date_end": found.end, "date_precision": found.precision}[name]


def assert_sound(leaflet: Leaflet) -> None:
    for said, value in reproduced(leaflet):
        assert 0 <= said.span.start < said.span.end <= len(leaflet.document.text)
        assert value == said.value, leaflet.document.quote(said.span)


@settings(settings.get_profile("words"))
@given(anything | jumbles | inserted)
def test_any_text_is_read_or_refused(text: str) -> None:
    if leaflet := read(text):
        assert_sound(leaflet)


def test_the_words_of_every_leaflet_say_its_values() -> None:
    for path in sorted((Path(__file__).parent.parent / "leaflets").glob("*.txt")):
        leaflet = read(path.read_bytes().decode())
        assert leaflet is not None
        assert len(list(reproduced(leaflet))) > 30
        assert_sound(leaflet)
