"""What a descriptor may point at, and what becomes of a file that is not there, not for us, or not what it should be."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pytest

from cbrn_data.tabular.places import UnsupportedResource
from cbrn_data.tabular.resource import read_package, read_table
from cbrn_data.tabular.validate import validate

SCHEMA: dict[str, Any] = {"fields": [{"name": "a", "type": "integer"}, {"name": "b", "type": "string"}]}
KEY = {"foreignKeys": [{"fields": ["a"], "reference": {"resource": "other", "fields": ["a"]}}]}


def package(folder: Path, *resources: dict[str, Any]) -> Path:
    path = folder / "datapackage.json"
    entries = [{"name": "t", "type": "table", "schema": SCHEMA} | resource for resource in resources]
    path.write_text(json.dumps({"name": "p", "resources": entries}), encoding="utf-8")
    return path


def told(path: Path) -> list[list[tuple[str, int, str]]]:
    return [
        [(fault.code, fault.row, fault.field) for fault in found.tally.listed]
        for found in validate(read_package(path).resources)
    ]


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no data": ({"data": None}, "data must not be null"),
    "data that are a text": ({"data": "a,b\n1,x\n"}, "name its format"),
    "a path and data": ({"path": "t.csv", "data": []}, "both path and data"),
    "a path with a byte that none has": ({"path": "t\0.csv"}, "is not a relative path of a file"),
    "the folder itself": ({"path": ".", "format": "csv"}, "is not a relative path of a file"),
    "a path that is too long": ({"path": "x" * 5000, "format": "csv"}, "is not a relative path of a file"),
    "a path out of the folder": ({"path": "../t.csv"}, "leads out of the folder"),
    "an address": ({"path": "https://example.org/t.csv"}, "is fetched with --remote only"),
    "another encoding": ({"path": "t.csv", "encoding": "latin-99"}, "the encoding 'latin-99' is not known"),
    "another format": ({"path": "t.sav"}, "the format 'sav' is not supported"),
    "another compression": ({"path": "t.csv", "compression": "lzma"}, "the compression 'lzma' is not supported"),
    "another hash": ({"path": "t.csv", "hash": "crc32:00"}, "the hash algorithm 'crc32' is not supported"),
    "a delimiter of two characters": ({"path": "t.csv", "dialect": {"delimiter": ";;"}}, "a single character"),
    "a delimiter that ends lines": ({"path": "t.csv", "dialect": {"delimiter": "\n"}}, "does not end lines"),
    "a delimiter that quotes": ({"path": "t.csv", "dialect": {"delimiter": '"'}}, "must differ"),
    "a property of no dialect": ({"path": "t.csv", "dialect": {"delimeter": ";"}}, "did you mean delimiter"),
    "a schema that is not there": ({"path": "t.csv", "schema": "none.json"}, "none.json: cannot be read"),
    "a key to a table that is not there": (
        {"path": "t.csv", "schema": SCHEMA | KEY},
        "which is not in the package",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_judged_is_said_and_the_tables_beside_it_are_judged(case: str, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b\n1,x\n", encoding="utf-8")
    (tmp_path / "u.csv").write_text("a,b\nwrong,x\n", encoding="utf-8")
    entry, said = REFUSED[case]
    first, second = validate(read_package(package(tmp_path, entry, {"name": "u", "path": "u.csv"})).resources)
    assert any(said in fault.message for fault in first.tally.listed)
    assert [(fault.code, fault.row) for fault in second.tally.listed] == [("cell-type", 1)]


def test_a_descriptor_is_judged_by_the_profile_of_its_version(tmp_path: Path) -> None:
    path = package(tmp_path, {"path": "t.csv", "bytes": "999"})
    content = json.loads(path.read_text()) | {"licenses": "MIT"}
    path.write_text(json.dumps(content), encoding="utf-8")
    found = read_package(path)
    assert [message.split(":")[0] for message in found.wrong] == ["$.licenses"]
    assert found.resources[0].wrong == ("$.resources[0].bytes: '999' is not of type 'integer'",)
    content = {"name": "With Capitals", "profile": "data-package", "resources": content["resources"]}
    path.write_text(json.dumps(content), encoding="utf-8")
    assert "$.name: 'With Capitals' does not match" in read_package(path).wrong[0]


def test_each_resource_of_a_tabular_package_of_version_1_has_a_schema(tmp_path: Path) -> None:
    bare, read_me = {"name": "bare", "path": "t.csv"}, {"name": "read-me", "path": "t.md", "profile": "data-resource"}
    content = {"name": "p", "profile": "tabular-data-package", "resources": [bare, read_me]}
    path = tmp_path / "datapackage.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    assert [bool(one.problem) for one in read_package(path).resources] == [True, False]


@pytest.mark.parametrize("delimiter", [";;", "é", "\n", '"'])
def test_a_delimiter_is_one_ascii_character(delimiter: str, tmp_path: Path) -> None:
    schema = tmp_path / "s.json"
    schema.write_text(json.dumps(SCHEMA), encoding="utf-8")
    with pytest.raises(UnsupportedResource, match="delimiter"):
        read_table(tmp_path / "t.csv", schema, delimiter)


@pytest.mark.parametrize("path", ["none.csv", "none.json", "folder.csv"])
def test_a_file_that_is_not_there_is_a_fault_and_the_others_are_judged(path: str, tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "t.csv").write_text("a,b\n1,x\n", encoding="utf-8")
    mine, other = {"path": "t.csv", "schema": SCHEMA | KEY}, {"name": "other", "path": path}
    assert told(package(tmp_path, mine, other)) == [[("reference-missing", 1, "a")], [("file-unreadable", 0, "")]]


def test_digest_and_size_are_those_of_any_file(tmp_path: Path) -> None:
    data = json.dumps([{"a": 1, "b": "x"}]).encode()
    (tmp_path / "t.json").write_bytes(data)
    right = {"path": "t.json", "hash": f"sha256:{hashlib.sha256(data).hexdigest()}", "bytes": len(data)}
    assert told(package(tmp_path, right)) == [[]]
    wrong = {"path": "t.json", "hash": f"sha256:{'0' * 64}", "bytes": 1}
    assert told(package(tmp_path, wrong)) == [[("file-hash", 0, ""), ("file-size", 0, "")]]


def test_half_a_surrogate_pair_in_json_is_told(tmp_path: Path) -> None:
    (tmp_path / "t.json").write_text(r'[{"a": 1, "b": "x\ud800"}, {"a": 2, "b": "\ud83d\ude00"}]', encoding="ascii")
    assert told(package(tmp_path, {"path": "t.json"})) == [[("csv-encoding", 1, "b")]]


def test_a_pipe_in_the_place_of_a_table_is_a_fault(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "t.csv")
    os.mkfifo(tmp_path / "t.json")
    for resource in ({"path": "t.csv"}, {"path": "t.json"}):
        ((fault,),) = told(package(tmp_path, resource))
        assert fault[0] == "file-unreadable"


@pytest.mark.parametrize("name", ["schema.json", "schema.yaml"])
def test_a_schema_is_a_regular_file_of_a_size_that_nests_a_little(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    os.mkfifo(path)
    for said in ("is not a regular file", "is a symbolic link", "claims", "nest"):
        with pytest.raises(UnsupportedResource, match=said):
            read_table(tmp_path / "t.csv", path)
        path.unlink()
        if said == "is not a regular file":
            path.symlink_to(path)  # one that leads to a file is followed: who names a schema may have linked it
        elif said == "is a symbolic link":
            with path.open("wb") as file:
                file.truncate(10 << 30)
        else:
            path.write_text('{"fields": ' + "[" * 60_000)


def test_a_descriptor_that_nests_without_end_is_refused(tmp_path: Path) -> None:
    (tmp_path / "datapackage.json").write_text('{"resources": ' + "[" * 60_000)
    with pytest.raises(UnsupportedResource, match="nests too deeply"):
        read_package(tmp_path / "datapackage.json")
    (tmp_path / "t.json").write_text("[" * 60_000)
    assert told(package(tmp_path, {"path": "t.json"})) == [[("file-kind", 0, "")]]


def test_a_table_whose_rows_have_a_key_each_is_refused(tmp_path: Path) -> None:
    (tmp_path / "t.json").write_text(json.dumps([{f"k{number}": 1} for number in range(20_000)]))
    ((fault,),) = [found.tally.listed for found in validate(read_package(package(tmp_path, {"path": "t.json"})).resources)]
    assert "20,000 different keys" in fault.message
