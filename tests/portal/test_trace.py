"""What the pages show behind a value is what ``cbrn-data trace`` shows: the same words, lines, page and method."""

from __future__ import annotations

from pathlib import Path

from cbrn_data.portal.evidence import Mention
from cbrn_data.portal.view import ReleaseView, read_release
from cbrn_data.release.trace import Tracer
from cbrn_data.store.folder import read_release as read_folder


def _words(view: ReleaseView, mention: Mention) -> str:
    document = view.marks[mention.source_id].document
    assert document
    return " ".join(document.quote(mention.span).split())


def test_pages_and_trace_give_the_same_passages_for_every_cell(published: Path) -> None:
    release = read_folder(published / "releases" / "1.0.0")
    view, tracer = read_release(release), Tracer(release)
    compared = 0
    for table in view.package.with_role("data"):
        for row in view.rows[table.name]:
            for name in (name for name in table.names if row[name] is not None):
                row_id = table.row_id(row)
                shown = [
                    (_words(view, one), one.lines, one.method, one.url, one.certainty)
                    for one in view.passages(table.name, row_id, name)
                ]
                told = [
                    (" ".join(one.words.split()), one.lines, one.method, one.url, one.certainty)
                    for one in tracer.cell(table.name, row_id, name).passages
                ]
                assert sorted(shown, key=str) == sorted(told, key=str), (table.name, row_id, name)
                compared += len(told)
    assert compared == len(view.rows["evidence"])
