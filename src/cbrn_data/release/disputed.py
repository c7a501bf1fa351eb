"""Why a cell is null: no source says it, or two public pages disagree on it, as the report of its release tells."""

from __future__ import annotations

from cbrn_data.store import disk
from cbrn_data.store.folder import REPORT, Release
from cbrn_data.strict_json import parse_object

UNSAID = "no source says it"


def disputed(release: Release) -> dict[tuple[str, str, str], str]:
    """Return for each cell (table, row, field) on which pages disagree what the report says of it."""
    path = release.folder / REPORT
    found: dict[tuple[str, str, str], str] = {}
    for finding in parse_object(path, disk.read(path, below=release.folder))["findings"]["listed"]:
        if finding["code"] == "pages-disagree":
            cell = finding["table"], finding["row"], finding["field"]
            told = f"{finding['message']} ({finding['source']}:{finding['line']})"
            found[cell] = f"{found[cell]}; {told}" if cell in found else f"pages disagree: {told}"
    return found
