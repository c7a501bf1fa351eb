"""What is published, in a few lines for people: how it was checked, what the data says, and where to look."""

from __future__ import annotations

from pathlib import Path

from cbrn_data.checks.rows import released_rows
from cbrn_data.release.notes import completeness
from cbrn_data.schema.model import read_package
from cbrn_data.signing.keys import PUBLIC_KEY, fingerprint, read_public_keys
from cbrn_data.store import disk
from cbrn_data.store.folder import REPORT, Release
from cbrn_data.strict_json import parse_object


def overview(release: Release) -> list[tuple[str, str]]:
    """Return pairs of a heading and a sentence, for a terminal or a page."""
    rows = released_rows(release, read_package(release.folder / "schemas"))
    report = parse_object(release.folder / REPORT, disk.read(release.folder / REPORT))
    names = sorted(row["name"] or "" for row in rows["countries"])
    achievements = rows["achievements"]
    dated = sorted(row["date_start"] or "" for row in achievements if row["date_start"])
    lines = [
        ("Release", f"{release.version} of {release.date}, digest {release.digest[:16]}…"),
        ("Brings", str(release.info["summary"])),
        ("Checked by", ", ".join(dict.fromkeys(str(check["by"]) for check in report["checks"]))),
        ("Signed by", f"{_signer(release.folder)[:16]}… (`cbrn-data key` shows the key that signs here)"),
        ("Evidence", f"every one of {report['coverage']['cells']:,} cells leads to its words"),
        ("Regions", "; ".join(f"{row['name']} ({row['secretariat_city']})" for row in rows["regions"])),
        ("Countries", f"{len(names)}: {', '.join(names[:12])}{', …' if len(names) > 12 else ''}"),
        ("Projects", completeness(rows)),
        ("Achievements", f"{len(achievements)}" + (f", from {dated[0]} to {dated[-1]}" if dated else "")),
    ]
    if release.withdrawn:
        lines.insert(1, ("Withdrawn", f"on {release.withdrawn['date']}: {release.withdrawn['reason']}"))
    return [*lines, ("Look at", _place(release.folder))]


def _signer(folder: Path) -> str:
    return fingerprint(read_public_keys(disk.read(folder / PUBLIC_KEY), PUBLIC_KEY)[0])


def _place(folder: Path) -> str:
    return f"{folder.parent.parent / 'index.html'} (`cbrn-data serve` shows it), {folder}/"
