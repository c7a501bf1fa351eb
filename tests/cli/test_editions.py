"""Four releases through the real command line: what was planned is what was published, and every cell of it is known."""

from __future__ import annotations

import hashlib
import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from cbrn_data.release.changes import apply_changes
from cbrn_data.schema.model import read_package
from cbrn_data.schema.table import released_tables
from tests.cli.conftest import Command, History
from tests.records import csv_bytes, read_csv, tables_of

VERSIONS = ["1.0.0", "1.1.0", "1.1.1", "2.0.0"]
PAIRS = list(pairwise(VERSIONS))


def release(history: History, version: str) -> Path:
    return history.root / "published/releases" / version


def index(history: History) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = json.loads((history.root / "published/releases.json").read_bytes())["releases"]
    return entries


def cells(table: str, row: str, change: str, **values: tuple[str | None, str | None]) -> list[tuple[str | None, ...]]:
    return [(table, row, field, change, old, new) for field, (old, new) in values.items()]


def digest(history: History, version: str, source: str) -> str:
    return hashlib.sha256((release(history, version) / "sources" / source).read_bytes()).hexdigest()


# --- versions


def test_each_step_gives_the_version_that_was_planned(history: History) -> None:
    assert [entry["version"] for entry in history.published] == VERSIONS
    for plan, published in zip(history.plans, history.published, strict=True):
        assert (plan["news"], plan["version"], plan["summary"]) == (True, published["version"], published["summary"])
        assert published["published"] and plan["findings"] == published["findings"]
    assert [plan["previous"] for plan in history.plans] == [None, "1.0.0", "1.1.0", "1.1.1"]


def test_each_version_says_why_it_is_that(history: History) -> None:
    first, edition, correction, removal = [[tuple(reason.values()) for reason in plan["why"]] for plan in history.plans]
    assert first == []
    assert edition[0] == ("minor", "1 row added to countries")
    assert {step for step, _ in edition} == {"minor", "patch"}
    assert correction == [
        ("patch", "1 row changed in evidence"),
        ("patch", "1 row changed in projects"),
        ("patch", "1 row changed in sources"),
    ]
    assert removal == [
        ("major", "1 row removed from project_countries"),
        ("patch", "1 row changed in sources"),
        ("patch", "2 rows removed from evidence"),
    ]


def test_the_planned_changes_are_those_in_the_release(history: History) -> None:
    assert not (release(history, "1.0.0") / "changes.csv").exists()
    for plan in history.plans[1:]:
        folder = release(history, plan["version"])
        assert read_csv((folder / "changes.csv").read_bytes())[1] == plan["changes"]
        assert json.loads((folder / "changes.json").read_bytes()) == plan["changes"]


# --- deltas


def test_a_corrected_cell_changes_that_cell_its_quote_and_the_digest_of_its_source(history: History) -> None:
    was, now = "2026-01-31", "2026-01-30"
    changes = [tuple(change.values()) for change in history.plans[2]["changes"]]
    sha256 = (digest(history, "1.1.0", "projects.csv"), digest(history, "1.1.1", "projects.csv"))
    assert changes[:2] == [
        *cells("projects", "P94", "changed", date_end=(was, now)),
        *cells("sources", "projects", "changed", sha256=sha256),
    ]
    (quote,) = changes[2:]
    assert quote[0] == "evidence" and str(quote[1]).startswith("projects/P94/date_end/projects/")
    assert quote[2:] == ("quote", "changed", was, now)


def test_a_removed_row_takes_its_evidence_along(history: History) -> None:
    changes = [tuple(change.values()) for change in history.plans[3]["changes"]]
    name = "project_countries.csv"
    sizes = [str((release(history, version) / "sources" / name).stat().st_size) for version in ("1.1.1", "2.0.0")]
    assert changes[:3] == [
        ("project_countries", "P101/UZB", "*", "removed", '{"project_id": "P101", "country_id": "UZB"}', None),
        *cells(
            "sources",
            "project-countries",
            "changed",
            bytes=(sizes[0], sizes[1]),
            sha256=(digest(history, "1.1.1", name), digest(history, "2.0.0", name)),
        ),
    ]
    assert {(change[0], str(change[1]).rpartition("/")[0], change[3], change[5]) for change in changes[3:]} == {
        ("evidence", f"project_countries/P101/UZB/{field}/project-countries", "removed", None)
        for field in ("project_id", "country_id")
    }


def test_a_new_leaflet_adds_what_it_names_and_keeps_what_was(history: History) -> None:
    rows: dict[tuple[str, str], set[str]] = {}
    for change in history.plans[1]["changes"]:
        rows.setdefault((change["table_name"], change["change"]), set()).add(change["row_id"])
    assert rows[("countries", "added")] == {"TKM"}
    assert rows[("memberships", "added")] == {"central-asia/TKM"}
    assert rows[("projects", "added")] == {"P113"}
    assert rows[("priorities", "added")] == {"central-asia/cbrn-waste-management"}
    assert rows[("sources", "added")] == {"central-asia-2026"}
    assert {row.rpartition("/")[2] for row in rows[("figures", "added")]} == {"2026"}
    assert len(rows[("achievements", "added")]) == 2
    assert {kind for table, kind in rows if table != "evidence"} == {"added", "changed"}


@pytest.mark.parametrize(("old", "new"), PAIRS)
def test_the_published_changes_make_the_new_tables_of_the_old_byte_for_byte(history: History, old: str, new: str) -> None:
    before, after = release(history, old), release(history, new)
    package = read_package(after / "schemas")
    changes = read_csv((after / "changes.csv").read_bytes())[1]
    tables = released_tables(before, read_package(before / "schemas"))
    made = apply_changes(changes, tables, tables_of({}, package))
    assert made.keys() == package.tables.keys() - {"changes"}
    for name in made:
        if not (after / f"{name}.csv").exists():
            assert made[name] == [] and name == "quarantine"
            continue
        assert csv_bytes(package.tables[name].names, made[name]) == (after / f"{name}.csv").read_bytes(), name


@pytest.mark.parametrize(("old", "new"), PAIRS)
def test_diff_says_what_the_release_says(history: History, cbrn_data: Command, tmp_path: Path, old: str, new: str) -> None:
    published = release(history, new) / "changes.csv"
    done = cbrn_data("diff", old, new, "--json", "--root", history.root)
    assert done.code == 0 and done.json == read_csv(published.read_bytes())[1]
    written = cbrn_data("diff", old, new, "--output", tmp_path / "changes.csv", "--root", history.root)
    assert written.code == 0
    assert (tmp_path / "changes.csv").read_bytes() == published.read_bytes()


def test_diff_goes_over_several_releases_and_back(history: History, cbrn_data: Command) -> None:
    there = cbrn_data("diff", "1.0.0", "2.0.0", "--json", "--root", history.root).json
    back = cbrn_data("diff", "2.0.0", "1.0.0", "--json", "--root", history.root).json
    mirrored = {"added": "removed", "removed": "added", "changed": "changed"}
    assert back == [
        change | {"change": mirrored[change["change"]], "old": change["new"], "new": change["old"]} for change in there
    ]
    same = cbrn_data("diff", "2.0.0", "2.0.0", "--root", history.root)
    assert (same.code, same.out) == (0, "No changes.\n")


# --- for people


def test_changes_are_told_to_people(history: History) -> None:
    assert (release(history, "1.1.1") / "CHANGES.md").read_text(encoding="utf-8") == (
        "# 1.1.1\n\n1 project changed (P94).\n\n"
        "Completeness of projects: 11 named here; the leaflet of Central Asia claims 19.\n\n"
        "Compared with 1.1.0. Why this version:\n\n"
        "- patch: 1 row changed in evidence\n"
        "- patch: 1 row changed in projects\n"
        "- patch: 1 row changed in sources\n\n"
        "## Projects\n\n"
        "- changed `P94`\n"
        "  - date_end: 2026-01-31 → 2026-01-30\n\n"
        "Every changed cell, with its old and new value, is in `changes.csv`.\n"
    )
    text = (release(history, "1.1.0") / "CHANGES.md").read_text(encoding="utf-8")
    assert "- added `P113`: Supporting National Teams in Central Asia in the Implementation of Action Plans\n" in text


def test_releases_are_listed_newest_first(history: History, cbrn_data: Command) -> None:
    done = cbrn_data("releases", "--root", history.root)
    assert [line.split()[0] for line in done.out.splitlines() if line[0].isdigit()] == VERSIONS[::-1]
    listed = cbrn_data("releases", "--json", "--root", history.root).json
    assert [(entry["version"], entry["date"]) for entry in listed] == [
        ("2.0.0", "2026-11-25"),
        ("1.1.1", "2026-11-24"),
        ("1.1.0", "2026-11-23"),
        ("1.0.0", "2026-11-22"),
    ]


def test_history_is_a_chain(history: History) -> None:
    entries = index(history)[::-1]
    assert [entry["sequence"] for entry in entries] == [1, 2, 3, 4]
    for before, entry in zip([None, *entries], entries, strict=False):
        folder = release(history, entry["version"])
        assert entry["digest"] == hashlib.sha256((folder / "SHA256SUMS").read_bytes()).hexdigest()
        assert json.loads((folder / "release.json").read_bytes())["previous"] == (before and before["digest"])


def test_nothing_new_says_so_and_changes_nothing(history: History, cbrn_data: Command) -> None:
    def stamps() -> dict[Path, tuple[int, int]]:
        return {path: (path.stat().st_mtime_ns, path.stat().st_ino) for path in (history.root / "published").rglob("*")}

    before = stamps()
    for command in ("plan", "publish"):
        done = cbrn_data(command, "--root", history.root)
        assert done.code == 0
        assert done.out.startswith("Nothing new: 2.0.0 already has this content.\n")
    assert cbrn_data("plan", "--json", "--root", history.root).json["news"] is False
    assert cbrn_data("publish", "--json", "--root", history.root).json["published"] is False
    assert {path: stamp for path, stamp in stamps().items() if not path.name.startswith(".")} == {
        path: stamp for path, stamp in before.items() if not path.name.startswith(".")
    }


def test_an_older_release_can_be_traced(history: History, cbrn_data: Command) -> None:
    arguments = ("trace", "projects", "P94", "date_end", "--json", "--root", history.root)
    values = [cbrn_data(*arguments, "--release", version).json[0]["value"] for version in VERSIONS]
    assert values == ["2026-01-31", "2026-01-31", "2026-01-30", "2026-01-30"]
