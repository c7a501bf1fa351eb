"""Read what a release is made of, and build its content: from sources and definitions to checked tables.

Modules that only ``build`` needs are imported there, so a run without changes does not wait for them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from cbrn_data.errors import GateError, SourceError
from cbrn_data.findings import Finding, errors_of
from cbrn_data.regions import KIND as LIST_OF_REGIONS
from cbrn_data.regions import region_findings
from cbrn_data.release.guard import read_guard
from cbrn_data.schema.model import Package, check_descriptions, read_package
from cbrn_data.settings import Settings
from cbrn_data.sources.source import Source, read_sources

RESERVED = frozenset({"schemas", "sources"})
"""Folders of a release, so that no table in parts has this name."""

if TYPE_CHECKING:
    from cbrn_data.release.content import Content
    from cbrn_data.schema.check import KnownKeysOf
    from cbrn_data.schema.table import Table
    from cbrn_data.tables.bulk import Write


@dataclass(frozen=True)
class Gathered:
    """Verified sources, the definitions of their tables, and the settings of their project.

    ``lists`` define the known regions; they are not published.
    """

    sources: list[Source]
    package: Package
    settings: Settings
    lists: list[Source] = field(default_factory=list)


@dataclass(frozen=True)
class Built:
    """The checked content, its warnings, and the settings of its project, which say what may be published."""

    content: Content
    findings: list[Finding]
    settings: Settings


def gather(settings: Settings) -> Gathered:
    """Read every source and definition. Raises SourceError or SchemaError with every reason, or CbrnDataError.

    CbrnDataError means that the root is not the folder of a project.
    """
    settings.check_project("raw", "schemas")
    package = read_package(settings.schemas)
    check_descriptions(package)
    read_guard(settings, package.tables)
    sources, findings = read_sources(settings.raw)
    if not errors_of(findings):
        findings += region_findings(sources, settings)
    if errors_of(findings):
        raise SourceError("the sources cannot be used", sorted({*findings, *_behind(findings, settings, package)}))
    lists = [source for source in sources if source.kind == LIST_OF_REGIONS]
    names = [
        str(source.metadata["table"])
        for source in sources
        if source.kind == "bulk" and int(source.metadata["bytes"]) > settings.parts_above
    ]
    package = replace(package, parted=frozenset(names) - RESERVED)
    return Gathered([source for source in sources if source not in lists], package, settings, lists)


def _behind(findings: list[Finding], settings: Settings, package: Package) -> Iterable[Finding]:
    """If all errors are changed bytes, return the other errors, which would appear once the sidecars are updated."""
    if {finding.code for finding in errors_of(findings)} != {"source-changed"}:
        return []
    sources, others = read_sources(settings.raw, as_is=True)
    others += region_findings(sources, settings)
    if errors_of(others):
        return others
    tables = [source for source in sources if source.kind not in (LIST_OF_REGIONS, "bulk")]
    try:
        build(Gathered(tables, package, settings))
    except GateError as error:
        return [*others, *error.findings]
    return others


def build(gathered: Gathered, write: Write | None = None) -> Built:
    """Build and check the tables; ``write`` builds bulk tables. Raises GateError with all findings if one is an error.

    Rows are checked without pandera, which takes long to import; the gate checks the same rows again with it.
    """
    from cbrn_data.checks.rows import table_findings
    from cbrn_data.checks.run import check_tables
    from cbrn_data.release.content import build_content
    from cbrn_data.release.reuse import reusing
    from cbrn_data.tables.build import build_tables
    from cbrn_data.tables.bulk import write_bulk
    from cbrn_data.tabular.compile import without_pandera

    write = reusing(write or write_bulk, gathered.settings.published)
    with without_pandera():
        built = build_tables(gathered.sources, gathered.package, write)

        def rows(table: Table, known: KnownKeysOf) -> Iterable[Finding]:
            return () if table.name in built.judged else table_findings(table, known)

        findings = built.findings
        if not errors_of(findings):
            documents = {
                source.source_id: source.document for source in gathered.sources if source.kind not in ("document", "bulk")
            }
            findings = sorted({*findings, *check_tables(built.tables, gathered.package, documents, rows)})
    if errors_of(findings):
        raise GateError("nothing was published", findings)
    return Built(build_content(built, gathered.package), findings, gathered.settings)
