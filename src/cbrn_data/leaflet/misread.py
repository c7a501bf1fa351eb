"""Signs that a leaflet was misread although every line was read; they are errors.

A list contains a text that is not an item, items are joined, lines with content are ignored, or characters are not text.
A rule belongs here only if a complete leaflet never triggers it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from itertools import pairwise

from cbrn_data.findings import Finding, shown
from cbrn_data.leaflet.doubts import ends, items
from cbrn_data.leaflet.foreign import (
    begins_with_count,
    foreign_achievement,
    foreign_line,
    foreign_statement,
    foreign_title,
    ignored_content,
)
from cbrn_data.leaflet.head import SECRETARIAT
from cbrn_data.leaflet.layout import Layout, Section
from cbrn_data.leaflet.statements import Leaflet
from cbrn_data.normalise.numbers import numbers
from cbrn_data.normalise.text import Extracted, clean


def misread(leaflet: Leaflet, layout: Layout) -> Iterator[Finding]:
    """Yield a finding for each text that is not one item, for joined items, and for ignored lines with content."""
    for table, extracted in items(leaflet):
        line, what = _foreign(leaflet, table, extracted)
        if what:
            message = f"{what}, not an item of the list: {ends(extracted.value)}"
            yield leaflet.finding("item-foreign", message, line, table=table)
        if residue := _residue(extracted.value):
            yield leaflet.finding("text-residue", f"{residue} is not text: {ends(extracted.value)}", extracted, table=table)
        if merged := _merged(leaflet, table, extracted):
            yield leaflet.finding("items-merged", f"{merged}: {ends(extracted.value)}", extracted, table=table)
    for section in layout.sections:
        for line, reason in _joined_doubts(section):
            yield leaflet.finding("items-merged", reason, line)
    yield from _ignored(leaflet, layout)
    for broken in leaflet.document.broken:
        if broken.joins is None:
            message = f"{shown(broken.word, 60)!r} continues on the next line; it is unclear if the hyphen is part of it"
            yield leaflet.finding("word-broken", message, leaflet.document.line(broken.start))


def _foreign(leaflet: Leaflet, table: str, extracted: Extracted[str]) -> tuple[int, str | None]:
    """Return the line and kind of a text that was read as an item, or as a line of one, but is not; None if it is one."""
    what = foreign_line(extracted.value) if table in _LISTS else None
    if what is None and table in ("projects", "priorities"):
        what = foreign_title(extracted.value, table == "projects")
    elif what is None and table in _JUDGED:
        what = _JUDGED[table](extracted.value)
    return (leaflet.line(extracted), what) if what else _foreign_within(leaflet, table, extracted)


_JUDGED = {"achievements": foreign_achievement, "figures": foreign_statement}
_LISTS = frozenset({"projects", "priorities", "figures", "achievements"})


def _foreign_within(leaflet: Leaflet, table: str, extracted: Extracted[str]) -> tuple[int, str | None]:
    """Return the first line within an item that does not belong to it, and its kind; None if all lines belong."""
    first, lines = leaflet.line(extracted), _lines(leaflet, extracted)
    apart = len(lines) > 1 and len(lines[0]) < _LONGEST_APART and (table == "projects" or not lines[1][:1].islower())
    if apart and (what := foreign_line(lines[0], within=True)):
        return first, what
    for number, (before, line) in enumerate(pairwise(lines), start=first + 1):
        sentence = table == "achievements" and not before.endswith((".", "!", "?", "”"))
        what = foreign_line(line, within=True, sentence=sentence)
        if what == "a line of the head" and table == "projects" and _is_of_another_secretariat(line, leaflet):
            what = None
        if what:
            return number, what
    return first, None


def _is_of_another_secretariat(line: str, leaflet: Leaflet) -> bool:
    """Whether a line of a project's title names a regional secretariat otherwise than the title of the leaflet."""
    words = line.casefold()
    region = leaflet.region.value.casefold() if leaflet.region else ""
    return SECRETARIAT in words and words != SECRETARIAT and bool(region) and region not in words


_LONGEST_APART = 40
"""The first line of an item is checked separately if it has fewer characters."""


def _lines(leaflet: Leaflet, extracted: Extracted[str]) -> list[str]:
    return [clean(line) for line in re.split(r"\r\n|\n|\r", leaflet.document.quote(extracted.span))]


_MARKUP = re.compile(
    r"&(?:[a-z]{2,8}|#[0-9]{1,6});|</?(?:br|p|div|span|t[dhr]|table|img|[biua]|su[bp]|font|strong|em)\b[^<>]*>|\{[.#]\w+\}"
    r"|(?<![\w*_])(?:\*{1,3}|_{1,3})(?=\w)|(?<!\S)>(?= )",
    re.I,
)


def _residue(text: str) -> str | None:
    """Return the part of an item that is not text: markup, or a character of a symbol font or that was not decoded."""
    if found := _MARKUP.search(text):
        return repr(found[0])
    strange = (char for char in text if unicodedata.category(char) in ("Co", "Cn") or char == "\ufffd")
    return next((f"U+{ord(char):04X}" for char in strange), None)


_FULL_DATE = re.compile(
    r"\b[0-9]{1,2}(?: ?[-–] ?[0-9]{1,2})? (?:January|February|March|April|May|June|July|August|September|October|November"
    r"|December),? (?:19|20)[0-9]{2}\b"
)
_OPENS_WITH_DATE = re.compile(
    r"(?:On|In|From|Between|During|Throughout|Since) (?:[\w–-]+,? ){0,4}(?:19|20)[0-9]{2}\b|(?:On )?" + _FULL_DATE.pattern
)
_SENTENCE_END = re.compile(r"(?<=[.!?]) (?=[A-Z0-9])")
_IN_A_ROW = re.compile(r" [•▪●○■·∙/] |[;•▪●] ?\w")
_LONG = 80
_MEASURES = ("focal point", "national team", "action plan")


def _merged(leaflet: Leaflet, table: str, extracted: Extracted[str]) -> str | None:
    """Return why an item seems to be several: two dated sentences, two labels, two measures, or a whole list."""
    text = extracted.value
    if table == "achievements":
        return _two_achievements(leaflet, extracted)
    if table == "projects" and re.search(r"\bproject [0-9]", text, re.I):
        return "a title with the label of another project"
    if table == "figures":
        of = sum(measure in text.casefold() for measure in _MEASURES)
        several = of > 2 or (of > 1 and len(leaflet.methodology) == 1)
        return "several statements with counts in one item" if several and len(list(numbers(text))) > 1 else None
    if table == "priorities":
        row = _IN_A_ROW.search(_MARKUP.sub("", text)) or (len(leaflet.priorities) == 1 and len(text) > _LONG)
        return "several titles in a row" if row else None
    return None


def _two_achievements(leaflet: Leaflet, extracted: Extracted[str]) -> str | None:
    sentences = _SENTENCE_END.split(extracted.value)
    dates = [match[0] for sentence in sentences if (match := _FULL_DATE.search(sentence))]
    if len(set(dates)) > 1:
        return f"two sentences with a date each ({dates[0]} and {dates[1]})"
    for before, line in pairwise(_lines(leaflet, extracted)):
        if before.endswith((".", "!", "?", "”")) and _OPENS_WITH_DATE.match(line):
            return f"a line in it begins like another achievement ({shown(line[:40], 40)})"
    if len(leaflet.achievements) == 1 and sum(bool(_OPENS_WITH_DATE.match(sentence)) for sentence in sentences) > 1:
        return "the only achievement, and several of its sentences begin with a date"
    return None


def _joined_doubts(section: Section) -> Iterator[tuple[int, str]]:
    """Yield items in one block without blank lines or list marks between them."""
    if len(section.blocks) == 1 and section.blocks[0].in_a_row():
        return
    sole = len(section.blocks) == 1 and not any(line.opens_item for line in section.blocks[0].lines)
    for block in section.blocks:
        later = [line for line in block.lines[1:] if not line.opens_item]
        if section.name == "Methodology":
            later = [line for line in later if not line.plain.text[:1].islower()]
            joined = begins_with_count(block.lines[0].item.text) and [n for n in later if begins_with_count(n.plain.text)]
        elif section.name == "Recent Achievements":
            joined = [line for before, line in pairwise(block.lines) if before.plain.text.endswith(".")] if sole else []
        else:
            joined = later if sole and section.name == "Regional Priorities" else []
        if joined:
            yield joined[0].number, "may begin another item; blank lines or list marks separate items"


def _ignored(leaflet: Leaflet, layout: Layout) -> Iterator[Finding]:
    """Yield a finding for content in ignored lines, such as a list under the heading of another section."""
    rules = {number: rule for first, last, rule in leaflet.ignored for number in range(first, last + 1)}
    for block in (block for section in (layout.head, *layout.sections) for block in section.blocks):
        rule = rules.get(block.numbers[0])
        texts = [(block.plain.text, block.numbers[0]), *((line.item.text, line.number) for line in block.lines)]
        for text, number in texts if rule in _CHECKED else ():
            words = _MARK.sub("", text) if rule == "footnote" else text
            what = ignored_content(words, rule == "structure-section")
            if what:
                message = f"the rule {rule!r} ignores {what}: {ends(text)}"
                yield leaflet.finding("ignored-content", message, number)
                break


_MARK = re.compile(r"(?:[^\w(\[]|[0-9¹²³⁴]|[(\[][*0-9a-z]{1,3}[)\]])+")
_CHECKED = frozenset({"structure-section", "footnote", "picture", "page-furniture"})
