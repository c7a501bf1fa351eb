"""The catalogue as one RDF graph: DCAT-AP 3.0.1 (https://semiceu.github.io/DCAT-AP/releases/3.0.1/) with PROV-O and SPDX.

Every node has a name. That of the catalogue, a dataset or a distribution is an identifier, which stays from version to
version and if the base address changes; the others are addresses, and parts of a page have a fragment. A download address
contains the version. Old versions are left out, because each dataset becomes a record in CKAN.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from rdflib import RDF, Graph, Literal, URIRef
from rdflib.namespace import DCTERMS, FOAF, PROV, SKOS, XSD

from cbrn_data.catalogue.model import Catalogue, Dataset, Distribution
from cbrn_data.catalogue.pages import page_path
from cbrn_data.catalogue.triples import ADMS, DCAT, DCATAP, IANA, PREFIXES, SPDX, VCARD, Triples
from cbrn_data.schema.vocabulary import AUTHORITY, CKAN_LICENCES, FREQUENCIES, LANGUAGES, LICENCES, THEMES
from cbrn_data.strict_json import dumped

_FORMS = {
    "CSV": ("https://www.rfc-editor.org/info/rfc4180", "RFC 4180: comma-separated values"),
    "JSON": ("https://www.rfc-editor.org/info/rfc8259", "RFC 8259: the JavaScript Object Notation"),
}
_PROVENANCE = (
    "Made from the sources of the release. Through the table of evidence of the same release, every value leads to the "
    "words from which it was made and to the public page that states it. The release is signed and can be rebuilt "
    "byte for byte."
)
_KOSOVO = "1A0"
"""The code of Kosovo in the country table of the EU, which does not contain XKX."""


def dcat(catalogue: Catalogue) -> Graph:
    """Return the graph of a catalogue, with sorted triples in a store that keeps their order."""
    triples = _Description(catalogue)
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
    """Return the code of a country in the authority table, None for a user-assigned code, which it does not contain.

    ISO 3166-1 leaves AAA-AAZ, QMA-QZZ, XAA-XZZ and ZZA-ZZZ to its users.

    >>> country_code("KAZ"), country_code("XKX"), country_code("XAA")
    ('KAZ', '1A0', None)
    """
    if country_id == "XKX":
        return _KOSOVO
    return None if re.fullmatch("AA.|Q[M-Z].|X..|ZZ.", country_id) else country_id


class _Description(Triples):
    """The triples of one catalogue."""

    def __init__(self, catalogue: Catalogue) -> None:
        super().__init__(catalogue.base, LANGUAGES[catalogue.language][1])
        self._of = catalogue

    def whole(self) -> None:
        """Describe the catalogue and the properties that all datasets share."""
        of, node = self._of, self._identity("#catalog")
        self.say(node, RDF.type, DCAT.Catalog)
        self._about(node, of.title, of.description, of.issued)
        self.say(node, DCTERMS.license, *self._licence())
        self.say(node, FOAF.homepage, self.page(""))
        self.say(node, DCAT.themeTaxonomy, URIRef(f"{AUTHORITY}data-theme"))
        self.say(node, DCAT.dataset, *(self._identity(f"{dataset.page}#dataset") for dataset in of.datasets))
        publisher = self.here("#publisher")
        self.say(publisher, RDF.type, FOAF.Agent, FOAF.Organization, PROV.Agent)
        self.say(publisher, FOAF.name, self.text(of.publisher["name"]))
        self.say(publisher, FOAF.mbox, URIRef(f"mailto:{of.publisher['email']}"))
        contact = self.here("#contact")
        self.say(contact, RDF.type, VCARD.Kind, VCARD.Organization)
        self.say(contact, VCARD.fn, Literal(of.contact["name"]))
        self.say(contact, VCARD.hasEmail, URIRef(f"mailto:{of.contact['email']}"))
        self._activity()
        scheme = URIRef(f"{AUTHORITY}data-theme")
        self.say(scheme, RDF.type, SKOS.ConceptScheme)
        self.say(scheme, DCTERMS.title, self.text("Data theme"))

    def dataset(self, dataset: Dataset) -> None:
        """Describe one dataset and its distributions."""
        of, node = self._of, self._identity(f"{dataset.page}#dataset")
        self.say(node, RDF.type, DCAT.Dataset)
        self._about(node, dataset.title, dataset.description, dataset.issued)
        self.say(node, DCTERMS.identifier, Literal(str(node)))
        self.say(node, DCAT.keyword, *(self.text(keyword) for keyword in of.keywords))
        themes = (self.concept("data-theme", code, THEMES[code], SKOS.Concept) for code in of.themes)
        self.say(node, DCAT.theme, *themes)
        self.say(node, DCTERMS.temporal, *self._period())
        self.say(node, DCTERMS.accessRights, self.concept("access-right", "PUBLIC", "public", DCTERMS.RightsStatement))
        self.say(node, DCAT.contactPoint, self.here("#contact"))
        self.say(node, DCTERMS.creator, self.here("#publisher"))
        frequency = self.concept("frequency", of.frequency, FREQUENCIES[of.frequency], DCTERMS.Frequency)
        self.say(node, DCTERMS.accrualPeriodicity, frequency)
        self.say(node, DCAT.landingPage, self.page(dataset.page))
        self.say(node, DCAT.version, Literal(of.version))
        self.say(node, ADMS.versionNotes, self.text(of.notes))
        self.say(node, DCTERMS.provenance, self.statement("#provenance", DCTERMS.ProvenanceStatement, _PROVENANCE))
        self.say(node, PROV.wasGeneratedBy, self._activity())
        definition = self.named(self.here(dataset.definition), DCTERMS.Standard, f"Definition of {dataset.name}")
        self.say(node, DCTERMS.conformsTo, definition)
        for distribution in dataset.distributions:
            self.say(node, DCAT.distribution, self._distribution(dataset, distribution))

    def _distribution(self, dataset: Dataset, distribution: Distribution) -> URIRef:
        place = f"{dataset.page}#{distribution.form.lower()}"
        of, node = self._of, self._identity(place)
        self.say(node, RDF.type, DCAT.Distribution)
        self.say(node, DCTERMS.title, self.text(distribution.title))
        self.say(node, DCTERMS.description, self.text(distribution.description))
        self.say(node, DCAT.accessURL, self.page(dataset.page))
        self.say(node, DCAT.downloadURL, self.here(distribution.path))
        form = self.concept("file-type", distribution.form, distribution.form, DCTERMS.MediaTypeOrExtent)
        self.say(node, DCTERMS["format"], form)
        media_type = self.named(URIRef(IANA + distribution.media_type), DCTERMS.MediaType, distribution.media_type)
        self.say(node, DCAT.mediaType, media_type)
        self.say(node, DCTERMS.license, *self._licence())
        self.say(node, DCTERMS.rights, self.statement("#rights", DCTERMS.RightsStatement, of.rights))
        self.say(node, DCAT.byteSize, Literal(str(distribution.bytes), datatype=XSD.nonNegativeInteger))
        self.say(node, SPDX.checksum, self._checksum(place, distribution.sha256))
        self.say(node, DCTERMS.issued, self.day(of.released))
        self.say(node, DCTERMS.modified, self.moment(of.modified))
        self.say(node, DCATAP.availability, self.concept("planned-availability", "STABLE", "stable", SKOS.Concept))
        if of.withdrawn:
            status = self.concept("distribution-status", "WITHDRAWN", "withdrawn", SKOS.Concept)
            self.say(node, ADMS.status, status)
        address, title = _FORMS[distribution.form]
        self.say(node, DCTERMS.conformsTo, self.named(URIRef(address), DCTERMS.Standard, title))
        self.say(node, DCTERMS.language, self._language())
        return node

    def _about(self, node: URIRef, title: str, description: str, issued: str) -> None:
        """Describe the properties that catalogue and datasets share."""
        self.say(node, DCTERMS.title, self.text(title))
        self.say(node, DCTERMS.description, self.text(description))
        self.say(node, DCTERMS.publisher, self.here("#publisher"))
        self.say(node, DCTERMS.issued, self.day(issued))
        self.say(node, DCTERMS.modified, self.moment(self._of.modified))
        self.say(node, DCTERMS.language, self._language())
        self.say(node, DCTERMS.spatial, *self._countries())

    def _checksum(self, distribution: str, sha256: str) -> URIRef:
        node, algorithm = self.here(f"{distribution}-sha256"), SPDX.checksumAlgorithm_sha256
        self.say(node, RDF.type, SPDX.Checksum)
        self.say(node, SPDX.algorithm, algorithm)
        self.say(node, SPDX.checksumValue, Literal(sha256, datatype=XSD.hexBinary, normalize=False))
        self.say(algorithm, RDF.type, SPDX.ChecksumAlgorithm)
        return node

    def _activity(self) -> URIRef:
        """Return the activity that made the release: its sources and its day (a release has no other time)."""
        of, node = self._of, self.here(page_path("history", self._of.version) + "#release")
        self.named(node, PROV.Activity, f"Making of release {of.version}")
        for when in (PROV.startedAtTime, PROV.endedAtTime):
            self.say(node, when, Literal(f"{of.released}T00:00:00+00:00", datatype=XSD.dateTime, normalize=False))
        self.say(node, PROV.wasAssociatedWith, self.here("#publisher"))
        for title, path in of.sources:
            page = self.page(path)
            self.say(page, RDF.type, PROV.Entity)
            self.say(page, DCTERMS.title, Literal(title))
            self.say(node, PROV.used, page)
        return node

    def _period(self) -> Iterable[URIRef]:
        cover, node = self._of.coverage, self.here("#period")
        if cover.first_day is None or cover.last_day is None:
            return []
        self.say(node, RDF.type, DCTERMS.PeriodOfTime)
        self.say(node, DCAT.startDate, self.day(cover.first_day))
        self.say(node, DCAT.endDate, self.day(cover.last_day))
        return [node]

    def _countries(self) -> Iterable[URIRef]:
        for country_id, name in self._of.coverage.countries:
            if code := country_code(country_id):
                yield self.concept("country", code, name, DCTERMS.Location)

    def _licence(self) -> Iterable[URIRef]:
        code, label = LICENCES[self._of.licence["name"]]
        node = self.concept("licence", code, label, DCTERMS.LicenseDocument)
        self.say(node, FOAF.page, self.page(self._of.licence["path"]))
        self.say(node, DCTERMS.title, Literal(CKAN_LICENCES[self._of.licence["name"]]))
        return [node]

    def _identity(self, path: str) -> URIRef:
        return URIRef(self._of.identity(path))

    def _language(self) -> URIRef:
        return self.concept("language", self._of.language, LANGUAGES[self._of.language][0], DCTERMS.LinguisticSystem)


def serialisations(graph: Graph) -> dict[str, bytes]:
    """Return file name -> bytes of Turtle, RDF/XML and JSON-LD of a graph without blank nodes, the same with any hash seed.

    rdflib sorts Turtle, and writes RDF/XML in the order of the store. Its JSON-LD has the order of a set, and comes from
    another library if that is installed, so it is sorted and written here.
    """
    context = {prefix: str(namespace) for prefix, namespace in sorted(graph.namespaces()) if prefix != "xml"}
    return {
        "catalog.jsonld": dumped(_ordered(json.loads(graph.serialize(format="json-ld", context=context)))),
        "catalog.rdf": graph.serialize(format="xml", encoding="utf-8"),
        "catalog.ttl": graph.serialize(format="turtle", encoding="utf-8"),
    }


def _ordered(value: Any) -> Any:
    """Sort the keys, and the members of every list, because a list in JSON-LD is a set."""
    if isinstance(value, dict):
        return {key: _ordered(value[key]) for key in sorted(value)}
    if not isinstance(value, list):
        return value
    members = (_ordered(member) for member in value)
    return sorted(members, key=lambda each: (str(each.get("@id", "")) if isinstance(each, dict) else "", dumped(each)))
