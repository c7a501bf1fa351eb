"""Write a file atomically: it exists completely or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex
from typing import IO


@contextmanager
def whole(path: Path) -> Iterator[IO[bytes]]:
    """Open a file that is renamed to ``path`` when it is complete, and removed otherwise. Raises OSError."""
    temporary = path.with_name(f".{token_hex(8)}")
    try:
        with temporary.open("wb") as file:
            yield file
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
