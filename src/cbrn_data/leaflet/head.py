"""The head of a leaflet: secretariat, city and country, goal, date, funding.

``<region> Regional Secretariat`` (or ``Regional Secretariat for <region>``), ``<city>, <country>``, ``OVERALL GOAL: ...``,
``ESTABLISHED: <day>``, ``Funded by <funder> and implemented in partnership with <partner>``, in any letter case. The name
of the programme, the letters of a region in brackets and the seat after a dash do not belong to the region's name, nor
``Seat:``, ``City of``, brackets and dashes to the city's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from cbrn_data.findings import shown
from cbrn_data.leaflet.blocks import Block, Line
from cbrn_data.leaflet.statements import Leaflet
from cbrn_data.normalise.countries import country_id, country_name, nearest
from cbrn_data.normalise.dates import ImpossibleDate, find_dates
from cbrn_data.normalise.text import Extracted, Plain, region_name

_PROGRAMME = re.compile(
    r"(?:the )?(?:(?:eu|european union) )?"
    r"(?:(?:cbrn|chemical,? biological,? radiological and nuclear) (?:risk mitigation )?)?"
    r"(?:coe|cent(?:re|er)s of excellence)(?: risk mitigation)?(?: initiative)?",
    re.I,
)
_REGION = re.compile(
    rf"(?:(?:{_PROGRAMME.pattern}|cbrn)[ ,:–—-]+)?"
    rf"(?:(?:the )?(?P<region>\S.*?)(?: region)?(?: ?[:–—-])?(?: {_PROGRAMME.pattern})?"
    r"(?: regional|(?<=africa|europe)|(?<=asia|east|gulf)|(?<=sahel)) secretariat"
    r"|(?:the )?(?:regional secretariat(?: for| of| in)?|secretariat (?:for|of)) ?[,:–—-]? ?(?:the )?"
    r"(?P<after>\S.*?)(?: region)?)"
    rf"(?:(?:,| of| for| under){{1,2}} {_PROGRAMME.pattern}| \((?:{_PROGRAMME.pattern}|[A-Z]{{2,8}})\))?",
    re.I,
)
_LETTERS = re.compile(r" ?\((?P<letters>[A-Z]{2,6})\)$")
_AFTER_DASH = re.compile(r" [–—-] |, ")
_NAME = re.compile(r"[^\W\d_]+(?:[ '’-]+[^\W\d_]+){0,7}(?:, [^\W\d_]+(?:[ '’-]+[^\W\d_]+){0,7}){0,3}")
_SEAT = re.compile(
    r"[^\w(]*"
    r"(?:(?:(?:the )?(?:seat|location|host(?: city)?|headquarters|hq|city|place|address"
    r"|(?:regional )?(?:secretariat|office))(?: of the [\w ]{1,30}?)?(?: ?[:,–—-]| is| in| located| based| hosted)+"
    r"|(?:(?:located|based|hosted|seated|headquartered) )?in|(?:seat|location|host city|headquarters)\b) ?)?"
    r"(?:(?:the )?city of )?",
    re.I,
)
_BEFORE_NAME = re.compile(r"\A(?:the )?(?:capital of (?:the )?)?")
_PLACE = re.compile(r"(?:[^\W\d_]+[.]?[ '’-]{1,2}){0,5}[^\W\d_]+")
_SMALL_IN_NAMES = frozenset("de del di da do dos la le les el al of the and upon sur am an der".split())
_GOAL = re.compile(r"(?:overall )?goal ?:? ?(?P<goal>.*)", re.I)
_ESTABLISHED = re.compile(
    r"(?:(?:date of )?establishment|(?:(?:the )?(?:regional )?secretariat (?:was|has been) )?established)"
    r"(?: ?:| on| in| since)? ?(?:the (?=[0-9]))?(?P<day>.*)",
    re.I,
)
_WITH = r"in (?:a )?(?:close )?(?:partnership|cooperation|collaboration) with"
_PAID = r"(?:fully |co-?)?(?:funded|financed) by"
_SUPPORTED = r"with (?:the )?(?:financial )?(?:support|assistance|funding) (?:of|from)"
_FUNDED = re.compile(
    r"(?:funding ?:? )?(?:(?:\w+ ){0,4}(?:initiative|programme|project|coe)(?: is)?,? )?"
    rf"(?:{_PAID} ?:?|(?:funding|donor) ?:|{_SUPPORTED}) (?:the )?"
    r"(?P<funder>.+?)(?: \([A-Z]{2,8}\))?(?:,? and| &|[.,;]| [–—/|-])?"
    r" (?:is )?(?:(?:jointly |co-)?(?:implemented|carried out) (?:jointly )?"
    rf"(?:by|through|with(?: the (?:support|help|assistance) of)?|{_WITH})"
    rf"|{_WITH}|implementing partner|implementation) ?:? ?(?:the )?(?P<partner>.+?)\.?",
    re.I,
)
_FUNDED_LAST = re.compile(
    rf"(?:(?:(?:this|the|an) )?(?:initiative|programme|project)(?: is)?,? )?"
    rf"implemented (?:by|{_WITH}) (?:the )?(?P<partner>[^,;]+?)"
    rf"(?:,? and|[,;])? (?:is )?(?:{_PAID}|{_SUPPORTED}) (?:the )?(?P<funder>.+?)\.?",
    re.I,
)
LABEL = re.compile(r"(?:overall goal|established|funding|seat|location|host city|headquarters) ?:?", re.I)
"""A label whose value is the next paragraph."""
SECRETARIAT = "regional secretariat"
"""Words of a title, which can have the region on a line of its own."""
_LONGEST = 100
"""The most characters of a title."""
_OPENS = re.compile(
    r"(?:(?:overall )?goal ?:|overall goal$|(?:date of establishment|established)\b ?:?|(?:co-?)?(?:funded|financed) by\b)",
    re.I,
)


def is_title(text: str) -> bool:
    """Whether a text is the title of a leaflet.

    >>> is_title("Regional Secretariat for Central Asia"), is_title("Regional Secretariat")
    (True, False)
    """
    match = _REGION.fullmatch(text)
    return match is not None and _NAME.fullmatch(match["region"] or match["after"]) is not None and len(text) <= _LONGEST


def read_head(blocks: list[Block], leaflet: Leaflet) -> list[Block]:
    """Add the values in the head to ``leaflet``; return the blocks that are not read."""
    left: list[Block] = []
    parted = [Block(tuple(part for line in block.lines for part in _statements(line))) for block in blocks]
    paragraphs = [paragraph for block in parted for paragraph in block.split(_opens_statement)]
    pending: Block | None = None
    for paragraph in paragraphs:
        if pending:  # a label alone on its line: its value is the next paragraph
            paragraph, pending = Block((*pending.lines, *paragraph.lines)), None
        text = paragraph.plain.text
        if leaflet.region is None and text.casefold() == SECRETARIAT and left and _may_name_region(left[-1].plain.text):
            paragraph = Block((*left.pop().lines, *paragraph.lines))
        elif LABEL.fullmatch(text) or (leaflet.region is None and text.casefold() == SECRETARIAT):
            pending = paragraph
            continue
        if _PROGRAMME.fullmatch(paragraph.plain.text):
            leaflet.ignore(paragraph.numbers, "programme-name")
        elif not _take(paragraph, leaflet):
            left.append(paragraph)
    return left + ([pending] if pending else [])


def read_statements(blocks: list[Block], leaflet: Leaflet) -> list[Block]:
    """Read the statements of the head in another section, which a frame can be printed before; return the other blocks.

    They are the labelled ones (goal, date, funding), and the seat directly before one of these.
    """
    labelled = [bool(_OPENS.match(block.plain.text)) and _take_labelled(block, leaflet) for block in blocks]
    before = labelled.index(True) - 1 if True in labelled else -1
    if before >= 0 and leaflet.region is not None and leaflet.secretariat_city is None:
        labelled[before] = _set_seat(blocks[before].plain, leaflet)
    return [block for block, is_read in zip(blocks, labelled, strict=True) if not is_read]


def _may_name_region(text: str) -> bool:
    """Whether a text is the name of a region over ``Regional Secretariat``, and not the kind of the document."""
    return is_title(f"{text} {SECRETARIAT}") and not re.search(r"sheet\b|leaflet|brochure|flyer|profile|glance", text, re.I)


def _statements(line: Line) -> Iterator[Line]:
    """Yield the parts of a line with several statements: ``Tashkent, Uzbekistan · Established: 17 July 2015``."""
    start = 0
    for sign in re.finditer(r" [·•|–—] ", line.plain.text):
        after = line.plain.part(sign.end())
        if _OPENS.match(after.text) or (
            is_title(line.plain.text[start : sign.start()].lstrip("# ")) and _place_and_country(after)
        ):
            yield replace(line, plain=line.plain.part(start, sign.start()))
            start = sign.end()
    yield replace(line, plain=line.plain.part(start)) if start else line


def _opens_statement(part: tuple[Line, ...], line: Line) -> bool:
    """Whether a line begins a statement, for texts without blank lines between them."""
    before = Block(part[-3:]).plain.text
    opens = _OPENS.match(line.item.text) or _place_and_country(line.plain) or _PROGRAMME.fullmatch(before)
    return bool(opens or re.search(r"\S regional secretariat$", before, re.I))


def _take(block: Block, leaflet: Leaflet) -> bool:
    plain = block.plain
    if _take_labelled(block, leaflet):
        return True
    if leaflet.region is None and (match := _REGION.fullmatch(plain.text)):
        leaflet.headings.append(block.numbers)
        return _take_region(plain.part(*match.span("region" if match["region"] else "after")), leaflet)
    return leaflet.region is not None and leaflet.secretariat_city is None and _take_seat(block, leaflet)


def _take_region(words: Plain, leaflet: Leaflet) -> bool:
    """Read the name of the region, without its letters in brackets and without the seat after it."""
    if dash := _AFTER_DASH.search(words.text):
        seat, name = words.part(dash.end()), words.part(0, dash.start())
        if _place_and_country(seat):
            _set_seat(seat, leaflet)
            words = name
        elif dash[0] != ", " and _is_place(seat.text) and _seat_named_elsewhere(seat.text, leaflet.document.text):
            words = name
    if (letters := _LETTERS.search(words.text)) and _are_letters_of(letters["letters"], words.text[: letters.start()]):
        words = words.part(0, letters.start())
    if not _NAME.fullmatch(words.text):
        return False
    leaflet.region = name_of(words)
    return True


def _seat_named_elsewhere(city: str, text: str) -> bool:
    """Whether the head names the same city with its country: ``Central Asia – Tashkent`` over ``Tashkent, Uzbekistan``."""
    return re.search(rf"(?m)^\W*(?:[\w ]{{1,30}}: ?)?{re.escape(city)} ?(?:[,(/|–—-]|$)", text) is not None


def _are_letters_of(letters: str, name: str) -> bool:
    """Whether letters abbreviate a name, as CA does Central Asia: each begins a word, in this order."""
    words = iter(word[:1].casefold() for word in re.findall(r"\w+", name))
    return all(letter in words for letter in letters.casefold())


def _take_labelled(block: Block, leaflet: Leaflet) -> bool:
    plain = block.plain
    if leaflet.goal is None and (match := _GOAL.fullmatch(plain.text)) and match["goal"]:
        leaflet.goal = plain.part(*match.span("goal")).whole
    elif leaflet.established is None and (match := _ESTABLISHED.fullmatch(plain.text)) and match["day"]:
        leaflet.established = _day(block, plain.part(*match.span("day")), leaflet)
    elif leaflet.funder is None and (match := _FUNDED.fullmatch(plain.text) or _FUNDED_LAST.fullmatch(plain.text)):
        leaflet.funder = plain.part(*match.span("funder")).whole
        leaflet.implementing_partner = plain.part(*match.span("partner")).whole
    else:
        return False
    return True


def name_of(words: Plain) -> Extracted[str]:
    """Return the name of a region or a city."""
    return Extracted(region_name(words.text), words.span())


def _day(block: Block, words: Plain, leaflet: Leaflet) -> Extracted[str] | None:
    line = block.lines[0].number
    try:
        found = find_dates(words.text)
    except ImpossibleDate as error:
        leaflet.report("date-impossible", f"established: {error}", line, field="established_on")
        return None
    if found is None or found.precision != "day" or found.start != found.end or ":" in words.text:
        message = f"established: {shown(words.text, 80)!r} does not name one day"
        leaflet.report("date-unread", message, line, field="established_on")
        return None
    return Extracted(found.start, words.part(*found.words).span())


def _place_and_country(plain: Plain) -> tuple[Plain, Plain] | None:
    """Return the words before the country, and the country's name; None if the text does not end with a country.

    A comma, a dash or a bar separates them, or the country is in brackets.
    """
    text = plain.text[:200].rstrip(" .;,")
    start = _SEAT.match(text)
    begin = start.end() if start else 0
    for cut in re.finditer(r",|/|\||;|·|\s[–—-]\s|\(", text):
        end = len(text) - 1 if cut[0] == "(" and text.endswith(")") else len(text)
        place, name = plain.part(begin, max(begin, cut.start())), plain.part(cut.end(), end)
        name = name.part(len(name.text) - len(_BEFORE_NAME.sub("", name.text)))
        if place.text and (country := country_id(name.text)):
            return place.part(0, len(_city(place.text, country))), name
        if country_id(place.text) and _is_place(name.text):
            return name, place  # "Uzbekistan, Tashkent"
    return None


def _city(place: str, country: str) -> str:
    """Return the name of a city without ``City``, which belongs to names like Kuwait City, Ho Chi Minh City, Quezon City."""
    name, word = place[:-5], place[-5:]
    if word.casefold() != " city":
        return place
    belongs = word != " city" and (country_id(name) or " " in name or country == "PHL")
    return place if belongs else name


def _is_place(text: str) -> bool:
    """Whether words are the name of one place: few words of letters only, each capitalised or a particle."""
    words = [word for word in re.split(r"[ '’-]+", text) if word]
    capital = all(word[0].isupper() or word.casefold() in _SMALL_IN_NAMES for word in words)
    return _PLACE.fullmatch(text) is not None and capital and words[0][0].isupper()


def _set_seat(plain: Plain, leaflet: Leaflet) -> bool:
    found = _place_and_country(plain)
    if found is None or not _is_place(found[0].text):
        return False
    city, country = found
    leaflet.secretariat_city = name_of(city)
    leaflet.secretariat_country = Extracted(country_name(country.text), country.span())
    return True


def _take_seat(block: Block, leaflet: Leaflet) -> bool:
    plain, line = block.plain, block.lines[0].number
    if _set_seat(plain, leaflet):
        return True
    if len(plain.text) > 80:
        return False
    if _place_and_country(plain):
        message = f"the words before the country are not a single place: {shown(plain.text, 80)}"
        leaflet.report("seat-unread", message, line, table="regions", field="secretariat_city")
        return True
    if "," not in plain.text:
        return False
    report_unresolved(leaflet, plain.text.rpartition(",")[2].strip(), line)
    return True


def report_unresolved(leaflet: Leaflet, name: str, line: int, hint: bool = True) -> None:
    """Report a name that is not a known country, with the nearest known names."""
    names = nearest(name) if hint else []
    message = f"{shown(name, 80)!r} is not a known country{'; nearest: ' if names else ''}{', '.join(names)}"
    leaflet.report("country-unresolved", message, line, value=shown(name, 80))
