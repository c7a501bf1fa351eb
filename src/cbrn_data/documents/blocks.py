"""Paragraphs of a document without pages (DOCX, HTML) to blocks, and the lines that rules leave out.

The rules are ``page-number`` (only the number of a page), ``running-line`` (a line that occurs three times or more, or
repeats the title), ``more-link`` (*Read more*), ``address`` (only addresses), ``imprint`` (the makers of the leaflet) and
``credit`` (the author of a picture or the text).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import Any

from cbrn_data.documents.margins import is_address, is_credit
from cbrn_data.documents.marks import NUMERAL
from cbrn_data.documents.sections import is_imprint, title_first
from cbrn_data.documents.text import ZERO_WIDTH, Block
from cbrn_data.leaflet.headings import is_heading
from cbrn_data.leaflet.layout import DASHED_PAGE, NAMED_PAGE

_PAGE = re.compile(f"{NAMED_PAGE}|{DASHED_PAGE}", re.IGNORECASE)
_MORE = re.compile(r"(?:read|learn|find out|see|show|view) more\W*", re.IGNORECASE)
_BLANK_LINE = re.compile(r"\n\s*\n")
_SPACE = re.compile(r"[ \t\r\f\v\u00a0\u202f\u2009]+")


def blocks_of(paragraphs: Iterable[str]) -> tuple[list[Block], list[dict[str, Any]]]:
    """Return the blocks and the words left out.

    Line breaks and tabs within a paragraph are kept; two line breaks end a block.
    """
    parts = [part for text in paragraphs for part in _BLANK_LINE.split(ZERO_WIDTH.sub("", text))]
    texts = [[line for line in (_SPACE.sub(_one, line).strip() for line in part.split("\n")) if line] for part in parts]
    texts = [lines for lines in texts if lines]
    whole = [" ".join(" ".join(lines).split()) for lines in texts]
    times = Counter(whole)
    title = next((text for text in whole if "secretariat" in text.lower()), "")
    blocks: list[Block] = []
    left_out: list[dict[str, Any]] = []
    seen: set[str] = set()
    for lines, text in zip(texts, whole, strict=True):
        if rule := _rule(text, text in seen and text == title, times[text]):
            left_out.append({"text": text, "rule": rule})
        elif blocks and NUMERAL.fullmatch(" ".join(blocks[-1].lines)) and not is_heading(text):
            blocks[-1].lines.extend(lines)
        else:
            blocks.append(Block(lines))
        seen.add(text)
    return [blocks[place] for place in title_first([" ".join(block.lines) for block in blocks])], left_out


def _one(space: re.Match[str]) -> str:
    return "\t" if "\t" in space[0] else " "


def _rule(text: str, repeats_title: bool, times: int) -> str:
    if _PAGE.fullmatch(text):
        return "page-number"
    if repeats_title or (times > 2 and not is_heading(text) and len(text) > 12):
        return "running-line"
    if _MORE.fullmatch(text):
        return "more-link"
    if is_address(text):
        return "address"
    if is_imprint(text):
        return "imprint"
    return "credit" if is_credit(text) and len(text) < 150 else ""
