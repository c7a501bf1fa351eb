"""The catalogue for harvesters: valid, one graph in three forms, the same bytes everywhere."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from xml.etree.ElementTree import fromstring

import pytest
from rdflib import RDF, BNode, Graph, Literal, URIRef
from rdflib.compare import isomorphic
from rdflib.namespace import DCTERMS

from cbrn_data.catalogue.dcat import country_code, dcat, serialisations
from cbrn_data.catalogue.derive import described as derive_described
from cbrn_data.catalogue.feed import ATOM, base_of, feed
from cbrn_data.catalogue.model import Catalogue, catalogue
from cbrn_data.catalogue.schema_org import schema_org
from cbrn_data.catalogue.triples import ADMS, DCAT
from cbrn_data.store.folder import Release
from cbrn_data.store.history import read_history
from cbrn_data.store.index import with_address
from cbrn_data.store.store import Store
from tests.catalogue.shapes import SHAPES, shapes, violations

FORMATS = {"catalog.ttl": "turtle", "catalog.rdf": "xml", "catalog.jsonld": "json-ld"}


@pytest.mark.parametrize("name", SHAPES)
def test_the_shapes_of_dcat_ap_find_no_violation(name: str, standards: Path, vocabularies: Graph, graph: Graph) -> None:
    assert violations(graph + vocabularies, shapes(standards, name)) == []


@pytest.mark.parametrize("name", SHAPES[:3])
def test_nor_where_the_authority_tables_are_not_at_hand(name: str, standards: Path, graph: Graph) -> None:
    assert violations(graph, shapes(standards, name)) == []


@pytest.mark.parametrize("name", SHAPES[:3])
def test_nor_in_many_regions_nor_where_every_release_is_withdrawn(name: str, standards: Path, regions: Path) -> None:
    releases = read_history(regions)
    gone = [replace(release, withdrawn={"reason": "wrong", "date": "2027-01-06"}) for release in releases]
    for described in (catalogue(releases, "https://a.example/"), catalogue(gone, "https://a.example/")):
        assert violations(dcat(described), shapes(standards, name)) == []
        assert len(described.coverage.countries) > 60


def test_the_shapes_would_find_one(standards: Path, graph: Graph) -> None:
    worse = graph - Graph()
    worse.remove((None, DCAT.accessURL, None))
    assert len(violations(worse, shapes(standards, SHAPES[0]))) == 24


@pytest.mark.parametrize("name", FORMATS)
def test_each_serialisation_is_the_whole_graph(name: str, graph: Graph) -> None:
    read = Graph().parse(data=serialisations(graph)[name], format=FORMATS[name])
    assert isomorphic(read, Graph() + graph)
    assert len(read) == len(graph)


def test_no_node_is_blank_and_no_address_relative(graph: Graph) -> None:
    terms = {term for triple in graph for term in triple}
    assert not [term for term in terms if isinstance(term, BNode)]
    assert not [
        term for term in terms if isinstance(term, URIRef) and not str(term).startswith(("http", "mailto:", "urn:uuid:"))
    ]


def test_the_bytes_are_the_same_for_any_hash_seed(releases: list[Release]) -> None:
    program = (
        "import hashlib, sys; from pathlib import Path; from cbrn_data.catalogue.derive import described\n"
        "from cbrn_data.store.history import read_history\n"
        "files = described(read_history(Path(sys.argv[1])), 'https://data.example/')\n"
        "print(hashlib.sha256(b''.join(files[name] for name in sorted(files))).hexdigest())"
    )
    here = derive_described(releases, "https://data.example/")  # with a seed that is another in each run
    command = [sys.executable, "-c", program, str(releases[0].folder.parent.parent)]
    environment = {**os.environ, "PYTHONHASHSEED": "1", "TZ": "Asia/Tashkent"}
    there = subprocess.run(command, env=environment, capture_output=True, check=True, text=True).stdout
    assert there.strip() == hashlib.sha256(b"".join(here[name] for name in sorted(here))).hexdigest()


def test_each_data_table_is_a_dataset_as_csv_and_json(built: object, described: Catalogue, graph: Graph) -> None:
    names = {dataset.name for dataset in described.datasets}
    assert {"countries", "projects", "achievements"} <= names
    assert not names & {"sources", "evidence", "quarantine", "changes"}
    assert len(set(graph.subjects(RDF.type, DCAT.Dataset))) == len(names)
    assert len(set(graph.subjects(RDF.type, DCAT.Distribution))) == 2 * len(names)


def test_a_dataset_keeps_its_address_and_its_first_day_in_a_later_release(releases: list[Release]) -> None:
    """A later release of the same tables: other version, other paths of downloads, the same datasets."""
    first = releases[0]
    later = replace(first, version="1.1.0", date="2027-01-05", sequence=2)
    before, after = catalogue([first], "https://a.example/"), catalogue([first, later], "https://a.example/")
    assert [dataset.page for dataset in before.datasets] == [dataset.page for dataset in after.datasets]
    assert {dataset.issued for dataset in after.datasets} == {first.date}
    assert (after.issued, after.modified, after.version) == (first.date, "2027-01-05T00:00:01Z", "1.1.0")
    files = {distribution.path for dataset in after.datasets for distribution in dataset.distributions}
    assert all(path.startswith("releases/1.1.0/") for path in files)


def test_a_withdrawn_release_is_left_for_the_one_before(releases: list[Release]) -> None:
    first = releases[0]
    later = replace(first, version="1.1.0", sequence=2, withdrawn={"reason": "wrong", "date": "2027-01-06"})
    assert catalogue([first, later], "https://a.example/").version == "1.0.0"


def test_where_all_are_withdrawn_that_is_said(releases: list[Release], described: Catalogue, graph: Graph) -> None:
    gone = replace(releases[0], withdrawn={"reason": "wrong", "date": "2027-01-06"})
    status = set(dcat(catalogue([gone], described.base)).objects(None, ADMS.status))
    assert {str(node).rsplit("/", 1)[-1] for node in status} == {"WITHDRAWN"}
    assert not set(graph.objects(None, ADMS.status))


@pytest.mark.parametrize("country_id", ["AFG", "KAZ", "KGZ", "MNG", "PAK", "TJK", "UZB", "XKX", "QAT", "ZWE", "FRA"])
def test_the_authority_table_has_the_code_of_a_country(country_id: str, vocabularies: Graph) -> None:
    node = URIRef(f"http://publications.europa.eu/resource/authority/country/{country_code(country_id)}")
    assert (node, None, None) in vocabularies


def test_a_country_that_the_table_cannot_have_is_left_out(described: Catalogue) -> None:
    cover = replace(described.coverage, countries=(("KAZ", "Kazakhstan"), ("XAA", "Nowhere"), ("XKX", "Kosovo")))
    places = set(dcat(replace(described, coverage=cover)).objects(None, URIRef("http://purl.org/dc/terms/spatial")))
    assert sorted(str(place).rsplit("/", 1)[-1] for place in places) == ["1A0", "KAZ"]


def test_hostile_text_is_a_literal_in_every_form(described: Catalogue) -> None:
    evil = '"@en . <x> <y> <z> . </rdf:Description>&amp;\\u0041 </script> {"@id": "x"} \u202e'
    graph = dcat(replace(described, title=evil))
    for name, data in serialisations(graph).items():
        read = Graph().parse(data=data, format=FORMATS[name])
        assert len(read) == len(graph)
        assert Literal(evil, lang="en") in set(read.objects())


def test_ckan_knows_the_licence_by_its_title(graph: Graph, described: Catalogue) -> None:
    """ckanext-dcat looks a licence up by its address, else by the one ``dct:title`` of its node, in CKAN's own list."""
    (licence,) = set(graph.objects(None, DCTERMS.license))
    assert [str(title) for title in graph.objects(licence, DCTERMS.title)] == ["Creative Commons Attribution"]


def test_no_date_goes_back_when_the_newest_release_is_withdrawn(regions: Path) -> None:
    releases = Store(regions).releases()
    after = [*releases[:2], replace(releases[2], withdrawn={"reason": "x", "date": "2026-11-30"})]
    before, now = (catalogue(each, "https://data.example/") for each in (releases, after))
    assert (before.version, now.version) == ("1.2.0", "1.0.0")
    assert (before.modified, before.released) == ("2026-11-26T00:00:03Z", "2026-11-24")
    assert (now.modified, now.released) == ("2026-11-30T00:00:04Z", "2026-11-22")
    for each in (before, now):
        (modified,) = set(dcat(each).objects(None, DCTERMS.modified))
        assert str(modified).replace("+00:00", "Z") == schema_org(each, each.datasets[0])["dateModified"] == each.modified


def test_every_event_moves_the_feed_on_also_a_second_one_of_a_day(regions: Path) -> None:
    first, second, third = (replace(release, withdrawn=None, date="2026-11-22") for release in read_history(regions))
    withdrawn = {"reason": "x", "date": "2026-11-22"}
    states = [
        [first],
        [first, second],
        [replace(first, withdrawn=withdrawn), second],
        [replace(first, withdrawn=withdrawn), second, third],
        [replace(first, withdrawn=withdrawn), second, replace(third, withdrawn=withdrawn)],
    ]
    seen = []
    for releases in states:
        data = feed(releases, "Title", "Us", "https://data.example/")
        root = fromstring(data)
        seen.append(root.findtext(f"{{{ATOM}}}updated"))
        entries = [entry.findtext(f"{{{ATOM}}}updated") for entry in root.iter(f"{{{ATOM}}}entry")]
        assert len(set(entries)) == len(entries) and max(map(str, entries)) == seen[-1]
    assert seen == sorted(map(str, seen)) and len(set(seen)) == len(seen)


def test_another_address_is_a_change_but_every_identifier_stays(releases: list[Release]) -> None:
    here = with_address(releases, "1" * 64, "2026-12-01")
    moved = with_address(here, "2" * 64, "2026-11-01")  # a clock that is behind
    bases = "https://a.example/", "https://b.example/x/"
    before, after = (catalogue(each, base) for each, base in zip((here, moved), bases, strict=True))
    assert (before.modified, after.modified) == ("2026-11-22T00:00:00Z", "2026-11-22T00:00:01Z")
    named = [{str(node) for node in dcat(each).subjects() if str(node).startswith("urn:")} for each in (before, after)]
    assert named[0] == named[1] and len(named[0]) == 1 + 3 * len(before.datasets)
    ids = []
    for each, base in zip((here, moved), bases, strict=True):
        root = fromstring(data := feed(each, "Title", "Us", base))
        ids.append([entry.text for entry in root.iter(f"{{{ATOM}}}id")])
        assert base_of(data) == base
    assert ids[0] == ids[1] and len(set(ids[0])) == 2
    assert schema_org(before, before.datasets[0])["@id"] == schema_org(after, after.datasets[0])["@id"]
