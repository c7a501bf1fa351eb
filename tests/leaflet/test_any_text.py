"""No text whatever makes the reader raise, and every statement of any leaflet is reproduced by the words at its span."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from cbrn_data.leaflet.read import read_leaflet
from cbrn_data.leaflet.statements import Leaflet, Said
from cbrn_data.sources.document import read_document
from cbrn_data.words.countries import read_country
from cbrn_data.words.counts import read_number, read_qualifier
from cbrn_data.words.dates import read_dates
from cbrn_data.words.projects import read_project_number
from cbrn_data.words.text import clean, region_name

settings.register_profile("words", derandomize=True, database=None, deadline=None, max_examples=400)

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
    assert (document is None) == any(finding.blocks for finding in findings)
    return read_leaflet(document)[0] if document else None


def reproduced(leaflet: Leaflet) -> Iterator[tuple[Said[Any], object]]:
    """Yield every statement with what its quote says."""

    def quote(said: Said[Any]) -> str:
        return leaflet.document.words(said.span)

    def told(readers: dict[str, Any], record: Any) -> Iterator[tuple[Said[Any], object]]:
        for name, reader in readers.items():
            if said := getattr(record, name):
                yield said, reader(quote(said))

    def year(words: str) -> int:
        return int(clean(words))

    texts = dict.fromkeys("secretariat_city secretariat_country goal funder implementing_partner".split(), clean)
    yield from told({"region": region_name, **texts}, leaflet)
    if leaflet.established:
        dates = read_dates(quote(leaflet.established))
        yield leaflet.established, dates and dates.start
    for country in leaflet.countries:
        yield country.name, clean(quote(country.name))
        assert read_country(quote(country.name)) == country.country_id
    if claimed := leaflet.projects_claimed:
        counts = {"text": clean, "total": read_number, "since": year, "ongoing": read_number, "year": year}
        yield from told(counts, claimed)
    for project in leaflet.projects:
        yield from told({"number": read_project_number, "title": clean}, project)
    for priority in leaflet.priorities:
        yield priority, clean(quote(priority))
    for claim in [*leaflet.methodology, *([leaflet.countries_claimed] if leaflet.countries_claimed else [])]:
        yield from told({"text": clean, "count": read_number}, claim)
    for item in leaflet.achievements:
        yield from told({"text": clean, "country_count": read_number}, item)
        if item.people:
            yield from told({"count": read_number, "qualifier": read_qualifier, "group": clean}, item.people)
        yield from ((said, read_project_number(quote(said))) for said in item.projects)
        yield from ((said, read_country(quote(said))) for said in item.countries)
        if item.dates:
            found, said = read_dates(quote(item.dates)), item.dates.value
            assert found is not None, quote(item.dates)
            assert (found.start, found.end, found.precision) == (said.start, said.end, said.precision), quote(item.dates)


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
