"""The pages of a document with the position of each line."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate

from cbrn_data.documents.kept import Kept, read_kept
from cbrn_data.documents.text import Place, Size
from cbrn_data.findings import shown
from cbrn_data.portal.evidence import Marks
from cbrn_data.sources.source import LINES, PAGES
from cbrn_data.store import disk
from cbrn_data.store.folder import Release, source_file

_TITLE = 160


@dataclass(frozen=True)
class Box:
    """A rectangle on the pages, in points; ``line`` is None for omitted words, ``target`` is the address of a line's text.

    ``kind`` is used (has a value), unused, doubtful, or omitted (left out of the text).
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
    """All pages by their sizes, one below another and left-aligned."""

    pages: list[Size]
    boxes: list[Box]

    @property
    def width(self) -> float:
        """The total width in points."""
        return max(width for width, _ in self.pages)

    @property
    def height(self) -> float:
        """The total height in points."""
        return sum(height for _, height in self.pages)


def sheet_of(kept: Kept, marks: Marks, doubtful: Collection[int] = ()) -> Sheet | None:
    """Return the pages of a document from the kept data of its reading, or None if it has none."""
    if not kept.pages:
        return None
    return Sheet(kept.pages, list(_boxes(kept, marks, doubtful)))


def released_sheet(release: Release, marks: Mapping[str, Marks], text_id: str) -> Sheet | None:
    """Return the pages of the document of a released text, or None if no picture of them is kept.

    Raises ReleaseError if the kept data of its reading is damaged.
    """
    lines = marks.get(text_id + LINES)
    if text_id + PAGES not in marks or lines is None or marks[text_id].document is None:
        return None
    if not {marks[text_id + end].source["path"] for end in (LINES, PAGES)}.isdisjoint(release.erased):
        return None
    path = source_file(release.folder, str(lines.source["path"]))
    return sheet_of(read_kept(path, disk.read(path)), marks[text_id])


def _boxes(kept: Kept, marks: Marks, doubtful: Collection[int]) -> Iterator[Box]:
    assert marks.document is not None
    tops = [0.0, *accumulate(height for _, height in kept.pages)]
    targets, last = line_targets(marks), len(marks.document.line_starts)
    for line, place in kept.lines.items():
        if line <= last:
            used = targets.get(line)
            page = next((part.path for part in marks.parts if part.first <= line <= part.last), "")
            kind = "doubtful" if line in doubtful else "used" if used else "unused"
            text = shown(marks.document.text_of(line).strip(), _TITLE)
            yield Box(*_rectangle(place, tops), kind, text, line, used or f"{page}#L{line}")
    for words in kept.left_out:
        if words.place:
            text = shown(words.text, _TITLE)
            yield Box(*_rectangle(words.place, tops), "omitted", f"“{text}” (left out: {shown(words.rule, _TITLE)})")


def _rectangle(place: Place, tops: list[float]) -> tuple[float, float, float, float]:
    page, (x0, y0, x1, y1) = place
    return x0, round(y0 + tops[page - 1], 1), round(x1 - x0, 1), round(y1 - y0, 1)


def line_targets(marks: Marks) -> dict[int, str]:
    """Return the address of the first marked words for each line with values."""
    found: dict[int, str] = {}
    assert marks.document is not None
    for span, mentions in marks.by_span.items():
        first, last = marks.document.lines(span)
        for line in range(first, last + 1):
            found.setdefault(line, mentions[0].anchor)
    return found
