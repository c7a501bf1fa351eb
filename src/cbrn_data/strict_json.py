"""JSON written in one form and read strictly: no key twice, no NaN, no text that nests without end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cbrn_data.errors import ReleaseError


def dumped(value: object) -> bytes:
    """Return any value as the bytes that every JSON file has: indent 2, UTF-8, a final newline."""
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode()


def parse_object(path: Path, data: bytes) -> dict[str, Any]:
    """Return the JSON object in ``data``; two equal keys or a NaN are refused. Raises ReleaseError naming ``path``."""
    try:
        value = json.loads(data.decode(), object_pairs_hook=_unique, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise ReleaseError(f"{path}: cannot be read as JSON ({error}); put the file back as it was") from error
    if not isinstance(value, dict):
        raise ReleaseError(f"{path}: is not a JSON object; put the file back as it was")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
