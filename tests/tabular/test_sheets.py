"""Workbooks that validate reads: what a sheet holds as a table, and files that want to harm their reader."""

from __future__ import annotations

import datetime
import io
import json
import struct
import zipfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet
import pytest
from openpyxl.chart import BarChart

from cbrn_data.isolated import Limits
from cbrn_data.tabular import sheets
from cbrn_data.tabular.cells import coded, decoded
from cbrn_data.tabular.issues import Tally
from cbrn_data.tabular.resource import read_package, read_table
from cbrn_data.tabular.rows import Row, in_blocks
from cbrn_data.tabular.schema import read_schema
from cbrn_data.tabular.validate import validate
from cbrn_data.tabular.verdict import Verdict
from cbrn_data.tabular.workbook import read_values
from tests.documents.test_tables import workbook

SCHEMA = {"fields": [{"name": "id", "type": "integer"}, {"name": "day", "type": "date"}]}
DAY = datetime.datetime(2024, 1, 31)


def judged(folder: Path, data: bytes, **entry: Any) -> Verdict:
    (folder / "t.xlsx").write_bytes(data)
    resource = {"name": "t", "path": "t.xlsx", "schema": SCHEMA} | entry
    (folder / "datapackage.json").write_text(json.dumps({"resources": [resource]}))
    (verdict,) = validate(read_package(folder / "datapackage.json").resources)
    return verdict


def said(verdict: Verdict) -> list[str]:
    return [f"{fault.code}: {fault.message}" for fault in verdict.tally.listed]


def changed(part: str, change: Callable[[bytes], bytes], data: bytes | None = None) -> bytes:
    """Return a workbook with another content of one of its parts."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data or workbook(["id", "day"], [1, DAY]))) as old, zipfile.ZipFile(made, "w") as new:
        for name in old.namelist():
            new.writestr(name, change(old.read(name)) if name == part else old.read(name), zipfile.ZIP_DEFLATED)
    return made.getvalue()


@pytest.fixture
def in_process(monkeypatch: pytest.MonkeyPatch) -> None:
    def here(reader: str, file: Any, limits: object, *options: str) -> Any:
        assert reader == "cbrn_data.tabular.workbook:read_values"
        return read_values(io.BytesIO(file.read()), *options)

    monkeypatch.setattr(sheets, "pieces_isolated", here)


SHEET = "xl/worksheets/sheet1.xml"


@pytest.mark.parametrize(
    "size", [b"A1:XFD1048576", b"A1", b"B1:B1", b""], ids=["far too large", "too small", "elsewhere", "none"]
)
def test_what_a_sheet_says_of_its_size_does_not_matter(size: bytes, in_process: None, tmp_path: Path) -> None:
    data = workbook(["id", "day"], [1, DAY], [2, None], [None, None], [3, DAY])
    where = b'<dimension ref="A1:B5"/>'
    new = changed(SHEET, lambda xml: xml.replace(where, b'<dimension ref="%s"/>' % size if size else b""), data)
    verdict = judged(tmp_path, new)
    assert (verdict.rows, said(verdict)) == (4, ["row-blank: "])


def test_a_header_may_be_below_a_title_and_a_value_outside_the_table_is_a_fault(in_process: None, tmp_path: Path) -> None:
    data = workbook(["Trainings"], ["id", "day"], [1, None], [2, DAY, None, "?"])
    verdict = judged(tmp_path, data, dialect={"headerRows": [2]})
    assert said(verdict) == ["csv-row-width: the row has 4 cells, the header has 2"]


def test_a_sheet_without_a_header_has_the_width_of_its_schema(in_process: None, tmp_path: Path) -> None:
    assert judged(tmp_path, workbook([1, None], [2, DAY]), dialect={"header": False}).valid


def laughs(xml: bytes) -> bytes:
    """Return XML with an entity that becomes three gigabytes."""
    entities = b"".join(b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, 9))
    head, rest = xml.split(b"<worksheet", 1)
    kind = b'<!DOCTYPE w [<!ENTITY l0 "%s">%s]>' % (b"ha" * 15, entities)
    return head + kind + b"<worksheet" + rest.replace(b"<v>1</v>", b"<v>&l8;</v>", 1)


def claimed(data: bytes) -> bytes:
    """Return a workbook that says of a part that it expands to four gigabytes."""
    place = data.rindex(b"PK\x01\x02", 0, data.rindex(SHEET.encode()))
    return data[: place + 24] + struct.pack("<I", 0xFFFFFFF0) + data[place + 28 :]


def chart() -> bytes:
    book = openpyxl.Workbook()
    book.create_chartsheet("Chart", 0).add_chart(BarChart())
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (claimed(workbook(["id", "day"], [1, DAY])), "the file expands to more than 200 times its size"),
        (changed(SHEET, laughs), "the file "),
        (changed(SHEET, lambda xml: xml[:-30]), "the file "),
        (changed("xl/workbook.xml", lambda xml: b"<html>"), "the file is not an XLSX workbook that can be read"),
        (workbook(["id"])[:-30], "the file is not an XLSX workbook that can be read (BadZipFile)"),
        (b"id,day\n1,2024-01-31\n", "the file is text, not XLSX"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "the file is an old Excel workbook or Word document, not XLSX"),
        (chart(), "the file has no cells in 'Chart', which is a chart"),
    ],
    ids=["a bomb", "laughs", "cut sheet", "no workbook", "cut", "text", "locked", "chart"],
)
def test_a_hostile_or_damaged_workbook_is_one_fault(data: bytes, reason: str, tmp_path: Path) -> None:
    (fault,) = said(judged(tmp_path, data))
    assert fault.startswith(f"file-kind: {reason}")


def test_a_number_beyond_all_numbers_is_no_integer(in_process: None, tmp_path: Path) -> None:
    data = changed(SHEET, lambda xml: xml.replace(b"<v>1</v>", b"<v>1E999</v>", 1))
    assert [fault.code for fault in judged(tmp_path, data).tally.listed] == ["cell-type"]


MANY = b'<row><c t="n"><v>1</v></c><c t="n"><v>1</v></c></row>' * 500_000
LONG = b'<row><c t="inlineStr"><is><t>%s</t></is></c></row>' % (b"x" * (120 << 20))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("limits", "rows", "reason"),
    [
        (Limits(seconds=0.01), b"", "takes more than 0.01 seconds"),
        (Limits(cpu=2, seconds=60), MANY, "takes more than 2 seconds of processor time"),
        (Limits(memory=1 << 28), LONG, "takes more than 256 MiB of memory"),
        (Limits(output=1 << 12), MANY[:53000], "holds more than 4 KiB of content"),
    ],
    ids=["clock", "processor", "memory", "answer"],
)
def test_the_reader_of_a_workbook_has_limits(
    limits: Limits, rows: bytes, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sheets, "LIMITS", limits)
    data = changed(SHEET, lambda xml: xml.replace(b"</sheetData>", rows + b"</sheetData>"))
    (fault,) = said(judged(tmp_path, data))
    assert reason in fault


def parquet(folder: Path, columns: dict[str, Any], damage: Callable[[bytes], bytes] = bytes) -> list[str]:
    """Return what is said of a Parquet file, judged without a schema."""
    pyarrow.parquet.write_table(pa.table(columns), folder / "t.parquet")
    (folder / "t.parquet").write_bytes(damage((folder / "t.parquet").read_bytes()))
    (verdict,) = validate([read_table(folder / "t.parquet", None)])
    return [*said(verdict), *([] if verdict.tally.listed else [str(verdict.rows)])]


def test_a_parquet_file_is_read_in_a_process_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert parquet(tmp_path, {"a": [1, 2], "b": ["x", None]}) == ["2"]
    (fault,) = parquet(tmp_path, {"a": [1]}, lambda data: data[:-8] + bytes(8))
    assert "is not a Parquet file that can be read" in fault
    monkeypatch.setattr(sheets, "LIMITS", Limits(output=1 << 20))
    (fault,) = parquet(tmp_path, {"a": pa.nulls(3_000_000, pa.int8())})
    assert "holds more than 1,024 KiB of content" in fault


@pytest.mark.parametrize(
    "value",
    [
        *(None, "a", 1, 1.5, True, float("inf"), Decimal("1.50"), [1, {"a": None}], b"\xff"),
        *(DAY, DAY.replace(tzinfo=datetime.UTC), DAY.date(), datetime.time(1, 2), datetime.timedelta(1, 2.5)),
    ],
)
def test_a_cell_comes_back_from_that_process(value: Any) -> None:
    assert decoded(json.loads(json.dumps(coded(value), allow_nan=False))) == value


def test_bytes_of_parquet_are_text_in_utf_8_unless_their_field_is_binary() -> None:
    schema = read_schema({"fields": [{"name": "a", "type": "integer"}, {"name": "b", "type": "string", "format": "binary"}]})
    rows = [Row(1, 1, [b"12", b"\xff\xfe"]), Row(2, 2, [b"\xff", None])]
    tally = Tally()
    (block,) = in_blocks(iter(rows), ["a", "b"], schema, tally, 0)
    assert block.table.to_pydict() == {"a": ["12", None], "b": ["//4=", None]}
    assert [(issue.row, issue.field, issue.message) for issue in tally.listed] == [(2, "a", "the cell is not UTF-8")]
