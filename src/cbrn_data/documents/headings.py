"""Which words head a section: the names that the reader of leaflets knows, in any letter case."""

from __future__ import annotations

from functools import cache

from cbrn_data.leaflet.headings import HEADINGS, OTHER_WORDS, title


@cache
def _known() -> frozenset[str]:
    others = (name for names in OTHER_WORDS.values() for name in names if " " in name)
    return frozenset(name for names in HEADINGS.values() for name in names) | frozenset(others)


def is_heading(text: str) -> bool:
    """Whether a text is the heading of a section and nothing else.

    One word alone heads a section only if it is a section's own name: "Results" may be part of anything.

    >>> is_heading("REGIONAL PRIORITIES"), is_heading("projects in the region")
    (True, False)
    """
    return title(text.strip("0123456789. ")).words in _known() and text[:1] == text[:1].upper()
