"""The pages of a PDF as pdfminer.six reads them: its interpreter, with a device that records characters and shapes.

The layout analysis of pdfminer.six is not used, because it joins columns and splits items.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from io import BytesIO
from typing import Any

from pdfminer.pdfdevice import PDFTextDevice
from pdfminer.pdfdocument import PDFDocument
from pdfminer.pdffont import PDFUnicodeNotDefined
from pdfminer.pdfinterp import PDFPageInterpreter, PDFResourceManager
from pdfminer.pdfpage import PDFPage
from pdfminer.pdfparser import PDFParser
from pdfminer.pdftypes import resolve1
from pdfminer.psparser import literal_name
from pdfminer.utils import apply_matrix_pt, apply_matrix_rect

from cbrn_data.documents.page import NO_CHARACTER, Glyph, Page, Rect, around, turned_rect
from cbrn_data.documents.text import ZERO_WIDTH
from cbrn_data.normalise.text import LIGATURES

MAX_PAGES = 40
MAX_MARKS = 200_000
"""The most characters and shapes of a leaflet of one or two pages; measured leaflets have at most about 3,000."""

_READ_AS = LIGATURES | {"\u02bc": "’"}
"""Characters of which fonts name another one with the same shape, because one shape serves both."""

_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f]")
_SIGNS = re.compile("dingbats|wingdings|webdings", re.IGNORECASE)
"""Fonts of signs, which many files name by the letter on their key."""
_NO_TAG = (False, False, 0)
_HEAVY = ("bold", "black", "heavy", "semibold", "demi")


class TooMuchError(Exception):
    """The file draws more than a leaflet can contain; the message says what."""


def read_pages(data: bytes) -> Iterator[Page]:
    """Yield the pages of a PDF.

    Raises TooMuchError, the errors of pdfminer.six for passwords and damaged files, and other exceptions of its code.
    """
    manager = PDFResourceManager()
    notes = _Notes(manager)
    interpreter = _Interpreter(manager, notes)
    document = PDFDocument(PDFParser(BytesIO(data)))
    for number, page in enumerate(PDFPage.create_pages(document), start=1):
        if number > MAX_PAGES:
            raise TooMuchError(f"more than {MAX_PAGES} pages")
        notes.start(number)
        interpreter.process_page(page)
        yield notes.page(_remarks(page))


def _remarks(page: Any) -> int:
    """Count the comments, stamps and form fields with text on a page."""
    shown = ("FreeText", "Stamp", "Widget", "Redact")
    found = 0
    for entry in resolve1(page.annots) or []:
        remark = resolve1(entry)
        found += isinstance(remark, dict) and literal_name(resolve1(remark.get("Subtype"))) in shown
    return found


class _Interpreter(PDFPageInterpreter):  # type: ignore[misc]
    """Passes shadings to the device, which pdfminer.six does not paint."""

    def do_sh(self, name: object) -> None:
        self.device.shaded = True


class _Notes(PDFTextDevice):  # type: ignore[misc]
    """Records every character, path and picture in the coordinates of the page as shown."""

    ctm: Any

    def start(self, number: int) -> None:
        self.number = number
        self.glyphs: list[tuple[Glyph, int, float]] = []  # with its direction, and the ordinate of its end
        self.shapes: list[Rect] = []
        self.pictures: list[Rect] = []
        self.curves = 0
        self.tags: list[tuple[bool, bool, int]] = []
        self.hidden = False
        self.run = 0
        self.shaded = False
        self.fills: list[tuple[Rect, str, int]] = []  # with the colour, and how many characters were drawn before

    def begin_page(self, page: Any, ctm: Any) -> None:
        x0, y0, x1, y1 = apply_matrix_rect(ctm, page.cropbox or page.mediabox)
        self.left, self.top = min(x0, x1), max(y0, y1)
        self.width, self.height = abs(x1 - x0), abs(y1 - y0)

    def begin_tag(self, tag: Any, props: Any = None) -> None:
        pagination, soft, mark = self.tags[-1] if self.tags else _NO_TAG
        entries = resolve1(props) if props is not None else None
        if isinstance(entries, dict):
            pagination |= tag.name == "Artifact" and literal_name(resolve1(entries.get("Type", ""))) == "Pagination"
            soft = resolve1(entries.get("ActualText")) in (b"\xfe\xff\x00\xad", b"\xad")
            mark = entries["MCID"] + 1 if isinstance(entries.get("MCID"), int) else mark
        self.tags.append((pagination, soft, mark))

    def end_tag(self) -> None:
        if self.tags:
            self.tags.pop()

    def render_image(self, name: str, stream: Any) -> None:
        self._count()
        self.pictures.append(self._rect([(0, 0), (1, 0), (0, 1), (1, 1)]))

    def paint_path(self, gstate: Any, stroke: bool, fill: bool, evenodd: bool, path: Sequence[Any]) -> None:
        for part in _subpaths(path):
            self._count()
            points = [(float(x), float(y)) for step in part for x, y in zip(step[1::2], step[2::2], strict=False)]
            self.curves += len(points)
            if points:
                self.shapes.append(self._rect(points))
                if fill:
                    self.fills.append((self.shapes[-1], repr(gstate.ncolor), len(self.glyphs)))

    def render_string(self, textstate: Any, seq: Any, ncs: Any, graphicstate: Any) -> None:
        self.hidden = textstate.render in (3, 7)
        self.run += 1
        super().render_string(textstate, seq, ncs, graphicstate)

    def render_char(
        self, matrix: Any, font: Any, fontsize: float, scaling: float, rise: float, cid: int, ncs: Any, graphicstate: Any
    ) -> float:
        self._count()
        name = str(font.fontname or "")
        advance = float(font.char_width(cid) * fontsize * scaling)
        try:
            text = ZERO_WIDTH.sub("", _READ_AS.get(found := str(font.to_unichr(cid)), found))
        except PDFUnicodeNotDefined:
            text = NO_CHARACTER
        if _CONTROL.search(text) or (_SIGNS.search(name) and text.isascii() and text.strip()):
            text = NO_CHARACTER
        start, end = (apply_matrix_pt(matrix, (x, rise)) for x in (0.0, advance))
        (x0, y0), (x1, y1) = ((x - self.left, self.top - y) for x, y in (start, end))
        a, b, c, d, *_ = matrix
        pagination, soft, mark = self.tags[-1] if self.tags else _NO_TAG
        glyph = Glyph(
            text,
            x0,
            x1,
            y0,
            abs(fontsize) * math.hypot(c, d),
            name,
            any(word in name.lower() for word in _HEAVY) or _weight(font) >= 600,
            repr(graphicstate.ncolor),
            len(self.glyphs),
            self.run,
            self.hidden,
            pagination,
            soft,
            mark=mark,
        )
        self.glyphs.append((glyph, round(math.degrees(math.atan2(b, a)) / 90) * 90 % 360, y1))
        return advance

    def _count(self) -> None:
        if len(self.glyphs) + len(self.shapes) + len(self.pictures) >= MAX_MARKS:
            raise TooMuchError(f"more than {MAX_MARKS:,} characters and shapes on a page")

    def _rect(self, points: Sequence[tuple[float, float]]) -> Rect:
        placed = [apply_matrix_pt(self.ctm, point) for point in points]
        return around(Rect(x - self.left, self.top - y, x - self.left, self.top - y) for x, y in placed)

    def _seen(self, glyph: Glyph) -> Glyph:
        """Mark a character that has the colour of its background, or that is painted over."""
        x, y = (glyph.x0 + glyph.x1) / 2, glyph.y - 0.3 * glyph.size
        dot = Rect(x, y, x, y)
        here = [(colour, order) for rect, colour, order in self.fills if rect.holds(dot, 0)]
        under = [colour for colour, order in here if order <= glyph.order]
        ground = (
            under[-1] if under else "1" if not self.shaded and not any(one.holds(dot, 0) for one in self.pictures) else ""
        )
        same = ground == glyph.colour or (_is_white(ground) and _is_white(glyph.colour))
        return replace(glyph, unseen=True) if same or len(under) < len(here) else glyph

    def page(self, remarks: int) -> Page:
        """Return the recorded page, turned so that most text runs from left to right."""
        votes = Counter(turn for glyph, turn, _ in self.glyphs if not glyph.is_space)
        turn = max(sorted(votes), key=lambda way: votes[way]) if votes else 0
        size = (self.width, self.height)
        width, height = size[::-1] if turn in (90, 270) else size
        within = [
            entry for entry in self.glyphs if -1 <= entry[0].x0 <= self.width + 1 and -1 <= entry[0].y <= self.height + 1
        ]
        return Page(
            self.number,
            width,
            height,
            [_turned(self._seen(glyph), end, turn, size) for glyph, way, end in within if way == turn],
            [turned_rect(shape, turn, *size) for shape in self.shapes],
            [turned_rect(picture, turn, *size) for picture in self.pictures],
            self.curves,
            turn,
            "".join(glyph.text for glyph, way, _ in within if way != turn),
            remarks,
        )


def _is_white(colour: str) -> bool:
    parts = [float(part) for part in re.findall(r"[0-9.]+", colour)] if re.fullmatch(r"[0-9., ()]+", colour) else []
    return (len(parts) in (1, 3) and min(parts) > 0.97) or (len(parts) == 4 and max(parts) < 0.03)


def _turned(glyph: Glyph, end: float, turn: int, size: tuple[float, float]) -> Glyph:
    """Turn a character whose baseline ends at the ordinate ``end``."""
    if not turn and glyph.x0 <= glyph.x1:
        return glyph
    line = Rect(min(glyph.x0, glyph.x1), min(glyph.y, end), max(glyph.x0, glyph.x1), max(glyph.y, end))
    placed = turned_rect(line, turn, *size)
    return Glyph(**{**vars(glyph), "x0": placed.x0, "x1": placed.x1, "y": placed.y1})


def _subpaths(path: Sequence[Any]) -> Iterator[list[Any]]:
    part: list[Any] = []
    for step in path:
        if step[0] == "m" and part:
            yield part
            part = []
        part.append(step)
    if part:
        yield part


def _weight(font: Any) -> float:
    descriptor = getattr(font, "descriptor", None) or {}
    try:
        return float(resolve1(descriptor.get("FontWeight", 0)) or 0)
    except (TypeError, ValueError):
        return 0.0
