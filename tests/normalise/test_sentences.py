"""Sentences as leaflets word them, one a line in ``sentences/``, and what a careful reader records of each.

``?`` is a null with a finding, ``-`` a null that hides nothing.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from cbrn_data.leaflet.statements import Leaflet
from cbrn_data.leaflet.untaken import untaken
from cbrn_data.normalise.countries import countries_in, country_id
from cbrn_data.normalise.counts import read_number, statement
from cbrn_data.normalise.dates import find_dates, read_dates
from cbrn_data.normalise.grammar import parts
from cbrn_data.normalise.inexact import read_qualifier
from cbrn_data.normalise.people import people
from cbrn_data.normalise.project_counts import Figure, project_counts
from cbrn_data.normalise.projects import references
from cbrn_data.normalise.readings import Words, read_measure, reproduces
from cbrn_data.normalise.rules import grammar
from cbrn_data.normalise.text import Plain
from cbrn_data.sources.document import Document


def table(name: str) -> list[tuple[str, str]]:
    text = (Path(__file__).parent / "sentences" / f"{name}.txt").read_text(encoding="utf-8")
    rows = [line.rpartition("|") for line in text.splitlines() if line and not line.startswith("#")]
    return [(sentence.strip(), wanted.strip()) for sentence, _, wanted in rows]


@pytest.mark.parametrize(("sentence", "wanted"), table("people"))
def test_people(sentence: str, wanted: str) -> None:
    found, doubts = people(sentence)
    assert (f"{found.count} {found.qualifier} {found.group}" if found else "?" if doubts else "-") == wanted
    if found:
        assert read_number(sentence[slice(*found.counted)]) == found.count
        assert read_qualifier(sentence[slice(*found.qualified)]) == found.qualifier


@pytest.mark.parametrize(("sentence", "wanted"), table("dates"))
def test_dates(sentence: str, wanted: str) -> None:
    found = find_dates(sentence)
    said = list(untaken(Leaflet(Document("a.txt", sentence)), Plain.of(sentence), found, ()))
    told = any(finding.code in {"date-unread", "number-unread"} for finding in said)
    dated = [f"{found.start} {found.end}"] if found else []
    assert " ".join([*dated, *["?"] * told]) == wanted.removeprefix("-")
    if found:
        again = read_dates(sentence[slice(*found.words)])
        assert again is not None and (again.start, again.end) == (found.start, found.end)
        assert found.precision == {4: "year", 7: "month", 10: "day"}[len(found.start)]


@pytest.mark.parametrize(("words", "wanted"), table("projects"))
def test_projects(words: str, wanted: str) -> None:
    found = references(words)
    assert (" ".join(str(reference.number) for reference in found) or "-") == wanted
    for item in found:
        quote = Words("achievement_projects", "project_id", "normalised", words[item.start : item.end])
        assert reproduces(quote, f"P{item.number}", {})


@pytest.mark.parametrize(("words", "wanted"), table("countries"))
def test_countries(words: str, wanted: str) -> None:
    found = countries_in(words)
    assert (" ".join(named.country_id for named in found) or "-") == wanted
    assert [country_id(words[named.start : named.end]) for named in found] == [named.country_id for named in found]


@pytest.mark.parametrize(("sentence", "wanted"), table("statements"))
def test_statements(sentence: str, wanted: str) -> None:
    number, doubts = statement(sentence)
    assert (str(number.value) if number else "?" if doubts else "-") == wanted
    if number:
        assert read_number(sentence[number.start : number.end]) == number.value


@pytest.mark.parametrize(("sentence", "wanted"), table("project_counts"))
def test_project_counts(sentence: str, wanted: str) -> None:
    found = project_counts(sentence)
    assert found is not None
    figures = (found.total, found.since, found.ongoing, found.year)
    said = " ".join(str(figure.value if figure else None) for figure in figures)
    assert (said + " ?" * bool(found.doubts)) == wanted
    for figure, measure in ((found.total, "projects_total"), (found.ongoing, "projects_ongoing")):
        assert figure is None or measured(sentence, figure) == (figure.value, measure)


def measured(sentence: str, figure: Figure) -> tuple[int | None, str | None]:
    quote = sentence[figure.start : figure.end]
    return read_number(quote), read_measure(quote)


@pytest.mark.parametrize("rule", grammar()["rules"], ids=lambda rule: f"{rule['kind']} {rule['examples'][0]}")
def test_every_rule_claims_its_examples(rule: dict[str, Any]) -> None:
    for example in rule["examples"]:
        claimed = re.search(r"\[(.*)\]", example)
        text = example.replace("[", "").replace("]", "")
        assert claimed and (rule["kind"], claimed[1]) in [(part.kind, text[part.start : part.end]) for part in parts(text)]
