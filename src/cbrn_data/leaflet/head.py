"""The head of a leaflet: secretariat, city and country, goal, date, funding.

``<region> Regional Secretariat`` (or ``Regional Secretariat for <region>``), ``<city>, <country>``, ``OVERALL GOAL: ...``,
``ESTABLISHED: <day>``, ``Funded by <funder> and implemented in partnership with <partner>``, in any letter case.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from cbrn_data.findings import Finding, shown
from cbrn_data.leaflet.blocks import Block, joined
from cbrn_data.leaflet.statements import Ignored, Leaflet, Said
from cbrn_data.words.countries import country_id, nearest
from cbrn_data.words.dates import ImpossibleDate, find_dates
from cbrn_data.words.text import Plain, region_name

_REGION = re.compile(
    r"(?P<region>\S.*?) regional secretariat|regional secretariat (?:for |of |in )?(?:the )?(?P<after>\S.*)", re.I
)
_GOAL = re.compile(r"(?:overall )?goal ?:? ?(?P<goal>.*)", re.I)
_ESTABLISHED = re.compile(r"established(?: ?:| on| in)? ?(?P<day>.*)", re.I)
_FUNDED = re.compile(
    r"(?:co-?)?funded by (?:the )?(?P<funder>.+?)(?:,? and|[.,;]) implemented"
    r" (?:in (?:partnership|cooperation) with|by|with) (?:the )?(?P<partner>.+?)\.?",
    re.I,
)
_PROGRAMME = re.compile(
    r"(?:the )?(?:(?:eu|european union) )?(?:cbrn|chemical,? biological,? radiological and nuclear) (?:risk mitigation )?"
    r"(?:coe|cent(?:re|er)s of excellence)(?: risk mitigation)?(?: initiative)?",
    re.I,
)
_OPENS = re.compile(r"(?:(?:overall )?goal ?:|overall goal$|established\b ?:?|(?:co-?)?funded by\b)", re.I)


def read_head(blocks: list[Block], leaflet: Leaflet) -> tuple[list[Block], list[Finding]]:
    """Put what the head says into ``leaflet``; return the blocks that are left over, and findings."""
    left: list[Block] = []
    findings: list[Finding] = []
    paragraphs = [paragraph for block in blocks for paragraph in _paragraphs(block)]
    pending: Block | None = None
    for paragraph in paragraphs:
        if pending:  # a label alone on its line: its value is the next paragraph
            paragraph, pending = Block((*pending.lines, *paragraph.lines)), None
        if re.fullmatch(r"(?:overall goal|established) ?:?", paragraph.plain.text, re.I):
            pending = paragraph
            continue
        if _PROGRAMME.fullmatch(paragraph.plain.text):
            leaflet.ignored.append(Ignored(*paragraph.numbers, rule="programme-name"))
        elif not _take(paragraph, leaflet, findings):
            left.append(paragraph)
    return left + ([pending] if pending else []), findings


def read_labelled(block: Block, leaflet: Leaflet, findings: list[Finding]) -> bool:
    """Read a labelled statement (goal, date, funding) that stands elsewhere than in the head."""
    return bool(_OPENS.match(block.plain.text)) and _take_labelled(block, leaflet, findings)


def _paragraphs(block: Block) -> Iterator[Block]:
    """Split a block where a line opens a statement of its own, for texts without blank lines between them."""
    start = 0
    for place in range(1, len(block.lines)):
        line = block.lines[place].plain
        before = joined(block.lines[max(start, place - 3) : place]).text
        opens = _OPENS.match(line.text) or _city(line) or _PROGRAMME.fullmatch(before)
        if opens or re.search(r"\S regional secretariat$", before, re.I):
            yield Block(block.lines[start:place])
            start = place
    yield Block(block.lines[start:])


def _take(block: Block, leaflet: Leaflet, findings: list[Finding]) -> bool:
    plain = block.plain
    if _take_labelled(block, leaflet, findings):
        return True
    if leaflet.region is None and (match := _REGION.fullmatch(plain.text)):
        group = "region" if match["region"] else "after"
        words = plain.part(*match.span(group))
        leaflet.region = Said(region_name(words.text), words.span())
        return True
    if leaflet.region is not None and leaflet.secretariat_city is None and "," in plain.text:
        return _take_city(block, leaflet, findings)
    return False


def _take_labelled(block: Block, leaflet: Leaflet, findings: list[Finding]) -> bool:
    plain = block.plain
    if leaflet.goal is None and (match := _GOAL.fullmatch(plain.text)) and match["goal"]:
        leaflet.goal = _said(plain, match.span("goal"))
    elif leaflet.established is None and (match := _ESTABLISHED.fullmatch(plain.text)) and match["day"]:
        leaflet.established = _day(block, plain.part(*match.span("day")), leaflet, findings)
    elif leaflet.funder is None and (match := _FUNDED.fullmatch(plain.text)):
        leaflet.funder = _said(plain, match.span("funder"))
        leaflet.implementing_partner = _said(plain, match.span("partner"))
    else:
        return False
    return True


def _said(plain: Plain, place: tuple[int, int]) -> Said[str]:
    words = plain.part(*place)
    return Said(words.text, words.span())


def _day(block: Block, words: Plain, leaflet: Leaflet, findings: list[Finding]) -> Said[str] | None:
    place, line = leaflet.document.place, block.lines[0].number
    try:
        found = find_dates(words.text)
    except ImpossibleDate as error:
        findings.append(Finding("date-impossible", f"established: {error}", place, line, field="established_on"))
        return None
    if found is None or found.precision != "day" or found.start != found.end:
        message = f"established: {shown(words.text, 80)!r} does not name one day"
        findings.append(Finding("date-unread", message, place, line, field="established_on"))
        return None
    return Said(found.start, words.part(*found.words).span())


def _city(plain: Plain) -> tuple[int, str] | None:
    """Return where the comma between city and country stands, and the country's code."""
    for comma in (match.start() for match in re.finditer(",", plain.text[:200])):
        code = country_id(plain.text[comma + 1 :].strip())
        if code and plain.text[:comma].strip():
            return comma, code
    return None


def _take_city(block: Block, leaflet: Leaflet, findings: list[Finding]) -> bool:
    plain = block.plain
    found = _city(plain)
    if found is None:
        if len(plain.text) > 80:
            return False
        name = plain.text.rpartition(",")[2].strip()
        findings.append(unresolved(name, leaflet.document.place, block.lines[0].number))
        return True
    comma, leaflet.secretariat_country_id = found
    city = plain.part(0, comma)
    leaflet.secretariat_city = Said(region_name(city.text), city.span())
    leaflet.secretariat_country = _said(plain, (comma + 1, len(plain.text)))
    return True


def unresolved(name: str, place: str, line: int, hint: bool = True) -> Finding:
    """Return the finding for a name that is no known country, with the names it may have been meant to be."""
    names = nearest(name) if hint else []
    message = f"{shown(name, 80)!r} is no country that is known{'; nearest: ' if names else ''}{', '.join(names)}"
    return Finding("country-unresolved", message, place, line, value=shown(name, 80))
