"""Rows that are copied have the bytes of rows that are made from their cells, whatever the file has around them."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cbrn_data.tabular import blocks
from cbrn_data.tabular.blocks import Block, read_blocks
from cbrn_data.tabular.canonical import csv_rows, json_rows
from cbrn_data.tabular.verbatim import WRITTEN

_CELLS = st.sampled_from(["", "a", "bc", "é", '"d"', '"e,f"', '"g\nh"', '"i""j"', '"k\n\nl"', 'm"', "\\", '""'])
_ROWS = st.lists(_CELLS, min_size=1, max_size=3).map(",".join) | st.lists(_CELLS, min_size=2, max_size=2).map(",".join)
_FILES = st.lists(_ROWS, max_size=12).map("\n".join) | st.text('a,"\n\ré', max_size=30)


def _rows(block: Block) -> pa.Table:
    """Return the good rows, with their numbers as the last column."""
    table = block.table.append_column("n", pa.array(np.arange(block.table.num_rows)).cast(pa.string()))
    table = table if block.written is None else table.append_column(WRITTEN, block.written)
    good = np.ones(table.num_rows, dtype=bool)
    good[block.malformed] = False
    return table.filter(pa.array(good))


def _made(text: str, names: list[str]) -> Iterator[tuple[pa.Table, pa.Table]]:
    """Yield the rows of each block, with and without ``WRITTEN``."""
    for block in read_blocks(BytesIO(text.encode()), names, with_written=True):
        rows = _rows(block)
        yield rows, rows.select([*names, "n"])


@given(_FILES, st.sampled_from([8, 1 << 20]), st.booleans())
@settings(max_examples=400, deadline=None)
def test_copied_rows_are_those_that_would_be_made(text: str, size: int, ends: bool) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "FIRST", size)
        for rows, cells in _made(text + "\n" * ends, ["a", "b"]):
            assert bytes(csv_rows(rows)) == bytes(csv_rows(cells))
            assert bytes(json_rows(rows, {"n"})) == bytes(json_rows(cells, {"n"}))


def test_a_row_with_marks_is_made_and_the_others_are_copied() -> None:
    text = 'a,b\n"c",d\n"e\n,""f",g\nh,i\n'
    ((rows, _),) = _made(text, ["a", "b"])
    assert rows[WRITTEN].to_pylist() == ["a,b,", None, None, "h,i,"]
    assert bytes(csv_rows(rows)) == b'a,b,0\nc,d,1\n"e\n,""f",g,2\nh,i,3\n'
    whole, last = (rows for rows, _ in _made("a,b\nc,d", ["a", "b"]))
    assert whole[WRITTEN].to_pylist() == ["a,b,"]
    assert WRITTEN not in last.column_names, "the last row has no line break"
