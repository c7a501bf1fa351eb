"""The pages of a document with the place of each line: where the words of a text are for those who know the paper."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from cbrn_data.findings import shown
from cbrn_data.portal.evidence import Marks
from cbrn_data.sources.document import Document

_TITLE = 160


@dataclass(frozen=True)
class Box:
    """A rectangle on the pages, in points; ``line`` is None for words that are in no text, ``target`` leads to a line's text.

    ``kind`` is used (a value is made of it), unused, doubtful, or out (left out of the text).
    """

    x: float
    y: float
    width: float
    height: float
    kind: str
    text: str
    line: int | None = None
    target: str = ""


@dataclass(frozen=True)
class Sheet:
    """All pages, one below another, ``width`` by ``height`` points."""

    width: float
    height: float
    boxes: list[Box]


def read_sheet(kept: Mapping[str, Any], marks: Marks, doubtful: Collection[int] = ()) -> Sheet | None:
    """Return the pages of a document by what was kept of its reading (``<name>.lines.json``), or None where it has none."""
    try:
        sizes = [(float(width), float(height)) for width, height in kept["pages"]]
        tops = [0.0, *accumulate(height for _, height in sizes)]
        boxes = list(_boxes(kept, marks, doubtful, tops))
    except (KeyError, TypeError, ValueError, IndexError):
        return None
    return Sheet(max(width for width, _ in sizes), tops[-1], boxes) if sizes else None


def _boxes(kept: Mapping[str, Any], marks: Marks, doubtful: Collection[int], tops: list[float]) -> Iterator[Box]:
    assert marks.document is not None
    targets = line_targets(marks)
    for entry in kept["lines"]:
        line = int(entry["line"])
        used = targets.get(line)
        kind = "doubtful" if line in doubtful else "used" if used else "unused"
        text = shown(line_text(marks.document, line), _TITLE)
        yield Box(*_place(entry, tops), kind, text, line, used or _line_target(marks, line))
    for entry in kept["left_out"]:
        if "rectangle" in entry:
            yield Box(*_place(entry, tops), "out", shown(f"{entry['text']} (left out: {entry['rule']})", _TITLE))


def _place(entry: Mapping[str, Any], tops: list[float]) -> tuple[float, float, float, float]:
    x0, y0, x1, y1 = (float(side) for side in entry["rectangle"])
    y0, y1 = (round(side + tops[int(entry["page"]) - 1], 1) for side in (y0, y1))
    return x0, y0, round(x1 - x0, 1), round(y1 - y0, 1)


def line_targets(marks: Marks) -> dict[int, str]:
    """Return, for each line of which values are made, the address of its first marked words."""
    found: dict[int, str] = {}
    assert marks.document is not None
    for span, mentions in marks.by_span.items():
        first, last = marks.document.lines(span)
        for line in range(first, last + 1):
            found.setdefault(line, mentions[0].anchor)
    return found


def _line_target(marks: Marks, line: int) -> str:
    path = next((part.path for part in marks.parts if part.first <= line <= part.last), "")
    return f"{path}#L{line}"


def line_text(document: Document, line: int) -> str:
    """Return the words of a line, without white space around them."""
    starts = [*document.line_starts, len(document.text)]
    return document.text[starts[line - 1] : starts[line]].strip()
