"""The data package, DCAT and schema.org say the same: one description, three forms."""

from __future__ import annotations

import json
from typing import Any

import pytest
from rdflib import Graph, URIRef
from rdflib.namespace import DCTERMS, FOAF

from cbrn_data.catalogue.model import Catalogue
from cbrn_data.catalogue.schema_org import schema_org
from cbrn_data.catalogue.triples import DCAT, SPDX, VCARD
from cbrn_data.schema.model import read_package
from cbrn_data.schema.vocabulary import AUTHORITY, LICENCES, THEMES
from cbrn_data.store.folder import Release


@pytest.fixture(scope="module")
def package(releases: list[Release]) -> dict[str, Any]:
    """The data package of the release."""
    said: dict[str, Any] = json.loads((releases[-1].folder / "datapackage.json").read_text())
    return said


def one(graph: Graph, node: Any, name: Any) -> str:
    (value,) = graph.objects(node, name)
    return str(value)


def test_the_whole(described: Catalogue, graph: Graph, package: dict[str, Any], releases: list[Release]) -> None:
    node = URIRef(described.identity("#catalog"))
    assert one(graph, node, DCTERMS.title) == described.title == package["title"]
    assert package["description"] == f"{one(graph, node, DCTERMS.description)} {described.rights}"
    publisher = URIRef(one(graph, node, DCTERMS.publisher))
    (contributor,) = package["contributors"]
    assert one(graph, publisher, FOAF.name) == described.publisher["name"] == contributor["title"]
    assert one(graph, publisher, FOAF.mbox) == f"mailto:{contributor['email']}"
    assert one(graph, node, DCTERMS.modified).replace("+00:00", "Z") == described.modified == package["created"]
    about = read_package(releases[-1].folder / "schemas").metadata
    assert one(graph, URIRef(f"{described.base}#contact"), VCARD.hasEmail) == f"mailto:{about['contact']['email']}"


def test_each_dataset(described: Catalogue, graph: Graph, package: dict[str, Any]) -> None:
    resources = {resource["name"]: resource for resource in package["resources"]}
    for dataset in described.datasets:
        node, said = URIRef(described.identity(f"{dataset.page}#dataset")), schema_org(described, dataset)
        assert said["@id"] == one(graph, node, DCTERMS.identifier) == str(node)
        assert said["name"] == one(graph, node, DCTERMS.title)
        assert said["name"].endswith(f": {resources[dataset.name]['title']}")
        assert said["description"] == one(graph, node, DCTERMS.description)
        assert said["description"].startswith(resources[dataset.name]["description"])
        assert set(said["keywords"]) == {str(word) for word in graph.objects(node, DCAT.keyword)} == set(package["keywords"])
        assert said["version"] == one(graph, node, DCAT.version) == package["version"]
        assert said["url"] == one(graph, node, DCAT.landingPage)
        assert (said["datePublished"], said["dateModified"]) == (
            one(graph, node, DCTERMS.issued),
            one(graph, node, DCTERMS.modified).replace("+00:00", "Z"),
        )
        assert said["publisher"]["@id"] == said["creator"]["@id"] == one(graph, node, DCTERMS.publisher)
        assert {str(theme) for theme in graph.objects(node, DCAT.theme)} == {
            f"{AUTHORITY}data-theme/{code}" for code in package["themes"]
        }
        assert {(about["@id"], about["name"]) for about in said["about"]} == {
            (f"{AUTHORITY}data-theme/{code}", THEMES[code]) for code in package["themes"]
        }
        fields = [field["name"] for field in resources[dataset.name]["schema"]["fields"]]
        assert [variable["name"] for variable in said["variableMeasured"]] == fields


def test_licence(described: Catalogue, graph: Graph, package: dict[str, Any]) -> None:
    (licence,) = package["licenses"]
    code = f"{AUTHORITY}licence/{LICENCES[licence['name']][0]}"
    assert {str(node) for node in graph.objects(None, DCTERMS.license)} == {code}
    assert one(graph, URIRef(code), FOAF.page) == licence["path"]
    assert {schema_org(described, dataset)["license"] for dataset in described.datasets} == {licence["path"]}


def test_coverage(described: Catalogue, graph: Graph, package: dict[str, Any], releases: list[Release]) -> None:
    countries = json.loads((releases[-1].folder / "countries.json").read_text())
    codes = {country["country_id"] for country in countries}
    assert package["spatial"] == [{"identifier": row["country_id"], "name": row["name"]} for row in countries]
    (period,) = set(graph.objects(None, DCTERMS.temporal))
    days = f"{one(graph, period, DCAT.startDate)}/{one(graph, period, DCAT.endDate)}"
    assert days == "{start}/{end}".format(**package["temporal"]) == "2012-12-21/2027-11-30"
    for dataset in described.datasets:
        said, node = schema_org(described, dataset), URIRef(described.identity(f"{dataset.page}#dataset"))
        assert [(place["identifier"], place["name"]) for place in said["spatialCoverage"]] == [
            (place["identifier"], place["name"]) for place in package["spatial"]
        ]
        assert {str(place) for place in graph.objects(node, DCTERMS.spatial)} == {
            f"{AUTHORITY}country/{code}" for code in codes
        }
        assert said["temporalCoverage"] == days


def test_each_file(described: Catalogue, graph: Graph, package: dict[str, Any]) -> None:
    resources = {resource["path"]: resource for resource in package["resources"]}
    for dataset in described.datasets:
        for said in schema_org(described, dataset)["distribution"]:
            node = URIRef(said["@id"])
            resource = resources[said["contentUrl"].rsplit("/", 1)[-1]]
            assert said["contentUrl"] == one(graph, node, DCAT.downloadURL)
            assert said["contentUrl"].startswith(f"{described.base}releases/{package['version']}/")
            assert said["encodingFormat"] == resource["mediatype"]
            assert one(graph, node, DCAT.mediaType).endswith(f"/{resource['mediatype']}")
            assert one(graph, node, DCTERMS["format"]).endswith(f"/{resource['format'].upper()}")
            assert said["contentSize"] == f"{one(graph, node, DCAT.byteSize)} B" == f"{resource['bytes']} B"
            checksum = one(graph, URIRef(one(graph, node, SPDX.checksum)), SPDX.checksumValue)
            assert f"sha256:{said['sha256']}" == f"sha256:{checksum}" == resource["hash"]
            assert said["datePublished"] == one(graph, node, DCTERMS.issued)
            assert one(graph, node, DCTERMS.modified).replace("+00:00", "Z") == described.modified
