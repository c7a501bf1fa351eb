"""What differs between two tables in any order: what a dictionary says, in memory or in parts on the disk."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cbrn_data.tabular import differences as module
from cbrn_data.tabular.delta import KEY
from cbrn_data.tabular.differences import differences, joined

Cells = tuple[str | None, ...]
NAMES = ["one", "two", "value"]
KEYS = ["one", "two"]

TEXTS = st.sampled_from([None, "", "a", "b", "\x00", "\x00\x03", "0", "9", "10", "010", "é", "𝒳"])
ROWS = st.lists(st.tuples(TEXTS, TEXTS, st.sampled_from([None, "x", "y"])), max_size=14)


def blocks_of(rows: Sequence[Cells], key: Sequence[str]) -> Iterator[pa.Table]:
    for start in range(0, len(rows), 5):
        part = rows[start : start + 5]
        table = pa.table({name: pa.array([row[n] for row in part], pa.string()) for n, name in enumerate(NAMES)})
        yield table.append_column(KEY, joined([table[name] for name in key]))


def found(old: Sequence[Cells], new: Sequence[Cells], key: Sequence[str] = KEYS) -> tuple[list[list[Cells]], Counter[str]]:
    """Return removed, added and changed rows, the last before and after, and how many rows of each side repeat a key."""
    repeated: Counter[str] = Counter()

    def note(side: int, rows: pa.Table) -> None:
        repeated[("old", "new")[side]] += rows.num_rows

    compared = NAMES if key == KEYS else []
    deltas = differences(lambda: blocks_of(old, key), lambda: blocks_of(new, key), compared, 1 << 20, note)
    parts = [pa.concat_tables(each) for each in zip(*(delta.parts for delta in deltas), strict=True)]
    for part in parts:
        assert part[KEY].to_pylist() == sorted(part[KEY].to_pylist())
    rows = [[tuple(row.values()) for row in part.select(NAMES).to_pylist()] for part in parts]
    return rows or [[], [], [], []], repeated


def naive(old: Sequence[Cells], new: Sequence[Cells]) -> tuple[list[Counter[Cells]], Counter[str]]:
    times = [Counter(row[:2] for row in rows) for rows in (old, new)]
    odd = {key for each in times for key, number in each.items() if number > 1}
    before, after = ({row[:2]: row for row in rows if row[:2] not in odd} for rows in (old, new))
    gone, come = (Counter(row for row in rows if row[:2] in odd) for rows in (old, new))
    removed = Counter(row for key, row in before.items() if key not in after) + (gone - come)
    added = Counter(row for key, row in after.items() if key not in before) + (come - gone)
    pairs = [(row, after[key]) for key, row in before.items() if key in after and after[key] != row]
    repeated = Counter({
        side: sum(number for number in each.values() if number > 1) for side, each in zip(("old", "new"), times, strict=True)
    })  # fmt: skip
    return [removed, added, Counter(row for row, _ in pairs), Counter(row for _, row in pairs)], +repeated


@pytest.fixture(params=["in memory", "on disk, in parts"], autouse=True)
def _parts(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param != "in memory":
        monkeypatch.setattr(module, "PART", 1 << 19)  # of the megabyte that the tables are said to have
        monkeypatch.setattr(module, "KEPT", 0)
        monkeypatch.setattr(module, "GATHERED", 1)
        monkeypatch.setattr(module, "GIVEN_UP", 2)


@settings(max_examples=15)
@given(ROWS, ROWS)
def test_the_same_differs_as_a_dictionary_says(old: list[Cells], new: list[Cells]) -> None:
    parts, repeated = found(old, new)
    expected = naive(old, new)
    assert ([Counter(part) for part in parts], repeated) == expected
    assert [row[:2] for row in parts[2]] == [row[:2] for row in parts[3]]


@settings(max_examples=15)
@given(ROWS, ROWS, st.randoms(use_true_random=False))
def test_a_move_of_a_row_changes_nothing(old: list[Cells], new: list[Cells], dice: random.Random) -> None:
    moved = dice.sample(new, len(new))
    assert [Counter(part) for part in found(old, moved)[0]] == [Counter(part) for part in found(old, new)[0]]
    assert found(new, moved)[0] == [[], [], [], []]


@settings(max_examples=15)
@given(ROWS, ROWS)
def test_rows_as_a_whole_are_counted(old: list[Cells], new: list[Cells]) -> None:
    parts, _ = found(old, new, NAMES)
    assert [Counter(part) for part in parts[:2]] == [Counter(old) - Counter(new), Counter(new) - Counter(old)]
    assert parts[2:] == [[], []]


def test_sorted_tables_are_read_once_and_others_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    old = [(f"k{number}", None, "x") for number in range(10, 90)]
    new = [(one, None, "y" if one == "k42" else "x") for one, *_ in old if one != "k50"]
    in_order = found(old, new)
    assert found(old[::-1], new) == found(old, new[::-1]) == in_order
    monkeypatch.setattr(module, "_divided", None)
    assert found(old, new) == in_order


@given(st.lists(st.tuples(TEXTS, TEXTS), max_size=12))
def test_a_joined_key_is_equal_for_equal_cells_only(rows: list[tuple[str | None, str | None]]) -> None:
    columns = [pa.array([row[n] for row in rows], pa.string()) for n in (0, 1)]
    keys = joined(columns).to_pylist()
    assert None not in keys
    assert {(a, b) for a, x in zip(rows, keys, strict=True) for b, y in zip(rows, keys, strict=True) if x == y} == {
        (a, b) for a in rows for b in rows if a == b
    }


def test_whole_numbers_are_in_their_order() -> None:
    texts = [None, "0", "9", "10", "200", "-1", "010", "a"]
    keys = joined([pa.array(texts, pa.string())]).to_pylist()
    assert keys == sorted(keys)
