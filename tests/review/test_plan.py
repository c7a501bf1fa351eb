"""The page of a plan and of a difference: what blocks comes first, and each changed row is there once with its words."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from cbrn_data import pipeline
from cbrn_data.cli.plan import plan_json
from cbrn_data.review.changed import MOST_ROWS, changed_tables
from cbrn_data.review.plan import plan_page
from cbrn_data.schema.model import read_package
from cbrn_data.schema.table import Row
from tests.cli.conftest import run
from tests.conftest import PROJECT, Once
from tests.plans import ENVIRONMENT, planned, second
from tests.portal.conftest import Page
from tests.records import tables_of

HOSTILE = '<script>alert(1)</script><img src="https://x.example/">'


@pytest.fixture(scope="module")
def root(once: Once, small: Path) -> Path:
    """A project with a changed cell, a new row of hostile text, and a row taken out since its first release."""

    def make(folder: Path) -> None:
        second(
            small,
            folder / "root",
            projects=lambda text: text.replace(",2026-01-31,", ",2026-01-30,") + _new(text),
            project_countries=lambda text: text[: text.rindex("P101,UZB,")],
        )

    return once("planned", make) / "root"


def _new(text: str) -> str:
    """Return a row with the columns of the table."""
    header = text.splitlines()[0].split(",")
    cells = {"project_id": "P999", "number": "999", "title_official": f'"{HOSTILE.replace(chr(34), chr(34) * 2)}"'}
    cells |= {"url": "https://x.example/", "certainty": "high", "read_on": "2026-11-22"}
    return ",".join(cells.get(name, "") for name in header) + "\n"


@pytest.fixture(scope="module")
def plan(root: Path) -> tuple[bytes, dict[str, object]]:
    """The page of the plan, and its JSON."""
    built, draft = planned(root)
    findings = pipeline.plan_findings(draft, built)
    return plan_page(draft, findings), json.loads("".join(plan_json(draft, findings, None)))


def text_of(page: Page) -> str:
    return " ".join(" ".join(part for one in page.elements for part in one.text).split())


def check_self_contained(data: bytes) -> Page:
    """Return a page that loads nothing, whose addresses lead to places within it."""
    page = Page(data)
    ids = [one.attributes["id"] for one in page.elements if "id" in one.attributes]
    addresses = [one.attributes[name] for one in page.elements for name in ("href", "src") if name in one.attributes]
    assert sorted(ids) == sorted(set(ids)) and {one.removeprefix("#") for one in addresses} <= set(ids)
    assert b"url(" not in data and b"@import" not in data and page.named("script") == [] and page.named("img") == []
    return page


def test_the_page_of_a_plan_loads_nothing_and_has_what_blocks_first(plan: tuple[bytes, dict[str, object]]) -> None:
    page, said = check_self_contained(plan[0]), text_of(Page(plan[0]))
    assert page.named("h1")[0].text == ["Plan"]
    verdict, error, warning, changes = (
        said.index(words)
        for words in ("Blocked: 2.0.0 would not be published", "guard-keys-removed", "projects-named-differ", "1 removed")
    )
    assert verdict < error < warning < changes
    assert "pass --allow guard-keys-removed:project_countries --reason TEXT" in said
    assert HOSTILE in said


def test_each_row_is_there_once_and_old_and_new_values_have_their_words(plan: tuple[bytes, dict[str, object]]) -> None:
    rows = re.findall(r'<th scope="rowgroup" rowspan="[0-9]+"><bdi>([^<]*)', plan[0].decode())
    assert [rows.count(row) for row in ("P94", "P999", "P101/UZB")] == [1, 1, 1]
    text = re.sub(r"<[^>]*>|\s+", " ", plan[0].decode())
    changed = " ".join(text[text.index(" P94 ") :].split())
    assert changed.startswith("P94 End 2026-01-31 2026-01-31 projects.csv :13, stated by https://"), changed[:200]
    assert " curated 2026-01-30 2026-01-30 projects.csv :13, stated by https://" in changed


def test_the_json_of_a_plan_is_whole(plan: tuple[bytes, dict[str, object]]) -> None:
    said = plan[1]
    assert (said["blocked"], said["version"], said["previous"]) == (True, "2.0.0", "1.0.0")
    changes = said["changes"]
    assert isinstance(changes, list)
    kinds = [(row["table_name"], row["row_id"], row["change"]) for row in changes if row["table_name"] != "evidence"]
    assert kinds[:3] == [
        ("projects", "P94", "changed"),
        ("projects", "P999", "added"),
        ("project_countries", "P101/UZB", "removed"),
    ]


def test_plan_writes_the_page_and_the_json_and_still_says_that_it_is_blocked(root: Path, tmp_path: Path) -> None:
    page, whole = tmp_path / "plan.html", tmp_path / "plan.json"
    done = run("plan", "--html", page, "--output", whole, "--root", root, **ENVIRONMENT)
    assert done.code == 1 and "Blocked: would be 2.0.0 (after 1.0.0)" in done.out
    assert re.search(r"^added +projects/P999 +\* +<script>", done.out, re.MULTILINE)
    assert (
        json.loads(whole.read_text())["digest"] in page.read_text() and json.loads(whole.read_text())["digest"] in done.out
    )
    (root / "raw" / "stray.csv").write_text("x")
    try:
        refused = run("plan", "--html", page, "--output", whole, "--root", root, **ENVIRONMENT)
    finally:
        (root / "raw" / "stray.csv").unlink()
    assert refused.code == 1 and "Blocked: nothing would be published" in page.read_text()
    assert [one["code"] for one in json.loads(whole.read_text())["findings"]] == ["sidecar-missing"]
    inside = run("plan", "--html", root / "raw" / "plan.html", "--root", root, **ENVIRONMENT)
    assert inside.code == 2 and "must not be inside" in inside.err


def test_a_difference_of_two_releases_is_the_same_page(tmp_path: Path) -> None:
    page = tmp_path / "diff.html"
    done = run("diff", "1.0.0", "2.1.0", "--html", page, "--root", PROJECT, **ENVIRONMENT)
    assert done.code == 0 and "`cbrn-data diff 1.0.0 2.1.0 --html FILE` or `--output FILE` writes all" in done.out
    said = text_of(check_self_contained(page.read_bytes()))
    assert "Changes from 1.0.0 to 2.1.0" in said and "pages-disagree" in said and "achievements.csv" in said


def test_a_table_that_is_new_or_gone_is_listed_row_by_row() -> None:
    package = read_package(PROJECT / "schemas")
    countries: list[Row] = [{"country_id": code, "name": code} for code in ("KAZ", "UZB")]
    tables = tables_of({"countries": countries}, package)
    whole: Row = {
        "table_name": "countries",
        "row_id": "*",
        "field": "*",
        "change": "added",
        "old": None,
        "new": '{"rows": 2}',
    }
    (new,) = changed_tables({}, tables, [whole])
    assert (new.notes, new.counts["added"]) == (["new table"], 2)
    assert [(row.row_id, [(cell.old, cell.new) for cell in row.cells]) for row in new.rows] == [
        (code, [(None, code), (None, code)]) for code in ("KAZ", "UZB")
    ]
    (gone,) = changed_tables(tables, {}, [whole | {"change": "removed"}])
    assert [(kind, len(rows), more) for kind, rows, more in gone.parts] == [("removed", 2, 0)]
    assert MOST_ROWS > 1000
