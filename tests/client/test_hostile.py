"""What a server can write into a package, a table or an index: it is loaded, or refused in words, soon."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

import cbrn_data as cbrn
from cbrn_data.client import WithdrawnWarning
from cbrn_data.errors import UntrustedError, VerificationError
from cbrn_data.origin import WebOrigin
from cbrn_data.settings import read_settings
from cbrn_data.strict_json import dumped

FIELD = {"name": "a", "type": "string"}


def resource(*fields: object, **more: object) -> dict[str, Any]:
    schema = {"fields": list(fields) or [FIELD], "primaryKey": ["a"]}
    return {"name": "t", "type": "table", "path": "t.csv", "schema": schema, **more}


def store(place: Path, package: bytes, table: bytes, **entry: object) -> Path:
    """Write a store of one release, with every digest right."""
    files = {"datapackage.json": package, "t.csv": table}
    folder = place / "releases/1.0.0"
    folder.mkdir(parents=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    sums = "".join(f"{sha256(data).hexdigest()}  {name}\n" for name, data in sorted(files.items())).encode()
    (folder / "SHA256SUMS").write_bytes(sums)
    said = {"version": "1.0.0", "date": "2026-11-22", "digest": sha256(sums).hexdigest(), "summary": "", "counts": {}}
    (place / "releases.json").write_bytes(dumped({"releases": [{**said, "withdrawn": None, **entry}]}))
    return place


OTHER_COLUMNS = "the file has other columns"
TABLES: dict[str, tuple[Any, bytes, str]] = {
    "lone surrogates": (resource(), b"a\n\xed\xa0\x80\n", "UnicodeDecodeError"),
    "no UTF-8": (resource(), b"a\n\xff\n", "UnicodeDecodeError"),
    "no UTF-8 in the header": (resource(), b"\xff\n", "UnicodeDecodeError"),
    "longer rows": (resource(), b"a\n1,2,3\n4,5,6\n", "a row has more cells than the header"),
    "a quote without end": (resource(), b'a\n"x\n', "ParserError"),
    "words for a number": (resource({"name": "a", "type": "integer"}), b"a\nx\n", "ValueError"),
    "words for a date": (resource({"name": "a", "type": "date"}), b"a\nx\n", "ValueError"),
    "a million columns": (resource(), b"a" + b",a" * 1_000_000 + b"\n", OTHER_COLUMNS),
    "a column twice": (resource(FIELD, FIELD), b"a,a\n1,2\n", OTHER_COLUMNS),
    "nothing": (resource(), b"", OTHER_COLUMNS),
    "no schema": ({"name": "t", "type": "table", "path": "t.csv"}, b"a\n", "KeyError"),
    "a list for a type": (resource({"name": "a", "type": []}), b"a\n", "TypeError"),
    "fields that are none": (resource(schema={"fields": 5, "primaryKey": ["a"]}), b"a\n", "TypeError"),
    "a path out of the release": (resource(path="../../../etc/passwd"), b"a\n", "does not list the file"),
    "a number for a path": (resource(path=5), b"a\n", "does not list the file"),
    "parts without limits": (resource(path=["t.csv"]), b"a\n", "KeyError"),
    "a table without name": ({"type": "table"}, b"a\n", "KeyError"),
    "a number for a table": (5, b"a\n", "AttributeError"),
}


@pytest.mark.parametrize(("described", "table", "said"), TABLES.values(), ids=[*TABLES])
def test_a_table_that_is_none_is_refused(described: Any, table: bytes, said: str, tmp_path: Path) -> None:
    package = json.dumps({"resources": [described]}).encode()
    with pytest.raises(VerificationError, match=said):
        cbrn.load("t", source=store(tmp_path, package, table))


@pytest.mark.parametrize("package", [b"{}", b'{"resources": 5}', b'{"resources": [[]]}'])
def test_a_package_that_is_none_is_refused(package: bytes, tmp_path: Path) -> None:
    with pytest.raises(VerificationError, match="is not as a package describes it"):
        cbrn.load("t", source=store(tmp_path, package, b"a\n"))


@pytest.mark.parametrize(
    "entry", [{"digest": 5}, {"digest": "../../x"}, {"digest": None}, {"withdrawn": "x"}, {"erased": 7}, {"counts": [[1]]}]
)
def test_an_entry_of_the_index_that_is_none_is_refused(entry: dict[str, object], tmp_path: Path) -> None:
    with pytest.raises(VerificationError, match=r"its releases\.json is not an index of releases"):
        cbrn.load("t", source=store(tmp_path, b"{}", b"a\n", **entry))


def test_a_reason_cannot_write_to_the_terminal(tmp_path: Path) -> None:
    package = json.dumps({"resources": [resource()]}).encode()
    source = store(tmp_path, package, b"a\nx\n", withdrawn={"reason": "\x1b[2Jwrong\u202e", "date": "2026-11-22"})
    with pytest.warns(WithdrawnWarning) as caught:
        cbrn.load("t", source=source)
    assert str(caught[0].message).isprintable()


@pytest.mark.parametrize("content", [b"", b"[]", b'{"root_history/1.root.json": 5}', b'{"../../x": ""}', b"[" * 60_000])
def test_what_the_client_trusted_is_not_forgotten_when_its_file_is_damaged(
    content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CBRN_DATA_STATE", str(tmp_path))
    origin = WebOrigin("https://data.example/", read_settings())
    origin._memory.parent.mkdir(parents=True)
    origin._memory.write_bytes(content)
    with pytest.raises(UntrustedError, match="is damaged, so an older state of https"):
        origin.index()
