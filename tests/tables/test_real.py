"""The real sources give exactly the tables of ``real.json``, which a person read beside the leaflet.

``python tests/tables/test_real.py --write`` writes that file, to be read before it is kept; no test run ever does.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

from cbrn_data import pipeline
from cbrn_data.schema.model import Table
from cbrn_data.settings import Settings
from cbrn_data.words.readings import read
from tests.conftest import PROJECT

GOLDEN = Path(__file__).parent / "real.json"


def golden(built: pipeline.Built) -> str:
    """Return every row of every data table, a row a line, without the cells that are null."""
    lines = []
    for table in built.content.package.with_role("data"):
        rows = [
            json.dumps({k: v for k, v in row.items() if v is not None}, ensure_ascii=False) for row in _rows(built, table)
        ]
        lines.append(f'"{table.name}": [\n  ' + ",\n  ".join(rows) + "\n]")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _rows(built: pipeline.Built, table: Table) -> list[dict[str, str | None]]:
    return built.tables.rows[table.name]


def test_the_real_sources_give_these_tables(built: pipeline.Built) -> None:
    assert json.loads(golden(built)) == json.loads(GOLDEN.read_text(encoding="utf-8"))
    assert golden(built) == GOLDEN.read_text(encoding="utf-8")


def test_the_tables_say_what_the_leaflet_is_known_to_say(built: pipeline.Built) -> None:
    rows = built.tables.rows
    figures = {row["measure"]: row["value"] for row in rows["figures"]}
    assert figures == {
        "projects_total": "18",
        "projects_ongoing": "4",
        "focal_points_appointed": "6",
        "national_teams_established": "6",
        "action_plans_in_preparation": "5",
    }
    ongoing = {row["project_id"] for row in rows["project_regions"] if row["status"] == "ongoing"}
    assert ongoing == {"P101", "P105", "P106", "P109"}
    assert {row["project_id"] for row in rows["achievement_projects"]} == {"P87"}
    assert len(rows["priorities"]) == 9 and len(rows["achievements"]) == 5 and len(rows["memberships"]) == 6
    six = next(row for row in rows["achievements"] if row["date_start"] == "2024-03")
    named = [row for row in rows["achievement_countries"] if row["achievement_id"] == six["achievement_id"]]
    assert six["country_count"] == "6" and named == []


def test_that_fewer_projects_are_named_than_claimed_is_said_and_does_not_block(built: pipeline.Built) -> None:
    (finding,) = built.findings
    assert (finding.code, finding.place, finding.blocks) == ("projects-named-differ", "raw/central-asia-2025.txt:50", False)
    assert finding.message == "10 projects named here; the leaflet claims 18"


def test_every_cell_has_evidence_whose_words_stand_in_the_source(built: pipeline.Built) -> None:
    """Promise 1, judged here with nothing of ours but the readings: cut the file again, and read the words again."""
    evidence = built.tables.rows["evidence"]
    texts = {row["source_id"]: (PROJECT / "raw" / Path(row["path"] or "").name) for row in built.tables.rows["sources"]}
    said: dict[tuple[Any, ...], list[dict[str, str | None]]] = {}
    for row in evidence:
        text = texts[row["source_id"]].read_bytes().decode("utf-8")
        quote = row["quote"] or ""
        words = json.loads(quote) if quote.startswith('"') else quote
        start, end = int(row["char_start"] or -1), int(row["char_end"] or -1)
        assert text[start:end] == words
        assert len(re.findall("\r\n|\n|\r", text[:start])) + 1 == int(row["line_start"] or 0)
        assert (row["url"] is None) == (row["certainty"] is None) == (row["method"] != "curated")
        said.setdefault((row["table_name"], row["row_id"], row["field"]), []).append({**row, "quote": words})
    cells = {
        (table.name, table.row_id(row), name): value
        for table in built.content.package.with_role("data")
        for row in _rows(built, table)
        for name, value in row.items()
        if value is not None
    }
    assert cells.keys() == said.keys()
    for (table, row_id, field), value in cells.items():
        for row in said[table, row_id, field]:
            assert _gives(row, table, field, value), (table, row_id, field, value, row)


def _gives(row: dict[str, str | None], table: str, field: str, value: str) -> bool:
    quote = row["quote"] or ""
    if row["method"] in {"verbatim", "curated"}:
        return quote.replace('""', '"') == value if row["method"] == "curated" else quote == value
    if row["method"] == "normalised":
        return read(table, field, quote) == value
    return row["method"] in {"counted", "derived"} and row["source_id"] == "central-asia-2025"


def test_a_row_has_all_columns_of_its_table_and_rows_stand_in_order(built: pipeline.Built) -> None:
    for table in built.content.package.tables.values():
        rows = _rows(built, table)
        assert all(list(row) == table.names for row in rows)
        assert [table.row_id(row) for row in rows] == [table.row_id(row) for row in sorted(rows, key=table.order)]


if __name__ == "__main__":
    if sys.argv[1:] != ["--write"]:
        sys.exit("usage: python tests/tables/test_real.py --write")
    real = pipeline.build(pipeline.gather(Settings(PROJECT, PROJECT / "published")))
    GOLDEN.write_text(golden(real), encoding="utf-8")
