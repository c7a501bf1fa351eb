"""The known regions: those of ``raw/regions.csv``, and those of the newest release.

``raw/regions.csv`` is the curated table ``regions``. Its columns ``name`` and ``other_names`` (other spellings and the
programme's letters, separated by semicolons) also define the names of regions. A list of the kind ``regions``
(``region_id,name,other_names,url,certainty``, a row per region and public page) only defines names: it gives no rows and is
not part of a release. The leaflet's sidecar records another spelling of a region (``region`` and ``region_printed``) and an
intended new region (``region_is: new``), so every release can be rebuilt.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from cbrn_data.findings import Finding, shown
from cbrn_data.normalise.text import folded, slug
from cbrn_data.settings import Settings
from cbrn_data.sources.addresses import OF_A_ROW, PUBLIC_PAGE, foreign_fault
from cbrn_data.sources.cells import CERTAINTIES, CsvRow, read_cells
from cbrn_data.sources.document import LEAFLETS
from cbrn_data.sources.source import Source, read_source
from cbrn_data.store import disk
from cbrn_data.store.history import read_history
from cbrn_data.tabular import grammar

LIST = "regions.csv"
KIND = "regions"
COLUMNS = ("region_id", "name", "other_names", "url", "certainty")


@dataclass
class Regions:
    """Known regions: ``ids`` by their normalised names, ``names`` as written."""

    ids: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)

    def add(self, region_id: str, *names: str) -> str | None:
        """Add the names of a region; return one that another region already has, or None."""
        taken = next((name for name in names if self.ids.get(_key(name), region_id) != region_id), None)
        if taken is None:
            self.ids |= {_key(name): region_id for name in names}
            self.names |= dict.fromkeys(names, region_id)
        return taken

    def find(self, name: str) -> str | None:
        """Return the id of the region with this name, ignoring letter case, hyphens and spaces."""
        return self.ids.get(_key(name))

    def nearest(self, name: str) -> list[str]:
        """Return at most three known names similar to ``name``, for a message."""
        near = difflib.get_close_matches(name.replace("-", " "), self.names, n=3, cutoff=0.5)
        return [*{_key(each): each for each in near}.values()]


def _key(name: str) -> str:
    words = re.findall(r"\w+", folded(name).casefold().replace("&", " and "))
    return "".join(word for word in words if word not in ("the", "region"))


def known_regions(settings: Settings) -> Regions | None:
    """Return the known regions, None if neither a list nor a release exists.

    Raises ReleaseError if the newest release cannot be read. Errors in the list are not reported here.
    """
    listed, _ = read_source(settings.raw, LIST) if (settings.raw / LIST).exists() else (None, [])
    lists = [listed] if listed and is_list(listed) else []
    return _known(lists, settings)[0]


def is_list(source: Source) -> bool:
    """Return whether a source defines regions."""
    return source.kind == KIND or (source.kind == "curated" and source.metadata["table"] == "regions")


def _known(lists: Iterable[Source], settings: Settings) -> tuple[Regions | None, list[Finding]]:
    known, findings = Regions(), []
    for source in lists:
        if source.kind == KIND:
            findings += _read_list(source, known)
        else:
            findings += _read_table(source, known)
    newest = next(reversed(read_history(settings.published)), None)
    if newest is not None:
        for row in grammar.rows(disk.read(newest.folder / "regions.csv")):
            known.add(row["region_id"] or "", row["name"] or "", (row["region_id"] or "").replace("-", " "))
    return (known if known.ids else None), findings


def _read_list(source: Source, known: Regions) -> list[Finding]:
    """Add the regions of a list to ``known``; return the errors in the list."""
    cells = read_cells(source.document)
    missing = [name for name in COLUMNS if name not in cells.header]
    if missing:
        message = f"has no column {', '.join(missing)}"
        return [*cells.findings, Finding("curated-header", message, source.place, 1)]
    return [*cells.findings, *(finding for row in cells.rows for finding in _read_row(source, row, known))]


def _read_table(source: Source, known: Regions) -> Iterable[Finding]:
    """Add the regions of the curated table to ``known``; its other errors are reported when it is read as a table."""
    return [finding for row in read_cells(source.document).rows for finding in _add_names(source, row, known)]


def _read_row(source: Source, row: CsvRow, known: Regions) -> Iterable[Finding]:
    region_id, name = row.text("region_id"), row.text("name")
    if not region_id or not name:
        yield Finding("cell-missing", "a region needs its id and its name", source.place, row.line)
        return
    if slug(region_id) != region_id:
        message = f"region_id {shown(region_id, 60)!r} must have only small letters and hyphens"
        yield Finding("cell-pattern", message, source.place, row.line, field="region_id")
    if not PUBLIC_PAGE.fullmatch(row.text("url") or ""):
        yield Finding("curated-unsourced", "the public page that states this row is missing", source.place, row.line)
    for column in OF_A_ROW:
        if foreign := foreign_fault(column, row.text(column)):
            yield Finding("curated-address", foreign, source.place, row.line)
    if row.text("certainty") not in CERTAINTIES:
        yield Finding("curated-certainty", "certainty must be high or medium", source.place, row.line)
    yield from _add_names(source, row, known)


def _add_names(source: Source, row: CsvRow, known: Regions) -> Iterable[Finding]:
    names = [name.strip() for name in (row.text("name") or "", *(row.text("other_names") or "").split(";"))]
    if taken := known.add(row.text("region_id") or "", *filter(None, names)):
        message = f"{shown(taken, 60)!r} is already a name of {known.find(taken)}"
        yield Finding("curated-conflict", message, source.place, row.line)


def region_findings(sources: Iterable[Source], settings: Settings) -> list[Finding]:
    """Return a finding for each leaflet of an unknown region, unless its sidecar has ``region_is: new``."""
    sources = list(sources)
    leaflets = [source for source in sources if source.kind in LEAFLETS]
    meant = {source.metadata["region"] for source in leaflets if source.metadata.get("region_is") == "new"}
    known, findings = _known(filter(is_list, sources), settings)
    there = {*known.ids.values(), *meant} if known else set()
    for source in leaflets if known else ():
        region_id = str(source.metadata["region"])
        if known and region_id not in there:
            lines = source.sidecar.decode().splitlines()
            line = next((number for number, text in enumerate(lines, 1) if text.startswith("region:")), 1)
            findings.append(unknown_region(region_id, known, f"{source.place}.yaml", line))
    return findings


def unknown_region(name: str, known: Regions, place: str, line: int) -> Finding:
    """Return the finding for an unknown region, with similar known names."""
    near = known.nearest(name)
    hint = f"nearest: {', '.join(near)}" if near else f"known are {', '.join(sorted(set(known.ids.values())))}"
    return Finding("region-unknown", f"{shown(name, 80)!r} is not a known region; {hint}", place, line, field="region")
