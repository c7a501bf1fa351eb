"""``cbrn-data mcp``: asked by the client of the official SDK, over a store of the real releases."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from cbrn_data import pipeline
from cbrn_data.agents import answers, opened
from cbrn_data.agents.answers import CHARACTERS_AT_MOST, release_info, traced
from cbrn_data.agents.opened import OpenedStore
from cbrn_data.cli.serve import Preview
from cbrn_data.client import Published, releases
from cbrn_data.errors import CbrnDataError, UntrustedError, VerificationError
from cbrn_data.schema import parts as schema_parts
from cbrn_data.settings import Settings, read_settings
from tests import records
from tests.conftest import PROJECT
from tests.trees import tree
from tests.verify import forging

STORE = PROJECT / "published"
JOINED = {"table": "memberships", "row": "central-asia/KAZ", "field": "joined"}
CALLS: dict[str, tuple[str, dict[str, Any]]] = {
    "releases": ("list_releases", {}),
    "tables": ("list_tables", {}),
    "columns": ("describe_table", {"table": "memberships"}),
    "named": ("query", {"table": "memberships", "text": "kazakhstan central", "fields": ["joined", "status"]}),
    "leaflet": ("trace", {"table": "regions", "row": "central-asia", "field": "secretariat_city"}),
    "joined": ("trace", JOINED),
    "null": ("query", {"table": "projects", "where": {"implementer": None}, "fields": ["implementer"], "limit": 1}),
    "several": ("query", {"table": "countries", "where": {"country_id": ["KAZ", "TJK"]}, "fields": ["name"]}),
    "page": ("query", {"table": "countries", "fields": ["name"], "offset": 60, "limit": 100}),
    "large": ("query", {"table": "projects", "limit": 100}),
    "sources": ("query", {"table": "sources", "where": {"source_id": "central-asia-2025"}}),
    "older": ("list_tables", {"release": "1.0.0"}),
    "no release": ("list_tables", {"release": "9.9.9"}),
    "no table": ("query", {"table": "members"}),
    "no column": ("query", {"table": "memberships", "where": {"country": "KAZ"}}),
    "no row": ("trace", {"table": "memberships", "row": "central-asia/XXX"}),
    "no evidence": ("trace", {"table": "sources", "row": "memberships"}),
    "too many": ("query", {"table": "memberships", "limit": 1000}),
}


def partial(folder: Path) -> Path:
    """Copy what clients read of the committed store: index, metadata, the first release and the newest."""
    newest = releases(STORE)[0].version
    for name in ("metadata", "releases/1.0.0", f"releases/{newest}"):
        shutil.copytree(STORE / name, folder / name)
    shutil.copy(STORE / "releases.json", folder)
    return folder


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return partial(tmp_path_factory.mktemp("agents") / "published")


@pytest.fixture(scope="module")
def said(store: Path) -> dict[str, Any]:
    """What one process answered to every call, before and after somebody changed the store."""
    from mcp import Client, StdioServerParameters  # not by every worker of pytest that collects this test

    program = ["-c", "from cbrn_data.cli import main; main()", "mcp", str(store)]
    index = store / "releases.json"

    async def ask() -> dict[str, Any]:
        async with Client(StdioServerParameters(command=sys.executable, args=program, env=dict(os.environ))) as client:
            before = tree(store)
            found: dict[str, Any] = {"server": client.server_info, "tools": (await client.list_tools()).tools}
            found |= {name: await client.call_tool(*call) for name, call in CALLS.items()}
            found["is unchanged"] = tree(store) == before
            table = store / "releases" / found["releases"].structured_content["release"]["version"] / "memberships.csv"
            for changed, name in ((table, "after"), (index, "index")):
                data = changed.read_bytes()
                changed.write_bytes(data.replace(b"2020-11", b"1999-01") if changed == table else data + b"\n")
                found[name] = await client.call_tool("trace", JOINED)
                changed.write_bytes(data)
        return found

    return asyncio.run(ask())


def content(said: dict[str, Any], name: str) -> dict[str, Any]:
    result = said[name]
    assert not result.is_error, result.content[0].text
    return dict(result.structured_content)


def error(said: dict[str, Any], name: str) -> str:
    assert said[name].is_error
    return str(said[name].content[0].text)


def newest() -> Published:
    return next(one for one in releases(STORE) if not one.withdrawn)


def test_the_tools_are_for_reading_and_change_nothing(said: dict[str, Any]) -> None:
    assert said["server"].name == "cbrn-data"
    assert [tool.name for tool in said["tools"]] == ["list_releases", "list_tables", "describe_table", "query", "trace"]
    assert all(tool.annotations.read_only_hint and tool.description and tool.output_schema for tool in said["tools"])
    described = [field for tool in said["tools"] for field in tool.input_schema["properties"].values()]
    assert all(field.get("description") for field in described)
    assert said["is unchanged"]


def test_every_answer_names_its_release_and_digest(said: dict[str, Any]) -> None:
    of = {"version": newest().version, "date": newest().date, "digest": newest().digest, "withdrawn": None}
    for name in ("releases", "tables", "columns", "named", "leaflet", "joined", "null", "large", "sources"):
        assert content(said, name)["release"] == of
    assert content(said, "older")["release"]["version"] == "1.0.0"
    assert [one["version"] for one in content(said, "releases")["releases"]] == [one.version for one in releases(STORE)]


def test_tables_and_columns_come_with_their_definitions(said: dict[str, Any]) -> None:
    tables = content(said, "tables")
    assert "lists of projects are not complete" in tables["description"] and tables["licence"].startswith("https://")
    assert {one["name"]: one["rows"] for one in tables["tables"]} == newest().rows
    columns = {one["name"]: one for one in content(said, "columns")["columns"]}
    assert columns["country_id"]["refers_to"] == "countries.country_id" and "partner" in columns["status"]["allowed"]


def test_a_value_has_its_words_with_file_and_line(said: dict[str, Any]) -> None:
    (value,) = content(said, "joined")["values"]
    (words,) = value["evidence"]
    assert (value["value"], words["words"], words["file"]) == ("2020-11", "2020-11", "sources/memberships.csv")
    assert words["url"].startswith("https://") and words["certainty"] == "high"
    (city,) = content(said, "leaflet")["values"]
    words = city["evidence"][0]
    lines = (STORE / "releases" / newest().version / words["file"]).read_text(encoding="utf-8").splitlines()
    assert words["words"] in " ".join(lines[words["first_line"] - 1 : words["last_line"]])
    assert words["edition"] == "2025" and city["value"] == "Tashkent" and words["after"]


def test_rows_are_found_by_names_values_and_null(said: dict[str, Any]) -> None:
    (row,) = content(said, "named")["rows"]
    assert row["row"] == "central-asia/KAZ" and row["refers_to"]["region_id"] == "Central Asia"
    joined = row["values"][0]
    assert joined["value"] == "2020-11" and joined["passages"] == 1 and joined["evidence"][0]["first_line"] > 1
    null = content(said, "null")
    assert null["rows"][0]["values"][0] | {"field": ""} == {
        "field": "",
        "value": None,
        "why": "no source says it",
        "passages": 0,
        "evidence": [],
    }
    assert null["next_offset"] == 1 and null["total"] > 1
    assert [one["name"] for one in content(said, "several")["rows"]] == ["Kazakhstan", "Tajikistan"]
    assert content(said, "sources")["rows"][0]["row"] == "central-asia-2025"


def test_an_answer_is_bounded_and_says_where_the_next_begins(said: dict[str, Any]) -> None:
    page = content(said, "page")
    assert len(page["rows"]) == page["total"] - 60 and page["next_offset"] is None
    large = content(said, "large")
    assert 0 < len(large["rows"]) < large["total"] and large["next_offset"] == len(large["rows"])
    assert len(str(large["rows"])) < 1.2 * CHARACTERS_AT_MOST


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("no release", "release '9.9.9' does not exist; the newest are"),
        ("no table", "has no table 'members'; it has regions, countries"),
        ("no column", "memberships has no field 'country'; it has region_id, country_id"),
        ("no row", "memberships has no row 'central-asia/XXX'; it has"),
        ("no evidence", "'sources' is not a table with evidence; these are: regions"),
        ("too many", "less than or equal to 100"),
    ],
)
def test_an_error_says_what_there_is(said: dict[str, Any], name: str, expected: str) -> None:
    assert expected in error(said, name)


def test_what_was_checked_answers_and_a_changed_index_does_not(said: dict[str, Any]) -> None:
    assert content(said, "after") == content(said, "joined")
    assert "is not what the metadata vouch for; `cbrn-data verify` says more" in error(said, "index")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return partial(tmp_path / "published")


def test_a_changed_release_is_refused(copy: Path) -> None:
    table = copy / "releases" / newest().version / "projects.csv"
    table.write_bytes(table.read_bytes() + b"\n")
    with pytest.raises(VerificationError, match=r"projects\.csv: is not the published file"):
        OpenedStore(str(copy), read_settings()).open(None)


def test_pinned_keys_must_vouch_for_the_metadata(copy: Path, tmp_path: Path) -> None:
    other, own = tmp_path / "other.pem", copy / "releases" / newest().version / "public-key.pem"
    key = Ed25519PrivateKey.generate().public_key()
    other.write_bytes(key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    with pytest.raises(UntrustedError, match="no root is signed by the pinned keys"):
        OpenedStore(str(copy), replace(read_settings(), trusted_keys=other)).releases()
    assert OpenedStore(str(copy), replace(read_settings(), trusted_keys=own)).releases()
    forging.older_form(copy)
    assert OpenedStore(str(copy), read_settings()).releases()
    with pytest.raises(UntrustedError, match="has no metadata/, so no pinned key vouches for its index"):
        OpenedStore(str(copy), replace(read_settings(), trusted_keys=own)).releases()


def test_a_withdrawn_release_says_so_and_an_older_one_answers(copy: Path) -> None:
    forging.older_form(copy)
    index = json.loads((copy / "releases.json").read_text(encoding="utf-8"))
    for entry in index["releases"]:
        entry["withdrawn"] = None if entry["version"] == "1.0.0" else {"reason": "wrong dates", "date": "2026-12-01"}
    (copy / "releases.json").write_text(json.dumps(index), encoding="utf-8")
    store = OpenedStore(str(copy), read_settings())
    assert release_info(store.open(None).entry).version == "1.0.0"
    assert release_info(store.open(newest().version).entry).withdrawn == "wrong dates"


def test_a_table_that_is_too_large_is_described_and_not_searched(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opened, "FILE_LIMIT", 500_000)
    release = OpenedStore(str(copy), read_settings()).open(None)
    assert answers.described(release, "evidence").table.rows > 1000
    with pytest.raises(CbrnDataError, match=r"evidence is too large to be searched here; download its CSV"):
        answers.queried(release, "evidence", {}, "", [], 0, 1)


def test_a_store_at_an_address_answers(published: Path) -> None:
    with Preview(published) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            store = OpenedStore(f"http://127.0.0.1:{server.server_port}/", read_settings())
            found = traced(store.open("latest"), JOINED["table"], JOINED["row"], JOINED["field"])
        finally:
            server.shutdown()
            thread.join()
    assert found.values[0].evidence[0].file == "sources/memberships.csv"


@pytest.mark.parametrize("parts_above", [10**9, 0], ids=["one file", "parts"])
def test_a_bulk_table_and_one_in_parts_answer_like_any_other(
    project: Path, without_pages: None, monkeypatch: pytest.MonkeyPatch, parts_above: int
) -> None:
    monkeypatch.setattr(schema_parts, "LEAST", 1000)
    records.define(project)
    records.put(project, [records.row(number) for number in range(1, 200)])
    settings = Settings(project, project / "published", parts_above=parts_above)
    built = pipeline.build(pipeline.gather(settings))
    release = pipeline.publish(built, pipeline.open_store(settings), "2026-11-24").release
    assert (release.folder / "trainings").is_dir() == (parts_above == 0)
    opened = OpenedStore(str(project / "published"), settings).open(None)
    assert answers.described(opened, "trainings").table.rows == 199
    (row,) = answers.queried(opened, "trainings", {}, "t-0150", ["people_count"], 0, 5).rows
    (value,) = traced(opened, "trainings", row.row, "people_count").values
    assert (row.row, row.values[0].value, value.value) == ("t-0150", "7", "7")
    assert [(one.file, one.first_line, one.words) for one in value.evidence] == [("sources/trainings.csv", 151, "7")]
