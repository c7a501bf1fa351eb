"""Find texts that look alike but differ, and name the code points that differ.

A person cannot see a no-break space, a combining accent, or whether a C is Latin or Cyrillic. Two texts look alike if their
skeletons are equal. A skeleton has compatible forms unified (Unicode NFKD, UAX #15), invisible characters removed, and
letters of other scripts that look like Latin letters replaced by these (after UTS #39), and digits by those of ASCII.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache

_DRAWN_LIKE = str.maketrans(
    "АВЕЅІЈКМНОРСТУХаеѕіјорсухԁһԛԝӀ" + "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧονιı" + "‐‑‒–—−" + "‘’ʼ′`´",
    "ABESIJKMHOPCTYXaesijopcyxdhqwI" + "ABEZHIKMNOPTYXovii" + "------" + "''''''",
)
_SAID_AT_MOST = 4


@lru_cache(1 << 14)
def skeleton(text: str) -> str:
    """Return the skeleton of a text; texts that look alike have the same skeleton.

    >>> skeleton("Сyprus") == skeleton("Cyprus"), skeleton("Central\\u00a0Asia") == skeleton("Central Asia")
    (True, True)
    """
    shown = (char for char in unicodedata.normalize("NFKD", text) if unicodedata.category(char) not in ("Cf", "Cc"))
    digits = (str(unicodedata.decimal(char)) if char.isdecimal() else char for char in shown)
    return " ".join("".join(digits).translate(_DRAWN_LIKE).split())


def unlike(text: str, others: Iterable[str]) -> str:
    """Describe the code points in which ``text`` differs from the one of ``others`` that looks like it, "" if none does.

    >>> unlike("Сyprus", ["Malta", "Cyprus"])
    "looks like 'Cyprus' and has U+0421 (CYRILLIC CAPITAL LETTER ES) for U+0043 (LATIN CAPITAL LETTER C)"
    """
    other = next((other for other in _by_skeleton(tuple(others)).get(skeleton(text), ()) if other != text), None)
    if other is None:
        return ""
    mine, theirs = _differing(text, other)
    return f"looks like {other!r} and has {_points(mine)} for {_points(theirs)}"


@lru_cache(maxsize=8)
def _by_skeleton(texts: tuple[str, ...]) -> dict[str, list[str]]:
    """Return texts by their skeletons, made once for the many messages of a rule."""
    found = defaultdict[str, list[str]](list)
    for text in texts:
        found[skeleton(text)].append(text)
    return found


def strange(text: str) -> str:
    """Name the confusable characters of a text, "" if it has none.

    These are other kinds of spaces, combining accents, letters of another script among Latin letters, and in a text without
    letters, characters that look like digits and signs of ASCII.

    >>> strange("12\\u00a0500"), strange("Реформа"), strange("\\u22125")
    ('U+00A0 (NO-BREAK SPACE)', '', 'U+2212 (MINUS SIGN)')
    """
    if text.isascii():
        return ""
    latin = any(char.isascii() and char.isalpha() for char in text)
    numeric = any(char.isnumeric() for char in text) and not any(char.isalpha() for char in text)
    odd = [
        char
        for char in dict.fromkeys(text)
        if not char.isascii()
        and (
            unicodedata.category(char) in ("Zs", "Mn", "Cf")
            or (latin and char.isalpha() and ord(char) in _DRAWN_LIKE)
            or (numeric and (char.isdecimal() or (ord(char) in _DRAWN_LIKE) or skeleton(char).isascii()))
        )
    ]
    return _points("".join(odd)) if odd else ""


def remark(text: str, others: Iterable[str] = ()) -> str:
    """Return the note on confusable characters for a message about ``text``; ``others`` are the expected texts.

    >>> remark("12\u00a0500"), remark("Malta", ["Cyprus"])
    ('; it has U+00A0 (NO-BREAK SPACE)', '')
    """
    note = unlike(text, others) or ((odd := strange(text)) and f"has {odd}")
    return f"; it {note}" if note else ""


def _differing(one: str, other: str) -> tuple[str, str]:
    """Return two texts without their common beginning and end."""
    first = common(one, other)
    one, other = one[first:], other[first:]
    last = common(one[::-1], other[::-1])
    return one[: len(one) - last], other[: len(other) - last]


def common(one: Sequence[object], other: Sequence[object]) -> int:
    """Return the length of the common beginning of two texts, or of bytes."""
    return next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def _points(text: str) -> str:
    named = [f"U+{ord(char):04X} ({unicodedata.name(char, 'no name')})" for char in text[:_SAID_AT_MOST]]
    return ", ".join(named) + (" and others" if len(text) > _SAID_AT_MOST else "") or "nothing"
