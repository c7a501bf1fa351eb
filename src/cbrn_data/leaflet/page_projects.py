"""The projects of a region's page: the on-going ones, which are read, and others, which are told as not used."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cbrn_data.findings import Finding, shown
from cbrn_data.leaflet.blocks import Block
from cbrn_data.leaflet.page import is_prose, states
from cbrn_data.leaflet.statements import Ignored, Leaflet
from cbrn_data.words.grammar import parts
from cbrn_data.words.project_counts import ONGOING, project_counts
from cbrn_data.words.projects import label
from cbrn_data.words.text import folded

_OTHER_PROJECTS = re.compile(
    r"\b(?:proposals?|proposed|planned|upcoming|new projects?|future|will be|to be launched|completed|finished|closed|past"
    r"|ended|concluded|previous)\b",
    re.IGNORECASE,
)


def listed_apart(blocks: list[Block], leaflet: Leaflet, findings: list[Finding], heading: str) -> list[Block]:
    """Return the blocks of the projects section but those of projects that are not on-going, which are told as not used.

    A list of which neither the ``heading`` nor a sentence says that it is of on-going projects blocks.
    """
    ongoing = re.search(ONGOING, heading, re.IGNORECASE) is not None
    kept: list[Block] = []
    other: Block | None = None
    items: list[Block] = []
    place = leaflet.document.place
    for block in [part for whole in blocks for part in _leads(whole)]:
        text = block.plain.text
        leads = text.endswith(":") or is_prose(block)
        if leads:
            _tell(other, items, place, findings)
            counts = project_counts(text)
            is_other = (
                _OTHER_PROJECTS.search(text) and not (counts and counts.ongoing) and not re.search(ONGOING, text, re.I)
            )
            other, items = (block, []) if is_other else (None, [])
            ongoing = ongoing or bool(counts and counts.ongoing) or bool(re.search(ONGOING, text, re.I))
        if other and (leads or not re.search(r"\bprojects? (?:are|is|have|has)\b", text)):
            items += [] if leads else [block]
            leaflet.ignored.append(Ignored(*block.numbers, rule="page-other-projects"))
        elif leads and not states(text) and not label(folded(text)) and text.endswith("."):
            leaflet.ignored.append(Ignored(*block.numbers, rule="page-prose"))
        elif label(folded(text)) and not ongoing:
            message = f"nothing says that this project is on-going: {shown(text, 80)}"
            findings.append(Finding("item-foreign", message, place, block.numbers[0], table="projects"))
        else:
            kept.append(block)
    _tell(other, items, place, findings)
    return _claims_joined(kept)


def _leads(block: Block) -> Iterator[Block]:
    """Split a block into its items, and where a line that ends in a colon leads to some without a mark."""
    for item in block.items():
        start = 0
        for place in range(1, len(item.lines)):
            if item.lines[place - 1].plain.text.endswith(":") or label(folded(item.lines[place].item.text)):
                yield Block(item.lines[start:place])
                start = place
        yield Block(item.lines[start:])


def _claims_joined(blocks: list[Block]) -> list[Block]:
    """Join sentences that count projects where one follows the other: a total in one, the on-going ones in the next."""
    joined: list[Block] = []
    for block in blocks:
        before = joined[-1] if joined else None
        both = before and all(is_prose(b) or b.plain.text.endswith(":") for b in (before, block))
        if before and both and project_counts(before.plain.text) and project_counts(block.plain.text):
            joined[-1] = Block((*before.lines, *block.lines))
        else:
            joined.append(block)
    return joined


def _tell(other: Block | None, items: list[Block], place: str, findings: list[Finding]) -> None:
    if other is None:
        return
    counts = [part.value for part in parts(other.plain.text) if part.kind == "count"]
    line = other.numbers[0]
    if items and counts and counts[0] not in (len(items), sum(len(block.lines) for block in items)):
        message = f"counts {counts[0]} projects and {len(items)} are read under it"
        findings.append(Finding("list-miscounted", message, place, line, table="projects"))
    message = f"projects that are not on-going are not used: {shown(other.plain.text, 80)}"
    findings.append(Finding("note-unused", message, place, line, table="projects"))
