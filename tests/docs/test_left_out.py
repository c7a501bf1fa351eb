"""What ``docs/departures.md`` says that a release and its catalogue leave out is left out."""

from __future__ import annotations

import json
from pathlib import Path

from rdflib import Graph, URIRef

from tests.conftest import Once
from tests.history import make_history

SPDX = "http://spdx.org/rdf/terms#"


def test_json_files_have_no_type_and_no_schema_says_how_fields_match(published: Path) -> None:
    text = (published / "latest/datapackage.json").read_text(encoding="utf-8")
    resources = json.loads(text)["resources"]
    as_json = [resource for resource in resources if resource["path"].endswith(".json")]
    assert len(as_json) * 2 == len(resources)
    assert all({"hash", "bytes", "schema"} <= resource.keys() and "type" not in resource for resource in as_json)
    assert "fieldsMatch" not in text


def test_the_catalogue_has_the_newest_release_alone(once: Once, state: Path) -> None:
    catalogue = once("history", make_history) / "three/catalog.ttl"
    text = catalogue.read_text(encoding="utf-8")
    assert "releases/1.1.1/" in text and "releases/1.1.0/" not in text and "releases/1.0.0/" not in text
    algorithms = set(Graph().parse(catalogue).objects(None, URIRef(f"{SPDX}algorithm")))
    assert algorithms == {URIRef(f"{SPDX}checksumAlgorithm_sha256")}


def test_exports_are_no_distributions_and_there_are_no_other_descriptions(published: Path) -> None:
    names = {path.name.lower() for path in published.rglob("*")}
    packed = {path for path in published.rglob("*") if path.suffix in (".zip", ".xlsx", ".parquet", ".gz", ".tar")}
    assert packed and all(path.is_relative_to(published / "exports") for path in packed)
    assert "exports/" not in (published / "catalog.ttl").read_text(encoding="utf-8")
    assert not names & {
        "ro-crate-metadata.json",
        "bagit.txt",
        "csvw.json",
        "csv-metadata.json",
        "void.ttl",
    }
    assert not [name for name in names if "iati" in name]
