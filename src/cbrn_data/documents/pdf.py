"""A PDF to text by its layout: characters, segments, columns, paragraphs; or why it gives no text that can be trusted."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from importlib.metadata import version
from itertools import pairwise
from typing import IO, Any

from pdfminer.pdfdocument import PDFEncryptionError, PDFPasswordIncorrect

from cbrn_data.documents.columns import read_columns
from cbrn_data.documents.glyphs import TooMuchError, read_pages
from cbrn_data.documents.hyphens import Printed, printed
from cbrn_data.documents.margins import LeftOut, left_out
from cbrn_data.documents.marks import with_marks
from cbrn_data.documents.page import NO_CHARACTER, Page, Rect
from cbrn_data.documents.paragraphs import Paragraph, read_paragraphs
from cbrn_data.documents.sections import doubt_items, is_imprint
from cbrn_data.documents.segments import read_segments
from cbrn_data.documents.text import Block, Place, ReadText, RefusedError, as_value, written

_FEW = 300
"""A page or two with fewer letters than this is no leaflet as text."""

_PRIVATE = re.compile("[\ue000-\uf8ff\ufffd]")


def read_pdf(file: IO[bytes]) -> dict[str, Any]:
    """Return the text of a PDF as a plain value, or why it has none (``cbrn_data.documents.text``)."""
    try:
        return as_value(_read(file.read()))
    except RefusedError as refused:
        return as_value(refused)
    except TooMuchError as error:
        return as_value(RefusedError("document-too-large", f"draws {error}"))
    except (PDFPasswordIncorrect, PDFEncryptionError):
        return as_value(RefusedError("document-locked", "is a PDF that a password locks"))
    except MemoryError:
        raise
    except Exception as error:  # a broken file makes that library raise whatever its code happens to trip over
        reason = f"cannot be read as PDF: {str(error)[:80] or type(error).__name__}"
        return as_value(RefusedError("document-damaged", reason))


def _read(data: bytes) -> ReadText:
    pages = list(read_pages(data))
    if not pages:
        raise RefusedError("document-damaged", "is a PDF without any page that can be read")
    _refuse_pictures(pages)
    segments = [(page, with_marks(read_segments(page))) for page in pages]
    out = left_out(segments)
    dropped = {id(one.segment) for one in out}
    columns = [(page, read_columns([one for one in several if id(one) not in dropped], page)) for page, several in segments]
    found = read_paragraphs(columns)
    paragraphs = [one for one in found if not is_imprint(one.text)]
    imprint = [{"text": one.text, "rule": "imprint"} for one in found if is_imprint(one.text)]
    doubt_items(paragraphs)
    _doubt_order(paragraphs)
    _doubt_unseen(paragraphs)
    by_number = {page.number: page for page in pages}
    lines = printed(paragraphs)
    blocks = [
        Block([line.text for line in several], [_place(line, by_number) for line in several], paragraph.doubts)
        for paragraph, several in zip(paragraphs, lines, strict=True)
    ]
    blocks[:0] = _remarks(pages)
    read = written(blocks, f"pdfminer.six {version('pdfminer.six')}", [*_aside(pages), *_listed(out, by_number), *imprint])
    _refuse_nameless(read.text)
    return replace(read, pages=[[round(side, 1) for side in page.shown_size] for page in pages])


def _refuse_pictures(pages: Sequence[Page]) -> None:
    """Refuse a scan, with or without a stamp or text that a machine guessed, and text that is drawn as curves."""
    seen = [_letters(glyph.text for glyph in page.glyphs if not glyph.hidden) for page in pages]
    hidden = sum(_letters(glyph.text for glyph in page.glyphs if glyph.hidden) for page in pages)
    pictures = [page.number for page in pages if _pictured(page) > 0.5]
    words = " ".join("".join(glyph.text for page in pages for glyph in page.glyphs if not glyph.hidden).split())
    stamp = f", but for {words[:60]!r}" if words else ""
    if pictures and hidden > sum(seen):
        raise RefusedError(
            "document-without-text", "is a scan with invisible text under the picture, which a machine guessed"
        )
    if sum(seen) < _FEW and pictures:
        raise RefusedError("document-without-text", f"is a scan: its pages are pictures and hold no text{stamp}", words)
    if sum(seen) < _FEW and sum(page.curves for page in pages) > 2_000:
        raise RefusedError("document-without-text", f"draws its letters as curves and holds no text{stamp}", words)
    if not sum(seen):
        raise RefusedError("document-without-text", "holds no text; it may be a scan or empty")
    for page, letters in zip(pages, seen, strict=True):
        if page.number in pictures and letters < 40 and _pictured(page) > 0.7:
            message = f"is a scan in part: page {page.number} is a picture without text"
            raise RefusedError("document-without-text", message, words)


def _letters(texts: Iterable[str]) -> int:
    return sum(char.isalpha() for text in texts for char in text)


def _pictured(page: Page) -> float:
    """Return the part of a page that its largest picture covers, or many strips of one picture together."""
    areas = [picture.area for picture in page.pictures]
    whole = page.width * page.height or 1.0
    return max(max(areas, default=0.0), sum(areas) if len(areas) > 3 else 0.0) / whole


def _refuse_nameless(text: str) -> None:
    found = _PRIVATE.findall(text)
    if found:
        line = next(line for line in text.splitlines() if _PRIVATE.search(line))
        shown = _PRIVATE.sub(NO_CHARACTER, line)[:60]
        message = f"has {len(found)} characters whose fonts do not say what they are, the first in {shown!r}"
        raise RefusedError("document-without-text", message, _PRIVATE.sub(NO_CHARACTER, text))


def _doubt_order(paragraphs: Sequence[Paragraph]) -> None:
    """Doubt a paragraph whose lines the file draws in another order, unless it draws everything in any order."""
    orders = [[(page, part.glyphs[-1].order) for page, line in one.lines for part in line.segments] for one in paragraphs]
    steps = [after > before for several in orders for before, after in pairwise(several)]
    if steps.count(False) > 0.3 * len(steps):
        return
    for paragraph, several in zip(paragraphs, orders, strict=True):
        if any(after < before for before, after in pairwise(several)):
            paragraph.doubts.append("the file draws these words in another order than they are read")


def _doubt_unseen(paragraphs: Sequence[Paragraph]) -> None:
    for paragraph in paragraphs:
        glyphs = [glyph for _, line in paragraph.lines for part in line.segments for glyph in part.glyphs]
        if sum(glyph.unseen for glyph in glyphs) > 0.2 * len(glyphs):
            paragraph.doubts.append("has the colour of the page under it, or is painted over, so that nobody sees it")


def _remarks(pages: Sequence[Page]) -> list[Block]:
    found = [page.number for page in pages if page.remarks]
    if not found:
        return []
    message = f"page {found[0]} has comments, stamps or form fields, whose words are not read"
    return [Block([], [], [message])]


def _place(line: Printed, pages: dict[int, Page]) -> Place:
    return line.page, _rounded(pages[line.page].unturned(line.rect))


def _rounded(rect: Rect) -> list[float]:
    return [round(value, 1) for value in rect]


def _listed(out: Sequence[LeftOut], pages: dict[int, Page]) -> list[dict[str, Any]]:
    return [
        {
            "page": one.page,
            "rectangle": _rounded(pages[one.page].unturned(one.segment.rect)),
            "text": one.segment.text,
            "rule": one.rule,
        }
        for one in out
    ]


def _aside(pages: Sequence[Page]) -> list[dict[str, Any]]:
    """List text in another direction than that of its page."""
    return [{"page": page.number, "text": page.aside, "rule": "turned"} for page in pages if page.aside.strip()]
