"""The head of a leaflet: secretariat, city and country, goal, date, funding.

``<region> Regional Secretariat`` (or ``Regional Secretariat for <region>``), ``<city>, <country>``, ``OVERALL GOAL: ...``,
``ESTABLISHED: <day>``, ``Funded by <funder> and implemented in partnership with <partner>``, in any letter case. The name
of the programme, the letters of a region in brackets and the seat after a dash are no part of the region's name; ``Seat:``,
brackets and dashes are no part of the city's.
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

_PROGRAMME = re.compile(
    r"(?:the )?(?:(?:eu|european union) )?(?:cbrn|chemical,? biological,? radiological and nuclear) (?:risk mitigation )?"
    r"(?:coe|cent(?:re|er)s of excellence)(?: risk mitigation)?(?: initiative)?",
    re.I,
)
_REGION = re.compile(
    rf"(?:{_PROGRAMME.pattern}[ ,:–—-]+)?(?:(?:the )?(?P<region>\S.*?)(?: region)? regional secretariat"
    r"|(?:the )?regional secretariat(?: for| of| in)? ?[:–—-]? ?(?:the )?(?P<after>\S.*?)(?: region)?)"
    rf"(?:,? (?:of|for|under) {_PROGRAMME.pattern}| \({_PROGRAMME.pattern}\))?",
    re.I,
)
_LETTERS = re.compile(r" ?\((?P<letters>[A-Z]{2,6})\)$")
_AFTER_DASH = re.compile(r" [–—-] |, ")
_NAME = re.compile(r"[^\W\d_]+(?:[ '’-]+[^\W\d_]+){0,7}(?:, [^\W\d_]+(?:[ '’-]+[^\W\d_]+){0,7}){0,3}")
_SEAT = re.compile(
    r"(?:(?:(?:seat|location|host city|headquarters|city|place)(?: of the [\w ]{1,30})?(?: ?:| is| in)+"
    r"|(?:located|based|hosted|seated) in) ?)?",
    re.I,
)
_PLACE = re.compile(r"(?:[^\W\d_]+[.]?[ '’-]{1,2}){0,5}[^\W\d_]+")
_SMALL_IN_NAMES = frozenset("de del di da do dos la le les el al of the and upon sur am an der".split())
_GOAL = re.compile(r"(?:overall )?goal ?:? ?(?P<goal>.*)", re.I)
_ESTABLISHED = re.compile(r"established(?: ?:| on| in)? ?(?P<day>.*)", re.I)
_FUNDED = re.compile(
    r"(?:co-?)?funded by (?:the )?(?P<funder>.+?)(?:,? and|[.,;]) implemented"
    r" (?:in (?:partnership|cooperation) with|by|with) (?:the )?(?P<partner>.+?)\.?",
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
        opens = _OPENS.match(line.text) or _place_and_country(line) or _PROGRAMME.fullmatch(before)
        if opens or re.search(r"\S regional secretariat$", before, re.I):
            yield Block(block.lines[start:place])
            start = place
    yield Block(block.lines[start:])


def _take(block: Block, leaflet: Leaflet, findings: list[Finding]) -> bool:
    plain = block.plain
    if _take_labelled(block, leaflet, findings):
        return True
    if leaflet.region is None and (match := _REGION.fullmatch(plain.text)):
        return _take_region(plain.part(*match.span("region" if match["region"] else "after")), leaflet)
    return leaflet.region is not None and leaflet.secretariat_city is None and _take_seat(block, leaflet, findings)


def _take_region(words: Plain, leaflet: Leaflet) -> bool:
    """Take the name of the region, without its letters in brackets and without the seat behind it."""
    if dash := _AFTER_DASH.search(words.text):
        seat, name = words.part(dash.end()), words.part(0, dash.start())
        if _place_and_country(seat):
            _set_seat(seat, leaflet)
            words = name
        elif dash[0] != ", " and _is_place(seat.text) and _seat_stands_elsewhere(seat.text, leaflet.document.text):
            words = name
    if (letters := _LETTERS.search(words.text)) and _are_letters_of(letters["letters"], words.text[: letters.start()]):
        words = words.part(0, letters.start())
    if not _NAME.fullmatch(words.text):
        return False
    leaflet.region = Said(region_name(words.text), words.span())
    return True


def _seat_stands_elsewhere(city: str, text: str) -> bool:
    """Whether the head names the same city with its country: ``Central Asia – Tashkent`` over ``Tashkent, Uzbekistan``."""
    return re.search(rf"(?m)^\W*(?:[\w ]{{1,30}}: ?)?{re.escape(city)} ?(?:[,(/|–—-]|$)", text) is not None


def _are_letters_of(letters: str, name: str) -> bool:
    """Whether letters stand for a name, as CA does for Central Asia: each begins a word, in their order."""
    words = iter(word[:1].casefold() for word in re.findall(r"\w+", name))
    return all(letter in words for letter in letters.casefold())


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


def _place_and_country(plain: Plain) -> tuple[Plain, Plain, str] | None:
    """Return the words before the country, the country's name, and its code; None where no country ends the text.

    Between them stands a comma, a dash or a bar, or brackets around the country.
    """
    text = plain.text[:200]
    start = _SEAT.match(text)
    begin = start.end() if start else 0
    for cut in re.finditer(r",|/|\||\s[–—-]\s|\(", text):
        end = len(text) - 1 if cut[0] == "(" and text.endswith(")") else len(text)
        name = plain.part(cut.end(), end)
        if cut.start() > begin and (code := country_id(name.text)):
            place = plain.part(begin, cut.start())
            return (place, name, code) if place.text else None
    return None


def _is_place(text: str) -> bool:
    """Whether words are the name of one place: few, in letters, and with capital ones."""
    words = [word for word in re.split(r"[ '’-]+", text) if word]
    capital = all(word[0].isupper() or word.casefold() in _SMALL_IN_NAMES for word in words)
    return _PLACE.fullmatch(text) is not None and capital and words[0][0].isupper()


def _set_seat(plain: Plain, leaflet: Leaflet) -> bool:
    found = _place_and_country(plain)
    if found is None or not _is_place(found[0].text):
        return False
    city, country, leaflet.secretariat_country_id = found
    leaflet.secretariat_city = Said(region_name(city.text), city.span())
    leaflet.secretariat_country = Said(country.text, country.span())
    return True


def _take_seat(block: Block, leaflet: Leaflet, findings: list[Finding]) -> bool:
    plain, place, line = block.plain, leaflet.document.place, block.lines[0].number
    if _set_seat(plain, leaflet):
        return True
    if len(plain.text) > 80:
        return False
    if _place_and_country(plain):
        message = f"the words before the country are no single place: {shown(plain.text, 80)}"
        findings.append(Finding("seat-unread", message, place, line, table="regions", field="secretariat_city"))
        return True
    if "," not in plain.text:
        return False
    findings.append(unresolved(plain.text.rpartition(",")[2].strip(), place, line))
    return True


def unresolved(name: str, place: str, line: int, hint: bool = True) -> Finding:
    """Return the finding for a name that is no known country, with the names it may have been meant to be."""
    names = nearest(name) if hint else []
    message = f"{shown(name, 80)!r} is no country that is known{'; nearest: ' if names else ''}{', '.join(names)}"
    return Finding("country-unresolved", message, place, line, value=shown(name, 80))
