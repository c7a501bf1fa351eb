"""Build tables from sources: read every leaflet and curated file, resolve their claims, and list the evidence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from cbrn_data.documents.kept import read_kept
from cbrn_data.documents.received import doubts
from cbrn_data.errors import ReleaseError
from cbrn_data.findings import READING, Finding, errors_of, reading_file, shown
from cbrn_data.leaflet.contacts import contacts_left_out
from cbrn_data.leaflet.read import read_leaflet
from cbrn_data.leaflet.reading import Reading, read_reading
from cbrn_data.leaflet.statements import Leaflet
from cbrn_data.normalise.readings import FOLLOWING
from cbrn_data.normalise.text import escape_formula, slug
from cbrn_data.progress import tracked
from cbrn_data.schema.model import Package, TableDefinition
from cbrn_data.schema.table import Row, Table, table_of_rows
from cbrn_data.sources.addresses import foreign_fault
from cbrn_data.sources.cells import read_cells
from cbrn_data.sources.document import LEAFLETS
from cbrn_data.sources.source import LINES, Source
from cbrn_data.tables.bulk import Write, misplaced, write_bulk
from cbrn_data.tables.check_definitions import refuse_missing, refuse_unfit
from cbrn_data.tables.claims import Claim
from cbrn_data.tables.corrections import read_corrections, read_rows
from cbrn_data.tables.curated import Curated, KnownRows, read_curated
from cbrn_data.tables.leaflets import LeafletClaims
from cbrn_data.tables.resolve import resolve


@dataclass(frozen=True)
class BuiltTables:
    """All tables by name, in the order of the package; ``findings`` are those of reading and resolving.

    ``judged`` names the bulk tables, whose rows were checked when they were made. ``folder`` has the files of tables, and
    is removed with this object. ``reasons`` say why lines of leaflets, by source and number, give no value.
    """

    tables: dict[str, Table]
    sources: list[Source]
    findings: list[Finding]
    judged: frozenset[str]
    folder: TemporaryDirectory[str]
    reasons: Mapping[tuple[str, int], str] = field(default_factory=dict)


def build_tables(sources: list[Source], package: Package, write: Write = write_bulk) -> BuiltTables:
    """Build every table from verified sources; ``write`` makes the bulk ones."""
    refuse_missing(package)
    findings: list[Finding] = []
    renames = _renames(sources, findings)
    leaflets = _leaflets(sources, renames, findings)
    claims = [claim for leaflet in leaflets for claim in leaflet]
    claims += _earlier_projects(leaflets)
    reasons = _reasons(leaflets, claims)
    known = _known([] if errors_of(findings) else claims, () if errors_of(findings) else package.tables, sources)
    curated = _curated(sources, package, known)
    findings += [finding for table in curated for finding in table.findings]
    claims += _curated_claims(curated, leaflets)
    claims += _referenced_countries(curated, claims)
    corrections, found = read_corrections(sources, package)
    resolved = resolve(claims, package, corrections)
    findings += [*found, *resolved.findings, *misplaced(sources, package)]
    rows: dict[str, list[Row]] = resolved.rows | {
        "sources": [_source_row(source) for source in sources],
        "evidence": _evidence_rows(resolved.evidence),
        "quarantine": [record for table in curated for record in table.quarantined],
    }
    refuse_unfit(claims, rows, package)
    tables = {name: _table(table, rows.get(name, [])) for name, table in package.tables.items()}
    folder = TemporaryDirectory(prefix="cbrn-data-")
    bulk_sources = [source for source in sources if source.kind == "bulk"] if not errors_of(findings) else []
    bulk = [write(source, package, tables, Path(folder.name)) for source in bulk_sources]
    if bulk:
        added = {
            "evidence": [each.evidence for each in bulk],
            "quarantine": [row for each in bulk for row in each.quarantined],
        }
        tables |= {each.table.name: each.table for each in bulk}
        tables |= {name: _table(package.tables[name], [*rows[name], *more]) for name, more in added.items()}
        findings += [finding for each in bulk for finding in each.findings]
    judged = frozenset(each.table.name for each in bulk)
    return BuiltTables(tables, sources, sorted(set(findings)), judged, folder, reasons)


def _table(table: TableDefinition, rows: list[Row]) -> Table:
    return table_of_rows(table, sorted(rows, key=table.order))


def _leaflets(sources: list[Source], renames: dict[str, Claim], findings: list[Finding]) -> list[LeafletClaims]:
    leaflets = []
    by_name = {source.name: source for source in sources}
    given = [source for source in sources if source.kind in LEAFLETS]
    for source in tracked("Read leaflets", given, len(given)):
        said = by_name.pop(reading_file(source.name), None)
        reading = read_reading(said.document, source.document) if said else None
        doubts = list(_doubts_of_text(source, sources, reading or Reading()))
        leaflet, found = read_leaflet(source.document, reading, doubts)
        found += _belongs(source, leaflet)
        findings += found
        if not any(finding.is_error for finding in found):
            leaflets.append(LeafletClaims(source, leaflet, renames, said))
    for said in (source for source in by_name.values() if source.kind == "reading"):
        message = f"is for raw/{said.name.removesuffix(READING)}.txt, which does not exist"
        findings.append(Finding("reading-stale", message, said.place, 1))
    return leaflets


def _reasons(leaflets: list[LeafletClaims], claims: list[Claim]) -> dict[tuple[str, int], str]:
    """Return why a line of a leaflet may have no evidence: its rule, or that another source or a correction decides."""
    found: dict[tuple[str, int], str] = {}
    known = [(each.source, *lines) for each in leaflets for lines in each.leaflet.ignored]
    known += [(each.source, *lines, "heading") for each in leaflets for lines in each.leaflet.headings]
    stated = [each for each in claims if each.method not in FOLLOWING]
    known += [(each.source, *each.source.document.lines(each.span), "other-value") for each in stated]
    for source, first, last, why in known:
        for line in range(first, last + 1):
            found.setdefault((source.source_id, line), why)
    return found


def _doubts_of_text(source: Source, sources: list[Source], reading: Reading) -> Iterator[Finding]:
    """Yield the doubts of the document's reader, which are kept in a file next to the text."""
    kept = next((each for each in sources if each.source_id == source.source_id + LINES), None)
    if kept is None:
        return
    try:
        said = read_kept(Path(kept.place), kept.data)
    except ReleaseError as error:
        yield Finding("document-damaged", str(error), kept.place)
        return
    yield from contacts_left_out([words.text for words in said.left_out], source.place, reading)
    yield from doubts(said.doubts, source.place)


def _belongs(source: Source, leaflet: Leaflet) -> list[Finding]:
    """Return a finding if kind or region of leaflet and sidecar differ; the sidecar has the id or the printed name."""
    if leaflet.region and leaflet.kind != source.kind:
        message = f"reads as a {leaflet.kind}, but its sidecar says {source.kind!r}"
        return [Finding("source-kind", message, source.place, 1)]
    region = slug(leaflet.region.value) if leaflet.region else None
    if region in {None, source.metadata["region"]} or (
        leaflet.region and leaflet.region.value == source.metadata.get("region_printed")
    ):
        return []
    message = f"is the leaflet of {region!r}, but its sidecar says {source.metadata['region']!r}"
    return [Finding("region-differs", message, source.place, 1)]


def _earlier_projects(leaflets: list[LeafletClaims]) -> Iterator[Claim]:
    """Claim, for each edition, whether it lists the projects of earlier editions of the region."""
    for later in leaflets:
        for earlier in leaflets:
            if earlier.region_id == later.region_id and earlier.source.as_of < later.source.as_of:
                for project_id, span in earlier.named_projects().items():
                    listing = list(later.listing(project_id))
                    yield from listing
                    yield from earlier.naming(project_id, span, listing)


def _known(claims: Iterable[Claim], tables: Iterable[str], sources: list[Source]) -> KnownRows:
    """Return the rows of ``tables`` in leaflets, and every row of the countries.

    So rows can refer to a country even if other rows of that table are bad.
    """
    known = KnownRows()
    for name in tables:
        known.begin(name)
    for claim in claims:
        known.add(claim.table, dict(claim.key), {claim.field: claim.value})
    known.begin("countries")
    for source in (source for source in sources if source.metadata.get("table") == "countries"):
        for row in read_cells(source.document).rows:
            known.add("countries", {"country_id": row.text("country_id")}, row.values())
    return known


def _curated(sources: list[Source], package: Package, known: KnownRows) -> list[Curated]:
    """Read the curated sources in the order of their tables, because each may refer to those before.

    References to a table with an error are not checked, because all of them would be reported.
    """
    curated = []
    order = {name: place for place, name in enumerate(package.tables)}
    of_tables = [source for source in sources if source.kind == "curated"]
    for source in sorted(of_tables, key=lambda source: order.get(source.metadata["table"], 0)):
        table = read_curated(source, package, known)
        curated.append(table)
        if errors_of(table.findings):
            known.forget(table.table.name)
            continue
        for row in table.rows:
            given = {name: row.text(name) for name in table.table.names if row.text(name) is not None}
            known.add(table.table.name, {name: row.text(name) for name in table.table.primary_key}, given)
    return curated


def _curated_claims(curated: list[Curated], leaflets: list[LeafletClaims]) -> list[Claim]:
    """Return the claims of curated rows except countries; each edition of a region lists a project or does not."""
    claims: list[Claim] = []
    for table in curated:
        for row in table.rows if table.table.name != "countries" else []:
            claims += table.claims(row)
            if table.table.name == "project_regions":
                claims += _listings(leaflets, row.text("region_id"), list(table.claims(row)))
    return claims


def _listings(leaflets: list[LeafletClaims], region_id: str | None, involvement: list[Claim]) -> Iterator[Claim]:
    """Claim, for each edition of a region, whether it lists a project that involved the region by a curated row."""
    for leaflet in (leaflet for leaflet in leaflets if leaflet.region_id == region_id):
        listing = list(leaflet.listing(involvement[0].value))
        yield from listing
        for claim in involvement if listing else ():
            yield replace(claim, table=listing[0].table, key=listing[0].key)


def _referenced_countries(curated: list[Curated], claims: list[Claim]) -> list[Claim]:
    """Return the claims of the countries to which other tables refer."""
    referenced = {claim.value for claim in claims if claim.field in {"country_id", "secretariat_country_id"}}
    return [
        claim
        for table in curated
        if table.table.name == "countries"
        for row in table.rows
        if row.text("country_id") in referenced
        for claim in table.claims(row)
    ]


def _renames(sources: list[Source], findings: list[Finding]) -> dict[str, Claim]:
    """Read the ids that achievements keep if an edition only rewords them: ``new_id,achievement_id,url,reason``."""
    renames: dict[str, Claim] = {}
    for source in (source for source in sources if source.kind == "renames"):
        for row in read_rows(source, ("achievement_id", "new_id", "reason"), findings):
            if foreign := foreign_fault("url", row.text("url")):
                findings.append(Finding("curated-address", foreign, source.place, row.line))
            cell, new = row.cells["achievement_id"], row.text("new_id")
            if cell.value and new:
                renames[new] = Claim("achievements", (), "achievement_id", cell.value, source, cell.span, "curated")
            else:
                message = f"a rename needs both ids: {shown(str(row.values()), 80)}"
                findings.append(Finding("cell-missing", message, source.place, row.line))
    return renames


def _source_row(source: Source) -> Row:
    about = source.metadata
    same = ("kind", "title", "publisher", "sha256", "url", "retrieved_on", "licence")
    return {name: about.get(name) for name in same} | {
        "source_id": source.source_id,
        "region_id": about.get("region"),
        "edition": source.edition or None,
        "path": f"sources/{source.name}",
        "media_type": source.media_type,
        "bytes": str(about["bytes"]),
    }


def _evidence_rows(claims: list[Claim]) -> list[Row]:
    rows: dict[tuple[object, ...], Row] = {}
    same = ("row_id", "field", "method", "url", "read_on", "certainty", "archived_url")
    for claim in claims:
        document = claim.source.document
        first, last = document.lines(claim.span)
        key = (claim.table, claim.row_id, claim.field, claim.source.source_id, claim.span.start)
        has_pages = claim.source.kind in LEAFLETS and claim.source.metadata.get("text_of")
        page = document.page(claim.span.start) if has_pages else None
        rows.setdefault(
            key,
            {
                "table_name": claim.table,
                "source_id": claim.source.source_id,
                "char_start": str(claim.span.start),
                "char_end": str(claim.span.end),
                "line_start": str(first),
                "line_end": str(last),
                "page": str(page) if page else None,
                "quote": escape_formula(claim.quote),
                **{name: getattr(claim, name) for name in same},
            },
        )
    return list(rows.values())
