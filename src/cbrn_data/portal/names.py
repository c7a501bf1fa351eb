"""Words in other languages than English: names of countries, and Russian labels of tables, columns and allowed values.

Names of countries are in Russian and in their official languages, from Unicode CLDR (through the library babel). Labels are
for readers in the partner countries. Pages show them together with the English ones; text from sources is never translated.
``labels.csv`` gives a label for each English word of the definitions. It belongs to the portal, not to the data: a change
there makes new pages, but no new release. A word without a label, as in an older release, is shown in English only.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files as package_files

from cbrn_data.schema.model import Field
from cbrn_data.tabular import grammar

TAG = "ru"
"""The language of the labels, in which every country's name is given too (BCP 47)."""


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


@cache
def labels() -> dict[str, str]:
    """Return English words -> Russian ones."""
    rows = grammar.rows(package_files("cbrn_data.portal").joinpath("labels.csv").read_bytes())
    return {row["english"] or "": row[TAG] or "" for row in rows}


def label(english: str) -> str | None:
    """Return the Russian label of a table or a column, None if it has none.

    >>> label("Projects"), label("A column of long ago")
    ('Проекты', None)
    """
    return labels().get(english)


def allowed(field: Field) -> list[tuple[str, str]]:
    """Return the allowed values of a column, each with its Russian label."""
    return [(word, found) for word in map(str, field.constraints.get("enum", ())) if (found := label(word))]
