"""What a release says of itself to people: source text in it is data, never markup."""

from __future__ import annotations

import re
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from cbrn_data.release.notes import LISTED, changes_text, escaped, summary
from cbrn_data.release.version import Reason
from cbrn_data.schema.canonical import Row
from cbrn_data.schema.model import read_package
from cbrn_data.words.text import inert

PACKAGE = read_package(Path(__file__).parent.parent.parent / "schemas")


def change(table: str, row: str, field: str, kind: str, old: str | None, new: str | None) -> Row:
    cells = {"old": old and inert(old), "new": new and inert(new)}
    return {"table_name": table, "row_id": inert(row), "field": field, "change": kind, **cells}


def test_a_summary_counts_rows_not_cells() -> None:
    changes = [
        change("projects", "P114", "project_id", "added", None, "P114"),
        change("projects", "P114", "number", "added", None, "114"),
        *(change("memberships", f"x/{number}", "joined", "changed", "2019", "2020") for number in range(4)),
        change("evidence", "e", "quote", "changed", "a", "b"),
    ]
    assert summary(changes, PACKAGE, {}, first=False) == "4 memberships changed; 1 project added (P114)"
    assert summary([], PACKAGE, {}, first=False) == "No value changed; sources, descriptions or evidence did"
    why = [Reason("minor", "checks of projects"), Reason("patch", "1 row changed in sources")]
    assert (
        summary([], PACKAGE, {}, first=False, why=why)
        == "No value changed; sources, descriptions or evidence did (checks of projects)"
    )
    counts = {"regions": 1, "countries": 7, "projects": 1}
    assert summary([], PACKAGE, counts, first=True) == "First release: 1 region, 7 countries, 1 project"


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=40))
def test_no_source_text_becomes_markup(text: str) -> None:
    row = change("projects", "P1", "title", "changed", "was", text)
    lines = (
        changes_text("1.0.1", "1.0.0", "line", "2 named here", [Reason("patch", "why")], [row], PACKAGE).decode().split("\n")
    )
    (line,) = [line for line in lines if line.startswith("  - title: was → ")]
    assert not re.search(r"(?<!\\)(?:\\\\)*[`*_\[\]<>#|~!&]", line.removeprefix("  - title: was → "))
    assert lines[4] == "How complete it is: projects, 2 named here." and len(lines) == 17


def test_escaped_text_has_no_bare_mark() -> None:
    assert escaped("<img src=x>&amp;![a](b)|`c`") == r"\<img src=x\>\&amp;\!\[a\](b)\|\`c\`"


def test_a_long_list_is_cut_and_counted() -> None:
    many = [change("countries", f"C{number:03}", "country_id", "added", None, "x") for number in range(LISTED + 3)]
    text = changes_text("1.1.0", "1.0.0", "line", "2 named here", [], many, PACKAGE).decode()
    assert text.count("\n- added ") == LISTED and "\n- and 3 more\n" in text
