"""References to projects: ``Project 87``, ``Projects 84, 87 and 99``, ``Projects 81–87``, ``P81``, ``Project No. 65``.

After the plural, every number of the list is a project, up to its final ``and``, and a range names all between; after the
singular, ``Project 87 and 12 experts`` names one project. French and Russian forms (``projet 87``, ``проекта 87``) are read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from cbrn_data.normalise.nouns import group_end, thing_end
from cbrn_data.normalise.text import clean, folded

_NUMBER = r"(?:P-?|#|[Nn][or]?[.°o]{1,2} ?)?0{0,2}[1-9][0-9]{0,2}(?![0-9A-Za-z]|[.,][0-9])"
_AND = r",? (?:[Aa][Nn][Dd]|&|or|(?:up )?to|through(?: to)?|et|a|и|по|as well as|plus|(?:along|together) with) "
_TO = r" ?- ?| (?:(?:up )?to|through(?: to)?|a|по) (?:[Pp]roject )?"
_JOINED = rf" ?[/+-] ?{_NUMBER}"
_GLOSS = r"(?: (?:\([^()0-9]{1,60}\)|[\"“][^\"”0-9]{1,60}[\"”]))?"
_VERB = (
    r" (?:have|had|were|are|jointly|both|capacitated|trained|conducted|organi[sz]ed|held|delivered|provided|supported"
    r"|established|developed|contributed|carried|helped|launched)\b"
)
"""Words after a list of projects that show that its last number counts nothing."""
_COMMA = rf"(?:{_GLOSS} ?[,;] ?{_NUMBER}|{_JOINED})"
_LIST = rf"(?:{_COMMA}*{_GLOSS}{_AND}{_NUMBER}){{1,3}}(?:{_JOINED})*|{_COMMA}+(?!(?!{_VERB}) \w)|(?:{_JOINED})+"
_NO = r"(?: ?(?:[Nn](?:[oO]|umber|r|um)?s?[.°o]{0,2}s?(?![a-z])|[Nn]umeros?|№))?[ #]*"
_REFERENCE = re.compile(
    rf"\b(?:(?:[Pp]ro(?:ject|jet)|PROJECT|[Пп]роект(?:а|у|е|ом)?)"
    rf"(?P<plural>s|S|\(s\)|ы|ов|ам|ами|ах)?{_NO}(?(plural)(?:from )?)|(?:Project|PROJECT)-)"
    rf"(?P<first>{_NUMBER})(?P<more>(?(plural)(?:{_LIST})?"
    rf"|(?:(?<!from Project [0-9]{{2}})(?<!from Project [0-9]{{3}}) (?:to|through) [Pp]roject {_NUMBER}"
    rf"|(?:, {_NUMBER})+{_AND}{_NUMBER}(?=[.;:)]|$|(?! trained){_VERB})"
    rf"|(?:[/-]{_NUMBER}|{_AND}(?=\D){_NUMBER}|{_AND}{_NUMBER}(?=[.;:)]|$|(?! trained){_VERB}))*)))"
    rf"|\b[Pp]roject [(\[\"“'](?P<bracketed>{_NUMBER})(?=[)\]\"”'])"
    rf"|\b[Pp]rojects [(\[](?P<opening>{_NUMBER})(?P<rest>{_COMMA}*(?:{_COMMA}|{_AND}{_NUMBER}))(?=[)\]])"
    rf"|\b(?:P-?|Pr?j?\.[ ]?|PR ?|Prj? |P |Proj\.? )(?P<short>0{{0,2}}[1-9][0-9]{{0,2}})"
    rf"(?P<shorts>(?: ?[-/] ?{_NUMBER}|(?: to | through )(?=P){_NUMBER})*)(?![0-9A-Za-z-]|[.,][0-9])"
    rf"(?! (?:laborator|lab\b|labs\b|facilit|level|containment))"
)
_CLOSE = re.compile(r"(?<=[Pp]rojects )[0-9]{3}(?:,[0-9]{2,3})+(?![0-9])")
"""A list without spaces, whose commas could be those of thousands: ``Projects 101,105``."""
_GROUPS = (("first", "more"), ("short", "shorts"), ("opening", "rest"), ("bracketed", "rest"))
_LEFT_OUT = re.compile(
    r"\b(?:not|except(?: for)?|excluding|unlike|instead of|rather than|other than|apart from"
    r"|all projects (?:but|bar|save)) (?:the )?$",
    re.I,
)
"""Words before a project that took no part."""

_WIDEST_RANGE = 30
"""The most projects in a range; a wider one is a mistake or something else."""


@dataclass(frozen=True)
class Reference:
    """One project in a text: its number, and its words in ``text[start:end]``."""

    number: int
    start: int
    end: int


def references(text: str) -> list[Reference]:
    """Return every mention of a project in ``text``, in order; projects within a range have the words of the range.

    >>> [reference.number for reference in references("Projects 84 and 099 with P81, then Projects 1–3")]
    [84, 99, 81, 1, 2, 3]
    """
    found: list[Reference] = []
    flat = _CLOSE.sub(lambda match: match[0].replace(",", ";"), folded(text))
    for match in _REFERENCE.finditer(flat):
        if _LEFT_OUT.search(flat, max(0, match.start() - 40), match.start()):
            continue
        first_group, more_group = next((first, more) for first, more in _GROUPS if match[first])
        found.append(Reference(_number(match[first_group]), match.start(), match.end(first_group)))
        for more in re.finditer(_NUMBER, match[more_group] or ""):
            start, end = match.start(more_group) + more.start(), match.start(more_group) + more.end()
            several = match["plural"] is None or found[-1].start > match.start()
            if several and flat[start - 1] == " " and (group_end(flat, end + 1) or thing_end(flat, end + 1)):
                break  # "Projects 84, 87 and 12 experts"
            if several and flat[start - 1] == "/" and _number(more[0]) < 10 <= found[-1].number:
                break  # "Project 66/2"
            first, last = found[-1].number, _number(more[0])
            between = flat[found[-1].end : start]
            if match["plural"] and re.fullmatch(" ?- ?", between) and last < first:
                last, start = _in_full(first, more[0]), found[-1].start  # "Projects 81-3"
            if re.fullmatch(_TO, between) and first < last <= first + _WIDEST_RANGE:
                # The numbers inside a range are not written.
                found += [Reference(number, found[-1].start, end) for number in range(first + 1, last)]
            found.append(Reference(last, start, end))
    return found


def _in_full(first: int, last: str) -> int:
    """Return the last of a range that is written without its first digits: 83 of ``81-3``, 101 of ``98-01``."""
    size = 10 ** len(re.sub(r"\D", "", last))
    number = first - first % size + _number(last)
    wraps = number <= first and re.search(r"\b0", last)
    return number + size if wraps else number if number > first else _number(last)


def _number(words: str) -> int:
    return int(re.sub(r"\D", "", words))


_LABEL = re.compile(
    r"(?:(?:the )?(?:(?:eu )?(?:cbrn )?(?:coe )?project(?P<plural>s)?|projet|проект)(?: n(?:o|r|umber)?[.°o]?| №)?"
    r"(?: p)?|(?:eu )?(?:cbrn )?(?:coe )?p\.?) ?(?:[#-] ?)?0{0,2}(?P<number>[1-9][0-9]{0,2})"
    r"(?(plural)(?:(?:, ?| ?[/&-] ?|,? (?:and|to) )(?:p-?)?[1-9][0-9]{0,2})+)(?![0-9A-Za-z])\*?(?: ?(?::|[.–—-](?= |$)))?",
    re.IGNORECASE,
)


def label(text: str) -> re.Match[str] | None:
    """Match a project's label, or one of several projects, at the start of ``text``; ``labelled`` has its numbers."""
    return _LABEL.match(text)


def labelled(match: re.Match[str]) -> list[Reference]:
    """Return the projects of a label: one, or all of ``Projects 101–103``."""
    return references(match[0]) if match["plural"] else [Reference(int(match["number"]), match.start(), match.end("number"))]


def read_project_number(quote: str) -> int | None:
    """Return the number of the project in the quote, which may be a bare number, as in ``84 and 99``."""
    match = re.search(r"(?<!0)0*([1-9][0-9]{0,2})", clean(quote))
    return int(match[1]) if match else None
