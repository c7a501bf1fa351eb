"""The codes of ``package.yaml`` are in the authority tables, with their labels."""

from __future__ import annotations

import pytest
from rdflib import Graph, URIRef
from rdflib.namespace import SKOS

from cbrn_data.schema.vocabulary import FREQUENCIES, LANGUAGES, LICENCES, THEMES
from tests.conftest import PROJECT

TABLES = PROJECT.parent / "shared" / "standards" / "data" / "vocab"
CODES = {
    "data-theme": THEMES,
    "frequency": FREQUENCIES,
    "language": {code: label for code, (label, _) in LANGUAGES.items()},
    "licence": dict(LICENCES.values()),
}


@pytest.mark.skipif(not TABLES.is_dir(), reason="the authority tables are not beside the project")
@pytest.mark.parametrize("name", CODES)
def test_each_code_has_the_label_of_its_table(name: str) -> None:
    graph = Graph().parse(TABLES / f"{name}.ttl")
    for code, label in CODES[name].items():
        node = URIRef(f"http://publications.europa.eu/resource/authority/{name}/{code}")
        assert [str(value) for value in graph.objects(node, SKOS.prefLabel)] == [label]
