"""Names of countries in Russian and in their official languages: ``names.csv``.

The names are those of Unicode CLDR 47 (https://cldr.unicode.org, Unicode licence v3). ``docs/generate.py`` writes the file,
because loading the languages with its library takes longer than making most pages.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from cbrn_data.tabular import grammar

TAG = "ru"
"""The language in which every country's name is given (BCP 47)."""
NAMES = ("iso2", "tag", "language", "direction", "name")
"""The columns of ``names.csv``."""


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
    return _known().get(iso2 or "", [])


@cache
def _known() -> dict[str, list[Name]]:
    known: dict[str, list[Name]] = defaultdict(list)
    for row in grammar.rows((files("cbrn_data.portal") / "names.csv").read_bytes()):
        iso2, *name = (row[column] or "" for column in NAMES)
        known[iso2].append(Name(*name))
    return dict(known)
