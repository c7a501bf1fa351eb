"""Signs in the layout that a leaflet's text lost, gained or swapped lines where every line can still be read.

None of them blocks: what stands there is published as it is printed, with the finding beside it; ``misread`` has those
that block. A rule belongs here only when a whole leaflet never shows its sign.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain, pairwise

from cbrn_data.findings import Finding, shown
from cbrn_data.leaflet.blocks import Block
from cbrn_data.leaflet.foreign import begins_with_count, odd_titles
from cbrn_data.leaflet.layout import Layout, Section
from cbrn_data.leaflet.statements import Leaflet, Said

_ENDS_OPEN = re.compile(
    r"(?:\b(?:a|an|and|are|at|by|during|for|from|has|have|in|into|is|its|of|on|or|over|the|their|this|to|under|with|within)"
    r"|[-–—,;(\[/&“]| \*)$",
    re.IGNORECASE,
)
_RUN_TOGETHER = re.compile(r"[a-z]{2}[.!?][A-Z][a-z]")
_PAIRS = (("(", ")"), ("[", "]"), ("“", "”"))


def doubts(leaflet: Leaflet, layout: Layout) -> Iterator[Finding]:
    """Yield a finding for every item that seems cut, joined or misplaced."""
    place = leaflet.document.place
    for table, said in items(leaflet):
        for reason in _reasons(said.value, table):
            line = leaflet.document.line(said.span.start)
            yield Finding("item-doubtful", f"{reason}: {ends(said.value)}", place, line, table=table)
    for section in layout.sections:
        for line, reason in chain(_line_doubts(section, leaflet), _gap_doubts(section)):
            yield Finding("item-doubtful", reason, place, line)
    yield from _odd_priorities(leaflet)
    yield from _order_doubts(leaflet)


def items(leaflet: Leaflet) -> Iterator[tuple[str, Said[str]]]:
    """Yield every text that is published as it is printed, with the table that it goes to."""
    yield from (("regions", said) for said in (leaflet.goal, leaflet.funder, leaflet.implementing_partner) if said)
    yield from (("projects", project.title) for project in leaflet.projects if project.title)
    yield from (("priorities", said) for said in leaflet.priorities)
    yield from (("figures", claim.text) for claim in leaflet.methodology)
    yield from (("achievements", item.text) for item in leaflet.achievements)


def _odd_priorities(leaflet: Leaflet) -> Iterator[Finding]:
    for place in odd_titles([said.value for said in leaflet.priorities]):
        said = leaflet.priorities[place]
        message = f"is not written in capital letters as the other priorities are: {ends(said.value)}"
        line = leaflet.document.line(said.span.start)
        yield Finding("item-doubtful", message, leaflet.document.place, line, table="priorities")


def ends(text: str) -> str:
    """Return a text for a message: its beginning and its end."""
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
                yield line.number, f"the line stands twice in a row: {shown(line.plain.text, 80)}"
        if _printed(block, leaflet).count("**") % 2:
            yield block.lines[0].number, f"a bold mark has no other end: {ends(block.plain.text)}"


def _printed(block: Block, leaflet: Leaflet) -> str:
    document, (first, last) = leaflet.document, block.numbers
    end = document.line_starts[last] if last < len(document.line_starts) else None
    return document.text[document.line_starts[first - 1] : end]


def _gap_doubts(section: Section) -> Iterator[tuple[int, str]]:
    """Find the gap that a lost line leaves: twice the blank lines, where all others are alike and more than one."""
    ends = [section.line, *(block.numbers[1] for block in section.blocks)]
    gaps = [(block.numbers[0], block.numbers[0] - end - 1) for end, block in zip(ends, section.blocks, strict=False)]
    usual = min((gap for _, gap in gaps), default=0)
    odd = [(line, gap) for line, gap in gaps if gap != usual]
    if usual > 1 and len(gaps) > 2 and len(odd) == 1 and odd[0][1] in (2 * usual, 2 * usual + 1):
        line, gap = odd[0]
        yield line, f"{gap} blank lines stand before this one and {usual} before the others, as if a line were lost"


def _order_doubts(leaflet: Leaflet) -> Iterator[Finding]:
    """Leaflets list projects by number, and those on-going at one time are not far apart."""
    place, listed = leaflet.document.place, leaflet.projects
    highest = max((project.number.value for project in listed), default=0)
    for before, project in pairwise([None, *listed]):
        assert project is not None
        number, line = project.number.value, leaflet.document.line(project.number.span.start)
        message = None
        if before and before.number.value > number:
            message = f"Project {number} stands after Project {before.number.value}"
        elif number * 2 < highest:
            message = f"Project {number} is far from Project {highest}"
        if message:
            yield Finding("projects-unordered", message, place, line, table="projects", row=f"P{number}")
