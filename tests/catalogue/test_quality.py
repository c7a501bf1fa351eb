"""The Metadata Quality Assessment of data.europa.eu: 405 of 405 points for every dataset and every distribution.

The points are those of the published metrics; each metric is computed as their definitions say, on the graph read back
from the served file, with addresses asked for on loopback.
"""

from __future__ import annotations

import functools
import hashlib
import http.client
import http.server
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import urlopen
from xml.etree.ElementTree import fromstring

import pytest
from rdflib import RDF, Graph, Namespace, URIRef
from rdflib.namespace import DCTERMS
from rdflib.term import Node

from cbrn_data import pipeline
from cbrn_data.catalogue.feed import SITEMAP
from cbrn_data.catalogue.triples import DCAT, IANA, SPDX
from cbrn_data.portal import site
from cbrn_data.settings import Settings
from cbrn_data.store.history import read_history
from tests.catalogue.shapes import SHAPES, shapes, violations
from tests.conftest import PROJECT
from tests.portal.conftest import exports_without_workbooks

PV = Namespace("https://piveau.eu/ns/voc#")


class Quiet(http.server.SimpleHTTPRequestHandler):
    """A plain web server, which is all that a portal needs."""

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module", params=["one region", "many regions, a release withdrawn"])
def served(request: pytest.FixtureRequest, published: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Derive what stands beside releases for the address of a server on loopback, and serve that."""
    store = published if request.param == "one region" else request.getfixturevalue("regions")
    folder = Path(shutil.copytree(store, tmp_path_factory.mktemp("served") / "published"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder))) as server:
        base = f"http://127.0.0.1:{server.server_port}/"
        made = exports_without_workbooks(read_history(folder))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(pipeline, "pages", lambda releases, base_url: {**made, **site(releases, base_url, made)})
            with pipeline.open_store(Settings(PROJECT, folder, base_url=base)).writing():
                pass  # who enters with another address derives again
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield base
        server.shutdown()


@pytest.fixture(scope="module")
def harvested(served: str) -> Graph:
    """The graph as a harvester gets it."""
    return Graph().parse(f"{served}catalog.ttl")


@functools.cache
def answers(address: str) -> bool:
    """Tell whether HEAD is answered with 200."""
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
    connection.request("HEAD", parts.path)
    return connection.getresponse().status == 200


class Judge:
    """The vocabularies by which values are judged."""

    def __init__(self, standards: Path, vocabularies: Graph) -> None:
        metrics = Graph().parse(standards / "vocab" / "piveau-dqv-vocabulary.ttl")
        self.points = {
            str(metric).removeprefix(str(PV)): int(str(score)) for metric, score in metrics.subject_objects(PV.trueScore)
        }
        self.concepts = set(vocabularies.subjects())
        lists = {name: (standards / "vocab" / f"{name}.txt").read_text().splitlines()[1:] for name in LISTS}
        self.media_types = {URIRef(IANA + line) for line in lists["iana-media-types"]}
        self.open = {URIRef(line) for line in lists["edp-non-proprietary"]}
        self.machine = {URIRef(line) for line in lists["edp-machine-readable"]}

    def score(self, graph: Graph, dataset: Node, distribution: Node, complies: bool) -> dict[str, int]:
        """Return the points by metric."""

        def has(node: Node, *properties: URIRef) -> bool:
            return all((node, name, None) in graph for name in properties)

        def values(node: Node, name: URIRef) -> set[Node]:
            return set(graph.objects(node, name))

        form, media = values(distribution, DCTERMS["format"]), values(distribution, DCAT.mediaType)
        rights, licence = values(dataset, DCTERMS.accessRights), values(distribution, DCTERMS.license)
        access, download = values(distribution, DCAT.accessURL), values(distribution, DCAT.downloadURL)
        holds = {
            "keywordAvailability": has(dataset, DCAT.keyword),
            "categoryAvailability": has(dataset, DCAT.theme) and values(dataset, DCAT.theme) <= self.concepts,
            "spatialAvailability": has(dataset, DCTERMS.spatial) and values(dataset, DCTERMS.spatial) <= self.concepts,
            "temporalAvailability": has(dataset, DCTERMS.temporal),
            "accessUrlStatusCode": bool(access) and all(answers(str(url)) for url in access),
            "downloadUrlAvailability": bool(download),
            "downloadUrlStatusCode": bool(download) and all(answers(str(url)) for url in download),
            "formatAvailability": bool(form),
            "mediaTypeAvailability": bool(media),
            "formatMediaTypeVocabularyAlignment": form <= self.concepts and media <= self.media_types,
            "formatMediaTypeNonProprietary": bool(form & self.open),
            "formatMediaTypeMachineInterpretable": bool(form & self.machine),
            "dcatApCompliance": complies,
            "licenceAvailability": bool(licence),
            "knownLicence": bool(licence) and licence <= self.concepts,
            "accessRightsAvailability": bool(rights),
            "accessRightsVocabularyAlignment": bool(rights) and rights <= self.concepts,
            "contactPointAvailability": has(dataset, DCAT.contactPoint),
            "publisherAvailability": has(dataset, DCTERMS.publisher),
            "rightsAvailability": has(distribution, DCTERMS.rights),
            "byteSizeAvailability": has(distribution, DCAT.byteSize),
            "dateIssuedAvailability": has(distribution, DCTERMS.issued),
            "dateModifiedAvailability": has(distribution, DCTERMS.modified),
        }
        assert holds.keys() == self.points.keys()
        return {name: self.points[name] for name, held in holds.items() if held}


LISTS = ("iana-media-types", "edp-non-proprietary", "edp-machine-readable")


def test_every_distribution_of_every_dataset_has_all_points(standards: Path, vocabularies: Graph, harvested: Graph) -> None:
    judge = Judge(standards, vocabularies)
    complies = not violations(harvested + vocabularies, shapes(standards, SHAPES[0]))
    missed = {}
    pairs = [
        (dataset, distribution)
        for dataset in harvested.subjects(RDF.type, DCAT.Dataset)
        for distribution in harvested.objects(dataset, DCAT.distribution)
    ]
    for dataset, distribution in pairs:
        score = judge.score(harvested, dataset, distribution, complies)
        if sum(score.values()) != 405:
            missed[str(distribution)] = sorted(judge.points.keys() - score.keys())
    assert missed == {}
    assert len(pairs) == 24


def test_every_address_of_ours_answers(served: str, harvested: Graph) -> None:
    """Those of the catalogue, which a harvester follows, and those of the sitemap, which a crawler does."""
    said = {str(term) for triple in harvested for term in triple if isinstance(term, URIRef)}
    with urlopen(f"{served}sitemap.xml", timeout=60) as answer:
        pages = [entry.text or "" for entry in fromstring(answer.read()).iter(f"{{{SITEMAP}}}loc")]
    ours = sorted({address.partition("#")[0] for address in [*said, *pages] if address.startswith(served)})
    assert [address for address in ours if not answers(address)] == []
    assert {f"{served}tables/projects.html", f"{served}countries/KAZ.html", served} <= set(pages)


def test_a_missing_page_costs_its_points(standards: Path, vocabularies: Graph, harvested: Graph) -> None:
    dataset, distribution = next(iter(harvested.subject_objects(DCAT.distribution)))
    worse = harvested - Graph()
    page = next(worse.objects(distribution, DCAT.accessURL))
    worse.set((distribution, DCAT.accessURL, URIRef(f"{page}.gone")))
    worse.remove((distribution, DCTERMS.rights, None))
    assert sum(Judge(standards, vocabularies).score(worse, dataset, distribution, True).values()) == 350


def test_what_is_downloaded_is_what_the_catalogue_says(harvested: Graph) -> None:
    """Size, digest and media type of every file, as it comes from the server."""
    for distribution in harvested.subjects(RDF.type, DCAT.Distribution):
        (url,), (size,), (media_type,), (checksum,) = (
            list(harvested.objects(distribution, name))
            for name in (DCAT.downloadURL, DCAT.byteSize, DCAT.mediaType, SPDX.checksum)
        )
        with urlopen(str(url), timeout=60) as answer:
            data = answer.read()
            assert str(media_type) == IANA + answer.headers["Content-Type"].partition(";")[0]
        assert str(size) == str(len(data))
        assert str(next(harvested.objects(checksum, SPDX.checksumValue))) == hashlib.sha256(data).hexdigest()
