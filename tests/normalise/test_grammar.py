"""Sentences put together from a template, a date, a label and a count: none ever takes one for another."""

from __future__ import annotations

import re
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from cbrn_data.leaflet.statements import Leaflet
from cbrn_data.leaflet.untaken import doubted, untaken
from cbrn_data.normalise.counts import countries_counted, statement
from cbrn_data.normalise.dates import find_dates
from cbrn_data.normalise.grammar import parts
from cbrn_data.normalise.people import people
from cbrn_data.normalise.projects import references
from cbrn_data.normalise.text import Plain
from cbrn_data.sources.document import Document

settings.register_profile("grammar", derandomize=True, database=None, deadline=None, max_examples=150)

DATES = {
    "In March 2024": ("2024-03", "2024-03"),
    "On 21 May 2024": ("2024-05-21", "2024-05-21"),
    "On 21–22 May 2024": ("2024-05-21", "2024-05-22"),
    "On 12.03.2024": ("2024-03-12", "2024-03-12"),
    "In Q2 2024": ("2024-04", "2024-06"),
    "In 2023–2024": ("2023", "2024"),
    "In mid-2024": ("2024", "2024"),
    "From 30 May to 2 June 2024": ("2024-05-30", "2024-06-02"),
    "Between January and March 2024": ("2024-01", "2024-03"),
    "Since 2021": ("2021", None),
    "During the second half of 2023": ("2023-07", "2023-12"),
}
LABELS = """level 3|Phase 2|Class 2|ISO 17025|UNSCR 1540|BSL-3|Article 5|COVID-19|G7|5-day|EUR 200,000|40 hours|83%|30 kg
the 14th|stage 12|Type 1|(EU) 2021/821|Agenda 2030|24/7|Module 4|three weeks|12 months|two-thirds""".replace(
    "\n", "|"
).split("|")
QUALIFIERS = {"": "exact", "over ": "over", "more than ": "over", "some ": "about", "~": "about", "nearly ": "about"}
BOUNDS = ("up to ", "fewer than ", "between 3 and ", "no more than ", "2–")
TEMPLATES = (
    "{date} {count} officers completed a course on {label} rules under Project {project}.",
    "{date}, Project {project} trained {count} officers on {label} tasks.",
    "{date} Project {project} held a course on {label} matters for {count} officers in Almaty.",
    "{date}, experts on {label} matters met {count} officers under Project {project}.",
)
GROUPS = ("nurses", "customs officers", "CBRN experts", "first responders", "women")

counts = st.integers(3, 1899).filter(lambda number: number != 1540)
projects = st.integers(1, 300)
written = st.sampled_from(["{}", "{:,}"])
anything = st.lists(
    st.sampled_from(
        [*DATES, *LABELS, *GROUPS, *TEMPLATES, *BOUNDS, "60", "2024", "1'200", "12", "and", "to", ",", ".", "of", "May"]
    ),
    max_size=12,
).map(" ".join)


@settings(settings.get_profile("grammar"))
@given(
    template=st.sampled_from(TEMPLATES),
    date=st.sampled_from(sorted(DATES)),
    label=st.sampled_from(LABELS),
    qualifier=st.sampled_from(sorted(QUALIFIERS)),
    count=counts,
    form=written,
    project=projects,
)
def test_neither_a_date_nor_a_label_becomes_a_count(
    template: str, date: str, label: str, qualifier: str, count: int, form: str, project: int
) -> None:
    sentence = template.format(date=date, label=label, count=qualifier + form.format(count), project=project)
    found, dates = people(sentence)[0], find_dates(sentence)
    assert found is not None and (found.count, found.qualifier, found.group) == (count, QUALIFIERS[qualifier], "officers"), (
        sentence
    )
    assert dates is not None and (dates.start, dates.end) == DATES[date], sentence
    assert [reference.number for reference in references(sentence)] == [project], sentence


@settings(settings.get_profile("grammar"))
@given(
    template=st.sampled_from(TEMPLATES), date=st.sampled_from(sorted(DATES)), label=st.sampled_from(LABELS), project=projects
)
def test_where_nobody_is_counted_nobody_is(template: str, date: str, label: str, project: int) -> None:
    sentence = template.replace("{count} ", "the ").format(date=date, label=label, project=project)
    assert people(sentence)[0] is None, sentence
    assert statement(sentence)[0] is None, sentence
    assert countries_counted(sentence)[0] is None, sentence


@settings(settings.get_profile("grammar"))
@given(template=st.sampled_from(TEMPLATES), date=st.sampled_from(sorted(DATES)), bound=st.sampled_from(BOUNDS), count=counts)
def test_a_bound_is_no_count_and_is_told(template: str, date: str, bound: str, count: int) -> None:
    sentence = template.format(date=date, label="level 3", count=f"{bound}{count}", project=87)
    found, doubts = people(sentence)
    assert found is None and doubts, sentence


@settings(settings.get_profile("grammar"))
@given(
    date=st.sampled_from(sorted(DATES)),
    first=counts,
    second=counts,
    groups=st.lists(st.sampled_from(GROUPS), min_size=2, max_size=2, unique=True),
    joined=st.sampled_from([" and ", ", ", " as well as ", " plus ", " in Kenya and "]),
)
def test_a_sum_is_no_count_and_is_told(date: str, first: int, second: int, groups: list[str], joined: str) -> None:
    sentence = f"{date} Project 87 trained {first} {groups[0]}{joined}{second} {groups[1]}."
    found, doubts = people(sentence)
    assert (found is None and doubts) or first == second, sentence


@settings(settings.get_profile("grammar"))
@given(anything)
def test_every_number_is_claimed_once(text: str) -> None:
    claimed = parts(text)
    assert all(part.end <= after.start for part, after in pairwise(claimed))
    for digits in re.finditer(r"[0-9]+", text):
        assert any(part.start <= digits.start() and digits.end() <= part.end for part in claimed), digits


@settings(settings.get_profile("grammar"))
@given(anything)
def test_every_number_of_people_is_taken_or_told(text: str) -> None:
    found, doubts = people(text)
    plain, leaflet = Plain.of(text), Leaflet(Document("a.txt", text))
    said = [*doubted(leaflet, plain, "achievements", "people_count", doubts), *untaken(leaflet, plain, None, doubts)]
    if re.search(r"\b60 (?:nurses|women)", text) and not (found and found.count == 60):
        assert said, text
