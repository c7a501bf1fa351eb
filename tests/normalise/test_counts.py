"""Numbers, people and countries that are counted, and what looks like a count and is none."""

import pytest

from cbrn_data.normalise.counts import countries_counted, read_number
from cbrn_data.normalise.inexact import read_qualifier
from cbrn_data.normalise.numbers import numbers
from cbrn_data.normalise.people import people

PEOPLE = """
for over 1,000 specialists on water | 1000 | over | specialists
some sixty communication officers from six countries | 60 | about | communication officers
more than 1.200 food inspectors from Togo | 1200 | over | food inspectors
over 1 000 medical doctors and nurses | 1000 | over | medical doctors and nurses
twelve experts | 12 | exact | experts
a dozen experts | 12 | exact | experts
more than 3 dozen experts | 36 | over | experts
half a dozen experts | 6 | exact | experts
at least 40 experts | 40 | over | experts
no fewer than 40 experts | 40 | over | experts
40+ experts | 40 | over | experts
nearly one hundred and twenty-five experts | 125 | about | experts
2.5 million people | 2500000 | exact | people
20 (twenty) experts | 20 | exact | experts
36 laboratories and 12 experts | 12 | exact | experts
over 12 months, 45 inspectors | 45 | exact | inspectors
95 police, customs and border officers | 95 | exact | police, customs and border officers
60 officers, including 20 border guards and 30 nurses | 60 | exact | officers
60 people, including 24 women, and 36 men | 60 | exact | people
120 CBRN first responders | 120 | exact | CBRN first responders
""".strip().splitlines()


@pytest.mark.parametrize("case", PEOPLE)
def test_people_are_counted(case: str) -> None:
    text, count, qualifier, group = (part.strip() for part in case.split("|"))
    found = people(text)[0]
    assert found is not None
    assert (found.count, found.qualifier, found.group) == (int(count), qualifier, group)
    assert read_number(text[slice(*found.counted)]) == found.count
    assert read_qualifier(text[slice(*found.qualified)]) == found.qualifier


@pytest.mark.parametrize(
    "text",
    [
        *(
            "36 laboratories",
            "three months",
            "six countries",
            "14th expert meeting",
            "14 th experts meeting",
            "the third expert",
            "30 training sessions",
        ),
        *(
            "40 to 50 experts",
            "40–50 experts",
            "between 40 and 50 experts",
            "up to 50 experts",
            "fewer than 35 participants",
        ),
        *("60 officers, including 20 guards, and 30 nurses", "60 officers, including 20 guards, as well as 30 nurses"),
        *("not more than 35 participants", "dozens of experts", "several hundred experts", "half of the 1,000 experts"),
        *(
            "20 doctors' offices",
            "40 % of participants",
            "1,0000 experts",
            "a 5-day course for experts",
            "two three experts",
            "",
        ),
    ],
)
def test_what_counts_no_people_is_left_open(text: str) -> None:
    assert people(text)[0] is None


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("1,000; 2.000; 3 000; 4\u00a0000; 1,234,567", [1000, 2000, 3000, 4000, 1234567]),
        ("six, twenty-five, a hundred, one thousand five hundred", [6, 25, 100, 1500]),
        ("1'500; 1.2k; 2.5 million; 12 billion", [1500, 1200, 2500000, 12_000_000_000]),
        ("two three, hundred, 12,5, 1.25.3, 99%, 14th, 5-day, 3–4", [None, None, None]),
        ("zero, none", [0, 0]),
    ],
)
def test_numbers_are_read_one_by_one(text: str, values: list[int]) -> None:
    assert [number.value for number in numbers(text)] == values


def test_a_chain_of_groups_is_read_without_end() -> None:
    assert all((number.value or 0) < 10**9 for number in numbers("100 " * 5000))


@pytest.mark.parametrize(
    ("text", "count"),
    [
        *(("from six countries", 6), ("all ten partner countries", 10), ("six cities", None)),
        ("not less than 85 officers from six countries", 6),
    ],
)
def test_countries_are_counted(text: str, count: int | None) -> None:
    found, _ = countries_counted(text)
    assert (found and found[0]) == count
