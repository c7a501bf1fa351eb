"""What reading a document gives: its text, and for each line of it the place on the page.

The value that a reader returns is plain (``as_value``), so that it can come from another process; ``from_value`` gives it
back. ``LAYOUT`` counts the versions of the rules: text that is kept says by which it was read.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

LAYOUT = 1
LARGEST = 200_000
"""The most characters of text; a leaflet is a page or two."""

Place = tuple[int, list[float]]
"""The number of a page, and left, top, right and bottom of a rectangle on it, in points from its upper left corner."""

Size = tuple[float, float]
"""Width and height of a page as it is shown, in points."""


@dataclass(frozen=True)
class Block:
    """Lines of text that belong together, each with its place where the document has pages."""

    lines: list[str]
    places: list[Place] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class ReadText:
    """The text of a document.

    ``places`` has one entry a line, None for blank ones and where the format knows no pages; ``left_out`` are the words
    that belong to no text, with the rule that says why; ``doubts`` are what a person must look at, by line; ``pages`` are
    width and height of each page as it is shown, in points.
    """

    text: str
    engine: str
    places: list[Place | None] = field(default_factory=list)
    left_out: list[dict[str, Any]] = field(default_factory=list)
    doubts: list[tuple[int, str]] = field(default_factory=list)
    pages: list[list[float]] = field(default_factory=list)

    @property
    def read_with(self) -> str:
        """Engine, its version, and the version of the rules."""
        return f"{self.engine}, layout {LAYOUT}"

    def lines(self) -> dict[str, Any]:
        """Return where each line is and what was left out, as ``<name>.lines.json`` keeps it."""
        placed = [
            {"line": number, "page": place[0], "rectangle": place[1]}
            for number, place in enumerate(self.places, start=1)
            if place
        ]
        doubts = [{"line": line, "doubt": doubt} for line, doubt in self.doubts]
        said = {"read_with": self.read_with, "pages": self.pages, "lines": placed}
        return {**said, "left_out": self.left_out, "doubts": doubts}


class RefusedError(Exception):
    """Why a document gives no text that can be trusted: the code of a finding, what it is, and the text so far."""

    def __init__(self, code: str, message: str, text: str = "") -> None:
        super().__init__(message)
        self.code, self.text = code, text


def written(blocks: Iterable[Block], engine: str, left_out: list[dict[str, Any]]) -> ReadText:
    """Return the text of ``blocks``, a blank line apart; a page begins with a form feed. Raises RefusedError."""
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
        raise RefusedError("document-too-large", f"holds {len(text):,} characters of text, more than {LARGEST:,}")
    return ReadText(text, engine, places, left_out, doubts)


def as_value(read: ReadText | RefusedError) -> dict[str, Any]:
    """Return what JSON can hold."""
    if isinstance(read, RefusedError):
        return {"refused": read.code, "message": str(read), "text": read.text}
    return vars(read)


def from_value(value: dict[str, Any]) -> ReadText:
    """Return what a reader read. Raises RefusedError where it refused."""
    if "refused" in value:
        raise RefusedError(value["refused"], value["message"], value["text"])
    places = [(place[0], list(place[1])) if place else None for place in value["places"]]
    doubts = [(line, doubt) for line, doubt in value["doubts"]]
    return ReadText(value["text"], value["engine"], places, value["left_out"], doubts, value["pages"])
