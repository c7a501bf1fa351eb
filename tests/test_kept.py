"""Texts that are kept: made once, made again where an entry is damaged or the code is other, and never without a folder."""

from __future__ import annotations

from pathlib import Path

from cbrn_data import kept
from cbrn_data.kept import keeping


def test_a_text_is_made_again_only_where_what_it_is_made_of_changed(tmp_path: Path) -> None:
    made: list[str] = []

    def text(of: str, code: str = "1") -> str:
        with keeping(tmp_path, code):
            return kept.kept("kept", of, lambda: made.append(of) or f"<{of}>", 60)  # type: ignore[func-returns-value]

    assert [text("a"), text("a"), text("b"), text("a")] == ["<a>", "<a>", "<b>", "<a>"]
    assert made == ["a", "b"]
    assert text("a", code="2") == "<a>" and made == ["a", "b", "a"]
    for entry in (tmp_path / "kept").iterdir():
        entry.write_text("<damaged>")
    assert text("a") == "<a>" and made == ["a", "b", "a", "a"]


def test_entries_are_few_and_no_folder_is_needed(tmp_path: Path) -> None:
    for number in range(9):
        with keeping(tmp_path, "1"):
            kept.kept("kept", str(number), str, 4)
    assert len(list((tmp_path / "kept").iterdir())) == 4
    (tmp_path / "file").touch()
    with keeping(tmp_path / "file", "1"):
        assert kept.kept("kept", "a", lambda: "b", 4) == "b"
    assert kept.kept("kept", "a", lambda: "c", 4) == "c"
