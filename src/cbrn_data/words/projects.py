"""References to projects: ``Project 87``, ``Projects 84, 87 and 99``, ``P81``, ``Project 099``, ``Project No. 65``.

After the plural every number of the list counts, to the ``and`` that ends it; after the singular ``Project 87 and 12
experts`` names one project.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from cbrn_data.words.text import clean, folded

_NUMBER = r"P?0{0,2}[1-9][0-9]{0,2}(?![0-9A-Za-z]|[.,][0-9])"
_AND = r",? (?:[Aa][Nn][Dd]|&|or|to|as well as) "
_LIST = rf"(?:, {_NUMBER})*{_AND}{_NUMBER}|(?:[/-]{_NUMBER})+|(?:, {_NUMBER})+(?! \w)"
_REFERENCE = re.compile(
    rf"\b[Pp](?:roject|ROJECT)(?P<plural>s|S)?(?: [Nn](?:o|umber|r|um)?s?[.°o]?s?)?[ #]*"
    rf"(?P<first>{_NUMBER})(?P<more>(?(plural)(?:{_LIST})?|(?:[/-]{_NUMBER}|{_AND}{_NUMBER}(?=[.;:)]|$))*))"
    rf"|\bP-?(?P<short>0{{0,2}}[1-9][0-9]{{0,2}})(?![0-9A-Za-z-]|[.,][0-9])"
    rf"(?! (?:laborator|lab\b|labs\b|facilit|level|containment))"
)


@dataclass(frozen=True)
class Reference:
    """One project named in a text: its number, and the words that name it in ``text[start:end]``."""

    number: int
    start: int
    end: int


def references(text: str) -> list[Reference]:
    """Return every mention of a project in ``text``, in order.

    >>> [reference.number for reference in references("Projects 84 and 099 with P81")]
    [84, 99, 81]
    """
    found: list[Reference] = []
    for match in _REFERENCE.finditer(folded(text)):
        if match["short"]:
            found.append(Reference(int(match["short"]), match.start(), match.end()))
            continue
        found.append(Reference(int(match["first"].lstrip("P")), match.start(), match.end("first")))
        for more in re.finditer(r"[0-9]+", match["more"]):
            start = match.start("more")
            found.append(Reference(int(more[0]), start + more.start(), start + more.end()))
    return found


_LABEL = re.compile(
    r"(?:project(?: n(?:o|r|umber)?[.°o]?)?|p) ?#?0{0,2}(?P<number>[1-9][0-9]{0,2})(?![0-9A-Za-z])"
    r"(?: ?(?::|[.–—-](?= |$)))?",
    re.IGNORECASE,
)


def label(text: str) -> re.Match[str] | None:
    """Match a project's label at the start of ``text``: group ``number``, and the end of the label as the end."""
    return _LABEL.match(text)


def read_project_number(quote: str) -> int | None:
    """Return the number of the project that the quote names; a bare number counts, as in ``84 and 99``."""
    match = re.search(r"(?<!0)0*([1-9][0-9]{0,2})", clean(quote))
    return int(match[1]) if match else None
