"""What a release covers, in numbers: rows, cells that have a value, evidence by method, rows that were set aside.

The producer writes them into ``report.json``, and the auditor counts again.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from cbrn_data.checks.across import Rows
from cbrn_data.schema.model import Package


def covered(rows: Rows, package: Package) -> dict[str, Any]:
    """Return what ``report.json`` says of its tables beside their digests; a row set aside for two reasons counts once."""
    cells = sum(
        value is not None for table in package.with_role("data") for row in rows[table.name] for value in row.values()
    )
    methods = Counter(row["method"] or "" for row in rows["evidence"])
    return {
        "tables": {name: {"rows": len(rows[name])} for name in package.published(rows)},
        "quarantined": len({(row["source_id"], row["line"]) for row in rows["quarantine"]}),
        "coverage": {"cells": cells, "evidence": dict(sorted(methods.items()))},
    }
