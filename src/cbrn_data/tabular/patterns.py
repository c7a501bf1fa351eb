"""Untrusted regular expressions, translated to RE2, whose time is linear in the text for every pattern.

The standard requires XML Schema's syntax (https://www.w3.org/TR/xmlschema-2/#regexs), people write Python's; both match the
whole text. RE2 reads nearly all of either. Classes with another meaning in RE2 are expanded here (``\\d``, ``\\w`` and
``\\s`` are Unicode's). Patterns that RE2 cannot read (look-around, back-references) or would silently misread (class
subtraction) are refused: Python's own engine takes exponential time on patterns that look harmless.

Most patterns of keys are a few classes of ASCII characters, each repeated a fixed number of times (``r-[0-9]{9}``), or one
class repeated, perhaps after a narrower first one (``[a-z][a-z-]*``): whole columns of these are judged by their bytes.
"""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cbrn_data.tabular.doubt import Doubt, Look, Rows, either, every_row, extremes
from cbrn_data.tabular.kind import Kernel, matches

_OUTSIDE = {"d": r"\p{Nd}", "D": r"\P{Nd}", "w": r"[\p{L}\p{N}_]", "W": r"[^\p{L}\p{N}_]"}
_SPACES = r"\t-\r\x1c-\x20\x{85}\p{Z}"
_OTHERS = (
    r"\x00-\x08\x0e-\x1b\x21-\x{84}\x{86}-\x{9f}\x{a1}-\x{167f}\x{1681}-\x{1fff}\x{200b}-\x{2027}\x{202a}-\x{202e}"
    r"\x{2030}-\x{205e}\x{2060}-\x{2fff}\x{3001}-\x{10ffff}"
)
"""All characters that are not a space: RE2 has no complement within a class."""
_OUTSIDE |= {"s": f"[{_SPACES}]", "S": f"[^{_SPACES}]", "Z": r"\z"}
_INSIDE = {"d": r"\p{Nd}", "D": r"\P{Nd}", "w": r"\p{L}\p{N}_", "s": _SPACES, "S": _OTHERS}
_TOKEN = re.compile(r"\\u([0-9a-fA-F]{4})|\\(.)|(-\[)|(\[\^?\]?)|(\])|.", re.DOTALL)

_SIMPLE = re.compile(
    r"(?:\[([\w .:/-]+)\]|([\w :/@,;-])|\\([.\-/])|(\\d))(?:\{(\d{1,3})(,(\d{1,3})?)?\}|([+*?]))?", re.ASCII
)
"""A class, a character, an escaped one or a digit, with its quantifier."""


def pattern_kernel(pattern: str) -> Kernel:
    """Return a kernel that is true if the whole text matches. Raises ValueError for a pattern that is not safe to use."""
    translated = _translated(pattern)
    try:
        pc.match_substring_regex(pa.array([""], pa.string()), translated)
    except pa.ArrowInvalid as error:
        reason = str(error).removeprefix("Invalid regular expression: ")
        raise ValueError(f"the pattern {pattern!r} cannot be evaluated in linear time ({reason})") from error
    return matches(translated)


def _translated(pattern: str) -> str:
    """Return a pattern in RE2's syntax, with the character classes of the standard and of Python."""
    parts, inside = [], False
    for token in _TOKEN.finditer(pattern):
        code, escaped, subtraction, opening, closing = token.groups()
        if code:
            parts.append(rf"\x{{{code}}}")
        elif escaped:
            parts.append(_escape(escaped, inside, pattern))
        elif subtraction and inside:
            raise ValueError(f"the pattern {pattern!r} uses class subtraction, which is not supported")
        elif opening and inside:
            parts.append("\\" + token[0])
        else:
            inside = bool(opening) or (inside and not closing)
            parts.append(token[0])
    return "".join(parts)


def _escape(char: str, inside: bool, pattern: str) -> str:
    if char == "C" or (inside and char == "W"):
        raise ValueError(f"the pattern {pattern!r} has \\{char}, which is not supported there")
    return (_INSIDE if inside else _OUTSIDE).get(char, "\\" + char)


def pattern_doubt(pattern: str) -> Doubt:
    """Return which rows may not match a pattern: every row unless the pattern is simple."""
    parts, rest = [], pattern.removeprefix("^").removesuffix("$")
    while rest:
        found = _SIMPLE.match(rest)
        chars = _members(found) if found else None
        if found is None or chars is None:
            return every_row
        least, more, most, sign = found.groups()[4:]
        low = int(least) if least else int(sign not in ("*", "?"))
        high = None if sign in ("*", "+") or (more and not most) else int(most or least or 1)
        parts.append((chars, low, high))
        rest = rest[found.end() :]
    if len(parts) == 1:
        return _repeated(*parts[0])
    if len(parts) == 2 and parts[0][1:] == (1, 1) and set(parts[0][0]) <= set(parts[1][0]):
        return _after(parts[0][0], *parts[1])
    if parts and all(low == high for _, low, high in parts):
        return _side_by_side([chars for chars, low, _ in parts for _ in range(low)])
    return every_row


def _members(part: re.Match[str]) -> bytes | None:
    """Return the characters of a part; None if they are not clear."""
    within, char, escaped, digit = part.groups()[:4]
    if not within:
        return b"0123456789" if digit else (char or escaped).encode()
    found, rest = "", within
    while rest:
        span = re.match("([a-z])-([a-z])|([A-Z])-([A-Z])|([0-9])-([0-9])", rest)
        if span:
            first, last = filter(None, span.groups())
            found += "".join(map(chr, range(ord(first), ord(last) + 1)))
        elif rest[0] == "-" and len(rest) < len(within) and len(rest) > 1:
            return None
        else:
            found += rest[0]
        rest = rest[span.end() if span else 1 :]
    return found.encode() or None


def _repeated(chars: bytes, low: int, high: int | None) -> Doubt:
    def doubt(look: Look) -> Rows | None:
        misfit = look.lengths < low
        if high is not None:
            misfit |= look.lengths > high
        return either(look.rows(misfit), look.rows_besides(chars))

    return doubt


def _after(first: bytes, chars: bytes, low: int, high: int | None) -> Doubt:
    others, allowed = _repeated(chars, low + 1, None if high is None else high + 1), np.zeros(256, dtype=bool)
    allowed[list(first)] = True
    return lambda look: either(others(look), look.rows(~allowed[look.first]))


def _side_by_side(classes: list[bytes]) -> Doubt:
    width = len(classes)
    allowed = np.zeros((width, 256), dtype=bool)
    for place, chars in enumerate(classes):
        allowed[place, list(chars)] = True

    def doubt(look: Look) -> Rows | None:
        rows, cells = look.of_length(width)
        lowest, highest = extremes(cells)
        spread = zip(allowed, lowest, highest, strict=True)
        odd = [place for place, (good, low, high) in enumerate(spread) if not good[low : int(high) + 1].all()]
        strange = np.zeros(len(rows), dtype=bool)
        for place in odd:
            strange |= ~allowed[place][cells[:, place]]
        return either(look.rows(look.lengths != width), rows[strange])

    return doubt if width else every_row
