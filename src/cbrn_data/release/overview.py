"""Summarise a release in a few lines: its checks, its data, and its location."""

from __future__ import annotations

from cbrn_data.release.notes import completeness
from cbrn_data.schema.model import read_package
from cbrn_data.schema.table import released_tables
from cbrn_data.signing.keys import PUBLIC_KEY, fingerprint, read_public_keys
from cbrn_data.store import disk
from cbrn_data.store.folder import REPORT, Release
from cbrn_data.strict_json import parse_object


def overview(release: Release) -> list[tuple[str, str]]:
    """Return pairs of a heading and a text, for a terminal or a page."""
    tables = released_tables(release.folder, read_package(release.folder / "schemas"))
    report = parse_object(release.folder / REPORT, disk.read(release.folder / REPORT))
    (key,) = read_public_keys(disk.read(release.folder / PUBLIC_KEY), PUBLIC_KEY)[:1]
    names = sorted(row["name"] or "" for row in tables["countries"].rows)
    achievements = tables["achievements"].rows
    dated = sorted(row["date_start"] or "" for row in achievements if row["date_start"])
    lines = [
        ("Release", f"{release.version} of {release.date}, digest {release.digest[:16]}…"),
        ("Changes", str(release.info["summary"])),
        ("Checked by", ", ".join(dict.fromkeys(str(check["by"]) for check in report["checks"]))),
        ("Signed by", f"{fingerprint(key)[:16]}… (`cbrn-data key` shows the key that signs here)"),
        ("Evidence", f"each of {report['coverage']['cells']:,} cells has evidence"),
        ("Regions", "; ".join(f"{row['name']} ({row['secretariat_city']})" for row in tables["regions"].rows)),
        ("Countries", f"{len(names)}: {', '.join(names[:12])}{', …' if len(names) > 12 else ''}"),
        ("Projects", completeness(tables)),
        ("Achievements", f"{len(achievements)}" + (f", from {dated[0]} to {dated[-1]}" if dated else "")),
    ]
    lines[1:1] = [(mark["kind"].capitalize(), f"on {mark['date']}: {mark['reason']}") for mark in release.marks]
    home = release.folder.parent.parent / "index.html"
    return [*lines, ("Look at", f"{home} (`cbrn-data serve` shows it), {release.folder}/")]
