"""The projects of a region's page: on-going ones are read, others are reported as not used."""

from __future__ import annotations

import re

from cbrn_data.findings import shown
from cbrn_data.leaflet.blocks import Block, Line
from cbrn_data.leaflet.page import is_prose, states
from cbrn_data.leaflet.statements import Leaflet
from cbrn_data.normalise.grammar import parts
from cbrn_data.normalise.project_counts import ONGOING, project_counts
from cbrn_data.normalise.projects import label
from cbrn_data.normalise.text import folded

_OTHER_PROJECTS = re.compile(
    r"\b(?:proposals?|proposed|planned|upcoming|new projects?|future|will be|to be launched|completed|finished|closed|past"
    r"|ended|concluded|previous)\b",
    re.IGNORECASE,
)


def listed_apart(blocks: list[Block], leaflet: Leaflet, heading: str) -> list[Block]:
    """Return the blocks of the projects section without projects that are not on-going, which are reported as not used.

    If neither the ``heading`` nor a sentence says that the listed projects are on-going, each is an error.
    """
    ongoing = re.search(ONGOING, heading, re.IGNORECASE) is not None
    kept: list[Block] = []
    other: Block | None = None
    items: list[Block] = []
    for block in [part for whole in blocks for item in whole.items() for part in item.split(_opens_part)]:
        text = block.plain.text
        leads = text.endswith(":") or is_prose(block)
        if leads:
            _report_unused(other, items, leaflet)
            counts = project_counts(text)
            is_other = (
                _OTHER_PROJECTS.search(text) and not (counts and counts.ongoing) and not re.search(ONGOING, text, re.I)
            )
            other, items = (block, []) if is_other else (None, [])
            ongoing = ongoing or bool(counts and counts.ongoing) or bool(re.search(ONGOING, text, re.I))
        if other and (leads or not re.search(r"\bprojects? (?:are|is|have|has)\b", text)):
            items += [] if leads else [block]
            leaflet.ignore(block.numbers, "page-other-projects")
        elif leads and not states(text) and not label(folded(text)) and text.endswith("."):
            leaflet.ignore(block.numbers, "page-prose")
        elif label(folded(text)) and not ongoing:
            message = f"the page does not say that this project is on-going: {shown(text, 80)}"
            leaflet.report("item-foreign", message, block.numbers[0], table="projects")
        else:
            kept.append(block)
    _report_unused(other, items, leaflet)
    return _claims_joined(kept)


def _opens_part(part: tuple[Line, ...], line: Line) -> bool:
    """Whether a line follows one that ends in a colon, or begins with the label of a project."""
    return part[-1].plain.text.endswith(":") or label(folded(line.item.text)) is not None


def _claims_joined(blocks: list[Block]) -> list[Block]:
    """Join adjacent blocks of sentences that count projects: one gives the total, the next the on-going ones."""
    joined: list[Block] = []
    for block in blocks:
        before = joined[-1] if joined else None
        both = before and all(is_prose(b) or b.plain.text.endswith(":") for b in (before, block))
        if before and both and project_counts(before.plain.text) and project_counts(block.plain.text):
            joined[-1] = Block((*before.lines, *block.lines))
        else:
            joined.append(block)
    return joined


def _report_unused(other: Block | None, items: list[Block], leaflet: Leaflet) -> None:
    if other is None:
        return
    counts = [part.value for part in parts(other.plain.text) if part.kind == "count"]
    line = other.numbers[0]
    if items and counts and counts[0] not in (len(items), sum(len(block.lines) for block in items)):
        message = f"counts {counts[0]} projects, but {len(items)} are read under it"
        leaflet.report("list-miscounted", message, line, table="projects")
    message = f"projects that are not on-going are not used: {shown(other.plain.text, 80)}"
    leaflet.report("note-unused", message, line, table="projects")
