"""Names of countries in Russian and in the languages that are official there, from Unicode CLDR (by the library babel)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

ALWAYS = ("ru",)
"""Languages that every country's name is given in."""


@dataclass(frozen=True)
class Name:
    """A name in a language: ``tag`` as HTML has it (BCP 47), the language's own name for itself, and its direction."""

    tag: str
    language: str
    direction: str
    text: str


def names(iso2: str | None) -> list[Name]:
    """Return a country's names in other languages than English; none for a code that CLDR does not know.

    >>> [(name.tag, name.text) for name in names("TJ")]
    [('ru', 'Таджикистан'), ('tg', 'Тоҷикистон')]
    """
    return list(_names(iso2)) if iso2 else []


def _names(iso2: str) -> Iterator[Name]:
    from babel import Locale, UnknownLocaleError
    from babel.languages import get_official_languages

    for code in dict.fromkeys((*ALWAYS, *get_official_languages(iso2, de_facto=True))):
        try:
            locale = Locale.parse(code)
        except (UnknownLocaleError, ValueError):
            continue
        text = locale.territories.get(iso2)
        if locale.language != "en" and text and text != iso2:
            name = locale.get_language_name() or code
            yield Name(code.replace("_", "-"), name, locale.text_direction, text)
