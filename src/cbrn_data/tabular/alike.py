"""Spellings that look alike and are not the same: which characters differ, by their code points.

A person sees neither a no-break space, nor whether an accent is a character of its own, nor whether a C is Latin or
Cyrillic. Two texts look alike here when their skeletons are equal: compatible forms are one (Unicode NFKD, UAX #15),
invisible characters are gone, and letters of other scripts that are drawn like Latin ones are those (after UTS #39).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

_DRAWN_LIKE = str.maketrans(
    "АВЕЅІЈКМНОРСТУХаеѕіјорсухԁһԛԝӀ" + "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧονι" + "‐‑‒–—−" + "‘’ʼ′`´",
    "ABESIJKMHOPCTYXaesijopcyxdhqwI" + "ABEZHIKMNOPTYXovi" + "------" + "''''''",
)
_SAID_AT_MOST = 4


def skeleton(text: str) -> str:
    """Return what a text looks like: texts that look alike have one skeleton.

    >>> skeleton("Сyprus") == skeleton("Cyprus"), skeleton("Central\\u00a0Asia") == skeleton("Central Asia")
    (True, True)
    """
    shown = (char for char in unicodedata.normalize("NFKD", text) if unicodedata.category(char) not in ("Cf", "Cc"))
    return " ".join("".join(shown).translate(_DRAWN_LIKE).split())


def unlike(text: str, others: Iterable[str]) -> str:
    """Say in which code points ``text`` differs from the one of ``others`` that looks like it; "" where none does.

    >>> unlike("Сyprus", ["Malta", "Cyprus"])
    "looks like 'Cyprus' and has U+0421 (CYRILLIC CAPITAL LETTER ES) for U+0043 (LATIN CAPITAL LETTER C)"
    """
    looks = skeleton(text)
    other = next((other for other in others if other != text and skeleton(other) == looks), None)
    if other is None:
        return ""
    mine, theirs = _differing(text, other)
    return f"looks like {other!r} and has {_points(mine)} for {_points(theirs)}"


def strange(text: str) -> str:
    """Name the characters of a text that the eye takes for others; "" where there are none.

    These are spaces of another kind, accents that are characters of their own, and letters of another script beside
    Latin ones.

    >>> strange("12\\u00a0500"), strange("Реформа")
    ('U+00A0 (NO-BREAK SPACE)', '')
    """
    if text.isascii():
        return ""
    latin = any(char.isascii() and char.isalpha() for char in text)
    odd = [char for char in dict.fromkeys(text) if not char.isascii() and _is_strange(char, latin)]
    return _points("".join(odd)) if odd else ""


def remark(text: str, others: Iterable[str] = ()) -> str:
    """Return what to add to a message about ``text``: what of it the eye does not see; ``others`` are what was expected.

    >>> remark("12\u00a0500"), remark("Malta", ["Cyprus"])
    ('; it has U+00A0 (NO-BREAK SPACE)', '')
    """
    said = unlike(text, others) or ((odd := strange(text)) and f"has {odd}")
    return f"; it {said}" if said else ""


def _is_strange(char: str, latin: bool) -> bool:
    return unicodedata.category(char) in ("Zs", "Mn", "Cf") or (latin and char.isalpha() and ord(char) in _DRAWN_LIKE)


def _differing(one: str, other: str) -> tuple[str, str]:
    """Return the parts of two texts between what they begin and what they end with alike."""
    first = _common(one, other)
    one, other = one[first:], other[first:]
    last = _common(one[::-1], other[::-1])
    return one[: len(one) - last], other[: len(other) - last]


def _common(one: str, other: str) -> int:
    """Return with how many equal characters two texts begin."""
    return next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def _points(text: str) -> str:
    named = [f"U+{ord(char):04X} ({unicodedata.name(char, 'no name')})" for char in text[:_SAID_AT_MOST]]
    return ", ".join(named) + (" and others" if len(text) > _SAID_AT_MOST else "") or "nothing"
