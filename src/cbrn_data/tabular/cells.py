"""Cells as JSON between the process that reads a workbook or a Parquet file (``isolated``) and this one.

Texts, numbers, booleans and nulls are JSON values; any other value is an object with its type and its text.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from math import isfinite
from typing import Any

_TYPES: dict[str, Callable[[Any], Any]] = {
    "datetime": datetime.fromisoformat,
    "date": date.fromisoformat,
    "time": time.fromisoformat,
    "timedelta": lambda seconds: timedelta(seconds=float(seconds)),
    "Decimal": Decimal,
    "float": float,
    "json": json.loads,
    "bytes": bytes.fromhex,
}


def coded(value: Any) -> Any:
    """Return a cell as JSON; a value of an unknown type becomes text."""
    if value is None or isinstance(value, (str, int)) or (isinstance(value, float) and isfinite(value)):
        return value
    if isinstance(value, (datetime, date, time)):
        return {type(value).__name__ if type(value).__name__ in _TYPES else "datetime": value.isoformat()}
    if isinstance(value, timedelta):
        return {"timedelta": str(value.total_seconds())}
    if isinstance(value, (Decimal, float)):
        return {type(value).__name__: str(value)}
    if isinstance(value, (list, dict)):
        return {"json": json.dumps(value, ensure_ascii=False, default=str)}
    return {"bytes": value.hex()} if isinstance(value, bytes) else str(value)


def decoded(cell: Any) -> Any:
    """Return the cell that ``coded`` wrote."""
    return next(_TYPES[name](text) for name, text in cell.items()) if isinstance(cell, dict) else cell
