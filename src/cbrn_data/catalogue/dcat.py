"""The catalogue as one graph: DCAT-AP 3.0.1 (https://semiceu.github.io/DCAT-AP/releases/3.0.1/) with PROV-O and SPDX.

Every node has an address, so that the graph has one form: parts of a page are told apart by a fragment. Whatever is
pointed at says what it is (``a dct:Location``, ...), since the SHACL shapes ask for the type of everything and a
harvester need not have the authority tables at hand. Old versions stay off: each dataset becomes a record in CKAN.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from rdflib import RDF, Graph, Literal, Namespace, URIRef
from rdflib.namespace import DCTERMS, FOAF, PROV, RDFS, SKOS, XSD

from cbrn_data.catalogue.model import Agent, Catalogue, Dataset, Distribution
from cbrn_data.catalogue.pages import page_path
from cbrn_data.schema.vocabulary import FREQUENCIES, LANGUAGES, LICENCES, THEMES

AUTHORITY = "http://publications.europa.eu/resource/authority/"
ADMS = Namespace("http://www.w3.org/ns/adms#")
DCAT = Namespace("http://www.w3.org/ns/dcat#")
DCATAP = Namespace("http://data.europa.eu/r5r/")
SPDX = Namespace("http://spdx.org/rdf/terms#")
VCARD = Namespace("http://www.w3.org/2006/vcard/ns#")
IANA = "http://www.iana.org/assignments/media-types/"
PREFIXES = {
    "adms": ADMS, "dcat": DCAT, "dcatap": DCATAP, "dct": DCTERMS, "foaf": FOAF, "prov": PROV, "rdf": RDF, "rdfs": RDFS,
    "skos": SKOS, "spdx": SPDX, "vcard": VCARD, "xsd": XSD,
}  # fmt: skip

_FORMS = {
    "CSV": ("https://www.rfc-editor.org/info/rfc4180", "RFC 4180: comma-separated values"),
    "JSON": ("https://www.rfc-editor.org/info/rfc8259", "RFC 8259: the JavaScript Object Notation"),
}
_KOSOVO = "1A0"
"""The country table of the EU writes Kosovo so; XKX is not in it."""


def dcat(catalogue: Catalogue) -> Graph:
    """Return the graph of a catalogue, its triples sorted and in a store that keeps their order."""
    triples = _Triples(catalogue)
    triples.whole()
    for dataset in catalogue.datasets:
        triples.dataset(dataset)
    graph = Graph(store="SimpleMemory", bind_namespaces="none")
    for prefix, namespace in PREFIXES.items():
        graph.bind(prefix, str(namespace))
    for triple in sorted(triples.found):
        graph.add(triple)
    return graph


def country_code(country_id: str) -> str | None:
    """Return the code of a country in the authority table, None for a user-assigned one that it cannot have.

    ISO 3166-1 leaves AAA-AAZ, QMA-QZZ, XAA-XZZ and ZZA-ZZZ to its users.

    >>> country_code("KAZ"), country_code("XKX"), country_code("XAA")
    ('KAZ', '1A0', None)
    """
    if country_id == "XKX":
        return _KOSOVO
    return None if re.fullmatch("AA.|Q[M-Z].|X..|ZZ.", country_id) else country_id


class _Triples:
    """Collects the triples of one catalogue."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.found: set[tuple[URIRef, URIRef, URIRef | Literal]] = set()
        self._of = catalogue
        self._tag = LANGUAGES[catalogue.language][1]

    def whole(self) -> None:
        """Describe the catalogue, and all that is the same for every dataset."""
        of, node = self._of, self._here("#catalog")
        self._say(node, RDF.type, DCAT.Catalog)
        self._about(node, of.title, of.description, of.issued)
        self._say(node, DCTERMS.license, *self._licence())
        self._say(node, FOAF.homepage, self._page(""))
        self._say(node, DCAT.themeTaxonomy, URIRef(f"{AUTHORITY}data-theme"))
        self._say(node, DCAT.dataset, *(self._here(f"{dataset.page}#dataset") for dataset in of.datasets))
        self._agent(self._here("#publisher"), of.publisher)
        self._contact()
        self._activity()
        scheme = URIRef(f"{AUTHORITY}data-theme")
        self._say(scheme, RDF.type, SKOS.ConceptScheme)
        self._say(scheme, DCTERMS.title, self._text("Data theme"))

    def dataset(self, dataset: Dataset) -> None:
        """Describe one dataset and its distributions."""
        of, node = self._of, self._here(f"{dataset.page}#dataset")
        self._say(node, RDF.type, DCAT.Dataset)
        self._about(node, dataset.title, dataset.description, dataset.issued)
        self._say(node, DCTERMS.identifier, Literal(str(node)))
        self._say(node, DCAT.keyword, *(self._text(keyword) for keyword in of.keywords))
        themes = (self._concept("data-theme", code, THEMES[code], SKOS.Concept) for code in of.themes)
        self._say(node, DCAT.theme, *themes)
        self._say(node, DCTERMS.temporal, *self._period())
        self._say(node, DCTERMS.accessRights, self._concept("access-right", "PUBLIC", "public", DCTERMS.RightsStatement))
        self._say(node, DCAT.contactPoint, self._here("#contact"))
        self._say(node, DCTERMS.creator, self._here("#publisher"))
        frequency = self._concept("frequency", of.frequency, FREQUENCIES[of.frequency], DCTERMS.Frequency)
        self._say(node, DCTERMS.accrualPeriodicity, frequency)
        self._say(node, DCAT.landingPage, self._page(dataset.page))
        self._say(node, DCAT.version, Literal(of.version))
        self._say(node, ADMS.versionNotes, self._text(of.notes))
        self._say(node, DCTERMS.provenance, self._statement("#provenance", DCTERMS.ProvenanceStatement, PROVENANCE))
        self._say(node, PROV.wasGeneratedBy, self._activity())
        definition = self._named(self._here(dataset.definition), DCTERMS.Standard, f"Definition of {dataset.name}")
        self._say(node, DCTERMS.conformsTo, definition)
        for distribution in dataset.distributions:
            self._say(node, DCAT.distribution, self._distribution(dataset, distribution))

    def _distribution(self, dataset: Dataset, distribution: Distribution) -> URIRef:
        of, node = self._of, self._here(f"{dataset.page}#{distribution.form.lower()}")
        self._say(node, RDF.type, DCAT.Distribution)
        self._say(node, DCTERMS.title, self._text(distribution.title))
        self._say(node, DCTERMS.description, self._text(distribution.description))
        self._say(node, DCAT.accessURL, self._page(dataset.page))
        self._say(node, DCAT.downloadURL, self._here(distribution.path))
        form = self._concept("file-type", distribution.form, distribution.form, DCTERMS.MediaTypeOrExtent)
        self._say(node, DCTERMS["format"], form)
        media_type = self._named(URIRef(IANA + distribution.media_type), DCTERMS.MediaType, distribution.media_type)
        self._say(node, DCAT.mediaType, media_type)
        self._say(node, DCTERMS.license, *self._licence())
        self._say(node, DCTERMS.rights, self._statement("#rights", DCTERMS.RightsStatement, of.rights))
        self._say(node, DCAT.byteSize, Literal(str(distribution.bytes), datatype=XSD.nonNegativeInteger))
        self._say(node, SPDX.checksum, self._checksum(node, distribution.sha256))
        self._say(node, DCTERMS.issued, self._day(of.modified))
        self._say(node, DCTERMS.modified, self._day(of.modified))
        self._say(node, DCATAP.availability, self._concept("planned-availability", "STABLE", "stable", SKOS.Concept))
        if of.withdrawn:
            status = self._concept("distribution-status", "WITHDRAWN", "withdrawn", SKOS.Concept)
            self._say(node, ADMS.status, status)
        address, title = _FORMS[distribution.form]
        self._say(node, DCTERMS.conformsTo, self._named(URIRef(address), DCTERMS.Standard, title))
        self._say(node, DCTERMS.language, self._language())
        return node

    def _about(self, node: URIRef, title: str, description: str, issued: str) -> None:
        """Say what a catalogue and a dataset both have."""
        self._say(node, DCTERMS.title, self._text(title))
        self._say(node, DCTERMS.description, self._text(description))
        self._say(node, DCTERMS.publisher, self._here("#publisher"))
        self._say(node, DCTERMS.issued, self._day(issued))
        self._say(node, DCTERMS.modified, self._day(self._of.modified))
        self._say(node, DCTERMS.language, self._language())
        self._say(node, DCTERMS.spatial, *self._countries())

    def _checksum(self, distribution: URIRef, sha256: str) -> URIRef:
        node, algorithm = URIRef(f"{distribution}-sha256"), SPDX.checksumAlgorithm_sha256
        self._say(node, RDF.type, SPDX.Checksum)
        self._say(node, SPDX.algorithm, algorithm)
        self._say(node, SPDX.checksumValue, Literal(sha256, datatype=XSD.hexBinary, normalize=False))
        self._say(algorithm, RDF.type, SPDX.ChecksumAlgorithm)
        return node

    def _activity(self) -> URIRef:
        """Return what made the release: from which sources, and on which day (there is no other time in a release)."""
        of, node = self._of, self._here(page_path("history", self._of.version) + "#release")
        self._named(node, PROV.Activity, f"Making of release {of.version}")
        for when in (PROV.startedAtTime, PROV.endedAtTime):
            self._say(node, when, Literal(f"{of.modified}T00:00:00+00:00", datatype=XSD.dateTime, normalize=False))
        self._say(node, PROV.wasAssociatedWith, self._here("#publisher"))
        for source in of.sources:
            page = self._page(source.page)
            self._say(page, RDF.type, PROV.Entity)
            self._say(page, DCTERMS.title, Literal(source.title))
            self._say(node, PROV.used, page)
        return node

    def _agent(self, node: URIRef, agent: Agent) -> None:
        self._say(node, RDF.type, FOAF.Agent, FOAF.Organization, PROV.Agent)
        self._say(node, FOAF.name, self._text(agent.name))
        if agent.email:
            self._say(node, FOAF.mbox, URIRef(f"mailto:{agent.email}"))

    def _contact(self) -> None:
        node, contact = self._here("#contact"), self._of.contact
        self._say(node, RDF.type, VCARD.Kind, VCARD.Organization)
        self._say(node, VCARD.fn, Literal(contact.name))
        if contact.email:
            self._say(node, VCARD.hasEmail, URIRef(f"mailto:{contact.email}"))

    def _period(self) -> Iterable[URIRef]:
        cover, node = self._of.coverage, self._here("#period")
        if cover.first_day is None or cover.last_day is None:
            return []
        self._say(node, RDF.type, DCTERMS.PeriodOfTime)
        self._say(node, DCAT.startDate, self._day(cover.first_day))
        self._say(node, DCAT.endDate, self._day(cover.last_day))
        return [node]

    def _countries(self) -> Iterable[URIRef]:
        for country_id, name in self._of.coverage.countries:
            if code := country_code(country_id):
                yield self._concept("country", code, name, DCTERMS.Location)

    def _licence(self) -> Iterable[URIRef]:
        code, label = LICENCES[self._of.licence.name]
        node = self._concept("licence", code, label, DCTERMS.LicenseDocument)
        self._say(node, FOAF.page, self._page(self._of.licence.url))
        return [node]

    def _language(self) -> URIRef:
        return self._concept("language", self._of.language, LANGUAGES[self._of.language][0], DCTERMS.LinguisticSystem)

    def _concept(self, table: str, code: str, label: str, kind: URIRef) -> URIRef:
        """Return an entry of an authority table, said to be what it is there and here."""
        node, scheme = URIRef(f"{AUTHORITY}{table}/{code}"), URIRef(f"{AUTHORITY}{table}")
        self._say(node, RDF.type, kind)
        self._say(node, SKOS.prefLabel, self._text(label))
        self._say(node, SKOS.inScheme, scheme)
        return node

    def _statement(self, place: str, kind: URIRef, text: str) -> URIRef:
        node = self._here(place)
        self._say(node, RDF.type, kind)
        self._say(node, RDFS.label, self._text(text))
        return node

    def _named(self, node: URIRef, kind: URIRef, title: str) -> URIRef:
        self._say(node, RDF.type, kind)
        self._say(node, DCTERMS.title, self._text(title))
        return node

    def _page(self, path: str) -> URIRef:
        node = URIRef(path) if "://" in path else self._here(path)
        self._say(node, RDF.type, FOAF.Document)
        return node

    def _here(self, path: str) -> URIRef:
        return URIRef(f"{self._of.base}{path}")

    def _text(self, text: str) -> Literal:
        return Literal(text, lang=self._tag)

    def _day(self, day: str) -> Literal:
        return Literal(day, datatype=XSD.date, normalize=False)

    def _say(self, subject: URIRef, predicate: URIRef, *objects: URIRef | Literal) -> None:
        self.found.update((subject, predicate, value) for value in objects)


PROVENANCE = (
    "Made from the sources of the release. Every value can be followed back, by the table of evidence of the same release, "
    "to the words it was taken from and to the public page that states it. The release is signed and can be made again "
    "byte for byte."
)
