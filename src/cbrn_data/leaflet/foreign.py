"""Lines that stand among the items of a leaflet and are none: footers, addresses, credits, disclaimers, page numbers.

``foreign.yaml`` lists the words by which such a line is known. A rule belongs here or there only when no item of a whole
leaflet falls under it. A title is short and no sentence; an achievement is a sentence that says when, where, by which
project or with how many.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from cbrn_data.leaflet.headings import SECTION_OF, near, title
from cbrn_data.strict_yaml import load_yaml
from cbrn_data.words.countries import countries_in, country_id
from cbrn_data.words.numbers import numbers
from cbrn_data.words.projects import label, references
from cbrn_data.words.text import folded

_VERB = re.compile(
    r"\b(?:is|are|was|were|has|have|had|will|shall|can|may|must|should|agreed|received|signed|took|held|adopted|attended"
    r"|participated|conducted|organi[sz]ed|trained|launched|welcomed)\b"
)
_MONEY = re.compile(
    r"(?:€|\beur\b|\busd\b|\$|\beuros?\b) ?[0-9]|[0-9][0-9,. ]{0,12}(?: million)? ?(?:€|eur\b|euros?\b|usd\b)", re.IGNORECASE
)
_PERSON = re.compile(
    r"(?:Mr|Mrs|Ms|Dr|Prof|H\. ?E)\.? [A-Z]"
    r"|.*\b(?:Head of (?:the )?(?:Regional )?Secretariat|Director|Ambassador|Minister)\b"
)
_SMALL = re.compile(r" (?!(?:during|from|with|into|against|through|between|within|under|among)\b)[a-z]{4,}\b")
_OF_METHOD = re.compile(r"\b(?:countr|focal point|team|plan)", re.IGNORECASE)
_LONGEST_TITLE = 200
_LONGEST_SHORT = 100
_SHORTEST_SENTENCE = 60
_ENDS = '.!?”"’)*…'


@dataclass(frozen=True)
class _Kind:
    what: str
    starts: re.Pattern[str]
    within: bool
    sure: bool
    short: bool


@cache
def _kinds() -> list[_Kind]:
    listed = load_yaml(files("cbrn_data.leaflet").joinpath("foreign.yaml").read_text(encoding="utf-8"))
    return [
        _Kind(kind["what"], re.compile("|".join(kind["starts"]), re.IGNORECASE), kind["within"], kind["sure"], kind["short"])
        for kind in listed
    ]


def foreign_line(text: str, within: bool = False, sentence: bool = False) -> str | None:
    """Return what a line is that is no item of a leaflet, or None; less is judged ``within`` an item or a ``sentence``.

    >>> foreign_line("Photo: UNICRI"), foreign_line("CBRN Forensics")
    ('the credit or caption of a picture', None)
    """
    if not within and title(text).words in SECTION_OF:
        return "a heading"
    short = len(text) <= _LONGEST_SHORT
    kinds = (kind for kind in _kinds() if (short or not kind.short) and (kind.within or not within))
    if sentence:
        kinds = (kind for kind in kinds if kind.sure and not text[:1].islower())
    return next((kind.what for kind in kinds if kind.starts.match(text)), None)


def foreign_title(text: str, project: bool) -> str | None:
    """Return why a text is no title, of a ``project`` or of a priority, or None."""
    if _MONEY.search(text):
        return "a sum of money"
    if _VERB.search(text) and not (project and ":" in text):
        return "a sentence"
    if text.endswith(("!", "?", ";")):
        return "a sentence"
    if text.endswith(":"):
        return "the beginning of a list"
    if len(text) > _LONGEST_TITLE:
        return f"a text of {len(text)} characters"
    return None if project else _not_priority(text)


def _not_priority(text: str) -> str | None:
    if is_label(text):
        return "a project"
    if is_names_only(text):
        return "a country"
    if _PERSON.match(text):
        return "a person"
    if near(text):
        return "like a heading"
    return "a statement that counts" if begins_with_count(text) else None


def is_label(text: str) -> bool:
    """Whether a line is the label of a project, or begins with one that is written out."""
    match = label(folded(text))
    return match is not None and (match.end() == len(text) or text[:7].casefold() == "project")


def is_names_only(text: str) -> bool:
    """Whether a line is the name of a country, or several in a row.

    >>> is_names_only("Kenya, Uganda and Zambia"), is_names_only("Experts from Kenya")
    (True, False)
    """
    if country_id(text.strip(" .,;:")):
        return True
    rest, place = [], 0
    for named in countries_in(text[:_LONGEST_TITLE]):
        rest.append(text[place : named.start])
        place = named.end
    return place > 0 and not re.search(r"[^\W\d_]{4,}", " ".join([*rest, text[place:]]))


def begins_with_count(text: str) -> bool:
    """Whether the first word of a text is a count."""
    first = next(numbers(text[:40]), None)
    return first is not None and first.start == 0


def foreign_achievement(text: str) -> str | None:
    """Return why a text is no achievement, or None."""
    if is_names_only(text):
        return "a country"
    if text.endswith(":"):
        return "the beginning of a list"
    if text[-1] not in _ENDS and len(text.split()) < 8:
        return "no sentence"
    says = references(text) or countries_in(text) or re.search(r"[0-9]", text) or next(numbers(text), None)
    if len(text) < _SHORTEST_SENTENCE and not says:
        return "a short sentence that says neither when, where, by which project nor with how many"
    return None


def foreign_statement(text: str) -> str | None:
    """Return why a text is no statement of the method, or None."""
    if is_names_only(text):
        return "a country"
    if references(text):
        return "about a project"
    dated = re.match(r"(?:On|In|From|Between|During|Throughout) (?:[\w–-]+,? ){0,4}(?:19|20)[0-9]{2}\b", text)
    return "an achievement" if dated and not _OF_METHOD.search(text) else None


def ignored_content(text: str, sentences: bool) -> str | None:
    """Return what a line holds that a rule ignores though it says something, or None; ``sentences`` count as such."""
    if is_names_only(text):
        return "the name of a country"
    if is_label(text):
        return "the label of a project"
    if begins_with_count(text) and len(text.split()) > 2:
        return "a statement that counts"
    return "a whole sentence" if sentences and len(text.split()) > 5 and text.endswith((".", "!", "?")) else None


def odd_titles(texts: list[str]) -> Iterator[int]:
    """Yield the place of the one title in small letters where all others, three at least, are in capital ones."""
    odd = [place for place, text in enumerate(texts) if _SMALL.search(text)]
    yield from odd if len(odd) == 1 and len(texts) > 3 else ()
