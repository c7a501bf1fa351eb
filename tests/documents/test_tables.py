"""Received tables: what is read of workbooks and of text with other delimiters, and the cells that must not be guessed."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from cbrn_data.documents import tables
from cbrn_data.documents.tables import read_table, workbook_cell
from cbrn_data.documents.workbook import read_xlsx
from cbrn_data.errors import CbrnDataError, SourceError
from cbrn_data.findings import Finding
from cbrn_data.intake.write import sidecar_text
from cbrn_data.isolated import Limits

DAY = datetime.datetime(2018, 6, 30)


def workbook(*rows: list[Any], change: Callable[[Any], object] = lambda sheet: None, name: str = "Sheet1") -> bytes:
    """Return a workbook with one sheet of these rows; a pair is a value with the format of its cell."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = name
    for number, row in enumerate(rows, start=1):
        for column, value in enumerate(row, start=1):
            value, form = value if isinstance(value, tuple) else (value, None)
            cell = sheet.cell(number, column, value)
            cell.number_format = form or cell.number_format
    change(sheet)
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def here(reader: str, data: bytes, limits: object) -> Any:
    """Read in this process, as the reader process does."""
    assert reader == "cbrn_data.documents.workbook:read_xlsx"
    return read_xlsx(BytesIO(data))


@pytest.fixture
def in_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "run_reader", here)


def findings(data: bytes, name: str = "a.xlsx", sheet: str | None = None) -> list[Finding]:
    with pytest.raises(SourceError) as caught:
        read_table(name, data, sheet)
    return list(caught.value.findings)


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ('Dushanbe, "north"', '"Dushanbe, ""north"""'),
        ("007", "007"),
        ("two\nlines", '"two\nlines"'),
        (5, "5"),
        (5.0, "5"),
        (0.1, "0.1"),
        (-1e-7, "-0.0000001"),
        ((1234567, "#,##0"), "1234567"),
        ((1234567.5, "#\\ ##0.00"), "1234567.5"),
        ((-5, "0;(0)"), "-5"),
        ((0, '_-* #,##0_-;-* #,##0_-;_-* "-"??_-;_-@_-'), "0"),
        ((12000, "0.0E+00"), "12000"),
        ((2.5, "General;-General"), "2.5"),
        (("x", "0;0;0;@"), "x"),
        ((12, "[$€-407] #,##0.00;[Red]-#,##0.00"), "12"),
        ((2018, "0000"), "2018"),
        (True, "true"),
        ((DAY, "yyyy\\-mm\\-dd"), "2018-06-30"),
        ((DAY, "dd/mm/yy"), "2018-06-30"),
        ((DAY.replace(day=1), "mmm yyyy"), "2018-06"),
        ((datetime.datetime(2018, 1, 1), "yyyy"), "2018"),
        ((DAY.replace(hour=14), "yyyy-mm-dd hh:mm"), "2018-06-30T14:00:00"),
        ((DAY, '[$-409]d" de "mmmm yyyy;@'), "2018-06-30"),
        ((datetime.time(14, 30), "hh:mm"), "14:30:00"),
    ],
)
def test_a_cell_is_read_as_the_value_that_it_holds(cell: Any, text: str, in_process: None) -> None:
    assert read_table("a.xlsx", workbook(["a", "b"], [cell, "x"])).csv.decode() == f"a,b\n{text},x\n"


@pytest.mark.parametrize(
    ("cell", "code", "words"),
    [
        ("=1+1", "sheet-formula", "is a formula: =1+1"),
        ("#N/A", "sheet-formula", "is an error: #N/A"),
        ((0.12, "0%"), "sheet-format", "holds 0.12, but shows 12%"),
        ((3.7, "0"), "sheet-format", "holds 3.7, but shows 4 (format 0)"),
        ((1234567.5, "#,##0"), "sheet-format", "holds 1234567.5, but shows 1234568"),
        ((-5, "0;0"), "sheet-format", "holds -5, but shows 5"),
        ((5, '"-"0'), "sheet-format", "holds 5, but shows -5"),
        ((12345, "0E+00"), "sheet-format", "holds 12345, but shows 10000"),
        ((7, ";;;"), "sheet-format", "holds 7, but shows nothing"),
        ((0, "#,###"), "sheet-format", "holds 0, but shows nothing"),
        ((0, "0;-0;"), "sheet-format", "holds 0, but shows nothing"),
        (("x", ";;;"), "sheet-format", "holds x, but shows nothing"),
        (("x", '0;0;0;"none"'), "sheet-format", "holds x, but shows other words"),
        ((12, '0","0'), "sheet-format", "shows words with it"),
        ((5, "# ?/?"), "sheet-format", "shows it otherwise"),
        ((5, "[>9]0;0.0"), "sheet-format", "shows it otherwise"),
        ((7, "000"), "sheet-format", "holds 7, but shows leading zeros"),
        ((5000, "0,"), "sheet-format", "holds 5000, but shows 5 ("),
        ((5, '0" million"'), "sheet-format", "shows words with it"),
        (12345678901234567, "sheet-format", "15 digits"),
        ((DAY, "mmm yyyy"), "sheet-format", "holds 2018-06-30, but shows Jun 2018"),
        ((DAY, "d mmm"), "sheet-format", "holds 2018-06-30, but shows 30 Jun"),
        ((DAY, "dd/yyyy"), "sheet-format", "holds 2018-06-30, but shows 30/2018"),
        ((DAY, '"31.12."yyyy'), "sheet-format", "holds 2018-06-30, but shows"),
        ((DAY, "[$-1070000]dd/mm/yyyy"), "sheet-format", "holds 2018-06-30, but shows"),
        ((DAY.replace(hour=14), "yyyy-mm-dd"), "sheet-format", "holds 2018-06-30T14:00:00, but shows 2018-06-30"),
        ((DAY.replace(hour=14, minute=30), "yyyy-mm-dd hh"), "sheet-format", "holds 2018-06-30T14:30:00, but shows"),
        ((datetime.time(14, 30, 5), "hh:mm"), "sheet-format", "holds 14:30:05, but shows 14:30"),
        ((datetime.datetime(1900, 1, 5), "yyyy-mm-dd"), "sheet-format", "March 1900"),
        ((datetime.timedelta(hours=30), "[h]:mm"), "sheet-format", "is a duration"),
    ],
)
def test_a_cell_that_shows_something_else_is_named(cell: Any, code: str, words: str, in_process: None) -> None:
    (finding,) = findings(workbook(["a", "b"], ["x", cell]))
    assert (finding.code, finding.place) == (code, "a.xlsx:Sheet1!B2")
    assert words in finding.message


def hide(sheet: Any) -> None:
    sheet.merge_cells("A1:B1")
    sheet.row_dimensions[2].hidden = True
    sheet.column_dimensions["B"].hidden = True


def test_merged_and_hidden_cells_are_named_and_those_without_values_are_not(in_process: None) -> None:
    found = findings(workbook(["a", "b"], [1, 2], change=hide))
    assert {(each.code, each.cell) for each in found} == {("sheet-layout", f"Sheet1!{cell}") for cell in ("A1", "B1", "A2")}
    assert read_table("a.xlsx", workbook(["a"], [1], change=lambda sheet: sheet.merge_cells("C1:D1"))).csv == b"a\n1\n"


def test_a_cell_beside_the_table_and_a_character_that_nobody_sees_are_named(in_process: None) -> None:
    found = findings(workbook(["a", "b"], [1, "x\u200b"], change=lambda sheet: sheet.cell(9, 5, "note")))
    assert [(each.code, each.cell) for each in found] == [
        ("source-invisible-character", "Sheet1!B2"),
        ("sheet-layout", "Sheet1!E9"),
    ]
    assert "U+200B" in found[0].message and "'note' has no name of a column in row 1" in found[1].message


def test_one_sheet_is_read_and_several_need_a_choice(in_process: None) -> None:
    def add(sheet: Any) -> None:
        other = sheet.parent.create_sheet("Old")
        other.append(["b"])
        other.sheet_state = "hidden"
        sheet.parent.create_sheet("Empty")

    data = workbook(["a"], [1], change=add)
    (finding,) = findings(data)
    assert finding.code == "sheet-choice" and "'Sheet1', 'Old' (hidden)" in finding.message
    assert [each.code for each in findings(data, sheet="Empty")] == ["sheet-choice"]
    assert (read_table("a.xlsx", data, "Sheet1").csv, read_table("a.xlsx", data, "Old").csv) == (b"a\n1\n", b"b\n")


def test_a_row_of_the_sheet_is_a_record_of_the_csv(in_process: None) -> None:
    read = read_table("a.xlsx", workbook(["a", "b"], ["x\ny", 1], [], ["z", 2], name="Joined '18"))
    assert read.csv == b'a,b\n"x\ny",1\n\nz,2\n'
    assert read.placed(Finding("cell-type", "", "raw/a.csv", 5, field="b")).place == "a.xlsx:'Joined ''18'!B4"


def test_a_workbook_is_read_in_a_process_of_its_own() -> None:
    assert read_table("a.xlsx", workbook(["a"], [1])).read_with.startswith("openpyxl ")


def test_a_value_of_the_csv_leads_to_the_cell_of_its_workbook(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('a,b\n"x\ny",1\n\nz,2\n')
    entry = {
        "id": "a",
        "kind": "curated",
        "table": "projects",
        "title": "A",
        "publisher": "Us",
        "retrieved_on": "2026-11-22",
    }
    for sheet, cell in ({}, None), ({"sheet": "Sheet1"}, "Sheet1!B4"):
        (tmp_path / "a.csv.yaml").write_bytes(sidecar_text({**entry, **sheet}, tmp_path / "a.csv"))
        assert workbook_cell(tmp_path, "a.csv", 5, "b") == cell


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("a.xlsx", b"a,b\n1,2\n", "document-mislabelled"),
        ("a.csv", workbook(["a"]), "document-mislabelled"),
        ("a.xlsx", b"\xd0\xcf\x11\xe0" + "EncryptedPackage".encode("utf-16-le"), "document-locked"),
        ("a.xlsx", workbook(["a"]).replace(b"worksheets/sheet1", b"worksheets/sheet2"), "document-damaged"),
        ("a.xlsx", workbook(["a"])[:2000], "document-damaged"),
        ("a.xlsx", b"", "source-empty"),
        ("a.xlsx", workbook(), "source-empty"),
        ("a.tsv", "a\tb\né\t1\n".encode("latin-1"), "source-encoding"),
        ("a.csv", b'a;b\n1;"2\n', "csv-quote"),
    ],
    ids=lambda each: each if isinstance(each, str) else "",  # a workbook has the time in it
)
def test_what_cannot_be_read_has_its_reason(name: str, data: bytes, code: str) -> None:
    assert [finding.code for finding in findings(data, name)] == [code]


@pytest.mark.parametrize(
    ("data", "csv"),
    [
        (b"a;b\r\n1,5;x\r\n;\r\n", b'a,b\n"1,5",x\n\n'),
        (b'a\tb\n"x\ty"\t1\n', b"a,b\nx\ty,1\n"),
        (b"\xef\xbb\xbfa;b\n1;2\n", b"a,b\n1,2\n"),
        (b"a|b\n1,5|x\n", b'a,b\n"1,5",x\n'),
        (b"a,b\n1;2,3\n", b"a,b\n1;2,3\n"),
        (b"a\n1;2\n", b"a\n1;2\n"),
    ],
)
def test_the_header_tells_the_delimiter(data: bytes, csv: bytes) -> None:
    read = read_table("a.csv", data)
    assert (read.csv, read.is_as_received) == (csv, csv == data)


def test_places_of_text_are_line_and_column_of_the_received_file() -> None:
    read = read_table("a.csv", 'a;b\n"x\ny";é;\n'.replace(";\n", "\n").encode())
    assert read.placed(Finding("cell-type", "", "raw/a.csv", 2, field="b")).place == "a.csv:3:4"
    assert read.placed(Finding("curated-header", "", "raw/a.csv", 1)).place == "a.csv:1"
    with pytest.raises(CbrnDataError, match="has no sheets"):
        read_table("a.csv", b"a,b\n", "Sheet1")


def test_a_workbook_that_takes_too_much_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    (finding,) = findings(workbook(["a"], change=lambda sheet: sheet.cell(1 << 20, 1 << 14, "x")))
    assert (finding.code, finding.cell) == ("sheet-layout", "Sheet1!XFD1048576")
    assert "is far outside the table" in finding.message
    monkeypatch.setattr(tables, "_LIMITS", Limits(memory=1 << 24))
    assert len(findings(workbook(["a"], [1]))) == 1
