"""Small and large characters beside words, put to the words that they belong to.

Raised marks of notes, large first letters, large numerals, and the marks and numbers of lists are drawn on other
baselines, in other sizes or with a gap, so that they are segments of their own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from cbrn_data.documents.english import is_english
from cbrn_data.documents.page import NO_CHARACTER, Glyph
from cbrn_data.documents.segments import Segment

_MARK_GAP = 3.5
"""In em: between the mark of a list and its item."""

_LARGE = 1.3
NUMERAL = re.compile(r"[0-9]{1,4}(?:[.,  ]?[0-9]{3})*[+%]?")
"""How much larger a numeral is than the words that it belongs to."""

MARKS = "•‣▪●○◦■□➢➤✓✔►▶◆❖§\uf0b7\uf0a7\uf0d8\uf0fc"
RAISED = dict(zip("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹", strict=True))
"""Raised digits, which are marks of notes."""

_NAMELESS = "\uf0b7\uf0a7\uf0d8\uf0fc" + NO_CHARACTER
LIST_MARK = re.compile(rf"[{MARKS}{NO_CHARACTER}·*–—-]|[0-9]{{1,2}}[.)]|[a-z][.)]")
"""The mark of a list as characters, those of symbol fonts too, and the number or letter of one."""


def with_marks(segments: Sequence[Segment]) -> list[Segment]:
    """Return the segments with such characters put to them, from top to bottom and from left to right."""
    found = _with_numerals(_with_initials(list(_with_raised(list(segments)))))
    return sorted(_with_list_marks(found), key=lambda segment: (segment.y, segment.rect.x0))


def _with_raised(segments: list[Segment]) -> Iterator[Segment]:
    """Put raised or lowered small characters (marks of footnotes, ``st`` of ``1st``) to the words that they touch."""
    found = sorted(segments, key=lambda segment: segment.rect.x0)
    small = {id(one): host for one in found if (host := _host(one, found))}
    for segment in found:
        if id(segment) in small:
            continue
        glyphs, starts = segment.glyphs, segment.starts
        for one in found:
            if small.get(id(one)) is segment:
                merged = sorted((*glyphs, *map(_raised, one.glyphs)), key=lambda glyph: (glyph.x0, glyph.order))
                heads = {id(glyphs[place]) for place in starts}
                glyphs, starts = tuple(merged), frozenset(i for i, glyph in enumerate(merged) if id(glyph) in heads)
        yield Segment(glyphs, starts, segment.drawn)


def _raised(glyph: Glyph) -> Glyph:
    """Make a raised digit the character of one: it is the mark of a note, and no part of a number or word."""
    return replace(glyph, text=RAISED.get(glyph.text, glyph.text))


def _host(one: Segment, segments: Sequence[Segment]) -> Segment | None:
    if len(one.glyphs) > 3:
        return None
    for other in segments:
        near = -0.1 * other.size < one.rect.x0 - other.rect.x1 < 0.3 * other.size
        near = near or (one.text in RAISED and -0.1 * other.size < other.rect.x0 - one.rect.x1 < 0.5 * other.size)
        level = other.y - 0.75 * other.size < one.y < other.y + 0.3 * other.size and abs(one.y - other.y) > 0.1 * one.size
        if one is not other and one.size < 0.9 * other.size and near and level:
            return other
    return None


def _with_initials(segments: list[Segment]) -> list[Segment]:
    """Put a large first letter to the line that begins beside it, highest, as part of its first word."""
    found = list(segments)
    for initial in (one for one in segments if len(one.text) == 1 and one.text.isupper()):
        rect = initial.rect
        beside = [
            one
            for one in found
            if initial.size > 1.6 * one.size
            and -0.1 * one.size < one.rect.x0 - rect.x1 < 1.2 * one.size
            and rect.y0 - 0.3 * one.size < one.rect.y1
            and one.y <= rect.y1
        ]
        first = min(beside, key=lambda one: one.y, default=None)
        if first is not None:
            starts = {1} if _is_word(initial.text, first.text.split()[0]) else set[int]()
            starts |= {start + 1 for start in first.starts}
            merged = Segment((*initial.glyphs, *first.glyphs), frozenset(starts), first.drawn)
            found = [one for one in found if one is not initial and one is not first] + [merged]
    return found


def _is_word(initial: str, rest: str) -> bool:
    """Whether an ``A`` or ``I`` is a word of its own before ``rest``."""
    word = re.match(r"\w*", rest)
    whole = word[0] if word else ""
    return initial in "AI" and not is_english(initial + whole) and is_english(whole)


def _with_numerals(segments: list[Segment]) -> list[Segment]:
    """Put a large numeral to the words on its right, where none stand under it."""
    found = list(segments)
    for numeral in (one for one in segments if NUMERAL.fullmatch(one.text)):
        follower = _counted(numeral, [one for one in found if one is not numeral])
        if follower is not None:
            merged = Segment(
                (*numeral.glyphs, *follower.glyphs),
                frozenset({len(numeral.glyphs), *(start + len(numeral.glyphs) for start in follower.starts)}),
                follower.drawn,
            )
            found = [one for one in found if one is not numeral and one is not follower] + [merged]
    return found


def _counted(numeral: Segment, segments: Sequence[Segment]) -> Segment | None:
    """Return the words beside a numeral, unless words under it are nearer in the order in which the file draws."""
    rect, last = numeral.rect, numeral.glyphs[-1].order
    small = [one for one in segments if numeral.size >= _LARGE * one.size]
    under = [
        one
        for one in small
        if one.rect.x0 < rect.x1 and rect.x0 < one.rect.x1 and 0 < one.y - numeral.y < 0.6 * numeral.size + one.size
    ]
    beside = [
        one
        for one in small
        if 0 <= one.rect.x0 - rect.x1 < 1.2 * numeral.size and rect.y0 - 0.3 * one.size < one.y <= rect.y1 + 0.3 * one.size
    ]
    if under and not any(0 < one.order - last <= 2 for one in beside):
        return None
    nearest = min((one.rect.x0 for one in beside), default=0.0)
    return min((one for one in beside if one.rect.x0 < nearest + numeral.size), key=lambda one: one.y, default=None)


def _with_list_marks(segments: list[Segment]) -> Iterator[Segment]:
    """Put the mark of a list, or its number, to the words on its right."""
    taken: set[int] = set()
    for segment in segments:
        follower = _marked(segment, segments) if LIST_MARK.fullmatch(segment.text) else None
        if follower and id(follower) not in taken:
            taken |= {id(segment), id(follower)}
            shift = len(segment.glyphs)
            glyphs = tuple(replace(glyph, text="•") if glyph.text in _NAMELESS else glyph for glyph in segment.glyphs)
            yield Segment(
                (*glyphs, *follower.glyphs),
                frozenset({shift, *(start + shift for start in follower.starts)}),
                follower.drawn,
            )
    yield from (segment for segment in segments if id(segment) not in taken)


def _marked(mark: Segment, segments: Sequence[Segment]) -> Segment | None:
    level = (one for one in segments if abs(one.y - mark.y) < 0.3 * one.size and one.rect.x0 >= mark.rect.x1 - 0.5)
    nearest = min((one for one in level if one is not mark), key=lambda one: one.rect.x0, default=None)
    near = nearest is not None and nearest.rect.x0 - mark.rect.x1 < _MARK_GAP * max(nearest.size, mark.size)
    return nearest if near else None
