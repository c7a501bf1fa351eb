"""Completion of the shell, which is typer's own."""

from __future__ import annotations

from tests.cli.conftest import run


def test_commands_and_options_are_completed() -> None:
    def completed(words: str, place: int) -> list[str]:
        asked = {"_CBRN_DATA_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(place)}
        return run(**asked).out.split()

    assert completed("cbrn-data set", 1) == ["settings"]
    assert completed("cbrn-data withdraw --un", 2) == ["--undo"]
    assert "new-table" in completed("cbrn-data ", 1)
