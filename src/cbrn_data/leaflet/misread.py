"""Signs that the reading of a leaflet failed though every line was read: they block.

Something stands among the items of a list that is none, items are joined, lines that say something are ignored, or what
is left is no text. A rule belongs here only when a whole leaflet never shows its sign.
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
from cbrn_data.leaflet.layout import Layout, Section
from cbrn_data.leaflet.statements import Leaflet, Said
from cbrn_data.words.numbers import numbers
from cbrn_data.words.text import clean


def misread(leaflet: Leaflet, layout: Layout) -> Iterator[Finding]:
    """Yield a finding for every item that is none or several, and for ignored lines that say something."""
    place = leaflet.document.place
    for table, said in items(leaflet):
        yield from _foreign(leaflet, table, said)
        yield from _residue(leaflet, table, said)
    for section in layout.sections:
        for line, reason in _joined_doubts(section):
            yield Finding("items-merged", reason, place, line)
    yield from _merged(leaflet)
    yield from _ignored(leaflet, layout)
    yield from _broken_words(leaflet)


def _foreign(leaflet: Leaflet, table: str, said: Said[str]) -> Iterator[Finding]:
    """Say what stands as an item, or on a line of one, and is none."""
    document = leaflet.document
    what = None
    if table in _LISTS:
        what = foreign_line(said.value)
    if what is None and table in ("projects", "priorities"):
        what = foreign_title(said.value, table == "projects")
    elif what is None and table in _JUDGED:
        what = _JUDGED[table](said.value)
    number = document.line(said.span.start)
    if what is None:
        number, what = _foreign_within(leaflet, table, said)
    if what:
        message = f"{what}, not an item of the list: {ends(said.value)}"
        yield Finding("item-foreign", message, document.place, number, table=table)


_JUDGED = {"achievements": foreign_achievement, "figures": foreign_statement}
_LISTS = frozenset({"projects", "priorities", "figures", "achievements"})


def _foreign_within(leaflet: Leaflet, table: str, said: Said[str]) -> tuple[int, str | None]:
    """Return the line of an item that belongs to none, and what it is."""
    document = leaflet.document
    first = document.line(said.span.start)
    lines = _lines(leaflet, said)
    apart = len(lines) > 1 and len(lines[0]) < _LONGEST_APART and (table == "projects" or not lines[1][:1].islower())
    if apart and (what := foreign_line(lines[0], within=True)):
        return first, what
    for number, (before, line) in enumerate(pairwise(lines), start=first + 1):
        sentence = table == "achievements" and not before.endswith((".", "!", "?", "”"))
        if what := foreign_line(line, within=True, sentence=sentence):
            return number, what
    return first, None


_LONGEST_APART = 40
"""How long the first line of an item may be to be judged by itself, in characters."""


def _lines(leaflet: Leaflet, said: Said[str]) -> list[str]:
    return [clean(line) for line in re.split(r"\r\n|\n|\r", leaflet.document.quote(said.span))]


_MARKUP = re.compile(
    r"&(?:[a-z]{2,8}|#[0-9]{1,6});|</?(?:br|p|div|span|t[dhr]|table|img|[biua]|su[bp]|font|strong|em)\b[^<>]*>|\{[.#]\w+\}",
    re.I,
)


def _residue(leaflet: Leaflet, table: str, said: Said[str]) -> Iterator[Finding]:
    """Find marks and characters in an item that are no text: of HTML, of a symbol font, or of what could not be decoded."""
    found = _MARKUP.search(said.value)
    strange = next((char for char in said.value if unicodedata.category(char) in ("Co", "Cn") or char == "\ufffd"), None)
    if found or strange:
        what = repr(found[0]) if found else f"U+{ord(strange or ''):04X}"
        line = leaflet.document.line(said.span.start)
        yield Finding("text-residue", f"{what} is no text: {ends(said.value)}", leaflet.document.place, line, table=table)


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


def _merged(leaflet: Leaflet) -> Iterator[Finding]:
    """Find items that hold several: two sentences with a date each, two labels, two measures, or all of a list."""
    place = leaflet.document.place
    for table, said in items(leaflet):
        reason = None
        if table == "achievements":
            reason = _two_achievements(leaflet, said)
        elif table == "projects" and re.search(r"\bproject [0-9]", said.value, re.I):
            reason = "a title with the label of another project"
        elif table == "figures":
            counts = len(list(numbers(said.value)))
            of = sum(measure in said.value.casefold() for measure in _MEASURES)
            alone = len(leaflet.methodology) == 1
            reason = "several statements that count in one" if counts > 1 and of > 1 and (alone or of > 2) else None
        elif table == "priorities":
            row = _IN_A_ROW.search(_MARKUP.sub("", said.value)) or (len(leaflet.priorities) == 1 and len(said.value) > _LONG)
            reason = "several titles in a row" if row else None
        if reason:
            line = leaflet.document.line(said.span.start)
            yield Finding("items-merged", f"{reason}: {ends(said.value)}", place, line, table=table)


def _two_achievements(leaflet: Leaflet, said: Said[str]) -> str | None:
    sentences = _SENTENCE_END.split(said.value)
    dates = [match[0] for sentence in sentences if (match := _FULL_DATE.search(sentence))]
    if len(set(dates)) > 1:
        return f"two sentences with a date each ({dates[0]} and {dates[1]})"
    for before, line in pairwise(_lines(leaflet, said)):
        if before.endswith((".", "!", "?", "”")) and _OPENS_WITH_DATE.match(line):
            return f"a line within begins like another achievement ({shown(line[:40], 40)})"
    if len(leaflet.achievements) == 1 and sum(bool(_OPENS_WITH_DATE.match(sentence)) for sentence in sentences) > 1:
        return "the only achievement, and several of its sentences begin with a date"
    return None


def _joined_doubts(section: Section) -> Iterator[tuple[int, str]]:
    """Find items that stand in one block without blank lines or list marks between them."""
    sole = len(section.blocks) == 1 and not any(line.opens_item for line in section.blocks[0].lines)
    for block in section.blocks:
        later = [line for line in block.lines[1:] if not line.opens_item]
        if section.name == "Methodology":
            joined = begins_with_count(block.lines[0].item.text) and [n for n in later if begins_with_count(n.plain.text)]
        elif section.name == "Recent Achievements":
            joined = [line for before, line in pairwise(block.lines) if before.plain.text.endswith(".")] if sole else []
        else:
            joined = later if sole and section.name == "Regional Priorities" else []
        if joined:
            yield joined[0].number, "may begin another item; blank lines or list marks keep items apart"


def _ignored(leaflet: Leaflet, layout: Layout) -> Iterator[Finding]:
    """Find content in lines that a rule ignores: a list that slipped under the heading of another section."""
    rules = {n: ignored.rule for ignored in leaflet.ignored for n in range(ignored.first, ignored.last + 1)}
    for block in (block for section in (layout.head, *layout.sections) for block in section.blocks):
        rule = rules.get(block.numbers[0])
        texts = [(block.plain.text, block.numbers[0]), *((line.item.text, line.number) for line in block.lines)]
        for text, number in texts if rule in _CHECKED else ():
            words = _MARK.sub("", text) if rule == "footnote" else text
            what = ignored_content(words, rule == "structure-section")
            if what:
                message = f"the rule {rule!r} ignores {what}: {ends(text)}"
                yield Finding("ignored-content", message, leaflet.document.place, number)
                break


_MARK = re.compile(r"(?:[^\w(\[]|[0-9¹²³⁴]|[(\[][*0-9a-z]{1,3}[)\]])+")
_CHECKED = frozenset({"structure-section", "footnote", "picture", "page-furniture"})


def _broken_words(leaflet: Leaflet) -> Iterator[Finding]:
    for broken in leaflet.document.broken:
        if broken.joins is None:
            message = f"{shown(broken.word, 60)!r} goes on in the next line; nothing tells whether the hyphen is the word's"
            yield Finding("word-broken", message, leaflet.document.place, leaflet.document.line(broken.start))
