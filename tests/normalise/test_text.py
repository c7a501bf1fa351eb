"""Text as a person reads it: what white space, markup and line ends leave of it, and the way back to the source."""

import pytest

from cbrn_data.normalise.text import Plain, clean

LINE_ENDS = """
of which 4 are on-/going | of which 4 are on-going
national inter-/ministerial teams | national inter-ministerial teams
From 2023–/2024 | From 2023–2024
pre-/and post-course tests | pre- and post-course tests
programme for goods -/Central Asia | programme for goods - Central Asia
the end –/and the start | the end – and the start
Project 97 –/Training | Project 97 – Training
P97-/Training | P97- Training
""".strip().splitlines()


@pytest.mark.parametrize("case", LINE_ENDS)
@pytest.mark.parametrize("end", ["\n", "\r\n", " \n  "])
def test_a_word_goes_on_after_a_hyphen_at_the_end_of_a_line(case: str, end: str) -> None:
    printed, read = (part.strip() for part in case.split("|"))
    whole = Plain.of(printed.replace("/", end))
    assert whole.text == read
    assert clean(printed.replace("/", end)) == read
    lines = printed.split("/")
    assert Plain.joined([Plain.of(lines[0]), Plain.of(lines[1], len(lines[0]) + len(end))]).text == read


def test_every_character_leads_back_to_its_place() -> None:
    printed = "of **which** 4 are on-\ngoing [in\n2025](#)"
    plain = Plain.of(printed)
    assert plain.text == "of which 4 are on-going in 2025"
    for place, char in enumerate(plain.text):
        assert printed[plain.at[place]] == char or (char == " " and printed[plain.at[place]].isspace())
