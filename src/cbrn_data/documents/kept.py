"""The kept data about the text of a document (``<name>.lines.json``): the positions of lines, omitted words, and doubts.

``ReadText.lines`` makes the file; this module reads it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

from cbrn_data.documents.text import Place, Size
from cbrn_data.errors import ReleaseError
from cbrn_data.strict_json import parse_object

MEANS = "was not written by the reader of documents; restore the file"


@dataclass(frozen=True)
class OutOfText:
    """Words of a document that are left out of its text, with the rule, and their place if it has pages."""

    text: str
    rule: str
    place: Place | None


@dataclass(frozen=True)
class Kept:
    """Size of each page in points, place of each line by number, words left out of the text, and doubts by line.

    ``pages`` is empty if the document has none.
    """

    pages: list[Size]
    lines: dict[int, Place]
    left_out: list[OutOfText]
    doubts: list[tuple[int, str]]


def read_kept(path: Path, data: bytes) -> Kept:
    """Return the content of ``data``. Raises ReleaseError naming ``path``."""
    value = parse_object(path, data)
    try:
        return kept_of(value)
    except (KeyError, TypeError, ValueError, OverflowError, AttributeError) as error:
        raise ReleaseError(f"{path}: {MEANS}") from error


def kept_of(value: Mapping[str, Any]) -> Kept:
    """Return the content of ``ReadText.lines``. Raises ValueError, KeyError or TypeError for anything else."""
    pages = [(_length(width), _length(height)) for width, height in value.get("pages", [])]
    lines = {int(one["line"]): _place(one, len(pages)) for one in value["lines"]}
    left_out = [
        OutOfText(str(one["text"]), str(one["rule"]), _place(one, len(pages)) if "rectangle" in one else None)
        for one in value["left_out"]
    ]
    doubts = [(int(one["line"]), str(one["doubt"])) for one in value["doubts"]]
    if any(line < 1 for line in [*lines, *(line for line, _ in doubts)]):
        raise ValueError("lines count from 1")
    return Kept(pages, lines, left_out, doubts)


def _place(one: Mapping[str, Any], pages: int) -> Place:
    page, (x0, y0, x1, y1) = int(one["page"]), one["rectangle"]
    if page < 1 or (pages and page > pages):
        raise ValueError("the page does not exist")
    sides = [float(side) for side in (x0, y0, x1, y1)]
    if not all(map(isfinite, sides)):
        raise ValueError("the sides of a rectangle are finite")
    return page, sides


def _length(side: Any) -> float:
    length = float(side)
    if not 0 < length < 20_000:
        raise ValueError("a page has a size")
    return length
