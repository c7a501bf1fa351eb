"""Lines in the margins of pages that are not text: running headers and footers, page numbers, credits.

Each rule has a name, with which every line that is left out is listed. A line at the upper or lower edge is left out by

- ``page-number`` if it is only the number of the page;
- ``running-line`` if other pages have it at the same height, ignoring numbers of pages, or if it repeats the title;
- ``pagination`` if the PDF marks it as header, footer or page number;
- ``small-print`` if it is smaller than the text and has an address, a copyright or the programme's name;
- ``imprint-line`` if it has nothing but names of the programme and the region, the edition, and the number of the page;

and a line anywhere by

- ``list-number`` if it numbers an item, in a circle or square or beside it: 1, 2, 3 and so on;
- ``icon`` if it is a sign of a font of signs, or several that are not next to each other;
- ``invisible`` if the PDF does not paint it;
- ``credit`` if it is small and names the author of a picture;
- ``address`` if it has only addresses of the web, of mail and telephone, and the programme's name.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from cbrn_data.documents.page import Page
from cbrn_data.documents.segments import Segment
from cbrn_data.leaflet.head import SECRETARIAT
from cbrn_data.normalise.chains import MONTH

_SIGN = re.compile("[\ue000-\uf6ff\uf800-\uf8ff]+")

_EDGE = 0.12
"""The height of the upper or lower edge, as a share of the page."""

_SMALL = 0.9
"""The greatest size of small print, as a share of the usual text size."""

_NUMBER = re.compile(r"(?:page |p\. ?)?[0-9]{1,3}(?: ?(?:of|/|\|) ?[0-9]{1,3})?|[-‐–—|] ?[0-9]{1,3} ?[-‐–—|]", re.IGNORECASE)
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
_EDITION = re.compile(
    r"(?:\w+ )?(?:edition|version)(?: (?:of )?(?:\w+ )?[0-9]{4})?|(?:version|edition) [0-9.]{1,4}", re.IGNORECASE
)
_PROJECT = re.compile(r"(?:project|p) ?[0-9]{1,3}", re.IGNORECASE)
_MONTH = re.compile(rf"(?:{MONTH} )?20[0-9]{{2}}", re.IGNORECASE)
_PARTS = re.compile(r"[|·•–—;,]|\s-\s|\s{2,}")
"""What separates the parts of a line in a margin."""

_ADDRESS = re.compile(
    r"(?:(?:web(?:site)?|e-?mail|contact|visit(?: us)?|more(?: information)?(?: (?:at|on))?|tel(?:ephone)?|phone|fax|"
    r"find us on)\.?:? *)?"
    r"(?:(?:https?://|www\.)\S+|[\w-]+(?:\.[\w-]+)*\.(?:eu|int|org|com|net)(?:/\S*)?|\S+@\S+\.\w+|\+?[0-9][0-9 ()./-]{5,})",
    re.IGNORECASE,
)
_PROGRAMME = re.compile(
    r"(?:the )?(?:eu |european union )?cbrn (?:risk mitigation )?(?:coe|cent(?:re|er)s of excellence)(?: initiative)?", re.I
)


def left_out(pages: Sequence[tuple[Page, Sequence[Segment]]]) -> list[tuple[Page, Segment, str]]:
    """Return the segments that the rules leave out of all pages, in the order of pages and lines, with their rules."""
    usual, title = _usual_size(segment for _, segments in pages for segment in segments), _title(pages)
    heights = Counter(
        key for page, segments in pages for key in {_key(each) for each in segments if _at_edge(each, page)}
    )  # on how many pages a text is at a height
    drawn = {id(each): "list-number" for each in _list_numbers(pages)}
    drawn |= {id(each): "icon" for _, segments in pages for each in _icons(segments)}
    found = (
        (page, each, drawn.get(id(each)) or _rule(each, segments, page, usual, title, heights))
        for page, segments in pages
        for each in segments
    )
    return [(page, segment, rule) for page, segment, rule in found if rule]


def _rule(
    segment: Segment,
    segments: Sequence[Segment],
    page: Page,
    usual: float,
    title: str,
    heights: Mapping[tuple[str, int], int],
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
    if not _at_edge(segment, page):
        return ""
    if _NUMBER.fullmatch(segment.text) and segment.size <= 1.2 * usual:
        return "page-number"
    repeats = _times(segment, heights) > 1 and not _PROJECT.fullmatch(segment.text)
    if repeats or (small and page.number > 1 and _plain(segment.text) == title):
        return "running-line"
    if small and (_PRINT.search(segment.text) or _plain(segment.text) == title):
        return "small-print"
    names_are_enough = page.number > 1 or (small and title.endswith(SECRETARIAT))
    if segment.size <= 1.2 * usual and _is_imprint_line(segment.text, title, names_are_enough):
        beside = [one for one in segments if _is_next_line(one, segment)]
        others = (_NUMBER.fullmatch(one.text) or _is_imprint_line(one.text, title, True) for one in beside)
        return "imprint-line" if all(others) else ""
    return ""


def _is_imprint_line(text: str, title: str, names_are_enough: bool) -> bool:
    """Return whether a text only names the programme, an edition or a page, and with these the region or a date.

    The region alone is enough if it cannot be the title.

    >>> _is_imprint_line("Iraq | page 2", "iraq regional secretariat", False), _is_imprint_line("Iraq", "iraq", False)
    (True, False)
    """
    parts = _parts(text)
    names = [_plain(part) in (title, title.removesuffix(f" {SECRETARIAT}")) for part in parts]
    sure = [any(one.fullmatch(part) for one in (_NUMBER, _PROGRAMME, _EDITION, _ADDRESS)) for part in parts]
    known = [name or own or _MONTH.fullmatch(part) for name, own, part in zip(names, sure, parts, strict=True)]
    return all(known) and (any(sure) or (any(names) and names_are_enough))


def _is_next_line(one: Segment, segment: Segment) -> bool:
    """Return whether a segment is directly above or below another one like a line of the same paragraph."""
    near = 0.8 * segment.size < abs(one.y - segment.y) < 1.6 * segment.size
    return near and one.size == segment.size and abs(one.rect.x0 - segment.rect.x0) < 1.0


def _parts(text: str) -> list[str]:
    """Return the parts of a line in a margin."""
    return [part for piece in _PARTS.split(text) if (part := piece.strip(" .:"))]


def _icons(segments: Sequence[Segment]) -> list[Segment]:
    """Return the segments of signs alone: private characters of a font that draws no two of them next to each other.

    The private characters that fonts use for small capitals and old digits are not signs.
    """
    signs = [one for one in segments if _SIGN.fullmatch("".join(glyph.text for glyph in one.glyphs))]
    words = {left.font for one in signs for left, right in pairwise(one.glyphs) if right.x0 - left.x1 < 0.5 * one.size}
    return [one for one in signs if not words & {glyph.font for glyph in one.glyphs}]


def _list_numbers(pages: Sequence[tuple[Page, Sequence[Segment]]]) -> list[Segment]:
    """Return the numbers in frames of their own or beside items that count from 1 to 3 or more in the order of drawing."""
    found: list[Segment] = []
    run: list[Segment] = []
    for page, segments in pages:
        for segment in sorted(segments, key=lambda segment: segment.order):
            is_number = re.fullmatch("0?[1-9]|[1-9][0-9]", segment.text)
            if is_number and (_is_framed(segment, page) or _is_beside(segment, segments)):
                run = [*run, segment] if int(segment.text) == len(run) + 1 else [segment] * (int(segment.text) == 1)
                found += run if len(run) == 3 else run[3:][-1:]
    return found


def _is_beside(number: Segment, segments: Sequence[Segment]) -> bool:
    """Return whether words of the same size that begin with a capital letter follow a number on its line after a gap."""
    return any(
        0.4 * number.size < words.rect.x0 - number.rect.x1 < 3 * number.size
        and abs(words.y - number.y) < 0.2 * number.size
        and 0.8 < words.size / number.size < 1.25
        and words.text[:1].isupper()
        for words in segments
    )


def _is_framed(segment: Segment, page: Page) -> bool:
    """Return whether a circle or square is around a segment, and little larger."""
    return any(
        box.holds(segment.band) and max(box.width, box.height) < min(1.3 * min(box.width, box.height), 3.5 * segment.size)
        for box in page.boxes
    )


def is_credit(text: str) -> bool:
    """Return whether a text names the author of a picture or of the text.

    >>> is_credit("Photo: UNICRI"), is_credit("Photographs of the exercise were shown.")
    (True, False)
    """
    return _CREDIT.match(text) is not None


def is_address(text: str) -> bool:
    """Return whether a text has only addresses, and the programme's name next to one.

    >>> is_address("www.example.org | info@example.org"), is_address("See www.example.org for Project 87.")
    (True, False)
    """
    parts = _parts(text)
    kinds = [bool(_ADDRESS.fullmatch(part)) for part in parts]
    programme = [bool(_PROGRAMME.fullmatch(part)) for part in parts]
    return any(kinds) and all(a or b for a, b in zip(kinds, programme, strict=True))


def _usual_size(segments: Iterable[Segment]) -> float:
    sizes: Counter[float] = Counter()
    for segment in segments:
        sizes[segment.size] += len(segment.glyphs)
    return max(sorted(sizes), key=lambda size: sizes[size]) if sizes else 10.0


def _at_edge(segment: Segment, page: Page) -> bool:
    return segment.y < _EDGE * page.height or segment.y > (1 - _EDGE) * page.height


def _plain(text: str) -> str:
    return re.sub(r"[0-9]+", "0", " ".join(text.split())).casefold()


def _key(segment: Segment) -> tuple[str, int]:
    return _plain(segment.text), round(segment.y / 4)


def _times(segment: Segment, heights: Mapping[tuple[str, int], int]) -> int:
    """Return on how many pages the text of a segment is within a line of its height."""
    text, height = _key(segment)
    return sum(heights.get((text, near), 0) for near in (height - 1, height, height + 1))


def _title(pages: Sequence[tuple[Page, Sequence[Segment]]]) -> str:
    """Return the largest text of the first page, as one line."""
    segments = [segment for page, several in pages if page.number == 1 for segment in several]
    largest = max((segment.size for segment in segments), default=0.0)
    return _plain(" ".join(segment.text for segment in segments if segment.size == largest))
