"""Names of countries in Russian and in their official languages, from Unicode CLDR (through the library babel)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

TAG = "ru"
"""The language in which every country's name is given (BCP 47)."""


@dataclass(frozen=True)
class Name:
    """A name in a language: ``tag`` as in HTML (BCP 47), the language's name in that language, and its direction."""

    tag: str
    language: str
    direction: str
    text: str


def names(iso2: str | None) -> list[Name]:
    """Return a country's names in other languages than English; empty if CLDR does not have the code.

    >>> [(name.tag, name.text) for name in names("TJ")]
    [('ru', 'Таджикистан'), ('tg', 'Тоҷикистон')]
    """
    return list(_known(iso2)) if iso2 else []


@cache
def _known(iso2: str) -> tuple[Name, ...]:
    return tuple(_names(iso2))


def _names(iso2: str) -> Iterator[Name]:
    from babel import Locale, UnknownLocaleError
    from babel.languages import get_official_languages

    for code in dict.fromkeys((TAG, *get_official_languages(iso2, de_facto=True))):
        try:
            locale = Locale.parse(code)
        except (UnknownLocaleError, ValueError):
            continue
        text = locale.territories.get(iso2)
        if locale.language != "en" and text and text != iso2:
            name = locale.get_language_name() or code
            yield Name(code.replace("_", "-"), name, locale.text_direction, text)
