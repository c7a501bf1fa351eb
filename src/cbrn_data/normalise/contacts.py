"""E-mail addresses and telephone numbers in a text."""

from __future__ import annotations

import re

LEFT_OUT = "[left out]"
"""The text that replaces a contact that is left out."""

_DIGITS = r"[0-9(](?:[ ()./-]{0,2}[0-9]){6,14}(?![\w-])"
_LABELS = ("tel", "tel.", "tel:", "phone", "phone:", "fax", "fax:", "mobile", "mobile:")
_CONTACT = re.compile(
    r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}"
    rf"|(?<![\w/+])(?:\+ ?|00(?=[1-9])){_DIGITS}"
    rf"|(?:{'|'.join(f'(?<={re.escape(label)})' for label in _LABELS)}) ?{_DIGITS}",
    re.I,
)


def contacts_in(text: str) -> list[int]:
    """Return the starts of contacts.

    >>> contacts_in("Tel. 71 200 00 00, ann@data.example; Project 101 of 2024-2026 had 120 000 000 users")
    [4, 19]
    """
    return [match.start() for match in _CONTACT.finditer(text)]


def without_contacts(text: str) -> str:
    """Return a text without its contacts.

    >>> without_contacts("Write to ann@data.example or call +998 71 200 00 00.")
    'Write to [left out] or call [left out].'
    """
    return _CONTACT.sub(LEFT_OUT, text)
