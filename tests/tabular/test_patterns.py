"""Patterns mean in RE2 what they mean to the people who wrote them, and what could run for ever is refused."""

from __future__ import annotations

import re
import time

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cbrn_data.tabular.patterns import pattern_kernel

_TEXT = st.text("ab1١é _-]\t\n\u00a0\u2028", max_size=5)
_ATOM = st.sampled_from(
    [
        r"\d",
        r"\D",
        r"\w",
        r"\W",
        r"\s",
        r"\S",
        ".",
        "a",
        "b",
        r"\-",
        "é",
        r"\u00e9",
        r"[\d_]",
        r"[^\s\]]",
        r"[\s\S]",
        r"[\D]",
        "[]a]",
    ]
)
_PATTERN = st.recursive(
    _ATOM,
    lambda part: (
        st.lists(part, min_size=1, max_size=3).map("".join)
        | st.tuples(part, part).map("(?:{0[0]}|{0[1]})".format)
        | st.tuples(part, st.sampled_from(["*", "+", "?", "{1,2}"])).map("(?:{0[0]}){0[1]}".format)
    ),
    max_leaves=4,
)


@given(_PATTERN, st.lists(_TEXT, min_size=1, max_size=6))
@settings(max_examples=400, deadline=None)
def test_a_pattern_matches_whole_texts_as_in_python(pattern: str, texts: list[str]) -> None:
    expected = [re.fullmatch(pattern, text) is not None for text in texts]
    assert pattern_kernel(pattern)(pa.array(texts, pa.string())).to_pylist() == expected


@pytest.mark.parametrize(
    "pattern",
    [r"(?=a)b", r"(?!a)b", r"(?<=a)b", r"(a)\1", "[a-z-[aeiou]]", "a)(b", "(", "a{2000}", r"\C", r"[\W]", r"\i\c*"],
)
def test_what_cannot_be_judged_safely_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match="the pattern"):
        pattern_kernel(pattern)


def test_a_pattern_that_would_hold_python_for_ages_takes_no_time() -> None:
    began = time.process_time()
    assert pattern_kernel("(a+)+b")(pa.array(["a" * 100_000])).to_pylist() == [False]
    assert time.process_time() - began < 5
