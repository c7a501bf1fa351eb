"""Several editions and several regions at once: what stays, what is marked, what is current."""

from __future__ import annotations

import re
from typing import Any

import pytest

from cbrn_data.normalise.readings import achievement_id
from tests.conftest import PROJECT

pytestmark = pytest.mark.usefixtures("without_pages")

LEAFLETS = PROJECT / "tests" / "leaflets"
TWO = ("central-asia-2025", "central-asia-2026")
THREE = (*TWO, "central-asia-2027")
NAMES = sorted(path.stem for path in LEAFLETS.glob("*.txt") if re.fullmatch(r"[a-z-]+-[0-9]{4}", path.stem))
REGIONS = {name.rpartition("-")[0] for name in NAMES}
NEWEST = tuple(max(name for name in NAMES if name.rpartition("-")[0] == region) for region in sorted(REGIONS))
OLDEST = tuple(min(name for name in NAMES if name.rpartition("-")[0] == region) for region in sorted(REGIONS))


def editions(rows: list[dict[str, str | None]], key: str) -> dict[str, tuple[str, str]]:
    return {row[key] or "": (row["first_edition"] or "", row["last_edition"] or "") for row in rows}


def test_a_country_joins_and_is_dated_by_the_editions_that_list_it(made: Any) -> None:
    tables, _ = made.build(*TWO)
    listed = editions(tables["memberships"], "country_id")
    assert listed == dict.fromkeys(["KAZ", "KGZ", "MNG", "PAK", "TJK", "UZB"], ("2025", "2026")) | {"TKM": ("2026", "2026")}
    joined = {row["country_id"]: row["joined"] for row in tables["memberships"] if row["joined"]}
    assert joined == {"KAZ": "2020-11", "PAK": "2017"}


def test_a_project_leaves_and_another_arrives(made: Any) -> None:
    tables, _ = made.build(*TWO)
    status = {(row["project_id"], row["as_of_year"]): row["status"] for row in tables["project_listings"]}
    ongoing = {key for key, value in status.items() if value == "ongoing"}
    assert ongoing == {(f"P{number}", "2025") for number in (101, 105, 106, 109)} | {
        (f"P{number}", "2026") for number in (101, 106, 109, 113)
    }
    assert status["P105", "2026"] == "not_listed_as_ongoing"
    assert ("P113", "2025") not in status
    assert next(row["title"] for row in tables["projects"] if row["project_id"] == "P105") is not None


def test_a_priority_is_replaced_and_the_earlier_one_stays(made: Any) -> None:
    tables, _ = made.build(*TWO)
    listed = editions(tables["priorities"], "priority_id")
    assert len(listed) == 10
    assert listed.pop("central-asia/cbrn-forensics") == ("2025", "2025")
    assert listed.pop("central-asia/cbrn-waste-management") == ("2026", "2026")
    assert set(listed.values()) == {("2025", "2026")}
    current = sorted(int(row["position"] or 0) for row in tables["priorities"] if row["last_edition"] == "2026")
    assert current == list(range(1, 10))


def test_achievements_stay_with_the_edition_that_last_listed_them(made: Any) -> None:
    tables, _ = made.build(*THREE)
    rows = {(row["text"] or "")[:24]: row for row in tables["achievements"]}
    found = {text: (row["position"], row["first_edition"], row["last_edition"]) for text, row in rows.items()}
    assert found == {
        "In 2023–2024, national t": ("4", "2025", "2027"),
        "In March 2024 Project 87": ("2", "2025", "2025"),
        "On 21–22 May 2024, Proje": ("4", "2025", "2026"),
        "Throughout 2023–2024, Pr": ("5", "2025", "2026"),
        "The EU CBRN CoE Project ": ("5", "2025", "2025"),
        "Between March and May 20": ("1", "2026", "2026"),
        "On 14–15 April 2026, Pro": ("3", "2026", "2027"),
        "Building on Project 87, ": ("1", "2027", "2027"),
        "Throughout 2026, Kyrgyz,": ("2", "2027", "2027"),
    }


def test_an_id_stays_whatever_else_comes_or_goes(made: Any) -> None:
    alone = {row["achievement_id"]: row["text"] for row in made.build(TWO[0])[0]["achievements"]}
    later = {row["achievement_id"]: row["text"] for row in made.build(*THREE)[0]["achievements"]}
    assert alone.items() <= later.items()


def test_the_newest_edition_decides_and_the_order_of_sources_does_not(made: Any) -> None:
    tables, _ = made.build(*THREE)
    names = {row["country_id"]: row["name_in_source"] for row in tables["memberships"]}
    assert names["KGZ"] == "Kyrgyz Republic"
    assert made.build(*reversed(THREE))[0] == tables


def test_every_figure_stays_for_its_year(made: Any) -> None:
    tables, _ = made.build(*THREE)
    figures = {(row["measure"], row["as_of_year"]): row["value"] for row in tables["figures"]}
    assert [figures["projects_total", year] for year in ("2025", "2026", "2027")] == ["18", "19", "20"]
    assert [figures["projects_ongoing", year] for year in ("2025", "2026", "2027")] == ["4", "4", "1"]
    assert len(figures) == 15


def test_each_claim_is_held_against_what_is_named_up_to_its_year(made: Any) -> None:
    _, findings = made.build(*THREE)
    assert [(finding.code, finding.source, finding.message) for finding in findings] == [
        ("projects-named-differ", "raw/central-asia-2025.txt", "10 projects named here; the leaflet claims 18"),
        ("projects-named-differ", "raw/central-asia-2026.txt", "11 projects named here; the leaflet claims 19"),
        ("projects-named-differ", "raw/central-asia-2027.txt", "11 projects named here; the leaflet claims 20"),
    ]


@pytest.mark.parametrize("names", [NEWEST, OLDEST, tuple(NAMES)], ids=["newest", "oldest", "all editions"])
def test_all_regions_at_once_raise_nothing_but_what_leaflets_claim(made: Any, names: tuple[str, ...]) -> None:
    tables, findings = made.build(*names)
    assert {finding.code for finding in findings} == {"projects-named-differ"}
    assert len(findings) == len(names)
    assert {row["region_id"] for row in tables["regions"]} == REGIONS
    shared = {row["country_id"] for row in tables["memberships"] if row["region_id"] == "african-atlantic-facade"}
    assert shared & {row["country_id"] for row in tables["memberships"] if row["region_id"] == "north-africa-and-sahel"}


@pytest.mark.parametrize("name", [name for name in NAMES if not name.startswith("central-asia")])
def test_a_leaflet_of_another_region_alone_raises_nothing_that_blocks(made: Any, name: str) -> None:
    tables, findings = made.build(name, alone=True)
    assert {finding.code for finding in findings} <= {"projects-named-differ"}
    assert tables["countries"] and tables["memberships"]


@pytest.mark.parametrize("variant", ["central-asia-2025-capitals-reordered", "central-asia-2025-crlf-bom"])
def test_the_same_words_in_another_layout_give_the_same_values(made: Any, variant: str) -> None:
    """Ids, values and counts are the same; only where the words stand differs, and a title in capitals stays as printed."""
    expected, _ = made.build("central-asia-2025")
    got, _ = made.build(variant)
    for name in (
        "regions",
        "memberships",
        "project_regions",
        "project_listings",
        "achievements",
        "achievement_countries",
        "priorities",
    ):
        assert got[name] == expected[name], name


def test_leaflets_of_one_year_that_differ_are_told(made: Any) -> None:
    """A project of two regions whose leaflets print two titles in one year: neither is an edition of the other."""
    data = (LEAFLETS / "south-east-asia-2025.txt").read_bytes()
    title = "CBRN Table-top and field Exercises"
    text = data.decode("utf-8")
    assert title in text
    other = made.source(
        "south-east-asia-2025.txt",
        text.replace(title, "CBRN Desk and field Exercises").encode(),
        kind="leaflet",
        region="south-east-asia",
        edition="2025",
    )
    tables, findings = made.build("central-asia-2025", more=(other,))
    (finding,) = [finding for finding in findings if finding.code == "leaflets-differ"]
    assert finding.source == "raw/south-east-asia-2025.txt" and finding.field == "title" and not finding.is_error
    titles = [row["title"] or "" for row in tables["projects"] if row["project_id"] == "P106"]
    assert titles[0].startswith("CBRN Table-top")


def test_a_rename_keeps_the_id_of_a_mended_achievement(made: Any) -> None:
    first = "In March 2024 Project 87 capacitated 60 communication officers"
    text = (LEAFLETS / "central-asia-2025.txt").read_text(encoding="utf-8")
    (old,) = {
        row["achievement_id"]
        for row in made.build("central-asia-2025")[0]["achievements"]
        if (row["text"] or "").startswith(first)
    }
    mended = text.replace("capacitated 60", "trained 60")
    words = next(line for line in mended.splitlines() if line.startswith("In March 2024"))
    new = achievement_id("central-asia", words)
    renames = made.source(
        "renames.csv", f"new_id,achievement_id,reason\n{new},{old},wording mended\n".encode(), kind="renames"
    )
    later = made.source("central-asia-2026.txt", mended.encode(), kind="leaflet", region="central-asia", edition="2026")
    tables, findings = made.build("central-asia-2025", more=(later, renames))
    assert not any(finding.is_error for finding in findings)
    (row,) = [row for row in tables["achievements"] if row["achievement_id"] == old]
    assert (row["first_edition"], row["last_edition"], (row["text"] or "")[:30]) == ("2025", "2026", words[:30])
    assert new not in {row["achievement_id"] for row in tables["achievements"]}
    assert [row["project_id"] for row in tables["achievement_projects"] if row["achievement_id"] == old] == ["P87"]
