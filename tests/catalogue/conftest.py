"""The real release described, and the published standards that judge the description (beside the project, or skipped)."""

from __future__ import annotations

from pathlib import Path

import pytest
from rdflib import Graph

from cbrn_data.catalogue.dcat import dcat
from cbrn_data.catalogue.model import Catalogue, catalogue
from cbrn_data.store.folder import Release
from cbrn_data.store.history import read_history
from tests.conftest import PROJECT

BASE = "https://data.example/cbrn/"


@pytest.fixture(scope="session")
def standards() -> Path:
    """The folder of shapes and vocabularies."""
    folder = PROJECT.parent / "shared" / "standards" / "data"
    return folder if folder.is_dir() else pytest.skip("the standards are not beside the project")


@pytest.fixture(scope="session")
def vocabularies(standards: Path) -> Graph:
    """The authority tables of the EU, without the table of ADMS that has no title and fails the shapes itself."""
    graph = Graph()
    for path in sorted((standards / "vocab").glob("*.ttl")):
        if path.name not in {"piveau-dqv-vocabulary.ttl", "adms-publisher-type.ttl"}:
            graph.parse(path)
    return graph


@pytest.fixture(scope="session")
def releases(published: Path) -> list[Release]:
    """The first release of the real sources."""
    return read_history(published)


@pytest.fixture(scope="session")
def described(releases: list[Release]) -> Catalogue:
    """What is said of it."""
    return catalogue(releases, BASE)


@pytest.fixture(scope="session")
def graph(described: Catalogue) -> Graph:
    """The same as DCAT."""
    return dcat(described)
