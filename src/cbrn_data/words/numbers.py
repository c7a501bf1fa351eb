"""Numbers in digits and in words: ``1,000``, ``1 000``, ``1.000``, ``twelve``, ``one hundred and twenty``.

A decimal, a percentage, a part of a range (``40-50``), an upper bound (``up to 50``), a part of a compound (``5-day``) or
an ordinal (``14th``) is no count; nor is a scale that nothing counts (``several hundred``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from cbrn_data.words.text import clean, folded

_UNITS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
).split()
_VALUES = {word: value for value, word in enumerate(_UNITS)}
_VALUES |= {
    word: 10 * value for value, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), start=2)
}
_VALUES |= {"none": 0, "no": 0}
_SCALES = {"dozen": 12, "hundred": 100, "thousand": 1000, "million": 1_000_000}

_LARGEST = 10**9
_WORD = "|".join(sorted([*_VALUES, *_SCALES], key=len, reverse=True))
_NUMBER = re.compile(
    rf"(?<![\w.,/-])(?:"
    rf"(?P<decimal>[0-9]{{1,3}}[.,][0-9]{{1,2}} (?:thousand|million))"
    rf"|(?P<digits>[0-9]{{1,3}}(?P<mark>[,. ])[0-9]{{3}}(?:(?P=mark)[0-9]{{3}})?(?!(?P=mark)[0-9]{{3}})|[0-9]{{1,9}})"
    rf"(?: (?P<scale>{'|'.join(_SCALES)}))?"
    rf"|(?P<half>half )?(?P<words>(?:an? (?={'|'.join(_SCALES)}))?(?:{_WORD})(?:(?: and |[ -])(?:{_WORD}))*))"
    rf"(?P<plus>\+?)(?![\w%/]| (?:st|nd|rd|th)\b|[.,][0-9]|-\w|\+)",
    re.IGNORECASE,
)
_NO_COUNT_BEFORE = re.compile(
    r"(?:[0-9]-|[0-9] (?:to|or) |between [0-9a-z-]+ and |between |half (?:of )?(?:the |an? )?"
    r"|(?:up to|under|below|at most|as many as|(?:no|not) more than|maximum of|(?<!no )(?<!not )(?:less|fewer) than)"
    r"(?: a total of)? )$",
    re.IGNORECASE,
)
_NO_COUNT_AFTER = re.compile(rf"(?:-| to | or )(?:[0-9]|(?:{_WORD})\b)", re.IGNORECASE)


@dataclass(frozen=True)
class Number:
    """A count in a text: where it stands in ``text[start:end]``, and whether a ``+`` follows it."""

    value: int
    start: int
    end: int
    plus: bool


def numbers(text: str) -> Iterator[Number]:
    """Yield every count in ``text``, from left to right.

    >>> [number.value for number in numbers("1,000 experts, twenty-five trainers, 2.5 tonnes, 3-day, 14th")]
    [1000, 25]
    """
    flat = folded(text)
    for match in _NUMBER.finditer(flat):
        before = flat[max(0, match.start() - 40) : match.start()]
        if _NO_COUNT_BEFORE.search(before) or _NO_COUNT_AFTER.match(flat, match.end()):
            continue
        value = _words(match) if match["words"] else _digits(match)
        if value is not None:
            yield Number(value, match.start(), match.end(), bool(match["plus"]))


def _digits(match: re.Match[str]) -> int:
    if match["decimal"]:
        whole, part, scale = re.split(r"[., ]", match["decimal"].lower())
        return int(whole + part) * _SCALES[scale] // int("1" + "0" * len(part))
    value = int(re.sub(r"[^0-9]", "", match["digits"]))
    return value * _SCALES[match["scale"].lower()] if match["scale"] else value


def _words(match: re.Match[str]) -> int | None:
    """Add up number words; ``two three`` and a bare ``hundred`` are None, since nobody knows how many are meant."""
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


def read_number(quote: str) -> int | None:
    """Return the first count that the quote says, or None.

    >>> read_number("Six National Teams")
    6
    """
    return next((number.value for number in numbers(clean(quote))), None)
