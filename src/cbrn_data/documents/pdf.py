"""A PDF to text by its layout: characters, segments, columns, paragraphs; or a refusal."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from importlib.metadata import version
from itertools import pairwise

from pdfminer.pdfdocument import PDFEncryptionError, PDFPasswordIncorrect

from cbrn_data.documents.columns import read_columns
from cbrn_data.documents.glyphs import TooMuchError, read_pages
from cbrn_data.documents.line_ends import printed
from cbrn_data.documents.margins import left_out
from cbrn_data.documents.marks import with_marks
from cbrn_data.documents.page import NO_CHARACTER, Page
from cbrn_data.documents.paragraphs import Paragraph, read_paragraphs
from cbrn_data.documents.sections import doubt_items, is_imprint, title_first
from cbrn_data.documents.segments import read_segments
from cbrn_data.documents.text import Block, ReadText, RefusedError, value_of, written

_FEW = 300
"""The least number of letters in the text of a leaflet."""

_PRIVATE = re.compile("[\ue000-\uf8ff\ufffd]")


@value_of
def read_pdf(data: bytes) -> ReadText:
    """Return the text of a PDF."""
    try:
        return _read(data)
    except (RefusedError, MemoryError):
        raise
    except TooMuchError as error:
        raise RefusedError("document-too-large", f"draws {error}") from error
    except (PDFPasswordIncorrect, PDFEncryptionError) as error:
        raise RefusedError("document-locked", "is a PDF with a password") from error
    except Exception as error:  # a damaged file can make that library raise any exception
        reason = f"cannot be read as PDF: {str(error)[:80] or type(error).__name__}"
        raise RefusedError("document-damaged", reason) from error


def _read(data: bytes) -> ReadText:
    pages = list(read_pages(data))
    if not pages:
        raise RefusedError("document-damaged", "is a PDF without a readable page")
    _refuse_pictures(pages)
    segments = [(page, with_marks(read_segments(page))) for page in pages]
    out = left_out(segments)
    dropped = {id(segment) for _, segment, _ in out}
    columns = [(page, read_columns([one for one in several if id(one) not in dropped], page)) for page, several in segments]
    read_in_turn = read_paragraphs(columns)
    found = [read_in_turn[place] for place in title_first([one.text for one in read_in_turn])]
    paragraphs = [one for one in found if not is_imprint(one.text)]
    imprint = [{"text": one.text, "rule": "imprint"} for one in found if is_imprint(one.text)]
    doubt_items(paragraphs)
    _doubt_order(paragraphs)
    _doubt_unseen(paragraphs)
    aside = [{"page": page.number, "text": page.aside, "rule": "turned"} for page in pages if page.aside.strip()]
    listed = ((*page.place(segment.rect), segment.text, rule) for page, segment, rule in out)
    rules = [dict(zip(("page", "rectangle", "text", "rule"), each, strict=True)) for each in listed]
    blocks = [*_remarks(pages), *printed(paragraphs, pages)]
    read = written(blocks, f"pdfminer.six {version('pdfminer.six')}", [*aside, *rules, *imprint])
    _refuse_nameless(read.text)
    shown = ((page.height, page.width) if page.turn in (90, 270) else (page.width, page.height) for page in pages)
    return replace(read, pages=[[round(side, 1) for side in size] for size in shown])


def _refuse_pictures(pages: Sequence[Page]) -> None:
    """Refuse a scan, with or without a stamp or recognised text, and text that is drawn as curves."""
    seen = [_letters(glyph.text for glyph in page.glyphs if not glyph.hidden) for page in pages]
    hidden = sum(_letters(glyph.text for glyph in page.glyphs if glyph.hidden) for page in pages)
    pictures = [page.number for page in pages if _pictured(page) > 0.5]
    words = " ".join("".join(glyph.text for page in pages for glyph in page.glyphs if not glyph.hidden).split())
    stamp = f", except {words[:60]!r}" if words else ""
    if pictures and hidden > sum(seen):
        raise RefusedError("document-without-text", "is a scan with invisible text under the picture, from text recognition")
    if sum(seen) < _FEW and pictures:
        raise RefusedError("document-without-text", f"is a scan: its pages are pictures without text{stamp}", words)
    if sum(seen) < _FEW and sum(page.curves for page in pages) > 2_000:
        raise RefusedError("document-without-text", f"draws its letters as curves, and has no text{stamp}", words)
    if not sum(seen):
        raise RefusedError("document-without-text", "has no text; it may be a scan or empty")
    for page, letters in zip(pages, seen, strict=True):
        if page.number in pictures and letters < 40 and _pictured(page) > 0.7:
            message = f"is partly a scan: page {page.number} is a picture without text"
            raise RefusedError("document-without-text", message, words)


def _letters(texts: Iterable[str]) -> int:
    return sum(char.isalpha() for text in texts for char in text)


def _pictured(page: Page) -> float:
    """Return the share of a page that its largest picture covers, or the strips of one picture together."""
    areas = [picture.area for picture in page.pictures]
    whole = page.width * page.height or 1.0
    return max(max(areas, default=0.0), sum(areas) if len(areas) > 3 else 0.0) / whole


def _refuse_nameless(text: str) -> None:
    found = _PRIVATE.findall(text)
    if found:
        line = next(line for line in text.splitlines() if _PRIVATE.search(line))
        shown = _PRIVATE.sub(NO_CHARACTER, line)[:60]
        message = f"has {len(found)} characters that their fonts do not identify, the first in {shown!r}"
        raise RefusedError("document-without-text", message, _PRIVATE.sub(NO_CHARACTER, text))


def _doubt_order(paragraphs: Sequence[Paragraph]) -> None:
    """Doubt a paragraph whose lines the file draws in another order, unless its drawing order is always arbitrary."""
    orders = [[(page, part.glyphs[-1].order) for page, line in one.lines for part in line.segments] for one in paragraphs]
    steps = [after > before for several in orders for before, after in pairwise(several)]
    if steps.count(False) > 0.3 * len(steps):
        return
    for paragraph, several in zip(paragraphs, orders, strict=True):
        if any(after < before for before, after in pairwise(several)):
            paragraph.doubts.append("the file draws these words in another order than the reading order")


def _doubt_unseen(paragraphs: Sequence[Paragraph]) -> None:
    for paragraph in paragraphs:
        glyphs = [glyph for _, line in paragraph.lines for part in line.segments for glyph in part.glyphs]
        if sum(glyph.unseen for glyph in glyphs) > 0.2 * len(glyphs):
            paragraph.doubts.append("is invisible: it has the colour of its background, or is painted over")


def _remarks(pages: Sequence[Page]) -> list[Block]:
    found = [page.number for page in pages if page.remarks]
    if not found:
        return []
    message = f"page {found[0]} has comments, stamps or form fields, whose words are not read"
    return [Block([], [], [message])]
