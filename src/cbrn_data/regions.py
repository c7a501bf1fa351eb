"""The regions that there are: those of ``raw/regions.csv``, and those of the newest release.

``raw/regions.csv`` is the curated table ``regions``, of which ``name`` and ``other_names`` (other spellings and the
programme's letters, apart by semicolons) also say which names of regions are right. A list of the kind ``regions``
(``region_id,name,other_names,url,certainty``, a row per region and public page) says that alone: it makes no row of any
table and is not part of a release. A region that a leaflet spells otherwise is recorded in the leaflet's sidecar
(``region`` and ``region_printed``), and a new one that is meant (``region_is: new``), from which every release can be built
again.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from cbrn_data.findings import Finding, shown
from cbrn_data.schema.canonical import read_csv
from cbrn_data.settings import Settings
from cbrn_data.sources.addresses import OF_A_ROW, PUBLIC_PAGE, foreign_fault
from cbrn_data.sources.cells import CERTAINTIES, CsvRow, read_cells
from cbrn_data.sources.document import LEAFLETS
from cbrn_data.sources.source import Source, read_source
from cbrn_data.store import disk
from cbrn_data.store.store import Store
from cbrn_data.words.text import folded, slug

LIST = "regions.csv"
KIND = "regions"
COLUMNS = ("region_id", "name", "other_names", "url", "certainty")


@dataclass
class Regions:
    """Known regions: ``ids`` by what their names have in common whatever the spelling, ``names`` as they are written."""

    ids: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)

    def add(self, region_id: str, *names: str) -> str | None:
        """Add the names of a region; return one that another region has already, or None."""
        taken = next((name for name in names if self.ids.get(_key(name), region_id) != region_id), None)
        if taken is None:
            self.ids |= {_key(name): region_id for name in names}
            self.names |= dict.fromkeys(names, region_id)
        return taken

    def find(self, name: str) -> str | None:
        """Return the id of the region that has the name, in any letter case, with or without hyphens and spaces."""
        return self.ids.get(_key(name))

    def nearest(self, name: str) -> list[str]:
        """Return at most three known names that look like ``name``, for a message."""
        return difflib.get_close_matches(name, self.names, n=3, cutoff=0.5)


def _key(name: str) -> str:
    words = re.findall(r"\w+", folded(name).casefold().replace("&", " and "))
    return "".join(word for word in words if word not in ("the", "region"))


def known_regions(where: Settings) -> Regions | None:
    """Return the regions that are known, None where there is neither a list nor a release.

    Raises ReleaseError where the newest release cannot be read. What is wrong with the list is not said here.
    """
    listed, _ = read_source(where.raw, LIST) if (where.raw / LIST).exists() else (None, [])
    lists = [listed] if listed and is_list(listed) else []
    return _known(lists, where)[0]


def is_list(source: Source) -> bool:
    """Whether a source says which regions there are."""
    return source.kind == KIND or (source.kind == "curated" and source.about["table"] == "regions")


def _known(lists: Iterable[Source], where: Settings) -> tuple[Regions | None, list[Finding]]:
    known, findings = Regions(), []
    for source in lists:
        if source.kind == KIND:
            findings += _read_list(source, known)
        else:
            findings += _read_table(source, known)
    newest = Store(where.published).newest()
    if newest is not None:
        for row in read_csv(disk.read(newest.folder / "regions.csv"))[1]:
            known.add(row["region_id"] or "", row["name"] or "", (row["region_id"] or "").replace("-", " "))
    return (known if known.ids else None), findings


def _read_list(source: Source, known: Regions) -> list[Finding]:
    """Put the regions of a list into ``known``; return what is wrong with it."""
    cells = read_cells(source.document)
    missing = [name for name in COLUMNS if name not in cells.header]
    if missing:
        message = f"has no column {', '.join(missing)}"
        return [*cells.findings, Finding("curated-header", message, source.place, 1)]
    return [*cells.findings, *(finding for row in cells.rows for finding in _read_row(source, row, known))]


def _read_table(source: Source, known: Regions) -> Iterable[Finding]:
    """Put the regions of the curated table into ``known``; what else is wrong with it is told where it is read as one."""
    return [finding for row in read_cells(source.document).rows for finding in _add_names(source, row, known)]


def _read_row(source: Source, row: CsvRow, known: Regions) -> Iterable[Finding]:
    region_id, name = row.text("region_id"), row.text("name")
    if not region_id or not name:
        yield Finding("cell-missing", "a region needs its id and its name", source.place, row.line)
        return
    if slug(region_id) != region_id:
        message = f"region_id {shown(region_id, 60)!r} is not of small letters and hyphens"
        yield Finding("cell-pattern", message, source.place, row.line, field="region_id")
    if not PUBLIC_PAGE.fullmatch(row.text("url") or ""):
        yield Finding("curated-unsourced", "the public page that states this row is missing", source.place, row.line)
    for column in OF_A_ROW:
        if foreign := foreign_fault(column, row.text(column)):
            yield Finding("curated-address", foreign, source.place, row.line)
    if row.text("certainty") not in CERTAINTIES:
        yield Finding("curated-certainty", "certainty is not high or medium", source.place, row.line)
    yield from _add_names(source, row, known)


def _add_names(source: Source, row: CsvRow, known: Regions) -> Iterable[Finding]:
    names = [name.strip() for name in (row.text("name") or "", *(row.text("other_names") or "").split(";"))]
    if taken := known.add(row.text("region_id") or "", *filter(None, names)):
        message = f"{shown(taken, 60)!r} is a name of {known.find(taken)} already"
        yield Finding("curated-conflict", message, source.place, row.line)


def region_findings(sources: Iterable[Source], where: Settings) -> list[Finding]:
    """Return a finding for each leaflet of a region that is not known, unless its sidecar says that it is new."""
    sources = list(sources)
    leaflets = [source for source in sources if source.kind in LEAFLETS]
    meant = {source.about["region"] for source in leaflets if source.about.get("region_is") == "new"}
    known, findings = _known(filter(is_list, sources), where)
    there = {*known.ids.values(), *meant} if known else set()
    for source in leaflets if known else ():
        region_id = str(source.about["region"])
        if known and region_id not in there:
            findings.append(unknown_region(region_id.replace("-", " "), known, f"{source.place}.yaml", 1))
    return findings


def unknown_region(name: str, known: Regions, place: str, line: int) -> Finding:
    """Return the finding for a name that no known region has, with the names it may have been meant to be."""
    near = known.nearest(name)
    hint = f"nearest: {', '.join(near)}" if near else f"known are {', '.join(sorted(set(known.ids.values())))}"
    return Finding("region-unknown", f"{shown(name, 80)!r} is no region that is known; {hint}", place, line, field="region")
