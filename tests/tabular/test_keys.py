"""Keys across blocks: the same answers as Python's own sets, also when every hash is the same."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cbrn_data.tabular import keys
from cbrn_data.tabular.keys import Confirmation, KnownKeys, Uniqueness, hashed

Key = tuple[str | None, ...]
KEYS = st.lists(
    st.tuples(*[st.one_of(st.none(), st.sampled_from(["", "a", "b", "ab", "x" * 9, "é", "x" * 70]))] * 2), max_size=30
)


def columns(rows: list[Key]) -> list[pa.Array]:
    return [pa.array([row[part] for row in rows], pa.string()) for part in range(2)]


def repeated(blocks: list[list[Key]]) -> list[tuple[int, int]]:
    """Return (row, the row before with the same key) over all blocks, rows from 1."""
    uniqueness = Uniqueness()
    for block in blocks:
        uniqueness.add(columns(block))
    for block in blocks:
        uniqueness.add_again(columns(block))
    confirmation, found, first = Confirmation(*uniqueness.suspects()), [], 1
    for block in blocks:
        rows = np.arange(first, first + len(block))
        for place, here, before in confirmation.repeated(columns(block), partial(_both, rows)):
            assert here == (first + place, first + place, "")
            found.append((here[0], before[0]))
        first += len(block)
    return found


def _both(rows: Any, places: Any) -> tuple[Any, Any]:
    return rows[places], rows[places]


def expected(rows: list[Key]) -> list[tuple[int, int]]:
    seen: dict[Key, int] = {}
    found = []
    for number, row in enumerate(rows, start=1):
        if None not in row and seen.setdefault(row, number) != number:
            found.append((number, seen[row]))
    return found


@pytest.mark.parametrize("collide", [False, True], ids=["hashes differ", "every hash is the same"])
@example(rows=[("a", "")], cut=1, asked=[(None, "a"), ("a", "")], ordered=0)
@example(rows=[("a", "a"), ("a", "b"), ("b", "a"), ("a", "b")], cut=2, asked=[], ordered=0)
@given(rows=KEYS, cut=st.integers(0, 30), asked=KEYS, ordered=st.integers(0, 30))
def test_keys_that_repeat_and_references_that_lead_nowhere(
    rows: list[Key], cut: int, asked: list[Key], ordered: int, collide: bool
) -> None:
    rows = sorted({row for row in rows[:ordered] if None not in row}, key=str) + rows[ordered:]
    with pytest.MonkeyPatch.context() as patch:
        if collide:
            patch.setattr(keys, "hashed", lambda parts: np.full(len(parts[0]), 7, np.uint64))
        blocks = [block for block in (rows[:cut], rows[cut:]) if block]
        assert repeated(blocks) == expected(rows)
        known = KnownKeys()
        for block in blocks:
            known.add(columns(block))
        if asked:
            there = {row for row in rows if None not in row}
            assert known.lead(columns(asked)).tolist() == [None in row or row in there for row in asked]


@settings(max_examples=60)
@given(
    odd=st.lists(st.tuples(st.integers(0, 79), KEYS.map(lambda keys: (*keys, ("k05", "a"))[0])), max_size=5),
    size=st.integers(1, 80),
)
@example(odd=[(10, ("R", "1")), (50, ("R", "1"))], size=20)
@example(odd=[(10, ("z", "1")), (11, ("k70", "x"))], size=20)
@example(odd=[(10, (None, "1")), (11, ("k11", "x")), (79, ("k00", "x"))], size=20)
def test_few_keys_out_of_order_are_found_without_the_others(odd: list[tuple[int, Key]], size: int) -> None:
    rows: list[Key] = [(f"k{number:02}", "x") for number in range(80)]
    for place, key in odd:
        rows[place] = key
    assert repeated([rows[start : start + size] for start in range(0, 80, size)]) == expected(rows)


def test_a_key_out_of_order_does_not_need_the_others_again() -> None:
    uniqueness = Uniqueness()
    for start in (10, 50):
        uniqueness.add([pa.array([f"k{number}" if number % 40 != 30 else "A" for number in range(start, start + 40)])])
    assert not uniqueness.missing
    assert uniqueness.suspects()[1] == pa.array(["A"])


@pytest.mark.parametrize("few", [0, 10])
@given(known=st.sets(st.sampled_from("abcdé")), asked=st.lists(st.sampled_from([None, "", "a", "b", "é", "ab"]), min_size=1))
def test_references_that_often_repeat_lead_where_each_leads(few: int, known: set[str], asked: list[str | None]) -> None:
    keys_known = KnownKeys()
    keys_known.add([pa.array(sorted(known), pa.string())])
    often = asked * 9
    expected = [text is None or text in known for text in often]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keys, "FEW", few)
        assert keys_known.lead([pa.array(["x", *often], pa.string()).slice(1)]).tolist() == expected


def test_a_hash_is_of_the_text_alone_wherever_it_stands() -> None:
    texts = ["a" * size for size in range(40)] + ["é", "\u00e9\u00e9", "ab", "ba"]
    whole = hashed([pa.array(texts)])
    assert len(set(whole.tolist())) == len(texts)
    for start in (0, 3, 17):
        part = pa.array(texts).slice(start, 9)
        assert hashed([part]).tolist() == whole[start : start + 9].tolist()
    assert (
        hashed([pa.array(["a", "b"]), pa.array(["b", "a"])]).tolist()[0]
        != hashed([pa.array(["ab"]), pa.array([""])]).tolist()[0]
    )
