"""The published shapes, and what they find."""

from __future__ import annotations

from pathlib import Path

from rdflib import Graph, URIRef

SHAPES = ["dcat-ap-SHACL.ttl", "shapes.ttl", "range.ttl", "mdr-vocabularies.shape.ttl", "deprecateduris.ttl"]
VIOLATION = URIRef("http://www.w3.org/ns/shacl#Violation")
SEVERITY = URIRef("http://www.w3.org/ns/shacl#resultSeverity")


def shapes(standards: Path, name: str) -> Graph:
    """Read published shapes; two faults in them are known: ``https`` of SPDX, and a term that SHACL does not have."""
    text = (standards / "dcat-ap-3.0.1" / name).read_text()
    text = text.replace("^https://spdx.org", "^http://spdx.org").replace("sh:shape ", "sh:node ")
    return Graph().parse(data=text, format="turtle")


def violations(data: Graph, judge: Graph) -> list[str]:
    """Return the results that are violations; warnings ask for what is recommended, or an EU body as the publisher."""
    from pyshacl import validate  # not by every worker of pytest that collects these tests

    _, report, _ = validate(Graph() + data, shacl_graph=judge, advanced=True)
    assert isinstance(report, Graph)
    results = list(report.subjects(SEVERITY, VIOLATION))
    nested = set(report.objects(None, URIRef("http://www.w3.org/ns/shacl#detail")))
    return [str(list(report.predicate_objects(result))) for result in results if result not in nested]
