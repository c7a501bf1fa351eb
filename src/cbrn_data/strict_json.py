"""JSON written canonically and read strictly: no repeated keys, no NaN, no lone surrogates, limited nesting."""

from __future__ import annotations

import json
import math
from hashlib import sha256
from pathlib import Path
from typing import Any

from cbrn_data.errors import ReleaseError
from cbrn_data.nesting import nests_too_deeply

MOST_BYTES = 1 << 26
"""The most bytes of a JSON file that is read into memory."""
MOST_VALUES = 4_000_000
"""The most values in such a file: an empty list of two bytes takes 64 in memory."""


def dumped(value: object) -> bytes:
    """Return a value as the canonical bytes of JSON: indent 2, UTF-8, a final newline."""
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode()


def digest_of(value: object) -> bytes:
    """Return the sha256 of a value of JSON types; equal values have equal digests within this process."""
    return sha256(repr(value).encode("utf-8", "surrogatepass")).digest()


def parse_object(path: Path, data: bytes) -> dict[str, Any]:
    """Return the JSON object in ``data``; repeated keys and NaN are refused. Raises ReleaseError naming ``path``."""
    try:
        value = parse(data)
    except ValueError as error:
        raise ReleaseError(f"{path}: cannot be read as JSON ({error}); restore the file") from error
    if not isinstance(value, dict):
        raise ReleaseError(f"{path}: is not a JSON object; restore the file")
    return value


def parse(data: bytes) -> Any:
    """Return the value of JSON in UTF-8; size, depth and number of values are limited. Raises ValueError."""
    if len(data) > MOST_BYTES or data.count(b",") + data.count(b"[") + data.count(b"{") > MOST_VALUES:
        raise ValueError(f"more than {MOST_BYTES:,} bytes or {MOST_VALUES:,} values")
    if nests_too_deeply(data):
        raise ValueError("nests too deeply")
    value = json.loads(data.decode(), object_pairs_hook=_unique, parse_constant=no_constant, parse_float=_finite)
    if b"\\u" in data:  # only an escape can give a lone surrogate, which cannot be written as UTF-8
        dumped(value)
    return value


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"{text[:40]} is too large a number")
    return number


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("an object repeats a key")
    return found


def no_constant(name: str) -> Any:
    """Refuse NaN and the infinities, which Python reads and JSON does not have. Raises ValueError."""
    raise ValueError(f"{name} is not JSON")
