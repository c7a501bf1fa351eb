"""What stands in the margins of pages and belongs to no text: running headers and footers, numbers, credits.

Each rule has a name, and every line that is left out is listed with it. A line at the upper or lower edge is left out

- ``page-number``: where it is the number of the page and nothing else;
- ``running-line``: where it stands at the same height of other pages too, numbers aside, or repeats the title;
- ``pagination``: where the PDF marks it as header, footer or number of the page;
- ``small-print``: where it is smaller than the text and holds an address, a copyright or the programme's name;

and anywhere

- ``invisible``: where the PDF does not paint it;
- ``credit``: where it is small and says whose a picture is;
- ``address``: where it is nothing but addresses of the web, of mail and telephone, and the programme's name beside one.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from cbrn_data.documents.page import Page
from cbrn_data.documents.segments import Segment

_EDGE = 0.12
"""The part of a page's height that is its upper or lower edge."""

_SMALL = 0.9
"""The part of the usual size of text that makes small print."""

_NUMBER = re.compile(r"(?:page |p\. ?)?[0-9]{1,3}(?: ?(?:of|/|\|) ?[0-9]{1,3})?|[-–—|] ?[0-9]{1,3} ?[-–—|]", re.IGNORECASE)
_CREDIT = re.compile(
    r"(?:©|\(c\) |photo(?:graph)?s?(?: credits?)?(?: ?:| ?©| by )|(?:picture|image)s? ?(?:credit)?s? ?:|credits? ?:)",
    re.IGNORECASE,
)
_PRINT = re.compile(
    r"www\.|https?://|\S@\S+\.\w|©|copyright|all rights reserved|disclaimer|(?:tel|phone|fax)\b|follow us|printed (?:in|on)|"
    r"centres? of excellence|\bunicri\b.*\b(?:coe|initiative)\b|cbrn-coe|"
    r"(?:^|\W)(?:version|edition) (?:of )?\w+ ?[0-9]{4}$",
    re.IGNORECASE,
)

_ADDRESS = re.compile(
    r"(?:(?:web(?:site)?|e-?mail|contact|visit(?: us)?|more(?: information)?(?: (?:at|on))?|tel(?:ephone)?|phone|fax|"
    r"find us on)\.?:? *)?"
    r"(?:(?:https?://|www\.)\S+|[\w-]+(?:\.[\w-]+)*\.(?:eu|int|org|com|net)(?:/\S*)?|\S+@\S+\.\w+|\+?[0-9][0-9 ()./-]{5,})",
    re.IGNORECASE,
)
_PROGRAMME = re.compile(
    r"(?:the )?(?:eu |european union )?cbrn (?:risk mitigation )?(?:coe|cent(?:re|er)s of excellence)(?: initiative)?", re.I
)


@dataclass(frozen=True)
class LeftOut:
    """A segment that belongs to no text, and the rule that says why."""

    page: int
    segment: Segment
    rule: str


def left_out(pages: Sequence[tuple[Page, Sequence[Segment]]]) -> list[LeftOut]:
    """Return what the rules leave out of all pages, in the order of pages and lines."""
    usual = _usual_size(segment for _, segments in pages for segment in segments)
    edges = {page.number: _edge(page, segments) for page, segments in pages}
    heights = _heights(pages, edges)
    title = _title(pages)
    found = []
    for page, segments in pages:
        for segment in segments:
            rule = _rule(segment, segment in edges[page.number], page, usual, title, heights)
            if rule:
                found.append(LeftOut(page.number, segment, rule))
    return found


def _rule(
    segment: Segment, at_edge: bool, page: Page, usual: float, title: str, heights: Mapping[tuple[str, int], int]
) -> str:
    if all(glyph.hidden for glyph in segment.glyphs):
        return "invisible"
    if all(glyph.pagination for glyph in segment.glyphs):
        return "pagination"
    small = segment.size < _SMALL * usual
    if small and is_credit(segment.text):
        return "credit"
    if is_address(segment.text):
        return "address"
    if not at_edge:
        return ""
    if _NUMBER.fullmatch(segment.text) and segment.size <= 1.2 * usual:
        return "page-number"
    if heights[_key(segment, page)] > 1 or (small and page.number > 1 and _plain(segment.text) == title):
        return "running-line"
    if small and (_PRINT.search(segment.text) or _plain(segment.text) == title):
        return "small-print"
    return ""


def is_credit(text: str) -> bool:
    """Whether a text says whose a picture is, or whose the text.

    >>> is_credit("Photo: UNICRI"), is_credit("Photographs of the exercise were shown.")
    (True, False)
    """
    return _CREDIT.match(text) is not None


def is_address(text: str) -> bool:
    """Whether a text is nothing but addresses, and the programme's name beside one.

    >>> is_address("www.example.org | info@example.org"), is_address("See www.example.org for Project 87.")
    (True, False)
    """
    pieces = [piece.strip(" .:") for piece in re.split(r"[|·•–—;,]|\s-\s|\s{2,}", text)]
    kinds = [bool(_ADDRESS.fullmatch(piece)) for piece in pieces if piece]
    programme = [bool(_PROGRAMME.fullmatch(piece)) for piece in pieces if piece]
    return any(kinds) and all(a or b for a, b in zip(kinds, programme, strict=True))


def _usual_size(segments: Iterable[Segment]) -> float:
    sizes: Counter[float] = Counter()
    for segment in segments:
        sizes[segment.size] += len(segment.glyphs)
    return max(sorted(sizes), key=lambda size: sizes[size]) if sizes else 10.0


def _edge(page: Page, segments: Sequence[Segment]) -> list[Segment]:
    """Return what stands at the upper or lower edge, and apart from it nothing but more of that."""
    return [s for s in segments if s.y < _EDGE * page.height or s.y > (1 - _EDGE) * page.height]


def _plain(text: str) -> str:
    return re.sub(r"[0-9]+", "0", " ".join(text.split())).casefold()


def _key(segment: Segment, page: Page) -> tuple[str, int]:
    return _plain(segment.text), round(segment.y / 4)


def _heights(
    pages: Sequence[tuple[Page, Sequence[Segment]]], edges: Mapping[int, list[Segment]]
) -> Counter[tuple[str, int]]:
    return Counter(key for page, _ in pages for key in {_key(segment, page) for segment in edges[page.number]})


def _title(pages: Sequence[tuple[Page, Sequence[Segment]]]) -> str:
    """Return the largest text of the first page, as one line."""
    segments = [segment for page, several in pages if page.number == 1 for segment in several]
    largest = max((segment.size for segment in segments), default=0.0)
    return _plain(" ".join(segment.text for segment in segments if segment.size == largest))
