"""Check a table before it is added, as publishing would: build it with the other sources, and keep its findings.

Bulk tables of other sources are left out, because no table can refer to them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from cbrn_data.errors import CbrnDataError, extra_missing
from cbrn_data.findings import Finding, errors_of
from cbrn_data.regions import KIND as LIST_OF_REGIONS
from cbrn_data.regions import region_findings
from cbrn_data.settings import Settings
from cbrn_data.sources.source import Source, read_sources


def publish_findings(source: Source, settings: Settings) -> list[Finding]:
    """Return the findings of publishing about a table, and errors elsewhere that it causes; nothing is written.

    If other sources are wrong, checks that need all tables do not run; publishing reports them.
    """
    others = [other for other in read_sources(settings.raw, as_is=True)[0] if other.name != source.name]
    sources = [*(other for other in others if other.kind != "bulk"), source]
    sources.sort(key=lambda one: one.source_id)
    findings = [*_repeated(source, others), *region_findings(sources, settings)]
    try:
        findings += _built(sources, settings.schemas, source if source.kind == "bulk" else None)
        about = {each for each in findings if each.source in (source.place, f"{source.place}.yaml")}
        elsewhere = {each for each in errors_of(findings) if each not in about}
        if elsewhere and source.kind != "bulk":  # findings in other files that this one causes
            sources.remove(source)
            about |= elsewhere.difference(region_findings(sources, settings), _built(sources, settings.schemas, None))
    except ModuleNotFoundError as error:
        raise CbrnDataError(extra_missing("adding a table", "publish", error.name or "a module")) from error
    return sorted(about)


def _repeated(source: Source, others: list[Source]) -> Iterator[Finding]:
    """Yield a finding for each source with the same id, or of the same bulk table."""
    table = source.metadata.get("table")
    for other in others:
        if other.source_id == source.source_id:
            yield Finding("source-repeated", f"has the same id ({other.source_id}) as {other.place}", source.place)
        if source.kind == other.kind == "bulk" and other.metadata["table"] == table:
            message = f"is a second source of {table} after {other.place}; update that file, or combine the two"
            yield Finding("curated-table", message, f"{source.place}.yaml", 1)


def _built(sources: list[Source], schemas: Path, bulk: Source | None) -> Iterator[Finding]:
    from cbrn_data.checks.run import check_tables
    from cbrn_data.schema.model import read_package
    from cbrn_data.tables.build import build_tables
    from cbrn_data.tables.bulk import judge_bulk

    package = read_package(schemas)
    published = [source for source in sources if source.kind != LIST_OF_REGIONS]
    built = build_tables(published, package, judge_bulk)
    yield from built.findings
    wrong = errors_of(built.findings)
    if bulk and any(each.source != bulk.place for each in wrong):  # then bulk tables are not read
        alone = judge_bulk(bulk, package, built.tables, schemas).findings
        yield from (each for each in alone if each.code != "reference-missing")
    if not bulk and not wrong:
        documents = {one.source_id: one.document for one in published if one.kind != "document"}
        yield from check_tables(built.tables, package, documents)
