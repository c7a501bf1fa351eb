"""The words of a leaflet that no value covers: by line, and within a line."""

from __future__ import annotations

import pytest

from cbrn_data.checks.left_out import LeftOut, as_report, of_report
from cbrn_data.checks.mentions import bare_words
from cbrn_data.normalise.text import Span
from cbrn_data.sources.document import Document

TEXT = "Kazakhstan, Kyrgyzstan, Tajikistan\n\nStructure\nFunded by X and by Y and by Z\n"


def bare(*values: str, text: str = TEXT) -> list[tuple[int, str]]:
    """Return line and words of what is left of a text when these values are taken."""
    spans = [Span(start := text.index(value), start + len(value)) for value in values]
    return [(each.line, each.words) for each in bare_words("a", Document("a.txt", text), spans)]


@pytest.mark.parametrize(
    ("values", "left"),
    [
        ((), [(1, ""), (3, ""), (4, "")]),
        ((TEXT,), []),
        (("Kazakhstan", "Kyrgyzstan", "Tajikistan", "Structure", "Funded by X and by Y and by Z"), []),
        (("Kazakhstan", "Tajikistan", "Structure\nFunded by X and by Y and by Z"), [(1, ", Kyrgyzstan,")]),
        (("Kazakhstan, Kyrgyzstan", "Kyrgyzstan", "Structure\nFunded by X and by Y and by Z"), [(1, ", Tajikistan")]),
        (("Kazakhstan, Kyrgyzstan, Tajikistan\n\nStruct",), [(3, "ure"), (4, "")]),
        (("Kazakhstan, Kyrgyzstan, Tajikistan", "Structure", "X", "Y", "Z"), [(4, "Funded by"), (4, "and by")]),
    ],
)
def test_words_without_a_value_are_named(values: tuple[str, ...], left: list[tuple[int, str]]) -> None:
    assert bare(*values) == left


def test_spans_beyond_the_text_and_empty_ones_cover_nothing() -> None:
    spans = [Span(0, 0), Span(90_000, 90_001), Span(5, 3)]
    assert [each.line for each in bare_words("a", Document("a.txt", TEXT), spans)] == [1, 3, 4]


def test_many_spans_over_one_another_take_no_time() -> None:
    text = "word " * 20_000
    spans = [Span(start, len(text) - start) for start in range(40_000)]
    assert bare_words("a", Document("a.txt", text), spans) == []


def test_a_report_gives_back_what_it_names() -> None:
    said = [
        LeftOut("a", 1, reason="heading"),
        LeftOut("a", 2, words="by", reason="around-values"),
        LeftOut("b", 3, "value", "corrected"),
    ]
    assert sorted(of_report(as_report(said))) == sorted(said)
