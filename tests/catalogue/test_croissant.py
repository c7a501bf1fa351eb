"""The release as a Croissant dataset: of the published context, and read by mlcroissant.

mlcroissant brings SciPy and pandas-stubs, so it lives in an environment of its own and not among the development
dependencies: ``pip install mlcroissant`` there, and ``CBRN_DATA_CROISSANT_PYTHON`` names its interpreter.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cbrn_data.catalogue.croissant import VERSION, croissant
from cbrn_data.catalogue.model import Catalogue
from cbrn_data.store.folder import Release

PYTHON = os.environ.get("CBRN_DATA_CROISSANT_PYTHON", sys.executable)
READ = """
import json, sys
import mlcroissant
dataset = mlcroissant.Dataset(jsonld=sys.argv[1], mapping=json.loads(sys.argv[2]))
issues = dataset.metadata.ctx.issues
names = [row["countries/name"].decode() for row in dataset.records("countries")]
print(json.dumps([sorted(issues.errors), sorted(issues.warnings), names]))
"""


@pytest.fixture(scope="module")
def said(described: Catalogue) -> dict[str, Any]:
    """The description, read back."""
    read: dict[str, Any] = json.loads(croissant(described))
    return read


def test_each_table_is_a_record_set_of_its_file(said: dict[str, Any], described: Catalogue) -> None:
    assert said["conformsTo"] == VERSION
    files = {file["@id"]: file for file in said["distribution"]}
    fields = {field["@id"] for table in said["recordSet"] for field in table["field"]}
    for table, dataset in zip(said["recordSet"], described.datasets, strict=True):
        csv = dataset.distributions[0]
        file = files[f"{table['name']}.csv"]
        assert (file["contentUrl"], file["sha256"]) == (described.base + csv.path, csv.sha256)
        assert [field["source"]["extract"]["column"] for field in table["field"]] == dataset.table.names
        assert {key["@id"] for key in table["key"]} <= fields
        references = [field["references"]["field"]["@id"] for field in table["field"] if "references" in field]
        assert set(references) <= fields


def test_mlcroissant_finds_it_valid_and_reads_the_rows(
    said: dict[str, Any], releases: list[Release], tmp_path: Path
) -> None:
    if subprocess.run([PYTHON, "-c", "import mlcroissant"], capture_output=True).returncode:
        pytest.skip("mlcroissant is not installed; CBRN_DATA_CROISSANT_PYTHON names an interpreter that has it")
    (tmp_path / "croissant.json").write_text(json.dumps(said), encoding="utf-8")
    here = {file["@id"]: str(releases[-1].folder / file["@id"]) for file in said["distribution"]}
    command = [PYTHON, "-c", READ, str(tmp_path / "croissant.json"), json.dumps(here)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    errors, warnings, names = json.loads(done.stdout)
    assert (errors, warnings) == ([], [])
    assert "Kazakhstan" in names
