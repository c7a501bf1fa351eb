"""Signs in the layout that the text of a leaflet lost, gained or swapped lines, although every line can be read.

``misread`` finds signs in the content. A rule belongs here only if a complete leaflet never triggers it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain, pairwise

from cbrn_data.findings import Finding, shown
from cbrn_data.leaflet.foreign import begins_with_count, odd_titles
from cbrn_data.leaflet.layout import Layout, Section
from cbrn_data.leaflet.statements import Leaflet
from cbrn_data.normalise.text import Extracted

_ENDS_OPEN = re.compile(
    r"(?:\b(?:a|an|and|are|at|by|during|for|from|has|have|in|into|is|its|of|on|or|over|the|their|this|to|under|with|within)"
    r"|[-–—,;(\[/&“]| \*)$",
    re.IGNORECASE,
)
_RUN_TOGETHER = re.compile(r"[a-z]{2}[.!?][A-Z][a-z]")
_PAIRS = (("(", ")"), ("[", "]"), ("“", "”"))


def doubts(leaflet: Leaflet, layout: Layout) -> Iterator[Finding]:
    """Yield a finding for every item that seems cut, joined or misplaced."""
    for table, extracted in items(leaflet):
        for reason in _reasons(extracted.value, table):
            yield leaflet.finding("item-doubtful", f"{reason}: {ends(extracted.value)}", extracted, table=table)
    for section in layout.sections:
        for line, reason in chain(_line_doubts(section, leaflet), _gap_doubts(section)):
            yield leaflet.finding("item-doubtful", reason, line)
    for place in odd_titles([extracted.value for extracted in leaflet.priorities]):
        extracted = leaflet.priorities[place]
        message = f"is not in title case, unlike the other priorities: {ends(extracted.value)}"
        yield leaflet.finding("item-doubtful", message, extracted, table="priorities")
    yield from _order_doubts(leaflet)


def items(leaflet: Leaflet) -> Iterator[tuple[str, Extracted[str]]]:
    """Yield each text that is published as printed, with its table."""
    yield from (
        ("regions", extracted) for extracted in (leaflet.goal, leaflet.funder, leaflet.implementing_partner) if extracted
    )
    yield from (("projects", item["title"]) for item in leaflet.projects if "title" in item.values)
    yield from (("priorities", extracted) for extracted in leaflet.priorities)
    yield from (("figures", item["text"]) for item in leaflet.methodology)
    yield from (("achievements", item["text"]) for item in leaflet.achievements)


def ends(text: str) -> str:
    """Return the beginning and the end of a text for a message."""
    return shown(text if len(text) <= 80 else f"{text[:38]} … {text[-38:]}", 80)


def _reasons(text: str, table: str) -> Iterator[str]:
    if table != "regions" and (text[0].islower() or text[0] in ",.;:)]”") and not begins_with_count(text):
        yield "begins in the middle of a sentence"
    if _ENDS_OPEN.search(text[-20:]):
        yield "ends in the middle of a sentence"
    for opening, closing in _PAIRS:
        if text.count(opening) != text.count(closing):
            yield f"has {opening} without {closing}, or {closing} without {opening}"
    if _RUN_TOGETHER.search(text):
        yield "has two sentences without a space between them"


def _line_doubts(section: Section, leaflet: Leaflet) -> Iterator[tuple[int, str]]:
    for block in section.blocks:
        for before, line in pairwise(block.lines):
            if before.plain.text == line.plain.text:
                yield line.number, f"the line occurs twice in a row: {shown(line.plain.text, 80)}"
        if leaflet.document.text_of(*block.numbers).count("**") % 2:
            yield block.lines[0].number, f"a bold mark is not closed: {ends(block.plain.text)}"


def _gap_doubts(section: Section) -> Iterator[tuple[int, str]]:
    """Find the gap of a lost line: twice the blank lines of all other gaps, which are equal and more than one line."""
    ends = [section.line, *(block.numbers[1] for block in section.blocks)]
    gaps = [(block.numbers[0], block.numbers[0] - end - 1) for end, block in zip(ends, section.blocks, strict=False)]
    usual = min((gap for _, gap in gaps), default=0)
    odd = [(line, gap) for line, gap in gaps if gap != usual]
    if usual > 1 and len(gaps) > 2 and len(odd) == 1 and odd[0][1] in (2 * usual, 2 * usual + 1):
        line, gap = odd[0]
        yield line, f"{gap} blank lines precede this line and {usual} the others; a line may be lost"


def _order_doubts(leaflet: Leaflet) -> Iterator[Finding]:
    """Yield a finding for each project out of order, or whose number is less than half of the highest one."""
    numbers = [item["number"] for item in leaflet.projects]
    highest = max((number.value for number in numbers), default=0)
    for before, extracted in zip([None, *numbers], numbers, strict=False):
        number, message = extracted.value, None
        if before and before.value > number:
            message = f"Project {number} follows Project {before.value}"
        elif number * 2 < highest:
            message = f"Project {number} is far from Project {highest}"
        if message:
            yield leaflet.finding("projects-unordered", message, extracted, table="projects", row=f"P{number}")
