"""A region's page on the programme's site: how to recognise it, and how to read its prose about seat and countries.

A leaflet has labelled statements and a method section; a page has neither, but a sentence that locates the secretariat.
A sentence with a number, date, country or project that no value uses is returned as unread, which is an error.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from cbrn_data.findings import Finding, shown
from cbrn_data.leaflet.blocks import Block, Line
from cbrn_data.leaflet.head import name_of
from cbrn_data.leaflet.sections import country
from cbrn_data.leaflet.statements import Item, Leaflet
from cbrn_data.normalise.countries import Named, country_id, named_in
from cbrn_data.normalise.counts import countries_counted
from cbrn_data.normalise.grammar import Part, parts
from cbrn_data.normalise.projects import label, references
from cbrn_data.normalise.text import Extracted, Plain, Span, folded, slug
from cbrn_data.sources.document import Document

_NAME = r"[A-ZÀ-Ý][^\W\d_]*(?:(?:,? (?:and |of |the ){0,2}|[-'’ ])[A-ZÀ-Ý][^\W\d_]*){0,6}"
_PLACE = r"[A-ZÀ-Ý][^\W\d_]*(?:(?: (?:de|del|da|la|es|el|al) |[-'’ ])[A-ZÀ-Ý][^\W\d_]*){0,3}"
_SITUATED = r"(?:located|based|situated|headquartered|seated|housed|hosted (?:by|in|at)"
_SITUATED += r"|(?:established|set up|opened|created|inaugurated) (?:in [0-9]{4} |in [a-z]+ [0-9]{4} )?(?:in|at) (?=[A-Z]))"
_SEAT = re.compile(
    rf"\bsecretariat\b.{{0,160}}?(?:(?:\b(?:is|was|has been)|,)(?: \w+(?:ly)?)? {_SITUATED}"
    r"|\b(?:has|have) its (?:seat|headquarters|offices?|home)\b)",
    re.IGNORECASE,
)
_GOES_ON = re.compile(rf"\b(?:it|its (?:host|seat)|the host)\b.{{0,60}}?\b(?:is|{_SITUATED})", re.IGNORECASE)
_REGION_AFTER = re.compile(rf"\b[Ss]ecretariat (?:for|of|in) (?:the )?(?P<region>{_NAME})(?: region)?\b")
_REGION_BEFORE = re.compile(rf"(?P<region>{_NAME})(?: region| Region)? Regional Secretariat\b")
_PROGRAMME = re.compile(r"(?:The |EU |European Union |CBRN |CoE |Centres? of Excellence |Risk Mitigation )+")
_CITY = re.compile(rf"\b(?:in|from) (?:the )?(?:(?:capital )?(?:city|capital|town)(?: of|,)? )?(?P<city>{_PLACE})")
_NEXT_TO = re.compile(r", | \(|, in | in |, the capital of ")
_LOCATED = re.compile(r"\b(?:located|based|situated|seated|headquartered) in (?:the )?$")
_OF_SEAT = re.compile(
    r"(?:\b(?:in|capital of|Government of|(?:Ministry|Service|Agency|Authority|Office|Directorate|Council|Department"
    r"|Commission|Academy)\b[\w ]{0,60} of)|,) (?:the )?$"
)
"""The words before the country of the seat, also in the name of a host that is a body of the state."""
_SENTENCE = re.compile(r"(?<=[.!?]) (?=[A-Z])")
_LEAFLET = re.compile(
    r"(?im)^\W*(?:overall goal\b|goal ?:|established\b|(?:co-?)?funded by\b|(?:methodology|method|structure)\W*$)"
)
_LISTS = re.compile(
    r"(?:\bnamely|:|\bare|\bis|\bcomprises?|\bconsists? of|\bcomposed of|\bcovers?|\bserves|[(–-]) ?:? ?(?:the )?$"
)
_MAY_LIST = re.compile(r"\bincluding(?: the)? $|\bincludes?(?: the)? $|\bwith(?: the)? $|\bamong(?: the)? $")
_ARE_PARTNERS = re.compile(
    r" (?:are|form|make up|constitute) (?:all |the |its |our ){0,2}(?:\w+ ){0,2}(?:countries|states|members|partners)\b",
    re.I,
)
_OF_PARTNERS = re.compile(r"\b(?:countries|states|members|partners)\b", re.IGNORECASE)
_NEXT_NAME = re.compile(r",? ?(?:(?:and|&|as well as) )?(?:the )?", re.IGNORECASE)
_ONE_MORE = re.compile(r",? (?:and|&) (?:the )?[A-Z]|, (?:the )?[A-Z]|,? (?:and others|among others|etc)")
_ITEM = (
    r"(?:skip to (?:main )?content|home(?: page)?|menu|search|main|network|the network|our network|regions|all regions"
    r"|(?:all )?projects|news|events|about(?: us)?|contacts?(?: us)?|legal notice|cookies?(?: policy)?"
    r"|privacy(?: policy| notice)?|accessibility|sitemap|share(?: this page)?|print(?: this page)?"
    r"|back to (?:the )?top|english|en|languages?|login"
    r"|log in|(?:the )?(?:eu |european union )?cbrn (?:risk mitigation|coe|cent(?:re|er)s of excellence)(?: .{0,25})?"
    r"|(?:the )?european (?:commission|union)|an official website of the european union|coe)"
)
_FURNITURE = re.compile(rf"{_ITEM}(?:(?:,? and |[,|·•>›»/ –-]{{1,3}}){_ITEM})*\.?", re.IGNORECASE)
_TRAIL = re.compile(rf"{_ITEM}(?: ?[>›»/] ?[\w ,'’-]{{1,50}}){{1,5}}", re.IGNORECASE)
_UPDATED = re.compile(
    r"(?:(?:this )?page )?(?:last )?(?:updated|modified|reviewed|read|retrieved|accessed|visited|published)(?: on| in|:)? ?"
    r"[0-9A-Za-z ./:,-]{4,30}",
    re.IGNORECASE,
)


def is_page(document: Document) -> bool:
    """Whether a text is a region's page: a sentence locates the secretariat, and no line has the form of a leaflet's."""
    if _LEAFLET.search(document.text):
        return False
    return any(_SEAT.search(sentence) for sentence in _SENTENCE.split(Plain.of(document.text).text))


def is_furniture(block: Block, leaflet: Leaflet) -> bool:
    """Whether a block belongs to the site, not to the page; reports the date of the page as not used."""
    text = block.plain.text
    if _UPDATED.fullmatch(text):
        message = f"{shown(text, 60)!r} is not used; the sidecar has the date of reading"
        leaflet.report("note-unused", message, block.numbers[0], table="sources")
        return True
    return all(is_furniture_line(line.item.text) for line in block.lines)


def is_furniture_line(text: str) -> bool:
    """Whether a line is navigation, a breadcrumb trail, or other text of the site."""
    return _FURNITURE.fullmatch(text) is not None or _TRAIL.fullmatch(text) is not None


def is_prose(block: Block) -> bool:
    """Whether a block consists of sentences."""
    return block.plain.text.endswith((".", "!", "?")) and len(block.plain.text.split()) > 4


class PageProse:
    """Reads the prose of a page into ``leaflet``; ``finish`` compares the countries named there with the list."""

    def __init__(self, leaflet: Leaflet) -> None:
        self.leaflet = leaflet
        self._countries: list[Item] = []
        self._titles: list[Block] = []

    def read(self, blocks: list[Block]) -> list[Block]:
        """Read prose and titles; return the unread blocks."""
        left: list[Block] = []
        for block in blocks:
            if not is_prose(block) and len(block.plain.text.split()) < 12 and not block.plain.text.endswith(":"):
                self._titles.append(block)
            else:
                left += self._block(block)
        return left

    def finish(self) -> list[Block]:
        """Check the countries and the titles; return the titles that do not name the region."""
        leaflet = self.leaflet
        if leaflet.region is None:
            self._region_of_title()
        region = slug(leaflet.region.value) if leaflet.region else None
        left = []
        for block in self._titles:
            if region is not None and _title(block.plain.text) == region:
                leaflet.ignore(block.numbers, "page-title")
            else:
                left.append(block)
        listed, named = ({item.value("country_id") for item in each} for each in (leaflet.countries, self._countries))
        if not listed:
            leaflet.countries += self._countries
        elif named and listed != named:
            message = f"the sentence names {len(named)} countries and the list {len(listed)}, but not the same ones"
            leaflet.report("list-miscounted", message, self._countries[0]["country_id"], table="memberships")
        return left

    def _region_of_title(self) -> None:
        """Take the region from the title if the prose names it too."""
        names = [block for block in self._titles if re.fullmatch(_NAME, _bare(block.plain).text)]
        named = [block for block in names if self.leaflet.document.text.count(_bare(block.plain).text) > 1]
        if len({_title(block.plain.text) for block in named}) == 1:
            self.leaflet.region = name_of(_bare(named[0].plain))

    def _block(self, block: Block) -> Iterator[Block]:
        cuts = [0, *(match.end() for match in _SENTENCE.finditer(block.plain.text)), len(block.plain.text)]
        place = 0
        while place < len(cuts) - 1:
            plain, width = block.plain.part(cuts[place], cuts[place + 1]), 1
            if _SEAT.search(plain.text) and self.leaflet.secretariat_city is None:
                if not self._seat(plain) and place + 2 < len(cuts):
                    longer = block.plain.part(cuts[place], cuts[place + 2])
                    if _GOES_ON.search(longer.text, len(plain.text)) and self._seat(longer):
                        plain, width = longer, 2
                if self.leaflet.secretariat_city is None:
                    message = f"the sentence does not name one city and its country as the seat: {shown(plain.text, 160)}"
                    self.leaflet.report("seat-unread", message, plain.whole, table="regions")
                else:
                    self._report_unused(plain)
                self._partners(plain)
            elif not self._partners(plain) and (states(plain.text) or label(folded(plain.text))):
                yield Block((Line(self.leaflet.line(plain.whole), plain),))
            else:
                self.leaflet.ignore(self.leaflet.document.lines(plain.span()), "page-prose")
            place += width

    def _report_unused(self, plain: Plain) -> None:
        """Report numbers and dates in the sentence of the seat as not used."""
        count, _ = countries_counted(plain.text)
        for part in _numbers(plain.text):
            if not (count and count[1][0] <= part.start < count[1][1]):
                message = f"{plain.text[part.start : part.end]!r} next to the seat is not used"
                self.leaflet.report("note-unused", message, plain.part(part.start).whole, table="regions")

    def _partners(self, plain: Plain) -> bool:
        """Read the count of partner countries and their names; return False if the sentence has other content."""
        text, leaflet = plain.text, self.leaflet
        if not _OF_PARTNERS.search(text):
            return False
        found, run = countries_counted(text)[0], _run(text)
        if found is None and not run:
            return False
        seat = leaflet.secretariat_country.span if leaflet.secretariat_country else None
        rest = [each for each in named_in(text) if each not in run and plain.span(each.start, each.end) != seat]
        numbers = [part for part in _numbers(text) if not (found and found[1][0] <= part.start < found[1][1])]
        of_seat = _SEAT.search(text) is not None
        if (rest or numbers) and not of_seat:
            return False
        if run and _MAY_LIST.search(text[: run[0].start]) and not (found and found[0] == len(run)):
            return False  # "partner countries including Iraq" names only some of them
        counted = leaflet.country_count.value("value")
        if found and counted is not None and counted != found[0]:
            return False
        if found and not leaflet.country_count.values:
            leaflet.country_count = Item({"text": plain.whole, "value": Extracted(found[0], plain.span(*found[1]))})
        if run and not self._countries:
            self._countries = [country(plain.part(each.start, each.end).whole, each.country_id) for each in run]
        elif run and {each.country_id for each in run} != {item.value("country_id") for item in self._countries}:
            return False
        return True

    def _seat(self, plain: Plain) -> bool:
        """Read ``... for the Middle East region is located in Jordan and is hosted by the Institute in Amman``."""
        text, leaflet = plain.text, self.leaflet
        match = _REGION_AFTER.search(text)
        words = plain.part(*match.span("region")) if match else None
        if words is None and (match := _REGION_BEFORE.search(text)):
            words = plain.part(*match.span("region"))
            if programme := _PROGRAMME.match(f"{words.text} "):
                words = words.part(min(programme.end(), len(words.text)))
            words = words if words.text else None
        name = words.text if words else ""
        run = _run(text)
        of_region = words.span() if words else Span(0, 0)
        there = [each for each in named_in(text) if each not in run]
        there = [each for each in there if not of_region.start <= plain.at[each.start] < of_region.end]
        cities = [m for m in _CITY.finditer(text) if not country_id(m["city"]) and slug(m["city"]) not in slug(name or " ")]
        adjacent = [
            (m, each)
            for m in cities
            for each in there
            if (b := _NEXT_TO.match(text, m.end("city"))) and text[b.end() : each.start] in ("", "the ")
        ]
        sure = [each for each in there if _OF_SEAT.search(text[: each.start])]
        located = [each for each in sure if _LOCATED.search(text[: each.start])]
        if len(adjacent) == 1:
            city, seat = adjacent[0]
        elif len({m["city"] for m in cities}) == 1 and len({each.country_id for each in located or sure}) == 1:
            city, seat = cities[-1], (located or sure)[0]
        else:
            return False
        if len({each.country_id for each in located} | {seat.country_id}) > 1:
            return False
        if words and name and leaflet.region is None:
            leaflet.region = name_of(words)
        leaflet.secretariat_city = name_of(plain.part(*city.span("city")))
        leaflet.secretariat_country = plain.part(seat.start, seat.end).whole
        return True


def states(text: str) -> bool:
    """Whether a sentence states a number, a date, a project or a country."""
    return bool(_numbers(text) or named_in(text))


def _numbers(text: str) -> list[Part]:
    """Return the numbers and dates of a sentence; "one" is not a count ("what one project built")."""
    return [part for part in parts(text) if part.kind != "name" and text[part.start : part.end] != "one"]


def _run(text: str) -> list[Named]:
    """Return the countries that a sentence lists as all partner countries, or an empty list."""
    if not _OF_PARTNERS.search(text):
        return []
    runs: list[list[Named]] = []
    for each in named_in(text):
        if runs and _NEXT_NAME.fullmatch(text, runs[-1][-1].end, each.start):
            runs[-1].append(each)
        else:
            runs.append([each])
    for run in runs:
        opens = text[: run[0].start]
        listed = _LISTS.search(opens) or _MAY_LIST.search(opens) or _ARE_PARTNERS.match(text, run[-1].end)
        if len(run) > 1 and listed and not _ONE_MORE.match(text, run[-1].end) and not any(each.left_out for each in run):
            return run
    return []


def _bare(plain: Plain) -> Plain:
    """Return a title without the words around the region's name."""
    text = plain.text
    before = re.match(r"(?:the |region: |regional secretariat (?:for|of) (?:the )?)?", text, re.I)
    after = re.search(
        r"(?: region)?(?: regional secretariat)?(?: ?[|–—-] (?:eu )?cbrn.{0,40}| \([A-Z]{2,5}\))?$", text, re.I
    )
    return plain.part(before.end() if before else 0, after.start() if after else None)


def _title(text: str) -> str:
    plain = _bare(Plain.of(text))
    return slug(plain.text)


def on_page(leaflet: Leaflet) -> Iterator[Finding]:
    """Yield a finding for texts that were read as items of a page but are not, or are several."""

    def finding(code: str, why: str, extracted: Extracted[str], table: str) -> Finding:
        return leaflet.finding(code, f"{why}: {shown(extracted.value, 80)}", extracted, table=table)

    for text in (item["text"] for item in leaflet.achievements):
        if _SEAT.search(text.value) or label(folded(text.value)):
            yield finding("item-foreign", "about the seat, or a project, not an item of the list", text, "achievements")
    for extracted in leaflet.priorities:
        if label(folded(extracted.value)) or is_furniture_line(extracted.value):
            yield finding(
                "item-foreign", "a project, or a part of the site, not an item of the list", extracted, "priorities"
            )
    if len(leaflet.priorities) == 1 and "," in leaflet.priorities[0].value:
        yield finding("items-merged", "several titles in a row", leaflet.priorities[0], "priorities")
    for item in leaflet.projects:
        if references(item.value("title") or ""):
            yield finding("items-merged", "a title with the label of another project", item["title"], "projects")
