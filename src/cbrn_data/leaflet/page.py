"""A region's page of the programme's site: how it is known, and what its prose says of the seat and the countries.

A leaflet has labelled statements and a method section; a page has neither and says in a sentence where the secretariat is.
A sentence that states a number, a date, a country or a project which no value takes is left over, so that it blocks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from cbrn_data.findings import Finding, shown
from cbrn_data.leaflet.blocks import Block, Line
from cbrn_data.leaflet.statements import Claim, CountryListed, Ignored, Leaflet, Said
from cbrn_data.sources.document import Document
from cbrn_data.words.countries import Named, country_id, named_in
from cbrn_data.words.counts import find_country_count
from cbrn_data.words.grammar import Part, parts
from cbrn_data.words.projects import label, references
from cbrn_data.words.text import Plain, folded, region_name, slug

_NAME = r"[A-ZÀ-Ý][^\W\d_]*(?:(?:,? (?:and |of |the ){0,2}|[-'’ ])[A-ZÀ-Ý][^\W\d_]*){0,6}"
_PLACE = r"[A-ZÀ-Ý][^\W\d_]*(?:(?: (?:de|del|da|la|es|el|al) |[-'’ ])[A-ZÀ-Ý][^\W\d_]*){0,3}"
_STANDS = r"(?:located|based|situated|headquartered|seated|housed|hosted (?:by|in|at)|established (?:in|at) (?=[A-Z]))"
_SEAT = re.compile(
    rf"\bsecretariat\b.{{0,160}}?(?:(?:\b(?:is|was|has been)|,)(?: \w+(?:ly)?)? {_STANDS}"
    r"|\b(?:has|have) its (?:seat|headquarters|offices?|home)\b)",
    re.IGNORECASE,
)
_GOES_ON = re.compile(rf"\b(?:it|its (?:host|seat)|the host)\b.{{0,60}}?\b(?:is|{_STANDS})", re.IGNORECASE)
_REGION_AFTER = re.compile(rf"\b[Ss]ecretariat (?:for|of|in) (?:the )?(?P<region>{_NAME})(?: region)?\b")
_REGION_BEFORE = re.compile(rf"(?P<region>{_NAME})(?: region| Region)? Regional Secretariat\b")
_PROGRAMME = re.compile(r"(?:The |EU |European Union |CBRN |CoE |Centres? of Excellence |Risk Mitigation )+")
_CITY = re.compile(rf"\b(?:in|from) (?:the )?(?:(?:capital )?(?:city|capital|town)(?: of|,)? )?(?P<city>{_PLACE})")
_BESIDE = re.compile(r", | \(|, in | in |, the capital of ")
_LOCATED = re.compile(r"\b(?:located|based|situated|seated|headquartered) in (?:the )?$")
_OF_SEAT = re.compile(
    r"(?:\b(?:in|capital of|Government of|(?:Ministry|Service|Agency|Authority|Office|Directorate|Council|Department"
    r"|Commission|Academy)\b[\w ]{0,60} of)|,) (?:the )?$"
)
"""What stands before the country of the seat, also in the name of a state's body that is the host."""
_SENTENCE = re.compile(r"(?<=[.!?]) (?=[A-Z])")
_LEAFLET = re.compile(
    r"(?im)^\W*(?:overall goal\b|goal ?:|established\b|(?:co-?)?funded by\b|(?:methodology|method|structure)\W*$)"
)
_LISTS = re.compile(
    r"(?:\bnamely|:|\bare|\bis|\bcomprises?|\bconsists? of|\bcomposed of|\bcovers?|\bserves|[(–-]) ?:? ?(?:the )?$"
)
_MAY_LIST = re.compile(r"\bincluding(?: the)? $|\bincludes?(?: the)? $|\bwith(?: the)? $|\bamong(?: the)? $")
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
    """Whether a text is a region's page: it says in a sentence where the secretariat is, and nothing as leaflets do."""
    if _LEAFLET.search(document.text):
        return False
    return any(_SEAT.search(sentence) for sentence in _SENTENCE.split(Plain.of(document.text).text))


def is_furniture(block: Block, leaflet: Leaflet, findings: list[Finding]) -> bool:
    """Whether a block is a part of the site and not of the page; a date of the page is told as not used."""
    text = block.plain.text
    if _UPDATED.fullmatch(text):
        message = f"{shown(text, 60)!r} is not used; the day of reading stands in the sidecar"
        findings.append(Finding("note-unused", message, leaflet.document.place, block.numbers[0], table="sources"))
        return True
    return all(is_furniture_line(line.item.text) for line in block.lines)


def is_furniture_line(text: str) -> bool:
    """Whether a line is navigation, a trail to the page, or another word of the site."""
    return _FURNITURE.fullmatch(text) is not None or _TRAIL.fullmatch(text) is not None


def is_prose(block: Block) -> bool:
    """Whether a block is made of sentences."""
    return block.plain.text.endswith((".", "!", "?")) and len(block.plain.text.split()) > 4


class PageProse:
    """Reads the prose of a page into ``leaflet``; countries named there wait until the list of them was read."""

    def __init__(self, leaflet: Leaflet, findings: list[Finding]) -> None:
        self.leaflet = leaflet
        self.findings = findings
        self._countries: list[CountryListed] = []
        self._titles: list[Block] = []

    def read(self, blocks: list[Block]) -> list[Block]:
        """Read prose and titles; return what is left over."""
        left: list[Block] = []
        for block in blocks:
            if not is_prose(block) and len(block.plain.text.split()) < 12 and not block.plain.text.endswith(":"):
                self._titles.append(block)
            else:
                left += self._block(block)
        return left

    def finish(self) -> list[Block]:
        """Settle the countries and the titles; return the titles that are none of the region's."""
        leaflet = self.leaflet
        if leaflet.region is None:
            self._region_of_title()
        region = slug(leaflet.region.value) if leaflet.region else None
        left = []
        for block in self._titles:
            if region is not None and _title(block.plain.text) == region:
                leaflet.ignored.append(Ignored(*block.numbers, rule="page-title"))
            else:
                left.append(block)
        listed, named = ({country.country_id for country in each} for each in (leaflet.countries, self._countries))
        if not listed:
            leaflet.countries += self._countries
        elif named and listed != named:
            line = leaflet.document.line(self._countries[0].name.span.start)
            message = f"the sentence names {len(named)} countries and the list {len(listed)} that are not the same"
            self.findings.append(Finding("list-miscounted", message, leaflet.document.place, line, table="memberships"))
        return left

    def _region_of_title(self) -> None:
        """Take the region from the title where the prose names it too."""
        names = [block for block in self._titles if re.fullmatch(_NAME, _bare(block.plain).text)]
        named = [block for block in names if self.leaflet.document.text.count(_bare(block.plain).text) > 1]
        if len({_title(block.plain.text) for block in named}) == 1:
            words = _bare(named[0].plain)
            self.leaflet.region = Said(region_name(words.text), words.span())

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
                    message = f"no one city and its country are named as the seat: {shown(plain.text, 160)}"
                    line = self.leaflet.document.line(plain.at[0])
                    self.findings.append(Finding("seat-unread", message, self.leaflet.document.place, line, table="regions"))
                else:
                    self._told(plain)
                self._partners(plain)
            elif not self._partners(plain) and (states(plain.text) or label(folded(plain.text))):
                yield Block((Line(self.leaflet.document.line(plain.at[0]), plain),))
            else:
                lines = (self.leaflet.document.line(plain.at[0]), self.leaflet.document.line(plain.at[-1]))
                self.leaflet.ignored.append(Ignored(*lines, rule="page-prose"))
            place += width

    def _told(self, plain: Plain) -> None:
        """Say which numbers and dates beside the seat are not used."""
        count = find_country_count(plain.text)
        for part in _numbers(plain.text):
            if not (count and count[1][0] <= part.start < count[1][1]):
                message = f"{plain.text[part.start : part.end]!r} beside the seat is not used"
                line = self.leaflet.document.line(plain.at[part.start])
                self.findings.append(Finding("note-unused", message, self.leaflet.document.place, line, table="regions"))

    def _partners(self, plain: Plain) -> bool:
        """Take the count of partner countries and their names; False where the sentence states what is not taken."""
        text, leaflet = plain.text, self.leaflet
        if not _OF_PARTNERS.search(text):
            return False
        found, run = find_country_count(text), _run(text)
        if found is None and not run:
            return False
        seat = leaflet.secretariat_country.span if leaflet.secretariat_country else None
        rest = [each for each in named_in(text) if each not in run and plain.span(each.start, each.end) != seat]
        numbers = [part for part in _numbers(text) if not (found and found[1][0] <= part.start < found[1][1])]
        of_seat = _SEAT.search(text) is not None
        if (rest or numbers) and not of_seat:
            return False
        claimed = leaflet.countries_claimed
        if run and _MAY_LIST.search(text[: run[0].start]) and not (found and found[0] == len(run)):
            return False  # "partner countries including Iraq" names some of them
        if found and claimed and claimed.count and claimed.count.value != found[0]:
            return False
        if found and claimed is None:
            leaflet.countries_claimed = Claim(Said(text, plain.span()), Said(found[0], plain.span(*found[1])))
        if run and not self._countries:
            spans = [(each, plain.span(each.start, each.end)) for each in run]
            self._countries = [
                CountryListed(Said(text[each.start : each.end], span), each.country_id) for each, span in spans
            ]
        elif run and {each.country_id for each in run} != {country.country_id for country in self._countries}:
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
        there = [each for each in named_in(text) if each not in run and not _within(each, words, plain)]
        cities = [m for m in _CITY.finditer(text) if not country_id(m["city"]) and slug(m["city"]) not in slug(name or " ")]
        beside = [
            (m, each)
            for m in cities
            for each in there
            if (b := _BESIDE.match(text, m.end("city"))) and _at(text, b.end(), each)
        ]
        sure = [each for each in there if _OF_SEAT.search(text[: each.start])]
        located = [each for each in sure if _LOCATED.search(text[: each.start])]
        if len(beside) == 1:
            city, country = beside[0]
        elif len({m["city"] for m in cities}) == 1 and len({each.country_id for each in located or sure}) == 1:
            city, country = cities[-1], (located or sure)[0]
        else:
            return False
        if len({each.country_id for each in located} | {country.country_id}) > 1:
            return False
        if words and name and leaflet.region is None:
            leaflet.region = Said(region_name(name), words.span())
        place = plain.part(*city.span("city"))
        name_of_country = plain.part(country.start, country.end)
        leaflet.secretariat_city = Said(region_name(place.text), place.span())
        leaflet.secretariat_country = Said(name_of_country.text, name_of_country.span())
        leaflet.secretariat_country_id = country.country_id
        return True


def _within(named: Named, words: Plain | None, plain: Plain) -> bool:
    """Whether a country's name is a part of the region's."""
    return words is not None and words.span().start <= plain.at[named.start] < words.span().end


def _at(text: str, place: int, named: Named) -> bool:
    return text[place : named.start] in ("", "the ")


def states(text: str) -> bool:
    """Whether a sentence states a number, a date, a project or a country."""
    return bool(_numbers(text) or named_in(text))


def _numbers(text: str) -> list[Part]:
    """Return the numbers and dates of a sentence; "what one project built" counts nothing."""
    return [part for part in parts(text) if part.kind != "name" and text[part.start : part.end] != "one"]


def _run(text: str) -> list[Named]:
    """Return the countries that a sentence lists as the partner countries, all of them, or none."""
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
        listed = _LISTS.search(opens) or _MAY_LIST.search(opens)
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
    """Yield a finding for items that a page's reader would take for something else than they are."""
    document = leaflet.document

    def finding(code: str, why: str, said: Said[str], table: str) -> Finding:
        return Finding(code, f"{why}: {shown(said.value, 80)}", document.place, document.line(said.span.start), table=table)

    for item in leaflet.achievements:
        if _SEAT.search(item.text.value) or label(folded(item.text.value)):
            yield finding("item-foreign", "about the seat, or a project, not an item of the list", item.text, "achievements")
    for said in leaflet.priorities:
        if label(folded(said.value)) or is_furniture_line(said.value):
            yield finding("item-foreign", "a project, or a part of the site, not an item of the list", said, "priorities")
    if len(leaflet.priorities) == 1 and "," in leaflet.priorities[0].value:
        yield finding("items-merged", "several titles in a row", leaflet.priorities[0], "priorities")
    for project in leaflet.projects:
        if project.title and references(project.title.value):
            yield finding("items-merged", "a title with the label of another project", project.title, "projects")
