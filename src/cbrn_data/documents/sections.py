"""Doubts about the items of a section: one that looks otherwise than its neighbours, or stands apart from them.

Such are quotations, captions, footers and notes between or after the items; no rule can say that they are none.
Also here is what a leaflet says of itself (``imprint``), which belongs to no section.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from statistics import median

from cbrn_data.documents.headings import is_heading
from cbrn_data.documents.paragraphs import Paragraph

_PROJECTS = re.compile(r"projects?$|on-?going projects$", re.IGNORECASE)
_IMPRINT = re.compile(
    r"(?:disclaimer\b|all rights reserved|printed (?:in|on|by)\b|"
    r"this (?:leaflet|publication|brochure|document|fact ?sheet|flyer) (?:was|has|is|does|reflects|may)\b|"
    r"(?:the )?(?:contents?|views|opinions|designations)\b.{0,200}\b(?:responsib|reflect|imply|express))",
    re.IGNORECASE,
)


def is_imprint(text: str) -> bool:
    """Whether a paragraph says of the leaflet itself who made it or answers for it.

    >>> is_imprint("This leaflet was produced with the support of the European Union."), is_imprint("This project was new.")
    (True, False)
    """
    return _IMPRINT.match(text) is not None


def doubt_items(paragraphs: Sequence[Paragraph]) -> None:
    """Add doubts to the items of every section but that of the projects, whose labels and titles differ."""
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
        else:
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
            paragraph.doubts.append("is set in another size than what stands beside it, and may be no item")


def _doubt_sentences(items: Sequence[Paragraph]) -> None:
    """Doubt an achievement that is no sentence, where others are."""
    whole = [paragraph.text[-1:] in ".!?”’)*" and len(paragraph.text.split()) > 4 for paragraph in items]
    for paragraph, is_whole in zip(items, whole, strict=True):
        if not is_whole and any(whole) and not _is_note(paragraph.text):
            paragraph.doubts.append("is no sentence, and may be no achievement")


def _is_note(text: str) -> bool:
    """Whether a text explains a mark, which the reader of leaflets ignores by a rule of its own."""
    return re.match(r"(?:\*{1,3}|[†‡§⁰¹²³⁴⁵⁶⁷⁸⁹]|\([*0-9]\))", text) is not None


def _doubt_gaps(items: Sequence[Paragraph]) -> None:
    """Doubt what stands much farther below the item before it than items do, in one column of one page."""
    gaps: list[tuple[float, Paragraph]] = []
    for above, below in pairwise(items):
        (page, last), (same, first) = above.lines[-1], below.lines[0]
        beside = last.rect.x0 < first.rect.x1 and first.rect.x0 < last.rect.x1
        if page == same and beside and first.y > last.y:
            gaps.append(((first.y - last.y) / first.size, below))
    usual = median(sorted(gap for gap, _ in gaps)) if len(gaps) > 1 else 0.0
    for gap, paragraph in gaps:
        if usual and gap > max(2.2 * usual, usual + 2.0) and not _is_note(paragraph.text):
            paragraph.doubts.append("stands far below what is before it, and may be no item")
