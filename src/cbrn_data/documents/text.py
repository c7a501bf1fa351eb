"""The result of reading a document: its text, and the position of each line on the page.

A reader returns a plain value (``value_of``), so that it can come from another process; ``from_value`` restores it.
``LAYOUT`` is the version of the rules, which the sidecar of a kept text records.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import wraps
from typing import IO, Any

LAYOUT = 1
LARGEST = 200_000
"""The most characters of text; a leaflet is a page or two."""

ZERO_WIDTH = re.compile("[\u200b-\u200d\u2060\ufeff]")
"""Characters without width, which only allow or prevent a line break or a ligature."""

Place = tuple[int, list[float]]
"""A page number, and left, top, right and bottom of a rectangle, in points from the upper left corner."""

Size = tuple[float, float]
"""Width and height of a page as shown, in points."""


@dataclass(frozen=True)
class Block:
    """Lines of text that belong together, each with its place if the document has pages."""

    lines: list[str]
    places: list[Place] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class ReadText:
    """The text of a document.

    ``places`` has one entry per line, None for blank lines and for formats without pages; ``left_out`` are the words left
    out, with the rule; ``doubts`` are the doubts by line; ``pages`` are width and height of each page as shown, in points.
    """

    text: str
    engine: str
    places: list[Place | None] = field(default_factory=list)
    left_out: list[dict[str, Any]] = field(default_factory=list)
    doubts: list[tuple[int, str]] = field(default_factory=list)
    pages: list[list[float]] = field(default_factory=list)

    @property
    def read_with(self) -> str:
        """The library, its version, and the version of the rules."""
        return f"{self.engine}, layout {LAYOUT}"

    def lines(self) -> dict[str, Any]:
        """Return the positions of lines and the words left out, as in ``<name>.lines.json``."""
        placed = [
            {"line": number, "page": place[0], "rectangle": place[1]}
            for number, place in enumerate(self.places, start=1)
            if place
        ]
        doubts = [{"line": line, "doubt": doubt} for line, doubt in self.doubts]
        said = {"read_with": self.read_with, "pages": self.pages, "lines": placed}
        return {**said, "left_out": self.left_out, "doubts": doubts}


class RefusedError(Exception):
    """The refusal of a document: the code of a finding, its message, and the text so far."""

    def __init__(self, code: str, message: str, text: str = "") -> None:
        super().__init__(message)
        self.code, self.text = code, text


def written(blocks: Iterable[Block], engine: str, left_out: list[dict[str, Any]]) -> ReadText:
    """Return the text of ``blocks``, separated by blank lines; a page begins with a form feed. Raises RefusedError."""
    lines: list[str] = []
    places: list[Place | None] = []
    doubts: list[tuple[int, str]] = []
    page = 1
    for block in blocks:
        if lines:
            lines.append("")
            places.append(None)
        doubts += [(len(lines) + 1, doubt) for doubt in block.doubts]
        for number, text in enumerate(block.lines):
            place = block.places[number] if block.places else None
            ahead = place[0] - page if place else 0
            lines.append("\f" * max(0, ahead) + text)
            places.append(place)
            page = max(page, place[0]) if place else page
    text = "".join(f"{line}\n" for line in lines)
    if len(text) > LARGEST:
        raise RefusedError("document-too-large", f"has {len(text):,} characters of text, more than {LARGEST:,}")
    return ReadText(text, engine, places, left_out, doubts)


def value_of(read: Callable[[bytes], ReadText]) -> Callable[[IO[bytes]], dict[str, Any]]:
    """Return the reader of an open file, which returns its result, or its refusal, as JSON data."""

    @wraps(read)
    def reader(file: IO[bytes]) -> dict[str, Any]:
        try:
            return vars(read(file.read()))
        except RefusedError as refused:
            return {"refused": refused.code, "message": str(refused), "text": refused.text}

    return reader


def from_value(value: dict[str, Any]) -> ReadText:
    """Return the result of a reader. Raises RefusedError if it refused."""
    if "refused" in value:
        raise RefusedError(value["refused"], value["message"], value["text"])
    places = [(place[0], list(place[1])) if place else None for place in value["places"]]
    doubts = [(line, doubt) for line, doubt in value["doubts"]]
    return ReadText(value["text"], value["engine"], places, value["left_out"], doubts, value["pages"])
