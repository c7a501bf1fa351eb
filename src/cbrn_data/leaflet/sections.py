"""The sections of a leaflet: partner countries, projects, priorities, method, achievements.

Each reader adds the values in the blocks of its section to the leaflet, and returns the blocks that it cannot use.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from cbrn_data.findings import shown
from cbrn_data.leaflet.blocks import Block, Line
from cbrn_data.leaflet.head import report_unresolved
from cbrn_data.leaflet.reading import Entry
from cbrn_data.leaflet.statements import Item, Leaflet
from cbrn_data.leaflet.untaken import doubted, qualified, untaken
from cbrn_data.normalise.countries import countries_in, country_id, without_mark
from cbrn_data.normalise.counts import countries_counted, statement
from cbrn_data.normalise.dates import ImpossibleDate, find_dates
from cbrn_data.normalise.people import people
from cbrn_data.normalise.project_counts import project_counts
from cbrn_data.normalise.projects import label, labelled, references
from cbrn_data.normalise.text import Extracted, Plain, Span, folded
from cbrn_data.sources.document import Document


def read_countries(blocks: list[Block], leaflet: Leaflet) -> list[Block]:
    """Read the list of partner countries: one name per block or line, or several names in a row."""
    for item in [item for block in blocks for item in block.items()]:
        for lines in [item.lines] if _names(item.lines) else _known_apart(item.lines):
            plain = Block(lines).plain
            names = _names(lines) or _names_in_a_row(plain, leaflet.document) or _rows_of_names(lines, leaflet.document)
            names = names or _name_with_note(plain, leaflet)
            if entry := leaflet.reading.at(lines[0].number, "country"):
                leaflet.countries.append(country(_unmarked(plain).whole, entry.value, entry))
            elif names:
                leaflet.countries += [country(name.whole, country_id(name.text) or "") for name in names]
            elif not leaflet.country_count.values and countries_counted(plain.text)[0]:
                leaflet.country_count = _counted(plain, leaflet)
            else:
                report_unresolved(leaflet, plain.text, lines[0].number, hint=len(leaflet.findings) < _HINTS)
    leaflet.countries[:] = _down_columns(leaflet.countries)
    return []


def _down_columns(countries: list[Item]) -> list[Item]:
    """Return the countries column by column, if only this order is alphabetical: their table was read row by row."""
    names = [folded(item.value("name_in_source")).casefold() for item in countries]
    for width in (2, 3, 4):
        order = [place for column in range(width) for place in range(column, len(names), width)]
        if len(names) > 4 and [names[place] for place in order] == sorted(names) != names:
            return [countries[place] for place in order]
    return countries


def country(name: Extracted[str], code: str, *entries: Entry) -> Item:
    """Return a partner country with its printed name and its alpha-3 code."""
    return Item({"name_in_source": name, "country_id": Extracted(code, name.span)}, entries=entries)


_HINTS = 20
"""The number of findings of a leaflet from which on no nearest known names are given."""

_TALLEST = 4
"""The most lines of a country's name."""


def _names(lines: tuple[Line, ...]) -> list[Plain]:
    """Split lines into names of countries; return an empty list if that is not possible."""
    cuts: dict[int, tuple[Plain, int]] = {}  # by first line: the name that begins there, and the number of the line after it
    for start in range(len(lines) - 1, -1, -1):
        for stop in range(start + 1, min(start + _TALLEST, len(lines)) + 1):
            name = _unmarked(Block(lines[start:stop]).plain)
            if (stop in cuts or stop == len(lines)) and country_id(name.text):
                cuts[start] = name, stop
                break
        if start + _TALLEST <= len(lines) and not any(line in cuts for line in range(start, start + _TALLEST)):
            return []  # no name is long enough to cross that gap
    names, place = [], 0
    while place in cuts:
        name, place = cuts[place]
        names.append(name)
    return names if place == len(lines) else []


def _known_apart(lines: tuple[Line, ...]) -> Iterator[tuple[Line, ...]]:
    """Split lines into known names and the runs of other lines between them."""
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
    """Read ``Kenya, Uganda and Zambia`` on one line; return an empty list if a part is not a country.

    Commas, semicolons, bars, bullets and wide white space separate names; ``and`` may separate the last two.
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


def _rows_of_names(lines: tuple[Line, ...], document: Document) -> list[Plain]:
    """Read one or more names on each line; return an empty list if a line has others."""
    names: list[Plain] = []
    for line in lines:
        row = _names((line,)) or _names_in_a_row(Block((line,)).plain, document)
        if not row:
            return []
        names += row
    return names


_BETWEEN_NAMES = re.compile(r",(?= )|;| ?[|/·•∙▪●–] ?| - ")
_AND = re.compile(r"(?<!\w)(?:and|&)(?!\w)")
_NOTE_OF_A_NAME = re.compile(
    r" ?(?:\((?:(?:member )?since|from|joined(?: in)?)? ?(?:19|20)[0-9]{2}\)"
    r"|[(\[](?:host(?: country)?|[a-z]{2,3})[)\]]"
    r"|(?: [–—-]|,)? (?:(?:member |partner )?since |joined (?:in )?)?(?:19|20)[0-9]{2})$",
    re.IGNORECASE,
)


def _wide_spaces(plain: Plain, document: Document) -> Iterator[int]:
    """Yield the places of spaces that are a tab or several spaces in the source."""
    for match in re.finditer(" ", plain.text):
        space = match.start()
        white = document.text[plain.at[space - 1] + 1 : plain.at[space + 1]]
        if "\t" in white or len(white) > 1:
            yield space


def _name_with_note(plain: Plain, leaflet: Leaflet) -> list[Plain]:
    """Read ``Kazakhstan (since 2013)`` or ``(host)`` and report the note as not used; return an empty list otherwise."""
    note = _NOTE_OF_A_NAME.search(plain.text)
    if note is None or not country_id(plain.text[: note.start()]):
        return []
    message = f"{shown(note[0].strip(), 60)!r} next to {shown(plain.text[: note.start()], 60)!r} is not used"
    leaflet.report("note-unused", message, plain.whole, table="memberships")
    return [_unmarked(plain.part(0, note.start()))]


def read_projects(blocks: list[Block], leaflet: Leaflet) -> list[Block]:
    """Read the sentence that counts the projects, and the list of on-going ones: a label, then its title."""
    left: list[Block] = []
    opened: list[dict[str, Extracted[Any]]] = []  # the projects of the last label: the next block may have their title
    for block in [part for whole in blocks for part in whole.split(_opens_project)]:
        plain, untitled = block.plain, opened and "title" not in opened[0]
        if match := label(folded(plain.text)):
            opened = [{"number": Extracted(each.number, plain.span(each.start, each.end))} for each in labelled(match)]
            leaflet.projects += map(Item, opened)
            title = plain.part(match.end())
            if _PHASE.fullmatch(title.text):
                number = opened[0]["number"].value
                message = f"{shown(title.text, 60)!r} next to the number of Project {number} is not used"
                leaflet.report("note-unused", message, block.lines[0].number, table="projects", row=f"P{number}")
            elif title.text:
                _entitle(opened, title)
        elif _COLUMNS.fullmatch(plain.text):
            leaflet.ignore(block.numbers, "column-names")
        elif untitled:
            _entitle(opened, plain)
        elif not leaflet.project_counts.values and (counts := _projects_counted(plain, leaflet)):
            leaflet.project_counts = counts
        else:
            left.append(block)
    spans = [each.span for item in (leaflet.project_counts, *leaflet.projects) for each in item.values.values()]
    if spans:
        leaflet.projects_span = Span(min(span.start for span in spans), max(span.end for span in spans))
    return left


def _entitle(projects: list[dict[str, Extracted[Any]]], title: Plain) -> None:
    for project in projects:
        project["title"] = title.whole


_COLUMNS = re.compile(
    r"(?:(?:(?:project )?(?:no\.?|number|code|title|name)|project|#)[ |]*)+",
    re.I,
)
"""The names of the columns of a table of projects."""
_PHASE = re.compile(r"[(\[][^\s()\[\]]{1,20}(?: [^\s()\[\]]{1,20}){0,2}[)\]]|phase (?:[0-9]|I{1,3}|IV|one|two|three)", re.I)
"""Words that may follow a project's number and are not its title."""


def _opens_project(part: tuple[Line, ...], line: Line) -> bool:
    return line.item.text[:1].isupper() and label(folded(line.item.text)) is not None


def _projects_counted(plain: Plain, leaflet: Leaflet) -> Item | None:
    found = project_counts(plain.text)
    if found is None:
        return None
    leaflet.findings += doubted(leaflet, plain, "figures", "value", found.doubts)
    if found.total:
        leaflet.findings += qualified(leaflet, plain, found.total.value, found.total.start)
    figures = {"total": found.total, "since": found.since, "ongoing": found.ongoing, "year": found.year}
    extracted = {name: Extracted(each.value, plain.span(each.start, each.end)) for name, each in figures.items() if each}
    return Item({"text": plain.part(0, len(plain.text.rstrip(" :"))).whole, **extracted})


def _counted(plain: Plain, leaflet: Leaflet) -> Item:
    number, doubts = statement(plain.text)
    leaflet.findings += doubted(leaflet, plain, "figures", "value", doubts)
    if number is None or number.value is None:
        return Item({"text": plain.whole})
    leaflet.findings += qualified(leaflet, plain, number.value, number.start)
    return Item({"text": plain.whole, "value": Extracted(number.value, plain.span(number.start, number.end))})


def _achievement(item: Block, leaflet: Leaflet) -> Item:
    plain, dates = item.plain, None
    extracted: dict[str, tuple[object, tuple[int, int]]] = {"text": (plain.text, (0, len(plain.text)))}
    try:
        if dates := find_dates(plain.text):
            extracted["date_start"] = dates.start, dates.words
            if dates.end:
                extracted["date_end"] = dates.end, dates.words
            extracted["date_precision"] = dates.precision, dates.words
    except ImpossibleDate as error:
        leaflet.report("date-impossible", str(error), item.lines[0].number, table="achievements", field="date_start")
    counted, doubts = people(plain.text)
    countries, country_doubts = countries_counted(plain.text)
    leaflet.findings += doubted(leaflet, plain, "achievements", "people_count", doubts)
    leaflet.findings += doubted(leaflet, plain, "achievements", "country_count", country_doubts)
    leaflet.findings += untaken(leaflet, plain, dates, (*doubts, *country_doubts), counted.within if counted else ())
    if counted:
        extracted["people_count"] = counted.count, counted.counted
        extracted["people_count_qualifier"] = counted.qualifier, counted.qualified
        extracted["people_group"] = counted.group, counted.grouped
    if countries:
        extracted["country_count"] = countries
    return Item(
        {name: Extracted(value, plain.span(*place)) for name, (value, place) in extracted.items()},
        projects=tuple(Extracted(each.number, plain.span(each.start, each.end)) for each in references(plain.text)),
        countries=tuple(Extracted(each.country_id, plain.span(each.start, each.end)) for each in countries_in(plain.text)),
        entries=tuple(dict.fromkeys(e for line in item.lines if (e := leaflet.reading.at(line.number, "project")))),
    )


Reader = Callable[[list[Block], Leaflet], list[Block]]


def _read_achievements(blocks: list[Block], leaflet: Leaflet) -> list[Block]:
    leaflet.achievements.extend([_achievement(item, leaflet) for block in blocks for item in block.items()])
    return []


def _each_title(values: str, read: Callable[[Plain, Leaflet], object]) -> Reader:
    """Return the reader of a section whose items are ``values`` of the leaflet; one block can have them in a row."""

    def reader(blocks: list[Block], leaflet: Leaflet) -> list[Block]:
        row = blocks[0].in_a_row() if len(blocks) == 1 else []
        items = row or [item.plain for block in blocks for item in block.items()]
        getattr(leaflet, values).extend([read(item, leaflet) for item in items])
        return []

    return reader


READERS: dict[str, Reader] = {
    "Partner Countries": read_countries,
    "Projects": read_projects,
    "Regional Priorities": _each_title("priorities", lambda item, leaflet: item.whole),
    "Methodology": _each_title("methodology", _counted),
    "Recent Achievements": _read_achievements,
}
"""The reader of each section."""
