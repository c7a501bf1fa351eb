"""The text of a PDF by pdfminer.six, whose text boxes keep items apart. Runs in ``cbrn_data.isolated`` only."""

from __future__ import annotations

from typing import IO

from cbrn_data.isolated import UnreadableError

READER = f"{__name__}:text"
LARGEST = 1 << 20
"""The most characters of text; a document has pages of words."""


def text(file: IO[bytes]) -> str:
    """Return the text, pages apart by form feeds; text boxes stand apart by blank lines. Raises UnreadableError."""
    from pdfminer.high_level import extract_text

    try:
        found = extract_text(file)
    except MemoryError:
        raise
    except Exception as error:  # a broken file makes that library raise whatever its code happens to trip over
        raise UnreadableError(f"cannot be read as PDF: {str(error)[:80] or type(error).__name__}") from error
    if len(found) > LARGEST:
        raise UnreadableError(f"holds {len(found):,} characters of text, more than {LARGEST:,}")
    if not found.strip():
        raise UnreadableError("holds no text; it may be a scan")
    if "(cid:" in found:
        raise UnreadableError("has characters whose fonts do not say what they are, shown as (cid:...)")
    lines = (line.rstrip() for line in found.rstrip("\f\n").split("\n"))
    return "\n".join(lines) + "\n"
