"""Triples below one base address: the few forms of statement in a catalogue.

Every object has a type (``a dct:Location``, ...), because the SHACL shapes require it and a harvester may not have the
authority tables. There are no blank nodes, so that a graph has one form.
"""

from __future__ import annotations

from rdflib import RDF, Literal, Namespace, URIRef
from rdflib.namespace import DCTERMS, FOAF, PROV, RDFS, SKOS, XSD

from cbrn_data.schema.vocabulary import AUTHORITY

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


class Triples:
    """Collects triples; ``base`` is a checked base address, ``tag`` the language of texts (BCP 47)."""

    def __init__(self, base: str, tag: str) -> None:
        self.found: set[tuple[URIRef, URIRef, URIRef | Literal]] = set()
        self._base = base
        self._tag = tag

    def concept(self, table: str, code: str, label: str, kind: URIRef) -> URIRef:
        """Return an entry of an authority table, with its type there and here."""
        node, scheme = URIRef(f"{AUTHORITY}{table}/{code}"), URIRef(f"{AUTHORITY}{table}")
        self.say(node, RDF.type, kind)
        self.say(node, SKOS.prefLabel, self.text(label))
        self.say(node, SKOS.inScheme, scheme)
        return node

    def statement(self, place: str, kind: URIRef, text: str) -> URIRef:
        """Return a statement as text, at an address below the base."""
        node = self.here(place)
        self.say(node, RDF.type, kind)
        self.say(node, RDFS.label, self.text(text))
        return node

    def named(self, node: URIRef, kind: URIRef, title: str) -> URIRef:
        """Return a node with a title and a type."""
        self.say(node, RDF.type, kind)
        self.say(node, DCTERMS.title, self.text(title))
        return node

    def page(self, path: str) -> URIRef:
        """Return a page: one of this site by its path, or another by its address."""
        node = URIRef(path) if "://" in path else self.here(path)
        self.say(node, RDF.type, FOAF.Document)
        return node

    def here(self, path: str) -> URIRef:
        """Return the node of a path below the base address."""
        return URIRef(f"{self._base}{path}")

    def text(self, text: str) -> Literal:
        """Return text in the language of the catalogue."""
        return Literal(text, lang=self._tag)

    def moment(self, moment: str) -> Literal:
        """Return a moment (YYYY-MM-DDThh:mm:ssZ) as a literal, in the form that rdflib writes after reading it."""
        return Literal(moment.replace("Z", "+00:00"), datatype=XSD.dateTime, normalize=False)

    def day(self, day: str) -> Literal:
        """Return a day (YYYY-MM-DD) as a literal."""
        return Literal(day, datatype=XSD.date, normalize=False)

    def say(self, subject: URIRef, predicate: URIRef, *objects: URIRef | Literal) -> None:
        """Add one property with all its values."""
        self.found.update((subject, predicate, value) for value in objects)
