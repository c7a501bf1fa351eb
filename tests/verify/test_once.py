"""A table that several releases have is judged once, and again where anything that its check reads is another."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from shutil import copytree
from typing import Any

import frictionless
import pytest

from cbrn_data.checks import evidence, released
from cbrn_data.checks.once import judge_fields_once
from cbrn_data.checks.released import Good, check_release
from cbrn_data.cli import running
from cbrn_data.findings import Finding, errors_of
from cbrn_data.schema.model import read_package
from cbrn_data.schema.table import Row, Table
from cbrn_data.sources.document import Document
from cbrn_data.store.folder import SUMS
from cbrn_data.tabular.profile import profile_errors
from tests.cli.conftest import run
from tests.conftest import PROJECT


def test_equal_tables_and_evidence_are_judged_once(small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, judged, words, good = small / "releases/1.0.0", list[str](), list[str | None](), Good()
    span_faults = evidence._span_faults

    def compared(row: Row, document: Document | None) -> Iterator[Finding]:
        words.append(row["row_id"])
        return span_faults(row, document)

    monkeypatch.setattr(evidence, "_span_faults", compared)
    as_written = released._as_written

    def counted(folder: Path, table: Table, *more: Any) -> Iterator[Finding]:
        judged.append(table.name)
        return as_written(folder, table, *more)

    monkeypatch.setattr(released, "_as_written", counted)
    package = read_package(first / "schemas")
    found, findings = check_release(first, package, good=good)
    there = set(found.published)
    assert not errors_of(findings) and there <= set(judged) and len(words) == found.counts["evidence"]
    judged.clear()
    words.clear()
    again, findings = check_release(first, package, good=good)
    assert not errors_of(findings) and (again.counts, again.cells) == (found.counts, found.cells) and not there & set(judged)
    assert not words
    judged.clear()
    other = Path(copytree(first, tmp_path / "1.0.1"))
    for name in ("regions.csv", "regions.json"):
        data = (other / name).read_bytes()
        changed = data.replace(b"central-asia", b"another-asia")
        (other / name).write_bytes(changed)
        sums, old, new = (other / SUMS).read_text(), *(hashlib.sha256(each).hexdigest() for each in (data, changed))
        (other / SUMS).write_text(sums.replace(old, new))
    _, findings = check_release(other, package, good=good)
    assert set(words) == {"central-asia"} and "evidence-dangling" in {finding.code for finding in findings}
    refers = {name for name in there for key in package.tables[name].foreign_keys if key.resource == "regions"}
    assert there & set(judged) == {"regions", *refers} and "reference-missing" in {finding.code for finding in findings}


def test_evidence_of_a_source_that_differs_in_one_byte_is_judged_again(small: Path, tmp_path: Path) -> None:
    first, good = small / "releases/1.0.0", Good()
    package = read_package(first / "schemas")
    found, findings = check_release(first, package, good=good)
    assert not errors_of(findings)
    other = Path(copytree(first, tmp_path / "1.0.1"))
    row = next(row for row in found.tables["evidence"].rows if row["method"] not in ("curated", "counted"))
    (path,) = (each["path"] for each in found.tables["sources"].rows if each["source_id"] == row["source_id"])
    text, start = (other / str(path)).read_text(encoding="utf-8"), int(row["char_start"] or 0)
    (other / str(path)).write_text(f"{text[:start]}#{text[start + 1 :]}", encoding="utf-8")
    _, findings = check_release(other, package, good=good)
    assert ("evidence-span", row["row_id"]) in {(finding.code, finding.row) for finding in findings}


def test_a_descriptor_that_differs_in_one_resource_is_judged() -> None:
    fields = [{"name": "a", "type": "string"}]
    resources = [{"name": name, "path": f"{name}.csv", "schema": {"fields": fields}} for name in ("one", "two")]
    good = {"resources": resources}
    assert not list(profile_errors(good, "2.0")) and not list(profile_errors(good, "2.0"))
    wrong = {"resources": [resources[0], resources[1] | {"bytes": "1"}]}
    for _ in range(2):
        assert [place for place, _ in profile_errors(wrong, "2.0")] == [("resources", 1, "bytes")]


def test_a_verification_imports_no_other_validator_and_nothing_that_publishes(small: Path) -> None:
    code = "import json, sys; from cbrn_data.cli import main; main(); json.dump(sorted(sys.modules), sys.stderr)"
    command = [sys.executable, "-c", code, "verify", str(small)]
    environment = os.environ | {"PYTHONPATH": str(PROJECT / "src")}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    others = "boto3 frictionless jinja2 pandas pandera pyarrow.parquet rdflib typer vl_convert xlsxwriter".split()
    assert not {*others}.intersection(json.loads(done.stderr.splitlines()[-1]))


@pytest.mark.parametrize("options", [[], ["--json"]], ids=["as a table", "as JSON"])
def test_plain_arguments_mean_what_they_mean_to_the_parser_of_all_options(
    small: Path, options: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    said = run("verify", small, *options)
    monkeypatch.setattr(running, "_runs_plainly", lambda arguments: False)
    assert said == run("verify", small, *options) and said.code == 0


def test_frictionless_tells_an_address_without_a_scheme_each_time_that_it_stands_in_a_cell() -> None:
    judge_fields_once()
    schema = {"fields": [{"name": "url", "type": "string", "format": "uri"}]}
    rows = [["url"], ["https://data.example/a"], ["data.example"], ["https://data.example/a"], ["data.example"]]
    report = frictionless.Resource(data=rows, schema=frictionless.Schema.from_descriptor(schema)).validate()
    assert [(error.type, error.row_number) for error in report.task.errors] == [("type-error", 3), ("type-error", 5)]
