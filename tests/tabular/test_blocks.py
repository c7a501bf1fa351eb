"""CSV in blocks of any size gives the rows, their numbers and their lines; what is broken is told, and the rest is read."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbrn_data.tabular import blocks, cutting, grammar
from cbrn_data.tabular.blocks import ahead, read_blocks, read_header

Width = tuple[int, int, list[str]]
Problem = tuple[str, str, int, int]
Read = tuple[list[str], list[tuple[int, int, list[str | None]]], list[Width], list[Problem]]


def read(data: bytes) -> Read:
    """Return the header, (row, line, cells) of every whole row, and what was set aside."""
    file = io.BytesIO(data)
    header, begun, line = read_header(file)
    rows: list[tuple[int, int, list[str | None]]] = []
    widths: list[Width] = []
    problems: list[Problem] = []
    for block in ahead(read_blocks(file, header, begun, line)):
        places = np.arange(block.table.num_rows)
        cells = [list(row.values()) for row in block.table.to_pylist()]
        rows += zip(block.rows(places).tolist(), block.lines(places).tolist(), cells, strict=True)
        for issue in block.issues:
            if issue.code == "csv-row-width":
                widths.append((issue.row, issue.line, list(issue.cells)))
            else:
                problems.append((issue.code, issue.message, issue.line, issue.row))
    return header, rows, widths, problems


CELLS = st.sampled_from(["", "a", "b,c", 'q"q', "l\nm", "\r\n", "é", "  ", '""', '"', "x" * 40])


@given(
    st.lists(st.lists(CELLS, min_size=3, max_size=3), max_size=12),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from([13, 64, 1 << 20]),
    st.sampled_from([2, 16, 64, 1 << 20]),
    st.booleans(),
)
def test_whatever_a_csv_writer_writes_is_read_again_with_its_lines(
    rows: list[list[str]], ending: str, size: int, parsed: int, marked: bool
) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator=ending)
    writer.writerows([["a", "b", "c"], *rows])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "SIZE", size)
        patch.setattr(blocks, "PARSED", parsed)
        header, found, ragged, broken = read(text.getvalue().encode("utf-8-sig" if marked else "utf-8"))
    assert (header, ragged, broken) == (["a", "b", "c"], [], [])
    assert [cells for _, _, cells in found] == [[cell or None for cell in row] for row in rows]
    assert [row for row, _, _ in found] == list(range(1, len(rows) + 1))
    lines = [2]
    for row in rows:
        lines.append(lines[-1] + 1 + sum(cell.count("\n") for cell in row))
    assert [line for _, line, _ in found] == lines[:-1]


BROKEN = {
    "a row with too few and one with too many cells": (
        b'a,b\n1,2\n3\n"4\n5",6,7\n8,9\n',
        [(1, 2, ["1", "2"]), (2, 3, ["3", None]), (3, 4, ["4\n5", "6"]), (4, 6, ["8", "9"])],
        [(2, 3, ["3"]), (3, 4, ["4\n5", "6", "7"])],
        [],
    ),
    "line breaks in cells beyond the header": (
        b'a,b\n1,2,"3\n4\n5"\n6,7\n',
        [(1, 2, ["1", "2"]), (2, 5, ["6", "7"])],
        [(1, 2, ["1", "2", "3\n4\n5"])],
        [],
    ),
    "a line separator of Unicode within a cell of such a row": (
        "a,b\n\"1\u20282\",x\x1cy,3\n4,5\n".encode(),
        [(1, 2, ["1\u20282", "x\x1cy"]), (2, 3, ["4", "5"])],
        [(1, 2, ["1\u20282", "x\x1cy", "3"])],
        [],
    ),
    "bytes that are no UTF-8 in a row with too few cells, and after it": (
        b"a,b\n1,2\n\xff3\n4,\xfe\n\xc3\xa9,6\n",
        [(1, 2, ["1", "2"]), (2, 3, ["\ufffd3", None]), (3, 4, ["4", None]), (4, 5, ["é", "6"])],
        [(2, 3, ["\ufffd3"])],
        [("csv-encoding", "byte 1 of b (0xfe) is not UTF-8", 4, 3)],
    ),
    "a quotation mark that is never closed": (
        b'a,b\n1,2\n3,"4\n5,6\n7,8\n',
        [(1, 2, ["1", "2"]), (3, 4, ["5", "6"]), (4, 5, ["7", "8"])],
        [],
        [("csv-quote", "a quotation mark is not closed", 3, 2)],
    ),
    "a quotation mark that the next one closes": (
        b'a,b\n1,"2\n3,4\n5,"6"\n7,8\n',
        [(2, 3, ["3", "4"]), (3, 4, ["5", "6"]), (4, 5, ["7", "8"])],
        [],
        [("csv-quote", "a closing quotation mark is not followed by a separator", 2, 1)],
    ),
    "a quotation mark within a cell is text": (
        b'a,b\n5" pipe,x\ny,"z"\n',
        [(1, 2, ['5" pipe', "x"]), (2, 3, ["y", "z"])],
        [],
        [],
    ),
    "bytes that are no UTF-8 in the middle": (
        b"a,b\n1,2\n3,\xff\n\xc3\xa9,6\n",
        [(1, 2, ["1", "2"]), (2, 3, ["3", None]), (3, 4, ["é", "6"])],
        [],
        [("csv-encoding", "byte 1 of b (0xff) is not UTF-8", 3, 2)],
    ),
    "an empty line is a row without a value": (
        b"a,b\n1,2\n\n3,4",
        [(1, 2, ["1", "2"]), (2, 3, [None, None]), (3, 4, ["3", "4"])],
        [],
        [],
    ),
    "lines that end in every way, also within cells": (
        b'a,b\r1,"x\ry"\n3,4\r\n"5\r\n","6\n"\r7,8',
        [(1, 2, ["1", "x\ry"]), (2, 4, ["3", "4"]), (3, 5, ["5\r\n", "6\n"]), (4, 8, ["7", "8"])],
        [],
        [],
    ),
    "line breaks in a cell that is no UTF-8": (
        b'a,b\n"\xff\n\n",2\n3,4\n',
        [(1, 2, [None, "2"]), (2, 5, ["3", "4"])],
        [],
        [("csv-encoding", "byte 1 of a (0xff) is not UTF-8", 2, 1)],
    ),
    "a byte order mark where none belongs": (
        b"a,b\n\xef\xbb\xbf1,2\n\xef\xbb\xbf,\n\xef\xbb\xbf",
        [(1, 2, ["\ufeff1", "2"]), (2, 3, ["\ufeff", None]), (3, 4, ["\ufeff", None])],
        [(3, 4, ["\ufeff"])],
        [],
    ),
    "broken records between empty lines": (
        b'a,b\r1,2\r\r3,"4"5\r\n\n"6"7\n8,9\n',
        [(1, 2, ["1", "2"]), (2, 3, [None, None]), (4, 5, [None, None]), (6, 7, ["8", "9"])],
        [],
        [
            ("csv-quote", "a closing quotation mark is not followed by a separator", 4, 3),
            ("csv-quote", "a closing quotation mark is not followed by a separator", 6, 5),
        ],
    ),
    "carriage returns alone": (b"a,b\r1,2\r3,4\r", [(1, 2, ["1", "2"]), (2, 3, ["3", "4"])], [], []),
    "a header and nothing else": (b"a,b\n", [], [], []),
    "a header without its line break": (b"a,b", [], [], []),
}  # fmt: skip


@pytest.mark.parametrize("most", [1, 1 << 20])
@pytest.mark.parametrize("size", [5, 1 << 20])
@pytest.mark.parametrize("case", BROKEN)
def test_what_is_broken_is_told_with_its_line_and_the_rest_is_read(
    case: str, size: int, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, rows, ragged, broken = BROKEN[case]
    monkeypatch.setattr(blocks, "SIZE", size)
    monkeypatch.setattr(blocks, "PARSED", size)
    monkeypatch.setattr(cutting, "MOST", most)
    assert read(data) == (["a", "b"], rows, ragged, broken)


def test_an_unclosed_mark_costs_no_more_than_the_longest_record(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "SIZE", 100)
    monkeypatch.setattr(grammar, "LONGEST", 400)
    lines = [b"a,b", b'1,"2', *(b"%d,x" % number for number in range(500))]
    _, rows, _, broken = read(b"\n".join(lines) + b"\n")
    assert [cells for _, _, cells in rows] == [[str(number), "x"] for number in range(500)]
    assert [(line, row) for _, _, line, row in broken] == [(2, 1)]


@pytest.mark.parametrize("line", ["{},2,3", '"{}",2,3', "{}", '"{}"'])
def test_a_cell_of_a_row_of_another_width_may_be_of_any_length(line: str) -> None:
    long = "x" * 200_000
    _, rows, ragged, _ = read(f"a,b\n{line.format(long)}\n4,5\n".encode())
    assert [cells[0] for _, _, cells in rows] == [long, "4"]
    assert [cells[0] for _, _, cells in ragged] == [long]


def test_a_label_may_be_of_any_length_and_have_line_breaks() -> None:
    long = "x\r\n\u2028" * 50_000
    assert read(f'"{long}",b\n1,2\n'.encode())[:2] == ([long, "b"], [(1, 50_002, ["1", "2"])])


def test_a_quotation_mark_in_the_header_that_is_never_closed_costs_its_line_only() -> None:
    assert read(b'a,"b\n1,2\n')[:2] == (["a", '"b'], [(1, 2, ["1", "2"])])


def test_an_error_of_the_reading_thread_reaches_the_caller() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise OSError("gone")

    found = ahead(items())
    assert next(found) == 1
    with pytest.raises(OSError, match="gone"):
        next(found)


def test_a_break_in_a_cell_is_counted_though_the_last_line_has_none() -> None:
    file = io.BytesIO(b'a,b\n"x\ny",1\nz,2')
    names, begun, line = read_header(file)
    (block,) = read_blocks(file, names, begun, line)
    assert block.lines(np.arange(2)).tolist() == [2, 4]


def test_broken_records_do_not_cut_a_file_into_small_blocks() -> None:
    file = io.BytesIO(b"a,b\n" + b'1,"2"3\n4,5\n' * 1000)
    names, begun, line = read_header(file)
    (block,) = read_blocks(file, names, begun, line)
    assert (block.records, block.table.num_rows, len(block.issues)) == (2000, 1000, 1000)


@pytest.mark.parametrize("line", [b"1", b"1,2,3", b"1,\xff", b'1,"2"3'], ids=["short", "long", "not UTF-8", "broken"])
def test_what_is_told_of_a_block_is_bounded(line: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cutting, "MOST", 100)
    file = io.BytesIO(b"a,b\n" + (line + b"\n") * 1000)
    names, begun, number = read_header(file)
    found = [len(block.issues) for block in read_blocks(file, names, begun, number)]
    assert sum(found) == 1000
    assert max(found) <= 100


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("size", [5, 8, 64])
@pytest.mark.parametrize(
    ("long", "said"),
    [("x" * 300, "does not end within"), ('"' + "x" * 300 + '"', "not closed within"), ("1,é" * 100, "does not end within")],
    ids=["one cell", "one cell with marks", "many cells"],
)
def test_a_record_that_is_too_long_is_left_out_as_a_whole(
    long: str, said: str, size: int, ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks, "SIZE", size)
    monkeypatch.setattr(grammar, "LONGEST", 40)
    _, rows, ragged, broken = read(ending.join(["a,b", "1,2", long, "3,4", ""]).encode())
    assert (rows, ragged) == ([(1, 2, ["1", "2"]), (3, 4, ["3", "4"])], [])
    assert [(row, line) for _, _, line, row in broken] == [(2, 3)]
    assert said in broken[0][1]


class Short(io.RawIOBase):
    """A file that gives a few bytes at a time, as a pipe may."""

    def __init__(self, data: bytes) -> None:
        self._file = io.BytesIO(data)

    def readinto(self, buffer: Any) -> int:
        return self._file.readinto(memoryview(buffer)[:2])


def test_a_byte_order_mark_is_left_out_though_it_comes_in_two_reads() -> None:
    assert read_header(Short(b"\xef\xbb\xbfa,b\n1,2\n"))[0] == ["a", "b"]  # type: ignore[arg-type]
