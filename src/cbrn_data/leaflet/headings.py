"""The headings of a leaflet: find them, and their sections.

A heading is one of ``HEADINGS``, in any letter case, with or without bold marks, a colon, a count (``Partner countries
(6)``) or years (``Recent Achievements 2023–2024``). If a section has no such line, its heading is the only line that is
one of ``OTHER_WORDS``, or that differs by a few letters from headings of this section and of no other. A line that is
less similar (``likely``) is always reported.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from functools import cache

from cbrn_data.normalise.projects import label
from cbrn_data.normalise.text import SIGNS, folded

HEADINGS: dict[str, tuple[str, ...]] = {
    "Partner Countries": ("partner countries", "partner country", "our partner countries"),
    "Structure": ("structure", "regional structure"),
    "Projects": ("projects", "regional projects", "on-going projects", "ongoing projects"),
    "Regional Priorities": ("regional priorities", "priorities", "priority areas", "regional priority areas"),
    "Methodology": ("methodology", "method"),
    "Recent Achievements": ("recent achievements", "achievements", "key achievements", "main achievements"),
}
"""The headings of each section, by its name in the first leaflet."""

OTHER_WORDS: dict[str, tuple[str, ...]] = {
    "Partner Countries": (
        "countries",
        "member countries",
        "partners",
        "partner states",
        "participating countries",
        "countries of the region",
        "partner countries of the region",
        "list of partner countries",
        "the partner countries",
        "regional partner countries",
    ),
    "Structure": ("organisation", "organisational structure", "structure of the region", "governance", "our structure"),
    "Projects": (
        "current projects",
        "our projects",
        "active projects",
        "list of projects",
        "projects in the region",
        "project portfolio",
        "coe projects",
        "projects and activities",
    ),
    "Regional Priorities": (
        "priorities of the region",
        "strategic priorities",
        "regional cbrn priorities",
        "our priorities",
        "main priorities",
        "key priorities",
        "thematic priorities",
        "priority fields",
        "priority topics",
    ),
    "Methodology": ("methods", "approach", "our approach", "our methodology", "coe methodology", "how we work"),
    "Recent Achievements": (
        "results",
        "recent results",
        "key results",
        "main results",
        "highlights",
        "recent highlights",
        "results and achievements",
        "achievements and results",
        "latest achievements",
        "our achievements",
        "selected achievements",
        "recent activities and achievements",
        "recent achievements and results",
        "recent successes",
    ),
}
"""Other headings of each section, used only if no line is one of ``HEADINGS``."""

PAGE_HEADINGS: dict[str, tuple[str, ...]] = {
    "Secretariat": (
        "regional secretariat",
        "the regional secretariat",
        "secretariat",
        "the secretariat",
        "about",
        "about the region",
        "about the secretariat",
        "about the regional secretariat",
        "overview",
        "introduction",
        "background",
    ),
    "Elsewhere": (
        "news",
        "latest news",
        "related links",
        "related pages",
        "see also",
        "other regions",
        "documents",
        "contact",
    ),
}
"""Further sections of a region's page: its prose, and parts of the site."""

OPTIONAL = frozenset({"Structure"})

SECTION_OF = {heading: section for section, headings in HEADINGS.items() for heading in headings}
SECTION_OF_PAGE = SECTION_OF | {heading: name for name, headings in PAGE_HEADINGS.items() for heading in headings}
_WHOLE = frozenset((*SECTION_OF, *(name for names in OTHER_WORDS.values() for name in names if " " in name)))
_NAMES = SECTION_OF | {words: section for section, others in OTHER_WORDS.items() for words in others}
LONGEST = 2 * max(map(len, _NAMES))
"""The most characters of a heading over all its lines."""

_STEMS = {
    "Partner Countries": r"countr|partner",
    "Projects": r"project",
    "Regional Priorities": r"priorit",
    "Methodology": r"method|approach",
    "Recent Achievements": r"achiev|result|highlight|success",
}
LIKE = 0.7
"""The lowest score of a line that may be a heading and is reported."""
_YEAR = r"(?:19|20)[0-9]{2}"
_SPAN_OF_YEARS = rf"{_YEAR}(?: ?[-/] ?(?:{_YEAR}|[0-9]{{2}}))?"
_YEARS = re.compile(rf"[ ,:(-]+(?:in |for |of |since )?{_SPAN_OF_YEARS}\)?$|^{_SPAN_OF_YEARS}[ :,-]+(?=\w)")
_COUNT = re.compile(r" ?(?:\((?P<bracketed>[0-9]{1,3})\)| ?[:-] ?(?P<after>[0-9]{1,3})| (?P<beside>[0-9]{1,3}))$")
_NUMBER = re.compile(r"^(?:[1-9][.)]?|[IVX]{1,4}[.)]) (?=[A-Z])")
_SPACED = re.compile(r"(?:\w ){4,}\w")


@dataclass(frozen=True)
class Title:
    """The words of a line that may be a heading, in small letters, and the count after them."""

    words: str
    count: int | None = None


def title(text: str) -> Title:
    """Return the words of a line without list marks, colons, years and count.

    >>> title("Partner Countries: 6"), title("RECENT ACHIEVEMENTS (2023–2024)").words
    (Title(words='partner countries', count=6), 'recent achievements')
    """
    words = " ".join(_NUMBER.sub("", folded(text).strip(" :*_-.#=")).casefold().split())
    words = words.replace(" ", "") if _SPACED.fullmatch(words) else words
    words = _YEARS.sub("", words)
    count = _COUNT.search(words)
    if count and (not count["beside"] or words[: count.start()] in SECTION_OF):
        return Title(words[: count.start()].strip(" :*_-"), int(re.sub(r"\D", "", count[0])))
    return Title(words.strip(" :*_-"))


def is_heading(text: str) -> bool:
    """Whether a text is exactly the heading of a section.

    A single word must be one of ``HEADINGS``, because other words ("Results") also occur elsewhere.

    >>> is_heading("REGIONAL PRIORITIES"), is_heading("► Projects"), is_heading("4 partner countries")
    (True, True, False)
    """
    words = re.sub(f"^[{SIGNS}] ?", "", text).strip("0123456789. \t")
    return title(words).words in _WHOLE and words[:1] == words[:1].upper()


def heads(text: str, after: str) -> bool:
    """Whether a text in bold letters heads the words after it on its line, and does not begin a phrase with them.

    >>> heads("Projects", "Since 2013, 27 projects"), heads("Projects", "and plans"), heads("Projects", "2023–2024")
    (True, False, False)
    """
    return is_heading(text) and (after[:1].isupper() or after[:1].isdigit()) and not is_heading(f"{text} {after}")


def near(text: str) -> str | None:
    """Return the section with a heading in other words or with few other letters; None if there are several or none.

    >>> near("Regional Prioritites"), near("Results and Achievements"), near("Regional"), near("Priorities,")
    ('Regional Priorities', 'Recent Achievements', None, None)
    """
    words = title(text).words
    if not 6 <= len(words) <= LONGEST or label(words) or text.rstrip().endswith(","):
        return None
    if words in _NAMES:
        return _NAMES[words]
    found = {
        section
        for name, section in _NAMES.items()
        if len(name) >= 6 and _distance(words, name, _allowed(len(name))) <= _allowed(len(name))
    }
    return found.pop() if len(found) == 1 else None


@cache
def _allowed(length: int) -> int:
    return 1 if length < 10 else 2 if length < 18 else 3


def likely(text: str, section: str) -> float:
    """Return the similarity of a line to the headings of ``section``, from 0 to 1; 0 if it cannot be a heading."""
    words = title(text).words
    if not may_head(text):
        return 0
    names = (*HEADINGS[section], *OTHER_WORDS[section])
    alike = max(difflib.SequenceMatcher(None, words, name, autojunk=False).ratio() for name in names)
    stem = _STEMS.get(section)
    return max(alike, LIKE if stem and re.search(rf"\b(?:{stem})", words) else 0) if alike >= LIKE or stem else 0


def may_head(text: str) -> bool:
    """Whether a text has the length and form of a heading.

    >>> may_head("What matters"), may_head("In May 2024 five officers were trained.")
    (True, False)
    """
    words = title(text).words
    return 4 <= len(words) <= LONGEST and len(words.split()) <= 7 and not re.search(r"[0-9.;!?]", words) and not label(words)


def _distance(one: str, two: str, limit: int) -> int:
    """Return the edit distance (insert, delete, replace, swap two neighbours) of two texts, at most ``limit`` + 1."""
    letters, others = set(one), set(two)
    if max(abs(len(one) - len(two)), len(letters - others), len(others - letters)) > limit:
        return limit + 1  # each letter that the other has not takes a step
    before: list[int] = []
    row = list(range(len(two) + 1))
    for i, char in enumerate(one, start=1):
        earlier, before, row = before, row, [i]
        for j, other in enumerate(two, start=1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (char != other))
            if i > 1 and j > 1 and char == two[j - 2] and one[i - 2] == other:
                cost = min(cost, earlier[j - 2] + 1)
            row.append(cost)
        if min(row) > limit:
            return limit + 1
    return row[-1]
