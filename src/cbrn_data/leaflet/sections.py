"""The sections of a leaflet: partner countries, projects, priorities, method, achievements.

Each reader takes the blocks of its section, puts what they say into the leaflet, and returns the blocks it cannot use.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from cbrn_data.findings import Finding, shown
from cbrn_data.leaflet.blocks import Block, Line, joined
from cbrn_data.leaflet.head import unresolved
from cbrn_data.leaflet.statements import (
    Achievement,
    Claim,
    CountryListed,
    Leaflet,
    People,
    ProjectListed,
    ProjectsClaimed,
    Said,
)
from cbrn_data.leaflet.untaken import doubted, qualified, untaken
from cbrn_data.sources.document import Document
from cbrn_data.words.countries import countries_in, country_id, without_mark
from cbrn_data.words.counts import PeopleCount, countries_counted, find_country_count, people, statement
from cbrn_data.words.dates import ImpossibleDate, find_dates
from cbrn_data.words.project_counts import Figure, project_counts
from cbrn_data.words.projects import label, references
from cbrn_data.words.text import Plain, Span, folded


def read_countries(blocks: list[Block], leaflet: Leaflet, findings: list[Finding]) -> list[Block]:
    """Read the list of partner countries: a name a block or a line, or names in a row."""
    for item in [item for block in blocks for item in block.items()]:
        for lines in [item.lines] if _names(item.lines) else _known_apart(item.lines):
            plain = joined(lines)
            names = _names(lines) or _names_in_a_row(plain, leaflet.document) or _name_with_year(plain, leaflet, findings)
            if entry := leaflet.reading.at(lines[0].number, "country"):
                name = _unmarked(plain)
                leaflet.countries.append(CountryListed(Said(name.text, name.span()), entry.value, entry))
            elif names:
                leaflet.countries += [CountryListed(Said(n.text, n.span()), country_id(n.text) or "") for n in names]
            elif leaflet.countries_claimed is None and find_country_count(plain.text):
                leaflet.countries_claimed = _claim(plain, leaflet, findings)
            else:
                hint = len(findings) < _HINTS
                findings.append(unresolved(plain.text, leaflet.document.place, lines[0].number, hint))
    return []


_HINTS = 20
"""For how many unknown names the nearest known ones are looked up."""

_TALLEST = 4
"""Over how many lines the name of a country may go."""


def _names(lines: tuple[Line, ...]) -> list[Plain]:
    """Cut lines into names of countries; an empty list where that cannot be done."""
    cuts: dict[int, tuple[Plain, int]] = {}  # by first line: the name that begins there, and the line after it
    for start in range(len(lines) - 1, -1, -1):
        for stop in range(start + 1, min(start + _TALLEST, len(lines)) + 1):
            name = _unmarked(joined(lines[start:stop]))
            if (stop in cuts or stop == len(lines)) and country_id(name.text):
                cuts[start] = name, stop
                break
        if start + _TALLEST <= len(lines) and not any(line in cuts for line in range(start, start + _TALLEST)):
            return []  # no name reaches over that gap
    names, place = [], 0
    while place in cuts:
        name, place = cuts[place]
        names.append(name)
    return names if place == len(lines) else []


def _known_apart(lines: tuple[Line, ...]) -> Iterator[tuple[Line, ...]]:
    """Cut lines that are not all names into the names among them and the runs of lines between."""
    start = place = 0
    while place < len(lines):
        stops = range(place + 1, min(place + _TALLEST, len(lines)) + 1)
        stop = next((stop for stop in stops if _names(lines[place:stop])), None)
        if stop is None:
            place += 1
            continue
        if start < place:
            yield lines[start:place]
        yield lines[place:stop]
        start = place = stop
    if start < len(lines):
        yield lines[start:]


def _unmarked(plain: Plain) -> Plain:
    name = without_mark(plain.text)
    return plain.part(0, len(name)) if name else plain


def _names_in_a_row(plain: Plain, document: Document) -> list[Plain]:
    """Read ``Kenya, Uganda and Zambia`` on one line; an empty list where a part is no country.

    Commas keep names apart, as do semicolons, bars, bullets, and wide white space; the last two may have an ``and``.
    """
    cuts = [match.span() for match in _BETWEEN_NAMES.finditer(plain.text)]
    cuts += [(space, space + 1) for space in _wide_spaces(plain, document)]
    names, place = [], 0
    for start, end in [*sorted(cuts), (len(plain.text), len(plain.text))]:
        names.append(_unmarked(plain.part(place, max(place, start))))
        place = max(place, end)
    if names and not country_id(names[-1].text):
        last = names.pop()
        ends = ((last.part(0, match.start()), last.part(match.end())) for match in _AND.finditer(last.text[:200]))
        names += next((pair for pair in ends if all(not name.text or country_id(name.text) for name in pair)), (last,))
    names = [name for name in names if name.text]
    return names if len(names) > 1 and all(country_id(name.text) for name in names) else []


_BETWEEN_NAMES = re.compile(r",(?= )|;| ?[|/·•∙▪●–] ?| - ")
_AND = re.compile(r"(?<!\w)(?:and|&)(?!\w)")
_YEAR_OF_A_NAME = re.compile(
    r" ?(?:\((?:(?:member )?since|from|joined(?: in)?)? ?(?:19|20)[0-9]{2}\)| (?:since )?(?:19|20)[0-9]{2})$", re.IGNORECASE
)


def _wide_spaces(plain: Plain, document: Document) -> Iterator[int]:
    """Yield the places of spaces that are a tab or several spaces in the source."""
    for match in re.finditer(" ", plain.text):
        space = match.start()
        white = document.text[plain.at[space - 1] + 1 : plain.at[space + 1]]
        if "\t" in white or len(white) > 1:
            yield space


def _name_with_year(plain: Plain, leaflet: Leaflet, findings: list[Finding]) -> list[Plain]:
    """Read ``Kazakhstan (since 2013)``, and say that the year is not used; an empty list where it is no such name."""
    note = _YEAR_OF_A_NAME.search(plain.text)
    if note is None or not country_id(plain.text[: note.start()]):
        return []
    document = leaflet.document
    message = f"{shown(note[0].strip(), 60)!r} beside {shown(plain.text[: note.start()], 60)!r} is not used"
    findings.append(Finding("note-unused", message, document.place, document.line(plain.at[0]), table="memberships"))
    return [_unmarked(plain.part(0, note.start()))]


def read_projects(blocks: list[Block], leaflet: Leaflet, findings: list[Finding]) -> list[Block]:
    """Read the sentence that counts the projects, and the list of on-going ones: a label, then its title."""
    left: list[Block] = []
    awaiting: Said[int] | None = None
    for block in [part for section_block in blocks for part in _labels_apart(section_block)]:
        match = label(folded(block.plain.text))
        if match:
            _give_up(awaiting, leaflet)
            awaiting = None
            number = Said(int(match["number"]), block.plain.span(0, match.end("number")))
            title = block.plain.part(match.end())
            if _PHASE.fullmatch(title.text):
                message = f"{shown(title.text, 60)!r} beside the number of Project {number.value} is not used"
                place, line = leaflet.document.place, block.lines[0].number
                findings.append(Finding("note-unused", message, place, line, table="projects", row=f"P{number.value}"))
                awaiting = number
            elif title.text:
                leaflet.projects.append(ProjectListed(number, Said(title.text, title.span())))
            else:
                awaiting = number
        elif awaiting:
            leaflet.projects.append(ProjectListed(awaiting, Said(block.plain.text, block.plain.span())))
            awaiting = None
        elif leaflet.projects_claimed is None and (claimed := _claimed(block.plain, leaflet, findings)):
            leaflet.projects_claimed = claimed
        else:
            left.append(block)
    _give_up(awaiting, leaflet)
    spans = [leaflet.projects_claimed.text.span] if leaflet.projects_claimed else []
    spans += [(project.title or project.number).span for project in leaflet.projects]
    spans += [project.number.span for project in leaflet.projects]
    if spans:
        leaflet.projects_span = Span(min(span.start for span in spans), max(span.end for span in spans))
    return left


_PHASE = re.compile(r"\((?:phase|ph\.|part|lot|ifs|ipa|dci)\b[^()]{0,20}\)|phase (?:[0-9]|I{1,3}|IV|one|two|three)", re.I)
"""What may stand beside a project's number and is not its title."""


def _give_up(awaiting: Said[int] | None, leaflet: Leaflet) -> None:
    """List a project whose label stands without a title."""
    if awaiting:
        leaflet.projects.append(ProjectListed(awaiting, None))


def _labels_apart(block: Block) -> Iterator[Block]:
    start = 0
    for place in range(1, len(block.lines)):
        if label(folded(block.lines[place].item.text)) and block.lines[place].item.text[:1].isupper():
            yield Block(block.lines[start:place])
            start = place
    yield Block(block.lines[start:])


def _claimed(plain: Plain, leaflet: Leaflet, findings: list[Finding]) -> ProjectsClaimed | None:
    found = project_counts(plain.text)
    if found is None:
        return None

    def said(figure: Figure | None) -> Said[int] | None:
        return Said(figure.value, plain.span(figure.start, figure.end)) if figure else None

    text = plain.part(0, len(plain.text.rstrip(" :")))
    findings += doubted(leaflet.document, plain, "figures", "value", found.doubts)
    if found.total:
        findings += qualified(leaflet.document, plain, found.total.value, found.total.start)
    return ProjectsClaimed(
        text=Said(text.text, text.span()),
        total=said(found.total),
        since=said(found.since),
        ongoing=said(found.ongoing),
        year=said(found.year),
    )


def read_priorities(blocks: list[Block], leaflet: Leaflet, findings: list[Finding]) -> list[Block]:
    """Read the priorities: a title a block."""
    for item in (item for block in blocks for item in block.items()):
        leaflet.priorities.append(Said(item.plain.text, item.plain.span()))
    return []


def read_methodology(blocks: list[Block], leaflet: Leaflet, findings: list[Finding]) -> list[Block]:
    """Read the statements of the method section, with the first count of each."""
    leaflet.methodology += [_claim(item.plain, leaflet, findings) for block in blocks for item in block.items()]
    return []


def _claim(plain: Plain, leaflet: Leaflet, findings: list[Finding]) -> Claim:
    number, doubts = statement(plain.text)
    findings += doubted(leaflet.document, plain, "figures", "value", doubts)
    if number is None or number.value is None:
        return Claim(Said(plain.text, plain.span()), None)
    findings += qualified(leaflet.document, plain, number.value, number.start)
    return Claim(Said(plain.text, plain.span()), Said(number.value, plain.span(number.start, number.end)))


def read_achievements(blocks: list[Block], leaflet: Leaflet, findings: list[Finding]) -> list[Block]:
    """Read the achievements: a paragraph a block."""
    for item in (item for block in blocks for item in block.items()):
        leaflet.achievements.append(_achievement(item, leaflet, findings))
    return []


def _achievement(item: Block, leaflet: Leaflet, findings: list[Finding]) -> Achievement:
    plain, document = item.plain, leaflet.document
    dates = None
    try:
        if found := find_dates(plain.text):
            dates = Said(found, plain.span(*found.words))
    except ImpossibleDate as error:
        line = item.lines[0].number
        findings.append(
            Finding("date-impossible", str(error), document.place, line, table="achievements", field="date_start")
        )
    counted, doubts = people(plain.text)
    countries, country_doubts = countries_counted(plain.text)
    findings += doubted(document, plain, "achievements", "people_count", doubts)
    findings += doubted(document, plain, "achievements", "country_count", country_doubts)
    findings += untaken(document, plain, dates.value if dates else None, (*doubts, *country_doubts))
    return Achievement(
        text=Said(plain.text, plain.span()),
        dates=dates,
        people=_people(plain, counted) if counted else None,
        country_count=Said(countries[0], plain.span(*countries[1])) if countries else None,
        projects=[Said(mention.number, plain.span(mention.start, mention.end)) for mention in references(plain.text)],
        countries=[Said(named.country_id, plain.span(named.start, named.end)) for named in countries_in(plain.text)],
        settled=tuple(dict.fromkeys(e for line in item.lines if (e := leaflet.reading.at(line.number, "project")))),
    )


def _people(plain: Plain, found: PeopleCount) -> People:
    return People(
        count=Said(found.count, plain.span(*found.counted)),
        qualifier=Said(found.qualifier, plain.span(*found.qualified)),
        group=Said(plain.text[slice(*found.grouped)], plain.span(*found.grouped)),
    )
