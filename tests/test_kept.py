"""Texts that are kept: made once, made again where an entry is damaged or the code is other, and never without a folder."""

from __future__ import annotations

from pathlib import Path

import jinja2
import pytest

from cbrn_data import kept
from cbrn_data.kept import keeping
from cbrn_data.portal.render import environment


def test_a_text_is_made_again_only_where_what_it_is_made_of_changed(tmp_path: Path) -> None:
    made: list[str] = []

    def text(of: str, code: str = "1") -> str:
        with keeping(tmp_path / "kept", code):
            return kept.kept(of, lambda: made.append(of) or f"<{of}>")  # type: ignore[func-returns-value]

    assert [text("a"), text("a"), text("b"), text("a")] == ["<a>", "<a>", "<b>", "<a>"]
    assert made == ["a", "b"]
    assert text("a", code="2") == "<a>" and made == ["a", "b", "a"]
    for entry in (tmp_path / "kept").iterdir():
        entry.write_text("<damaged>")
    assert text("a") == "<a>" and made == ["a", "b", "a", "a"]


def test_entries_are_few_and_no_folder_is_needed(tmp_path: Path) -> None:
    for number in range(kept.AT_MOST + 5):
        with keeping(tmp_path / "kept", "1"):
            kept.kept(str(number), str)
    assert len(list((tmp_path / "kept").iterdir())) == kept.AT_MOST + 1  # and that of the last run
    for uses in (["of another project"], [str(number) for number in range(kept.AT_MOST + 5)]):
        with keeping(tmp_path / "shared", "1"):
            for one in uses:
                kept.kept(one, str)
    assert len(list((tmp_path / "shared").iterdir())) == kept.AT_MOST + 6  # a store of many releases drops none of others
    (tmp_path / "file").touch()
    with keeping(tmp_path / "file" / "kept", "1"):
        assert kept.kept("a", lambda: "b") == "b"
    assert kept.kept("a", lambda: "c") == "c"


def test_a_template_that_is_kept_gives_the_same_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def page() -> str:
        with keeping(tmp_path / "kept", "1"):
            cells = environment.__wrapped__().get_template("cells.html.j2").module
        return str(cells.download("../", "a<b>", "regions.csv", 1500))  # type: ignore[attr-defined]

    made = page()
    monkeypatch.setattr(jinja2.Environment, "_parse", None)
    assert page() == made and "a&lt;b&gt;" in made and "1.5 kB" in made
