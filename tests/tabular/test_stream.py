"""A table is judged the same whatever the size of its blocks, and whether its keys are kept or read again."""

from __future__ import annotations

from pathlib import Path

import pytest

from cbrn_data.tabular import blocks, stream
from cbrn_data.tabular.report import sentence
from cbrn_data.tabular.resource import read_package
from cbrn_data.tabular.validate import validate

SCHEMA = """{"fields": [{"name": "id"}, {"name": "n", "type": "integer"}],
             "primaryKey": ["id"], "uniqueKeys": [["n"]], "missingValues": ["", "-"]}"""


@pytest.mark.parametrize("size", [16, 1 << 20])
@pytest.mark.parametrize("kept", [0, 60, 1 << 20])
@pytest.mark.parametrize("text", ["id", '"i\nd"'], ids=["plain", "with breaks in cells"])
def test_keys_that_repeat_are_told_with_row_and_line(
    text: str, kept: int, size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks, "SIZE", size)
    monkeypatch.setattr(stream, "KEPT", kept)
    rows = [f"{text}{number},{number}" if text == "id" else f'"i\nd{number}",{number}' for number in range(20)]
    rows[7], rows[11], rows[13] = rows[3], "x,-", "y,+5"
    (tmp_path / "t.csv").write_text("id,n\n" + "\n".join([*rows, "z,-"]) + "\n")
    (tmp_path / "t.schema.json").write_text(SCHEMA)
    (tmp_path / "datapackage.json").write_text(
        '{"name": "p", "resources": [{"name": "t", "path": "t.csv", "schema": "t.schema.json"}]}'
    )
    (verdict,) = validate(read_package(tmp_path / "datapackage.json").resources)
    found = sorted((fault.row, fault.field, fault.twin[0]) for fault in verdict.tally.listed)
    assert found == [(8, "id", 4), (8, "n", 4), (14, "n", 6)]
    assert {fault.twin[:2] for fault in verdict.tally.listed} == ({(4, 5), (6, 7)} if text == "id" else {(4, 8), (6, 12)})
    said = {(fault.line, fault.field): sentence(fault, verdict.resource) for fault in verdict.tally.listed}
    assert said[verdict.tally.listed[-1].line, "n"] == f"n '+5' repeats the key of line {7 if text == 'id' else 12}"
    lines = {fault.row: fault.line for fault in verdict.tally.listed}
    assert lines == ({8: 9, 14: 15} if text == "id" else {8: 16, 14: 27})
