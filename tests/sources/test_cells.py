"""CSV to cells with their places, and what is no CSV."""

import json
from pathlib import Path

import pytest

from cbrn_data.sources.cells import CsvTable, read_cells, unquoted
from cbrn_data.sources.document import Document, read_document

SPECTRUM = Path(__file__).parents[3] / "shared" / "badinputs" / "csv-spectrum"


def read(text: str) -> CsvTable:
    return read_cells(Document("raw/a.csv", text))


def test_cells_know_their_place() -> None:
    text = '\ufeffid,name,note\r\n1,"a, ""b""\r\nc",\r\n\r\n2, d" ,"é"\r\n'
    table = read(text)
    assert table.findings == [] and table.header == ["id", "name", "note"]
    assert [(row.line, row.values()) for row in table.rows] == [
        (2, {"id": "1", "name": 'a, "b"\r\nc', "note": None}),
        (5, {"id": "2", "name": ' d" ', "note": "é"}),
    ]
    for row in table.rows:
        for cell in row.cells.values():
            assert unquoted(text[slice(*cell.span)]) == (cell.value or "")
    assert table.rows[0].text("note") is None and table.rows[0].text("absent") is None


@pytest.mark.parametrize(
    ("text", "code", "line", "words"),
    [
        ("a,b\n1\n2,3\n", "csv-row-width", 2, "1 cells"),
        ("a,b\n1,2\n3,4,5\n", "csv-row-width", 3, "3 cells"),
        ('a,b\n1,"2\n3', "csv-quote", 2, "not closed"),
        ('a,b\n1,"2"x\n', "csv-quote", 2, "not closed"),
        ("a,b,a\n", "csv-header", 1, "'a' is repeated"),
        ("a,,b\n", "csv-header", 1, "column 2 has no name"),
    ],
)
def test_what_is_no_csv_has_its_line(text: str, code: str, line: int, words: str) -> None:
    (finding,) = read(text).findings
    assert (finding.code, finding.source, finding.line) == (code, "raw/a.csv", line)
    assert words in finding.message


@pytest.mark.parametrize("text", ["a\n1", "a\n1\n", "a\r1\r", "a\r\n1\r\n", '"a"\n"1"'])
def test_line_ends_and_a_last_one_do_not_matter(text: str) -> None:
    assert [row.values() for row in read(text).rows] == [{"a": "1"}]


@pytest.mark.skipif(not SPECTRUM.is_dir(), reason="csv-spectrum is not beside the repository")
def test_the_spectrum_of_conforming_files() -> None:
    names = sorted(path.stem for path in (SPECTRUM / "csvs").glob("*.csv"))
    assert len(names) > 10
    for name in names:
        document, _ = read_document(name, (SPECTRUM / "csvs" / f"{name}.csv").read_bytes())
        assert document is not None
        expected = json.loads((SPECTRUM / "json" / f"{name}.json").read_bytes())
        if name == "newlines_crlf":  # whose own copy has lost its carriage returns
            expected = json.loads(json.dumps(expected).replace("\\r", ""))
        if name == "location_coordinates":  # an object, and with another telephone number than its own CSV
            expected = [expected | {"Contact Phone Number": "2095257564"}]
        rows = [{key: value or "" for key, value in row.values().items()} for row in read_cells(document).rows]
        assert rows == expected, name
