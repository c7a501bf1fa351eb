"""JSON has one form: that of Python's own writer with an indent of two."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cbrn_data.strict_json import dumped

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=["Cs"]))
KEYS = st.text(st.characters(exclude_categories=["Cs"]), max_size=5) | st.integers() | st.booleans() | st.none()
VALUES: st.SearchStrategy[Any] = st.recursive(
    SCALARS, lambda each: st.lists(each) | st.lists(each).map(tuple) | st.dictionaries(KEYS, each), max_leaves=20
)


@given(VALUES)
def test_bytes_are_those_of_the_library(value: Any) -> None:
    text = json.dumps(value, indent=2, ensure_ascii=False) + "\n"
    assert dumped(value).decode() == text
