"""Lines among the items of a leaflet that are not items: footers, addresses, credits, disclaimers, page numbers.

``foreign.yaml`` lists the patterns of such lines. A rule belongs here or there only if no item of a complete leaflet
matches it. A title is short and not a sentence; an achievement is a sentence with a date, place, project or number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any

from cbrn_data.leaflet.headings import SECTION_OF, near, title
from cbrn_data.normalise.countries import countries_in, country_id
from cbrn_data.normalise.numbers import numbers
from cbrn_data.normalise.projects import label, references
from cbrn_data.normalise.text import folded
from cbrn_data.strict_yaml import load_yaml

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


@cache
def _kinds() -> list[dict[str, Any]]:
    listed = load_yaml(files("cbrn_data.leaflet").joinpath("foreign.yaml").read_text(encoding="utf-8"))
    return [kind | {"starts": re.compile("|".join(kind["starts"]), re.IGNORECASE)} for kind in listed]


def foreign_line(text: str, within: bool = False, sentence: bool = False) -> str | None:
    """Return the kind of a line that is not an item, else None; fewer kinds apply ``within`` an item or a ``sentence``.

    >>> foreign_line("Photo: UNICRI"), foreign_line("CBRN Forensics")
    ('the credit or caption of a picture', None)
    """
    if not within and title(text).words in SECTION_OF:
        return "a heading"
    short = len(text) <= _LONGEST_SHORT
    kinds = (kind for kind in _kinds() if (short or not kind["short"]) and (kind["within"] or not within))
    if sentence:
        kinds = (kind for kind in kinds if kind["sure"] and not text[:1].islower())
    return next((str(kind["what"]) for kind in kinds if kind["starts"].match(text)), None)


def foreign_title(text: str, project: bool) -> str | None:
    """Return why a text is not the title of a ``project`` or else of a priority; None if it is."""
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
    if project:
        return None
    if is_label(text):
        return "a project"
    if is_names_only(text):
        return "a country"
    if _PERSON.match(text):
        return "a person"
    if near(text):
        return "like a heading"
    return "a statement with a count" if begins_with_count(text) else None


def is_label(text: str) -> bool:
    """Whether a line is the label of a project, or begins with the full word "Project" and a number."""
    match = label(folded(text))
    return match is not None and (match.end() == len(text) or text[:7].casefold() == "project")


def is_names_only(text: str) -> bool:
    """Whether a line consists of one or more names of countries.

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
    """Return why a text is not an achievement; None if it is."""
    if is_names_only(text):
        return "a country"
    if text.endswith(":"):
        return "the beginning of a list"
    if text[-1] not in _ENDS and len(text.split()) < 8:
        return "a text that is not a sentence"
    says = references(text) or countries_in(text) or re.search(r"[0-9]", text) or next(numbers(text), None)
    if len(text) < _SHORTEST_SENTENCE and not says:
        return "a short sentence without a number, country or project"
    return None


def foreign_statement(text: str) -> str | None:
    """Return why a text is not a statement of the method section; None if it is."""
    if is_names_only(text):
        return "a country"
    if references(text):
        return "about a project"
    dated = re.match(r"(?:On|In|From|Between|During|Throughout) (?:[\w–-]+,? ){0,4}(?:19|20)[0-9]{2}\b", text)
    return "an achievement" if dated and not _OF_METHOD.search(text) else None


def ignored_content(text: str, sentences: bool) -> str | None:
    """Return the content of an ignored line, None if it has none; with ``sentences``, a whole sentence is content."""
    if is_names_only(text):
        return "the name of a country"
    if is_label(text):
        return "the label of a project"
    if begins_with_count(text) and len(text.split()) > 2:
        return "a statement with a count"
    return "a whole sentence" if sentences and len(text.split()) > 5 and text.endswith((".", "!", "?")) else None


def odd_titles(texts: list[str]) -> Iterator[int]:
    """Yield the index of the only title that is not in title case, if there are at least three others."""
    odd = [place for place, text in enumerate(texts) if _SMALL.search(text)]
    yield from odd if len(odd) == 1 and len(texts) > 3 else ()
