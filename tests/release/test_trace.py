"""From any cell of a release to its words, in the release's own copy of the source."""

from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from cbrn_data.errors import ReleaseError
from cbrn_data.release.trace import Tracer, trace
from cbrn_data.schema.model import read_package
from cbrn_data.schema.table import released_tables
from cbrn_data.store import disk
from cbrn_data.store.folder import Release
from cbrn_data.store.store import Store
from tests.records import rows_of


@pytest.fixture(scope="module")
def release(published: Path) -> Release:
    found = Store(published).newest()
    assert found is not None
    return found


def test_every_cell_of_the_release_leads_to_words_that_stand_in_the_named_lines(release: Release) -> None:
    tracer, package = Tracer(release), read_package(release.folder / "schemas")
    rows = rows_of(released_tables(release.folder, package))
    for name in ("regions", "memberships", "figures", "priorities"):
        for row in rows[name]:
            for cell in tracer.row(name, package.tables[name].row_id(row)):
                assert cell.value == row[cell.field] and cell.passages, (name, cell.field)
                for passage in cell.passages:
                    text = (release.folder / passage.file).read_text(encoding="utf-8").splitlines()
                    first, last = passage.lines
                    assert passage.words in " ".join(" ".join(text[first - 1 : last]).split())


def test_words_of_a_curated_table_are_shown_within_their_row(release: Release) -> None:
    (cell,) = trace(release, "projects", "P94", "date_end")
    (passage,) = cell.passages
    assert (passage.words, passage.method, passage.file) == ("2026-01-31", "curated", "sources/projects.csv")
    line = (release.folder / passage.file).read_text(encoding="utf-8").splitlines()[passage.lines[0] - 1]
    assert passage.before + passage.words + passage.after in line


def test_a_curated_value_shows_its_row_its_page_and_who_states_it(release: Release) -> None:
    with (release.folder / "sources/projects.csv").open(encoding="utf-8", newline="") as stream:
        table = list(csv.DictReader(stream))
    for name, host in (("budget_eur", "cbrnlebanon.net"), ("page_url", "cbrn-risk-mitigation.network.europa.eu")):
        (cell,) = trace(release, "projects", "P31", name)
        (passage,) = cell.passages
        wanted = next(row for row in table if row["project_id"] == "P31" and row[name])
        assert passage.row == {key: value for key, value in wanted.items() if value}
        assert (passage.url, passage.stated_by, passage.certainty) == (wanted["url"], host, wanted["certainty"])


def test_every_cell_is_answered_with_the_sources_read_once(release: Release, monkeypatch: pytest.MonkeyPatch) -> None:
    tracer, package = Tracer(release), read_package(release.folder / "schemas")
    rows, cells, passages, read = rows_of(released_tables(release.folder, package)), 0, 0, Counter[Path]()
    real = disk.read

    def counting(path: Path, **where: Any) -> bytes:
        read[path] += 1
        return real(path, **where)

    monkeypatch.setattr(disk, "read", counting)
    for table in package.with_role("data"):
        for row in rows[table.name]:
            row_id = table.row_id(row)
            for name in table.names:
                cell = tracer.cell(table.name, row_id, name)
                assert cell.value == (row[name] or "") and bool(cell.passages) == (row[name] is not None)
                assert all(bool(passage.row) == (passage.method == "curated") for passage in cell.passages)
                cells, passages = cells + bool(cell.value), passages + len(cell.passages)
            assert [cell.field for cell in tracer.row(table.name, row_id)] == [name for name in table.names if row[name]]
    assert {times for path, times in read.items() if path.parent.name == "sources"} == {1}
    report = json.loads((release.folder / "report.json").read_bytes())
    assert cells == report["coverage"]["cells"] and passages == report["tables"]["evidence"]["rows"]


def test_what_has_no_evidence_to_show_is_refused(release: Release) -> None:
    with pytest.raises(ReleaseError, match="'sources' is not a table with evidence"):
        trace(release, "sources", "projects")
    with pytest.raises(ReleaseError, match="regions has no row"):
        trace(release, "regions", "../..")


def test_a_null_says_whether_no_source_says_it_or_pages_disagree(release: Release) -> None:
    (unsaid,) = trace(release, "projects", "P58", "title_official")
    assert (unsaid.value, unsaid.passages, unsaid.why) == ("", [], "no source says it")
    (cell,) = trace(release, "projects", "P81", "date_start")
    assert (cell.value, cell.passages) == ("", [])
    assert cell.why.startswith(
        "pages disagree: date_start of P81 is '2019-12-11' here and '2019-12-10' in raw/projects.csv:"
    )
    assert "by www.rivm.nl and www.cbrn-project81.com (raw/projects.csv:" in cell.why
