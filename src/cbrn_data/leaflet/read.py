"""Read a document as a leaflet: its sections in any order, then checks for missing and contradictory content."""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Iterable, Iterator
from itertools import groupby

from cbrn_data.findings import Finding, shown
from cbrn_data.leaflet.blocks import Block
from cbrn_data.leaflet.contacts import contacts
from cbrn_data.leaflet.doubts import doubts
from cbrn_data.leaflet.head import read_head, read_statements
from cbrn_data.leaflet.headings import HEADINGS, may_head
from cbrn_data.leaflet.layout import Layout, Section, read_layout
from cbrn_data.leaflet.misread import misread
from cbrn_data.leaflet.page import PageProse, is_furniture, is_page, is_prose, on_page
from cbrn_data.leaflet.page_projects import listed_apart
from cbrn_data.leaflet.reading import Reading, with_entries
from cbrn_data.leaflet.sections import READERS
from cbrn_data.leaflet.statements import Item, Leaflet
from cbrn_data.normalise.numbers import numbers
from cbrn_data.normalise.text import Extracted
from cbrn_data.sources.document import Document, oversize


def read_leaflet(
    document: Document, reading: Reading | None = None, doubts_of_text: Iterable[Finding] = ()
) -> tuple[Leaflet, list[Finding]]:
    """Return the values of a leaflet and all findings about it, in the order of its lines.

    ``reading`` has the entries of the reading file, ``doubts_of_text`` the findings of the reader of the document; the
    returned findings include those of both. No text raises an error; a leaflet with an error among its findings must not
    be used.
    """
    reading = reading or Reading()
    leaflet = Leaflet(document, reading)
    if findings := oversize(document):
        return leaflet, findings
    leaflet.is_page = is_page(document)
    layout = read_layout(leaflet)
    leaflet.findings += _layout_findings(leaflet, layout)
    left = _read_sections(leaflet, layout)
    leaflet.findings += on_page(leaflet) if leaflet.is_page else []
    leaflet.findings += _unread(leaflet, layout, left)
    leaflet.findings += _head_findings(leaflet)
    for contradictions in (_project_counts, _project_labels, _country_counts, _repeated, _cut_off):
        leaflet.findings += contradictions(leaflet)
    leaflet.findings += _heading_counts(leaflet, layout)
    leaflet.findings += doubts(leaflet, layout)
    leaflet.findings += misread(leaflet, layout)
    leaflet.findings += contacts(leaflet)
    findings = [*doubts_of_text, *_missed_heading(leaflet, layout)]
    findings = with_entries(map(reading.accept, findings), document)
    return leaflet, sorted([*findings, *reading.findings, *reading.unused()])


def _read_sections(leaflet: Leaflet, layout: Layout) -> list[Block]:
    """Add the values of the head and the sections to the leaflet; return the blocks that no reader can use."""
    prose = PageProse(leaflet) if leaflet.is_page else None
    head = _kept(layout.head, layout, leaflet)
    left = prose.read(head) if prose else read_head(head, leaflet)
    for section in layout.sections:
        blocks = read_statements(_kept(section, layout, leaflet), leaflet)
        left += [block for block in blocks if block.lines[0].picture]
        blocks = [block for block in blocks if not block.lines[0].picture]
        if section.name in _UNUSED:
            for block in blocks:
                leaflet.ignore(block.numbers, _UNUSED[section.name])
            if section.name == "Elsewhere" and blocks:
                message = f"the text under this heading is not used ({len(blocks)} paragraphs)"
                leaflet.report("note-unused", message, section.line)
        elif section.name == "Secretariat" and prose:
            left += prose.read(blocks)
        else:
            if prose and section.name == "Partner Countries":
                left += prose.read([block for block in blocks if is_prose(block)])
                blocks = [block for block in blocks if not is_prose(block)]
            elif prose and section.name == "Projects":
                blocks = listed_apart(blocks, leaflet, leaflet.document.text.splitlines()[section.line - 1])
            elif not blocks:
                leaflet.report("section-empty", f"no text follows the heading {section.name!r}", section.line)
            left += [block for block in blocks if not _has_words(block)]
            left += READERS[section.name](list(filter(_has_words, blocks)), leaflet)
    return left + (prose.finish() if prose else [])


_UNUSED = {"Structure": "structure-section", "Elsewhere": "page-furniture"}
"""The sections that are not used, and the rule that ignores them."""


def _kept(section: Section, layout: Layout, leaflet: Leaflet) -> list[Block]:
    """Return the blocks of a section without footnotes, page numbers, parts of a site and pictures, which are ignored."""
    kept = []
    for block in section.blocks:
        if layout.is_footnote(block):
            leaflet.ignore(block.numbers, "footnote")
        elif layout.is_page_number(block):
            leaflet.ignore(block.numbers, "page-number")
        elif leaflet.is_page and is_furniture(block, leaflet):
            leaflet.ignore(block.numbers, "page-furniture")
        elif block.lines[0].picture and not section.name:
            leaflet.ignore(block.numbers, "picture")
        else:
            kept.append(block)
    return kept


def _has_words(block: Block) -> bool:
    return re.search(r"[^\W\d_]", block.plain.text) is not None


def _layout_findings(leaflet: Leaflet, layout: Layout) -> Iterator[Finding]:
    if layout.missing:
        yield leaflet.finding("section-missing", f"has no section {', '.join(map(repr, layout.missing))}")
    for section, lines in layout.unsure:
        likely = " or ".join(f"{shown(line.plain.text, 60)!r} (line {line.number})" for line in lines[:5])
        message = f"no line is the heading {section!r}; likely it is {likely}"
        yield leaflet.finding("heading-unsure", message, lines[0].number)
    for name in HEADINGS:
        found = layout.named(name)
        for again in found[1:]:
            message = f"the heading {name!r} is already in line {found[0].line}"
            yield leaflet.finding("section-repeated", message, again.line)


def _unread(leaflet: Leaflet, layout: Layout, left: list[Block]) -> Iterator[Finding]:
    """Yield a finding for each unread block, but only one for all blocks under the likely heading of a missing section."""
    missing = " or ".join(map(repr, layout.missing))
    starts = sorted(section.line for section in layout.sections)
    lines = sorted(left, key=lambda block: block.lines[0].number)
    for _, group in groupby(lines, lambda block: bisect(starts, block.lines[0].number)):
        blocks = list(group)
        if missing and len(blocks) > 1 and may_head(blocks[0].plain.text):
            first = shown(blocks[0].plain.text, 60)
            message = f"no line is the heading {missing}; {first!r} may be it: no rule applies to the text after it"
            yield leaflet.finding("heading-unsure", message, blocks[0].lines[0].number)
            continue
        for block in blocks:
            message = f"no rule applies to this text: {shown(block.plain.text, 80)}"
            yield leaflet.finding("line-unread", message, block.lines[0].number)


def _missed_heading(leaflet: Leaflet, layout: Layout) -> list[Finding]:
    """Return the findings, with one about the likely heading of a missing section instead of one for each item under it."""
    findings, missing = leaflet.findings, " or ".join(map(repr, layout.missing))
    for section in layout.sections if missing else []:
        wrong = [finding.line for finding in findings if finding.code == "item-foreign" and finding.line]
        foreign = [b for b in section.blocks if any(b.numbers[0] <= line <= b.numbers[1] for line in wrong)]
        ahead = [block for block in section.blocks if foreign and block.numbers[1] < foreign[0].numbers[0]]
        if len(foreign) < 2 or not ahead or not may_head(ahead[-1].plain.text):
            continue
        first, last = ahead[-1].numbers[0], section.blocks[-1].numbers[1]
        message = f"no line is the heading {missing}; {shown(ahead[-1].plain.text, 60)!r} may be it"
        kept = [each for each in findings if each.line is None or not first <= each.line <= last or each.code in _OF_TEXT]
        return [*kept, leaflet.finding("heading-unsure", message, first)]
    return findings


_OF_TEXT = frozenset({"contact-data", "document-doubtful", "text-residue", "word-broken"})
"""The codes of findings that do not depend on the section of a line."""


def _head_findings(leaflet: Leaflet) -> Iterator[Finding]:
    is_reported = any(finding.code == "seat-unread" for finding in leaflet.findings)
    needed = {"the name of the regional secretariat": leaflet.region}
    needed |= {} if is_reported else {"its city and country": leaflet.secretariat_city}
    wanted = {
        "the overall goal": leaflet.goal,
        "the date of establishment": leaflet.established,
        "who funds it": leaflet.funder,
    }
    for code, those in (("head-missing", needed), ("head-incomplete", {} if leaflet.is_page else wanted)):
        yield from (
            leaflet.finding(code, f"the head does not say {what}") for what, extracted in those.items() if not extracted
        )


def _project_counts(leaflet: Leaflet) -> Iterator[Finding]:
    counts, listed = leaflet.project_counts, leaflet.projects
    if not counts.values:
        yield leaflet.finding("projects-unclaimed", "no sentence says how many projects there are", table="figures")
        return
    total, ongoing = counts.value("total"), counts.value("ongoing")
    for what, extracted in (("how many projects there are", total), ("how many are on-going", ongoing)):
        if extracted is None:
            yield leaflet.finding("projects-unclaimed", f"the sentence does not say {what}", counts["text"], table="figures")
    if None not in (total, ongoing) and ongoing > total:
        message = f"{ongoing} on-going projects are more than {total} in total"
        yield leaflet.finding("projects-exceed-total", message, counts["text"], table="figures")
    if ongoing is not None and ongoing != len(listed):
        lines = ", ".join(str(leaflet.line(item["number"])) for item in listed) or "none"
        message = f"says that {ongoing} projects are on-going, but lists {len(listed)} (lines {lines})"
        yield leaflet.finding("leaflet-contradiction", message, counts["text"], table="figures", field="value")


def _project_labels(leaflet: Leaflet) -> Iterator[Finding]:
    seen: dict[int, tuple[str | None, int]] = {}
    for item in leaflet.projects:
        number, title, row = item.value("number"), item.value("title"), f"P{item.value('number')}"
        if title is None:
            message = f"Project {number} has no title"
            yield leaflet.finding("project-untitled", message, item["number"], table="projects", row=row)
        if number in seen and seen[number][0] == title:
            message = f"Project {number} is already listed in line {seen[number][1]}"
            yield leaflet.finding("item-repeated", message, item["number"], table="projects", row=row)
        elif number in seen:
            message = f"Project {number} has another title in line {seen[number][1]}"
            yield leaflet.finding("project-conflict", message, item["number"], table="projects", row=row, field="title")
        seen.setdefault(number, (title, leaflet.line(item["number"])))


_ONE_A_COUNTRY = re.compile(
    r"(?: [\w-]+){0,3}? (?:countr(?:y|ies)|states|members|focal points?|national (?:cbrn )?teams?|action plans?)\b", re.I
)
"""Nouns after a count of which each country has one, so that the count cannot exceed that of the countries."""


def _counts_countries(item: Item) -> bool:
    text = item.value("text")
    found = (number for number in numbers(text) if number.value == item.value("value"))
    return any(_ONE_A_COUNTRY.match(text, number.end) for number in found)


def _heading_counts(leaflet: Leaflet, layout: Layout) -> Iterator[Finding]:
    """Yield a finding if the count in a heading (``Partner countries (6)``) differs from the items under it."""
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
            message = f"the heading {section.name!r} counts {section.count}, but {there} are read under it"
            yield leaflet.finding("list-miscounted", message, section.line)


def _country_counts(leaflet: Leaflet) -> Iterator[Finding]:
    names = [item["name_in_source"] for item in leaflet.countries]
    lines = f"lines {leaflet.line(names[0])} to {leaflet.line(names[-1])}" if names else "no line"
    counted = leaflet.country_count.value("value")
    if counted is not None and counted != len(names):
        message = f"says {counted} countries, but lists {len(names)} ({lines})"
        code = "list-miscounted" if counted > len(names) else "leaflet-contradiction"
        yield leaflet.finding(code, message, leaflet.country_count["text"], table="memberships")
    for item in leaflet.methodology:
        text, count = item["text"], item.value("value")
        if count is None:
            yield leaflet.finding("claim-uncounted", f"contains no number: {shown(text.value, 80)}", text, table="figures")
        elif count > len(names) and _counts_countries(item):
            message = f"counts {count}, but {len(names)} partner countries are listed ({lines})"
            yield leaflet.finding("list-miscounted", message, text, table="figures", field="value")


def _repeated(leaflet: Leaflet) -> Iterator[Finding]:
    countries = [(item.value("country_id"), item["name_in_source"]) for item in leaflet.countries]
    texts = {
        "priorities": leaflet.priorities,
        "figures": [item["text"] for item in leaflet.methodology],
        "achievements": [item["text"] for item in leaflet.achievements],
    }
    lists: dict[str, list[tuple[str, Extracted[str]]]] = {"memberships": countries}
    lists |= {table: [(extracted.value.casefold(), extracted) for extracted in several] for table, several in texts.items()}
    for table, several in lists.items():
        seen: dict[str, int] = {}
        for key, extracted in several:
            if key in seen:
                message = f"is already in line {seen[key]}: {shown(extracted.value, 80)}"
                yield leaflet.finding("item-repeated", message, extracted, table=table)
            seen.setdefault(key, leaflet.line(extracted))


def _cut_off(leaflet: Leaflet) -> Iterator[Finding]:
    for text in (item["text"] for item in leaflet.achievements):
        if text.value[-1] not in '.!?”"’)*…':
            message = f"ends without a full stop: …{shown(text.value[-60:], 80)}"
            line = leaflet.document.line(text.span.end - 1)
            yield leaflet.finding("achievement-unfinished", message, line, table="achievements", field="text")
