"""Findings about rows name the row that is wrong, also after records that are skipped."""

from __future__ import annotations

from pathlib import Path

from cbrn_data.checks.rows import table_findings
from cbrn_data.schema.model import Field, TableDefinition
from cbrn_data.schema.table import table_in_file


def field(name: str, kind: str = "string") -> Field:
    return Field(name, kind, name, name, "1", "default", None, {})


THINGS = TableDefinition("things", "Things", "Things.", "data", ("id",), (), (), (field("id"), field("number", "integer")))


def test_a_finding_has_the_id_of_its_row_after_a_skipped_record(tmp_path: Path) -> None:
    path = tmp_path / "things.csv"
    path.write_text('id,number\na,1\n"b"x,2\nc,x\nd,4\n')
    found = [(finding.code, finding.row, finding.line) for finding in table_findings(table_in_file(THINGS, path), {})]
    assert found == [("csv-quote", None, 3), ("cell-type", "c", None)]
