"""A document to a leaflet: the sections in whatever order, then what the leaflet must say and must not contradict."""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Callable, Iterable
from itertools import chain, groupby

from cbrn_data.findings import Finding, shown
from cbrn_data.leaflet.blocks import Block
from cbrn_data.leaflet.contacts import contacts
from cbrn_data.leaflet.doubts import doubts
from cbrn_data.leaflet.head import read_head, read_labelled
from cbrn_data.leaflet.headings import HEADINGS, may_head
from cbrn_data.leaflet.layout import Layout, Section, read_layout
from cbrn_data.leaflet.misread import misread
from cbrn_data.leaflet.page import PageProse, is_furniture, is_page, is_prose, on_page
from cbrn_data.leaflet.page_projects import listed_apart
from cbrn_data.leaflet.reading import Reading, with_entries
from cbrn_data.leaflet.sections import (
    read_achievements,
    read_countries,
    read_methodology,
    read_priorities,
    read_projects,
)
from cbrn_data.leaflet.statements import Claim, Ignored, Leaflet, Said
from cbrn_data.sources.document import Document, oversize
from cbrn_data.words.numbers import numbers

_Reader = Callable[[list[Block], Leaflet, list[Finding]], list[Block]]

_READERS: dict[str, _Reader] = {
    "Partner Countries": read_countries,
    "Projects": read_projects,
    "Regional Priorities": read_priorities,
    "Methodology": read_methodology,
    "Recent Achievements": read_achievements,
}


def read_leaflet(
    document: Document, reading: Reading | None = None, doubts_of_text: Iterable[Finding] = ()
) -> tuple[Leaflet, list[Finding]]:
    """Return what a leaflet says, and every finding about it, in the order of its lines.

    ``reading`` is what a person said of how to read it, ``doubts_of_text`` are those that the reader of its document had:
    their findings are among those returned.

    Nothing is raised, whatever the text; a leaflet with a blocking finding must not be used.
    """
    reading = reading or Reading()
    leaflet = Leaflet(document, reading)
    findings = oversize(document)
    if findings:
        return leaflet, findings
    leaflet.is_page = is_page(document)
    layout = read_layout(document, reading, leaflet.is_page)
    leaflet.ignored += layout.ignored
    findings = _missing_sections(document, layout)
    prose = PageProse(leaflet, findings) if leaflet.is_page else None
    head = _kept(layout.head, layout, leaflet, findings)
    left, found = (prose.read(head), []) if prose else read_head(head, leaflet)
    findings += found
    for section in layout.sections:
        blocks = [b for b in _kept(section, layout, leaflet, findings) if not read_labelled(b, leaflet, findings)]
        left += [block for block in blocks if block.lines[0].picture]
        blocks = [block for block in blocks if not block.lines[0].picture]
        if section.name == "Structure":
            leaflet.ignored += [Ignored(*block.numbers, rule="structure-section") for block in blocks]
        elif section.name == "Secretariat" and prose:
            left += prose.read(blocks)
        elif section.name == "Elsewhere":
            leaflet.ignored += [Ignored(*block.numbers, rule="page-furniture") for block in blocks]
            message = f"what stands under this heading is not used ({len(blocks)} paragraphs)"
            findings += [Finding("note-unused", message, document.place, section.line)] if blocks else []
        else:
            if prose and section.name == "Partner Countries":
                left += prose.read([block for block in blocks if is_prose(block)])
                blocks = [block for block in blocks if not is_prose(block)]
            elif prose and section.name == "Projects":
                blocks = listed_apart(blocks, leaflet, findings, document.text.splitlines()[section.line - 1])
            elif not blocks:
                message = f"nothing stands under the heading {section.name!r}"
                findings.append(Finding("section-empty", message, document.place, section.line))
            left += [block for block in blocks if not _has_words(block)]
            left += _READERS[section.name](list(filter(_has_words, blocks)), leaflet, findings)
    left += prose.finish() if prose else []
    findings += on_page(leaflet) if prose else []
    findings += _unread(document, layout, left)
    findings += _head_findings(leaflet, any(finding.code == "seat-unread" for finding in findings))
    findings += _contradictions(leaflet)
    findings += _heading_counts(leaflet, layout)
    findings += doubts(leaflet, layout)
    findings += misread(leaflet, layout)
    findings += contacts(document, reading)
    findings = _missed_heading(findings, document, layout)
    findings = with_entries(reading.settled([*doubts_of_text, *findings]), document)
    return leaflet, sorted([*findings, *reading.findings, *reading.unused()])


def _kept(section: Section, layout: Layout, leaflet: Leaflet, findings: list[Finding]) -> list[Block]:
    """Return the blocks of a section that no rule ignores: footnotes, page numbers, parts of a site, pictures."""
    kept = []
    for block in section.blocks:
        if layout.is_footnote(block):
            leaflet.ignored.append(Ignored(*block.numbers, rule="footnote"))
        elif layout.is_page_number(block):
            leaflet.ignored.append(Ignored(*block.numbers, rule="page-number"))
        elif leaflet.is_page and is_furniture(block, leaflet, findings):
            leaflet.ignored.append(Ignored(*block.numbers, rule="page-furniture"))
        elif block.lines[0].picture and not section.name:
            leaflet.ignored.append(Ignored(*block.numbers, rule="picture"))
        else:
            kept.append(block)
    return kept


def _has_words(block: Block) -> bool:
    return re.search(r"[^\W\d_]", block.plain.text) is not None


def _missing_sections(document: Document, layout: Layout) -> list[Finding]:
    findings = []
    if layout.missing:
        names = ", ".join(map(repr, layout.missing))
        findings.append(Finding("section-missing", f"no section {names}", document.place, 1))
    for unsure in layout.unsure:
        lines = " or ".join(f"{shown(line.plain.text, 60)!r} (line {line.number})" for line in unsure.lines[:5])
        message = f"no line is the heading {unsure.section!r}; likely it is {lines}"
        findings.append(Finding("heading-unsure", message, document.place, unsure.lines[0].number))
    for name in HEADINGS:
        found = layout.named(name)
        for again in found[1:]:
            message = f"the heading {name!r} stands in line {found[0].line} already"
            findings.append(Finding("section-repeated", message, document.place, again.line))
    return findings


def _unread(document: Document, layout: Layout, left: list[Block]) -> Iterable[Finding]:
    """Tell what no rule says; where a section is missing, the lines under what is likely its heading are told once."""
    missing = " or ".join(map(repr, layout.missing))
    starts = sorted(section.line for section in layout.sections)
    lines = sorted(left, key=lambda block: block.lines[0].number)
    for _, group in groupby(lines, lambda block: bisect(starts, block.lines[0].number)):
        blocks = list(group)
        if missing and len(blocks) > 1 and may_head(blocks[0].plain.text):
            first = shown(blocks[0].plain.text, 60)
            message = f"no line is the heading {missing}; {first!r} may be it: no rule says what follows"
            yield Finding("heading-unsure", message, document.place, blocks[0].lines[0].number)
            continue
        for block in blocks:
            message = f"no rule says what this is: {shown(block.plain.text, 80)}"
            yield Finding("line-unread", message, document.place, block.lines[0].number)


def _missed_heading(findings: list[Finding], document: Document, layout: Layout) -> list[Finding]:
    """Name once the line that may head the missing section, in place of a finding for each item under it."""
    missing = " or ".join(map(repr, layout.missing))
    for section in layout.sections if missing else []:
        foreign = [block for block in section.blocks if _foreign_at(findings, block)]
        ahead = [block for block in section.blocks if foreign and block.numbers[1] < foreign[0].numbers[0]]
        if len(foreign) < 2 or not ahead or not may_head(ahead[-1].plain.text):
            continue
        first, last = ahead[-1].numbers[0], section.blocks[-1].numbers[1]
        message = f"no line is the heading {missing}; {shown(ahead[-1].plain.text, 60)!r} may be it"
        heading = Finding("heading-unsure", message, document.place, first)
        kept = [each for each in findings if each.line is None or not first <= each.line <= last or each.code in _OF_TEXT]
        return [*kept, heading]
    return findings


_OF_TEXT = frozenset({"contact-data", "document-doubtful", "text-residue", "word-broken"})
"""Findings about a line whatever section it is in."""


def _foreign_at(findings: list[Finding], block: Block) -> bool:
    first, last = block.numbers
    return any(each.code == "item-foreign" and each.line and first <= each.line <= last for each in findings)


def _head_findings(leaflet: Leaflet, seat_told: bool) -> list[Finding]:
    place = leaflet.document.place
    needed = {"the name of the regional secretariat": leaflet.region}
    needed |= {} if seat_told else {"its city and country": leaflet.secretariat_city}
    findings = [
        Finding("head-missing", f"the head does not say {what}", place, 1) for what, said in needed.items() if not said
    ]
    wanted = (
        {}
        if leaflet.is_page
        else {
            "the overall goal": leaflet.goal,
            "the date of establishment": leaflet.established,
            "who funds it": leaflet.funder,
        }
    )
    return findings + [
        Finding("head-incomplete", f"the head does not say {what}", place, 1) for what, said in wanted.items() if not said
    ]


def _contradictions(leaflet: Leaflet) -> list[Finding]:
    """Hold what the leaflet counts against what it lists."""
    return sorted(
        chain(
            _project_counts(leaflet),
            _project_labels(leaflet),
            _country_counts(leaflet),
            _repeated(leaflet),
            _cut_off(leaflet),
        )
    )


def _at(leaflet: Leaflet, said: Said[object]) -> int:
    return leaflet.document.line(said.span.start)


def _project_counts(leaflet: Leaflet) -> Iterable[Finding]:
    place, claimed, listed = leaflet.document.place, leaflet.projects_claimed, leaflet.projects
    if claimed is None:
        yield Finding("projects-unclaimed", "no sentence says how many projects there are", place, 1, table="figures")
        return
    line = _at(leaflet, claimed.text)
    for what, said in (("how many projects there are", claimed.total), ("how many are on-going", claimed.ongoing)):
        if said is None:
            yield Finding("projects-unclaimed", f"the sentence does not say {what}", place, line, table="figures")
    if claimed.total and claimed.ongoing and claimed.ongoing.value > claimed.total.value:
        message = f"{claimed.ongoing.value} projects on-going are more than {claimed.total.value} in total"
        yield Finding("projects-exceed-total", message, place, line, table="figures")
    if claimed.ongoing and claimed.ongoing.value != len(listed):
        lines = ", ".join(str(_at(leaflet, project.number)) for project in listed) or "none"
        message = f"says that {claimed.ongoing.value} projects are on-going and lists {len(listed)} (lines {lines})"
        yield Finding("leaflet-contradiction", message, place, line, table="figures", field="value")


def _project_labels(leaflet: Leaflet) -> Iterable[Finding]:
    place = leaflet.document.place
    seen: dict[int, tuple[str | None, int]] = {}
    for project in leaflet.projects:
        number, title = project.number.value, project.title.value if project.title else None
        line = _at(leaflet, project.number)
        if title is None:
            yield Finding(
                "project-untitled", f"Project {number} has no title", place, line, table="projects", row=f"P{number}"
            )
        if number in seen and seen[number][0] == title:
            message = f"Project {number} is listed in line {seen[number][1]} already"
            yield Finding("item-repeated", message, place, line, table="projects", row=f"P{number}")
        elif number in seen:
            message = f"Project {number} has another title in line {seen[number][1]}"
            yield Finding("project-conflict", message, place, line, table="projects", row=f"P{number}", field="title")
        seen.setdefault(number, (title, line))


_ONE_A_COUNTRY = re.compile(
    r"(?: [\w-]+){0,3}? (?:countr(?:y|ies)|states|members|focal points?|national (?:cbrn )?teams?|action plans?)\b", re.I
)
"""What a country has one of, behind its count, so that there cannot be more of them than countries."""


def _counts_countries(claim: Claim) -> bool:
    text, count = claim.text.value, claim.count
    found = (number for number in numbers(text) if count and number.value == count.value)
    return any(_ONE_A_COUNTRY.match(text, number.end) for number in found)


def _heading_counts(leaflet: Leaflet, layout: Layout) -> Iterable[Finding]:
    """Hold the count in a heading (``Partner countries (6)``) against the items under it."""
    listed = {
        "Partner Countries": len(leaflet.countries),
        "Projects": len(leaflet.projects),
        "Regional Priorities": len(leaflet.priorities),
        "Methodology": len(leaflet.methodology),
        "Recent Achievements": len(leaflet.achievements),
    }
    for section in layout.sections:
        there = listed.get(section.name)
        if section.count is not None and there is not None and section.count != there:
            message = f"the heading {section.name!r} counts {section.count} and {there} are read under it"
            yield Finding("list-miscounted", message, leaflet.document.place, section.line)


def _country_counts(leaflet: Leaflet) -> Iterable[Finding]:
    place, listed = leaflet.document.place, leaflet.countries
    lines = f"lines {_at(leaflet, listed[0].name)} to {_at(leaflet, listed[-1].name)}" if listed else "no line"
    claimed = leaflet.countries_claimed
    if claimed and claimed.count and claimed.count.value != len(listed):
        message = f"says {claimed.count.value} countries and lists {len(listed)} ({lines})"
        code = "list-miscounted" if claimed.count.value > len(listed) else "leaflet-contradiction"
        yield Finding(code, message, place, _at(leaflet, claimed.text), table="memberships")
    for claim in leaflet.methodology:
        line = _at(leaflet, claim.text)
        if claim.count is None:
            yield Finding("claim-uncounted", f"holds no number: {shown(claim.text.value, 80)}", place, line, table="figures")
        elif claim.count.value > len(listed) and _counts_countries(claim):
            message = f"counts {claim.count.value} where {len(listed)} partner countries are listed ({lines})"
            yield Finding("list-miscounted", message, place, line, table="figures", field="value")


def _repeated(leaflet: Leaflet) -> Iterable[Finding]:
    lists: dict[str, list[tuple[str, Said[str]]]] = {
        "memberships": [(country.country_id, country.name) for country in leaflet.countries],
        "priorities": [(said.value.casefold(), said) for said in leaflet.priorities],
        "figures": [(claim.text.value.casefold(), claim.text) for claim in leaflet.methodology],
        "achievements": [(item.text.value.casefold(), item.text) for item in leaflet.achievements],
    }
    for table, items in lists.items():
        seen: dict[str, int] = {}
        for key, said in items:
            line = _at(leaflet, said)
            if key in seen:
                message = f"stands in line {seen[key]} already: {shown(said.value, 80)}"
                yield Finding("item-repeated", message, leaflet.document.place, line, table=table)
            seen.setdefault(key, line)


def _cut_off(leaflet: Leaflet) -> Iterable[Finding]:
    for item in leaflet.achievements:
        if item.text.value[-1] not in '.!?”"’)*…':
            message = f"ends without a full stop: …{shown(item.text.value[-60:], 80)}"
            line = leaflet.document.line(item.text.span.end - 1)
            yield Finding(
                "achievement-unfinished", message, leaflet.document.place, line, table="achievements", field="text"
            )
