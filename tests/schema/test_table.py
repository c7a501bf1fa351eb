"""Tables in files are read as often as it takes, and parsed as seldom as their bytes allow."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cbrn_data.schema import table
from cbrn_data.schema.model import read_package
from cbrn_data.tabular.blocks import Block, read_blocks
from tests.conftest import PROJECT


def test_a_small_file_is_parsed_again_only_if_its_bytes_are_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[int] = []

    def counted(*arguments: Any) -> Iterator[Block]:
        parsed.append(1)
        return read_blocks(*arguments)

    monkeypatch.setattr(table, "read_blocks", counted)
    path, definition = tmp_path / "countries.csv", read_package(PROJECT / "schemas").tables["countries"]

    def names(text: str) -> list[str | None]:
        path.write_text(f"country_id,name\n{text}", encoding="utf-8")
        return [row["name"] for row in table.table_in_file(definition, path).rows]

    assert [names("KAZ,Once\n"), names("KAZ,Twice\n"), names("KAZ,Once\n")] == [["Once"], ["Twice"], ["Once"]]
    assert len(parsed) == 2
    monkeypatch.setattr(table, "SMALL", 0)
    assert names("KAZ,Once\n") == ["Once"] and len(parsed) == 3
