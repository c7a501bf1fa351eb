"""What of a source is left out, with its evidence and with every number and digest: found without the producer.

Each attack is made on one release and signed again by its own key, as a publisher could do it, so nothing else is wrong.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cbrn_data.verify.results import FAILED, NOT_CHECKED
from tests.conftest import PROJECT
from tests.history import OWN
from tests.verify import forging
from tests.verify.conftest import Verify
from tests.verify.forging import Rows, edit_json, leave_out, replace, resign
from tests.verify.test_tamper import LAST, MIDDLE


def without(table: str, row_id: str, field: str | None = None) -> Callable[[Path], None]:
    """Leave out a row, or only its cell, with the evidence."""

    def change(rows: Rows) -> None:
        parts = row_id.rsplit("/", 1) if table != "figures" else [row_id]
        (row,) = [row for row in rows[table] if [*row.values()][: len(parts)] == parts]
        if field:
            row[field] = None
        else:
            rows[table].remove(row)
        gone = {"table_name": table, "row_id": row_id} | ({"field": field} if field else {})
        rows["evidence"] = [kept for kept in rows["evidence"] if any(kept[name] != value for name, value in gone.items())]

    return lambda folder: leave_out(folder, change)


def without_pair(table: str, key: str, name: str) -> Callable[[Rows], None]:
    """Leave out the first row that says what a sentence of a leaflet names, with its evidence."""

    def change(rows: Rows) -> None:
        of_leaflets = {row["row_id"] for row in rows["evidence"] if (row["source_id"] or "").startswith("central-asia-20")}
        row = next(
            row
            for row in rows[table]
            if f"{row['achievement_id']}/{row[key]}" in of_leaflets and (row[key] or "").startswith(name)
        )
        rows[table].remove(row)
        gone = table, f"{row['achievement_id']}/{row[key]}"
        rows["evidence"] = [each for each in rows["evidence"] if (each["table_name"], each["row_id"]) != gone]

    return change


def relabelled(folder: Path) -> None:
    """Call a curated table a received document, of which no row need be in a table."""

    def change(rows: Rows) -> None:
        next(row for row in rows["sources"] if row["source_id"] == "project-countries")["kind"] = "document"
        rows["project_countries"] = []
        rows["evidence"] = [row for row in rows["evidence"] if row["source_id"] != "project-countries"]

    replace(folder / "sources/project_countries.csv.yaml", "kind: curated", "kind: document")
    leave_out(folder, change)


def named(change: Callable[[list[Any]], object]) -> Callable[[Path], None]:
    """Change what the report names as left out."""

    def spoil(folder: Path) -> None:
        edit_json(folder / "report.json", lambda report: change(report["left_out"]))
        forging.resum(folder)

    return spoil


def also(change: Callable[[Path], None], *left_out: dict[str, Any]) -> Callable[[Path], None]:
    """Leave something out, and let the report name it."""

    def spoil(folder: Path) -> None:
        change(folder)
        named(lambda said: said.extend(left_out))(folder)

    return spoil


TAJIKISTAN = without("memberships", "central-asia/TJK")
ATTACKS = {
    "a curated row": (without("project_countries", "P53/AFG"), "project-countries:2: this line is neither in the tables"),
    "a curated cell": (without("projects", "P31", "implementer"), "the value of implementer is neither in the tables"),
    "a whole curated source": (relabelled, "project-countries:1: this line is neither in the tables"),
    "a sentence of a leaflet": (
        without("figures", "central-asia/focal_points_appointed/2025"),
        "central-asia-2025:119 is in no table, and report.json does not name it",
    ),
    "a country of a leaflet": (
        without("memberships", "central-asia/TJK"),
        "central-asia-2026:39 is in no table, and report.json does not name it",
    ),
    "words within a line": (
        without("regions", "central-asia", "funder"),
        "central-asia-2026:19::Funded by the **European Union** and implemented in partnership with ** is in no table",
    ),
    "a country that the report calls a heading": (
        also(TAJIKISTAN, {"source_id": "central-asia-2026", "reason": "heading", "lines": [39]}),
        "central-asia-2026:39 names TJK, which is in no table",
    ),
    "a country with a finding that the report does not have": (
        also(TAJIKISTAN, {"source_id": "central-asia-2026", "reason": "country-left-out", "lines": [39]}),
        "central-asia-2026:39 is in no table, and report.json does not name it with its reason",
    ),
    "a country that a sentence names": (
        lambda folder: leave_out(folder, without_pair("achievement_countries", "country_id", "KAZ")),
        "names KAZ, which is in no table",
    ),
    "a project that a sentence names": (
        lambda folder: leave_out(folder, without_pair("achievement_projects", "project_id", "P")),
        "names P",
    ),
    "a reason": (named(lambda said: said.pop()), "is in no table, and report.json does not name it with its reason"),
    "another reason": (
        named(lambda said: [each.update(reason="pages-disagree") for each in said if each["source_id"] == "countries"]),
        "is in no table, and report.json does not name it with its reason",
    ),
    "too many reasons": (
        named(lambda said: said.append({"source_id": "countries", "reason": "not-referenced", "lines": [7000]})),
        "report.json names countries:7000 as left out, but it is not",
    ),
    "no list": (named(lambda said: said.append({})), "cannot be checked: KeyError"),
}


@pytest.mark.parametrize(("spoil", "said"), ATTACKS.values(), ids=[*ATTACKS])
def test_what_is_left_out_is_found(spoil: Callable[[Path], None], said: str, store: Path, verify: Verify) -> None:
    spoil(store / LAST)
    resign(store / LAST, OWN)
    found = verify(store / LAST)
    assert found.of(FAILED).keys() == {"complete"}, found.of(FAILED)
    assert said in found.of(FAILED)["complete"]
    assert found.code == 1


def test_a_report_that_goes_back_to_the_older_form_is_refused(store: Path, verify: Verify) -> None:
    edit_json(store / LAST / "report.json", lambda report: report.pop("left_out"))
    resign(store / LAST, OWN)
    forging.rederive(store)
    found = verify(store)
    assert "report.json does not name what is left out, as that of 1.1.0 does" in found.of(FAILED)["complete"]


def test_a_report_names_what_is_left_out(store: Path, verify: Verify) -> None:
    said = json.loads((store / MIDDLE / "report.json").read_bytes())["left_out"]
    reasons = {(each["source_id"], each.get("field"), each["reason"]) for each in said}
    assert reasons == {
        ("central-asia-2025", None, "heading"),
        ("central-asia-2025", None, "around-values"),
        ("central-asia-2026", None, "heading"),
        ("central-asia-2026", None, "around-values"),
        ("countries", None, "not-referenced"),
    }
    assert {
        "source_id": "central-asia-2026",
        "words": "ESTABLISHED:",
        "reason": "around-values",
        "lines": [15],
    } in said
    detail = next(result["detail"] for result in verify(store / MIDDLE).results if result["check"] == "complete")
    assert detail.startswith("every row, cell and line of the sources is in the tables or left out for a reason: ")


def test_a_release_of_the_older_form_is_verified(verify: Verify) -> None:
    found = verify(PROJECT / "published/releases/1.0.0")
    assert found.code == 0
    assert "report.json has the older form" in found.of(NOT_CHECKED)["complete"]


def test_a_source_of_a_region_without_edition_has_the_year_of_reading(store: Path, verify: Verify) -> None:
    def change(rows: Rows) -> None:
        (row,) = [row for row in rows["sources"] if row["source_id"] == "projects"]
        row |= {"region_id": "central-asia", "edition": (row["retrieved_on"] or "")[:4]}

    sidecar = store / LAST / "sources/projects.csv.yaml"
    sidecar.write_text(sidecar.read_text(encoding="utf-8") + "region: central-asia\n", encoding="utf-8")
    leave_out(store / LAST, change)
    resign(store / LAST, OWN)
    assert "sources" in verify(store / LAST).of("passed")
