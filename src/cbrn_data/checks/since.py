"""What only a comparison with the newest release shows.

An edition that was published before and now reads otherwise, and a date that goes back.
"""

from __future__ import annotations

from collections.abc import Iterator

from cbrn_data.checks.across import Rows
from cbrn_data.findings import Finding


def since(old: Rows, new: Rows) -> Iterator[Finding]:
    """Yield a finding for each leaflet or document whose bytes are others than those published under its id before."""
    before = {row["source_id"]: row for row in old.get("sources", [])}
    for row in new["sources"]:
        was = before.get(row["source_id"])
        if was and row["edition"] and was["sha256"] != row["sha256"]:
            place = (row["path"] or "").replace("sources/", "raw/", 1)
            message = f"edition {row['edition']} was published with sha256 {was['sha256']} and now has {row['sha256']}"
            yield Finding("source-replaced", message, place, table="sources", row=row["source_id"], field="sha256")


def dated(date: str, newest: str, newest_date: str) -> Iterator[Finding]:
    """Yield a finding if a release of ``date`` would follow the release ``newest`` of a later date."""
    if date < newest_date:
        message = f"this release is dated {date} and the one before it, {newest}, {newest_date}"
        yield Finding("date-behind", message, "release.json", field="date")
