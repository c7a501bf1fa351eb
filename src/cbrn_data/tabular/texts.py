"""Text, and the formats that a text may have: email, URI, binary and UUID.

Email and UUID are judged by the library that frictionless judges by (validators), a URI by the grammar of RFC 3986, binary
by RFC 4648 section 4; frictionless reads the last two with every foreign character dropped or encoded. The patterns for
email and UUID accept the plain part of each format only, the library the rest.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from typing import Any

import pyarrow.compute as pc
import validators

from cbrn_data.tabular.keys import buffers, flat
from cbrn_data.tabular.kind import Column, Kernel, Kind, matches, where
from cbrn_data.tabular.schema import Field

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
"""RFC 3986, appendix A; an address of IPv6 in brackets is read apart."""


def string(field: Field) -> Kind:
    """Return the kind of any text."""
    return Kind(read=_itself, literal=_itself, free=True, sizes=_characters)


def anything(field: Field) -> Kind:
    """Return the kind of a field without a type: a cell is its text, and a constraint that is no text equals none."""
    return Kind(
        read=_itself, literal=lambda value: value, text=lambda value: value if isinstance(value, str) else "", free=True
    )


def email(field: Field) -> Kind:
    """Return the kind of an address for mail."""
    return _checked(lambda text: validators.email(text) is True, matches(_EMAIL))


def uri(field: Field) -> Kind:
    """Return the kind of a URI with a scheme (RFC 3986)."""
    return _checked(_is_uri, matches(_URI.pattern))


def uuid(field: Field) -> Kind:
    """Return the kind of a UUID, in any form that Python's reads."""
    return _checked(lambda text: validators.uuid(text) is True, matches(_UUID))


def binary(field: Field) -> Kind:
    """Return the kind of bytes in base64."""
    return _checked(lambda text: _BASE64.fullmatch(text) is not None, matches(_BASE64.pattern))


def _is_uri(text: str) -> bool:
    if _URI.fullmatch(text):
        return True
    found = _URI_OF_ADDRESS.fullmatch(text)
    try:
        return found is not None and ipaddress.IPv6Address(found[1]).version == 6
    except ValueError:
        return False


def _checked(is_valid: Callable[[str], bool], certain: Kernel) -> Kind:
    def read(text: Any) -> str | None:
        return text if isinstance(text, str) and is_valid(text) else None

    return Kind(
        read=read, literal=read, certain=certain, spelt=lambda column: where(certain(column), column), sizes=_characters
    )


def _characters(column: Column) -> Column:
    """Return how many characters each text has; where no byte of a column is beyond ASCII, that is how many bytes."""
    texts = flat(column)
    _, data = buffers(texts)
    is_ascii = not len(data) or data.max() < 0x80
    return pc.binary_length(texts) if is_ascii else pc.utf8_length(texts)


def _itself(value: Any) -> str | None:
    return value if isinstance(value, str) else None
