"""JSON written in one form and read strictly: no key twice, no NaN, no text that nests without end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cbrn_data.errors import ReleaseError
from cbrn_data.nesting import nests_too_deeply

MOST_BYTES = 1 << 26
"""The most bytes of a file in JSON that is read as a whole."""
MOST_VALUES = 4_000_000
"""The most values in it: an empty list of two bytes takes 64 in memory."""


def dumped(value: object) -> bytes:
    """Return any value as the bytes that every JSON file has: indent 2, UTF-8, a final newline."""
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode()


def parse_object(path: Path, data: bytes) -> dict[str, Any]:
    """Return the JSON object in ``data``; two equal keys or a NaN are refused. Raises ReleaseError naming ``path``."""
    try:
        value = parse(data)
    except ValueError as error:
        raise ReleaseError(f"{path}: cannot be read as JSON ({error}); put the file back as it was") from error
    if not isinstance(value, dict):
        raise ReleaseError(f"{path}: is not a JSON object; put the file back as it was")
    return value


def parse(data: bytes) -> Any:
    """Return what JSON in UTF-8 says; size, depth and number of values are limited. Raises ValueError."""
    if len(data) > MOST_BYTES or data.count(b",") + data.count(b"[") + data.count(b"{") > MOST_VALUES:
        raise ValueError(f"more than {MOST_BYTES:,} bytes or {MOST_VALUES:,} values")
    if nests_too_deeply(data):
        raise ValueError("nests too deeply")
    return json.loads(data.decode(), object_pairs_hook=_unique, parse_constant=_no_constant)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
