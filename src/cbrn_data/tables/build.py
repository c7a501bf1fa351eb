"""Sources to tables: read every leaflet and curated file, gather their claims, resolve them, and list the evidence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from cbrn_data.documents.kept import read_kept
from cbrn_data.documents.received import doubts
from cbrn_data.errors import ReleaseError
from cbrn_data.findings import READING, Finding, blocking, reading_file, shown
from cbrn_data.leaflet.contacts import contacts_left_out
from cbrn_data.leaflet.read import read_leaflet
from cbrn_data.leaflet.reading import Reading, read_reading
from cbrn_data.leaflet.statements import Leaflet
from cbrn_data.schema.model import Package
from cbrn_data.sources.addresses import foreign_fault
from cbrn_data.sources.cells import read_cells
from cbrn_data.sources.document import LEAFLETS
from cbrn_data.sources.source import LINES, Source
from cbrn_data.tables.claims import Claim
from cbrn_data.tables.corrections import read_corrections
from cbrn_data.tables.curated import Curated, read_curated
from cbrn_data.tables.fit import refuse_missing, refuse_unfit
from cbrn_data.tables.known import KnownRows
from cbrn_data.tables.leaflets import LeafletClaims
from cbrn_data.tables.records import Records, Write, misplaced, write_records
from cbrn_data.tables.resolve import Row, resolve
from cbrn_data.words.text import inert, slug


@dataclass(frozen=True)
class Tables:
    """All tables as rows of text, in the order of the package; ``findings`` are of the reading and resolving.

    Tables of ``records`` are files in ``folder``, which goes with this object, and have no rows here.
    """

    rows: dict[str, list[Row]]
    sources: list[Source]
    findings: list[Finding]
    records: dict[str, Records] = field(default_factory=dict)
    folder: TemporaryDirectory[str] | None = None

    @property
    def counts(self) -> dict[str, int]:
        """How many rows each table has."""
        counts = {name: len(rows) for name, rows in self.rows.items()}
        return counts | {name: records.rows for name, records in self.records.items()}


def build_tables(sources: list[Source], package: Package, write: Write = write_records) -> Tables:
    """Build every table from verified sources; ``write`` makes those of records."""
    refuse_missing(package)
    findings: list[Finding] = []
    renames = _renames(sources, findings)
    leaflets = _leaflets(sources, renames, findings)
    claims = [claim for leaflet in leaflets for claim in leaflet]
    claims += _earlier_projects(leaflets)
    known = _known(claims, package.tables) if not blocking(findings) else KnownRows()
    _add_countries(known, sources)
    curated = _curated(sources, package, known)
    findings += [finding for table in curated for finding in table.findings]
    claims += _curated_claims(curated, leaflets)
    claims += _referenced_countries(curated, claims)
    corrections, found = read_corrections(sources, package)
    resolved = resolve(claims, package, corrections)
    findings += found
    made: dict[str, list[Row]] = {
        "sources": [_source_row(source) for source in sources],
        "evidence": _evidence_rows(resolved.evidence),
        "quarantine": [record for table in curated for record in table.quarantined],
    }
    refuse_unfit(claims, made, package)
    found_rows = resolved.rows | made
    rows = {name: sorted(found_rows.get(name, []), key=table.order) for name, table in package.tables.items()}
    tables = Tables(rows, sources, sorted(set(findings + resolved.findings)))
    has_records = any(table.by_line for table in package.tables.values()) or any(s.kind == "records" for s in sources)
    return _with_records(tables, package, write) if has_records else tables


def _with_records(tables: Tables, package: Package, write: Write) -> Tables:
    """Add the tables of records, which refer to the others, with their evidence and the rows they set aside."""
    findings = [*tables.findings, *misplaced(tables.sources, package)]
    if blocking(findings):
        return replace(tables, findings=sorted(findings))
    folder = TemporaryDirectory(prefix="cbrn-data-")
    sources = [source for source in tables.sources if source.kind == "records"]
    found = [write(source, package, tables.rows, Path(folder.name)) for source in sources]
    rows = dict(tables.rows)
    rows["evidence"] = sorted([*rows["evidence"], *(each.evidence for each in found)], key=package.tables["evidence"].order)
    aside = [*rows["quarantine"], *(row for each in found for row in each.quarantined)]
    rows["quarantine"] = sorted(aside, key=package.tables["quarantine"].order)
    findings += [finding for each in found for finding in each.findings]
    records = {each.table.name: each for each in found}
    return Tables(rows, tables.sources, sorted(set(findings)), records, folder)


def _leaflets(sources: list[Source], renames: dict[str, Claim], findings: list[Finding]) -> list[LeafletClaims]:
    leaflets = []
    by_name = {source.name: source for source in sources}
    for source in (source for source in sources if source.kind in LEAFLETS):
        said = by_name.pop(reading_file(source.name), None)
        reading = read_reading(said.document, source.document) if said else None
        doubts = list(_doubts_of_text(source, sources, reading or Reading()))
        leaflet, found = read_leaflet(source.document, reading, doubts)
        found += _belongs(source, leaflet)
        findings += found
        if not any(finding.blocks for finding in found):
            leaflets.append(LeafletClaims(source, leaflet, renames, said))
    for said in (source for source in by_name.values() if source.kind == "reading"):
        message = f"is for raw/{said.name.removesuffix(READING)}.txt, which is not there"
        findings.append(Finding("reading-stale", message, said.place, 1))
    return leaflets


def _doubts_of_text(source: Source, sources: list[Source], reading: Reading) -> Iterator[Finding]:
    """Yield what the reader of the document was unsure of, as it was kept beside the text."""
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
    """Hold the region that the sidecar names against the one that the leaflet names, by its id or as it is printed."""
    if leaflet.region and leaflet.kind != source.kind:
        message = f"reads as a {leaflet.kind}, its sidecar says {source.kind!r}"
        return [Finding("source-kind", message, source.place, 1)]
    region = slug(leaflet.region.value) if leaflet.region else None
    if region in {None, source.about["region"]} or (leaflet.region and leaflet.region.value == _printed(source)):
        return []
    message = f"is the leaflet of {region!r}, its sidecar says {source.about['region']!r}"
    return [Finding("region-differs", message, source.place, 1)]


def _printed(source: Source) -> str | None:
    return source.about.get("region_printed")


def _earlier_projects(leaflets: list[LeafletClaims]) -> Iterator[Claim]:
    """Claim, for each edition, that projects of earlier editions of the region are listed or not."""
    for later in leaflets:
        for earlier in leaflets:
            if earlier.region_id == later.region_id and earlier.source.as_of < later.source.as_of:
                for project_id, span in earlier.named_projects().items():
                    listing = list(later.listing(project_id))
                    yield from listing
                    yield from earlier.naming(project_id, span, listing)


def _known(claims: Iterable[Claim], tables: Iterable[str]) -> KnownRows:
    """Return the rows of ``tables`` that leaflets speak of."""
    known = KnownRows()
    for name in tables:
        known.begin(name)
    for claim in claims:
        known.add(claim.table, dict(claim.key), {claim.field: claim.value})
    return known


def _curated(sources: list[Source], package: Package, known: KnownRows) -> list[Curated]:
    """Read the curated sources in the order of their tables, each of which refers to those before.

    A table whose reading blocks is forgotten: references to it are not judged, because they would all be blamed.
    """
    curated = []
    for source in _in_table_order(sources, package):
        table = read_curated(source, package, known)
        curated.append(table)
        if blocking(table.findings):
            known.forget(table.table.name)
            continue
        for row in table.rows:
            given = {name: row.text(name) for name in table.table.names if row.text(name) is not None}
            known.add(table.table.name, {name: row.text(name) for name in table.key_fields}, given)
    return curated


def _add_countries(known: KnownRows, sources: list[Source]) -> None:
    """Add every country of reference, which may be referred to whether another row of its table is good or not."""
    known.begin("countries")
    for source in (source for source in sources if source.about.get("table") == "countries"):
        for row in read_cells(source.document).rows:
            known.add("countries", {"country_id": row.text("country_id")}, row.values())


def _in_table_order(sources: list[Source], package: Package) -> list[Source]:
    names = list(package.tables)
    curated = [source for source in sources if source.kind == "curated"]
    return sorted(curated, key=lambda source: names.index(source.about["table"]) if source.about["table"] in names else 0)


def _curated_claims(curated: list[Curated], leaflets: list[LeafletClaims]) -> list[Claim]:
    """Return the claims of curated rows, but of countries; each edition of a region lists its projects or does not."""
    claims: list[Claim] = []
    for table in curated:
        for row in table.rows if table.table.name != "countries" else []:
            claims += table.claims(row)
            if table.table.name == "project_regions":
                claims += _listings(leaflets, row.text("region_id"), list(table.claims(row)))
    return claims


def _listings(leaflets: list[LeafletClaims], region_id: str | None, involvement: list[Claim]) -> Iterator[Claim]:
    """Claim, for each edition of a region, that a project which people know to have involved it is listed or not."""
    for leaflet in (leaflet for leaflet in leaflets if leaflet.region_id == region_id):
        listing = list(leaflet.listing(involvement[0].value))
        yield from listing
        for claim in involvement if listing else ():
            yield replace(claim, table=listing[0].table, key=listing[0].key)


def _referenced_countries(curated: list[Curated], claims: list[Claim]) -> list[Claim]:
    """Return the claims of those countries of reference that any other table refers to."""
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
    """Read the ids that achievements keep when an edition only mends their wording: ``new_id,achievement_id,url,reason``."""
    renames: dict[str, Claim] = {}
    for source in (source for source in sources if source.kind == "renames"):
        cells = read_cells(source.document)
        findings += cells.findings
        missing = {"new_id", "achievement_id", "reason"} - set(cells.header)
        if missing:
            message = f"has no column {', '.join(sorted(missing))}"
            findings.append(Finding("curated-header", message, source.place, 1))
        for row in cells.rows if not missing else []:
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
    about = source.about
    return {
        "source_id": source.source_id,
        "kind": source.kind,
        "title": about["title"],
        "publisher": about["publisher"],
        "region_id": about.get("region"),
        "edition": source.edition or None,
        "path": f"sources/{source.name}",
        "media_type": source.media_type,
        "bytes": str(about["bytes"]),
        "sha256": about["sha256"],
        "url": about.get("url"),
        "retrieved_on": about["retrieved_on"],
        "licence": about.get("licence"),
    }


def _evidence_rows(claims: list[Claim]) -> list[Row]:
    rows: dict[tuple[object, ...], Row] = {}
    for claim in claims:
        document = claim.source.document
        first, last = document.lines(claim.span)
        key = (claim.table, claim.row_id, claim.field, claim.source.source_id, claim.span.start)
        page = document.page(claim.span.start) if claim.source.about.get("text_of") else None
        rows.setdefault(
            key,
            {
                "table_name": claim.table,
                "row_id": claim.row_id,
                "field": claim.field,
                "source_id": claim.source.source_id,
                "char_start": str(claim.span.start),
                "char_end": str(claim.span.end),
                "line_start": str(first),
                "line_end": str(last),
                "page": str(page) if page else None,
                "quote": inert(claim.quote),
                "method": claim.method,
                "url": claim.url,
                "read_on": claim.read_on,
                "certainty": claim.certainty,
                "archived_url": claim.archived_url,
            },
        )
    return list(rows.values())
