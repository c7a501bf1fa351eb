"""What a release covers, in numbers: rows, cells that have a value, evidence by method, rows that were set aside.

The producer writes them into ``report.json``, and the auditor counts again.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from cbrn_data.checks.released import Released


def covered(released: Released) -> dict[str, Any]:
    """Return what ``report.json`` says of its tables beside their digests; a row set aside for two reasons counts once."""
    methods = Counter(row["method"] or "" for row in released.rows["evidence"])
    return {
        "tables": {name: {"rows": released.counts[name]} for name in released.tables},
        "quarantined": len({(row["source_id"], row["line"]) for row in released.rows["quarantine"]}),
        "coverage": {"cells": sum(released.cells.values()), "evidence": dict(sorted(methods.items()))},
    }
