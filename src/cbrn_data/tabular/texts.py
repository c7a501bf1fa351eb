"""Text, and the formats that a text may have: email, URI, binary and UUID.

The exact readers of email, URI and UUID are the libraries that frictionless judges by (validators, rfc3986); binary is
base64 as RFC 4648 section 4 defines it, where frictionless drops every foreign character before it reads. The patterns
beside them accept the plain part of each format only.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import Any

import pyarrow.compute as pc
import rfc3986
import rfc3986.exceptions
import rfc3986.validators
import validators

from cbrn_data.tabular.kind import Kernel, Kind, matches
from cbrn_data.tabular.schema import Field

_URI = r"[A-Za-z][A-Za-z0-9+.-]*://[A-Za-z0-9]+(?:[.-][A-Za-z0-9]+)*(?:/[A-Za-z0-9._~/-]*)?(?:[?][A-Za-z0-9._~=&-]*)?(?:#[A-Za-z0-9._-]*)?"
_EMAIL = r"[a-z0-9]+(?:[._-][a-z0-9]+)?@[a-z0-9]{1,30}(?:\.[a-z0-9]{1,30})?\.(?:com|org|net|eu|int)"
_UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_BASE64 = "(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?"


def string(field: Field) -> Kind:
    """Return the kind of any text."""
    return Kind(read=_itself, literal=_itself, free=True, sizes=pc.utf8_length)


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
    validator = rfc3986.validators.Validator().require_presence_of("scheme")

    def is_uri(text: str) -> bool:
        try:
            validator.validate(rfc3986.uri_reference(text))
        except (rfc3986.exceptions.RFC3986Exception, ValueError):
            return False
        return True

    return _checked(is_uri, matches(_URI))


def uuid(field: Field) -> Kind:
    """Return the kind of a UUID, in any form that Python's reads."""
    return _checked(lambda text: validators.uuid(text) is True, matches(_UUID))


def binary(field: Field) -> Kind:
    """Return the kind of bytes in base64."""
    return _checked(_is_base64, matches(_BASE64))


def _is_base64(text: str) -> bool:
    try:
        base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


def _checked(is_valid: Callable[[str], bool], certain: Kernel) -> Kind:
    def read(text: Any) -> str | None:
        return text if isinstance(text, str) and is_valid(text) else None

    return Kind(read=read, literal=read, certain=certain, spelt=None, sizes=pc.utf8_length)


def _itself(value: Any) -> str | None:
    return value if isinstance(value, str) else None
