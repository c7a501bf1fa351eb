"""When something happened: what the words say, and what they leave open."""

import pytest

from cbrn_data.normalise.dates import ImpossibleDate, find_dates, read_dates

READ = """
On 12 March 2023, experts met | 2023-03-12 | 2023-03-12
On the 12th of March 2023, experts met | 2023-03-12 | 2023-03-12
On March 12, 2023, experts met | 2023-03-12 | 2023-03-12
On June 1 and 2, 2024, experts met | 2024-06-01 | 2024-06-02
From May 12 to 14, 2024, experts met | 2024-05-12 | 2024-05-14
On Monday, 12 March 2024, experts met | 2024-03-12 | 2024-03-12
From Monday 12 to Friday 16 March 2024, experts met | 2024-03-12 | 2024-03-16
On 2024-03-12 experts met | 2024-03-12 | 2024-03-12
On 21 st and 22 nd May 2024 experts met | 2024-05-21 | 2024-05-22
In March 2024 experts met | 2024-03 | 2024-03
In early May 2024, experts met | 2024-05 | 2024-05
In mid-May 2024, experts met | 2024-05 | 2024-05
May 2024: experts met | 2024-05 | 2024-05
On 21–22 May 2024, experts met | 2024-05-21 | 2024-05-22
Experts met in Tashkent (12–14 March 2024). | 2024-03-12 | 2024-03-14
From 30 May to 2 June 2023 experts met | 2023-05-30 | 2023-06-02
From 30 December to 2 January 2024 experts met | 2023-12-30 | 2024-01-02
Between March and May 2026 experts met | 2026-03 | 2026-05
On 11–12 October and 6–7 November 2023 experts met | 2023-10-11 | 2023-11-07
In March 2024 and throughout 2025, experts met | 2024 | 2025
Experts met in June 2024, and in May 2023. | 2023-05 | 2024-06
Throughout 2023–2024, experts met | 2023 | 2024
In 2023-24, experts met | 2023 | 2024
In 2022, 2023 and 2024, experts met | 2022 | 2024
In 2022, 2023, and 2024, 12 experts met | 2022 | 2024
In 2022, 2023 experts met | 2022 | 2022
In 2022, 2023 and 2024, 2025 experts met | 2022 | 2024
On 3 March 2023, 5 April 2023 and 7 May 2024 experts met | 2023-03-03 | 2024-05-07
In late 2023 and early 2024, experts met | 2023 | 2024
At the end of 2023, experts met | 2023 | 2023
In the first quarter of 2024 experts met | 2024-01 | 2024-03
In mid-2024 experts met | 2024 | 2024
Since January 2024 experts met | 2024-01 |
Starting in January 2024, experts met | 2024-01 |
From 2023 onwards experts met | 2023 |
The “Zhetysu 2023” exercise was held on 5 May 2024. | 2024-05-05 | 2024-05-05
The strategy for 2024–2028 was adopted in March 2024. | 2024-03 | 2024-03
On 14 May 2024, 35 experts met | 2024-05-14 | 2024-05-14
""".strip().splitlines()


@pytest.mark.parametrize("case", READ)
def test_words_of_time_are_read(case: str) -> None:
    text, start, end = (part.strip() for part in case.split("|"))
    found = find_dates(text)
    assert found is not None
    assert (found.start, found.end) == (start, end or None)
    assert found.precision == {4: "year", 7: "month", 10: "day"}[len(start)]
    again = read_dates(text[slice(*found.words)])
    assert again is not None and (again.start, again.end) == (found.start, found.end)


@pytest.mark.parametrize(
    "text",
    [
        "The Regional Action Plan 2024–2028 was endorsed.",
        "The exercise “Zhetysu-2024” brought 40 experts together.",
        "Experts met ahead of the 2026 Asian Games.",
        "It was shown in the 2024 edition.",
        "A course will be held in May 2030.",
        "By the end of 2023, experts had met.",
        "In October experts met.",
        "On 12/03/2024 experts met.",
        "Resolution 1540 was discussed.",
        "In 1,540 cases experts met.",
        "",
    ],
)
def test_what_names_no_time_of_its_own_is_left_open(text: str) -> None:
    assert find_dates(text) is None


@pytest.mark.parametrize(
    "text", ["On 31 June 2024", "On 29 February 2023", "On 30–31 June 2024", "On 0 May 2024", "45 May 2024"]
)
def test_a_day_that_no_calendar_has_is_an_error(text: str) -> None:
    with pytest.raises(ImpossibleDate, match="the calendar does not have day"):
        find_dates(text)
