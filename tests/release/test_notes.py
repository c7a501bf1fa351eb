"""What a release says of itself to people: source text in it is data, never markup."""

from __future__ import annotations

import re
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from cbrn_data.release.notes import LISTED, changes_text, escaped, summary
from cbrn_data.release.version import Reason
from cbrn_data.schema.model import read_package
from tests.records import changed

PACKAGE = read_package(Path(__file__).parent.parent.parent / "schemas")


TABLES = PACKAGE.tables


def test_a_summary_counts_rows_not_cells() -> None:
    changes = [
        changed(TABLES["memberships"], "changed", *(f"x/{number}" for number in range(4)), joined=("2019", "2020")),
        changed(TABLES["projects"], "added", "P114", project_id=(None, "P114"), number=(None, "114")),
        changed(TABLES["evidence"], "changed", "e", quote=("a", "b")),
    ]
    assert summary(changes, {}, first=False) == "4 memberships changed; 1 project added (P114)"
    assert summary([], {}, first=False) == "No value changed, only sources, descriptions or evidence"
    why = [Reason("minor", "checks of projects"), Reason("patch", "1 row changed in sources")]
    assert (
        summary([], {}, first=False, why=why)
        == "No value changed, only sources, descriptions or evidence (checks of projects)"
    )
    counts = {"regions": 1, "countries": 7, "projects": 1}
    assert summary([], counts, first=True) == "First release: 1 region, 7 countries, 1 project"


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=40))
def test_no_source_text_becomes_markup(text: str) -> None:
    row = changed(TABLES["projects"], "changed", "P1", title=("was", text))
    lines = changes_text("1.0.1", "1.0.0", "line", "2 named here", [Reason("patch", "why")], [row]).decode().split("\n")
    (line,) = [line for line in lines if line.startswith("  - title: was → ")]
    assert not re.search(r"(?<!\\)(?:\\\\)*[`*_\[\]<>#|~!&]", line.removeprefix("  - title: was → "))
    assert lines[4] == "Completeness of projects: 2 named here." and len(lines) == 17


def test_escaped_text_has_no_bare_mark() -> None:
    assert escaped("<img src=x>&amp;![a](b)|`c`") == r"\<img src=x\>\&amp;\!\[a\](b)\|\`c\`"


def test_a_long_list_is_cut_and_counted() -> None:
    ids = [f"C{number:03}" for number in range(LISTED + 3)]
    many = [changed(TABLES["countries"], "added", *ids, country_id=(None, "x"))]
    text = changes_text("1.1.0", "1.0.0", "line", "2 named here", [], many).decode()
    assert text.count("\n- added ") == LISTED and "\n- and 3 more\n" in text
