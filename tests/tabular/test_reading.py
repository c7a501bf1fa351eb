"""Faults of files: what a file is, where it is cut off, which byte is wrong. ``tests/conformance`` has the legal forms."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from frictionless import Report

from cbrn_data.tabular.grammar import MARK
from cbrn_data.tabular.magic import content_kind
from cbrn_data.tabular.opening import codec
from cbrn_data.tabular.report import place_of, report, sentence
from cbrn_data.tabular.resource import read_package
from cbrn_data.tabular.validate import validate
from cbrn_data.tabular.verdict import Verdict

SCHEMA: dict[str, Any] = {
    "fields": [{"name": "id", "type": "integer"}, {"name": "name", "type": "string"}],
    "primaryKey": ["id"],
}
GOOD = [("1", "Tashkent"), ("2", "Алматы"), ("3", "Genève")]
BAD = [("1", "Tashkent"), ("x", "Алматы"), ("3", "Genève")]

Rows = list[tuple[str, str]]
Made = tuple[dict[str, Any], dict[str, bytes]]
"""The entry of a resource, and its files by name."""


def csv(rows: Rows, mark: str = ",", end: str = "\n") -> str:
    return end.join(mark.join(row) for row in [("id", "name"), *rows]) + end


def zipped(data: bytes, name: str = "inner.csv") -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return made.getvalue()


def archive_of(files: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return made.getvalue()


@pytest.mark.parametrize(("inner", "said"), [
    ("in/b.csv", ""),
    ("", "is a ZIP archive of 2 files (a.txt, in/b.csv); name one as innerpath in the resource, or unpack it"),
    ("b.csv", "is a ZIP archive of 2 files (a.txt, in/b.csv), and 0 of them have the name b.csv, its innerpath"),
])  # fmt: skip
def test_a_table_in_an_archive_of_several_files_is_named(tmp_path: Path, inner: str, said: str) -> None:
    data = archive_of({"a.txt": b"notes", "in/b.csv": csv(GOOD).encode()})
    verdict = judged(tmp_path, ({"path": "t.zip", **({"innerpath": inner} if inner else {})}, {"t.zip": data}))
    assert (verdict.rows, verdict.tally.listed) == (len(GOOD), []) if not said else said in str(verdict.tally.listed)


def workbook(rows: Rows, label: str = "name") -> bytes:
    book, made = openpyxl.Workbook(), io.BytesIO()
    book.active.title = "Notes"
    sheet = book.create_sheet("Data")
    for row in [("id", label), *rows]:
        sheet.append([int(cell) if cell.isdigit() else cell for cell in row])
    book.save(made)
    return made.getvalue()


def parquet(label: str, first: int = 1) -> bytes:
    made = io.BytesIO()
    pq.write_table(pa.table({"id": [first, first + 1], label: ["a", "b"]}), made)
    return made.getvalue()


def judged(folder: Path, made: Made) -> Verdict:
    entry, files = made
    for name, data in files.items():
        (folder / name).write_bytes(data)
    descriptor = {"$schema": "https://datapackage.org/profiles/2.0/datapackage.json", "name": "p"}
    descriptor["resources"] = [{"name": "t", "type": "table", "schema": SCHEMA} | entry]  # type: ignore[assignment]
    (folder / "datapackage.json").write_text(json.dumps(descriptor), encoding="utf-8")
    package = read_package(folder / "datapackage.json")
    assert package.wrong == []
    (verdict,) = validate(package.resources)
    return verdict


def test_a_key_and_a_place_go_over_all_files_of_a_table(tmp_path: Path) -> None:
    made = {"path": ["a.csv", "b.csv"]}, {"a.csv": csv(GOOD).encode(), "b.csv": csv(GOOD[1:2]).encode()}
    verdict = judged(tmp_path, made)
    (fault,) = verdict.tally.listed
    first = str(tmp_path / "a.csv")
    assert (fault.code, fault.row, fault.twin) == ("key-repeated", 4, (2, 3, first))
    assert place_of(fault, verdict.resource) == f"{tmp_path / 'b.csv'}:2"
    assert sentence(fault, verdict.resource) == f"id '2' repeats the key of row 3 ({first}:3)"


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ("windows-31j x-sjis MS932", "cp932"),
        ("windows-874 dos-874", "cp874"),
        ("x-cp1251 csWindows1251 Windows-1251", "cp1251"),
        ("iso88592 csISOLatin2", "iso8859-2"),
        ("ISO-8859-8-I logical csISO88598I", "iso8859-8"),
        ("x-gbk windows-936 csGBK", "gbk"),
        ("x-mac-cyrillic", "mac-cyrillic"),
        ("mac x-mac-roman csMacintosh", "mac-roman"),
        ("IBM00858 PC-Multilingual-850+euro", "cp858"),
        ("unicodeFFFE", "utf-16-be"),
        ("unicode-1-1-utf-8 csUTF8", "utf-8"),
    ],
)
def test_an_encoding_has_its_names_in_the_registry_and_in_browsers(names: str, expected: str) -> None:
    assert {codec(name) for name in names.split()} == {expected}


@pytest.mark.parametrize("name", ["ucs-2", "koi8-ru", "x-user-defined", "replacement", "IBM1047", "VISCII", "base64"])
def test_an_encoding_that_is_not_decoded_exactly_is_not_known(name: str) -> None:
    assert codec(name) is None


def test_utf_16_without_a_mark_names_the_way_out(tmp_path: Path) -> None:
    (fault,) = judged(
        tmp_path, ({"path": "t.csv", "encoding": "utf-16"}, {"t.csv": "id\n1\n".encode("utf-16-le")})
    ).tally.listed
    assert "utf-16-le or utf-16-be" in fault.message


def test_a_byte_that_an_encoding_does_not_have_is_named_by_its_place(tmp_path: Path) -> None:
    data = csv([("1", "a"), ("2", "b")]).encode().replace(b"b", b"\x98")
    (fault,) = judged(tmp_path, ({"path": "t.csv", "encoding": "windows-1251"}, {"t.csv": data})).tally.listed
    assert (fault.code, fault.line) == ("csv-encoding", 3)
    assert fault.message == f"byte {data.index(0x98) + 1} of the file (0x98) is not cp1251"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (gzip.compress(b"id,name\n"), "compressed with gzip"),
        (zipped(b"id,name\n"), "a ZIP archive"),
        (workbook(GOOD), "an Excel workbook"),
        (b"\x89PNG\r\n\x1a\n\0\0", "a picture (PNG)"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 1\n", "a pointer of Git LFS"),
        (b"%PDF-1.7\n", "a PDF document"),
        (b"  <!DOCTYPE html>\n<title>404", "an HTML page"),
        (b'[{"id": 1}]', "JSON"),
        ("id,name\n1,a\n".encode("utf-16-le"), "text in UTF-16"),
        (b"id,name\n1,\0\n", "binary, not text"),
        (b"II*\0\x08\0\0\0", "a picture (TIFF)"),
        (b"<!-- saved -->\n<HTML>", "an HTML page"),
        (b"<title>Log in</title>\n", "an HTML page"),
        (b'<rows><row id="1"/></rows>\n', "XML"),
        (b"[1, 2, 3]\n", "JSON"),
        (b"{}", "JSON"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_file_that_is_something_else_is_named_as_what_it_is(data: bytes, said: str, tmp_path: Path) -> None:
    assert said in (content_kind(data) or "")
    (fault,) = judged(tmp_path, ({"path": "t.csv"}, {"t.csv": data})).tally.listed
    assert fault.code == "file-kind" and f"the file is {said}" in fault.message


@pytest.mark.parametrize(
    ("data", "way_out"),
    [
        (workbook(GOOD), "name its format, xlsx, or end its name so"),
        (zipped(b"<x/>", "content.xml"), "save it as XLSX or CSV"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "save it as XLSX or CSV"),
        (zipped(b"id,name\n"), "name its compression, or unpack it"),
        (b"%PDF-1.7\n", "not CSV"),
    ],
)
def test_a_file_that_is_something_else_has_a_way_out(data: bytes, way_out: str, tmp_path: Path) -> None:
    (fault,) = judged(tmp_path, ({"path": "t.csv"}, {"t.csv": data})).tally.listed
    assert fault.message.endswith(way_out)


@pytest.mark.parametrize("cut", [40, -9, -1])
def test_a_compressed_file_that_is_cut_off_is_one_fault(cut: int, tmp_path: Path) -> None:
    data = gzip.compress(csv([(str(number), "x" * (number % 7)) for number in range(500)]).encode())[:cut]
    faults = judged(tmp_path, ({"path": "t.csv.gz"}, {"t.csv.gz": data})).tally.listed
    assert [fault.code for fault in faults] == ["file-kind"] and "cut off" in faults[0].message


def test_a_delimiter_that_is_not_named_is_proposed_and_used(tmp_path: Path) -> None:
    verdict = judged(tmp_path, ({"path": "t.csv"}, {"t.csv": csv(BAD, ";").encode()}))
    assert [fault.code for fault in verdict.tally.listed] == ["file-delimiter", "cell-type"]


LINES = b'{"id": 1, "name": "a"}\n{"id": "x", "name": "b"}\n'
ODD = {"path": "t.csv", "dialect": {"commentChar": "#"}}
"""A table that is read row by row."""
BOOKS = {"path": ["a.xlsx", "b.xlsx"], "dialect": {"sheetName": "Data"}}
ONE, NAMED = csv(GOOD[:1]).encode(), {"path": ["a.csv", "b.csv"]}


@pytest.mark.parametrize(
    ("entry", "files", "faults"),
    [
        ({"path": "t.zip"}, [zipped(csv(BAD, "\t").encode(), "t.tsv")], ["t.zip:3 cell-type"]),
        ({"path": "t.zip"}, [zipped(LINES, "t.jsonl")], ["t.zip:2 cell-type"]),
        ({"path": "t.zip", "dialect": {"sheetNumber": 2}}, [zipped(workbook(BAD), "t.xlsx")], ["t.zip row 3 cell-type"]),
        ({"path": "t.gz"}, [gzip.compress(LINES)], ["t.gz:2 cell-type"]),
        ({"path": "t.gz", "compression": "no", "format": "csv"}, [csv(BAD).encode()], ["t.gz:3 cell-type"]),
        ({"path": "t.gz", "compression": "none", "format": "csv"}, [csv(BAD).encode()], ["t.gz:3 cell-type"]),
        ({"path": "u.json"}, [b'[{"id": 1, "id": "x", "name": "a"}]'], ["u.json row 2 cell-type"]),
        ({"path": ["a.csv", "b.csv.gz"]}, [ONE, gzip.compress(b"x,b\n")], ["b.csv.gz:1 cell-type"]),
        (NAMED, [ONE, b""], []),
        (NAMED, [ONE, b"[1]"], ["b.csv file-kind"]),
        (NAMED, [ONE, b"name,id\na,2\n"], ["b.csv:1 header-wrong"]),
        (NAMED, [ONE, b"id,nom\n2,a\n"], ["b.csv:1 header-wrong"]),
        (NAMED, [ONE, b"id,name,more\n2,a,b\n"], ["b.csv:1 header-wrong"]),
        (NAMED | {"dialect": {"commentChar": "#"}}, [ONE, b"#\nname,id\na,2\n"], ["b.csv:1 header-wrong"]),
        (BOOKS, [workbook(GOOD), workbook(BAD, "nom")], ["b.xlsx:1 header-wrong"]),
        ({"path": ["a.parquet", "b.parquet"]}, [parquet("name"), parquet("nom", 3)], ["b.parquet:1 header-wrong"]),
        ({"path": "t.csv", "dialect": {"header": False}}, [MARK + b"1,a\nx,b\n"], ["t.csv:2 cell-type"]),
        ({"path": "t.csv", "dialect": {"header": False}}, [MARK + b'"1",a\nx,b\n'], ["t.csv:2 cell-type"]),
        ({"path": "t.json", "dialect": {"property": "a"}}, [b"<!doctype html><p>"], ["t.json file-kind"]),
        ({"path": "t.jsonl"}, [b"<!doctype html><p>"], ["t.jsonl file-kind"]),
        (NAMED, [b"id;name\n1;a\n", b"id;name\nx;b\n"], ["a.csv:1 file-delimiter", "b.csv:2 cell-type"]),
        (NAMED | {"dialect": {"commentChar": "#"}}, [ONE, b"#\nx,b\n"], ["b.csv:2 cell-type"]),
        (
            {"path": "t.csv", "dialect": {"delimiter": "|"}},
            [b"id;name\n"],
            ["t.csv:1 file-delimiter", "t.csv:1 header-wrong"],
        ),
        ({"path": "t.csv", "encoding": "utf-16"}, [ONE], ["t.csv file-kind"]),
        ({"path": "t.csv", "bytes": 5}, [b""], ["t.csv file-size", "t.csv:1 header-wrong"]),
        ({"path": "t.json"}, [LINES], ["t.json file-kind"]),
        ({"path": "t.csv"}, [b"id,gr\xf6\n1,a\n"], ["t.csv:1 csv-encoding", "t.csv:1 header-wrong"]),
        ({"path": "t.csv"}, [b"id,name\n1,Astana\0\nx,b\n"], ["t.csv:2 csv-encoding", "t.csv:3 cell-type"]),
        (ODD, [b"id,name\n1,Astana\0\nx,b\n"], ["t.csv:2 csv-encoding", "t.csv:3 cell-type"]),
        (ODD, [b"id,name\n1,\xff\nx,b\n"], ["t.csv:2 csv-encoding", "t.csv:3 cell-type"]),
        (ODD, [b'id,name\n1,"%b"\nx,b\n' % (b"a" * 200_000)], ["t.csv:3 cell-type"]),
        ({"path": "v.json"}, [b'[{"name": "a", "id": 1}, {"name": "b", "id": "x"}]'], ["v.json row 3 cell-type"]),
    ],
)
def test_a_file_is_read_as_what_it_is(entry: Any, files: list[bytes], faults: list[str], tmp_path: Path) -> None:
    names = entry["path"] if isinstance(entry["path"], list) else [entry["path"]]
    verdict = judged(tmp_path, (entry, dict(zip(names, files, strict=True))))
    places = [(place_of(fault, verdict.resource).removeprefix(f"{tmp_path}/"), fault.code) for fault in verdict.tally.listed]
    assert sorted({" ".join(place) for place in places}) == faults
    said = " ".join(fault.message for fault in verdict.tally.listed)
    words = {
        "'t.json'}": "name its format, jsonl",
        "property": "is an HTML page, not JSON",
        "utf-16": "is not text in utf-16",
        "|": "which is named",
    }
    assert all(word in said for part, word in words.items() if part in str(entry))


@pytest.mark.parametrize(
    ("entry", "second", "code"),
    [
        ({"dialect": ODD["dialect"]}, b'id,name\n2,"b\nb"\n3,\xff\n', "csv-encoding"),
        ({"dialect": ODD["dialect"]}, b'id,name\n2,"b\nb"\n3,"c"c\n', "csv-quote"),
        ({"encoding": "windows-1252"}, b'id,name\n2,"b\nb"\n3,\x81\n', "csv-encoding"),
    ],
)
def test_a_fault_of_a_later_file_has_its_place(entry: dict[str, Any], second: bytes, code: str, tmp_path: Path) -> None:
    verdict = judged(tmp_path, (NAMED | entry, {"a.csv": ONE, "b.csv": second}))
    (fault,) = verdict.tally.listed
    assert (fault.code, fault.row, place_of(fault, verdict.resource)) == (code, 3, f"{tmp_path}/b.csv:4")


def test_a_malformed_row_of_an_unusual_dialect_does_not_end_the_table(tmp_path: Path) -> None:
    data = b'id,name\n1,"a"b\nx,c\n'
    verdict = judged(tmp_path, ({"path": "t.csv", "dialect": {"skipInitialSpace": True}}, {"t.csv": data}))
    assert [(fault.code, fault.line) for fault in verdict.tally.listed] == [("csv-quote", 2), ("cell-type", 3)]


def test_a_table_without_a_schema_has_rows_of_one_width(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b\n1\n1,2,3\n1,2\n")
    (tmp_path / "datapackage.json").write_text('{"resources": [{"name": "t", "path": "t.csv"}]}')
    (verdict,) = validate(read_package(tmp_path / "datapackage.json").resources)
    assert [(fault.code, fault.row) for fault in verdict.tally.listed] == [("csv-row-width", 1), ("csv-row-width", 2)]
    assert [error["type"] for error in report([verdict])["tasks"][0]["errors"]] == ["missing-cell", "extra-cell"]


def test_json_is_read_to_its_end_when_it_is_compressed(tmp_path: Path) -> None:
    rows = [{"id": number, "name": "x" * 100} for number in range(20_000)]
    made = {"path": "t.json.gz"}, {"t.json.gz": gzip.compress(json.dumps(rows).encode(), 1)}
    verdict = judged(tmp_path, made)
    assert (verdict.tally.listed, verdict.rows) == ([], 20_000)


def test_what_frictionless_reads_back_has_every_word_and_place(tmp_path: Path) -> None:
    made = {"path": ["a.csv", "b.csv"]}, {"a.csv": csv(GOOD[:1]).encode(), "b.csv": csv(BAD[1:]).encode()}
    verdict = judged(tmp_path, made)
    verdict.resource = replace(verdict.resource, name="Two Words")
    ours = report([verdict], [("datapackage.json", "licenses must be a list")])
    read = Report.from_descriptor(json.loads(json.dumps(ours))).to_descriptor()
    (error,), (task,) = read["tasks"][0]["errors"], read["tasks"]
    assert (task["name"], task["title"]) == ("two-words", "Two Words")
    assert (error["note"], error["lineNumber"]) == (ours["tasks"][0]["errors"][0]["note"], 2)
    assert error["place"] == str(tmp_path / "b.csv")
    assert read["errors"][0]["note"] == "datapackage.json: licenses must be a list"
