"""The counts of countries in a text, and the number of a statement: ``5 of 6 partner countries have appointed``."""

from __future__ import annotations

import re

from cbrn_data.normalise.grammar import Part, counted, counts, parts
from cbrn_data.normalise.inexact import Doubt, inexact
from cbrn_data.normalise.numbers import numbers
from cbrn_data.normalise.text import clean, folded


def read_number(quote: str) -> int | None:
    """Return the first count in the quote, or None; a quote that is only a numeral is always a count.

    >>> read_number("Six National Teams"), read_number("2,024")
    (6, 2024)
    """
    text = clean(quote)
    bare = next(numbers(text), None)
    if bare and (bare.start, bare.end) == (0, len(text)):
        return bare.value
    return next((part.value for part in counts(text) if part.value is not None), None)


def countries_counted(text: str) -> tuple[tuple[int, tuple[int, int]] | None, list[Doubt]]:
    """Return the number of countries in a text that does not name them (``six countries``) and its span, and doubts.

    >>> countries_counted("officers from six countries")
    ((6, (14, 27)), [])
    """
    flat, doubts = folded(text), []
    found: tuple[int, tuple[int, int]] | None = None
    for part in counts(text):
        what, _, end = counted(text, part)
        if what != "countries" or not part.value:
            continue
        if reason := inexact(flat, part, end):
            doubts.append(Doubt(part.start, end, reason))
        elif found is None:
            found = part.value, (part.start, end)
        elif found[0] != part.value:
            doubts.append(Doubt(part.start, end, "another number of countries comes before it"))
    return (found if not doubts else None), doubts


def statement(text: str) -> tuple[Part | None, list[Doubt]]:
    """Return the number of a statement, or the reason why it has none.

    >>> statement("5 out of 6 partner countries have appointed")[0].value, statement("3 have adopted and 2 prepare")[0]
    (5, None)
    """
    flat, doubts, sound = folded(text), [], list[Part]()
    for part in parts(text):
        if part.kind == "share" and sound and flat[part.start - 1] == "(":
            continue  # "5 partner countries (83 %)"
        if part.kind in {"range", "vague", "share", "unread"}:
            doubts.append(Doubt(part.start, part.end, "not a number for the table"))
        if part.kind != "count" or (part.value == 0 and flat[part.start : part.end].lower() in {"no", "none"}):
            doubts += [Doubt(part.start, part.end, "the clause denies it")] if part.kind == "count" else []
            continue
        what, _, end = counted(text, part)
        if (
            what == "countries"
            and sound
            and re.search(r"\b(?:in|across|from|of|by|for) (?:all |the |its )*$", flat[: part.start])
        ):
            continue  # "12 National Teams in 6 countries"
        if what == "countries" and re.match(r",? (?:and|plus|as well as|with) (?:the )?[A-Z]", flat[end:]):
            doubts.append(Doubt(part.start, end, "more countries are named after it"))
        elif reason := inexact(flat, part, end, held=True):
            doubts.append(Doubt(part.start, end, reason))
        else:
            sound.append(part)
    if len({part.value for part in sound}) > 1:
        doubts.append(Doubt(sound[0].start, sound[-1].end, f"{len(sound)} numbers are stated, but the table holds one"))
    return (sound[0] if sound and not doubts else None), doubts
