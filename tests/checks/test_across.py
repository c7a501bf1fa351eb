"""Each check on small tables by hand: what holds raises nothing, what is broken raises exactly one finding."""

from __future__ import annotations

import copy

import pytest

from cbrn_data.checks.across import dated, since
from cbrn_data.checks.run import check_tables
from cbrn_data.findings import Finding
from cbrn_data.schema.model import Package, read_package
from cbrn_data.sources.document import Document
from tests.conftest import PROJECT
from tests.records import issues_of, tables_of

TEXT = "Atlantis\n2 projects since 2013\nSwimming\nDiving\n=Sunk\n"
HEAD = "region_id,country_id,joined,name,name_in_source,url,certainty"
CSV = f"{HEAD}\natlantis,KAZ,2020-11,KAZ,KAZ,https://example.org/,high\n"

Tables = dict[str, list[dict[str, str | None]]]


@pytest.fixture(scope="module")
def package() -> Package:
    return read_package(PROJECT / "schemas")


@pytest.fixture
def documents() -> dict[str, Document]:
    return {"leaflet": Document("raw/leaflet.txt", TEXT), "table": Document("raw/table.csv", CSV)}


def source(name: str, path: str, region: str | None = None, edition: str | None = None) -> dict[str, str | None]:
    about = {"source_id": name, "kind": "leaflet" if region else "curated", "title": name, "publisher": "P", "path": path}
    about |= {"media_type": "text/plain", "bytes": "1", "sha256": "0" * 64, "retrieved_on": "2026-11-22"}
    return {**about, "region_id": region, "edition": edition, "url": None, "licence": None}


def said(
    table: str, row: str, field: str, quote: str, method: str = "normalised", name: str = "leaflet", at: int = 0
) -> dict[str, str | None]:
    text = TEXT if name == "leaflet" else CSV
    start = text.index(quote, at)
    line = str(text.count("\n", 0, start) + 1)
    place = {
        "char_start": str(start),
        "char_end": str(start + len(quote)),
        "line_start": line,
        "line_end": line,
        "page": None,
    }
    curated = dict.fromkeys(("url", "certainty", "archived_url"))
    curated |= {"url": "https://example.org/", "certainty": "high"} if name == "table" else {}
    key = {"table_name": table, "row_id": row, "field": field, "source_id": name}
    return {**key, **place, "quote": quote, "method": method, **curated}


@pytest.fixture
def rows(package: Package) -> Tables:
    """A region, its figure, two priorities and a membership, with evidence for every cell."""
    tables: Tables = {name: [] for name in package.tables}

    def put(table: str, **cells: str) -> None:
        tables[table].append({name: cells.get(name) for name in package.tables[table].names})

    put("regions", region_id="atlantis", name="Atlantis")
    put("countries", country_id="KAZ", name="KAZ")
    put("memberships", region_id="atlantis", country_id="KAZ", status="partner", name_in_source="KAZ", joined="2020-11")
    tables["memberships"][0] |= {"first_edition": "2025", "last_edition": "2025"}
    figure = {
        "measure": "projects_total",
        "value": "2",
        "value_qualifier": "exact",
        "since_year": "2013",
        "as_of_year": "2025",
        "text": "2 projects since 2013",
        "wording": "source",
    }
    edition = {"first_edition": "2025", "last_edition": "2025"}
    put("figures", figure_id="atlantis/projects_total/2025", region_id="atlantis", **figure, **edition)
    for place, title in (("1", "Swimming"), ("2", "Diving")):
        key = f"atlantis/{title.lower()}"
        put("priorities", priority_id=key, region_id="atlantis", position=place, title=title, wording="source", **edition)
    tables["sources"] = [source("leaflet", "sources/leaflet.txt", "atlantis", "2025"), source("table", "sources/table.csv")]
    tables["evidence"] = list(evidence())
    return tables


def evidence() -> list[dict[str, str | None]]:
    member, figure = "atlantis/KAZ", "atlantis/projects_total/2025"
    found = [
        said("regions", "atlantis", "region_id", "Atlantis"),
        said("regions", "atlantis", "name", "Atlantis", "verbatim"),
        said("countries", "KAZ", "country_id", "KAZ", "curated", "table"),
        said("countries", "KAZ", "name", "KAZ", "curated", "table", at=CSV.index("KAZ,KAZ")),
        said("memberships", member, "region_id", "atlantis", "curated", "table"),
        said("memberships", member, "country_id", "KAZ", "curated", "table"),
        said("memberships", member, "name_in_source", "KAZ", "curated", "table", at=CSV.index("KAZ,http")),
        said("memberships", member, "joined", "2020-11", "curated", "table"),
        said("memberships", member, "status", "Atlantis", "derived"),
        said("memberships", member, "first_edition", "Atlantis", "derived"),
        said("memberships", member, "last_edition", "Atlantis", "derived"),
        said("figures", figure, "figure_id", "2 projects", "derived"),
        said("figures", figure, "region_id", "Atlantis"),
        said("figures", figure, "measure", "2 projects"),
        said("figures", figure, "value", "2", "verbatim"),
        said("figures", figure, "value_qualifier", "2 projects", "derived"),
        said("figures", figure, "wording", "2 projects", "derived"),
        said("figures", figure, "since_year", "2013", "verbatim"),
        said("figures", figure, "as_of_year", "2 projects", "derived"),
        said("figures", figure, "text", "2 projects since 2013", "verbatim"),
        said("figures", figure, "first_edition", "2 projects", "derived"),
        said("figures", figure, "last_edition", "2 projects", "derived"),
    ]
    for title in ("Swimming", "Diving"):
        row = f"atlantis/{title.lower()}"
        found += [
            said("priorities", row, "priority_id", title, "derived"),
            said("priorities", row, "region_id", "Atlantis"),
            said("priorities", row, "position", title, "counted"),
            said("priorities", row, "title", title, "verbatim"),
            said("priorities", row, "wording", title, "derived"),
            said("priorities", row, "first_edition", title, "derived"),
            said("priorities", row, "last_edition", title, "derived"),
        ]
    return found


def told(rows: Tables, package: Package, documents: dict[str, Document]) -> list[tuple[str, str, str | None, str]]:
    """Return code, place, field and message of each finding, but what the figure claims."""
    findings = [
        finding
        for finding in check_tables(tables_of(rows, package), package, documents)
        if finding.code != "projects-named-differ"
    ]
    return [(finding.code, finding.place, finding.field, finding.message) for finding in findings]


def passage(rows: Tables, table: str, field: str) -> dict[str, str | None]:
    return next(row for row in rows["evidence"] if (row["table_name"], row["field"]) == (table, field))


def test_tables_that_hold_raise_only_what_the_leaflet_claims(
    rows: Tables, package: Package, documents: dict[str, Document]
) -> None:
    assert check_tables(tables_of(rows, package), package, documents) == [
        Finding(
            "projects-named-differ",
            "0 projects named here; the leaflet claims 2",
            "raw/leaflet.txt",
            2,
            "figures",
            "atlantis/projects_total/2025",
            "value",
            "2",
        )
    ]


def test_as_many_projects_as_claimed_are_no_finding(rows: Tables, package: Package) -> None:
    from cbrn_data.checks.across import claimed_projects

    rows["project_listings"] = [
        {"project_id": project, "region_id": "atlantis", "as_of_year": year, "status": "ongoing"}
        for project, year in (("P1", "2025"), ("P2", "2025"), ("P1", "2026"), ("P2", "2026"), ("P3", "2026"))
    ]
    assert list(claimed_projects(tables_of(rows, package))) == []
    rows["figures"][0]["value"] = None
    rows["project_listings"] = []
    assert list(claimed_projects(tables_of(rows, package))) == []


def test_a_broken_cell_is_told_with_all_of_its_row_and_no_evidence(
    rows: Tables, package: Package, documents: dict[str, Document]
) -> None:
    rows["memberships"][0] |= {"joined": "2020-99x", "first_edition": "2030", "region_id": "nowhere"}
    assert told(rows, package, documents) == [
        (
            "cell-pattern",
            "memberships/nowhere/KAZ/joined",
            "joined",
            "joined '2020-99x' does not match [12][0-9]{3}(-[01][0-9](-[0-3][0-9])?)?; an example: 2020-11",
        ),
        (
            "reference-missing",
            "memberships/nowhere/KAZ/region_id",
            "region_id",
            "region_id 'nowhere' is not in regions",
        ),
        (
            "row-in-order",
            "memberships/nowhere/KAZ/first_edition",
            "first_edition",
            "first_edition 2030 is after last_edition 2025",
        ),
    ]


def test_a_month_that_no_calendar_has(rows: Tables, package: Package, documents: dict[str, Document]) -> None:
    rows["memberships"][0]["joined"] = "2020-13"
    assert told(rows, package, documents) == [
        ("evidence-unreproduced", "raw/table.csv:2", "joined", "'2020-11' does not give '2020-13' (curated)"),
        ("row-partial-date", "raw/table.csv:2", "joined", "joined '2020-13' is not in the calendar"),
    ]


def test_the_first_edition_comes_before_the_last(rows: Tables, package: Package, documents: dict[str, Document]) -> None:
    rows["memberships"][0]["first_edition"] = "2026"
    assert told(rows, package, documents)[1:] == [
        ("row-in-order", "raw/leaflet.txt:1", "first_edition", "first_edition 2026 is after last_edition 2025")
    ]


def test_what_stands_together(rows: Tables, package: Package, documents: dict[str, Document]) -> None:
    row = passage(rows, "memberships", "joined")
    row["url"] = None
    assert [entry[:2] for entry in told(rows, package, documents)] == [
        ("row-together", f"evidence/memberships/atlantis/KAZ/joined/table/{row['char_start']}/url"),
        ("evidence-unreproduced", "raw/table.csv:2"),
    ]


def test_a_reference_to_nothing(rows: Tables, package: Package, documents: dict[str, Document]) -> None:
    rows["countries"].clear()
    rows["evidence"] = [row for row in rows["evidence"] if row["table_name"] != "countries"]
    assert told(rows, package, documents) == [
        ("reference-missing", "raw/table.csv:2", "country_id", "country_id 'KAZ' is not in countries")
    ]


def test_keys_that_look_alike(rows: Tables, package: Package) -> None:
    from cbrn_data.checks.across import keys_alike

    for row_id, alike in (("atlantis/Diving", True), ("atlantis/ｄiving", True), ("atlantis/dïving", False)):
        twins = copy.deepcopy(rows)
        twins["priorities"][1]["priority_id"] = "atlantis/diving"
        twins["priorities"].append(twins["priorities"][1] | {"priority_id": row_id})
        found = [(finding.code, finding.row) for finding in keys_alike(tables_of(twins, package), package)]
        assert found == ([("key-alike", row_id)] if alike else [])


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "－1", "＋1", "＠x"])
def test_text_that_a_spreadsheet_would_run(text: str, rows: Tables, package: Package) -> None:
    rows["priorities"][0]["title"] = text
    found = issues_of(package.tables["priorities"], rows["priorities"])
    (fault,) = [fault for fault in found if fault.code != "source-control-character"]
    assert (fault.code, fault.row, fault.field, fault.value) == ("text-active", 1, "title", text)


@pytest.mark.parametrize("text", ["a=1", " =1", "'=1", "1-2", "(=1)", '"=1"', "–1", ""])
def test_text_that_no_spreadsheet_runs(text: str, rows: Tables, package: Package) -> None:
    rows["priorities"][0]["title"] = text
    assert issues_of(package.tables["priorities"], rows["priorities"]) == []


def test_what_a_sidecar_says_is_told_with_its_file(rows: Tables, package: Package, documents: dict[str, Document]) -> None:
    rows["sources"][1] |= {"title": "=cmd", "edition": "2025"}
    assert told(rows, package, documents) == [
        ("row-together", "raw/table.csv.yaml", "region_id", "region_id is null, but edition is not"),
        ("text-active", "raw/table.csv.yaml", "title", "title looks like a formula: '=cmd'"),
    ]


def test_evidence_that_is_missing(rows: Tables, package: Package, documents: dict[str, Document]) -> None:
    rows["evidence"].remove(passage(rows, "priorities", "title"))
    assert told(rows, package, documents) == [
        ("evidence-missing", "raw/leaflet.txt:3", "title", "title has a value but no evidence")
    ]


def test_evidence_of_a_row_that_is_not_there(rows: Tables, package: Package, documents: dict[str, Document]) -> None:
    rows["evidence"].append(said("priorities", "atlantis/flying", "title", "Diving", "verbatim"))
    assert told(rows, package, documents) == [
        ("evidence-dangling", "raw/leaflet.txt:4", "title", "the row is not published")
    ]


def test_evidence_of_a_cell_that_is_null(rows: Tables, package: Package, documents: dict[str, Document]) -> None:
    rows["evidence"].append(said("regions", "atlantis", "goal", "Swimming", "verbatim"))
    assert told(rows, package, documents) == [
        (
            "evidence-unreproduced",
            "raw/leaflet.txt:3",
            "goal",
            "'Swimming' does not give the value, which is null (verbatim)",
        )
    ]


SPANS = {
    "a span that moved": ({"char_start": "1", "char_end": "9"}, "characters 1 to 9 are not the quote"),
    "a span past the end": ({"char_start": "900", "char_end": "908"}, "characters 900 to 908 are not the quote"),
    "another line": ({"line_start": "2", "line_end": "2"}, "the quote is in lines 1 to 1"),
    "a quote that is broken": ({"quote": '"Atlan'}, "characters 0 to 8 are not the quote"),
    "a page of no PDF": ({"page": "2"}, "the quote is not on page 2"),
}


@pytest.mark.parametrize("case", SPANS)
def test_a_quote_stands_in_its_place(case: str, rows: Tables, package: Package, documents: dict[str, Document]) -> None:
    change, message = SPANS[case]
    row = passage(rows, "regions", "name")
    row |= change
    found = [entry for entry in told(rows, package, documents) if entry[0] != "evidence-unreproduced"]
    assert found == [("evidence-span", f"raw/leaflet.txt:{row['line_start']}", "name", message)]


WRONG_VALUES = [
    ("regions", "name", "Atlantic", "'Atlantis' does not give 'Atlantic' (verbatim)"),
    ("figures", "value", "3", "'2' does not give '3' (verbatim)"),
    ("figures", "since_year", "2014", "'2013' does not give '2014' (verbatim)"),
    ("priorities", "position", "2", "'Swimming' does not give '2' (counted)"),
    ("memberships", "joined", "2020-12", "'2020-11' does not give '2020-12' (curated)"),
    ("memberships", "last_edition", "2026", "'Atlantis' does not give '2026' (derived)"),
]


@pytest.mark.parametrize(("table", "field", "value", "message"), WRONG_VALUES)
def test_the_words_give_the_value(
    table: str, field: str, value: str, message: str, rows: Tables, package: Package, documents: dict[str, Document]
) -> None:
    rows[table][0][field] = value
    assert [(code, said) for code, _, _, said in told(rows, package, documents)] == [("evidence-unreproduced", message)]


@pytest.mark.parametrize(
    ("table", "field", "method", "name"),
    [("regions", "name", "curated", "leaflet"), ("memberships", "joined", "verbatim", "table")],
)
def test_a_method_is_one_of_the_kind_of_source(
    table: str, field: str, method: str, name: str, rows: Tables, package: Package, documents: dict[str, Document]
) -> None:
    row = passage(rows, table, field)
    row["method"] = method
    assert [(code, said) for code, _, _, said in told(rows, package, documents)] == [
        ("evidence-unreproduced", f"{name} is not a source of {method} values")
    ]


ELSEWHERE = [
    ({"url": "https://other.example/"}, "", "the row of the quote has another url"),
    ({"certainty": "medium"}, "", "the row of the quote has another certainty"),
    ({"archived_url": "https://archive.example/"}, "", "the row of the quote has another archived_url"),
    ({}, "region_id,country_id,first_,name,name_in_source,url,certainty", "the quote is in the column 'first_'"),
    ({}, "ATLANTIS", "the quote is in a row with another region_id"),
]


@pytest.mark.parametrize(("change", "other", "message"), ELSEWHERE)
def test_a_curated_value_has_its_evidence_in_its_own_column_row_and_page(
    change: dict[str, str], other: str, message: str, rows: Tables, package: Package, documents: dict[str, Document]
) -> None:
    passage(rows, "memberships", "joined").update(change)
    if other:
        text = CSV.replace("atlantis", other) if other.isupper() else CSV.replace(HEAD, other)
        documents["table"] = Document("raw/table.csv", text)
    found = [said for code, _, field, said in told(rows, package, documents) if field == "joined"]
    assert found == [message]


def test_a_source_that_cannot_be_read_or_is_not_listed(
    rows: Tables, package: Package, documents: dict[str, Document]
) -> None:
    del documents["table"]
    found = told(rows, package, documents)
    assert {(code, message) for code, _, _, message in found} == {("evidence-span", "the source 'table' cannot be read")}
    rows["sources"].pop()
    assert {code for code, *_ in told(rows, package, documents)} >= {"evidence-span", "reference-missing"}


def test_a_leaflet_whose_bytes_were_replaced(rows: Tables, package: Package) -> None:
    new = copy.deepcopy(rows)
    new["sources"] = [row | {"sha256": "1" * 64} for row in new["sources"]]
    new["sources"].append(source("later", "sources/later.txt", "atlantis", "2026"))
    (before, now, nothing) = (tables_of(each, package) for each in (rows, new, {}))
    (finding,) = since(before, now)
    assert (finding.code, finding.place, finding.row) == ("source-replaced", "raw/leaflet.txt", "leaflet")
    assert finding.message == f"edition 2025 was published with sha256 {'0' * 64} and now has {'1' * 64}"
    assert list(since(nothing, now)) == list(since(before, before)) == []


def test_a_release_dated_before_the_newest_one() -> None:
    (finding,) = dated("2026-11-21", "1.0.0", "2026-11-22")
    assert (finding.code, finding.is_error) == ("date-behind", True)
    assert finding.message == "this release is dated 2026-11-21 and the one before it, 1.0.0, 2026-11-22"
    assert list(dated("2026-11-22", "1.0.0", "2026-11-22")) == []
