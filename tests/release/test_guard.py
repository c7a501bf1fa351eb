"""The release guard: what is lost beyond a bound blocks, and passes only for a reason, which is published."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from cbrn_data import pipeline
from cbrn_data.errors import CbrnDataError, GateError
from cbrn_data.findings import Finding
from cbrn_data.release.changes import find_changes
from cbrn_data.release.guard import Guard, read_guard
from cbrn_data.release.losses import Losses
from cbrn_data.schema.model import read_package
from cbrn_data.schema.parts import Part
from cbrn_data.schema.table import Row, Table, Tables, released_tables, table_in_parts
from cbrn_data.settings import FILE, Settings, read_settings
from cbrn_data.sources.source import Source
from cbrn_data.store import disk
from cbrn_data.verify.rebuild import rebuild_release
from cbrn_data.verify.release import ReleaseAudit
from tests.conftest import PROJECT
from tests.plans import DAY, planned, rows, second
from tests.records import csv_bytes, tables_of

PACKAGE = read_package(PROJECT / "schemas")
NOWHERE = Path("nowhere")


def project(number: int, **other: str | None) -> Row:
    return {"project_id": f"P{number}", "number": str(number), "title": "x", "budget_qualifier": "exact"} | other


TEN = [*(project(number) for number in range(10, 19)), project(19, budget_qualifier="about")]


def lost(old: Tables, new: Tables, guard: Guard | None = None, folder: Path = NOWHERE, *sources: Source) -> list[Finding]:
    changes = find_changes(old, new, PACKAGE)
    return Losses(guard or Guard(), folder, old, new, sources).findings(changes)


def in_two_parts(rows: Sequence[Row], folder: Path) -> Table:
    """Return the projects as a table in parts, whose numbers of empty cells are described."""
    table, parts = PACKAGE.tables["projects"], list[Part]()
    for half in filter(None, (rows[:5], rows[5:])):
        data = csv_bytes(table.names, half)
        file = disk.FileRef(folder / disk.sha256_of(data), disk.sha256_of(data), len(data))
        file.path.write_bytes(data)
        nulls = {name: sum(row.get(name) is None for row in half) for name in table.names}
        parts.append(Part(str(half[0]["project_id"]), str(half[-1]["project_id"]), len(half), 1, nulls, [], file))
    return table_in_parts(table, parts)


def codes(found: Sequence[Finding]) -> list[tuple[str, str | None]]:
    return [(finding.code, finding.field) for finding in found]


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        (TEN, []),
        ([*TEN, *(project(number, title=None, budget_qualifier=None) for number in range(20, 50))], []),
        (TEN[1:], [("guard-keys-removed", None)]),
        (TEN[2:], [("guard-keys-removed", None), ("guard-rows-lost", None)]),
        ([], [("guard-keys-removed", None), ("guard-rows-lost", None)]),
        ([*TEN[1:], project(20)], [("guard-keys-removed", None)]),
        ([project(10, title=None), *TEN[1:]], []),
        ([*(project(number, title=None) for number in (10, 11)), *TEN[2:]], [("guard-nulls-gained", "title")]),
        ([*TEN[:9], project(19)], [("guard-values-lost", "budget_qualifier")]),
    ],
)
def test_each_loss_of_a_table_beyond_its_bound_is_found(
    new: list[Row], expected: list[tuple[str, str | None]], tmp_path: Path
) -> None:
    before, after = (tables_of({"projects": projects}, PACKAGE) for projects in (TEN, new))
    found = lost(before, after)
    assert codes(found) == expected and {finding.table for finding in found} <= {"projects"}
    old, now = (tables | {"projects": in_two_parts(rows, tmp_path)} for tables, rows in ((before, TEN), (after, new)))
    assert lost(old, now) == found


def test_a_message_has_the_numbers_and_each_way_through() -> None:
    found = lost(tables_of({"projects": TEN}, PACKAGE), tables_of({"projects": TEN[3:]}, PACKAGE))
    assert [finding.message for finding in found] == [
        "projects loses 3 keys of 10 (P10, P11, …); the bound is 0 (the default). Restore what is lost, or set keys_removed "
        "= 3 under [guard.projects] in cbrn-data.toml, or pass --allow guard-keys-removed:projects --reason TEXT",
        "projects has 7 rows, 10 before (30.0 % fewer); the bound is 10 % (the default). Restore what is lost, or set "
        "rows_lost = 30 under [guard.projects] in cbrn-data.toml, or pass --allow guard-rows-lost:projects --reason TEXT",
    ]


def test_a_table_that_is_gone_or_has_another_key_loses_all_its_keys() -> None:
    old, new = tables_of({"projects": TEN}, PACKAGE), tables_of({"projects": TEN}, PACKAGE)
    other = new | {
        "projects": replace(new["projects"], definition=replace(PACKAGE.tables["projects"], primary_key=("number",)))
    }
    assert codes(lost(old, other)) == [("guard-keys-removed", None)]
    gone = Losses(Guard(), NOWHERE, old, {name: table for name, table in new.items() if name != "projects"}, ()).findings([])
    assert codes(gone) == [("guard-keys-removed", None), ("guard-rows-lost", None)]
    assert gone[0].message.endswith("or pass --allow guard-keys-removed --reason TEXT")


def of_source(cells: int, name: str) -> Tables:
    quoted = {"table_name": "projects", "field": "title", "source_id": "s", "char_start": "1"}
    evidence: list[Row] = [{**quoted, "row_id": f"P{number}"} for number in range(100, 100 + cells)]
    return tables_of({"evidence": evidence, "sources": [{"source_id": "s", "path": f"sources/{name}"}]}, PACKAGE)


@pytest.mark.parametrize(
    ("name", "cells", "lines", "said"),
    [
        ("s.txt", (24, 12), (24, 1), None),
        ("s.txt", (24, 11), (24, 24), "the source s gives 11 cells, 24 before (54.2 % fewer)"),
        ("s.csv", (24, 24), (24, 1), "the source s gives 1 row, 24 before (95.8 % fewer)"),
        ("s.csv", (24, 24), (24, 12), None),
    ],
)
def test_a_source_that_gives_less_than_half_is_found(
    name: str, cells: tuple[int, int], lines: tuple[int, int], said: str | None, tmp_path: Path
) -> None:
    texts = ["id\n" + "".join(f"{number}\n" for number in range(count)) for count in lines]
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources" / name).write_text(texts[0])
    kind = "curated" if name.endswith(".csv") else "leaflet"
    source = Source(name, {"id": "s", "kind": kind}, b"", texts[1].encode())
    found = lost(of_source(cells[0], name), of_source(cells[1], name), None, tmp_path, source)
    assert [finding.message.partition("; ")[0] for finding in found] == [said] * bool(said)
    assert {(finding.code, finding.place, finding.row) for finding in found} <= {("guard-source-lost", f"raw/{name}", "s")}


def test_the_real_second_last_release_leads_to_the_last_one_within_the_bounds() -> None:
    old, new = (
        released_tables(folder, read_package(folder / "schemas"))
        for folder in (PROJECT / "published/releases" / version for version in ("2.0.0", "2.1.0"))
    )
    assert lost(old, new) == []


def test_the_settings_file_sets_bounds_for_all_tables_and_for_one(tmp_path: Path) -> None:
    file = tmp_path / FILE
    file.write_text("[guard]\nkeys_removed = 2\nrows_lost = 50\n\n[guard.projects]\nkeys_removed = 1\n")
    guard = read_guard(read_settings(tmp_path), PACKAGE.tables)
    assert [guard.bound(table, "guard-keys-removed") for table in ("projects", "regions")] == [1, 2]
    (found,) = lost(tables_of({"projects": TEN}, PACKAGE), tables_of({"projects": TEN[2:]}, PACKAGE), guard)
    assert f"; the bound is 1 ({file}:6). " in found.message
    assert lost(tables_of({"projects": TEN}, PACKAGE), tables_of({"projects": TEN[1:]}, PACKAGE), guard) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("guard = 3", ":1: guard must be a table"),
        ("[guard]\nrows_lots = 3", ":2: guard.rows_lots is not known; known bounds: rows_lost, "),
        ('[guard]\nrows_lost = "3"', ":2: guard.rows_lost is '3' and must be a number"),
        ("[guard]\nrows_lost = true", ":2: guard.rows_lost is True and must be a number"),
        ("[guard]\nrows_lost = nan", ":2: guard.rows_lost is nan and must be a number"),
        ("[guard]\nrows_lost = -1", ":2: guard.rows_lost is -1 and must be a number"),
        ("[guard.project]\nrows_lost = 3", ":2: there is no table project; tables: regions, "),
        ("[guard.projects]\nrows = 3", ":2: guard.projects.rows is not known"),
    ],
)
def test_a_wrong_bound_is_named_with_its_line(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(text)
    with pytest.raises(CbrnDataError) as raised:
        read_guard(read_settings(tmp_path), PACKAGE.tables)
    assert str(raised.value).startswith(f"{tmp_path / FILE}{said}")


@pytest.mark.parametrize(
    ("allow", "reason", "said"),
    [
        ("guard-rows", "r", "'guard-rows' is not one of guard-rows-lost, "),
        ("guard-rows-lost:project", "r", "there is no table 'project'; tables: regions, "),
        ("guard-rows-lost", " ", "--allow guard-rows-lost needs --reason TEXT"),
    ],
)
def test_what_cannot_be_allowed_is_refused(allow: str, reason: str, said: str) -> None:
    with pytest.raises(CbrnDataError) as raised:
        read_guard(Settings(NOWHERE, NOWHERE), PACKAGE.tables, [allow], reason)
    assert said in str(raised.value)


def test_a_source_cut_from_24_rows_to_1_is_published_only_for_a_reason(small: Path, tmp_path: Path) -> None:
    root = second(small, tmp_path / "root", project_countries=rows(1))
    built, blocked = planned(root)
    stops = [("guard-keys-removed", "project_countries"), ("guard-rows-lost", "project_countries")]
    stops.append(("guard-source-lost", "sources"))
    assert [(f.code, f.table) for f in blocked.findings if f.is_error] == stops
    store = pipeline.open_store(built.settings)
    with pytest.raises(GateError):
        pipeline.publish(built, store, DAY)

    allow = [f"{code}:{table}" for code, table in stops]
    guard = read_guard(built.settings, PACKAGE.tables, allow, "the other 23 were *wrong*")
    release = pipeline.publish(built, store, DAY, guard=guard).release
    assert [(one["code"], one["table"], one["reason"]) for one in release.info["allowed"]] == [
        (code, table, "the other 23 were *wrong*") for code, table in stops
    ]
    notes = (release.folder / "CHANGES.md").read_text(encoding="utf-8")
    assert "fewer). Reason: the other 23 were \\*wrong\\*\n" in notes
    page = (built.settings.published / "history" / f"{release.version}.html").read_text(encoding="utf-8")
    assert page.count("Reason: the other 23 were *wrong*") == 3
    before = release.folder.with_name("1.0.0")
    assert {result.result for result in ReleaseAudit(release.folder, [], before).run()} == {"passed"}
    assert [result.result for result in rebuild_release(release.folder, before)] == ["passed"]
    sums = (release.folder / "SHA256SUMS").read_bytes()
    assert release.digest == hashlib.sha256(sums).hexdigest()
