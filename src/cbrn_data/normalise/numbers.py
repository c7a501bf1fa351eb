"""Numerals in digits and in words: ``1,000``, ``1 000``, ``1'000``, ``1.2k``, ``twelve``, ``two hundred and six``.

This module reads only the numeral; ``grammar`` decides what it counts, if anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from cbrn_data.normalise.text import folded

_UNITS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
).split()
_VALUES = {word: value for value, word in enumerate(_UNITS)}
_VALUES |= {
    word: 10 * value for value, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), start=2)
}
_VALUES |= {"none": 0, "no": 0}
_SCALES = {"dozen": 12, "hundred": 100, "thousand": 1000, "million": 1_000_000, "billion": 1_000_000_000}
_SHORT = {"k": 1000, "mln": 1_000_000, "mio": 1_000_000, "bn": 1_000_000_000}
_FACTORS = _SCALES | _SHORT
_LARGEST = 10**9

_SCALE = "|".join(_SCALES)
_WORD = "|".join(sorted([*_VALUES, *_SCALES], key=len, reverse=True))
_AND = r" and |-and-|[ -]"
_GROUPED = r"[0-9]{1,3}(?P<mark>[,. '])[0-9]{3}(?:(?P=mark)[0-9]{3})?(?![0-9]|(?P=mark)[0-9]{3})"
_DIGITS = r"[0-9]{1,12}(?:[,. '][0-9]{3}(?![0-9])){0,4}(?:[.,][0-9]{1,2}(?![0-9]))?"
NUMERAL = (
    rf"(?>{_DIGITS}(?: (?:{_SCALE})s?\b|(?:k|mln|mio|bn)\b)?"
    rf"|(?:half )?(?:an? (?={_SCALE}))?(?:{_WORD})(?:(?:{_AND})(?:{_WORD})){{0,9}}(?!\w|(?:{_AND})(?:{_WORD})\b))"
)
"""A numeral in digits or in words, to embed in patterns; its length is bounded and it does not backtrack."""
_NUMBER = re.compile(
    rf"(?<![\w.,'/-])(?:"
    rf"(?P<digits>{_GROUPED}|[0-9]{{1,9}})(?P<part>[.,][0-9]{{1,2}}(?![0-9]))?"
    rf"(?:(?: (?P<scale>{_SCALE})| ?(?P<short>k|mln|mio|bn))\b)?"
    rf"|(?P<half>half )?(?P<words>(?:an? (?={_SCALE}))?(?:{_WORD})(?:(?:{_AND})(?:{_WORD}))*))"
    rf"(?P<plus>\+|[- ]plus\b(?= [a-z]|$)|)(?![\w%+/]|[.,'][0-9]|-(?!odd\b)\w)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Number:
    """A numeral in ``text[start:end]``; ``value`` is None unless it is a whole number; ``plus`` if a ``+`` ends it."""

    value: int | None
    start: int
    end: int
    plus: bool


def numbers(text: str) -> Iterator[Number]:
    """Yield every separate numeral in ``text``, from left to right.

    Digits within a word, a fraction or a compound (``G7``, ``3/4``, ``5-day``) are not separate.

    >>> [number.value for number in numbers("1,000 experts, twenty-five trainers, 1.2k users, two three, 3-day")]
    [1000, 25, 1200, None]
    """
    for match in _NUMBER.finditer(folded(text)):
        value = _words(match) if match["words"] else _digits(match)
        yield Number(value, match.start(), match.end(), bool(match["plus"]))


def _digits(match: re.Match[str]) -> int | None:
    scale = match["scale"] or match["short"]
    factor = _FACTORS[scale.lower()] if scale else 1
    part = (match["part"] or "")[1:]
    value = int(re.sub(r"[^0-9]", "", match["digits"]) + part) * factor
    whole, rest = divmod(value, 10 ** len(part))
    return whole if rest == 0 and (factor > 1 or not part) else None


def _words(match: re.Match[str]) -> int | None:
    """Add up number words; ``two three`` and a bare ``hundred`` are None, because their value is not clear."""
    words = [word for word in re.split(r"[ -]", match["words"].lower()) if word != "and"]
    if words[0] in _SCALES or (match["half"] and words[0] not in {"a", "an"}):
        return None
    total = current = 0
    previous: str | None = None
    for word in words:
        if word in {"a", "an"}:
            current = 1
            continue
        if word in _SCALES:
            current = max(current, 1) * _SCALES[word]
            if _SCALES[word] >= 1000:
                total, current = total + current, 0
        elif previous is not None and previous not in _SCALES and not (_VALUES[previous] >= 20 and 0 < _VALUES[word] < 10):
            return None
        else:
            current += _VALUES[word]
        previous = word
        if total + current > _LARGEST:
            return None
    return (total + current) // (2 if match["half"] else 1)
