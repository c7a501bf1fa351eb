"""Doubts about the items of a section that look different from their neighbours or are far from them.

They may be quotations, captions, footers or notes between or after the items, which no rule can decide. This module also
finds the statements of a leaflet about itself (``imprint``), which belong to no section, and the title.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from statistics import median

from cbrn_data.documents.paragraphs import OPENS, Paragraph
from cbrn_data.leaflet.head import SECRETARIAT, is_title
from cbrn_data.leaflet.headings import is_heading

_PROJECTS = re.compile(r"projects?$|on-?going projects$", re.IGNORECASE)
_IMPRINT = re.compile(
    r"(?:disclaimer\b|all rights reserved|printed (?:in|on|by)\b|"
    r"this (?:leaflet|publication|brochure|document|fact ?sheet|flyer) (?:was|has|is|does|reflects|may)\b|"
    r"(?:the )?(?:contents?|views|opinions|designations)\b.{0,200}\b(?:responsib|reflect|imply|express))",
    re.IGNORECASE,
)


def is_imprint(text: str) -> bool:
    """Return whether a paragraph says who made the leaflet or is responsible for it.

    >>> is_imprint("This leaflet was produced with the support of the European Union."), is_imprint("This project was new.")
    (True, False)
    """
    return _IMPRINT.match(text) is not None


def title_first(texts: Sequence[str]) -> list[int]:
    """Return the order of texts with the sections before the title at the end: they are in a column beside it.

    >>> title_first(["Partner Countries", "Iraq", "Middle East Regional Secretariat", "Projects"])
    [2, 3, 0, 1]
    """
    titles = (
        is_title(text) or (after.casefold() == SECRETARIAT and is_title(f"{text} {after}"))
        for text, after in zip(texts, [*texts[1:], ""], strict=False)
    )
    title = next((place for place, found in enumerate(titles) if found), 0)
    start = next((place for place, text in enumerate(texts[:title]) if is_heading(text)), title)
    return [*range(start), *range(title, len(texts)), *range(start, title)]


def doubt_items(paragraphs: Sequence[Paragraph]) -> None:
    """Add doubts to the items of every section except the projects, whose labels and titles differ."""
    for heading, items in _sections(paragraphs):
        if not _PROJECTS.search(heading) and len(items) > 1:
            _doubt_look(items)
            _doubt_gaps(items)
        if "achievements" in heading.casefold():
            _doubt_sentences(items)


def _sections(paragraphs: Sequence[Paragraph]) -> Iterator[tuple[str, list[Paragraph]]]:
    heading, items = "", list[Paragraph]()
    for paragraph in paragraphs:
        if is_heading(paragraph.text):
            if heading:
                yield heading, items
            heading, items = paragraph.text, []
        elif not OPENS.match(paragraph.text):
            items.append(paragraph)
    if heading:
        yield heading, items


def _doubt_look(items: Sequence[Paragraph]) -> None:
    sizes = [max(paragraph.lines, key=lambda entry: entry[1].rect.width)[1].size for paragraph in items]
    letters: Counter[float] = Counter()
    for paragraph, size in zip(items, sizes, strict=True):
        letters[size] += len(paragraph.text)
    usual = max(sorted(letters), key=lambda size: letters[size])
    for paragraph, size in zip(items, sizes, strict=True):
        if abs(size - usual) > 0.08 * usual and not _is_note(paragraph.text):
            paragraph.doubts.append("has another size than its neighbours, and may not be an item")


def _doubt_sentences(items: Sequence[Paragraph]) -> None:
    """Doubt an achievement that is not a sentence, if others are."""
    whole = [paragraph.text[-1:] in ".!?”’)*" and len(paragraph.text.split()) > 4 for paragraph in items]
    for paragraph, is_whole in zip(items, whole, strict=True):
        if not is_whole and any(whole) and not _is_note(paragraph.text):
            paragraph.doubts.append("is not a sentence, and may not be an achievement")


def _is_note(text: str) -> bool:
    """Return whether a text explains a note mark; the reader of leaflets has another rule for it."""
    return re.match(r"(?:\*{1,3}|[†‡§⁰¹²³⁴⁵⁶⁷⁸⁹]|\([*0-9]\))", text) is not None


def _doubt_gaps(items: Sequence[Paragraph]) -> None:
    """Doubt a paragraph that is much further below the previous item than items are, in one column of one page."""
    gaps: list[tuple[float, Paragraph]] = []
    for above, below in pairwise(items):
        (page, last), (same, first) = above.lines[-1], below.lines[0]
        overlap = last.rect.x0 < first.rect.x1 and first.rect.x0 < last.rect.x1
        if page == same and overlap and first.y > last.y:
            gaps.append(((first.y - last.y) / first.size, below))
    usual = median(sorted(gap for gap, _ in gaps)) if len(gaps) > 1 else 0.0
    for gap, paragraph in gaps:
        if usual and gap > max(2.2 * usual, usual + 2.0) and not _is_note(paragraph.text):
            paragraph.doubts.append("is far below the text before it, and may not be an item")
