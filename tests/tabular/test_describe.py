"""A proposed schema holds for its own table, and says nothing that is in doubt."""

from __future__ import annotations

import csv
import gzip
import io
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cbrn_data.tabular.describe import Description, describe
from cbrn_data.tabular.resource import read_table
from cbrn_data.tabular.validate import validate
from tests.documents.test_tables import workbook

CELLS = st.one_of(
    st.sampled_from(("", "NA", "-", "true", "False", "007", "0", "1e5", "nan", "1,234", "1,5", "12,345,678", "1.10")),
    st.sampled_from(("2024-02-30", "2024-02-29", "01/02/2024", "31/01/2024", "1.2.2024", "0000-01-01", "24:00:00")),
    st.sampled_from(("2024-01-31T15:00:00Z", "2024-01-31 15:00:00", "2024-05", "15:00:00", "a@b.org", "https://a.b/c d")),
    st.sampled_from(
        ("{}", "[1]", '{"a": NaN}', "123e4567-e89b-12d3-a456-426614174000", "yes", " 5", "5 ", "ä", "a\nb", '"')
    ),
    st.integers().map(str),
    st.floats().map(repr),
    st.dates().map(str),
    st.datetimes().map(lambda moment: moment.isoformat()),
    st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=5),
)
OWN = st.one_of(CELLS, st.integers(), st.booleans(), st.none(), st.lists(st.integers(), max_size=2))
COLUMNS = st.lists(CELLS, min_size=1, max_size=3).flatmap(
    lambda pool: st.lists(st.sampled_from(pool), min_size=12, max_size=12)
)


def written(path: Path, found: Description, *given: Any) -> bool:
    """Keep a proposal as YAML, and return whether its table is valid by it, with the delimiter and encoding found."""
    schema = path.with_name("schema.yaml")
    schema.write_text(yaml.safe_dump(found.schema, allow_unicode=True), encoding="utf-8")
    read = found.resource
    sheet = str(read.dialect.sheet) if read.form == "xlsx" else None
    (verdict,) = validate([read_table(path, schema, read.dialect.delimiter, read.encoding, None, sheet)])
    return verdict.valid


def of(text: str, tmp_path: Path, name: str = "t.csv") -> Description:
    path = tmp_path / name
    path.write_bytes(text.encode())
    found = describe(read_table(path, None))
    assert written(path, found)
    return found


def fields(found: Description) -> dict[str, dict[str, Any]]:
    return {field.pop("name"): field for field in found.schema["fields"]}


@pytest.mark.slow
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cells=st.lists(COLUMNS, min_size=2, max_size=4), rows=st.integers(1, 12), mark=st.sampled_from(",;\t|"))
def test_a_table_is_valid_by_its_proposal(cells: list[list[str]], rows: int, mark: str, tmp_path: Path) -> None:
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=mark, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerow([("id", "a year", "month_c", "d")[number] for number in range(len(cells))])
    writer.writerows([["x" if not any(row) else row[0], *row[1:]] for row in list(zip(*cells, strict=True))[:rows]])
    found = of(out.getvalue(), tmp_path)
    assert found.verdict.valid and (found.resource.dialect.delimiter or ",") == mark


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.fixed_dictionaries({"a": OWN}), min_size=1, max_size=8))
def test_a_table_of_json_is_valid_by_its_proposal(rows: list[dict[str, Any]], tmp_path: Path) -> None:
    of(json.dumps([{"n": number, **row} for number, row in enumerate(rows)]), tmp_path, "t.json")


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["1", "-20"], {"type": "integer"}),
        (["1", "007"], {"type": "string"}),
        (["1", "12345678901234567890"], {"type": "string"}),
        (["1.50", "2"], {"type": "number"}),
        (["1,5", "2,25"], {"type": "number", "decimalChar": ","}),
        (["1,234", "1,234,567"], {"type": "integer", "groupChar": ","}),
        (["1,234.5", "12"], {"type": "number", "groupChar": ","}),
        (["1,234", "5,678"], {"type": "string"}),
        (["true", "false"], {"type": "boolean"}),
        (["yes", "no"], {"type": "string"}),
        (["2024-01-31", "2024-02-29"], {"type": "date"}),
        (["2024-01-31", "2024-02-30"], {"type": "string"}),
        (["31/01/2024", "01/02/2024"], {"type": "date", "format": "%d/%m/%Y"}),
        (["01/31/2024", "01/02/2024"], {"type": "date", "format": "%m/%d/%Y"}),
        (["03/01/2024", "01/02/2024"], {"type": "string"}),
        (["31.1.2024", "1.2.2024"], {"type": "date", "format": "%d.%m.%Y"}),
        (["2024-01-31T15:00:00Z"], {"type": "datetime"}),
        (["2024-01-31 15:00:00"], {"type": "datetime", "format": "%Y-%m-%d %H:%M:%S"}),
        (["15:00:00"], {"type": "time"}),
        (["2010-11", "2011-12"], {"type": "string"}),
        (["2024", "2025"], {"type": "integer"}),
        (["name@example.org"], {"type": "string", "format": "email"}),
        (["https://example.org/a"], {"type": "string", "format": "uri"}),
        (["123e4567-e89b-12d3-a456-426614174000"], {"type": "string", "format": "uuid"}),
        (['{"a": 1}', "{}"], {"type": "object"}),
        (["[1, 2]"], {"type": "array"}),
        (["NA", "3"], {"type": "integer", "missingValues": ["", "NA"]}),
        (["NA", "DE"], {"type": "string"}),
        (["NA", "NA"], {"type": "string"}),
    ],
)
def test_a_type_is_proposed_if_it_is_beyond_doubt(cells: list[str], expected: dict[str, Any], tmp_path: Path) -> None:
    rows = "".join(f'k{number};"{cell.replace(chr(34), chr(34) * 2)}"\n' for number, cell in enumerate(cells))
    field = fields(of(f"key;c\n{rows}", tmp_path))["c"]
    field.pop("constraints", None)
    assert field == expected


def test_the_name_of_a_column_tells_years_and_months(tmp_path: Path) -> None:
    found = fields(of("year_begun,month,n\n2010,2010-11,2010\n", tmp_path))
    assert [field["type"] for field in found.values()] == ["year", "yearmonth", "integer"]


def test_what_cannot_be_told_apart_is_said(tmp_path: Path) -> None:
    ((_, said, why), _) = of("day,x\n03/01/2024,\n01/02/2024,\n", tmp_path).guesses
    assert said == "string, required"
    assert why == "values are text; they can be read as date as %d/%m/%Y and as date as %m/%d/%Y"


def test_required_enumeration_and_key(tmp_path: Path) -> None:
    rows = "".join(
        f"{number},{('course', 'exercise')[number % 2]},{'x' * (number % 2)},{number + 5}\n" for number in range(8)
    )
    found = of(f"project_id,kind,note,other\n{rows}", tmp_path)
    assert (found.schema["primaryKey"], found.keys) == (["project_id"], ["project_id", "other"])
    assert fields(found) == {
        "project_id": {"type": "integer", "constraints": {"required": True}},
        "kind": {"type": "string", "constraints": {"required": True, "enum": ["course", "exercise"]}},
        "note": {"type": "string"},
        "other": {"type": "integer", "constraints": {"required": True}},
    }


def test_a_key_that_is_repeated_far_below_is_none(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    ids = [f"a{number:06}" for number in range(40_000)]  # several blocks
    path.write_text("id,v\n" + "".join(f"{one},x\n" for one in [*ids, ids[0]]))
    assert describe(read_table(path, None)).keys == []


def test_no_key_is_chosen_among_several(tmp_path: Path) -> None:
    found = of("a,b\n1,2\n3,4\n", tmp_path)
    assert found.keys == ["a", "b"] and "primaryKey" not in found.schema


@pytest.mark.parametrize(
    ("name", "data", "encoding", "mark"),
    [
        ("t.csv", "a;b\n1;ä\n".encode(), "utf-8", ";"),
        ("t.csv", "a;b\n1;ä\n".encode("utf-16"), "utf-16", ";"),
        ("t.csv", "\ufeffa,b\n1,ä\n".encode(), "utf-8", None),
        ("t.tsv", "a\tb\n1\tä\n".encode(), "utf-8", None),
        ("t.csv.gz", gzip.compress("a|b\n1|ä\n".encode()), "utf-8", "|"),
        ("t.jsonl", b'{"a": 1, "b": "\xc3\xa4"}\n', "utf-8", None),
        ("t.xlsx", workbook(["a", "b"], [1, "ä"]), "utf-8", None),
    ],
    ids=["semicolons", "UTF-16", "mark of UTF-8", "tabs", "gzip", "JSON Lines", "workbook"],
)
def test_format_delimiter_and_encoding_are_found(
    name: str, data: bytes, encoding: str, mark: str | None, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(data)
    found = describe(read_table(tmp_path / name, None))
    assert written(tmp_path / name, found)
    assert [field["type"] for field in found.schema["fields"]] == ["integer", "string"]
    assert (found.resource.encoding, found.resource.dialect.delimiter) == (encoding, mark)


def test_parquet_has_types_of_its_own(tmp_path: Path) -> None:
    table = pa.table({"n": [1, 2], "x": [1.5, float("nan")], "s": ["1", "2"], "m": [True, None]})
    parquet.write_table(table, tmp_path / "t.parquet")
    found = describe(read_table(tmp_path / "t.parquet", None))
    assert written(tmp_path / "t.parquet", found)
    assert [field["type"] for field in found.schema["fields"]] == ["integer", "any", "integer", "boolean"]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"<!DOCTYPE html><p>Not found", "file-kind"),
        ("a,b\n1,ä\n".encode("latin-1"), "csv-encoding"),
        (b"a,b\n1\n", "csv-row-width"),
        (b"a,a\n1,2\n", "header-wrong"),
        (b"", "header-wrong"),
    ],
    ids=["page", "encoding", "ragged", "labels", "empty"],
)
def test_faults_that_no_schema_can_help_are_told(data: bytes, code: str, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(data)
    assert list(describe(read_table(tmp_path / "t.csv", None)).verdict.tally.counts) == [code]
