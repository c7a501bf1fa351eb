"""Curated rows: they fill what leaflets leave null, never overrule in silence, and bad ones are set aside or block."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from cbrn_data.findings import Finding
from cbrn_data.schema.model import Package
from cbrn_data.schema.table import Row
from cbrn_data.tabular.schema import ForeignKey
from tests.tables.conftest import Made

HEADER = "project_id,number,date_start,date_end,budget_eur,budget_qualifier,url,certainty"
PAGE = "https://example.org/page"


def told(findings: list[Finding]) -> list[tuple[str, str, str | None, str]]:
    chosen = [finding for finding in findings if finding.code != "projects-named-differ"]
    return [(finding.code, finding.place, finding.field, finding.message) for finding in chosen]


def project(tables: dict[str, list[Row]], project_id: str) -> dict[str, str | None]:
    return next(row for row in tables["projects"] if row["project_id"] == project_id)


def test_a_curated_row_fills_what_the_leaflet_leaves_null(made: Any) -> None:
    more = made.curated("projects", HEADER, f"P109,109,2024-01,2027,1000000,about,{PAGE},medium")
    tables, findings = made.build("central-asia-2025", more=(more,))
    row = project(tables, "P109")
    assert told(findings) == []
    assert (row["date_start"], row["date_end"], row["budget_eur"]) == ("2024-01", "2027", "1000000")
    found = [e for e in tables["evidence"] if (e["row_id"], e["field"]) == ("P109", "budget_eur")]
    assert [(e["quote"], e["method"], e["url"], e["certainty"], e["line_start"]) for e in found] == [
        ("1000000", "curated", PAGE, "medium", "2")
    ]


def test_a_row_may_name_an_archived_copy_of_its_page(made: Any) -> None:
    copy = "https://archive.example/2024/https://example.org/page"
    more = made.curated("projects", "project_id,date_start,url,archived_url,certainty", f"P109,2024-01,{PAGE},{copy},high")
    tables, findings = made.build("central-asia-2025", more=(more,))
    assert told(findings) == []
    found = {e["archived_url"] for e in tables["evidence"] if e["source_id"] == "extra"}
    assert found == {copy}
    assert {e["archived_url"] for e in tables["evidence"] if e["source_id"] != "extra"} == {None}


@pytest.mark.parametrize(
    ("copy", "code", "message"),
    [
        ("see the archive", "cell-format", "archived_url 'see the archive' is not an http(s) address"),
        (
            "https://archive.example/?a=1&utm_source=x",
            "curated-address",
            "archived_url has parameters that the page does not need: utm_source",
        ),
    ],
)
def test_an_archived_copy_has_an_address_like_a_page(copy: str, code: str, message: str, made: Any) -> None:
    more = made.curated("projects", "project_id,date_start,url,archived_url,certainty", f"P109,2024-01,{PAGE},{copy},high")
    _, findings = made.build("central-asia-2025", more=(more,))
    assert told(findings) == [(code, "raw/extra.csv:2", "archived_url", message)]


def test_several_pages_that_agree_are_all_evidence(made: Any) -> None:
    rows = [f"P109,109,2024,,,,https://example.org/{page},high" for page in ("a", "b")]
    tables, findings = made.build("central-asia-2025", more=(made.curated("projects", HEADER, *rows),))
    assert told(findings) == []
    found = [e["url"] for e in tables["evidence"] if (e["row_id"], e["field"]) == ("P109", "date_start")]
    assert found == ["https://example.org/a", "https://example.org/b"]


def test_two_pages_that_disagree_are_told_and_the_cell_is_null(made: Any) -> None:
    rows = [f"P109,109,{start},,,,https://{host}.example/page,high" for host, start in (("a", "2024-01"), ("b", "2024-07"))]
    tables, findings = made.build("central-asia-2025", more=(made.curated("projects", HEADER, *rows),))
    message = "date_start of P109 is '2024-07' here and '2024-01' in raw/extra.csv:2, by b.example and a.example"
    assert told(findings) == [("pages-disagree", "raw/extra.csv:3", "date_start", message)]
    assert not any(finding.is_error for finding in findings)
    assert project(tables, "P109")["date_start"] is None
    assert [e for e in tables["evidence"] if (e["row_id"], e["field"]) == ("P109", "date_start")] == []


def test_one_page_that_says_two_things_blocks(made: Any) -> None:
    rows = [f"P109,109,{start},,,,{PAGE},high" for start in ("2024-01", "2024-07")]
    _, findings = made.build("central-asia-2025", more=(made.curated("projects", HEADER, *rows),))
    assert told(findings) == [
        (
            "curated-conflict",
            "raw/extra.csv:3",
            "date_start",
            "date_start of P109 is '2024-07' here and '2024-01' in raw/extra.csv:2",
        )
    ]


def test_a_curated_value_against_the_leaflet_yields_and_is_told(made: Any) -> None:
    more = made.curated("projects", "project_id,title,url,certainty", f"P109,Zoonoses,{PAGE},high")
    tables, findings = made.build("central-asia-2025", more=(more,))
    assert project(tables, "P109")["title"] == "Mitigating the risks of zoonotic diseases in Central Asia"
    (finding,) = [finding for finding in findings if finding.code == "curated-overruled"]
    assert not finding.is_error and finding.place == "raw/extra.csv:2"
    assert finding.message == (
        "title of P109 is 'Zoonoses' here and 'Mitigating the risks of zoonotic diseases in Central Asia' "
        "in raw/central-asia-2025.txt:66"
    )


def test_involvement_in_a_region_holds_for_each_edition(made: Any) -> None:
    header = "project_id,region_id,url,certainty"
    project_row = made.curated("projects", "project_id,number,url,certainty", f"P99,99,{PAGE},high", name="p")
    involved = made.curated("project_regions", header, f"P99,central-asia,{PAGE},high", name="r")
    tables, findings = made.build("central-asia-2025", "central-asia-2026", more=(project_row, involved))
    assert told(findings) == []
    found = [(row["as_of_year"], row["status"]) for row in tables["project_listings"] if row["project_id"] == "P99"]
    assert found == [("2025", "not_listed_as_ongoing"), ("2026", "not_listed_as_ongoing")]
    assert [row["region_id"] for row in tables["project_regions"] if row["project_id"] == "P99"] == ["central-asia"]


def test_a_region_without_a_leaflet_has_what_pages_state_and_null_elsewhere(made: Any) -> None:
    region = made.curated(
        "regions",
        "region_id,name,established_on,established_event,url,certainty,read_on",
        f"atlantis,Atlantis,2013-03,opened,{PAGE},high,2026-11-28",
        name="regions",
    )
    members = made.curated(
        "memberships",
        "region_id,country_id,status,first_stated,last_stated,url,certainty",
        f"atlantis,KEN,partner,2014-01,2014-01,{PAGE}/a,high",
        f"atlantis,KEN,,2024,2024,{PAGE}/b,high",
        f"atlantis,GHA,former,,,{PAGE}/b,high",
        name="members",
    )
    tables, findings = made.build("central-asia-2025", more=(region, members))
    assert told(findings) == []
    row = next(row for row in tables["regions"] if row["region_id"] == "atlantis")
    assert {name: value for name, value in row.items() if value} == {
        "region_id": "atlantis",
        "name": "Atlantis",
        "established_on": "2013-03",
        "established_event": "opened",
    }
    known = {
        row["country_id"]: (row["status"], row["first_stated"], row["last_stated"], row["last_edition"])
        for row in tables["memberships"]
        if row["region_id"] == "atlantis"
    }
    assert known == {"KEN": ("partner", "2014-01", "2024", None), "GHA": ("former", None, None, None)}
    read = [e["read_on"] for e in tables["evidence"] if (e["row_id"], e["field"]) == ("atlantis", "established_on")]
    assert read == ["2026-11-28"]


def test_a_total_that_a_page_claims_is_held_against_what_is_named_and_begun_by_then(made: Any) -> None:
    header = "figure_id,region_id,measure,value,value_qualifier,as_of_year,text,wording,url,certainty"
    start = "central-asia,projects_total,9,exact"
    claims = [
        f"central-asia/projects_total/{year or 'undated'},{start},{year},Projects,ours,{PAGE},high" for year in ("", "2022")
    ]
    _, findings = made.build("central-asia-2025", more=(made.curated("figures", header, *claims),))
    assert [finding.message for finding in findings if finding.place.startswith("raw/extra")] == [
        "10 projects named here; the page claims 9",
        "6 projects named here; the page claims 9",
    ]


def test_only_countries_that_are_referred_to_are_published(made: Any) -> None:
    tables, _ = made.build("central-asia-2025", alone=True)
    assert [row["country_id"] for row in tables["countries"]] == ["KAZ", "KGZ", "MNG", "PAK", "TJK", "UZB"]


BAD_ROWS = {
    "cell-type": ("P109,109x,,,,,{page},high", "number", "number '109x' is not of type integer; an example: 101"),
    "cell-pattern": (
        "Q109,,,,,,{page},high",
        "project_id",
        "project_id 'Q109' does not match P[1-9][0-9]{0,3}; an example: P101",
    ),
    "cell-range": ("P109,0,,,,,{page},high", "number", "number '0' must be at least 1 and at most 9999"),
    "cell-enum": (
        "P109,,,,5,roughly,{page},high",
        "budget_qualifier",
        "budget_qualifier 'roughly' is not one of exact, about",
    ),
    "cell-missing": (",109,,,,,{page},high", "project_id", "project_id is part of the key and must not be empty"),
    "curated-unsourced": ("P109,109,,,,,,high", "url", "the public page that states this row is missing"),
    "curated-certainty": ("P109,109,,,,,{page},low", "certainty", "certainty is 'low', not high or medium"),
    "row-partial-date": ("P109,,2024-13,,,,{page},high", "date_start", "date_start '2024-13' is not in the calendar"),
    "row-in-order": ("P109,,2025,2024,,,{page},high", "date_start", "date_start 2025 is after date_end 2024"),
}


@pytest.mark.parametrize("code", BAD_ROWS)
def test_a_bad_row_blocks(code: str, made: Any) -> None:
    row, field, message = BAD_ROWS[code]
    _, findings = made.build("central-asia-2025", more=(made.curated("projects", HEADER, row.format(page=PAGE)),))
    assert told(findings) == [(code, "raw/extra.csv:2", field, message)]
    assert findings[0].is_error


@pytest.mark.parametrize("code", BAD_ROWS)
def test_a_bad_row_of_a_quarantined_table_is_set_aside_with_its_reason(code: str, made: Any) -> None:
    row, _, message = BAD_ROWS[code]
    good = f"P105,105,2023-12,,,,{PAGE},high"
    more = made.curated("projects", HEADER, row.format(page=PAGE), good, on_error="quarantine")
    tables, findings = made.build("central-asia-2025", more=(more,))
    assert [(found, place, said) for found, place, _, said in told(findings)] == [
        ("row-quarantined", "raw/extra.csv:2", f"{code}: {message}")
    ]
    (record,) = tables["quarantine"]
    assert (record["table_name"], record["source_id"], record["line"]) == ("projects", "extra", "2")
    assert (record["code"], record["reason"]) == (code, message)
    cells = [cell or None for cell in row.format(page=PAGE).split(",")]
    assert json.loads(record["row"] or "") == dict(zip(HEADER.split(","), cells, strict=True))
    assert project(tables, "P105")["date_start"] == "2023-12"


def test_a_row_of_another_width_is_set_aside_too(made: Any) -> None:
    more = made.curated("projects", HEADER, "P109,109", f"P105,105,2023-12,,,,{PAGE},high", on_error="quarantine")
    tables, findings = made.build("central-asia-2025", more=(more,))
    assert told(findings) == [
        ("row-quarantined", "raw/extra.csv:2", None, "csv-row-width: the row has 2 cells, the header has 8")
    ]
    assert [(row["code"], row["row"]) for row in tables["quarantine"]] == [("csv-row-width", '["P109", "109"]')]


def test_a_quotation_mark_that_is_not_closed_blocks_even_a_quarantined_table(made: Any) -> None:
    more = made.curated("projects", HEADER, f'P109,109,"2024,,,,{PAGE},high', on_error="quarantine")
    _, findings = made.build("central-asia-2025", more=(more,))
    assert [finding.code for finding in findings] == ["csv-quote"]


def test_every_reason_of_a_row_is_kept(made: Any) -> None:
    more = made.curated("projects", HEADER, "P109,x,2024-13,2023,y,,ftp://a,", on_error="quarantine")
    tables, _ = made.build("central-asia-2025", more=(more,))
    assert {row["code"]: row["reason"] for row in tables["quarantine"]} == {
        "cell-type": "budget_eur 'y' is not of type integer; an example: 6500000; "
        "number 'x' is not of type integer; an example: 101",
        "curated-certainty": "certainty is missing; it is high or medium",
        "curated-unsourced": "'ftp://a' is not an http(s) address",
        "row-in-order": "date_start 2024-13 is after date_end 2023",
        "row-partial-date": "date_start '2024-13' is not in the calendar",
    }


def test_text_like_a_formula_is_set_aside_or_blocks_and_is_never_changed(made: Any) -> None:
    lines = ("project_id,title_official,url,certainty", f"P109,=HYPERLINK(1),{PAGE},high")
    _, findings = made.build("central-asia-2025", more=(made.curated("projects", *lines),))
    assert told(findings) == [
        ("text-active", "raw/extra.csv:2", "title_official", "title_official looks like a formula: '=HYPERLINK(1)'")
    ]
    tables, findings = made.build("central-asia-2025", more=(made.curated("projects", *lines, on_error="quarantine"),))
    assert [code for code, *_ in told(findings)] == ["row-quarantined"]
    assert tables["quarantine"][0]["row"] == json.dumps(
        {"project_id": "P109", "title_official": "=HYPERLINK(1)", "url": PAGE, "certainty": "high"}
    )


def test_every_address_of_a_list_is_without_language_and_traces(made: Any) -> None:
    foreign = f"{PAGE}?prefLang=fi"
    data = f"{CORRECTIONS}\nprojects,P109,page_url,,{foreign},left out,{foreign}\n".encode()
    _, findings = made.build("central-asia-2025", more=(made.source("corrections.csv", data, kind="corrections"),))
    assert [(code, said) for code, _, _, said in told(findings)] == [
        ("correction-invalid", "url has parameters that the page does not need: prefLang"),
        ("correction-invalid", "value has parameters that the page does not need: prefLang"),
    ]
    data = f"new_id,achievement_id,url,reason\na,b,{foreign},mended\n".encode()
    _, findings = made.build("central-asia-2025", more=(made.source("renames.csv", data, kind="renames"),))
    assert told(findings)[0][:2] == ("curated-address", "raw/renames.csv:2")


CORRECTIONS = "table_name,row_id,field,expect,value,reason,url"


def test_a_correction_replaces_the_value_it_expects(made: Any) -> None:
    title = "Mitigating the risks of zoonotic diseases in Central Asia"
    data = f"{CORRECTIONS}\nprojects,P109,title,{title},Mitigating zoonotic risks,misprint,{PAGE}\n".encode()
    tables, findings = made.build("central-asia-2025", more=(made.source("corrections.csv", data, kind="corrections"),))
    assert told(findings) == []
    assert project(tables, "P109")["title"] == "Mitigating zoonotic risks"
    found = [e for e in tables["evidence"] if (e["row_id"], e["field"]) == ("P109", "title")]
    assert [(e["source_id"], e["quote"], e["method"], e["url"]) for e in found] == [
        ("corrections", "Mitigating zoonotic risks", "curated", PAGE)
    ]


def test_a_correction_can_fill_a_null(made: Any) -> None:
    data = f"{CORRECTIONS}\nprojects,P109,implementer,,ISTC,left out,{PAGE}\n".encode()
    tables, findings = made.build("central-asia-2025", more=(made.source("corrections.csv", data, kind="corrections"),))
    assert told(findings) == [] and project(tables, "P109")["implementer"] == "ISTC"


def test_a_corrected_value_is_judged_like_any_other(made: Any) -> None:
    data = f"{CORRECTIONS}\nprojects,P109,date_start,,2024-13,left out,{PAGE}\n".encode()
    _, findings = made.build("central-asia-2025", more=(made.source("corrections.csv", data, kind="corrections"),))
    assert [entry[:3] for entry in told(findings)] == [("row-partial-date", "raw/corrections.csv:2", "date_start")]


STALE = {
    "another value": ("projects,P109,title,Zoonoses,X,why,{page}", "expects 'Zoonoses' in title of P109, but the value is"),
    "no such row": ("projects,P9,title,,X,why,{page}", "expects nothing in title of P9, but there is no such row"),
}


@pytest.mark.parametrize("case", STALE)
def test_a_correction_that_no_longer_fits_is_itself_the_finding(case: str, made: Any) -> None:
    row, message = STALE[case]
    data = f"{CORRECTIONS}\n{row.format(page=PAGE)}\n".encode()
    _, findings = made.build("central-asia-2025", more=(made.source("corrections.csv", data, kind="corrections"),))
    ((code, place, _, said),) = told(findings)
    assert (code, place) == ("correction-stale", "raw/corrections.csv:2") and said.startswith(message)


def with_reference(package: Package, table: str, fields: tuple[str, ...], to: str, references: tuple[str, ...]) -> Package:
    """Return the definitions with one more foreign key."""
    changed = package.tables[table]
    keys = (*changed.foreign_keys, ForeignKey(fields, to, references))
    return replace(package, tables={**package.tables, table: replace(changed, foreign_keys=keys)})


@pytest.mark.parametrize(
    ("fields", "references", "lost"),
    [
        (("country_id",), ("country_id",), ["country_id 'FRA' is not in memberships"]),
        (
            ("project_id", "country_id"),
            ("region_id", "country_id"),
            [
                "project_id + country_id 'P101', 'KAZ' is not in memberships (region_id, country_id)",
                "project_id + country_id 'P101', 'FRA' is not in memberships (region_id, country_id)",
            ],
        ),
    ],
)
def test_a_reference_to_a_part_of_a_key_blocks_the_rows_that_lead_nowhere_and_no_others(
    made: Any, fields: tuple[str, ...], references: tuple[str, ...], lost: list[str]
) -> None:
    rows = [f"P101,{country},{PAGE},high" for country in ("KAZ", "FRA")]
    source = made.curated("project_countries", "project_id,country_id,url,certainty", *rows)
    package = with_reference(made.package, "project_countries", fields, "memberships", references)
    other = Made(package, made.countries)
    other.kept = [item for item in made.kept if item.name != "project-countries.csv"]
    _, findings = other.build("central-asia-2025", more=(source,))
    assert [message for *_, message in told(findings) if "memberships" in message] == lost
