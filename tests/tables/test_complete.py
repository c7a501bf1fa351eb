"""Whether every source arrived in the tables: what is left out has a reason, and what is taken away is found."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest

from cbrn_data.checks.complete import Arrival, reasoned
from cbrn_data.checks.left_out import LeftOut, as_report, of_report, unexplained
from cbrn_data.schema.table import Row
from cbrn_data.tables.build import build_tables
from tests.records import rows_of, tables_of
from tests.tables.conftest import Made

A, B = "https://a.example/", "https://b.example/"
TITLE = "Mitigating the risks of zoonotic diseases in Central Asia"


@dataclass(frozen=True)
class Case:
    """Sources of each kind that is read by row, their tables, and what is left out of them."""

    arrival: Arrival
    left_out: list[LeftOut]
    renamed: str

    def less(self, change: Callable[[dict[str, list[Row]]], object]) -> list[str]:
        """Return what is found when rows and evidence are taken away."""
        rows = rows_of(self.arrival.tables)
        change(rows)
        arrival = replace(self.arrival, tables=tables_of(rows, self.arrival.package))
        known = {each.place for each in self.left_out}
        found = [each for each in (*arrival.cells(), *arrival.lines()) if each.place not in known]
        return [f"{each.source_id}:{each.line} {each.name} {each.reason}".strip() for each in found]


@pytest.fixture(scope="module")
def case(made: Made) -> Case:
    leaflet = made.leaflet("central-asia-2025")
    renamed = made.build("central-asia-2025", alone=True)[0]["achievements"][0]["achievement_id"] or ""
    corrections = f"table_name,row_id,field,expect,value,reason,url\nprojects,P109,title,{TITLE},Zoonoses,short,{A}\n"
    renames = f"new_id,achievement_id,reason\n{renamed},{renamed}-kept,mended\nnone,other,nobody\n"
    curated = made.curated(
        "projects",
        "project_id,implementer,title,url,certainty",
        f"P101,Us,,{A},high",
        f"P101,Them,,{B},high",
        f"P105,We,Another title,{A},high",
        f"P106,You,,{A},low",
        on_error="quarantine",
    )
    curated = replace(curated, metadata={**curated.metadata, "region": "central-asia"})  # a region makes it no newer edition
    memberships = made.curated(
        "memberships", "region_id,country_id,first_stated,url,certainty", f"central-asia,KAZ,2027,{A},high", name="members"
    )
    more = [
        made.source("corrections.csv", corrections.encode(), kind="corrections"),
        made.source("renames.csv", renames.encode(), kind="renames"),
        made.source("picture.png", b"", kind="document"),
    ]
    sources = sorted([made.countries, leaflet, curated, memberships, *more], key=lambda source: source.source_id)
    built = build_tables(sources, made.package)
    assert not [finding for finding in built.findings if finding.is_error]
    texts = {source.source_id: source.document for source in sources if source.kind != "document"}
    arrival = Arrival(built.tables, made.package, texts, {source.source_id: source.metadata for source in sources})
    return Case(arrival, reasoned(arrival, built.reasons, built.findings), renamed)


def test_what_is_left_out_has_its_reason(case: Case) -> None:
    said = as_report(case.left_out)
    assert sorted(of_report(json.loads(json.dumps(said)))) == case.left_out
    (unused,) = [each for each in said if each["source_id"] == "countries"]
    assert unused["reason"] == "not-referenced" and len(unused["lines"]) > 200
    around = [each for each in said if each["reason"] == "around-values"]
    assert {each["words"] for each in around} == {
        "Regional Secretariat",
        "OVERALL GOAL:",
        "ESTABLISHED:",
        "Funded by the **",
        "** and implemented in partnership with **",
    }
    assert [each for each in said if each != unused and each not in around] == [
        {"source_id": "central-asia-2025", "reason": "heading", "lines": [17, 44, 48, 68, 115, 136]},
        {"source_id": "central-asia-2025", "reason": "other-value", "lines": [66]},
        {"source_id": "extra", "field": "implementer", "reason": "pages-disagree", "lines": [2, 3]},
        {"source_id": "extra", "field": "title", "reason": "curated-overruled", "lines": [4]},
        {"source_id": "members", "field": "first_stated", "reason": "other-value", "lines": [2]},
        {"source_id": "renames", "reason": "not-referenced", "lines": [3]},
    ]


def of_evidence(**known: str) -> Callable[[dict[str, list[Row]]], None]:
    def change(rows: dict[str, list[Row]]) -> None:
        kept = [row for row in rows["evidence"] if any(row[name] != value for name, value in known.items())]
        assert len(kept) < len(rows["evidence"])
        rows["evidence"] = kept

    return change


def emptied(table: str, **known: str) -> Callable[[dict[str, list[Row]]], None]:
    """Take the values of a field away, with the evidence."""

    def change(rows: dict[str, list[Row]]) -> None:
        of_evidence(table_name=table, **known)(rows)
        for row in rows[table]:
            if row["project_id"] == known["row_id"]:
                row[known["field"]] = None

    return change


def quarantined(**values: Any) -> Callable[[dict[str, list[Row]]], None]:
    return lambda rows: rows["quarantine"][0].update(values)


def aside(rows: dict[str, list[Row]]) -> None:
    """Put a row that breaks no rule aside, with its own words."""
    good = {"project_id": "P105", "implementer": "We", "title": "Another title", "url": A, "certainty": "high"}
    rows["quarantine"].append({**rows["quarantine"][0], "line": "4", "row": json.dumps(good)})


def called(kind: str) -> Callable[[dict[str, list[Row]]], None]:
    """Give a curated table another kind, of which no row need be in a table."""
    return lambda rows: next(row for row in rows["sources"] if row["source_id"] == "members").update(kind=kind)


def referenced(rows: dict[str, list[Row]]) -> None:
    rows["countries"] = [row for row in rows["countries"] if row["country_id"] != "KAZ"]


TAKEN: Mapping[str, tuple[Callable[[dict[str, list[Row]]], object], list[str]]] = {
    "a cell": (emptied("projects", row_id="P105", field="implementer"), ["extra:4 implementer"]),
    "a correction": (of_evidence(source_id="corrections"), ["corrections:2"]),
    "a rename": (of_evidence(source_id="renames"), ["renames:2  not-referenced"]),
    "a country": (referenced, ["countries:118"]),
    "a row of the quarantine": (lambda rows: rows["quarantine"].clear(), ["extra:5 project_id", "extra:5 implementer"]),
    "another row in the quarantine": (quarantined(row='{"project_id": "P106"}'), ["extra:5"]),
    "another line in the quarantine": (quarantined(line="4"), ["extra:4", "extra:5 project_id", "extra:5 implementer"]),
    "a good row in the quarantine": (aside, ["extra:4"]),
    **{kind: (called(kind), ["members:1"]) for kind in ("document", "regions", "reading")},
    "a line": (of_evidence(source_id="central-asia-2025", line_start="33"), ["central-asia-2025:33"]),
}


@pytest.mark.parametrize(("change", "found"), TAKEN.values(), ids=[*TAKEN])
def test_what_is_taken_away_is_found(change: Callable[[dict[str, list[Row]]], object], found: list[str], case: Case) -> None:
    assert case.less(change) == found


def test_what_has_no_reason_is_an_error(case: Case) -> None:
    (finding,) = unexplained([LeftOut("members", 2, "joined"), *case.left_out])
    assert (finding.code, finding.is_error) == ("source-left-out", True)
    assert (finding.source, finding.line, finding.field) == ("members", 2, "joined")
