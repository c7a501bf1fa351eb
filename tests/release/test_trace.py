"""From any cell of a release to its words, in the release's own copy of the source."""

from __future__ import annotations

from pathlib import Path

import pytest

from cbrn_data.errors import ReleaseError
from cbrn_data.release.assemble import released_rows
from cbrn_data.release.trace import trace
from cbrn_data.schema.model import read_package
from cbrn_data.store.folder import Release
from cbrn_data.store.store import Store


@pytest.fixture(scope="module")
def release(published: Path) -> Release:
    found = Store(published).newest()
    assert found is not None
    return found


def test_every_cell_of_the_release_leads_to_words_that_stand_in_the_named_lines(release: Release) -> None:
    package = read_package(release.folder / "schemas")
    rows = released_rows(release, package)
    for name in ("regions", "memberships", "figures", "priorities"):
        for row in rows[name]:
            for cell in trace(release, name, package.tables[name].row_id(row)):
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


def test_what_has_no_evidence_to_show_is_refused(release: Release) -> None:
    with pytest.raises(ReleaseError, match="there is no table 'sources' with evidence"):
        trace(release, "sources", "projects")
    with pytest.raises(ReleaseError, match="regions has no row"):
        trace(release, "regions", "../..")
