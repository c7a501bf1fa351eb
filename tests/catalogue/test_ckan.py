"""A harvest by CKAN: its own parser (ckanext-dcat) reads each serialisation into the records it would keep.

CKAN pins dozens of libraries, so it lives in an environment of its own and not among the development dependencies:
``pip install "ckan[requirements]" ckanext-dcat`` there, and ``CBRN_DATA_CKAN_PYTHON`` names its interpreter.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from rdflib import Graph

from cbrn_data.catalogue.dcat import serialisations
from cbrn_data.catalogue.model import Catalogue

PYTHON = os.environ.get("CBRN_DATA_CKAN_PYTHON", sys.executable)
HARVEST = """
import json, sys
from ckanext.dcat.processors import RDFParser
parser = RDFParser(profiles=["euro_dcat_ap_3"])
parser.parse(open(sys.argv[1], encoding="utf-8").read(), _format=sys.argv[2])
print(json.dumps(sorted(parser.datasets(), key=lambda dataset: dataset["url"])))
"""


@pytest.fixture(scope="module", autouse=True)
def ckan() -> None:
    """Skip where CKAN is not installed."""
    if subprocess.run([PYTHON, "-c", "import ckanext.dcat.processors"], capture_output=True).returncode:
        pytest.skip("ckanext-dcat is not installed; CBRN_DATA_CKAN_PYTHON names an interpreter that has it")


@pytest.mark.parametrize(
    ("name", "form"), [("catalog.ttl", "turtle"), ("catalog.rdf", "xml"), ("catalog.jsonld", "json-ld")]
)
def test_ckan_reads_every_dataset_and_file(name: str, form: str, graph: Graph, described: Catalogue, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(serialisations(graph)[name])
    done = subprocess.run([PYTHON, "-c", HARVEST, tmp_path / name, form], capture_output=True, check=True, text=True)
    records: list[dict[str, Any]] = json.loads(done.stdout)
    assert [record["title"] for record in records] == [
        dataset.title for dataset in sorted(described.datasets, key=lambda dataset: dataset.page)
    ]
    for record, dataset in zip(records, sorted(described.datasets, key=lambda dataset: dataset.page), strict=True):
        extras = {extra["key"]: extra["value"] for extra in record["extras"]}
        assert record["notes"] == dataset.description
        assert record["version"] == described.version
        assert {tag["name"] for tag in record["tags"]} == set(described.keywords)
        assert extras["publisher_name"] == described.publisher["name"]
        assert extras["contact_email"] == described.contact["email"]
        assert (extras["temporal_start"], extras["temporal_end"]) == (
            described.coverage.first_day,
            described.coverage.last_day,
        )
        found = {(file["download_url"], file["size"], file["hash"]) for file in record["resources"]}
        assert found == {(described.base + file.path, file.bytes, file.sha256) for file in dataset.distributions}
