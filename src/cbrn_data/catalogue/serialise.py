"""A graph as Turtle, RDF/XML and JSON-LD: each the same bytes for the same graph, whatever the hash seed.

rdflib orders Turtle itself, and writes RDF/XML in the order in which the store gives the triples. Its JSON-LD comes in the
order of a set, and through another library where that is installed, so it is put in order and written here.
"""

from __future__ import annotations

import json
from typing import Any

from rdflib import Graph

from cbrn_data.strict_json import dumped


def serialisations(graph: Graph) -> dict[str, bytes]:
    """Return file name -> bytes of the three files of one graph, which holds no blank node."""
    context = {prefix: str(namespace) for prefix, namespace in sorted(graph.namespaces()) if prefix != "xml"}
    return {
        "catalog.jsonld": dumped(_ordered(json.loads(graph.serialize(format="json-ld", context=context)))),
        "catalog.rdf": graph.serialize(format="xml", encoding="utf-8"),
        "catalog.ttl": graph.serialize(format="turtle", encoding="utf-8"),
    }


def _ordered(value: Any) -> Any:
    """Put keys in their order, and the members of every list, which in JSON-LD is a set."""
    if isinstance(value, dict):
        return {key: _ordered(value[key]) for key in sorted(value)}
    return sorted((_ordered(member) for member in value), key=_rank) if isinstance(value, list) else value


def _rank(value: Any) -> tuple[str, bytes]:
    return (str(value.get("@id", "")) if isinstance(value, dict) else "", dumped(value))
