"""Join small and large characters with their words.

Raised note marks, large first letters, large numerals, and the marks and numbers of lists are drawn on other baselines, in
other sizes or with a gap, so they are separate segments at first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache

from cbrn_data.documents.page import NO_CHARACTER, Glyph
from cbrn_data.documents.segments import Segment
from cbrn_data.normalise.text import SIGNS

_MARK_GAP = 3.5
"""The gap between a list mark and its item, in em."""

_LARGE = 1.3
"""The least ratio of the size of a large numeral to that of its words."""

NUMERAL = re.compile(r"[0-9]{1,4}(?:[.,  ]?[0-9]{3})*[+%]?")

MARKS = f"{SIGNS}§"
"""List marks as in brackets of a regular expression."""
RAISED = dict(zip("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹", strict=True))
"""Raised digits, which are note marks."""

_NAMELESS = re.compile(f"[\ue000-\uf8ff{NO_CHARACTER}]")
SPACED = "·*»›>+–—-"
"""Signs that are list marks only before a space."""

LIST_MARK = re.compile(rf"[{MARKS}{NO_CHARACTER}{SPACED}]|[0-9]{{1,2}}[.)]|[a-z][.)]")
"""List marks as characters, including those of symbol fonts, and numbers or letters of lists."""


def with_marks(segments: Sequence[Segment]) -> list[Segment]:
    """Return the segments joined with such characters, from top to bottom and from left to right."""
    found = _with_numerals(_with_initials(list(_with_raised(list(segments)))))
    return sorted(map(_with_sign, _with_list_marks(found)), key=lambda segment: (segment.y, segment.rect.x0))


def _with_raised(segments: list[Segment]) -> Iterator[Segment]:
    """Join raised or lowered small characters (footnote marks, ``st`` of ``1st``) with the words that they touch."""
    found = sorted(segments, key=lambda segment: segment.rect.x0)
    small = {id(one): host for one in found if (host := _host(one, found))}
    for segment in found:
        if id(segment) in small:
            continue
        glyphs, starts = segment.glyphs, segment.starts
        for one in found:
            if small.get(id(one)) is segment:
                # A raised digit becomes a superscript character: it is a note mark, not a part of a number or word.
                raised = (replace(glyph, text=RAISED.get(glyph.text, glyph.text)) for glyph in one.glyphs)
                merged = sorted((*glyphs, *raised), key=lambda glyph: (glyph.x0, glyph.order))
                heads = {id(glyphs[place]) for place in starts}
                glyphs, starts = tuple(merged), frozenset(i for i, glyph in enumerate(merged) if id(glyph) in heads)
        yield Segment(glyphs, starts, segment.drawn)


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
    """Join a large first letter with the first word of the highest line next to it."""
    found = list(segments)
    for initial in (one for one in segments if len(one.text) == 1 and one.text.isupper()):
        rect = initial.rect
        alongside = [
            one
            for one in found
            if initial.size > 1.6 * one.size
            and -0.1 * one.size < one.rect.x0 - rect.x1 < 1.2 * one.size
            and rect.y0 - 0.3 * one.size < one.rect.y1
            and one.y <= rect.y1
        ]
        first = min(alongside, key=lambda one: one.y, default=None)
        if first is not None:
            merged = _before(initial.glyphs, first, apart=_is_word(initial.text, first.text.split()[0]))
            found = [one for one in found if one is not initial and one is not first] + [merged]
    return found


def _before(glyphs: tuple[Glyph, ...], words: Segment, apart: bool = True) -> Segment:
    """Return words with characters before them, with a space between if they are ``apart``."""
    starts = {len(glyphs)} if apart else set[int]()
    starts |= {start + len(glyphs) for start in words.starts}
    return Segment((*glyphs, *words.glyphs), frozenset(starts), words.drawn)


def _is_word(initial: str, rest: str) -> bool:
    """Return whether an ``A`` or ``I`` is a separate word before ``rest``."""
    word = re.match(r"\w*", rest)
    whole = word[0] if word else ""
    return initial in "AI" and not is_english(initial + whole) and is_english(whole)


def _with_numerals(segments: list[Segment]) -> list[Segment]:
    """Join a large numeral with the words on its right, if none are under it."""
    found = list(segments)
    for numeral in (one for one in segments if NUMERAL.fullmatch(one.text)):
        follower = _counted(numeral, [one for one in found if one is not numeral])
        if follower is not None:
            found = [one for one in found if one is not numeral and one is not follower]
            found.append(_before(numeral.glyphs, follower))
    return found


def _counted(numeral: Segment, segments: Sequence[Segment]) -> Segment | None:
    """Return the words next to a numeral, unless words under it are nearer in the drawing order of the file."""
    rect, last = numeral.rect, numeral.glyphs[-1].order
    small = [one for one in segments if numeral.size >= _LARGE * one.size]
    under = [
        one
        for one in small
        if one.rect.x0 < rect.x1 and rect.x0 < one.rect.x1 and 0 < one.y - numeral.y < 0.6 * numeral.size + one.size
    ]
    alongside = [
        one
        for one in small
        if 0 <= one.rect.x0 - rect.x1 < 1.2 * numeral.size and rect.y0 - 0.3 * one.size < one.y <= rect.y1 + 0.3 * one.size
    ]
    if under and not any(0 < one.order - last <= 2 for one in alongside):
        return None
    nearest = min((one.rect.x0 for one in alongside), default=0.0)
    return min((one for one in alongside if one.rect.x0 < nearest + numeral.size), key=lambda one: one.y, default=None)


def _with_list_marks(segments: list[Segment]) -> Iterator[Segment]:
    """Join a list mark or number with the words on its right."""
    taken: set[int] = set()
    for segment in segments:
        follower = _marked(segment, segments) if LIST_MARK.fullmatch(segment.text) else None
        if follower and id(follower) not in taken:
            taken |= {id(segment), id(follower)}
            yield _before(segment.glyphs, follower)
    yield from (segment for segment in segments if id(segment) not in taken)


def _with_sign(segment: Segment) -> Segment:
    """Replace a first character that its font does not name, and that a space follows: it is a list mark."""
    first = segment.glyphs[0]
    if 1 not in segment.starts or not _NAMELESS.fullmatch(first.text):
        return segment
    return replace(segment, glyphs=(replace(first, text="•"), *segment.glyphs[1:]))


def _marked(mark: Segment, segments: Sequence[Segment]) -> Segment | None:
    level = (
        one
        for one in segments
        if -0.3 * one.size < one.y - mark.y < (0.3 if one.size < 1.2 * mark.size else 0.5) * one.size
        and one.rect.x0 >= mark.rect.x1 - 0.5
    )
    nearest = min((one for one in level if one is not mark), key=lambda one: one.rect.x0, default=None)
    near = nearest is not None and nearest.rect.x0 - mark.rect.x1 < _MARK_GAP * max(nearest.size, mark.size)
    return nearest if near else None


@cache
def _words() -> Mapping[str, int]:
    from spellchecker import SpellChecker

    found = SpellChecker(language="en").word_frequency
    return {word: found[word] for word in found.words() if len(word) > 2}


def is_english(word: str) -> bool:
    """Return whether a word of three letters or more is in the list of pyspellchecker, in any letter case.

    Its words are those of subtitles and of Wikipedia, by frequency.

    >>> is_english("Laboratories"), is_english("tories-labora")
    (True, False)
    """
    return frequency(word) > 0


def frequency(word: str) -> int:
    """Return how often a word occurs in the texts of that list, 0 for words that are not in it."""
    return _words().get(word.lower(), 0)
