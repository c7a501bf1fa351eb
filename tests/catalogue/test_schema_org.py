"""What pages say to crawlers, judged by the published shapes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rdflib import Graph

from cbrn_data.catalogue.model import Catalogue
from cbrn_data.catalogue.schema_org import schema_org, script_text
from tests.catalogue.shapes import violations

REQUIRED = {"name", "description", "license", "creator", "distribution"}
RECOMMENDED = {
    "keywords", "identifier", "url", "version", "temporalCoverage", "spatialCoverage", "variableMeasured",
    "isAccessibleForFree", "includedInDataCatalog", "dateModified", "datePublished",
}  # fmt: skip


def test_every_property_that_a_search_for_datasets_asks_for_is_there(described: Catalogue) -> None:
    for dataset in described.datasets:
        said = schema_org(described, dataset)
        assert said.keys() >= REQUIRED | RECOMMENDED
        assert 50 <= len(said["description"]) <= 5000
        for file in said["distribution"]:
            assert file.keys() >= {"contentUrl", "encodingFormat", "sha256", "contentSize"}


@pytest.mark.parametrize("name", ["googleRequired.ttl", "soso_common_v1.2.3.ttl"])
def test_the_shapes_find_no_violation(name: str, standards: Path, described: Catalogue) -> None:
    judge = Graph().parse(standards / "schemaorg" / name)
    data = Graph()
    for dataset in described.datasets:
        data.parse(data=json.dumps(schema_org(described, dataset)), format="json-ld")
    assert violations(data, judge) == []


def test_the_shapes_would_find_one(standards: Path, described: Catalogue) -> None:
    said = schema_org(described, described.datasets[0]) | {"description": "too short"}
    data = Graph().parse(data=json.dumps(said), format="json-ld")
    assert len(violations(data, Graph().parse(standards / "schemaorg" / "googleRequired.ttl"))) == 1


@given(st.text())
def test_text_in_a_script_is_read_back_and_cannot_end_it(text: str) -> None:
    written = script_text({"name": text})
    assert json.loads(written) == {"name": text}
    assert not set(written) & set("<>&\u2028\u2029")
