"""Resolve claims to rows: one value per cell, with its evidence.

The newest edition with a value for a cell decides; older editions and other pages with the same value are further
evidence. ``first_edition`` and ``first_stated`` are the smallest date claimed, ``last_edition`` and ``last_stated`` the
largest. A curated value fills a cell that leaflets leave null; if it differs from a leaflet, the leaflet decides, with a
finding. If two public pages differ, the cell is null, with a finding that names both; two values of one page are an error.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from dataclasses import field as dataclass_field
from urllib.parse import urlsplit

from cbrn_data.findings import Finding, shown
from cbrn_data.normalise.readings import reproduces
from cbrn_data.schema.model import FIRSTS, LASTS, Package, TableDefinition
from cbrn_data.tables.claims import Claim
from cbrn_data.tables.corrections import Correction

Row = dict[str, str | None]


@dataclass
class Resolved:
    """The rows of every data table sorted by key, the claims that are evidence of their cells, and findings."""

    rows: dict[str, list[Row]]
    evidence: list[Claim] = dataclass_field(default_factory=list)
    findings: list[Finding] = dataclass_field(default_factory=list)


def resolve(claims: Iterable[Claim], package: Package, corrections: Iterable[Correction] = ()) -> Resolved:
    """Choose one value for every claimed cell; then apply corrections, each of which must find its expected value."""
    cells: dict[tuple[str, str], dict[str, list[Claim]]] = defaultdict(lambda: defaultdict(list))
    for claim in claims:
        cells[claim.table, claim.row_id][claim.field].append(claim)
    resolved = Resolved({table.name: [] for table in package.with_role("data")})
    for (table, _), fields in cells.items():
        resolved.rows[table].append(_row(package.tables[table], fields, resolved))
    for correction in corrections:
        _correct(correction, resolved, package)
    for name, rows in resolved.rows.items():
        rows.sort(key=package.tables[name].order)
    return resolved


def _row(table: TableDefinition, fields: dict[str, list[Claim]], resolved: Resolved) -> Row:
    row: Row = dict.fromkeys(table.names)
    kept: list[Claim] = []
    for field, claims in fields.items():
        chosen = _chosen(field, claims)
        found = _conflicts(chosen, claims)
        resolved.findings += found
        if any(finding.code == "pages-disagree" for finding in found):
            continue
        row[field] = chosen.value
        kept += [claim for claim in claims if claim.value == chosen.value or claim.method == "counted"]
    resolved.evidence += kept
    for claim in (claim for claim in kept if not reproduces(claim.words, claim.value, row)):
        message = f"{shown(claim.quote, 80)!r} does not give {shown(claim.value, 80)!r} ({claim.method})"
        cell = (claim.table, claim.row_id, claim.field)
        resolved.findings.append(Finding("evidence-unreproduced", message, *claim.place, *cell))
    return row


def _chosen(field: str, claims: list[Claim]) -> Claim:
    if field in FIRSTS:
        return min(claims, key=lambda claim: claim.value)
    if field in LASTS:
        return max(claims, key=lambda claim: claim.value)
    newest = max(claim.source.as_of for claim in claims)
    return next(claim for claim in claims if claim.source.as_of == newest)


def _correct(correction: Correction, resolved: Resolved, package: Package) -> None:
    """Replace the expected value by the corrected one, with the correction as its evidence."""
    claim, table = correction.claim, package.tables[correction.claim.table]
    row = next((row for row in resolved.rows[table.name] if table.row_id(row) == correction.row_id), None)
    value = row[claim.field] if row else None
    if row is None or value != correction.expect:
        there = "there is no such row" if row is None else f"the value is {_in_words(value)}"
        expected = f"expects {_in_words(correction.expect)} in {claim.field} of {shown(correction.row_id, 80)}"
        message = f"{expected}, but {there}"
        resolved.findings.append(
            Finding("correction-stale", message, *claim.place, table.name, correction.row_id, claim.field)
        )
        return
    row[claim.field] = claim.value
    cell = (table.name, correction.row_id, claim.field)
    resolved.evidence = [kept for kept in resolved.evidence if (kept.table, kept.row_id, kept.field) != cell]
    resolved.evidence.append(replace(claim, key=tuple((name, row[name] or "") for name in table.primary_key)))


def _in_words(value: str | None) -> str:
    return "nothing" if value is None else repr(shown(value, 80))


def _conflicts(chosen: Claim, claims: list[Claim]) -> list[Finding]:
    """Return a finding for each curated value, or leaflet of the same year, that differs from the chosen value."""
    findings = []
    for claim in claims:
        if claim.value != chosen.value and (code := _conflict(chosen, claim)):
            place, line = chosen.place
            values = f"{shown(claim.value, 80)!r} here and {shown(chosen.value, 80)!r} in {place}:{line}"
            message = f"{claim.field} of {shown(claim.row_id, 80)} is {values}"
            message += f", by {_host(claim)} and {_host(chosen)}" if code == "pages-disagree" else ""
            findings.append(
                Finding(code, message, *claim.place, claim.table, claim.row_id, claim.field, shown(claim.value, 80))
            )
    return findings


def _host(claim: Claim) -> str:
    """Return the host of the page of a value, for a message; the whole address is on the line in the message."""
    return shown(urlsplit(claim.url or "").hostname or "", 80)


def _conflict(chosen: Claim, other: Claim) -> str | None:
    if other.field in (*FIRSTS, *LASTS):  # the smallest or the largest is chosen, so these cannot conflict
        return None
    if other.method == "curated" and chosen.method == "curated":
        return "pages-disagree" if other.url and chosen.url and other.url != chosen.url else "curated-conflict"
    if other.method == "curated":
        return "curated-overruled"
    return "leaflets-differ" if other.source.edition == chosen.source.edition else None
