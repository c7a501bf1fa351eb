"""Any two tables and packages are compared as they are read: by name of column, by key, and by the values of the schema."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet
import pytest

from cbrn_data.tabular.compare import IncomparableError, compare_packages, compare_tables
from cbrn_data.tabular.compared import Compared, remarks
from cbrn_data.tabular.resource import Resource, read_package, read_table

SCHEMA: dict[str, Any] = {
    "fields": [
        {"name": "id", "type": "integer"},
        {"name": "day", "type": "date", "format": "%d/%m/%Y"},
        {"name": "sum", "type": "number"},
    ],
    "primaryKey": ["id"],
    "missingValues": ["", "n/a"],
}
Change = tuple[str | None, ...]


def table(folder: Path, name: str, text: str, encoding: str = "utf-8", schema: dict[str, Any] | None = None) -> Resource:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    described = None
    if schema:
        described = folder / f"{name}.schema.json"
        described.write_text(json.dumps(schema))
    return read_table(path, described, None, encoding)


def compared(old: Resource, new: Resource, *key: str) -> tuple[list[Change], Compared]:
    """Return the changes without the name of the table."""
    rows: list[Change] = []
    result = compare_tables(old, new, key, lambda block: rows.extend(tuple(row.values())[1:] for row in block.to_pylist()))
    return rows, result


def test_rows_are_matched_by_key_and_columns_by_name(tmp_path: Path) -> None:
    old = table(tmp_path, "old.csv", "id,x,gone\n2,b,1\n10,c,1\n1,é,1\n")
    new = table(tmp_path, "new.csv", "come;x;id\n9;è;1\n9;b;2\n9;d;3\n", "latin-1")
    changes, result = compared(old, new, "id")
    assert changes == [
        ("*", "come", "added", None, None),
        ("*", "gone", "removed", None, None),
        ("1", "x", "changed", "é", "è"),
        ("3", "*", "added", None, '{"come": "9", "x": "d", "id": "3"}'),
        ("10", "*", "removed", '{"id": "10", "x": "c", "gone": "1"}', None),
    ]
    assert result.differs and not result.incomplete
    assert (result.counts.rows, result.counts.cells) == ({"added": 1, "changed": 1, "removed": 1}, {"x": 1})
    assert remarks(result)[-1].startswith(f"{new.place}: the delimiter seems to be ';'")


def test_other_columns_alone_are_a_difference(tmp_path: Path) -> None:
    changes, result = compared(table(tmp_path, "old.csv", "id\n1\n"), table(tmp_path, "new.csv", "id,x\n1,\n"), "id")
    assert (changes, result.differs) == ([("*", "x", "added", None, None)], True)


def test_cells_are_compared_by_the_values_of_each_schema(tmp_path: Path) -> None:
    fields = [*SCHEMA["fields"][:1], {"name": "day", "type": "date"}, *SCHEMA["fields"][2:]]
    old = table(tmp_path, "old.csv", "id,day,sum\n1,03/02/2024,1.0\n2,n/a,2\n3,2024-02-03,x\n", schema=SCHEMA)
    new = table(
        tmp_path, "new.csv", "id,day,sum\n+1,2024-02-03,1.00\n02,,3\n3,2024-02-03,x\n", schema=SCHEMA | {"fields": fields}
    )
    changes, result = compared(old, new)
    # The day of row 3 is malformed in the old table, so it is another value than the same text in the new one.
    assert changes == [("02", "sum", "changed", "2", "3"), ("3", "day", "changed", "2024-02-03", "2024-02-03")]
    assert (result.key, result.counts.respelt) == (("id",), 4)
    changes, _ = compared(table(tmp_path, "old.csv", "id\n1\n"), table(tmp_path, "new.csv", "id\n+1\n"), "id")
    assert [change[2] for change in changes] == ["removed", "added"]


@pytest.mark.parametrize("form", ["csv.gz", "json", "jsonl", "parquet", "tsv"])
def test_every_format_is_read(tmp_path: Path, form: str) -> None:
    rows = [{"id": "a", "x": "1"}, {"id": "b", "x": None}]
    path = tmp_path / f"new.{form}"
    lines = "\n".join(json.dumps(row) for row in rows)
    if form == "parquet":
        pyarrow.parquet.write_table(pa.Table.from_pylist(rows), path)
    else:
        texts = {"csv.gz": "id,x\na,1\nb,\n", "tsv": "id\tx\na\t1\nb\t\n", "json": json.dumps(rows), "jsonl": lines}
        path.write_bytes(gzip.compress(texts[form].encode()) if form == "csv.gz" else texts[form].encode())
    changes, result = compared(table(tmp_path, "old.csv", "x,id\n,b\n2,a\n"), read_table(path, None), "id")
    assert (changes, result.incomplete) == ([("a", "x", "changed", "2", "1")], False)


def test_null_is_a_value_of_a_key_and_repeated_keys_are_told(tmp_path: Path) -> None:
    old = table(tmp_path, "old.csv", "a,b,v\n,1,x\n1,,y\n5,5,p\n5,5,q\n5,5,q\n")
    new = table(tmp_path, "new.csv", "a,b,v\n1,,z\n,1,x\n5,5,q\n5,5,r\n")
    changes, result = compared(old, new, "a", "b")
    assert changes == [
        ("1/", "v", "changed", "y", "z"),
        ("5/5", "*", "removed", '{"a": "5", "b": "5", "v": "p"}', None),
        ("5/5", "*", "removed", '{"a": "5", "b": "5", "v": "q"}', None),
        ("5/5", "*", "added", None, '{"a": "5", "b": "5", "v": "r"}'),
    ]
    assert [(each.keys, each.rows, each.ids) for each in result.repeats] == [(1, 3, ["5/5"]), (1, 2, ["5/5"])]
    assert "1 keys occur more than once in the old table (5/5)" in " ".join(remarks(result))


def test_rows_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    old = table(tmp_path, "old.csv", "id,x\n1,a\n2,b\n")
    new = table(tmp_path, "new.csv", 'id,x\n1,a\n2,b,c\n3,"\n')
    _, result = compared(old, new, "id")
    assert result.incomplete and "2 faults in the new table: not all is compared as it is" in remarks(result)
    assert f"the first: {new.place}:3: the row has 3 cells, the header has 2" in remarks(result)


@pytest.mark.parametrize(
    ("text", "key", "said"),
    [
        ("a,a\n1,2\n", "id", "new.csv: the label 'a' is repeated, so the rows are not read"),
        ("", "id", "new.csv: the table has no header"),
        ("id,x\n", "no", "old.csv: has no column 'no', which the key names"),
        ("x\n", "id", "new.csv: has no column 'id', which the key names"),
        ("z\n1\n", "", "have no column in common"),
        ("PK\x03\x04" + "\0" * 60, "id", "new.csv: is a ZIP archive"),
    ],
)
def test_what_cannot_be_compared_says_why(tmp_path: Path, text: str, key: str, said: str) -> None:
    written: list[pa.Table] = []
    old, new = table(tmp_path, "old.csv", "id,x\n1,2\n"), table(tmp_path, "new.csv", text)
    with pytest.raises(IncomparableError) as raised:
        compare_tables(old, new, [key] if key else [], written.append)
    assert said in str(raised.value) and written == []


def package(folder: Path, tables: dict[str, str], fields: list[dict[str, str]]) -> list[Resource]:
    folder.mkdir()
    schema = {"fields": fields, "primaryKey": ["id"]}
    resources: list[dict[str, Any]] = [{"name": name, "path": f"{name}.csv", "schema": schema} for name in tables]
    for name, text in tables.items():
        (folder / f"{name}.csv").write_text(text)
    (folder / "note.md").write_text(folder.name)
    resources.append({"name": "note", "path": "note.md"})
    (folder / "datapackage.json").write_text(json.dumps({"resources": resources}))
    return read_package(folder / "datapackage.json").resources


def test_packages_are_compared_table_by_table(tmp_path: Path) -> None:
    fields = [{"name": "id", "type": "integer"}, {"name": "x", "type": "string"}]
    old = package(tmp_path / "old", {"t": "id,x\n1,a\n", "gone": "id,x\n", "same": "id,x\n2,\n1,\n"}, fields)
    new = package(tmp_path / "new", {"same": "x,id\n,1\n,2\n", "t": "id,x\n1,b\n", "come": "id,x\n"}, fields[::-1])
    rows: list[Change] = []
    results = compare_packages(old, new, write=lambda block: rows.extend(tuple(row.values()) for row in block.to_pylist()))
    assert [(each.name, each.differs, each.problem) for each in results] == [
        ("same", False, ""), ("t", True, ""), ("come", True, ""), ("note", True, ""), ("gone", True, "")
    ]  # fmt: skip
    assert [row[:4] for row in rows] == [
        ("t", "1", "x", "changed"), ("come", "*", "*", "added"), ("note", "*", "*", "changed"), ("gone", "*", "*", "removed")
    ]  # fmt: skip


def test_a_table_that_cannot_be_compared_does_not_stop_the_others(tmp_path: Path) -> None:
    fields = [{"name": "id", "type": "integer"}]
    old = package(tmp_path / "old", {"a": "id\n1\n", "b": "id\n1\n"}, fields)
    new = package(tmp_path / "new", {"a": "id\n1\n", "b": "id\n2\n"}, fields)
    (tmp_path / "new/a.csv").unlink()
    results = list(compare_packages(old, new))
    assert results[0].problem.endswith("a.csv: does not exist; restore it, or name another") and results[0].incomplete
    assert results[1].counts.rows == {"added": 1, "changed": 0, "removed": 1}


BIG = """
import resource, sys
from pathlib import Path
from cbrn_data.tabular import differences, spool
from cbrn_data.tabular.compare import compare_tables
from cbrn_data.tabular.resource import read_table
place, rows = Path(sys.argv[1]), int(sys.argv[2])
for name in ("old", "new"):
    with (place / f"{name}.csv").open("w") as file:
        file.write("id,text\\n")
        # 7 is a primitive step: every number occurs once, in no order.
        file.writelines(f"{number * 7 % rows},{'word ' * 20}{number % 1000 == 0 and name}\\n" for number in range(rows))
result = compare_tables(read_table(place / "old.csv", None), read_table(place / "new.csv", None), ["id"])
print(result.counts.rows["changed"], resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.slow
def test_the_memory_does_not_grow_with_the_tables(tmp_path: Path) -> None:
    peaks = []
    for rows in (500_001, 1_500_001):  # 55 and 165 MB on each side
        done = subprocess.run([sys.executable, "-c", BIG, tmp_path, str(rows)], capture_output=True, text=True, check=True)
        changed, peak = map(int, done.stdout.split())
        assert changed == rows // 1000 + 1
        peaks.append(peak)
    assert peaks[1] < 1.3 * peaks[0]
