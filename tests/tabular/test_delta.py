"""What differs between two sorted tables: the same whatever their blocks are, in the memory of a few of them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbrn_data.tabular.delta import deltas

Cells = dict[str, tuple[str | None, str | None]]
"""The two cells of each row by its key."""

TABLES = st.dictionaries(
    st.text("abé𝒳", min_size=1, max_size=3),
    st.tuples(st.sampled_from(["x", "y", "", None]), st.sampled_from(["1", None])),
    max_size=12,
)


def blocks_of(rows: Cells, sizes: Sequence[int]) -> Iterator[pa.Table]:
    """Yield rows in blocks of these sizes, again and again."""
    keys = sorted(rows)
    columns = {"key": keys, "one": [rows[key][0] for key in keys], "two": [rows[key][1] for key in keys]}
    table = pa.table({name: pa.array(cells, pa.string()) for name, cells in columns.items()})
    start, number = 0, 0
    while start < table.num_rows:
        yield table.slice(start, sizes[number % len(sizes)])
        start, number = start + sizes[number % len(sizes)], number + 1


def key(table: pa.Table) -> pa.Array:
    return table["key"]


SIZES = st.lists(st.integers(0, 4), min_size=1, max_size=4).filter(any)


@given(TABLES, TABLES, SIZES, SIZES, st.sampled_from([["one", "two"], ["two"], []]))
def test_each_row_that_differs_is_found_once_and_in_order(
    old: Cells, new: Cells, old_sizes: list[int], new_sizes: list[int], compared: list[str]
) -> None:
    found = list(deltas(blocks_of(old, old_sizes), blocks_of(new, new_sizes), key, compared))
    parts = {
        name: [row for delta in found for row in getattr(delta, name).to_pylist()]
        for name in ("removed", "added", "before", "after")
    }

    def expected(keys: Sequence[str], rows: Cells) -> list[dict[str, str | None]]:
        return [{"key": name, "one": rows[name][0], "two": rows[name][1]} for name in sorted(keys)]

    def differs(name: str) -> bool:
        pairs = {"one": 0, "two": 1}
        return any(old[name][pairs[column]] != new[name][pairs[column]] for column in compared)

    both = [name for name in old if name in new and differs(name)]
    assert parts == {
        "removed": expected([name for name in old if name not in new], old),
        "added": expected([name for name in new if name not in old], new),
        "before": expected(both, old),
        "after": expected(both, new),
    }
    assert all(delta.removed.column_names == ["key", "one", "two"] for delta in found)
    ranges = [[row["key"] for name in parts for row in getattr(delta, name).to_pylist()] for delta in found]
    assert all(max(before) < min(after) for before, after in itertools.pairwise(ranges))


@pytest.mark.parametrize("keys", [["b", "a"], ["a", "a"]])
@pytest.mark.parametrize("size", [1, 2])
@pytest.mark.parametrize("is_new", [False, True])
def test_rows_out_of_order_are_refused_within_a_block_and_across_blocks(keys: list[str], size: int, is_new: bool) -> None:
    table = pa.table({"key": keys})
    wrong, good = [table.slice(start, size) for start in range(0, 2, size)], [pa.table({"key": ["a", "b"]})]
    with pytest.raises(ValueError, match="the rows are not sorted by their keys"):
        list(deltas(good if is_new else wrong, wrong if is_new else good, key, []))


def test_no_more_than_the_blocks_side_by_side_are_read_at_once() -> None:
    read: list[str] = []

    def blocks(name: str) -> Iterator[pa.Table]:
        for number in range(100):
            read.append(name)
            yield pa.table({"key": [f"{number:03}{each}" for each in "abc"], "one": [name] * 3})

    found = deltas(blocks("old"), blocks("new"), key, ["one"])
    for number, delta in enumerate(found, 1):
        assert delta.after.num_rows == 3 and max(map(read.count, ("old", "new"))) <= number + 1
    assert number == 100
