"""The gate: one wrong thing in a staged folder is refused by name, and what is published stays as it was."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import frictionless
import pytest

from cbrn_data import beside, pipeline
from cbrn_data.checks.second import by_profile, frictionless_verdict
from cbrn_data.errors import GateError
from cbrn_data.normalise.text import unescape_formula
from cbrn_data.release import assemble, gate
from cbrn_data.schema.model import Package, read_package
from cbrn_data.schema.nested import nested
from cbrn_data.schema.table import Row, released_tables
from cbrn_data.settings import Settings
from cbrn_data.store import disk
from cbrn_data.store.folder import DESCRIPTOR, SUMS
from cbrn_data.strict_json import dumped
from tests.conftest import PROJECT
from tests.records import csv_bytes, json_bytes, read_csv, tables_of
from tests.trees import tree

pytestmark = pytest.mark.usefixtures("without_pages")

Files = dict[str, bytes]
Mutate = Callable[[Files], None]

SCHEMAS = read_package(PROJECT / "schemas")


def swap(name: str, old: bytes, new: bytes) -> Mutate:
    """Replace the first ``old`` in a file."""

    def mutate(files: Files) -> None:
        assert old in files[name]
        files[name] = files[name].replace(old, new, 1)

    return mutate


def describe(files: Files) -> None:
    """Bring hashes and sizes in the descriptor up to date, as a forger would."""
    descriptor = json.loads(files["datapackage.json"])
    for resource in descriptor["resources"]:
        data = files[resource["path"]]
        resource |= {"bytes": len(data), "hash": f"sha256:{hashlib.sha256(data).hexdigest()}"}
    files["datapackage.json"] = dumped(descriptor)


def set_cell(table: str, key: str, field: str, value: str | None) -> Mutate:
    """Change a cell in the CSV, in every JSON and in the descriptor alike."""

    def mutate(files: Files) -> None:
        names, rows = read_csv(files[f"{table}.csv"])
        row = next(row for row in rows if SCHEMAS.tables[table].row_id(row) == key)
        assert row[field] != value
        row[field] = value
        files[f"{table}.csv"] = csv_bytes(names, rows)
        files[f"{table}.json"] = json_bytes(SCHEMAS.tables[table], rows)
        whole = {name: read_csv(files[f"{name}.csv"])[1] if f"{name}.csv" in files else [] for name in SCHEMAS.tables}
        files["cbrn-data.json"] = dumped(nested(tables_of(whole, SCHEMAS), SCHEMAS))
        describe(files)

    return mutate


def drop_row(table: str, key: str) -> Mutate:
    def mutate(files: Files) -> None:
        names, rows = read_csv(files[f"{table}.csv"])
        kept = [row for row in rows if SCHEMAS.tables[table].row_id(row) != key]
        assert len(kept) == len(rows) - 1
        files[f"{table}.csv"] = csv_bytes(names, kept)
        files[f"{table}.json"] = json_bytes(SCHEMAS.tables[table], kept)
        describe(files)

    return mutate


def describing(change: Callable[[dict[str, object]], None]) -> Mutate:
    """Change the descriptor."""

    def mutate(files: Files) -> None:
        descriptor = json.loads(files["datapackage.json"])
        change(descriptor)
        files["datapackage.json"] = dumped(descriptor)

    return mutate


def resource(index: int, **values: object) -> Mutate:
    def change(descriptor: dict[str, object]) -> None:
        resources = descriptor["resources"]
        assert isinstance(resources, list)
        resources[index].update(values)

    return describing(change)


def described(mutate: Mutate) -> Mutate:
    """Change files, and the descriptor along with them."""

    def both(files: Files) -> None:
        mutate(files)
        describe(files)

    return both


def without_first_row(name: str) -> Mutate:
    return described(lambda files: files.update({name: dumped(json.loads(files[name])[1:])}))


CASES: dict[str, tuple[Mutate, set[tuple[str, str]]]] = {
    "a cell changed in the CSV": (
        swap("regions.csv", b"Tashkent", b"Samarkand"),
        {
            ("release-json-differs", "regions.json"),
            ("evidence-unreproduced", "raw/central-asia-2025.txt:7"),
            ("frictionless", "regions.csv"),
        },
    ),
    "a cell changed in the JSON": (
        swap("regions.json", b"Tashkent", b"Samarkand"),
        {("release-json-differs", "regions.json"), ("frictionless", "regions.json")},
    ),
    "a cell changed in the nested JSON": (
        swap("cbrn-data.json", b"Tashkent", b"Samarkand"),
        {("release-json-differs", "cbrn-data.json")},
    ),
    "a number that is text in the JSON": (
        swap("projects.json", b'"number": 101', b'"number": "101"'),
        {("release-json-differs", "projects.json"), ("frictionless", "projects.json")},
    ),
    "a row missing from the JSON": (
        without_first_row("countries.json"),
        {("release-json-differs", "countries.json")},
    ),
    "a value that the source does not say, forged everywhere": (
        set_cell("regions", "central-asia", "secretariat_city", "Samarkand"),
        {("evidence-unreproduced", "raw/central-asia-2025.txt:7")},
    ),
    "a value where the source is silent": (
        set_cell("memberships", "central-asia/UZB", "joined", "2015"),
        {("evidence-missing", "raw/central-asia-2025.txt:42")},
    ),
    "a reference to nothing": (
        set_cell("regions", "central-asia", "secretariat_country_id", "XXX"),
        {
            ("reference-missing", "raw/central-asia-2025.txt:7"),
            ("evidence-unreproduced", "raw/central-asia-2025.txt:7"),
            ("frictionless", "regions.csv:2"),
        },
    ),
    "a row of evidence gone": (
        drop_row("evidence", "regions/central-asia/secretariat_city/central-asia-2025/39"),
        {("evidence-missing", "raw/central-asia-2025.txt:13")},
    ),
    "bytes that are not canonical": (
        described(swap("regions.csv", b"Tashkent", b'"Tashkent"')),
        {("release-not-canonical", "regions.csv")},
    ),
    "columns in another order": (
        described(swap("regions.csv", b"region_id,name", b"name,region_id")),
        {
            ("release-not-canonical", "regions.csv"),
            ("release-json-differs", "regions.json"),
            ("cell-pattern", "regions/Central Asia/region_id"),
            ("frictionless", "regions.csv"),
        },
    ),
    "a hash that is wrong": (
        resource(0, hash="sha256:" + "0" * 64),
        {("frictionless", "regions.csv")},
    ),
    "a size that is wrong": (resource(0, bytes=1), {("frictionless", "regions.csv")}),
    "a hash that is wrong, of JSON": (resource(1, hash="sha256:" + "0" * 64), {("frictionless", "regions.json")}),
    "a descriptor without resources": (
        describing(lambda descriptor: descriptor.update(resources=[])),
        {("data-package-profile", "datapackage.json"), ("frictionless", "datapackage.json")},
    ),
    "a descriptor that is not one": (
        describing(lambda descriptor: descriptor.update(resources="all", licenses=3)),
        {("data-package-profile", "datapackage.json"), ("frictionless", "datapackage.json")},
    ),
    "a descriptor that leaves the folder": (
        resource(0, path="../../../regions.csv"),
        {("data-package-profile", "datapackage.json"), ("frictionless", "datapackage.json")},
    ),
}


def refused(built: pipeline.Built, folder: Path, mutate: Mutate, monkeypatch: pytest.MonkeyPatch) -> GateError:
    """Publish with every staged file going through ``mutate``; the gate must refuse."""
    make = assemble.release_files

    def mutated(planned: assemble.Draft, date: str, code: Mapping[str, Any]) -> dict[str, disk.Data]:
        files = make(planned, date, code)
        small = {name: data if isinstance(data, bytes) else disk.read(data.path) for name, data in files.items()}
        mutate(small)
        return {**small}

    monkeypatch.setattr(assemble, "release_files", mutated)
    with pytest.raises(GateError) as caught:
        pipeline.publish(built, pipeline.open_store(Settings(PROJECT, folder)), "2026-11-22")
    return caught.value


@pytest.fixture(scope="module")
def small_built(small: Path) -> pipeline.Built:
    """The tables of the small project, which have every kind of cell that is spoilt here."""
    return pipeline.build(pipeline.gather(Settings(small.parent, small)))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.replace(" ", "-"))
def test_one_wrong_thing_is_refused(
    case: str, small_built: pipeline.Built, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mutate, expected = CASES[case]
    error = refused(small_built, tmp_path / "published", mutate, monkeypatch)
    assert {(finding.code, finding.place) for finding in error.findings} == expected
    assert error.exit_code == 1
    assert tree(tmp_path / "published") == {}


def test_a_moved_span_is_refused(small_built: pipeline.Built, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    row = next(
        row for row in small_built.content.tables["evidence"].rows if (row["row_id"], row["field"]) == ("P101", "title")
    )
    key = SCHEMAS.tables["evidence"].row_id(row)
    mutate = set_cell("evidence", key, "char_end", str(int(row["char_end"] or 0) - 1))
    error = refused(small_built, tmp_path / "published", mutate, monkeypatch)
    assert [(finding.code, finding.table, finding.row, finding.field) for finding in error.findings] == [
        ("evidence-span", "projects", "P101", "title")
    ]
    assert error.findings[0].place == f"raw/central-asia-2025.txt:{row['line_start']}"


def test_a_refused_release_leaves_the_one_before_as_it_was(
    small_built: pipeline.Built, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "published"
    store = pipeline.open_store(Settings(PROJECT, folder))
    pipeline.publish(small_built, store, "2026-11-22")
    before = tree(folder)
    other = replace(small_built, content=replace(small_built.content, digest="0" * 64))
    refused(other, folder, swap("regions.csv", b"Tashkent", b"Samarkand"), monkeypatch)
    assert tree(folder) == before
    assert not [path for path in folder.iterdir() if path.name.startswith(".staging")]


def test_only_the_first_rows_of_a_large_table_go_through_frictionless_and_the_report_says_so(
    published: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate, "FRICTIONLESS_ROWS", 100)
    report = gate.judge(published / "releases/1.0.0", []).report
    assert report["checks"][-1]["check"] == "data-package"
    assert report["checks"][-1]["first_rows_only"] == {"evidence": 100, "project_countries": 100, "project_regions": 100}


@pytest.mark.parametrize(
    "case", [case for case in CASES if dict(CASES[case][1]).get("frictionless", DESCRIPTOR) != DESCRIPTOR]
)
def test_frictionless_refuses_the_same_after_a_release_that_passed(case: str, small: Path, tmp_path: Path) -> None:
    before = small / "releases/1.0.0"
    shutil.copytree(before, tmp_path / "next")
    files = {path.name: path.read_bytes() for path in before.iterdir() if path.is_file()}
    CASES[case][0](files)
    for name, data in files.items():
        (tmp_path / "next" / name).write_bytes(data)
    _, _, findings = frictionless_verdict(tmp_path / "next", (False, {}), before)
    assert {("frictionless", finding.place) for finding in findings} == {
        each for each in CASES[case][1] if each[0] == "frictionless"
    }


def test_frictionless_reads_a_table_again_only_if_it_or_the_keys_to_which_it_refers_changed(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, read = small / "releases/1.0.0", list[str]()
    validate = frictionless.Resource.validate

    def noted(resource: frictionless.Resource, **options: Any) -> Any:
        read.append(resource.name or "")
        return validate(resource, **options)

    monkeypatch.setattr(frictionless.Resource, "validate", noted)
    frictionless_verdict(before, (False, {}), before)
    assert read == []
    shutil.copytree(before, tmp_path / "next")
    names, rows = read_csv((before / "countries.csv").read_bytes())
    others = [row for row in rows if row["country_id"] != "UZB"]
    (tmp_path / "next/countries.csv").write_bytes(csv_bytes(names, others))
    _, _, findings = frictionless_verdict(tmp_path / "next", (False, {}), before)
    refer = {
        name for name, table in SCHEMAS.tables.items() if any(key.resource == "countries" for key in table.foreign_keys)
    }
    there = {one["name"] for one in json.loads((before / "datapackage.json").read_bytes())["resources"]}
    assert set(read) == {"countries", *(there & {f"{name}{form}" for name in refer for form in ("", "-json")})}
    assert any("memberships.csv" in finding.place for finding in findings)


def test_frictionless_judges_in_the_second_process_where_there_is_one(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[str] = []

    def begin(function: Callable[..., Any], *arguments: Any) -> Callable[[], Any]:
        begun.append(function.__name__)
        return lambda: function(*arguments)

    monkeypatch.setattr(beside, "is_open", lambda: True)
    monkeypatch.setattr(beside, "begin", begin)
    monkeypatch.setattr(gate, "by_frictionless", lambda folder, released, known, before: known[2])
    assert gate.judge(small / "releases/1.0.0", []).report["valid"]
    assert begun[0] == "frictionless_verdict"


# --- a release that passed


def test_the_release_passes_the_gate_again_and_gives_the_report_it_holds(built: pipeline.Built, published: Path) -> None:
    folder = published / "releases/1.0.0"
    assert (
        dumped(gate.judge(folder, built.findings, built.content.built.reasons).report)
        == (folder / "report.json").read_bytes()
    )


def releases() -> list[object]:
    """The release made here from the real sources, and every committed one."""
    committed = sorted((PROJECT / "published/releases").glob("[0-9]*"))
    return ["made here", *(pytest.param(path, id=path.name) for path in committed)]


@pytest.fixture(params=releases())
def release(request: pytest.FixtureRequest, published: Path) -> Path:
    """A release folder."""
    return published / "releases/1.0.0" if request.param == "made here" else Path(request.param)


def by_command(release: Path) -> Any:
    """Return what frictionless reports of a release, as whoever has its program sees it."""
    command = [str(Path(sys.executable).parent / "frictionless"), "validate", "--json", "datapackage.json"]
    done = subprocess.run(command, cwd=release, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


def test_frictionless_finds_every_release_valid(release: Path, request: pytest.FixtureRequest) -> None:
    made_here = request.node.callspec.params["release"] == "made here"
    report = by_command(release) if made_here else frictionless.validate(str(release / "datapackage.json")).to_dict()
    assert report["valid"] and report["stats"] | {"seconds": 0} == {
        "tasks": len(json.loads((release / "datapackage.json").read_text())["resources"]),
        "errors": 0,
        "warnings": 0,
        "seconds": 0,
    }


def test_the_descriptor_holds_to_the_official_profile(release: Path) -> None:
    assert list(by_profile(json.loads((release / "datapackage.json").read_text(encoding="utf-8")))) == []


def test_sha256sum_alone_finds_every_file_unchanged(release: Path) -> None:
    done = subprocess.run(
        ["sha256sum", "--check", "--strict", SUMS], cwd=release, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    listed = {line.split("  ", 1)[1] for line in (release / SUMS).read_text().splitlines()}
    there = {str(path.relative_to(release)) for path in release.rglob("*") if path.is_file()}
    assert there - listed <= {SUMS, "attestation.json"} and listed <= there


def test_the_tables_of_a_release_are_the_same_in_every_form(release: Path) -> None:
    package = read_package(release / "schemas")
    resources = json.loads((release / "datapackage.json").read_text(encoding="utf-8"))["resources"]
    assert {entry["path"] for entry in resources} == {
        path.name for path in release.iterdir() if path.suffix in {".csv", ".json"}
    } - {"datapackage.json", "release.json", "report.json", "attestation.json", "cbrn-data.json"}
    for entry in resources:
        if entry["format"] == "csv":
            names, rows = read_csv((release / entry["path"]).read_bytes())
            assert names == package.tables[entry["name"]].names
            typed = json.loads((release / f"{entry['name']}.json").read_text(encoding="utf-8"))
            as_text = [{name: None if cell is None else str(cell) for name, cell in row.items()} for row in typed]
            assert as_text == rows
            order = package.tables[entry["name"]].order if entry["name"] != "changes" else order_of_changes(release, package)
            assert rows == sorted(rows, key=order)


def order_of_changes(release: Path, package: Package) -> Callable[[Row], Any]:
    """Return what changes are sorted by: tables and fields as they are defined, rows by their keys.

    Before 2.1.0 rows were sorted by the text of their keys.
    """
    by_text = [*map(int, release.name.split("."))] < [2, 1, 0]
    places = {
        (name, package.tables[name].row_id(row)): package.tables[name].order(row)
        for folder in sorted(release.parent.glob("[0-9]*")) if not by_text
        for name, table in released_tables(folder, read_package(folder / "schemas")).items() if name in package.tables
        for row in table.rows
    }  # fmt: skip

    def order(change: Row) -> Any:
        name, row_id = change["table_name"] or "", unescape_formula(change["row_id"] or "")
        if name not in package.tables:
            return len(package.tables), name
        names = package.tables[name].names
        field = names.index(change["field"] or "") if change["field"] in names else -1
        place = () if row_id == "*" else ((0, row_id),) if by_text else places[name, row_id]
        return list(package.tables).index(name), place, field

    return order


def test_nothing_of_this_machine_stands_in_a_release(release: Path) -> None:
    words = {str(PROJECT), os.uname().nodename, str(Path.home())} - {"/", "", "localhost"}
    for path in release.rglob("*"):
        if path.is_file():
            text = path.read_bytes()
            assert not [word for word in words if len(word) > 3 and word.encode() in text], path
