"""Text and its formats: email, URI, binary and UUID.

Email and UUID are validated with validators, the library of frictionless, a URI by the grammar of RFC 3986, binary by RFC
4648 section 4; frictionless drops or encodes invalid characters in the last two. The patterns for email and UUID accept only
the common part of each format, the library decides the rest.
"""

from __future__ import annotations

import ipaddress
import re
import string
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc
import validators

from cbrn_data.tabular.arrays import content, flat
from cbrn_data.tabular.doubt import NO_ROWS, Doubt, Look, Rows, either
from cbrn_data.tabular.kind import Column, Kernel, Kind, matches, where

_EMAIL = r"[a-z0-9]+(?:[._-][a-z0-9]+)?@[a-z0-9]{1,30}(?:\.[a-z0-9]{1,30})?\.(?:com|org|net|eu|int)"
_UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_BASE64 = re.compile("(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")

_CHAR = r"[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2}"
_HOST = r"(?:[A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*"
_USER = r"(?:(?:[A-Za-z0-9._~!$&'()*+,;=:-]|%[0-9A-Fa-f]{2})*@)?"
_REST = rf"(?:[?](?:{_CHAR}|[/?])*)?(?:#(?:{_CHAR}|[/?])*)?"
_AFTER_HOST = rf"(?::[0-9]*)?(?:/(?:{_CHAR})*)*{_REST}"
_URI = re.compile(
    rf"[A-Za-z][A-Za-z0-9+.-]*:(?://{_USER}{_HOST}{_AFTER_HOST}|(?:/?(?:{_CHAR})+(?:/(?:{_CHAR})*)*|/?){_REST})"
)
_URI_OF_ADDRESS = re.compile(rf"[A-Za-z][A-Za-z0-9+.-]*://{_USER}\[([0-9A-Fa-f:.]+)\]{_AFTER_HOST}")
"""RFC 3986, appendix A; a bracketed IPv6 address is read separately."""
_PLAIN = string.ascii_letters.encode() + b"0123456789._~!$&'()*+,;=-/?"
"""The characters that may be anywhere after ``https://``, in any order."""


def _is_uri(text: str) -> bool:
    if _URI.fullmatch(text):
        return True
    found = _URI_OF_ADDRESS.fullmatch(text)
    try:
        return found is not None and ipaddress.IPv6Address(found[1]).version == 6
    except ValueError:
        return False


def _uri_doubt(look: Look) -> Rows | None:
    """Return the rows other than ``http://`` or ``https://`` and plain characters."""
    begun = pc.starts_with(look.column, "https://")
    if len(others := look.rows_without(begun)):
        is_http = pc.starts_with(look.cells(others), "http://")
        others = others[~is_http.to_numpy(zero_copy_only=False)]
    # Each address has a colon; if all of them have as many as there are, none has two.
    colons = _colons(look.data) - (_colons(content(look.cells(others))) if len(others) else 0)
    crowded: Rows | None = NO_ROWS
    if colons != len(look.column) - len(look.nulls) - len(others):
        crowded = look.rows_without(pc.equal(pc.count_substring(look.column, ":"), 1))
    return either(others, crowded, look.rows_besides(_PLAIN + b":"))


def _colons(data: npt.NDArray[np.uint8]) -> int:
    return int(np.count_nonzero(data == ord(":")))


def _checked(is_valid: Callable[[str], bool], certain: Kernel, doubt: Doubt | None = None) -> Kind:
    def read(text: Any) -> str | None:
        return text if isinstance(text, str) and is_valid(text) else None

    return Kind(
        read=read,
        literal=read,
        certain=certain,
        doubt=doubt,
        spelt=lambda column: where(certain(column), column),
        sizes=characters,
    )


def characters(column: Column) -> Column:
    """Return the number of characters of each text; if a column is ASCII, that is the number of bytes."""
    texts = flat(column)
    data = content(texts)
    is_ascii = not len(data) or data.max() < 0x80
    return pc.binary_length(texts) if is_ascii else pc.utf8_length(texts)


def _itself(value: Any) -> str | None:
    return value if isinstance(value, str) else None


STRING = Kind(read=_itself, literal=_itself, free=True, sizes=characters)
ANYTHING = Kind(
    read=_itself, literal=lambda value: value, text=lambda value: value if isinstance(value, str) else "", free=True
)
"""The kind of a field without a type: a cell is its text, and never equals a constraint that is not text."""
EMAIL = _checked(lambda text: validators.email(text) is True, matches(_EMAIL))
URI = _checked(_is_uri, matches(_URI.pattern), _uri_doubt)
"""The kind of a URI with a scheme (RFC 3986)."""
UUID = _checked(lambda text: validators.uuid(text) is True, matches(_UUID))
"""The kind of a UUID, in any form that Python reads."""
BINARY = _checked(lambda text: _BASE64.fullmatch(text) is not None, matches(_BASE64.pattern))
