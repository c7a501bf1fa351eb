"""A line that belongs to no leaflet, put anywhere, changes no value without a finding; typography changes none at all."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from cbrn_data.leaflet.foreign import foreign_line
from tests.leaflet.test_variants import REAL, SAID, read

settings.register_profile("lines", derandomize=True, database=None, deadline=None, max_examples=40)

NAMES = st.sampled_from(["UNICRI", "European Union", "J. Doe", "the Secretariat", "EU CBRN CoE", "Studio A"])
YEARS = st.integers(2010, 2029)
FOREIGN = st.one_of(
    st.builds("© {} {}".format, NAMES, YEARS),
    st.builds("Copyright {} {}, all rights reserved".format, YEARS, NAMES),
    st.builds("Photo: {}".format, NAMES),
    st.builds("Photo credit: {} / {}".format, NAMES, YEARS),
    st.builds("Printed by {} in {}".format, NAMES, YEARS),
    st.builds("Page {} of 4".format, st.integers(1, 4)),
    st.builds("{} | {}".format, st.integers(1, 9), NAMES),
    st.builds("Tel.: +998 71 {:07d}".format, st.integers(0, 9_999_999)),
    st.builds("{}@example.org".format, st.sampled_from(["info", "cbrn.secretariat", "office"])),
    st.builds("www.{}.eu".format, st.sampled_from(["cbrn-coe", "europa", "unicri"])),
    st.builds("{} Navoi Street, Tashkent".format, st.integers(1, 200)),
    st.builds("Last updated: {}".format, YEARS),
    st.builds("The opinions of {} do not necessarily reflect those of the European Union.".format, NAMES),
    st.builds("“{} makes us stronger.”".format, NAMES),
    st.builds("Budget: EUR {} 000 000".format, st.integers(1, 9)),
    st.builds("Contact: {}".format, NAMES),
    st.sampled_from(
        ["Central Asia Regional Secretariat", "Participants received certificates.", "Follow us on X", "Kazakhstan"]
    ),
)
ENDS = st.sampled_from(["\n", "\n\n", "\n\n\n\n"])
PLACES = st.integers(0, REAL.count("\n"))


def inserted(line: str, place: int, before: str, after: str) -> str:
    lines = REAL.split("\n")
    return "\n".join(lines[:place]) + before + line + after + "\n".join(lines[place:])


@settings(settings.get_profile("lines"))
@given(FOREIGN, PLACES, ENDS, ENDS)
def test_a_foreign_line_changes_nothing_in_silence(line: str, place: int, before: str, after: str) -> None:
    said, findings = read(inserted(line, place, before, after))
    assert findings or said == SAID


@settings(settings.get_profile("lines"))
@given(FOREIGN)
def test_a_foreign_line_is_known_by_its_words(line: str) -> None:
    assert line in ("Kazakhstan", "Participants received certificates.") or foreign_line(line)


@settings(settings.get_profile("lines"))
@given(st.lists(st.tuples(st.integers(0, 10_000), st.integers(2, 20)), min_size=1, max_size=5))
def test_a_soft_hyphen_in_any_word_changes_nothing(cuts: list[tuple[int, int]]) -> None:
    text = REAL
    for word, within in cuts:
        spans = [match.span() for match in re.finditer(r"[A-Za-z]{4,}", text)]
        start, end = spans[word % len(spans)]
        place = start + 1 + within % (end - start - 1)
        text = text[:place] + "\u00ad" + text[place:]
    assert read(text) == (SAID, [])


@settings(settings.get_profile("lines"))
@given(st.sets(st.sampled_from(["ffi", "ffl", "ff", "fi", "fl"]), min_size=1))
def test_ligatures_change_nothing(letters: set[str]) -> None:
    text = REAL
    for group in sorted(letters, key=len, reverse=True):
        text = text.replace(group, {"ffi": "ﬃ", "ffl": "ﬄ", "ff": "ﬀ", "fi": "ﬁ", "fl": "ﬂ"}[group])
    assert read(text) == (SAID, [])


@settings(settings.get_profile("lines"))
@given(st.integers(0, 10_000), st.integers(2, 20), st.sampled_from(["\n", "\r\n", " \n"]))
def test_a_word_that_a_line_end_cuts_is_whole_again_or_told(word: int, within: int, end: str) -> None:
    first = REAL.index("In 2023–2024, national")
    spans = [match.span() for match in re.finditer(r"(?<![\w-])[a-z]{6,}(?![\w-])", REAL) if match.start() > first]
    start, stop = spans[word % len(spans)]
    place = start + 2 + within % (stop - start - 3)
    said, findings = read(REAL[:place] + "-" + end + REAL[place:])
    assert said == SAID or [finding.code for finding in findings] == ["word-broken"]
