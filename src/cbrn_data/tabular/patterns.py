"""Regular expressions of strangers, brought to RE2, whose time is linear in the text whatever the pattern.

The standard asks for XML Schema's syntax (https://www.w3.org/TR/xmlschema-2/#regexs), people write Python's, and both mean
the whole text. RE2 reads nearly all of either; what it would read otherwise is spelt out here (``\\d``, ``\\w`` and ``\\s``
are Unicode's), and what it cannot read (look-around, back-references) or would silently misread (the subtraction of classes)
is refused: Python's own engine takes exponential time on patterns that look harmless.
"""

from __future__ import annotations

import re

import pyarrow as pa
import pyarrow.compute as pc

from cbrn_data.tabular.kind import Kernel, matches

_OUTSIDE = {"d": r"\p{Nd}", "D": r"\P{Nd}", "w": r"[\p{L}\p{N}_]", "W": r"[^\p{L}\p{N}_]"}
_SPACES = r"\t-\r\x1c-\x20\x{85}\p{Z}"
_OTHERS = (
    r"\x00-\x08\x0e-\x1b\x21-\x{84}\x{86}-\x{9f}\x{a1}-\x{167f}\x{1681}-\x{1fff}\x{200b}-\x{2027}\x{202a}-\x{202e}"
    r"\x{2030}-\x{205e}\x{2060}-\x{2fff}\x{3001}-\x{10ffff}"
)
"""Whatever is no space: RE2 has no complement within a class."""
_OUTSIDE |= {"s": f"[{_SPACES}]", "S": f"[^{_SPACES}]", "Z": r"\z"}
_INSIDE = {"d": r"\p{Nd}", "D": r"\P{Nd}", "w": r"\p{L}\p{N}_", "s": _SPACES, "S": _OTHERS}
_TOKEN = re.compile(r"\\u([0-9a-fA-F]{4})|\\(.)|(-\[)|(\[\^?\]?)|(\])|.", re.DOTALL)


def pattern_kernel(pattern: str) -> Kernel:
    """Return a kernel that is true where a text as a whole matches. Raises ValueError for what cannot be judged safely."""
    translated = _translated(pattern)
    try:
        pc.match_substring_regex(pa.array([""], pa.string()), translated)
    except pa.ArrowInvalid as error:
        said = str(error).removeprefix("Invalid regular expression: ")
        raise ValueError(f"the pattern {pattern!r} cannot be judged in linear time ({said})") from error
    return matches(translated)


def _translated(pattern: str) -> str:
    """Return a pattern in RE2's syntax, with the classes of characters that the standard and Python mean."""
    parts, inside = [], False
    for token in _TOKEN.finditer(pattern):
        code, escaped, subtraction, opening, closing = token.groups()
        if code:
            parts.append(rf"\x{{{code}}}")
        elif escaped:
            parts.append(_escape(escaped, inside, pattern))
        elif subtraction and inside:
            raise ValueError(f"the pattern {pattern!r} takes one class of characters out of another")
        elif opening and inside:
            parts.append("\\" + token[0])
        else:
            inside = bool(opening) or (inside and not closing)
            parts.append(token[0])
    return "".join(parts)


def _escape(char: str, inside: bool, pattern: str) -> str:
    if char == "C" or (inside and char == "W"):
        raise ValueError(f"the pattern {pattern!r} has \\{char} where it cannot be judged")
    return (_INSIDE if inside else _OUTSIDE).get(char, "\\" + char)
